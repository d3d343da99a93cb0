//! `scorelet deploy`: what it says and how it ends, without an Azure. tests/python/azure_ml.py has the releases themselves.

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const MODEL: &str = "azureml://registries/r/models/m/versions/7";
const IMAGE: &str = "x.azurecr.io/scorelet:0.1.0";

/// `scorelet deploy` over the files of scoring/, with nothing but `path` on PATH.
fn deploy(path: &Path, args: &[&str]) -> Output {
    let scoring = Path::new(env!("CARGO_MANIFEST_DIR")).join("scoring");
    let file = |name: &str| scoring.join(name).display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_scorelet"));
    command.env_clear().env("PATH", path).current_dir(path);
    command.args(["deploy", "--endpoint", &file("endpoint.yml"), "--poll-seconds", "0", "--bake-seconds", "0"]);
    command.args(["--deployment", &file("deployment-blue.yml"), &file("deployment-green.yml")]);
    command.args(args).output().expect("the program starts")
}

/// Runs it and looks at exit code, stdout and stderr.
fn check(path: &Path, args: &[&str], code: i32, stdout: &str, stderr: &str) -> Output {
    let output = deploy(path, args);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}: {out}{err}");
    assert!(out.contains(stdout), "{args:?}: {out}");
    assert!(err.contains(stderr) && (stderr.is_empty() == err.is_empty()), "{args:?}: {err}");
    output
}

/// A program called `az` that does what the script says.
fn az(folder: &Path, script: &str) {
    let place = folder.join("az");
    fs::write(&place, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn files_are_checked_without_azure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    check(path, &["--check", "--model", MODEL, "--image", IMAGE], 0, "3 files: 0 errors, 0 notes\n", "");
    let blue = "deployment-blue.yml:8: model: the placeholders <your-ml-registry>, <your-model-name>, <version-number> are not filled\n";
    check(path, &["--check"], 1, blue, "the files cannot be deployed");
    let output = check(path, &["--check", "--json", "--model", MODEL], 1, "", "the files cannot be deployed");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["files"], &found["errors"]), (&3.into(), &2.into()), "{found}");
    let problem = &found["problems"][0];
    assert_eq!((&problem["line"], &problem["field"]), (&11.into(), &"environment.image".into()), "{problem}");
    // Without --check the same stops the release, before az is looked for.
    check(path, &["--model", MODEL], 1, "", "environment.image: the placeholders");
    check(path, &["--check", "--endpoint-name", "other", "--model", MODEL, "--image", IMAGE], 0, "0 errors", "");
}

#[test]
fn a_rehearsal_prints_commands_and_writes_what_they_name() {
    let folder = tempfile::tempdir().unwrap();
    let filled =
        ["--dry-run", "--model", MODEL, "--image", IMAGE, "--output-dir", "out put", "-g", "a b", "--release", "7"];
    let output = check(folder.path(), &filled, 0, "# anomaly-scoring-endpoint does not exist yet;", "");
    let out = String::from_utf8(output.stdout).unwrap();
    let create = "az ml online-deployment create --resource-group 'a b' --file 'out put/anomaly-scoring-endpoint-blue.yml' --output json";
    assert!(out.lines().any(|line| line == create), "{out}");
    let sent = fs::read_to_string(folder.path().join("out put/anomaly-scoring-endpoint-blue.yml")).unwrap();
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!((&sent["model"], &sent["tags"]["scorelet_release"]), (&MODEL.into(), &"7".into()));
    let output =
        check(folder.path(), &[&filled[..], &["--live", "blue", "--json", "--traffic", "5,100"]].concat(), 0, "", "");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let shifts = found["commands"].as_array().unwrap().iter().filter_map(Value::as_str);
    let shifts: Vec<_> = shifts.filter_map(|line| Some(line.split_once("--traffic ")?.1)).collect();
    assert_eq!(shifts, ["'blue=95 green=5' --output json", "'blue=0 green=100' --output json"]);
}

#[test]
fn wrong_usage_is_2() {
    let folder = tempfile::tempdir().unwrap();
    for (args, said) in [
        (&["--traffic", "50,10"][..], "--traffic \"50,10\" is no list of rising percentages\n"),
        (&["--mirror", "51"], "--mirror: Azure copies 50 % of the traffic at most\n"),
        (&["--to", "blue"], "--to is of --rollback\n"),
        (&["--live", "blue"], "--live is of --dry-run\n"),
        (&["--rollback", "--dry-run"], "--rollback has no --dry-run\n"),
        (&["--tolerance", "1"], "--tolerance must be at least 0 and below 1\n"),
        (&["--expect", "x.json"], "required arguments were not provided: --request-file"),
        (&["--check", "--rollback"], "cannot be used with"),
    ] {
        check(folder.path(), args, 2, "", said);
    }
}

#[test]
fn what_cannot_be_sent_or_started_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let filled = ["--model", MODEL, "--image", IMAGE];
    let with = |more: &[&'static str]| [&filled[..], more].concat();
    fs::write(path.join("no.json"), "{").unwrap();
    fs::write(path.join("list.json"), "[]").unwrap();
    check(path, &with(&["--request-file", "no.json"]), 1, "", "no.json is no JSON: EOF");
    check(path, &with(&["--request-file", "absent.json"]), 1, "", "cannot read absent.json: No such file");
    check(
        path,
        &with(&["--request-file", "list.json", "--expect", "list.json"]),
        1,
        "",
        "the expected reply is no JSON object",
    );
    check(path, &with(&[]), 1, "", "az is not on PATH\n  install the Azure CLI, or see the commands with --dry-run");
    az(path, "echo 'ERROR: Please run az login to setup account.' >&2; exit 1");
    let login = "looking for the endpoint: az failed: Please run az login to setup account.\n  sign in first: az login";
    check(path, &with(&[]), 1, "", login);
    check(path, &with(&["--rollback"]), 1, "", login);
    let output = check(path, &with(&["--json"]), 1, "\"outcome\":\"failed\"", "az login");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["error"].as_str().unwrap().contains("az login"), "{report}");
    az(path, "echo '<html>'");
    check(path, &with(&[]), 1, "", "az printed what is not understood: expected value at line 1 column 1\n");
    az(path, "echo '{}'");
    check(path, &with(&[]), 1, "", "az printed what is not understood: no list of endpoints\n");
    az(path, "exec /bin/sleep 60");
    check(path, &with(&["--timeout-minutes", "0"]), 1, "", "az did not end within 0 minutes and was stopped\n");
    // What az prints must not command a terminal.
    az(path, "printf 'ERROR: \\033[31mred\\033[0m\\n' >&2; exit 1");
    check(path, &with(&[]), 1, "", "az failed: \\u{1b}[31mred\\u{1b}[0m\n");
}
