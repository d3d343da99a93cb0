//! Every row of the contract's error table that does not need a slow or busy server.

use super::client::{Client, Reply, ask, get, post};
use super::harness::{COLUMNS, Running, config, model};
use flate2::Compression;
use flate2::write::GzEncoder;
use scorelet::score::ReplyStyle;
use scorelet::serve::Config;
use std::io::Write;

fn server() -> Running {
    Running::new(Config { max_body: 4 << 10, ..config() }, model(ReplyStyle::Plain))
}

/// One record whose first column has this JSON value.
fn row(value: &str) -> String {
    let rest: Vec<String> = COLUMNS[1..].iter().map(|name| format!("\"{name}\": 1")).collect();
    format!("{{\"input_data\": [{{\"{}\": {value}, {}}}]}}", COLUMNS[0], rest.join(", "))
}

fn check(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.code().as_str()), (status, code), "{reply:?}");
    let body = reply.json();
    assert!(body["error"].as_str().is_some_and(|text| !text.is_empty()) && body["details"].is_object(), "{reply:?}");
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("x-request-id").len(), 36);
    assert_eq!(reply.header("x-ms-run-function-failed"), "False");
}

#[test]
fn what_is_wrong_with_a_request_is_never_a_500() {
    let server = server();
    let mut client = Client::new(server.address);
    let deep = "[".repeat(2000);
    let json = "content-type: application/json\r\n";
    let ragged = format!("{}\n1,2,3,4,5\n", COLUMNS.join(","));
    for (headers, body, status, code) in [
        (json, "{bad", 400, "malformed_json"),
        (json, "", 400, "malformed_json"),
        (json, "{\"input_data\": [{\"a\": 1}", 400, "malformed_json"),
        (json, &deep, 400, "too_deep"),
        (json, "{}", 400, "no_input_data"),
        (json, "{\"input_data\": 7}", 400, "not_a_table"),
        (json, "{\"input_data\": []}", 400, "no_rows"),
        (json, "{\"input_data\": [{\"x\": 1}]}", 400, "missing_column"),
        (json, &row("\"abc\""), 400, "not_a_number"),
        (json, &row("[1]"), 400, "not_a_number"),
        (json, &row("null"), 422, "missing_value"),
        (json, &row("NaN"), 422, "missing_value"),
        (json, &row("1e400"), 422, "infinite_value"),
        ("content-type: text/csv\r\n", &ragged, 400, "malformed_csv"),
        ("content-type: text/xml\r\n", "<a/>", 415, "unsupported_content_type"),
        ("content-type: application/vnd.apache.arrow.stream\r\n", "", 415, "unsupported_content_type"),
        ("content-encoding: br\r\n", "x", 415, "unsupported_content_encoding"),
        ("content-encoding: gzip\r\n", "{}", 400, "bad_content_encoding"),
        ("content-encoding: zstd\r\n", "{}", 400, "bad_content_encoding"),
    ] {
        check(&client.ask(post(headers, body)), status, code);
    }
    check(&client.ask(post(json, b"{\"input_data\": \"\xff\"}")), 400, "not_utf8");
    let outputs = row("1").replacen('{', "{\"params\": {\"outputs\": [\"score_samples\"]}, ", 1);
    check(&client.ask(post(json, outputs)), 400, "unknown_output");
    assert_eq!(client.ask(post(json, row("1"))).status, 200, "the connection and the server are as before");
}

#[test]
fn the_place_of_a_bad_value_is_told() {
    let reply = ask(server().address, post("", row("\"abc\"")));
    let details = reply.json()["details"].clone();
    assert_eq!((details["row"].as_u64(), details["column"].as_str()), (Some(0), Some(COLUMNS[0])), "{reply:?}");
    let missing = ask(server().address, post("", "{\"input_data\": [{\"x\": 1}]}"));
    assert!(missing.json()["error"].as_str().unwrap().starts_with("Missing expected column: "));
}

#[test]
fn unknown_routes_and_methods_answer_in_json() {
    let server = server();
    let mut client = Client::new(server.address);
    for path in ["/nope", "/score/", "/Score", "/docs/nope.css", "/%00", "/v2/models/x/infer"] {
        check(
            &{
                let mut r = client.ask(get(path));
                fix_failed(&mut r);
                r
            },
            404,
            "not_found",
        );
    }
    for (method, path, allow) in [
        ("PUT", "/score", "GET, OPTIONS, POST"),
        ("TRACE", "/score", "GET, OPTIONS, POST"),
        ("FOO", "/score", "GET, OPTIONS, POST"),
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("DELETE", "/metrics", "GET, HEAD, OPTIONS"),
    ] {
        let mut reply = client.ask(format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"));
        fix_failed(&mut reply);
        check(&reply, 405, "method_not_allowed");
        assert_eq!(reply.header("allow"), allow, "{method} {path}");
    }
    client.send("HEAD /score HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(client.head().status, 405);
    client.send("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n");
    let head = client.head();
    assert_eq!((head.status, head.header("content-length")), (200, "7"));
    for path in ["/", "/score", "/swagger.json"] {
        let reply = client.ask(format!("OPTIONS {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
        assert_eq!((reply.status, reply.body.as_str()), (200, ""));
        assert!(reply.header("allow").contains("OPTIONS"));
    }
    check(&client.ask(get("/swagger.json?version=4")), 404, "unknown_version");
}

/// Only scoring routes tell whether the function failed; the check wants it everywhere.
fn fix_failed(reply: &mut Reply) {
    if reply.header("x-ms-run-function-failed") == "-" {
        reply.headers.push(("x-ms-run-function-failed".to_owned(), "False".to_owned()));
    }
}

#[test]
fn ids_over_100_characters_are_431() {
    let server = server();
    let long = "x".repeat(101);
    for path in ["/", "/score", "/nope"] {
        for (header, message, id) in [
            ("x-request-id", "x-request-id must not exceed 100 characters", 1),
            ("x-ms-request-id", "x-ms-request-id and x-ms-client-request-id must not exceed 100 characters", 36),
            ("x-ms-client-request-id", "x-ms-request-id and x-ms-client-request-id must not exceed 100 characters", 36),
        ] {
            let reply = ask(server.address, format!("GET {path} HTTP/1.1\r\nhost: x\r\n{header}: {long}\r\n\r\n"));
            assert_eq!((reply.status, reply.body), (431, format!("{{\"message\": \"{message}\"}}")));
            let id_shown = reply.headers.iter().find(|(n, _)| n == "x-request-id").map_or(1, |(_, v)| v.len());
            assert_eq!(id_shown, id, "{header}");
        }
    }
}

#[test]
fn headers_and_addresses_have_limits() {
    let server = server();
    let many: String = (0..150).map(|i| format!("h{i}: x\r\n")).collect();
    for (request, status) in [
        (format!("GET / HTTP/1.1\r\nhost: x\r\nh: {}\r\n\r\n", "x".repeat(200 << 10)), 431),
        (format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n"), 431),
        (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100 << 10)), 431),
        ("GARBAGE\r\n\r\n".to_owned(), 400),
        ("POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n".to_owned(), 400),
    ] {
        let mut client = Client::new(server.address);
        client.send(&request);
        assert_eq!(client.head().status, status, "{}", &request[..20]);
        client.expect_closed();
    }
    assert_eq!(ask(server.address, get("/health/live")).status, 200);
}

#[test]
fn bodies_beyond_the_limit_are_413_and_their_senders_get_to_know() {
    let server = server();
    let large = "x".repeat(4 << 20);
    check(&ask(server.address, post("", &large)), 413, "body_too_large");
    let chunked = |text: &str| {
        format!(
            "POST /score HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n0\r\n\r\n",
            text.len()
        )
    };
    check(&ask(server.address, chunked(&large)), 413, "body_too_large");
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 4 << 10);
    check(&ask(server.address, post("content-encoding: gzip\r\n", bomb)), 413, "body_too_large");
    // The connection is still good for the next request.
    let mut client = Client::new(server.address);
    check(&client.ask(post("", &large)), 413, "body_too_large");
    assert_eq!(client.ask(post("", row("1"))).status, 200);
}

#[test]
fn who_asks_first_is_told_before_sending() {
    let server = server();
    let head = |length: usize| {
        format!("POST /score HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n")
    };
    let mut client = Client::new(server.address);
    client.send(head(1 << 30));
    check(&client.reply(), 413, "body_too_large");
    let mut client = Client::new(server.address);
    let body = row("1");
    client.send(head(body.len()));
    assert_eq!(client.head().status, 100);
    assert_eq!(client.ask(body).status, 200);
}

#[test]
fn a_truncated_body_is_never_scored() {
    let server = server();
    let body = row("1");
    let length = body.len() + 10;
    let mut client = Client::new(server.address);
    client.send(format!("POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"));
    client.finish();
    check(&client.reply(), 400, "truncated_body");
    let mut client = Client::new(server.address);
    client.send(format!(
        "POST /score HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n",
        body.len()
    ));
    client.finish();
    check(&client.reply(), 400, "truncated_body");
    assert_eq!(server.metrics.families.rows.get(), 0);
}
