//! A server that follows an alias: every request is answered while versions change, and a bad version changes nothing.

use super::bench::{Bench, IRIS, OTHER};
use crate::serve::client::{Client, ask, get, post};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// No test waits longer for what should happen.
const PATIENCE: Duration = Duration::from_secs(60);
const CLIENTS: usize = 4;

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(bench: &Bench, args: &[&str]) -> Server {
        let mut command: Command = bench.command(&[&["serve", "--port", "0", "--log-format", "json"], args].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}"));
        let server = Server { address: address.parse().unwrap(), child };
        until(|| ask(server.address, get("/health/ready")).status == 200);
        server
    }

    fn version(&self) -> String {
        scored(&mut Client::new(self.address))
    }

    fn metric(&self, line: &str) -> Option<u64> {
        let body = ask(self.address, get("/metrics")).body;
        body.lines().find_map(|found| found.strip_prefix(line)?.trim().parse().ok())
    }

    /// What it wrote to its log, after it has ended well.
    fn ended(mut self) -> Vec<Value> {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        out.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended in every test that did not fail.
        let _ = self.child.kill();
    }
}

fn until(mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "it does not happen");
        thread::yield_now();
    }
}

/// Scores a row, and gives the version that did.
fn scored(client: &mut Client) -> String {
    let row = json!({
        "sepal length (cm)": 5, "sepal width (cm)": 3, "petal length (cm)": 1, "petal width (cm)": 0,
    });
    let reply = client.ask(post("", json!({ "input_data": [row] }).to_string()));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["model_version"].as_str().unwrap().to_owned()
}

#[test]
fn an_alias_is_followed_under_load_and_nothing_is_dropped() {
    let bench = Bench::new();
    bench.register("iris", IRIS);
    bench.register("iris", IRIS);
    let point = |version: &str| drop(bench.says(&["registry", "alias", "iris", "champion", version]));
    point("1");
    let server = Server::start(&bench, &["iris@champion", "--follow", "--follow-interval-ms", "10"]);
    assert_eq!(server.version(), "1");
    let stop = AtomicBool::new(false);
    let (seen, requests) = thread::scope(|scope| {
        let client = || {
            let (mut client, mut seen, mut requests) = (Client::new(server.address), BTreeSet::new(), 0_u64);
            while !stop.load(Ordering::Relaxed) {
                seen.insert(scored(&mut client));
                requests += 1;
            }
            (seen, requests)
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        for version in ["2", "1"].into_iter().cycle().take(10) {
            point(version);
            until(|| server.version() == version);
        }
        stop.store(true, Ordering::Relaxed);
        let done = clients.into_iter().map(|client| client.join().unwrap());
        done.fold((BTreeSet::new(), 0), |(seen, sum), (more, requests)| (&seen | &more, sum + requests))
    });
    assert_eq!(seen, BTreeSet::from(["1", "2"].map(str::to_owned)));
    assert_eq!(server.metric("scorelet_model_takeovers_total{outcome=\"done\"}"), Some(10));
    assert!(server.metric("scorelet_requests_total{route=\"/score\",status=\"200\"}") >= Some(requests));
    let log = server.ended();
    let ready: Vec<&Value> = log.iter().filter(|line| line["message"] == "ready").collect();
    assert_eq!(ready.len(), 11);
    assert_eq!(
        (&ready[0]["model"], &ready[0]["model_version"], &ready[0]["instead_of"]),
        (&json!("iris"), &json!("1"), &Value::Null)
    );
    assert_eq!((&ready[1]["model_version"], &ready[1]["instead_of"]), (&json!("2"), &json!("1")));
    let versions: BTreeSet<&str> = log
        .iter()
        .filter(|line| line["route"] == "/score")
        .map(|line| line["model_version"].as_str().unwrap())
        .collect();
    assert_eq!(versions, BTreeSet::from(["1", "2"]));
}

#[test]
fn a_version_that_cannot_be_had_changes_nothing() {
    let bench = Bench::new();
    bench.register("iris", IRIS);
    bench.register("iris", OTHER);
    bench.register("iris", IRIS);
    let point = |version: &str| drop(bench.says(&["registry", "alias", "iris", "champion", version]));
    point("1");
    let server = Server::start(&bench, &["iris@champion", "--follow", "--follow-interval-ms", "10"]);
    let shown = bench.json(&["registry", "show", "iris@2"]);
    let blob = bench.file(shown["record"]["files"][0]["sha256"].as_str().unwrap());
    let whole = fs::read(&blob).unwrap();
    fs::write(&blob, "short").unwrap();
    point("2");
    let refused = || server.metric("scorelet_model_takeovers_total{outcome=\"refused\"}");
    until(|| refused() >= Some(2));
    assert_eq!(server.version(), "1");
    // Back, and on to one that is whole, does not wait for the damaged one.
    point("1");
    point("3");
    until(|| server.version() == "3");
    // A registry that is away for a while is no reason to stop.
    fs::rename(bench.path("registry"), bench.path("away")).unwrap();
    assert_eq!(server.version(), "3");
    fs::rename(bench.path("away"), bench.path("registry")).unwrap();
    fs::write(&blob, whole).unwrap();
    point("2");
    // The columns of the other model have other names: the version is told by the description.
    until(|| ask(server.address, get("/metrics")).body.contains("version=\"2\""));
    let log = server.ended();
    let refused: Vec<&Value> = log.iter().filter(|line| line["level"] == "ERROR").collect();
    assert!(!refused.is_empty());
    assert_eq!(refused[0]["message"], "cannot follow; the version before goes on");
    assert!(refused[0]["problem"].as_str().unwrap().contains("it has 5 bytes"), "{refused:?}");
    let damaged = refused.iter().filter(|line| line["problem"].as_str().unwrap().contains("it has 5 bytes"));
    assert_eq!(damaged.count(), 1, "said once, tried again and again");
}
