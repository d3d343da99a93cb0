//! `scorelet serve` as a process: its lines, its signals, its exit codes.

use super::client::{Client, ask, get, post};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const COLUMNS: &str = r#""sepal length (cm)": 5, "sepal width (cm)": 3, "petal length (cm)": 1, "petal width (cm)": 0"#;

fn model() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus/1.9.1/bundle_extra_keys.p4.pkl");
    path.display().to_string()
}

/// The program without what the environment of the tests may say.
fn scorelet(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scorelet"));
    let azure = ["WORKER_COUNT", "SCORING_TIMEOUT_MS", "AML_CORS_ORIGINS"];
    let foreign =
        |name: &String| name.starts_with("SCORELET_") || name.starts_with("AZUREML_") || azure.contains(&name.as_str());
    for name in std::env::vars().map(|(name, _)| name).filter(foreign) {
        command.env_remove(name);
    }
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A server on a free port; killed if the test fails before it has ended.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}"));
        let server = Server { address: address.parse().unwrap(), child };
        while ask(server.address, get("/health/ready")).status != 200 {}
        server
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
    }

    /// Its exit code and what it wrote to stdout.
    fn ended(mut self) -> (Option<i32>, String) {
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        (self.child.wait().unwrap().code(), out)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended in every test that did not fail.
        let _ = self.child.kill();
    }
}

#[test]
fn a_served_request_stands_on_one_line_of_the_log() {
    let server = Server::start(&mut scorelet(&["serve", &model(), "--port", "0"]));
    let address = server.address.to_string();
    let mut client = Client::new(server.address);
    let body = format!("{{\"input_data\": [{{{COLUMNS}}}, {{{COLUMNS}}}]}}");
    let ids = "x-request-id: \"a\" b\r\nx-ms-client-request-id: C\r\n";
    assert_eq!(client.ask(post(ids, body)).status, 200);
    client.ask(get("/secret?token=hidden"));
    server.signal("TERM");
    let (code, out) = server.ended();
    assert_eq!(code, Some(0));
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"] == "INFO"), "{out}");
    let messages: Vec<&str> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["listening", "ready", "request", "request", "stopping", "stopped"]);
    assert_eq!(lines[0]["addr"], address.as_str());
    let scored = &lines[2];
    for (field, expected) in [
        ("x_request_id", Value::from("\"a\" b")),
        ("x_ms_request_id", "C".into()),
        ("x_ms_client_request_id", "C".into()),
        ("method", "POST".into()),
        ("route", "/score".into()),
        ("status", 200.into()),
        ("rows", 2.into()),
        ("model_version", "1.9.1".into()),
    ] {
        assert_eq!(scored[field], expected, "{scored}");
    }
    assert!(scored["duration_ms"].is_f64());
    assert!(!out.contains("hidden"), "{out}");
}

#[test]
fn azures_variables_are_read() {
    let mut command = scorelet(&["serve", "--port", "0", "--log-format", "text"]);
    command.env("AZUREML_MODEL_DIR", model()).env("AML_CORS_ORIGINS", "https://x.example");
    command.env("WORKER_COUNT", "2").env("AZUREML_LOG_LEVEL", "WARNING");
    let server = Server::start(&mut command);
    let reply = ask(server.address, "GET / HTTP/1.1\r\nhost: x\r\norigin: https://x.example\r\n\r\n");
    assert_eq!(reply.header("access-control-allow-origin"), "https://x.example");
    server.signal("INT");
    assert_eq!(server.ended(), (Some(0), String::new()));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let server = Server::start(&mut scorelet(&["serve", &model(), "--port", "0", "--shutdown-delay-ms", "3600000"]));
    server.signal("TERM");
    while ask(server.address, get("/health/ready")).status != 503 {}
    server.signal("TERM");
    assert_eq!(server.ended().0, Some(1));
}

#[test]
fn healthcheck_asks_the_server() {
    let server = Server::start(&mut scorelet(&["serve", &model(), "--port", "0", "--host", "0.0.0.0"]));
    let check = |port: &str| scorelet(&["healthcheck", "--host", "0.0.0.0", "--port", port]).output().unwrap();
    let port = server.address.port().to_string();
    assert_eq!(check(&port).status.code(), Some(0));
    server.signal("TERM");
    assert_eq!(server.ended().0, Some(0));
    let gone = check(&port);
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).contains(&format!("no server on 127.0.0.1:{port}")));
}

/// Exit code, and stderr without the line that tells the port.
fn fails(output: &Output, code: i32, expected: &str) {
    let err = String::from_utf8_lossy(&output.stderr);
    let err: Vec<&str> = err.lines().filter(|line| !line.starts_with("listening on ")).collect();
    assert_eq!(output.status.code(), Some(code), "{err:?}");
    assert!(err.len() <= 2 && err.first().is_some_and(|line| line.starts_with("scorelet: ")), "{err:?}");
    assert!(err[0].contains(expected), "{err:?}");
}

#[test]
fn what_goes_wrong_at_the_start_has_its_exit_code() {
    let serve = |args: &[&str]| scorelet(&[&["serve", "--port", "0"], args].concat()).output().unwrap();
    fails(&serve(&[]), 2, "no model is named");
    fails(&serve(&[&model(), "--prot", "1"]), 2, "unexpected argument '--prot' found");
    fails(&serve(&[&model(), "--max-body", "much"]), 2, "64MiB, 10MB or 1048576");
    fails(&serve(&[&model(), "--host", "203.0.113.1"]), 2, "cannot listen on 203.0.113.1:0");
    fails(&serve(&["no-such-model.pkl"]), 3, "cannot load no-such-model.pkl: No such file or directory");
    let folder = tempfile::tempdir().unwrap();
    fails(&serve(&[folder.path().to_str().unwrap()]), 3, "cannot load");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = scorelet(&["serve", &model(), "--port", &port]).output().unwrap();
    fails(&output, 1, &format!("cannot listen on 127.0.0.1:{port}: another program does"));
}
