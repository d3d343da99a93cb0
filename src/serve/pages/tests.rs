//! Hostile names stay text, the pages load nothing from elsewhere, and their size is bounded.

use super::*;
use crate::score::ReplyStyle;
use crate::serve::openapi::{ApiInfo, sample};
use serde_json::json;
use std::time::Duration;

const HARMLESS: [&str; 5] = ["a", "b", "c", "d", "e"];
const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "</textarea></pre><img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "</script><!-- ' ]]>",
    "\u{202e}gpj.exe\0",
];

fn view() -> StatusView {
    let quantiles = Some(Quantiles { p50: 0.00007, p90: 0.0012, p99: 3.4 });
    StatusView {
        ready: true,
        uptime: Duration::from_secs(3_700),
        requests: vec![
            RouteCount { route: "/score".into(), status: 200, count: 12_345 },
            RouteCount { route: "/score".into(), status: 503, count: 2 },
        ],
        total: quantiles,
        rows: 99_999,
        in_flight: 3,
        max_in_flight: 64,
        rejected: 5,
        ..StatusView::default()
    }
}

fn api(names: &[&str]) -> ApiInfo {
    let mut api = sample::api(names, ReplyStyle::Plain);
    let [name, version, estimator, key, value] = names[..5] else { panic!("five names") };
    api.service.model_name = name.to_owned();
    api.service.model_version = version.to_owned();
    api.estimator = estimator.to_owned();
    api.metadata.trained_at = Some(name.to_owned());
    api.metadata.extra.insert(key.to_owned(), json!(value));
    api.extra.insert(value.to_owned(), json!({ key: [value] }));
    api.example_reply = Some(json!({ "predictions": [name] }));
    api
}

/// All tags of a page, without their attributes' values.
fn tags(page: &str) -> Vec<String> {
    page.split('<')
        .skip(1)
        .map(|tag| {
            let tag = &tag[..tag.find('>').expect("a tag ends")];
            tag.split('"').step_by(2).collect::<String>()
        })
        .collect()
}

#[test]
fn foreign_text_adds_no_tag_and_no_attribute() {
    for page in [docs, |api: &ApiInfo| status(api, &view())] {
        let (harmless, hostile) = (page(&api(&HARMLESS)), page(&api(&HOSTILE)));
        assert_eq!(tags(&harmless), tags(&hostile));
        assert!(!hostile.contains(['\u{202e}', '\0']));
    }
}

#[test]
fn the_example_survives_the_escape() {
    let page = docs(&api(&HOSTILE));
    let from = page.find("<textarea").and_then(|at| Some(at + page[at..].find('>')? + 1)).unwrap();
    let body = &page[from..from + page[from..].find("</textarea>").unwrap()];
    let body = body.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    let request: serde_json::Value = serde_json::from_str(&body.replace("&amp;", "&")).unwrap();
    assert_eq!(request, api(&HOSTILE).example_request());
}

#[test]
fn nothing_comes_from_elsewhere_and_nothing_is_inline() {
    for page in [docs(&api(&HARMLESS)), status(&api(&HARMLESS), &view())] {
        let addresses: Vec<&str> =
            page.match_indices("//").map(|(at, _)| &page[at..(at + 24).min(page.len())]).collect();
        for address in addresses {
            assert!(
                address.starts_with("//www.w3.org/2000/svg") || address.starts_with("//127.0.0.1:5001/score"),
                "{address}"
            );
        }
        for tag in tags(&page) {
            assert!(!tag.contains(" style=") && !tag.contains(" on"), "{tag}");
            assert!(!tag.starts_with("script") || tag.contains(" src=") || tag.contains(" type="), "{tag}");
        }
    }
    for name in ["page.css", "page.js"] {
        let body = asset(name).unwrap().body;
        assert!(!body.contains("http://") || name == "page.js", "{name}");
        assert!(!body.contains("https://") && !body.contains("@import") && !body.contains("innerHTML"), "{name}");
    }
    assert_eq!(asset("../mod.rs"), None);
}

#[test]
fn every_id_is_there_once_and_every_label_has_its_field() {
    for page in [docs(&api(&HARMLESS)), status(&api(&HARMLESS), &view())] {
        let values = |attribute: &str| -> Vec<String> {
            let opening = format!(" {attribute}=\"");
            let parts = page.split(&opening).skip(1);
            parts.map(|rest| rest[..rest.find('"').unwrap()].to_owned()).collect()
        };
        let ids = values("id");
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{id}");
        }
        for target in ["for", "aria-labelledby", "aria-describedby", "data-copy"].iter().flat_map(|a| values(a)) {
            assert!(ids.contains(&target), "{target}");
        }
    }
}

#[test]
fn the_status_page_shows_the_numbers() {
    let page = status(&api(&HARMLESS), &view());
    for text in [
        "Ready",
        "1 h 1 min",
        "12,347",
        "99,999",
        "70 µs",
        "1.20 ms",
        "3.40 s",
        "of 64 at once",
        "2.0 KiB",
        "1,000",
        "-1",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let idle = status(&api(&HARMLESS), &StatusView::default());
    assert!(idle.contains("Not ready") && idle.contains("Nothing scored yet"));
}

#[test]
fn a_bundle_with_endless_names_makes_no_endless_page() {
    let names: Vec<String> = (0..5_000).map(|i| format!("column {i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut wide = sample::api(&names, ReplyStyle::Plain);
    wide.extra.insert("x".repeat(100_000), json!("y".repeat(1_000_000)));
    assert!(status(&wide, &view()).len() < 64 << 10);
    assert!(docs(&wide).contains("and 4,500 more"));
}

#[test]
fn headers_forbid_everything_else() {
    let value = |name| HEADERS.iter().find(|(header, _)| *header == name).unwrap().1;
    assert!(value("content-security-policy").starts_with("default-src 'none'; "));
    assert!(!value("content-security-policy").contains("unsafe"));
    assert_eq!(value("content-type"), "text/html; charset=utf-8");
}
