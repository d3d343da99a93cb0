//! Why a release did not come to its end.

use super::Command;
use std::path::PathBuf;

/// What failed, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    #[error("az is not on PATH\n  install the Azure CLI, or see the commands with --dry-run")]
    NoAz,
    #[error("cannot run az: {0}")]
    CannotRun(std::io::Error),
    #[error("cannot write {}: {error}", path.display())]
    CannotWrite { path: PathBuf, error: std::io::Error },
    #[error("{doing}: az failed: {said}{}\n  {command}", hint(said))]
    Failed { doing: String, said: String, command: String },
    #[error("az printed what is not understood: {what}\n  {command}")]
    Answer { what: String, command: String },
    #[error("az did not end within {minutes} minutes and was stopped\n  {command}")]
    Hung { minutes: u64, command: String },
    #[error(
        "every deployment given has live traffic ({traffic}), and none is of release {release}\n  give the file of another deployment too, or end the release that is under way with --rollback"
    )]
    NoneFree { traffic: String, release: String },
    #[error("{name} is {state} and not ready{}", logs(log))]
    NotReady { name: String, state: String, log: String },
    #[error("{name} is still {state} after {minutes} minutes\n  start the same release again later: it continues")]
    Slow { name: String, state: String, minutes: u64 },
    #[error(
        "the endpoint {name} is {state}\n  see it in the portal, or delete it: az ml online-endpoint delete --name {name}"
    )]
    Endpoint { name: String, state: String },
    #[error("the endpoint {0} does not exist")]
    NoEndpoint(String),
    #[error("{name} fails its test: {what}")]
    Smoke { name: String, what: String },
    #[error("Azure shows the traffic {found:?} where {asked:?} was asked for")]
    Traffic { asked: String, found: String },
    #[error("interrupted")]
    Interrupted,
    #[error("{cause}\n  the traffic is again as before: {traffic}")]
    RolledBack { cause: Box<DeployError>, traffic: String },
    #[error("{cause}\n  and the traffic could not be taken back ({failure}); do it by hand:\n  {command}")]
    Stuck { cause: Box<DeployError>, failure: Box<DeployError>, command: String },
    #[error("cannot tell what to go back to: {0}\n  name it with --to")]
    Unclear(String),
    #[error("{name} cannot take the traffic back: {why}")]
    NoWayBack { name: String, why: String },
}

impl DeployError {
    /// The command said no.
    pub(super) fn failed(doing: impl Into<String>, command: &Command, stderr: &str) -> DeployError {
        DeployError::Failed { doing: doing.into(), said: last_words(stderr), command: command.to_string() }
    }

    pub(super) fn answer(command: &Command, what: impl Into<String>) -> DeployError {
        DeployError::Answer { what: what.into(), command: command.to_string() }
    }
}

/// What `az` said last that is an error, on one line.
fn last_words(stderr: &str) -> String {
    const MOST: usize = 400;
    let lines: Vec<_> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let errors = lines.iter().rposition(|line| line.starts_with("ERROR")).unwrap_or(lines.len().saturating_sub(1));
    let text = lines.get(errors..).unwrap_or_default().join(" ");
    let text = text.trim_start_matches("ERROR:").trim();
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None if text.is_empty() => "it says nothing".to_owned(),
        None => text.to_owned(),
    }
}

/// What to do about the failures that everybody has once.
fn hint(said: &str) -> &'static str {
    const HINTS: [(&str, &str); 5] = [
        ("is misspelled or not recognized", "\n  az ml is an extension: az extension add --name ml"),
        ("az login", "\n  sign in first: az login, or in a pipeline the task AzureCLI@2"),
        ("AuthorizationFailed", "\n  the identity needs the role AzureML Data Scientist on the workspace"),
        (
            "the following arguments are required",
            "\n  give --resource-group and --workspace, or az configure --defaults",
        ),
        ("quota", "\n  ask for more quota of this instance_type, or choose another"),
    ];
    HINTS.iter().find(|(part, _)| said.contains(part)).map_or("", |(_, hint)| hint)
}

/// The end of a container's log, indented.
fn logs(log: &str) -> String {
    let lines: Vec<_> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(8)..];
    last.iter().map(|line| format!("\n  | {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_counts() {
        let check = |stderr: &str, expected: &str| assert_eq!(last_words(stderr), expected);
        check("WARNING: preview\nERROR: (Quota) no\nCode: Quota\n", "(Quota) no Code: Quota");
        check("", "it says nothing");
        check("one\ntwo\n", "two");
        check(&"x".repeat(500), &format!("{}…", "x".repeat(400)));
    }

    #[test]
    fn common_failures_say_what_to_do() {
        let error = DeployError::Failed {
            doing: "looking for the endpoint".into(),
            said: "'ml' is misspelled or not recognized by the system.".into(),
            command: "az ml".into(),
        };
        assert!(error.to_string().contains("az extension add --name ml"));
    }
}
