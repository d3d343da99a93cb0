//! From the open port to the last reply: loading, readiness, draining.

use super::client::{Client, ask, get, post};
use super::harness::{Gate, Running, config, function, model, until};
use scorelet::score::ReplyStyle;
use scorelet::serve::{Config, Stopped};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::time::Duration;

#[test]
fn while_it_loads_only_liveness_is_well() {
    let (finish, finished) = channel();
    let server = Running::loading(config(), move || {
        finished.recv().unwrap();
        Ok(model(ReplyStyle::Plain))
    });
    assert_eq!(ask(server.address, get("/health/live")).status, 200);
    for request in [
        get("/").into_bytes(),
        get("/health/ready").into_bytes(),
        get("/ping").into_bytes(),
        get("/score?a=1").into_bytes(),
        get("/swagger.json").into_bytes(),
        get("/docs").into_bytes(),
        post("", "{}"),
    ] {
        let reply = ask(server.address, &request);
        assert_eq!((reply.status, reply.code().as_str(), reply.header("retry-after")), (503, "not_ready", "1"));
    }
    assert_eq!(server.metrics.families.ready.get(), 0);
    finish.send(()).unwrap();
    server.await_ready();
    assert_eq!(server.metrics.families.ready.get(), 1);
}

#[test]
fn it_is_ready_only_after_a_warm_up_score() {
    let (gate, deployment) = Gate::new("input_data");
    let server = Running::loading(config(), move || Ok(deployment));
    gate.await_entry();
    assert_eq!(ask(server.address, get("/health/ready")).status, 503);
    gate.let_one_pass();
    server.await_ready();
}

#[test]
fn a_bundle_that_cannot_be_loaded_ends_the_server() {
    let server = Running::loading(config(), || Err("no such bundle".to_owned()));
    assert_eq!(server.ended(), Err("no such bundle".to_owned()));
}

#[test]
fn requests_in_flight_finish_and_idle_connections_close() {
    let (gate, deployment) = Gate::new("wait");
    let server = Running::new(config(), deployment);
    let address = server.address;
    let mut idle = Client::new(address);
    assert_eq!(idle.ask(get("/health/live")).status, 200);
    let mut unused = Client::new(address);
    let (mut scored, mut sending) = (Client::new(address), Client::new(address));
    sending.send("POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n01234");
    scored.send(post("", "wait"));
    gate.await_entry();
    let metrics = server.metrics.clone();
    until(|| metrics.families.in_flight.get() == 2 && metrics.families.connections.get() == 4);
    let stopping = server.stop();
    idle.expect_closed();
    unused.expect_closed();
    until(|| TcpStream::connect(address).is_err());
    assert_eq!(metrics.families.ready.get(), 0);
    gate.let_one_pass();
    assert_eq!(scored.reply().status, 200);
    scored.expect_closed();
    assert_eq!(sending.ask("56789").status, 200);
    sending.expect_closed();
    assert_eq!(stopping.wait(), Stopped::Drained);
}

#[test]
fn readiness_fails_before_the_port_closes() {
    // The delay never ends by itself within the test: what is seen here is seen during it.
    let config = Config { shutdown_delay: Duration::from_secs(3600), ..config() };
    let server = Running::new(config, function(|_| "{}".to_owned()));
    let address = server.address;
    let _stopping = server.stop();
    until(|| ask(address, get("/health/ready")).status == 503);
    assert_eq!(ask(address, get("/ping")).code(), "shutting_down");
    assert_eq!(ask(address, post("", "{}")).status, 200, "what still comes is served");
}

#[test]
fn the_grace_period_ends() {
    let (gate, deployment) = Gate::new("wait");
    let server = Running::new(Config { shutdown_grace: Duration::from_millis(20), ..config() }, deployment);
    let mut client = Client::new(server.address);
    client.send(post("", "wait"));
    gate.await_entry();
    assert_eq!(server.stop().wait(), Stopped::Cut(1));
    client.expect_closed();
}
