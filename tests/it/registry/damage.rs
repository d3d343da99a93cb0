//! What is damaged is named by `verify` and used by nobody.

use super::bench::{Bench, IRIS, OTHER, fixture};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A registry with three versions, an alias and a tag; `change` damages it.
fn damaged(change: impl FnOnce(&Bench)) -> Bench {
    let bench = Bench::new();
    bench.register("iris", IRIS);
    bench.register("iris", OTHER);
    bench.register("iris", IRIS);
    bench.says(&["registry", "alias", "iris", "champion", "2"]);
    bench.says(&["registry", "alias", "iris", "champion", "1"]);
    bench.verify_is_clean();
    change(&bench);
    bench
}

/// The damage is found, and whoever wants the version, or the alias, is told; `None` where it does not concern them.
fn check(change: impl FnOnce(&Bench), found: &str, version: Option<&str>, alias: Option<&str>) {
    let bench = damaged(change);
    let output = bench.output(&["registry", "verify"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(found), "{found:?} is not in {text}");
    for (reference, expected) in [("iris@2", version), ("iris@champion", alias)] {
        match expected {
            None => drop(bench.says(&["inspect", reference])),
            Some(expected) => {
                bench.fails(&["inspect", reference], 3, expected);
                bench.fails(&["registry", "pull", reference, "--output", "out"], 1, expected);
                bench.fails(&["serve", reference, "--port", "0"], 3, expected);
                let pulled = fs::read_dir(bench.path("out")).map_or(0, Iterator::count);
                assert_eq!(pulled, 0, "nothing of it is written");
            }
        }
    }
}

/// The blob that version 2 alone has.
fn blob(bench: &Bench) -> std::path::PathBuf {
    let shown = bench.json(&["registry", "show", "iris@2"]);
    bench.file(shown["record"]["files"][0]["sha256"].as_str().unwrap())
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

fn record(bench: &Bench) -> std::path::PathBuf {
    bench.file("versions/0000000002.json")
}

#[test]
fn damaged_files_are_found_and_not_used() {
    let content = "its content is not what its name says";
    let flip = |bench: &Bench| {
        let mut bytes = fs::read(blob(bench)).unwrap();
        bytes[100] ^= 1;
        fs::write(blob(bench), bytes).unwrap();
    };
    check(flip, content, Some(content), None);
    let cut = |bench: &Bench| fs::write(blob(bench), b"short").unwrap();
    check(cut, "it has 5 bytes where", Some("it has 5 bytes where"), None);
    let gone = |bench: &Bench| fs::remove_file(blob(bench)).unwrap();
    check(gone, "it is missing, and \"bundle_integers.p4.pkl\" is kept in it", Some("is missing"), None);
    let folder = |bench: &Bench| {
        let path = blob(bench);
        fs::remove_file(&path).unwrap();
        fs::create_dir(path).unwrap();
    };
    check(folder, "this is no regular file", Some("this is no regular file"), None);
}

#[test]
fn the_same_files_again_repair_a_damaged_one() {
    let bench = damaged(|bench| fs::write(blob(bench), b"short").unwrap());
    bench.fails(&["inspect", "iris@2"], 3, "damaged");
    assert_eq!(bench.register("iris", OTHER), 4);
    bench.verify_is_clean();
    bench.says(&["inspect", "iris@2"]);
}

#[test]
fn records_that_lie_are_refused() {
    let with = |change: fn(&mut Value)| move |bench: &Bench| edit(&record(bench), change);
    let lies = "its digest is not that of its files";
    check(with(|record| record["digest"] = "0".repeat(64).into()), lies, Some(lies), None);
    check(with(|record| record["files"][0]["sha256"] = "0".repeat(64).into()), lies, Some(lies), None);
    let other = "it says that it is iris@1";
    check(with(|record| record["version"] = 1.into()), other, Some(other), None);
    let path = "\"../../escaped\" is no plain relative path";
    check(with(|record| record["files"][0]["path"] = "../../escaped".into()), path, Some(path), None);
    let newer = "it has format 7, and this scorelet knows 1";
    check(with(|record| record["format"] = 7.into()), newer, Some(newer), None);
    let noise = |bench: &Bench| fs::write(record(bench), "[".repeat(3_000_000)).unwrap();
    check(noise, "it is larger than", Some("it is larger than"), None);
    let empty = |bench: &Bench| fs::write(record(bench), "").unwrap();
    check(empty, "EOF while parsing", Some("EOF while parsing"), None);
}

#[test]
fn a_gap_is_found_and_no_number_is_given_twice() {
    let gone = |bench: &Bench| fs::remove_file(record(bench)).unwrap();
    check(gone, "versions/0000000002.json is missing", Some("has no version iris@2"), None);
    let bench = damaged(gone);
    let again = ["register", "--name", "iris", "--path", &fixture(IRIS)];
    bench.fails(&again, 1, "the record is missing, though there are later ones");
}

/// What an alias means cannot be told without all events; versions by number do not depend on them.
#[test]
fn damaged_events_stop_aliases_alone() {
    let event = |bench: &Bench| bench.file("events/0000000001.json");
    let gone = |bench: &Bench| fs::remove_file(event(bench)).unwrap();
    check(gone, "events/0000000001.json is missing", None, Some("event 1 is missing"));
    let other = "it says that it is event 9";
    check(|bench| edit(&event(bench), |event| event["sequence"] = 9.into()), other, None, Some(other));
    let newer = "it has format 2";
    check(|bench| edit(&event(bench), |event| event["format"] = 2.into()), newer, None, Some(newer));
    let far = |bench: &Bench| {
        fs::copy(event(bench), bench.path("registry/models/iris/events/9999999999.json")).unwrap();
    };
    check(far, "events/0000000003.json is missing", None, Some("event 3 is missing"));
}

#[test]
fn a_registry_of_a_newer_format_is_left_alone() {
    let bench = damaged(|bench| fs::write(bench.path("registry/registry.json"), r#"{"format": 2}"#).unwrap());
    let expected = "this registry has format 2, and this scorelet knows 1\n  use a newer scorelet";
    let before = bench.files();
    for (args, code) in [
        (&["registry", "list"][..], 1),
        (&["registry", "verify"], 1),
        (&["registry", "gc"], 1),
        (&["register", "--name", "iris", "--path", &fixture(IRIS)], 1),
        (&["inspect", "iris@1"], 3),
    ] {
        bench.fails(args, code, expected);
    }
    assert_eq!(bench.files(), before);
    fs::write(bench.path("registry/registry.json"), "hello").unwrap();
    bench.fails(&["registry", "list"], 1, "registry.json is damaged: this is not JSON");
}

#[test]
fn garbage_goes_when_it_is_old_enough_and_nothing_else() {
    let bench = damaged(|bench| {
        let orphan = bench.path("registry/blobs/sha256/00");
        fs::create_dir_all(&orphan).unwrap();
        fs::write(orphan.join("0".repeat(64)), "nobody's").unwrap();
        fs::write(bench.path("registry/models/iris/versions/.tmp-1-2-3"), "half").unwrap();
    });
    let all = bench.files();
    bench.verify_is_clean();
    let said = bench.json(&["registry", "gc"]);
    assert_eq!((said["removed"].clone(), said["spared"].clone()), (json!([]), json!(2)));
    let said = bench.json(&["registry", "gc", "--older-than", "0s", "--dry-run"]);
    assert_eq!(said["removed"].as_array().unwrap().len(), 2);
    assert_eq!(bench.files(), all);
    bench.says(&["registry", "gc", "--older-than", "0s"]);
    let garbage = |name: &String| name.contains(".tmp") || name.ends_with(&"0".repeat(64));
    assert_eq!(bench.files(), all.into_iter().filter(|name| !garbage(name)).collect::<Vec<_>>());
    bench.verify_is_clean();
    // A record that cannot be read may name any of them.
    fs::write(record(&bench), "{}").unwrap();
    bench.fails(&["registry", "gc", "--older-than", "0s"], 1, "0000000002.json is damaged");
}
