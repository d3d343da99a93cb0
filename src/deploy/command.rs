//! One call of `az`, as arguments and as a line that can be pasted into a shell. Never starts a process.

use std::fmt;
use std::path::Path;

/// The workspace that everything happens in. What is not said, `az configure --defaults` says.
#[derive(Debug, Clone, Default)]
pub struct Target {
    pub resource_group: Option<String>,
    pub workspace: Option<String>,
    pub subscription: Option<String>,
}

/// A call of `az`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    arguments: Vec<String>,
    /// Whether it changes anything in Azure; one that does not may be asked again.
    pub changes: bool,
}

/// What `az` did.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub succeeded: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Command {
    /// `az ml GROUP VERB`, in the workspace, with what it prints as JSON.
    fn ml(group: &str, verb: &str, changes: bool, target: &Target) -> Command {
        let mut command = Command { arguments: Vec::new(), changes };
        command.add(["ml", group, verb]);
        for (flag, value) in [
            ("--resource-group", &target.resource_group),
            ("--workspace-name", &target.workspace),
            ("--subscription", &target.subscription),
        ] {
            if let Some(value) = value {
                command.add([flag, value]);
            }
        }
        command
    }

    fn add<'a>(&mut self, arguments: impl IntoIterator<Item = &'a str>) {
        self.arguments.extend(arguments.into_iter().map(str::to_owned));
    }

    fn with<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        self.add(arguments);
        self
    }

    fn json(self) -> Command {
        self.with(["--output", "json"])
    }

    /// All endpoints of the workspace: the way to learn whether one exists that does not take an error for a no.
    pub fn list_endpoints(target: &Target) -> Command {
        Command::ml("online-endpoint", "list", false, target).json()
    }

    pub fn show_endpoint(target: &Target, name: &str) -> Command {
        Command::ml("online-endpoint", "show", false, target).with(["--name", name]).json()
    }

    pub fn create_endpoint(target: &Target, file: &Path) -> Command {
        Command::ml("online-endpoint", "create", true, target).with(["--file", &file.to_string_lossy()]).json()
    }

    /// `traffic` as in `blue=90 green=10`.
    pub fn set_traffic(target: &Target, name: &str, traffic: &str) -> Command {
        Command::ml("online-endpoint", "update", true, target).with(["--name", name, "--traffic", traffic]).json()
    }

    pub fn set_mirror(target: &Target, name: &str, traffic: &str) -> Command {
        let update = Command::ml("online-endpoint", "update", true, target);
        update.with(["--name", name, "--mirror-traffic", traffic]).json()
    }

    /// Asks one deployment, or without its name whichever the traffic picks.
    pub fn invoke(target: &Target, endpoint: &str, deployment: Option<&str>, request: &Path) -> Command {
        let invoke = Command::ml("online-endpoint", "invoke", false, target).with(["--name", endpoint]);
        let invoke = invoke.with(deployment.iter().flat_map(|name| ["--deployment-name", name]));
        invoke.with(["--request-file", &request.to_string_lossy()]).json()
    }

    pub fn list_deployments(target: &Target, endpoint: &str) -> Command {
        Command::ml("online-deployment", "list", false, target).with(["--endpoint-name", endpoint]).json()
    }

    pub fn show_deployment(target: &Target, endpoint: &str, name: &str) -> Command {
        let show = Command::ml("online-deployment", "show", false, target);
        show.with(["--endpoint-name", endpoint, "--name", name]).json()
    }

    pub fn create_deployment(target: &Target, file: &Path) -> Command {
        Command::ml("online-deployment", "create", true, target).with(["--file", &file.to_string_lossy()]).json()
    }

    pub fn update_deployment(target: &Target, file: &Path) -> Command {
        Command::ml("online-deployment", "update", true, target).with(["--file", &file.to_string_lossy()]).json()
    }

    pub fn delete_deployment(target: &Target, endpoint: &str, name: &str) -> Command {
        let delete = Command::ml("online-deployment", "delete", true, target);
        delete.with(["--endpoint-name", endpoint, "--name", name, "--yes"])
    }

    pub fn logs(target: &Target, endpoint: &str, name: &str) -> Command {
        let logs = Command::ml("online-deployment", "get-logs", false, target);
        logs.with(["--endpoint-name", endpoint, "--name", name, "--lines", "50"])
    }

    /// What follows `az`.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The value after a flag.
    pub fn value(&self, flag: &str) -> Option<&str> {
        let at = self.arguments.iter().position(|argument| argument == flag)?;
        self.arguments.get(at + 1).map(String::as_str)
    }

    /// `online-endpoint show` and the like.
    pub fn verb(&self) -> String {
        self.arguments[1..3].join(" ")
    }
}

/// The line for a POSIX shell.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("az")?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

/// The word as a POSIX shell reads it back: bare where nothing in it means anything to a shell, else in single quotes.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let check = |word: &str, expected: &str| assert_eq!(quoted(word), expected);
        check("blue", "blue");
        check("azureml://registries/r/models/m/versions/7", "azureml://registries/r/models/m/versions/7");
        check("blue=90 green=10", "'blue=90 green=10'");
        check("", "''");
        check("it's $HOME; rm -rf `x`\n", "'it'\\''s $HOME; rm -rf `x`\n'");
        check("~/größe", "'~/größe'");
        check("#no comment", "'#no comment'");
        let words = ["a b", "it's", "$(x)", "\\", "*", "\"", "é", "a\tb", "!x", "#"];
        let line: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("printf '%s\\0' {}", line.join(" "))]);
        let output = shell.output().unwrap();
        let read = String::from_utf8(output.stdout).unwrap();
        assert_eq!(read.split_terminator('\0').collect::<Vec<_>>(), words);
    }

    #[test]
    fn what_is_not_said_is_left_to_az() {
        let target = Target { resource_group: Some("rg".into()), workspace: None, subscription: None };
        let command = Command::invoke(&target, "ep", Some("green"), Path::new("a b.json"));
        assert_eq!(
            command.to_string(),
            "az ml online-endpoint invoke --resource-group rg --name ep --deployment-name green \
             --request-file 'a b.json' --output json"
        );
        assert_eq!((command.value("--name"), command.verb().as_str()), (Some("ep"), "online-endpoint invoke"));
    }
}
