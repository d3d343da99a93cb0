//! `scorelet deploy`: releases a version to a managed online endpoint of Azure ML through the Azure CLI, or only checks
//! the files, shows the commands, or goes back.

mod az;
mod settings;

use super::{Failure, output};
use crate::deploy::files::{self, Files, Problem, Severity, Text};
use crate::deploy::release::{self, Plan, Rehearsal, Report};
use anyhow::{Context, anyhow};
use az::{AzureCli, Voice};
use serde_json::{Value, json};
use settings::Settings;
use std::path::{Path, PathBuf};

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXPLANATION)]
pub struct Args {
    /// The endpoint's file
    #[arg(long, env = "SCORELET_ENDPOINT", value_name = "FILE", default_value = "scoring/endpoint.yml")]
    endpoint: PathBuf,
    /// A deployment's file, such as blue's; give several, and the release goes to the first without live traffic
    #[arg(long, env = "SCORELET_DEPLOYMENT", value_name = "FILE", num_args = 1.., value_delimiter = ',')]
    deployment: Vec<PathBuf>,
    /// The endpoint's name, in place of the one in the files
    #[arg(long, env = "SCORELET_ENDPOINT_NAME", value_name = "NAME")]
    endpoint_name: Option<String>,
    /// The registered model, in place of the one in the file: azureml://registries/R/models/NAME/versions/7
    #[arg(long, env = "SCORELET_MODEL", value_name = "REFERENCE")]
    model: Option<String>,
    /// The server's image, in place of the one in the file
    #[arg(long, env = "SCORELET_IMAGE", value_name = "IMAGE")]
    image: Option<String>,
    /// Resource group of the workspace [default: az's own]
    #[arg(long, short = 'g', env = "SCORELET_RESOURCE_GROUP", value_name = "NAME")]
    resource_group: Option<String>,
    /// Azure ML workspace [default: az's own]
    #[arg(long, short = 'w', env = "SCORELET_WORKSPACE", value_name = "NAME")]
    workspace: Option<String>,
    /// Subscription of the workspace [default: az's own]
    #[arg(long, env = "SCORELET_SUBSCRIPTION", value_name = "ID")]
    subscription: Option<String>,
    /// A name for this release, such as the build's; the same name continues it [default: the files' digest]
    #[arg(long, env = "SCORELET_RELEASE", value_name = "NAME")]
    release: Option<String>,
    /// Shares of the traffic that the release gets one after the other, in percent; 0 only deploys and tests
    #[arg(long, env = "SCORELET_TRAFFIC", value_name = "A,B,...", default_value = "10,50,100")]
    traffic: String,
    /// Copy this share of the live traffic to the release before it answers any, 50 % at most
    #[arg(long, env = "SCORELET_MIRROR", value_name = "PERCENT", default_value_t = 0)]
    mirror: u8,
    /// How long each share is watched before it is tested and the next one is given
    #[arg(long, env = "SCORELET_BAKE_SECONDS", value_name = "N", default_value_t = 60)]
    bake_seconds: u64,
    /// A request that the release must answer before it gets traffic, and after each share of it
    #[arg(long, env = "SCORELET_REQUEST_FILE", value_name = "FILE")]
    request_file: Option<PathBuf>,
    /// The reply that this request must get; model_version may differ
    #[arg(long, env = "SCORELET_EXPECT", value_name = "FILE", requires = "request_file")]
    expect: Option<PathBuf>,
    /// How far a number of the reply may be off, relative to the expected one
    #[arg(long, env = "SCORELET_TOLERANCE", value_name = "X", default_value_t = 0.0)]
    tolerance: f64,
    /// Only check the files
    #[arg(long, env = "SCORELET_CHECK", value_parser = clap::builder::FalseyValueParser::new(), conflicts_with_all = ["dry_run", "rollback"])]
    check: bool,
    /// Print the az commands of the release, one on each line, and change nothing; needs no az
    #[arg(long, env = "SCORELET_DRY_RUN", value_parser = clap::builder::FalseyValueParser::new())]
    dry_run: bool,
    /// With --dry-run: the deployment that has the traffic now [default: nothing exists yet]
    #[arg(long, env = "SCORELET_LIVE", value_name = "NAME")]
    live: Option<String>,
    /// Give all traffic back to the deployment that had it before
    #[arg(long, env = "SCORELET_ROLLBACK", value_parser = clap::builder::FalseyValueParser::new())]
    rollback: bool,
    /// With --rollback: the deployment that gets the traffic [default: the one other that is ready]
    #[arg(long, env = "SCORELET_TO", value_name = "NAME")]
    to: Option<String>,
    /// How often Azure is asked while it works
    #[arg(long, env = "SCORELET_POLL_SECONDS", value_name = "N", default_value_t = 10)]
    poll_seconds: u64,
    /// How long a command of az, or Azure after it, may take
    #[arg(long, env = "SCORELET_TIMEOUT_MINUTES", value_name = "N", default_value_t = 60)]
    timeout_minutes: u64,
    /// Folder for the files that az is given, with everything filled in [default: one among the temporary files]
    #[arg(long, env = "SCORELET_OUTPUT_DIR", value_name = "FOLDER")]
    output_dir: Option<PathBuf>,
    /// Print the result as JSON; what is done meanwhile goes to stderr
    #[arg(long, env = "SCORELET_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

const EXPLANATION: &str = "The new version is created or updated beside the live one, tested, and given traffic step by step; when \
    anything fails, the traffic goes back. What broke off continues when it is started again. az must be signed in; no \
    secret is on a command line. An endpoint that exists keeps its settings.\n\
    Exit codes: 0 success, 1 the release failed or the files are wrong, 2 wrong usage.";

/// Releases, rehearses, checks, or goes back.
///
/// # Errors
/// When the files are wrong, or the release does not come to its end.
pub fn run(args: Args) -> Result<(), Failure> {
    let settings = Settings::new(args)?;
    if settings.rollback {
        return back(&settings);
    }
    let (files, notes) = match read(&settings) {
        Ok(read) => read,
        Err(Unfit::Problems(problems)) if settings.check => return checked(&settings, &problems),
        Err(unfit) => return Err(unfit.into()),
    };
    if settings.check {
        return checked(&settings, &notes);
    }
    for note in &notes {
        super::complain(&note.to_string());
    }
    match settings.dry_run {
        true => rehearse(&settings, &files),
        false => deploy(&settings, &files),
    }
}

/// Why the files are of no use.
enum Unfit {
    Problems(Vec<Problem>),
    Unread(anyhow::Error),
}

impl From<Unfit> for Failure {
    fn from(unfit: Unfit) -> Failure {
        Failure::Work(match unfit {
            Unfit::Unread(error) => error,
            Unfit::Problems(problems) => {
                let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
                let lines: Vec<_> = errors.map(|problem| format!("\n  {problem}")).collect();
                anyhow!("the files cannot be deployed:{}", lines.concat())
            }
        })
    }
}

/// The files as they lie there, with what the command line says in place of them.
fn read(settings: &Settings) -> Result<(Files, Vec<Problem>), Unfit> {
    let text = |path: &Path| bounded(path).map_err(Unfit::Unread);
    let endpoint = text(&settings.endpoint)?;
    let deployments = settings.deployments.iter().map(|path| text(path)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<_> = settings.deployments.iter().map(|path| path.display().to_string()).collect();
    let of = |(name, text)| Text { name: String::as_str(name), text: String::as_str(text) };
    let deployments: Vec<_> = names.iter().zip(&deployments).map(of).collect();
    let name = settings.endpoint.display().to_string();
    files::read(Text { name: &name, text: &endpoint }, &deployments, &settings.overrides).map_err(Unfit::Problems)
}

/// A small text file.
fn bounded(path: &Path) -> anyhow::Result<String> {
    use std::io::Read;
    let cannot = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(cannot)?;
    file.take(files::MAX_BYTES as u64 + 1).read_to_end(&mut bytes).with_context(cannot)?;
    String::from_utf8(bytes).map_err(|_| anyhow!("{} is no text in UTF-8", path.display()))
}

/// The result of a check: every finding, and a line that counts them.
fn checked(settings: &Settings, problems: &[Problem]) -> Result<(), Failure> {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let files = 1 + settings.deployments.len();
    if settings.json {
        super::print(&format!("{}\n", json!({ "files": files, "errors": errors, "problems": problems })))?;
    } else {
        let lines: String = problems.iter().map(|problem| super::visible(&format!("{problem}\n"))).collect();
        super::print(&format!("{lines}{files} files: {errors} errors, {} notes\n", problems.len() - errors))?;
    }
    match errors {
        0 => Ok(()),
        _ => Err(Failure::Work(anyhow!("the files cannot be deployed"))),
    }
}

/// Every command that a release would run.
fn rehearse(settings: &Settings, files: &Files) -> Result<(), Failure> {
    let smoke = settings.plan.smoke.as_ref();
    let reply = smoke.and_then(|smoke| smoke.expected.clone()).unwrap_or_else(|| json!({ "predictions": [0] }));
    let mut rehearsal = Rehearsal::new(settings.folder(&files.endpoint.name), reply);
    if let Some(live) = &settings.live {
        rehearsal = rehearsal.with_live(&files.endpoint.name, live);
    }
    release::deploy(&mut rehearsal, &settings.plan, files, &mut Report::default()).map_err(|error| anyhow!(error))?;
    for (path, content) in &rehearsal.files {
        az::write_file(path, content).map_err(|error| anyhow!(error))?;
    }
    rehearsal.commands.dedup();
    if settings.json {
        let files: Vec<_> = rehearsal.files.keys().map(|path| path.display().to_string()).collect();
        return super::print(&format!("{}\n", json!({ "commands": rehearsal.commands, "files": files })));
    }
    let assumed = match &settings.live {
        Some(live) => format!("# {live} has the traffic of {}", files.endpoint.name),
        None => format!("# {} does not exist yet; --live NAME shows a release beside NAME", files.endpoint.name),
    };
    super::print(&format!("{assumed}\n{}\n", rehearsal.commands.join("\n")))
}

fn deploy(settings: &Settings, files: &Files) -> Result<(), Failure> {
    acted(settings, &files.endpoint.name, |azure, plan, report| release::deploy(azure, plan, files, report))
}

/// Only the endpoint's name is needed to go back, so only its file is read.
fn back(settings: &Settings) -> Result<(), Failure> {
    let name = match &settings.overrides.endpoint {
        Some(name) => name.clone(),
        None => {
            let only = Settings { deployments: Vec::new(), ..settings.clone() };
            read(&only).map_err(Failure::from)?.0.endpoint.name
        }
    };
    acted(settings, &name, |azure, plan, report| release::roll_back(azure, plan, &name, settings.to.as_deref(), report))
}

/// Runs a release or a way back in the real Azure, and reports how it ended.
fn acted(
    settings: &Settings,
    endpoint: &str,
    act: impl FnOnce(&mut AzureCli, &Plan, &mut Report) -> Result<(), release::DeployError>,
) -> Result<(), Failure> {
    let voice = if settings.json { Voice::Stderr } else { Voice::Stdout };
    let mut azure = AzureCli::new(settings.folder(endpoint), settings.plan.timeout, voice);
    let mut report = Report::default();
    let result = act(&mut azure, &settings.plan, &mut report);
    if let Err(error) = &result {
        report.error = Some(error.to_string());
    }
    if settings.json {
        let report: Value = serde_json::to_value(&report).context("cannot write the report")?;
        super::print(&format!("{report}\n"))?;
    }
    result.map_err(|error| Failure::Work(anyhow!(error)))
}
