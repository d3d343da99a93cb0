//! Requests that are answered: ids, CORS, forms of bodies, pages, metrics.

use super::client::{Client, ask, get, post};
use super::harness::{COLUMNS, Running, config, model};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use scorelet::score::ReplyStyle;
use scorelet::serve::{Config, Origins};
use serde_json::json;
use std::io::Write;

fn server() -> Running {
    Running::new(config(), model(ReplyStyle::Plain))
}

/// Two rows, the second as numeric strings.
fn rows() -> String {
    let row = |values: [serde_json::Value; 4]| -> serde_json::Map<_, _> {
        COLUMNS.iter().map(|name| (*name).to_owned()).zip(values).collect()
    };
    let first = row([5.1.into(), 3.5.into(), 1.4.into(), 0.2.into()]);
    let second = row(["6.7".into(), "3.0".into(), "5.2".into(), "2.3".into()]);
    json!({"input_data": [first, second]}).to_string()
}

#[test]
fn a_score_with_its_headers() {
    let reply = ask(server().address, post("content-type: application/json\r\n", rows()));
    assert_eq!(reply.status, 200, "{reply:?}");
    let body = reply.json();
    assert_eq!(body["predictions"].as_array().map(Vec::len), Some(2));
    assert_eq!(body["model_version"], "1.9.1");
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("x-ms-server-version"), concat!("scorelet/", env!("CARGO_PKG_VERSION")));
    assert_eq!(reply.header("x-ms-run-function-failed"), "False");
    let (whole, decimals) = reply.header("x-ms-run-fn-exec-ms").split_once('.').expect("a decimal point");
    assert!(whole.parse::<u64>().is_ok() && decimals.len() == 3, "{whole}.{decimals}");
    assert_eq!(reply.header("x-request-id").len(), 36);
    assert_eq!(reply.header("x-ms-request-id"), reply.header("x-request-id"));
    assert_eq!(reply.header("x-ms-client-request-id"), "-");
}

#[test]
fn every_form_of_the_same_rows_gives_the_same_reply() {
    let server = server();
    let expected = ask(server.address, post("", rows())).body;
    let check = |headers: &str, body: &[u8]| {
        let reply = ask(server.address, post(headers, body));
        assert_eq!((reply.status, &reply.body), (200, &expected), "{headers}");
    };
    let json = rows();
    for content_type in [
        "application/json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "application/vnd.api+json",
    ] {
        check(&format!("content-type: {content_type}\r\n"), json.as_bytes());
    }
    let csv = format!("{}\n5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n", COLUMNS.join(","));
    check("content-type: text/csv\r\n", csv.as_bytes());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(json.as_bytes()).unwrap();
    check("content-encoding: gzip\r\n", &gzip.finish().unwrap());
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(json.as_bytes()).unwrap();
    check("content-encoding: deflate\r\n", &zlib.finish().unwrap());
    check("content-encoding: zstd\r\n", &compress_to_vec(json.as_bytes(), CompressionLevel::Fastest));
    let chunked = format!(
        "POST //score HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{json}\r\n0\r\n\r\n",
        json.len()
    );
    assert_eq!(ask(server.address, chunked).body, expected);
}

#[test]
fn a_query_scores_one_row() {
    let names = COLUMNS.map(|name| name.replace(' ', "%20").replace('(', "%28").replace(')', "%29"));
    let query: Vec<String> = names.iter().map(|name| format!("{name}=1.5")).collect();
    let reply = ask(server().address, get(&format!("/score?{}", query.join("&"))));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["predictions"].as_array().map(Vec::len), Some(1));
}

#[test]
fn ids_are_echoed_on_every_kind_of_reply() {
    let server = server();
    let ids = "x-request-id: A\r\nx-ms-request-id: B\r\nx-ms-client-request-id: C\r\ntraceid: T\r\n";
    let mut requests = vec![post(ids, rows()), post(ids, "{bad")];
    for head in ["GET / ", "GET /nope ", "PUT /score ", "GET /metrics ", "OPTIONS /score "] {
        requests.push(format!("{head}HTTP/1.1\r\nhost: x\r\n{ids}content-length: 0\r\n\r\n").into_bytes());
    }
    let mut client = Client::new(server.address);
    for request in requests {
        let reply = client.ask(&request);
        let got = ["x-request-id", "x-ms-request-id", "x-ms-client-request-id", "traceid"].map(|n| reply.header(n));
        assert_eq!(got, ["A", "B", "C", "T"], "{}", String::from_utf8_lossy(&request));
    }
}

#[test]
fn origins_that_are_allowed_are_told() {
    let origins = Origins::parse("https://x.example").unwrap();
    let server = Running::new(Config { origins, ..config() }, model(ReplyStyle::Plain));
    let ask = |request: &str| {
        let reply = ask(server.address, request);
        let named =
            ["origin", "headers", "methods"].map(|n| reply.header(&format!("access-control-allow-{n}")).to_owned());
        (reply.status, named)
    };
    let preflight = "OPTIONS /score HTTP/1.1\r\nhost: x\r\norigin: https://x.example\r\n\
        access-control-request-method: POST\r\naccess-control-request-headers: content-type,authorization\r\n\r\n";
    let allowed = ["https://x.example", "authorization, content-type", "GET, POST"].map(str::to_owned);
    assert_eq!(ask(preflight), (200, allowed));
    let actual = |origin: &str, path: &str| ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\n\r\n"));
    let named = |origin: &str| [origin, "-", "-"].map(str::to_owned);
    assert_eq!(actual("https://x.example", "/"), (200, named("https://x.example")));
    assert_eq!(actual("https://evil.example", "/"), (200, named("-")));
    assert_eq!(actual("https://x.example", "/nope"), (404, named("-")));
}

#[test]
fn the_root_speaks_text_to_tools_and_html_to_browsers() {
    let server = server();
    let root = |accept: &str| ask(server.address, format!("GET / HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\n\r\n"));
    let tool = root("*/*");
    assert_eq!((tool.status, tool.body.as_str()), (200, "Healthy"));
    assert!(tool.header("content-type").starts_with("text/plain"));
    let browser = root("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    assert_eq!((browser.status, browser.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(browser.body.contains("LogisticRegression") && browser.body.contains("iris"));
    assert_eq!(browser.header("vary"), "Accept");
}

#[test]
fn routes_besides_scoring() {
    let server = server();
    for (path, content_type) in [
        ("/health/live", "application/json"),
        ("/health/ready", "application/json"),
        ("/ping", "application/json"),
        ("/version", "text/plain; charset=utf-8"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/page.js", "text/javascript; charset=utf-8"),
        ("/swagger.json", "application/json"),
        ("/swagger.json?version=3.1", "application/json"),
    ] {
        let reply = ask(server.address, get(path));
        assert_eq!((reply.status, reply.header("content-type")), (200, content_type), "{path}");
    }
    let spec = |version: &str| ask(server.address, get(&format!("/swagger.json{version}"))).json();
    assert_eq!(spec("")["swagger"], "2.0");
    assert_eq!(spec("?version=3")["openapi"].as_str().map(|v| &v[..3]), Some("3.0"));
    assert_eq!(spec("?version=3.1")["openapi"].as_str().map(|v| &v[..3]), Some("3.1"));
}

#[test]
fn metrics_tell_what_was_served() {
    let server = server();
    ask(server.address, post("", rows()));
    ask(server.address, post("", "{bad"));
    ask(server.address, get("/some/path"));
    let reply = ask(server.address, get("/metrics"));
    assert_eq!(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        "scorelet_requests_total{route=\"/score\",status=\"200\"} 1",
        "scorelet_requests_total{route=\"/score\",status=\"400\"} 1",
        "scorelet_requests_total{route=\"other\",status=\"404\"} 1",
        "scorelet_requests_rejected_total{code=\"malformed_json\"} 1",
        "scorelet_rows_total 2",
        "scorelet_score_duration_seconds_count 1",
        "scorelet_ready 1",
        "scorelet_model_info{estimator=\"LogisticRegression\",name=\"iris\",trained_at=\"2026-01-15T09:30:00+00:00\",version=\"1.9.1\"} 1",
    ] {
        assert!(reply.body.lines().any(|l| l == line), "{line} is not in\n{}", reply.body);
    }
    assert!(!reply.body.contains("/some/path"));
    let accept = "accept: application/openmetrics-text; version=1.0.0\r\n";
    let open = ask(server.address, format!("GET /metrics HTTP/1.1\r\nhost: x\r\n{accept}\r\n"));
    assert_eq!(open.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(open.body.ends_with("# EOF\n") && open.body.contains("# TYPE scorelet_requests counter"));
}

#[test]
fn the_azureml_style_is_microsofts() {
    let server = Running::new(Config { style: ReplyStyle::AzureMl, ..config() }, model(ReplyStyle::AzureMl));
    let scored = ask(server.address, post("", rows()));
    let inner: serde_json::Value = serde_json::from_str(scored.json().as_str().expect("a JSON string")).unwrap();
    assert_eq!((scored.status, &inner["model_version"]), (200, &json!("1.9.1")));
    let check = |request: Vec<u8>, status: u16, body: &str| {
        let reply = ask(server.address, request);
        assert_eq!((reply.status, reply.body.as_str()), (status, body));
        reply
    };
    let failed = check(
        post("content-type: text/csv\r\n", "{bad"),
        200,
        r#""{\"error\": \"Expecting property name enclosed in double quotes: line 1 column 2 (char 1)\"}""#,
    );
    assert_ne!(failed.header("x-ms-run-fn-exec-ms"), "-");
    assert_eq!(failed.header("x-ms-run-function-failed"), "False");
    check(
        post("", b"\xff"),
        400,
        r#"{"message": "Input cannot be decoded as UTF-8: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"}"#,
    );
    check(
        get("/nope").into_bytes(),
        404,
        r#"{"message": "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."}"#,
    );
    let put = b"PUT /score HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n".to_vec();
    check(put, 405, r#"{"message": "The method is not allowed for the requested URL."}"#);
}
