//! The life of a model: registered, judged, promoted, rolled back, archived, copied to another registry. And what is
//! refused on the way.

use super::bench::{Bench, IRIS, OTHER, fixture};
use scorelet::registry::Registry;
use serde_json::{Value, json};
use std::fs;

/// A verdict as `scorelet validate` keeps it.
fn judge(bench: &Bench, reference: &str, passed: bool) {
    let registry = Registry::open(bench.path("registry").to_str().unwrap()).unwrap();
    let record = registry.resolve(reference).unwrap();
    registry.record_verdict(&record, passed, json!({ "checks": [] })).unwrap();
}

#[test]
fn a_version_knows_where_it_came_from() {
    let bench = Bench::new();
    let folder = bench.path("candidate");
    fs::create_dir_all(folder.join("docs")).unwrap();
    fs::copy(fixture(IRIS), folder.join("model.pkl")).unwrap();
    fs::write(folder.join("docs/card.md"), "# iris").unwrap();
    fs::write(folder.join(".hidden"), "secret").unwrap();
    let metrics = bench.path("metrics.json");
    fs::write(&metrics, "{}").unwrap();
    let mut args = vec!["register", "--name", "iris", "--path", folder.to_str().unwrap(), "--with"];
    args.extend([metrics.to_str().unwrap(), "--tag", "run=17", "--tag", "team=a=b", "--description", "first"]);
    args.extend(["--git-commit", "abc", "--data-fingerprint", "f00", "--by", "me", "--idempotency-key", "k"]);
    let said = bench.json(&args);
    assert_eq!((&said["version"], &said["files"], &said["created"]), (&json!(1), &json!(3), &json!(true)));
    let shown = bench.json(&["registry", "show", "iris"]);
    let record = &shown["record"];
    let paths: Vec<&str> = record["files"].as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["docs/card.md", "metrics.json", "model.pkl"]);
    for (key, expected) in [
        ("digest", said["digest"].clone()),
        ("bundle", json!("model.pkl")),
        ("tags", json!({ "run": "17", "team": "a=b" })),
        ("description", json!("first")),
        ("created_by", json!("me")),
        ("idempotency_key", json!("k")),
    ] {
        assert_eq!(record[key], expected, "{key}");
    }
    assert_eq!(record["git"]["commit"], "abc");
    assert_eq!(record["data"]["fingerprint"], "f00");
    assert_eq!(record["model"]["estimator"], "LogisticRegression");
    assert_eq!(record["model"]["scikit_learn_version"], "1.9.1");
    assert!(record["metadata"]["trained_at"].is_string() && record["created_at"].is_string());
    let text = bench.says(&["registry", "show", "iris"]);
    for line in ["version   iris@1\n", "about     first\n", "tags      run=17\n", "verdict   none\n"] {
        assert!(text.contains(line), "{line:?} is not in {text}");
    }
    // The parent is the champion, unless another one is named.
    bench.says(&["registry", "alias", "iris", "champion", "1"]);
    bench.register("iris", OTHER);
    bench.says(&["register", "--name", "iris", "--path", &fixture(OTHER), "--parent", "2"]);
    let parent = |version: &str| bench.json(&["registry", "show", version])["record"]["parent"].clone();
    assert_eq!((parent("iris@2"), parent("iris@3")), (json!("iris@1"), json!("iris@2")));
}

#[test]
fn what_does_not_load_is_not_registered() {
    let bench = Bench::new();
    let refused = |path: &str, code: i32, expected: &str| {
        bench.fails(&["register", "--name", "iris", "--path", path], code, expected);
    };
    fs::write(bench.path("evil.pkl"), b"\x80\x04cos\nsystem\n\x8c\x02id\x85R.").unwrap();
    refused("evil.pkl", 3, "os.system at byte 2 is refused");
    refused("missing.pkl", 1, "missing.pkl: No such file");
    refused(".", 3, "os.system");
    fs::create_dir(bench.path("two")).unwrap();
    fs::copy(fixture(IRIS), bench.path("two/a.pkl")).unwrap();
    fs::copy(fixture(OTHER), bench.path("two/b.pkl")).unwrap();
    refused("two", 3, "several bundles in this folder");
    let path = fixture(IRIS);
    let register = ["register", "--path", &path, "--name"];
    bench.fails(&[&register[..], &["../iris"]].concat(), 2, "\"../iris\" is no legal model name");
    bench.fails(&[&register[..], &["iris", "--tag", "run"]].concat(), 2, "--tag \"run\": write KEY=VALUE");
    bench.fails(&[&register[..], &["iris", "--tag", "a=1", "--tag", "a=2"]].concat(), 2, "each key once");
    bench.fails(&[&register[..], &["iris", "--parent", "7"]].concat(), 1, "has no model iris");
    bench.fails(&[&register[..], &["iris", "--with", &path]].concat(), 1, "is there twice");
    assert!(!bench.path("registry").exists(), "nothing was made");
    bench.fails(&["registry", "list"], 1, "registry: there is no registry here");
}

#[test]
fn what_is_not_there_has_nearest_names() {
    let bench = Bench::new();
    bench.register("iris", IRIS);
    bench.register("wine", OTHER);
    bench.says(&["registry", "alias", "iris", "champion", "1"]);
    let check = |reference: &str, expected: &str| {
        bench.fails(&["registry", "show", reference], 1, expected);
        bench.fails(&["inspect", reference], 3, expected);
    };
    check("iriss@1", "has no model iriss\n  did you mean iris? There are: iris, wine");
    check("iris@2", "has no version iris@2\n  there is version 1");
    check("iris@chmpion", "has no alias iris@chmpion\n  did you mean champion? There are: champion, latest");
    bench.fails(&["registry", "show", "iris@0"], 2, "\"0\" is no legal version");
    bench.fails(&["registry", "show", "a/b"], 2, "\"a/b\" is no legal model name");
    bench.fails(&["registry", "alias", "iris", "latest", "1"], 2, "\"latest\" is no legal alias");
    bench.fails(&["registry", "alias", "iris", "v2", "1"], 2, "\"v2\" is no legal alias");
    bench.fails(&["registry", "alias", "iris", "champion"], 2, "required");
    bench.fails(&["registry", "alias", "iris", "none", "--remove"], 1, "has no alias iris@none");
    bench.fails(&["registry", "verify", "irs"], 1, "has no model irs");
    bench.fails(&["registry", "list", "irs"], 1, "has no model irs");
    bench.fails(&["serve", "iris@2", "--port", "0"], 3, "has no version iris@2");
    bench.fails(&["serve", "iris@1", "--follow"], 2, "--follow: iris@1 always means the same");
    bench.fails(&["serve", &fixture(IRIS), "--follow"], 2, "is no reference to a registry");
    bench.fails(&["registry", "list", "--registry", "s3:/typo"], 1, "there is no registry here");
}

#[test]
fn a_path_that_exists_is_a_path() {
    let bench = Bench::new();
    bench.register("iris", IRIS);
    fs::copy(fixture(OTHER), bench.path("iris")).unwrap();
    let shown = |model: &str| bench.json(&["inspect", model])["bytes"].as_u64();
    assert_eq!(shown("iris"), Some(fs::metadata(fixture(OTHER)).unwrap().len()));
    assert_eq!(shown("iris@1"), Some(fs::metadata(fixture(IRIS)).unwrap().len()));
    bench.says(&["convert", "iris@latest", "out.bundle"]);
    assert_eq!(bench.json(&["inspect", "out.bundle"])["format"], "scorelet bundle 1");
    // Without a registry, a name is a misspelt file.
    let output =
        bench.command(&["inspect", "iriss"]).env_remove("SCORELET_REGISTRY").current_dir("/").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot load iriss: No such file"), "{output:?}");
}

#[test]
fn promotion_asks_for_a_verdict() {
    let bench = Bench::new();
    bench.register("iris", IRIS);
    bench.register("iris", OTHER);
    let promote = |reference: &str| bench.json(&["registry", "promote", reference]);
    bench.fails(&["registry", "promote", "iris@1"], 1, "iris@1 may not be promoted: no verdict over it is kept");
    judge(&bench, "iris@1", true);
    let said = promote("iris@1");
    assert_eq!((&said["version"], &said["from"], &said["overridden"]), (&json!(1), &Value::Null, &json!(false)));
    judge(&bench, "iris@2", true);
    judge(&bench, "iris@2", false);
    bench.fails(&["registry", "promote", "iris"], 1, "its last verdict is that it failed");
    bench.fails(&["registry", "promote", "iris", "--override", " "], 2, "--override asks for the reason");
    let said = bench.json(&["registry", "promote", "iris", "--override", "a fire", "--by", "me"]);
    assert_eq!((&said["version"], &said["from"], &said["overridden"]), (&json!(2), &json!(1), &json!(true)));
    let events = bench.json(&["registry", "show", "iris"])["events"].clone();
    let last = events.as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["reason"], &last["by"], &last["overridden"]), (&json!("a fire"), &json!("me"), &json!(true)));
    // Back to what was good.
    let back = bench.says(&["registry", "alias", "iris", "champion", "1", "--reason", "worse in production"]);
    assert_eq!(back, "iris@champion is version 1 now; it was 2\n");
    let text = bench.says(&["registry", "show", "iris"]);
    for part in
        ["1 passed its gate", "2 failed its gate", "champion = 2, was 1, promoted without a passed verdict", ": worse"]
    {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert_eq!(promote("iris@1")["from"], 1, "what is so already is no event");
    assert_eq!(
        bench.json(&["registry", "show", "iris"])["events"].as_array().unwrap().len(),
        events.as_array().unwrap().len() + 1
    );
}

#[test]
fn promotion_to_another_registry_keeps_content_and_lineage() {
    let bench = Bench::new();
    let production = bench.path("production").display().to_string();
    let at = |args: &[&str]| bench.json(&[args, &["--registry", &production]].concat());
    bench.register("iris", IRIS);
    bench.register("iris", OTHER);
    bench.fails(&["registry", "promote", "iris@2", "--to", &production], 1, "no verdict over it is kept");
    assert!(!bench.path("production").exists());
    judge(&bench, "iris@2", true);
    let promote = ["registry", "promote", "iris@2", "--to", &production, "--by", "me"];
    let said = bench.json(&promote);
    assert_eq!((&said["version"], &said["alias"], &said["overridden"]), (&json!(1), &json!("champion"), &json!(false)));
    assert_eq!(said["promoted_from"]["version"], 2);
    assert_eq!(bench.json(&promote)["version"], 1, "what was copied is not copied again");
    let (here, there) = (bench.json(&["registry", "show", "iris@2"]), at(&["registry", "show", "iris@champion"]));
    assert_eq!(here["record"]["digest"], there["record"]["digest"]);
    assert_eq!(here["record"]["files"], there["record"]["files"]);
    assert_eq!(there["record"]["promoted_from"]["registry"], here["registry"]);
    assert_eq!((&there["record"]["created_by"], &there["verdict"]), (&json!("me"), &json!("passed")));
    let judged = there["events"][0]["judged_in"].as_str().unwrap().to_owned();
    assert!(judged.contains("iris@2 event 1"), "{judged}");
    assert_eq!(there["events"].as_array().unwrap().len(), 2);
    assert_eq!(at(&["registry", "verify"])["findings"], json!([]));
    // A copy does not heal what is damaged, and takes nothing of it.
    judge(&bench, "iris@1", true);
    fs::write(bench.file(here_blob(&bench, "iris@1").as_str()), "short").unwrap();
    bench.fails(&["registry", "promote", "iris@1", "--to", &production], 1, "is damaged");
    assert_eq!(at(&["registry", "list"])["models"][0]["versions"], 1);
}

fn here_blob(bench: &Bench, reference: &str) -> String {
    let shown = bench.json(&["registry", "show", reference]);
    shown["record"]["files"][0]["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn archived_versions_are_hidden_and_can_be_had() {
    let bench = Bench::new();
    bench.register("iris", IRIS);
    bench.register("iris", OTHER);
    bench.says(&["registry", "alias", "iris", "champion", "2"]);
    bench.fails(&["registry", "archive", "iris@2"], 1, "iris@2 is what champion means");
    bench.fails(&["registry", "archive", "iris"], 2, "say which version");
    bench.says(&["registry", "alias", "iris", "champion", "1"]);
    bench.says(&["registry", "archive", "iris@2"]);
    bench.says(&["registry", "archive", "iris@2"]);
    let versions = |args: &[&str]| {
        let listed = bench.json(&[&["registry", "list", "iris"], args].concat());
        listed["versions"].as_array().unwrap().iter().map(|v| v["version"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((versions(&[]), versions(&["--all"])), (vec![1], vec![1, 2]));
    assert_eq!(bench.json(&["registry", "show", "iris"])["record"]["version"], 1);
    assert_eq!(bench.json(&["registry", "show", "iris@2"])["archived"], true);
    bench.says(&["inspect", "iris@2"]);
    bench.fails(&["registry", "alias", "iris", "champion", "2"], 1, "iris@2 is archived");
    bench.fails(&["registry", "promote", "iris@2", "--override", "x"], 1, "iris@2 is archived");
    bench.says(&["registry", "archive", "iris@2", "--undo"]);
    assert_eq!(versions(&[]), [1, 2]);
    assert_eq!(
        bench.says(&["registry", "alias", "iris", "champion", "--remove"]),
        "iris@champion is gone; it was version 1\n"
    );
    bench.says(&["registry", "archive", "iris@1"]);
    bench.says(&["registry", "archive", "iris@2"]);
    bench.fails(&["registry", "show", "iris"], 1, "iris@2 is archived");
    assert_eq!(bench.json(&["registry", "list"])["models"], json!([]));
    assert_eq!(bench.register("iris", IRIS), 3, "numbers are never given again");
}

#[test]
fn a_pull_gives_a_folder_that_loads() {
    let bench = Bench::new();
    let folder = bench.path("candidate");
    fs::create_dir_all(folder.join("docs")).unwrap();
    fs::copy(fixture(IRIS), folder.join("model.pkl")).unwrap();
    fs::write(folder.join("docs/card.md"), "# iris").unwrap();
    bench.says(&["register", "--name", "iris", "--path", folder.to_str().unwrap()]);
    let pull = |into: &str| bench.says(&["registry", "pull", "iris", "--output", into]);
    assert_eq!(pull("out"), "out\n");
    assert_eq!(fs::read(bench.path("out/docs/card.md")).unwrap(), b"# iris");
    assert_eq!(bench.json(&["inspect", "out"])["servable"], true);
    let pulled = fs::metadata(bench.path("out/model.pkl")).unwrap().modified().unwrap();
    fs::write(bench.path("out/docs/card.md"), "edited").unwrap();
    pull("out");
    assert_eq!(fs::read(bench.path("out/docs/card.md")).unwrap(), b"# iris");
    assert_eq!(fs::metadata(bench.path("out/model.pkl")).unwrap().modified().unwrap(), pulled, "it was right already");
    fs::write(bench.path("out/other.txt"), "mine").unwrap();
    bench.fails(&["registry", "pull", "iris", "--output", "out"], 1, "the folder holds other files (other.txt)");
    bench.fails(&["registry", "pull", "iris", "--output", "candidate/model.pkl"], 1, "candidate/model.pkl: ");
    let said = bench.json(&["registry", "pull", "iris", "--output", "new"]);
    assert_eq!((&said["version"], &said["bundle"]), (&json!(1), &json!("model.pkl")));
}

/// A model that was fitted without names knows its columns from the registry.
#[test]
fn columns_that_were_given_are_kept() {
    let bench = Bench::new();
    let bare = fixture("unnamed.pkl");
    let columns = bench.output(&["inspect", &bare, "--json"]);
    let report: Value = serde_json::from_slice(&columns.stdout).unwrap();
    assert_eq!(report["servable"], false, "the fixture has no names");
    bench.fails(&["register", "--name", "bare", "--path", &bare], 3, "--features");
    bench.says(&["register", "--name", "bare", "--path", &bare, "--features", "a,b,c,d"]);
    assert_eq!(bench.json(&["inspect", "bare"])["feature_order"], json!(["a", "b", "c", "d"]));
}
