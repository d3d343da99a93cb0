//! Versions have no gaps and nothing is half there: with many writers at once, with writers that are killed wherever
//! they are, on a full disk, and where nothing may be written.

use super::bench::{Bench, IRIS, OTHER, fixture};
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

const WRITERS: u64 = 16;

/// Starts a writer that says nothing but its version.
fn writer(bench: &Bench, more: &[&str]) -> Child {
    let args = ["register", "--name", "iris", "--path", &fixture(IRIS)];
    let mut command = bench.command(&[&args, more].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts")
}

fn version(child: Child) -> u64 {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

#[test]
fn racing_writers_get_versions_without_gaps() {
    let bench = Bench::new();
    for round in 1..=2 {
        let writers: Vec<Child> = (0..WRITERS).map(|_| writer(&bench, &[])).collect();
        let mut versions: Vec<u64> = writers.into_iter().map(version).collect();
        versions.sort_unstable();
        let expected: Vec<u64> = ((round - 1) * WRITERS + 1..=round * WRITERS).collect();
        assert_eq!(versions, expected);
    }
    bench.verify_is_clean();
    assert!(!bench.files().iter().any(|name| name.contains(".tmp")), "{:?}", bench.files());
}

#[test]
fn racing_retries_of_one_run_get_one_version() {
    let bench = Bench::new();
    bench.register("iris", OTHER);
    let writers: Vec<Child> = (0..WRITERS).map(|_| writer(&bench, &["--idempotency-key", "build-17"])).collect();
    let versions: HashSet<u64> = writers.into_iter().map(version).collect();
    assert_eq!(versions, HashSet::from([2]));
    let other = ["register", "--name", "iris", "--path", &fixture(OTHER), "--idempotency-key", "build-17"];
    bench.fails(&other, 1, "the idempotency key \"build-17\" stands for iris@2, which has other content");
    let again = bench.json(&["register", "--name", "iris", "--path", &fixture(IRIS), "--idempotency-key", "build-17"]);
    assert_eq!((again["version"].as_u64(), again["created"].as_bool()), (Some(2), Some(false)));
    assert_eq!(bench.register("iris", IRIS), 3);
}

#[test]
fn racing_moves_of_an_alias_are_all_in_the_history() {
    let bench = Bench::new();
    for _ in 0..3 {
        bench.register("iris", IRIS);
    }
    let moves: Vec<Child> = (0..WRITERS)
        .map(|n| {
            let version = (n % 3 + 1).to_string();
            let args = ["registry", "alias", "iris", "champion", &version];
            bench.command(&args).stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    assert!(moves.into_iter().all(|mut child| child.wait().unwrap().success()));
    let shown = bench.json(&["registry", "show", "iris"]);
    // Each event says what it found, which is what the one before it left.
    let mut meant = None;
    for event in shown["events"].as_array().unwrap() {
        assert_eq!(event["from"].as_u64(), meant, "{event}");
        meant = event["version"].as_u64();
    }
    assert_eq!(bench.json(&["inspect", "iris@champion"])["servable"], true);
    bench.verify_is_clean();
}

/// Each writer is killed as soon as it has changed the registry a certain number of times.
#[test]
fn a_killed_writer_leaves_only_garbage() {
    let bench = Bench::new();
    let folder = bench.path("candidate");
    fs::create_dir(&folder).unwrap();
    fs::copy(fixture(IRIS), folder.join("model.pkl")).unwrap();
    let args = ["register", "--name", "iris", "--path", folder.to_str().unwrap()];
    let count = || bench.json(&["registry", "list"])["models"][0]["versions"].as_u64().unwrap_or(0);
    let (mut killed, mut versions) = (0, 0);
    for attempt in 0..200 {
        if killed == 30 {
            break;
        }
        // Files of its own, so that there is something to write.
        (0..12)
            .for_each(|n| fs::write(folder.join(format!("{n}.txt")), format!("{attempt} {n} ").repeat(9000)).unwrap());
        let mut child = bench.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let alive = kill_after(&bench, &mut child, 1 + attempt % 28);
        killed += usize::from(alive);
        if !bench.path("registry/registry.json").exists() {
            continue;
        }
        // What it did is all or nothing.
        let now = count();
        assert!(now == versions + 1 || alive && now == versions, "{now} after {versions}");
        versions = now;
        bench.verify_is_clean();
    }
    assert_eq!(killed, 30);
    assert_eq!(bench.says(&args), format!("{}\n", versions + 1));
    bench.says(&["registry", "gc", "--older-than", "0s"]);
    assert!(!bench.files().iter().any(|name| name.contains(".tmp")), "{:?}", bench.files());
    bench.verify_is_clean();
    assert_eq!(count(), versions + 1);
}

/// Kills a writer once the registry has changed that often; tells whether it was still alive.
fn kill_after(bench: &Bench, child: &mut Child, changes: usize) -> bool {
    let mut seen: HashSet<String> = bench.files().into_iter().collect();
    let before = seen.len();
    loop {
        let ended = child.try_wait().unwrap().is_some();
        seen.extend(bench.files());
        if ended {
            return false;
        }
        if seen.len() >= before + changes {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
    }
}

/// A limit of file sizes stands in for a disk that is full at that byte.
#[test]
fn on_a_full_disk_nothing_is_half_there() {
    let bench = Bench::new();
    assert_eq!(bench.register("iris", IRIS), 1);
    let large = bench.path("large.txt");
    fs::write(&large, "x".repeat(300_000)).unwrap();
    for blocks in [0, 1, 2, 3, 4, 8, 64, 256] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let args = ["-c", &script, env!("CARGO_BIN_EXE_scorelet"), "register", "--name", "iris"];
        let mut command = Command::new("sh");
        command.args(args).args(["--path", &fixture(OTHER), "--with", large.to_str().unwrap()]);
        let output = command.env("SCORELET_REGISTRY", bench.path("registry")).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{blocks}: {text}");
        assert!(text.contains("File too large") && text.lines().count() <= 2, "{blocks}: {text}");
        bench.verify_is_clean();
        assert!(!bench.files().iter().any(|name| name.contains(".tmp")), "{:?}", bench.files());
    }
    assert_eq!(bench.register("iris", OTHER), 2);
}

/// A real one, where this may be mounted.
#[test]
fn on_a_disk_that_is_really_full_nothing_is_half_there() {
    let bench = Bench::new();
    let disk = bench.path("registry");
    fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&disk).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: a small disk can only be mounted by root, outside of most containers");
        return;
    }
    let result = std::panic::catch_unwind(|| {
        assert_eq!(bench.register("iris", IRIS), 1);
        let large = bench.path("large.txt");
        fs::write(&large, "x".repeat(100_000)).unwrap();
        let args = ["register", "--name", "iris", "--path", &fixture(OTHER), "--with", large.to_str().unwrap()];
        bench.fails(&args, 1, "No space left on device");
        bench.verify_is_clean();
        assert_eq!(bench.register("iris", OTHER), 2);
    });
    let gone = Command::new("umount").arg(&disk).status();
    assert!(gone.is_ok_and(|status| status.success()));
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

#[test]
fn a_registry_that_may_only_be_read_serves_and_takes_nothing() {
    let bench = Bench::new();
    bench.register("iris", IRIS);
    bench.says(&["registry", "alias", "iris", "champion", "1"]);
    let protect = |mode: u32| {
        let paths = bench.files().into_iter().flat_map(|name| {
            let path = bench.path("registry").join(name);
            path.ancestors().take_while(|path| *path != bench.path("")).map(ToOwned::to_owned).collect::<Vec<_>>()
        });
        for path in paths.filter(|path| path.is_dir()) {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    protect(0o555);
    // Nothing is forbidden to root, so that a nobody tries.
    let root = fs::metadata("/proc/self").is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0);
    fs::set_permissions(bench.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    let run = |args: &[&str]| {
        let mut command = bench.command(args);
        if root {
            command.uid(65_534).gid(65_534);
        }
        command.output()
    };
    match run(&["registry", "list"]) {
        Err(error) => println!("skipped: another user may not run the program here: {error}"),
        Ok(listed) => {
            assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
            assert!(run(&["inspect", "iris@champion"]).unwrap().status.success());
            let before = bench.files();
            for args in [
                &["register", "--name", "iris", "--path", &fixture(IRIS)][..],
                &["registry", "alias", "iris", "staging", "1"],
                &["registry", "promote", "iris@1", "--alias", "staging", "--override", "test"],
            ] {
                let output = run(args).unwrap();
                let text = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(1), "{args:?}: {text}");
                assert!(text.contains("Permission denied"), "{args:?}: {text}");
            }
            assert_eq!(bench.files(), before);
        }
    }
    protect(0o755);
}
