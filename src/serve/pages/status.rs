//! The status page on `/`: what is served, whether it is well, what it has done.

use super::docs::{MAX_FEATURES, curl};
use super::frame::{Page, frame};
use crate::html::{Text, bytes, count, latency, plain, shortened, uptime};
use crate::serve::openapi::ApiInfo;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// What changes while the server runs; what does not is in [`ApiInfo`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatusView {
    /// What `/health/ready` says.
    pub ready: bool,
    /// Since the process started.
    pub uptime: Duration,
    /// Finished requests by route and status.
    pub requests: Vec<RouteCount>,
    /// Of `/score` requests, reading the body into a matrix; `None` before the first.
    pub decode: Option<Quantiles>,
    /// Of `/score` requests, computing.
    pub score: Option<Quantiles>,
    /// Of `/score` requests, everything.
    pub total: Option<Quantiles>,
    /// Rows scored.
    pub rows: u64,
    /// Requests being scored now.
    pub in_flight: u64,
    /// How many may be scored at once before others are turned away.
    pub max_in_flight: u64,
    /// Requests turned away with 429.
    pub rejected: u64,
}

/// Finished requests of one route with one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteCount {
    /// The matched route, never the raw path.
    pub route: String,
    pub status: u16,
    pub count: u64,
}

/// Latencies in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
}

/// The page. The part in `#live` is what the browser replaces every few seconds.
pub fn status(api: &ApiInfo, view: &StatusView) -> String {
    let mut main = String::from("<div id=\"live\">\n");
    health(&mut main, api, view);
    tiles(&mut main, view);
    main.push_str("<div class=\"pair\">\n");
    requests(&mut main, view);
    latencies(&mut main, view);
    main.push_str("</div>\n</div>\n<div class=\"pair\">\n");
    model(&mut main, api);
    example(&mut main, api);
    main.push_str("</div>\n");
    features(&mut main, api);
    frame(Page::Status, api, &main)
}

fn health(out: &mut String, api: &ApiInfo, view: &StatusView) {
    let (class, word) = if view.ready { ("good", "Ready") } else { ("bad", "Not ready") };
    let _ = writeln!(
        out,
        "<div class=\"hero\"><div><p class=\"state {class}\"><span class=\"dot\"></span>{word}</p>\
         <h1>{name} <span class=\"chip\">version {version}</span></h1>\
         <p class=\"lead\">{estimator}, up for {uptime}</p></div>\
         <p class=\"refresh\" id=\"refresh\" hidden><span id=\"when\"></span>\
         <button type=\"button\" class=\"plain\" id=\"pause\" aria-pressed=\"false\">Pause</button></p></div>",
        name = Text(&api.service.model_name),
        version = Text(&api.service.model_version),
        estimator = Text(&api.estimator),
        uptime = uptime(view.uptime),
    );
}

fn tiles(out: &mut String, view: &StatusView) {
    let total: u64 = view.requests.iter().map(|r| r.count).sum();
    let failed: u64 = view.requests.iter().filter(|r| r.status >= 500).map(|r| r.count).sum();
    let tile = |name: &str, value: String, note: String, class: &str| {
        format!("<div class=\"tile{class}\"><dt>{name}</dt><dd>{value}</dd><dd class=\"note\">{note}</dd></div>\n")
    };
    // The browser turns two refreshes into a rate.
    let since = format!("<span id=\"rate\" data-total=\"{total}\">since the start</span>");
    let (p50, p99) = match view.total {
        Some(q) => (latency(q.p50), format!("p99 {}", latency(q.p99))),
        None => ("–".to_owned(), "nothing scored yet".to_owned()),
    };
    let alarm = |n: u64| if n > 0 { " alarm" } else { "" };
    let _ = write!(
        out,
        "<dl class=\"tiles\">\n{}{}{}{}{}{}</dl>\n",
        tile("Requests", count(total), since, ""),
        tile("Rows scored", count(view.rows), "since the start".to_owned(), ""),
        tile("Latency, p50", p50, p99, ""),
        tile("In flight", count(view.in_flight), format!("of {} at once", count(view.max_in_flight)), ""),
        tile("Turned away", count(view.rejected), "with 429".to_owned(), alarm(view.rejected)),
        tile("Server errors", count(failed), "5xx".to_owned(), alarm(failed)),
    );
}

fn requests(out: &mut String, view: &StatusView) {
    out.push_str("<section aria-labelledby=\"requests\"><h2 id=\"requests\">Requests</h2>\n");
    let mut routes: BTreeMap<&str, BTreeMap<u16, u64>> = BTreeMap::new();
    for r in &view.requests {
        *routes.entry(&r.route).or_default().entry(r.status).or_default() += r.count;
    }
    if routes.is_empty() {
        out.push_str("<p class=\"quiet\">None yet.</p></section>\n");
        return;
    }
    out.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"requests\"><table>\n<thead><tr>\
         <th scope=\"col\">Route</th><th scope=\"col\">By status</th><th scope=\"col\" class=\"num\">All</th></tr></thead>\n<tbody>\n",
    );
    for (route, statuses) in &routes {
        let _ = write!(out, "<tr><td class=\"name\">{}</td><td>", Text(route));
        for (status, n) in statuses {
            let _ = write!(
                out,
                "<span class=\"by\"><span class=\"code s{}\">{status}</span> {}</span>",
                status / 100,
                count(*n)
            );
        }
        let _ = writeln!(out, "</td><td class=\"num\">{}</td></tr>", count(statuses.values().sum()));
    }
    out.push_str("</tbody></table></div></section>\n");
}

fn latencies(out: &mut String, view: &StatusView) {
    out.push_str("<section aria-labelledby=\"latency\"><h2 id=\"latency\">Latency of scoring</h2>\n");
    let stages = [("Decode", view.decode), ("Score", view.score), ("Total", view.total)];
    if stages.iter().all(|(_, q)| q.is_none()) {
        out.push_str("<p class=\"quiet\">Nothing scored yet.</p></section>\n");
        return;
    }
    out.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"latency\"><table>\n<thead><tr>\
         <th scope=\"col\">Stage</th><th scope=\"col\" class=\"num\">p50</th><th scope=\"col\" class=\"num\">p90</th>\
         <th scope=\"col\" class=\"num\">p99</th></tr></thead>\n<tbody>\n",
    );
    for (stage, quantiles) in stages {
        let cell = |q: fn(&Quantiles) -> f64| quantiles.as_ref().map_or_else(|| "–".to_owned(), |all| latency(q(all)));
        let _ = writeln!(
            out,
            "<tr><td>{stage}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
            cell(|q| q.p50),
            cell(|q| q.p90),
            cell(|q| q.p99),
        );
    }
    out.push_str("</tbody></table></div><p class=\"quiet\">Estimated from the histograms of <a href=\"metrics\">/metrics</a>.</p></section>\n");
}

fn model(out: &mut String, api: &ApiInfo) {
    let meta = &api.metadata;
    let text = |value: &Option<String>| value.clone();
    let rows = |value: Option<i64>| value.map(|n| u64::try_from(n).map_or_else(|_| n.to_string(), count));
    let outputs: Vec<&str> = api.outputs.iter().map(|output| output.method.name()).collect();
    let known = [
        ("Estimator", Some(api.estimator.clone())),
        ("Scaler", text(&api.scaler)),
        ("Outputs", Some(outputs.join(", "))),
        ("Trained at", text(&meta.trained_at)),
        ("Source rows", rows(meta.source_rows)),
        ("Clean rows", rows(meta.clean_rows)),
        ("scikit-learn", text(&meta.scikit_learn_version)),
        ("Format", Some(api.source.format.clone())),
        ("Size", Some(bytes(api.source.bytes))),
        ("SHA-256", Some(api.source.sha256.hex().to_owned())),
    ];
    out.push_str("<section aria-labelledby=\"model\"><h2 id=\"model\">Model</h2>\n<dl class=\"card facts\">\n");
    for (name, value) in known {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            fact(out, name, &value);
        }
    }
    for (name, value) in meta.extra.iter().chain(&api.extra).take(MAX_FEATURES) {
        fact(out, name, &plain(value));
    }
    out.push_str("</dl></section>\n");
}

/// One line of the model's facts; names and values come from the bundle and may be of any length.
fn fact(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", Text(&shortened(name, 80)), Text(&shortened(value, 300)));
}

fn example(out: &mut String, api: &ApiInfo) {
    let _ = write!(
        out,
        "<section aria-labelledby=\"example\"><h2 id=\"example\">Example request</h2>\n\
         <div class=\"card\"><div class=\"bar\"><span class=\"quiet\">curl</span><span class=\"gap\"></span>\
         <button type=\"button\" class=\"plain\" data-copy=\"curl\">Copy</button></div>\n\
         <pre id=\"curl\" tabindex=\"0\" aria-label=\"Example request\">{}</pre></div>\n\
         <p class=\"quiet\"><a href=\"docs\">Try it in the browser</a></p></section>\n",
        Text(&shortened(&curl(api), 4000)),
    );
}

fn features(out: &mut String, api: &ApiInfo) {
    let n = api.features.len();
    let _ = write!(
        out,
        "<section aria-labelledby=\"features\"><h2 id=\"features\">Feature order <span class=\"count\">{}</span></h2>\n\
         <ol class=\"card names\">\n",
        count(n as u64)
    );
    for feature in api.features.iter().take(MAX_FEATURES) {
        let _ = writeln!(out, "<li>{}</li>", Text(&feature.name));
    }
    out.push_str("</ol>\n");
    if n > MAX_FEATURES {
        let _ = writeln!(out, "<p class=\"quiet\">and {} more</p>", count((n - MAX_FEATURES) as u64));
    }
    out.push_str("</section>\n");
}
