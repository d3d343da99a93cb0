//! Connections: reused, pipelined, half-closed, HTTP/1.0, h2c, slow.

use super::client::{Client, ask, get, post};
use super::harness::{Running, config, function, until};
use scorelet::serve::Config;
use std::time::Duration;

/// Answers with the body.
fn echo(config: Config) -> Running {
    Running::new(config, function(|body| String::from_utf8_lossy(body).into_owned()))
}

#[test]
fn a_connection_is_kept() {
    let server = echo(config());
    let mut client = Client::new(server.address);
    for i in 0..20 {
        assert_eq!(client.ask(post("", i.to_string())).body, i.to_string());
    }
    let close = client.ask(post("connection: close\r\n", "last"));
    assert_eq!((close.body.as_str(), close.header("connection")), ("last", "close"));
    client.expect_closed();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = echo(config());
    let mut client = Client::new(server.address);
    client.send((0..50).flat_map(|i| post("", i.to_string())).collect::<Vec<u8>>());
    for i in 0..50 {
        assert_eq!(client.reply().body, i.to_string());
    }
}

#[test]
fn a_client_that_is_done_sending_still_reads() {
    let server = echo(config());
    let mut client = Client::new(server.address);
    client.send(post("", "all"));
    client.finish();
    assert_eq!(client.reply().body, "all");
    client.expect_closed();
}

#[test]
fn http_1_0_is_answered_and_closed() {
    let server = echo(config());
    let mut client = Client::new(server.address);
    assert_eq!(client.ask("POST /score HTTP/1.0\r\ncontent-length: 3\r\n\r\nold").body, "old");
    client.expect_closed();
}

/// An HTTP/2 frame.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The next frame on a stream: kind, flags, payload.
fn next_frame(client: &mut Client, stream: u32) -> (u8, u8, Vec<u8>) {
    loop {
        let [a, b, c, kind, flags, s @ ..] = client.bytes::<9>();
        let length = u32::from_be_bytes([0, a, b, c]);
        let payload = (0..length).flat_map(|_| client.bytes::<1>()).collect();
        if u32::from_be_bytes(s) == stream {
            return (kind, flags, payload);
        }
    }
}

#[test]
fn h2c_with_prior_knowledge_on_the_same_port() {
    const HEADERS: u8 = 1;
    let server = echo(config());
    let mut client = Client::new(server.address);
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.send(frame(4, 0, 0, &[]));
    // HPACK: indexed :method POST and :scheme http, literal :path /score and :authority x.
    let head = [&[0x83, 0x86, 0x04, 6][..], b"/score", &[0x01, 1], b"x"].concat();
    for stream in [1, 3] {
        client.send(frame(HEADERS, 4, stream, &head));
        client.send(frame(0, 1, stream, b"two"));
        let (kind, _, head) = next_frame(&mut client, stream);
        // Indexed :status 200.
        assert_eq!((kind, head[0]), (HEADERS, 0x88));
        assert_eq!(next_frame(&mut client, stream), (0, 1, b"two".to_vec()));
    }
}

fn impatient() -> Config {
    Config { read_timeout: Duration::from_millis(40), idle_timeout: Duration::from_millis(200), ..config() }
}

#[test]
fn slow_headers_are_408() {
    let server = echo(impatient());
    let mut client = Client::new(server.address);
    client.send("GET / HTTP/1.1\r\nhost:");
    let reply = client.reply();
    assert_eq!((reply.status, reply.code().as_str(), reply.header("connection")), (408, "slow_request", "close"));
    assert_eq!(reply.header("x-request-id").len(), 36);
    client.expect_closed();
    // Also those of a later request.
    let mut client = Client::new(server.address);
    assert_eq!(client.ask(get("/health/live")).status, 200);
    client.send("GET");
    assert_eq!(client.reply().status, 408);
    until(|| server.metrics.families.connections.get() == 0);
}

#[test]
fn a_slow_body_is_408() {
    let server = echo(impatient());
    for head in ["content-length: 10", "transfer-encoding: chunked"] {
        let mut client = Client::new(server.address);
        client.send(format!("POST /score HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n1\r\n"));
        let reply = client.reply();
        assert_eq!((reply.status, reply.code().as_str()), (408, "slow_request"));
    }
}

#[test]
fn idle_connections_are_closed_without_a_word() {
    let server = echo(impatient());
    let mut silent = Client::new(server.address);
    silent.expect_closed();
    let mut idle = Client::new(server.address);
    assert_eq!(idle.ask(get("/health/live")).status, 200);
    idle.expect_closed();
    assert_eq!(ask(server.address, get("/health/live")).status, 200);
}

/// `scorelet deploy` holds Azure's files to these.
#[test]
fn every_route_that_azure_may_be_told_is_answered() {
    use scorelet::deploy::files::{PROBE_ROUTES, SCORING_ROUTE};
    let server = echo(config());
    for route in PROBE_ROUTES {
        assert_eq!(ask(server.address, get(route)).status, 200, "{route}");
    }
    let request = String::from_utf8(post("", "x")).unwrap();
    assert!(request.starts_with(&format!("POST {SCORING_ROUTE} ")), "{request}");
    assert_eq!(ask(server.address, request).status, 200);
}
