//! The command line: the only module that names clap. One file for each subcommand.
//!
//! A subcommand is `Args` (exactly what was typed) and `run`, which first turns it into a checked configuration and
//! then does the work. Every failure ends here: one or two lines on stderr and an exit code that scripts can rely on.

mod convert;
#[cfg(feature = "train")]
mod deploy;
mod git;
mod healthcheck;
mod inspect;
mod model;
mod output;
mod register;
mod registry;
#[cfg(feature = "train")]
mod schema;
mod serve;
#[cfg(feature = "train")]
mod train;
#[cfg(feature = "train")]
mod validate;

use crate::load::LoadError;
use crate::registry::RegistryError;
use clap::Parser;
use std::io::{self, Write};
use std::process::ExitCode;

/// Serves scikit-learn models over HTTP: reads the pickle without running it, predicts what scikit-learn predicts.
#[derive(Debug, Parser)]
#[command(name = "scorelet", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Answer scoring requests over HTTP
    Serve(serve::Args),
    #[cfg(feature = "train")]
    /// Fit a model to tables and write it as a bundle
    Train(Box<train::Args>),
    #[cfg(feature = "train")]
    /// Write down what a table is, for `train` to check the next one
    Schema(schema::Args),
    #[cfg(feature = "train")]
    /// Hold a model against thresholds and a baseline before it is deployed
    Validate(Box<validate::Args>),
    /// Show what is in a bundle, and whether it can be served
    Inspect(inspect::Args),
    /// Write any readable bundle as a native bundle, or as a pickle for Python
    Convert(convert::Args),
    /// Store a bundle as the next version of a model
    Register(Box<register::Args>),
    /// See, take, promote and verify the versions of a registry
    Registry(registry::Args),
    #[cfg(feature = "train")]
    /// Release a version to a managed online endpoint of Azure ML, or check its files
    Deploy(Box<deploy::Args>),
    /// Ask a running server whether it is ready
    Healthcheck(healthcheck::Args),
}

const EXIT_CODES: &str = "Every flag can be set as SCORELET_<FLAG> in the environment; a flag beats its variable.\n\
    Exit codes: 0 success, 1 the work failed, 2 wrong usage, 3 the bundle cannot be loaded.";

/// Why a subcommand ends without success. The message says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The work itself failed, or a check said no.
    #[error("{0:#}")]
    Work(#[from] anyhow::Error),
    /// What was typed cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// The bundle cannot be loaded.
    #[error("{0}")]
    Bundle(#[from] LoadError),
    /// The version of a registry cannot be loaded.
    #[error("{0}")]
    Version(RegistryError),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Failure::Work(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Bundle(_) | Failure::Version(_) => 3,
        }
    }
}

/// Parses the arguments, runs the subcommand, reports its error.
pub fn main() -> ExitCode {
    let result = match Cli::try_parse() {
        Ok(cli) => run(cli.command),
        Err(error) => return report_usage(&error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure.to_string());
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => serve::run(args),
        #[cfg(feature = "train")]
        Command::Train(args) => train::run(*args),
        #[cfg(feature = "train")]
        Command::Schema(args) => schema::run(args),
        #[cfg(feature = "train")]
        Command::Validate(args) => validate::run(*args),
        Command::Inspect(args) => inspect::run(args),
        Command::Convert(args) => convert::run(args),
        Command::Register(args) => register::run(*args),
        Command::Registry(args) => registry::run(args),
        #[cfg(feature = "train")]
        Command::Deploy(args) => deploy::run(*args),
        Command::Healthcheck(args) => healthcheck::run(args),
    }
}

/// Help and version go to stdout with code 0; anything else is two lines on stderr with code 2.
fn report_usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A reader that went away (`scorelet --help | head -1`) is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = io::stderr().write_all(text.as_bytes());
    } else {
        complain(&one_paragraph(&text, &std::env::args().collect::<Vec<_>>()));
    }
    ExitCode::from(2)
}

/// clap's complaint and its tip on one line each, without the usage block that follows them. Without a tip,
/// what the arguments could have been.
fn one_paragraph(rendered: &str, arguments: &[String]) -> String {
    let joined = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut paragraphs = rendered.split("\n\n").map(joined);
    let what = paragraphs.next().unwrap_or_default();
    let tip = paragraphs.find(|p| p.starts_with("tip:"));
    let todo = tip.or_else(|| hint(&what, arguments)).unwrap_or_else(|| "see --help for what is understood".to_owned());
    format!("{}\n  {todo}", what.trim_start_matches("error: "))
}

/// What was meant by arguments that clap does not understand.
#[cfg(feature = "train")]
fn hint(what: &str, arguments: &[String]) -> Option<String> {
    if what.starts_with("error: unexpected argument '--") { train::hint(arguments) } else { None }
}

/// Where the subcommand is that this build lacks.
#[cfg(not(feature = "train"))]
fn hint(_: &str, arguments: &[String]) -> Option<String> {
    let lacks = ["train", "schema", "validate", "deploy"].contains(&arguments.get(1)?.as_str());
    lacks.then(|| {
        "this build only serves: the image scorelet-train has it, and every build with the feature `train`".to_owned()
    })
}

/// Writes to stderr; there is nobody left to tell when that fails.
fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "scorelet: {}", visible(message));
}

/// The text with control characters escaped, except line ends: names from a file must not command a terminal.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// Writes a command's result to stdout. A reader that went away is silent; a full disk is an error.
///
/// # Errors
/// When stdout cannot be written for any reason but a closed pipe.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Work(anyhow::Error::new(error).context("cannot write to standard output")))
        }
        _ => Ok(()),
    }
}

/// Reads a list of column names: separated by commas, or a JSON list where a name holds a comma.
///
/// # Errors
/// When it is empty or no such list.
fn names(text: &str) -> Result<Vec<String>, Failure> {
    let wrong = |why: String| Failure::Usage(format!("--features {text:?}: {why}\n  write a,b,c or [\"a\", \"b, c\"]"));
    let names: Vec<String> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|e| wrong(e.to_string()))?
    } else {
        text.split(',').map(|name| name.trim().to_owned()).collect()
    };
    match names.iter().position(String::is_empty) {
        Some(at) => Err(wrong(format!("name {} is empty", at + 1))),
        None if names.is_empty() => Err(wrong("no names".to_owned())),
        None => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_argument_has_help_and_every_flag_its_variable() {
        let cli = Cli::command();
        for command in cli.get_subcommands().flat_map(|command| command.get_subcommands().chain([command])) {
            assert!(command.get_about().is_some(), "{} has no text", command.get_name());
            for arg in command.get_arguments().filter(|a| a.get_id() != "help") {
                let place = format!("{} {}", command.get_name(), arg.get_id());
                assert!(arg.get_help().is_some(), "{place} has no help");
                if let Some(flag) = arg.get_long() {
                    let expected = format!("SCORELET_{}", flag.to_uppercase().replace('-', "_"));
                    assert_eq!(arg.get_env().and_then(|e| e.to_str()), Some(expected.as_str()), "{place}");
                }
            }
        }
    }

    #[test]
    fn clap_speaks_in_two_lines() {
        let error = Cli::try_parse_from(["scorelet", "inspect", "--jsno", "m.pkl"]).unwrap_err();
        let text = one_paragraph(&error.render().to_string(), &[]);
        assert_eq!(text, "unexpected argument '--jsno' found\n  tip: a similar argument exists: '--json'");
        let error = Cli::try_parse_from(["scorelet", "convert", "in.pkl"]).unwrap_err();
        let text = one_paragraph(&error.render().to_string(), &[]);
        assert_eq!(
            text,
            "the following required arguments were not provided: <OUT>\n  see --help for what is understood"
        );
    }
}
