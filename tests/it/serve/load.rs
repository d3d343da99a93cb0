//! Too much, too long, too broken: overload, timeouts, panics, and what goes on meanwhile.

use super::client::{Client, ask, get, post};
use super::harness::{Gate, Running, config, function, until};
use scorelet::score::ReplyStyle;
use scorelet::serve::Config;
use std::time::Duration;

#[test]
fn beyond_the_queue_is_429() {
    let (gate, deployment) = Gate::new("wait");
    let server = Running::new(Config { workers: 1, max_concurrency: 1, max_queue: 1, ..config() }, deployment);
    let (mut scored, mut queued) = (Client::new(server.address), Client::new(server.address));
    scored.send(post("", "wait"));
    gate.await_entry();
    queued.send(post("", "wait"));
    until(|| server.metrics.families.queued.get() == 1);
    let refused = ask(server.address, post("", "wait"));
    assert_eq!((refused.status, refused.code().as_str(), refused.header("retry-after")), (429, "overloaded", "1"));
    // Open connections, bodies that still arrive and other routes take no place.
    let mut arriving = Client::new(server.address);
    arriving.send("POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n");
    assert_eq!(ask(server.address, get("/health/ready")).status, 200);
    gate.let_one_pass();
    gate.let_one_pass();
    assert_eq!((scored.reply().status, queued.reply().status), (200, 200));
    assert_eq!(server.metrics.families.queued.get(), 0);
    until(|| server.metrics.families.scoring.get() == 0);
    assert_eq!(arriving.ask("0123456789").status, 200);
}

#[test]
fn large_requests_block_neither_small_ones_nor_health() {
    let (gate, deployment) = Gate::new("large");
    let server = Running::new(Config { workers: 1, max_concurrency: 2, ..config() }, deployment);
    let mut small = Client::new(server.address);
    // The first of its size is measured on a thread; after that it is known to be cheap.
    assert_eq!(small.ask(post("", "small")).status, 200);
    let body = format!("large{}", " ".repeat(1000));
    let mut large = [Client::new(server.address), Client::new(server.address), Client::new(server.address)];
    for client in &mut large {
        client.send(post("", &body));
    }
    gate.await_entry();
    until(|| server.metrics.families.queued.get() == 2);
    for _ in 0..10 {
        assert_eq!(small.ask(post("", "small")).status, 200);
        assert_eq!(ask(server.address, get("/health/ready")).status, 200);
    }
    for _ in 0..large.len() {
        gate.let_one_pass();
    }
    for client in &mut large {
        assert_eq!(client.reply().status, 200);
    }
}

#[test]
fn a_score_that_takes_too_long_is_504() {
    for (style, status, body) in [
        (
            ReplyStyle::Plain,
            504,
            r#"{"error":"Scoring timeout after 20 ms","code":"scoring_timeout","details":{"timeout_ms":20}}"#,
        ),
        (ReplyStyle::AzureMl, 500, r#"{"message": "Scoring timeout after 20 ms"}"#),
    ] {
        let (gate, deployment) = Gate::new("wait");
        let limits = Config { workers: 1, scoring_timeout: Duration::from_millis(20), style, ..config() };
        let server = Running::new(limits, deployment);
        let mut first = Client::new(server.address);
        first.send(post("", "wait"));
        gate.await_entry();
        // One that waits behind it for the only thread has the same limit.
        for reply in [ask(server.address, post("", "wait")), first.reply()] {
            assert_eq!((reply.status, reply.body.as_str()), (status, body));
            assert_eq!(reply.header("x-ms-run-function-failed"), "True");
        }
    }
}

#[test]
fn a_panic_is_one_500() {
    let deployment = function(|body| if body == b"panic" { panic!("on purpose") } else { "{}".to_owned() });
    let server = Running::new(config(), deployment);
    let mut client = Client::new(server.address);
    // On a scoring thread at first; in place once bodies of this size are known to be cheap.
    for panics in 1..=3 {
        let reply = client.ask(post("", "panic"));
        assert_eq!((reply.status, reply.code().as_str()), (500, "internal_error"));
        assert_eq!(reply.header("x-ms-run-function-failed"), "True");
        assert!(!reply.body.contains("on purpose"), "{}", reply.body);
        assert_eq!(server.metrics.families.panics.get(), panics);
        assert_eq!(client.ask(post("", "fine!")).status, 200);
    }
    until(|| server.metrics.families.scoring.get() == 0);
}
