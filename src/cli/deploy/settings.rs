//! What was typed, checked: the plan of a release and what to do with it.

use super::super::Failure;
use super::{Args, bounded};
use crate::deploy::Target;
use crate::deploy::files::Overrides;
use crate::deploy::release::{Plan, Smoke};
use anyhow::anyhow;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Most of the live traffic that Azure copies.
const MAX_MIRRORED: u8 = 50;

/// A release that can be begun.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub endpoint: PathBuf,
    pub deployments: Vec<PathBuf>,
    pub overrides: Overrides,
    pub plan: Plan,
    pub check: bool,
    pub dry_run: bool,
    pub live: Option<String>,
    pub rollback: bool,
    pub to: Option<String>,
    pub json: bool,
    pub output_dir: Option<PathBuf>,
}

impl Settings {
    /// # Errors
    /// When flags contradict one another, or the request of the test is none.
    pub fn new(args: Args) -> Result<Settings, Failure> {
        consistent(&args)?;
        let smoke = args.request_file.as_deref().map(|file| smoke(file, args.expect.as_deref(), args.tolerance));
        let target =
            Target { resource_group: args.resource_group, workspace: args.workspace, subscription: args.subscription };
        let plan = Plan {
            target,
            release: args.release,
            steps: steps(&args.traffic)?,
            mirror: args.mirror,
            bake: Duration::from_secs(args.bake_seconds),
            poll: Duration::from_secs(args.poll_seconds),
            timeout: Duration::from_secs(args.timeout_minutes.saturating_mul(60)),
            smoke: smoke.transpose()?,
        };
        Ok(Settings {
            endpoint: args.endpoint,
            deployments: args.deployment,
            overrides: Overrides { endpoint: args.endpoint_name, model: args.model, image: args.image },
            plan,
            check: args.check,
            dry_run: args.dry_run,
            live: args.live,
            rollback: args.rollback,
            to: args.to,
            json: args.json,
            output_dir: args.output_dir,
        })
    }

    /// Where the files lie that az is given.
    pub fn folder(&self, endpoint: &str) -> PathBuf {
        let temporary = || std::env::temp_dir().join(format!("scorelet-deploy-{endpoint}"));
        self.output_dir.clone().unwrap_or_else(temporary)
    }
}

/// Flags that contradict one another, or lack what they are of.
fn consistent(args: &Args) -> Result<(), Failure> {
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    if args.rollback && args.dry_run {
        return usage(
            "--rollback has no --dry-run\n  it is one command: az ml online-endpoint update --name NAME --traffic 'blue=100 green=0'",
        );
    }
    if args.deployment.is_empty() && !args.rollback && !args.check {
        return usage(
            "--deployment is missing\n  name the deployments' files: scoring/deployment-blue.yml scoring/deployment-green.yml",
        );
    }
    if args.to.is_some() && !args.rollback {
        return usage("--to is of --rollback\n  a release chooses the first deployment without live traffic");
    }
    if args.live.is_some() && !args.dry_run {
        return usage("--live is of --dry-run\n  a release asks Azure what is live");
    }
    if args.mirror > MAX_MIRRORED {
        return usage("--mirror: Azure copies 50 % of the traffic at most\n  give 1 to 50, or 0 for none");
    }
    if !(0.0..1.0).contains(&args.tolerance) {
        return usage("--tolerance must be at least 0 and below 1\n  1e-9 allows for the last digits");
    }
    Ok(())
}

/// `10,50,100`: rising shares; `0` is none at all.
fn steps(text: &str) -> Result<Vec<u8>, Failure> {
    let wrong = || {
        Failure::Usage(format!("--traffic {text:?} is no list of rising percentages\n  write 10,50,100, or 0 for none"))
    };
    let steps =
        text.split(',').map(|step| step.trim().parse::<u8>()).collect::<Result<Vec<_>, _>>().map_err(|_| wrong())?;
    if steps == [0] {
        return Ok(Vec::new());
    }
    let rising = steps.windows(2).all(|pair| pair[0] < pair[1]);
    let within = steps.iter().all(|step| (1..=100).contains(step));
    if rising && within { Ok(steps) } else { Err(wrong()) }
}

/// The request, which must be JSON since az refuses anything else, and the reply to it.
fn smoke(request: &Path, expected: Option<&Path>, tolerance: f64) -> Result<Smoke, Failure> {
    let json = |path: &Path| -> Result<Value, Failure> {
        let read = serde_json::from_str(&bounded(path)?);
        read.map_err(|error| Failure::Work(anyhow!("{} is no JSON: {error}", path.display())))
    };
    json(request)?;
    let expected = expected.map(json).transpose()?;
    if expected.as_ref().is_some_and(|reply| !reply.is_object()) {
        return Err(Failure::Work(anyhow!(
            "the expected reply is no JSON object such as {{\"predictions\": [1, -1]}}"
        )));
    }
    Ok(Smoke { request: request.to_owned(), expected, tolerance })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_rise() {
        let check = |text: &str, expected: Option<&[u8]>| assert_eq!(steps(text).ok().as_deref(), expected, "{text}");
        check("10,50,100", Some(&[10, 50, 100]));
        check(" 5, 100 ", Some(&[5, 100]));
        check("100", Some(&[100]));
        check("0", Some(&[]));
        for text in ["", "0,100", "50,10", "10,10", "101", "ten", "10,,100", "-1"] {
            check(text, None);
        }
    }
}
