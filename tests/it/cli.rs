//! The program itself: what it prints, where, and with which exit code.

use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).display().to_string()
}

fn bundle() -> String {
    fixture("corpus/1.9.1/bundle_extra_keys.p4.pkl")
}

/// The program without what the environment of the tests may say.
fn scorelet(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scorelet"));
    let foreign = |name: &str| name.starts_with("SCORELET_") || name.starts_with("AZUREML_");
    for (name, _) in std::env::vars().filter(|(name, _)| foreign(name)) {
        command.env_remove(name);
    }
    command.args(args);
    command
}

fn run(args: &[&str]) -> Output {
    scorelet(args).output().expect("the program starts")
}

/// Runs it and compares exit code, stdout and stderr.
fn check(args: &[&str], code: i32, stdout: &str, stderr: &str) {
    let output = run(args);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.status.code(), &*out, &*err), (Some(code), stdout, stderr), "{args:?}");
}

/// Runs it and compares exit code and stderr, which is at most two lines.
fn fails(args: &[&str], code: i32, expected: &str) {
    let output = run(args);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {err}");
    assert!(err.starts_with("scorelet: ") && err.contains(expected), "{args:?}: {err}");
    assert!(err.lines().count() <= 2, "{args:?}: {err}");
}

#[test]
fn version_and_help() {
    check(&["--version"], 0, concat!("scorelet ", env!("CARGO_PKG_VERSION"), "\n"), "");
    for command in ["serve", "train", "schema", "inspect", "convert", "healthcheck"] {
        let help = run(&[command, "--help"]);
        assert_eq!((help.status.code(), help.stderr.len()), (Some(0), 0), "{command}");
        assert!(String::from_utf8_lossy(&help.stdout).contains(&format!("Usage: scorelet {command}")), "{command}");
    }
}

#[test]
fn wrong_usage_is_2_in_two_lines() {
    fails(&["inspect", "m.pkl", "--jsn"], 2, "unexpected argument '--jsn' found\n  tip: ");
    fails(&["inspect"], 2, "the following required arguments were not provided: <MODEL>\n");
    fails(&["inspekt"], 2, "unrecognized subcommand 'inspekt'\n");
    fails(&["inspect", "m.pkl", "--features", "a,,b"], 2, "--features \"a,,b\": name 2 is empty\n");
    fails(&["inspect", "m.pkl", "--features", "[1]"], 2, "--features \"[1]\": invalid type: integer `1`");
    let nothing = run(&[]);
    assert_eq!((nothing.status.code(), nothing.stdout.len()), (Some(2), 0));
}

#[test]
fn a_bundle_that_cannot_be_loaded_is_3() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fails(&["inspect", &path("missing.pkl")], 3, "missing.pkl: No such file or directory (os error 2)\n");
    fails(&["inspect", &path("")], 3, "no bundle in this folder or two levels below it; it is empty\n");
    fails(&["inspect", "/dev/null"], 3, "cannot load /dev/null: it is neither a file nor a folder\n");
    fs::write(path("empty.pkl"), "").unwrap();
    fails(&["inspect", &path("empty.pkl")], 3, "this is an empty file; copy it again\n");
    fs::write(path("page.pkl"), "<!DOCTYPE html><html>Sign in</html>").unwrap();
    fails(
        &["inspect", &path("page.pkl")],
        3,
        "this is a web page, perhaps a login or error page; fetch the file itself\n",
    );
    fs::write(path("evil.pkl"), b"\x80\x04cos\nsystem\n\x8c\x02id\x85R.").unwrap();
    fails(&["inspect", &path("evil.pkl")], 3, "os.system at byte 2 is refused");
    fails(&["convert", &path("evil.pkl"), &path("out.bundle")], 3, "os.system at byte 2 is refused");
    let serve = run(&["serve", &path("evil.pkl"), "--port", "0"]);
    let err = String::from_utf8_lossy(&serve.stderr);
    assert_eq!(serve.status.code(), Some(3), "{err}");
    assert!(err.contains("\nscorelet: cannot load ") && err.contains("os.system at byte 2 is refused"), "{err}");
    assert!(!Path::new(&path("out.bundle")).exists());
}

#[test]
fn a_folder_with_two_bundles_is_3_and_lists_them() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("INPUT_model/1");
    fs::create_dir_all(&deep).unwrap();
    fs::copy(bundle(), deep.join("a.pkl")).unwrap();
    let place = folder.path().display().to_string();
    assert_eq!(run(&["inspect", &place]).status.code(), Some(0));
    fs::copy(bundle(), folder.path().join("b.pkl")).unwrap();
    let output = run(&["inspect", &place]);
    let expected = format!(
        "scorelet: cannot load {place}: several bundles in this folder, name one of them; it holds:\n  \
         INPUT_model/1/a.pkl\n  b.pkl\n"
    );
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()), (Some(3), expected));
}

#[test]
fn the_report_is_for_people_or_for_scripts() {
    let text = String::from_utf8(run(&["inspect", &bundle()]).stdout).unwrap();
    for line in ["format    pickle protocol 4\n", "serve     yes\n", "outputs   predict (default), "] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
    let report = |args: &[&str]| -> Value { serde_json::from_slice(&run(args).stdout).expect("JSON") };
    let report = report(&["inspect", &bundle(), "--json"]);
    let keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    let stable = [
        "path",
        "bytes",
        "sha256",
        "format",
        "servable",
        "problems",
        "model",
        "scaler",
        "feature_order",
        "outputs",
        "classes",
        "inputs",
        "metadata",
        "extra",
        "content",
    ];
    assert_eq!(keys, stable);
    assert_eq!(report["servable"], true);
    assert_eq!(report["bytes"], fs::metadata(bundle()).unwrap().len());
    assert_eq!(report["model"]["class"], "sklearn.linear_model._logistic.LogisticRegression");
}

/// The report of a bundle that cannot be served says everything that stands in the way, and comes before the failure.
#[test]
fn the_report_is_printed_for_what_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil.pkl");
    fs::write(&path, b"\x80\x04(cos\nsystem\n\x8c\x02id\x85Rcbuiltins\neval\nl.").unwrap();
    let output = run(&["inspect", path.to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["servable"], false);
    let refused: Vec<&str> =
        report["content"]["refused"].as_array().unwrap().iter().filter_map(|name| name["name"].as_str()).collect();
    assert_eq!(refused, ["os.system", "builtins.eval"]);
}

#[test]
fn names_from_a_file_do_not_command_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil.pkl");
    fs::write(&path, b"\x80\x04c\x1b[2Jos\nsystem\n.").unwrap();
    let output = run(&["inspect", path.to_str().unwrap()]);
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
}

#[test]
fn flags_beat_variables() {
    let bare = fixture("corpus/1.9.1/bare_transformer.p4.pkl");
    let report =
        |command: &mut Command| -> Value { serde_json::from_slice(&command.output().unwrap().stdout).expect("JSON") };
    let own = report(&mut scorelet(&["inspect", &bare, "--json"]))["feature_order"].to_string();
    let wrong = |command: &mut Command| report(command.env("SCORELET_FEATURES", "x"))["servable"] == false;
    assert!(wrong(scorelet(&["inspect", &bare]).env("SCORELET_JSON", "1")));
    assert!(!wrong(&mut scorelet(&["inspect", &bare, "--json", "--features", &own])));
    let text = scorelet(&["inspect", &bare]).env("SCORELET_JSON", "0").output().unwrap();
    assert!(text.stdout.starts_with(b"file "));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = scorelet(&["inspect", &bundle()]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn a_full_disk_under_stdout_is_1() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let output = scorelet(&["inspect", &bundle()]).stdout(full).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.starts_with("scorelet: cannot write to standard output: No space left on device"), "{err}");
}

/// A folder, its path as text, and the names in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn names(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = fs::read_dir(self.0.path()).unwrap().map(name).collect();
        names.sort();
        names
    }
}

#[test]
fn convert_writes_one_file_that_others_may_read() {
    let folder = Folder::new();
    let out = folder.path("model.bundle");
    let bytes = |path: &str| fs::read(path).unwrap();
    let first = run(&["convert", &bundle(), &out]);
    let (said, written) = (String::from_utf8_lossy(&first.stdout).into_owned(), bytes(&out));
    assert_eq!((first.status.code(), first.stderr.len()), (Some(0), 0));
    assert_eq!(
        said,
        format!("wrote {out}: {} bytes (from {}), read back and equal\n", written.len(), bytes(&bundle()).len())
    );
    assert_eq!(folder.names(), ["model.bundle"]);
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o044, umask_allows(&folder));
    // The same input gives the same bytes, and a native bundle may be written again.
    assert_eq!(run(&["convert", &bundle(), &out]).status.code(), Some(0));
    assert_eq!(bytes(&out), written);
    // Converting a native bundle onto itself changes nothing.
    assert_eq!(run(&["convert", &out, &out]).status.code(), Some(0));
    assert_eq!(bytes(&out), written);
}

/// The read permissions that a new file gets here.
fn umask_allows(folder: &Folder) -> u32 {
    let probe = folder.path("probe");
    fs::write(&probe, "").unwrap();
    fs::metadata(&probe).unwrap().permissions().mode() & 0o044
}

#[test]
fn convert_replaces_only_what_it_wrote_itself() {
    let folder = Folder::new();
    // Without an ending: OUT that ends in .pkl asks for a pickle.
    let (pickle, out) = (folder.path("model"), folder.path("out"));
    fs::copy(bundle(), &pickle).unwrap();
    fails(&["convert", &pickle, &pickle], 1, "exists and is no native bundle: choose another name, or --force");
    assert_eq!(fs::read(&pickle).unwrap(), fs::read(bundle()).unwrap());
    fs::create_dir(&out).unwrap();
    fails(&["convert", &pickle, &out], 1, "out is a folder: name the file to write");
    fails(&["convert", &pickle, "/dev/null"], 1, "/dev/null is no regular file");
    fails(&["convert", &pickle, &folder.path("no/such/folder/m.bundle")], 1, "No such file or directory");
    assert_eq!(run(&["convert", &pickle, &pickle, "--force"]).status.code(), Some(0));
    assert!(fs::read(&pickle).unwrap().starts_with(b"\x89scorelet"));
    assert_eq!(folder.names(), ["model", "out"]);
}

#[test]
fn convert_writes_through_a_link() {
    let folder = Folder::new();
    let (real, link) = (folder.path("model-1.bundle"), folder.path("latest"));
    assert_eq!(run(&["convert", &bundle(), &real]).status.code(), Some(0));
    symlink(&real, &link).unwrap();
    assert_eq!(run(&["convert", &bundle(), &link]).status.code(), Some(0));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn convert_keeps_the_order_that_was_given() {
    let folder = Folder::new();
    let out = folder.path("m.bundle");
    let unnamed = unnamed();
    fails(&["convert", &unnamed, &out], 3, "was fitted without column names");
    let given = scorelet(&["convert", &unnamed, &out]).env("SCORELET_FEATURES", "a,b,c,d").output().unwrap();
    assert_eq!(given.status.code(), Some(0), "{}", String::from_utf8_lossy(&given.stderr));
    let report: Value = serde_json::from_slice(&run(&["inspect", &out, "--json"]).stdout).unwrap();
    assert_eq!(report["feature_order"], serde_json::json!(["a", "b", "c", "d"]));
}

/// A bare estimator of four columns that was fitted on an array.
fn unnamed() -> String {
    fixture("unnamed.pkl")
}

/// A file system of 64 kB that is full, and a folder that may not be written. Both need rights that tests may not have.
#[test]
fn convert_leaves_nothing_behind_when_it_cannot_write() {
    let Some(full) = full_disk() else {
        eprintln!("SKIPPED: no small file system can be mounted here");
        return;
    };
    let out = full.0.join("m.bundle").display().to_string();
    fails(&["convert", &bundle(), &out], 1, "m.bundle: No space left on device (os error 28)\n");
    let names: Vec<_> = fs::read_dir(&full.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["filler"]);
}

/// A mounted file system, unmounted when dropped.
struct Mounted(PathBuf, #[allow(dead_code)] tempfile::TempDir);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn full_disk() -> Option<Mounted> {
    let folder = tempfile::tempdir().unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=64k", "tmpfs"];
    let mounted = Command::new("mount").args(mount).arg(folder.path()).stderr(Stdio::null()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        return None;
    }
    let mounted = Mounted(folder.path().to_owned(), folder);
    // Ends with the error that the disk is full, with all that fits written.
    let _ = fs::write(mounted.0.join("filler"), vec![0; 1 << 20]);
    Some(mounted)
}

#[test]
fn convert_into_a_read_only_folder_is_1() {
    let folder = Folder::new();
    let closed = folder.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(format!("{closed}/probe"), "").is_ok() {
        eprintln!("SKIPPED: the tests run as a user who may write everywhere");
        return;
    }
    fails(&["convert", &bundle(), &format!("{closed}/m.bundle")], 1, "m.bundle: Permission denied (os error 13)\n");
}
