//! `/docs`: a form that scores, the features, the routes and the statuses.

use super::frame::{Page, frame};
use crate::html::{Text, count, data, json_text, plain, shortened};
use crate::model::Content;
use crate::score::ReplyStyle;
use crate::serve::openapi::{ApiInfo, ENDPOINTS, Endpoint, Feature, OutputInfo, Refused, Shape, refusals};
use serde_json::{Value, json};
use std::fmt::Write;

/// More features than this are not shown one by one; `/swagger.json` has them all.
pub(super) const MAX_FEATURES: usize = 500;

/// The page. Complete without JavaScript, but for the button and the copying.
pub fn docs(api: &ApiInfo) -> String {
    let mut main = String::new();
    intro(&mut main, api);
    try_it(&mut main, api);
    features(&mut main, api);
    outputs(&mut main, api);
    routes(&mut main);
    statuses(&mut main, api);
    frame(Page::Docs, api, &main)
}

fn intro(out: &mut String, api: &ApiInfo) {
    let _ = writeln!(
        out,
        "<div class=\"intro\"><h1>{}</h1><p class=\"lead\">{}</p></div>",
        Text(&api.service.model_name),
        Text(&api.summary()),
    );
}

fn try_it(out: &mut String, api: &ApiInfo) {
    let facts = json!({
        "features": api.features.iter().map(|f| &f.name).collect::<Vec<_>>(),
        "record": api.example_record(),
        "twice": api.reply == ReplyStyle::AzureMl,
        "defaultOutput": api.default_output.name(),
    });
    let request = pretty(&api.example_request());
    let reply = match &api.example_reply {
        Some(reply) => pretty(reply),
        None => "The model refuses this example row: put in values of your own.".to_owned(),
    };
    let _ = write!(
        out,
        "<section aria-labelledby=\"try\"><h2 id=\"try\"><span class=\"verb post\">POST</span> <code>/score</code></h2>\n\
         <script type=\"application/json\" id=\"facts\">{facts}</script>\n\
         <div class=\"bench\">\n<form class=\"card\" id=\"form\">\n\
         <div class=\"bar\"><label for=\"body\">Request</label><span class=\"gap\"></span>\
         <label for=\"shape\" class=\"quiet\">Form</label><select id=\"shape\">{forms}</select></div>\n\
         <textarea id=\"body\" spellcheck=\"false\" autocomplete=\"off\" rows=\"{rows}\" aria-describedby=\"hint\">{request}</textarea>\n\
         <p id=\"hint\" class=\"hint\" role=\"status\"></p>\n{choices}\
         <div class=\"bar\"><button type=\"submit\" id=\"send\">Score</button><span class=\"quiet keys\">\
         <kbd>Ctrl</kbd> <kbd>Enter</kbd></span><span class=\"gap\"></span>\
         <button type=\"button\" class=\"plain\" id=\"restore\">Reset</button></div>\n</form>\n\
         <div class=\"card\"><div class=\"bar\"><h3>Reply</h3><span class=\"gap\"></span>\
         <span id=\"verdict\" role=\"status\" class=\"quiet\">example</span></div>\n\
         <pre id=\"reply\" tabindex=\"0\" aria-label=\"Reply\">{reply}</pre>\n<dl id=\"headers\" class=\"headers\"></dl></div>\n\
         </div>\n\
         <div class=\"card snippets\"><div class=\"bar\" role=\"group\" aria-label=\"Language of the snippet\">\
         <button type=\"button\" class=\"tab\" id=\"as-curl\" aria-pressed=\"true\">curl</button>\
         <button type=\"button\" class=\"tab\" id=\"as-python\" aria-pressed=\"false\">Python</button>\
         <span class=\"gap\"></span><button type=\"button\" class=\"plain\" data-copy=\"snippet\">Copy</button></div>\n\
         <pre id=\"snippet\" tabindex=\"0\" aria-label=\"Snippet\">{curl}</pre></div>\n</section>\n",
        facts = data(&facts),
        rows = request.lines().count().clamp(12, 24) + 1,
        request = Text(&request),
        forms = form_options(api.reply),
        choices = output_choices(api),
        reply = Text(&reply),
        curl = Text(&curl(api)),
    );
}

/// The forms that this style of reply reads.
fn form_options(reply: ReplyStyle) -> String {
    let all = [("records", "Records"), ("columns", "Columns"), ("split", "Split"), ("rows", "Rows"), ("csv", "CSV")];
    let known = if reply == ReplyStyle::Plain { all.len() } else { 2 };
    all[..known].iter().map(|(value, name)| format!("<option value=\"{value}\">{name}</option>")).collect()
}

/// Check boxes for `params.outputs`; Microsoft's form of reply knows none.
fn output_choices(api: &ApiInfo) -> String {
    if api.reply == ReplyStyle::AzureMl || api.outputs.len() < 2 {
        return String::new();
    }
    let mut out = String::from("<fieldset><legend>Outputs</legend>");
    for output in &api.outputs {
        let name = output.method.name();
        let checked = if output.method == api.default_output { " checked" } else { "" };
        let _ =
            write!(out, "<label><input type=\"checkbox\" name=\"output\" value=\"{name}\"{checked}> {name}</label>");
    }
    out.push_str("</fieldset>\n");
    out
}

/// The example request as a command. The address is replaced in the browser by the one it used.
pub(super) fn curl(api: &ApiInfo) -> String {
    let member = |f: &Feature| format!("{}: {}", json!(f.name), f.example);
    let members: Vec<String> = api.features.iter().map(member).collect();
    let body = json_text(&members.join(", ")).replace('\'', "'\\''");
    format!(
        "curl -sS http://127.0.0.1:5001/score \\\n  -H 'Content-Type: application/json' \\\n  \
         -d '{{\"input_data\": [{{{body}}}]}}'"
    )
}

fn features(out: &mut String, api: &ApiInfo) {
    let n = api.features.len();
    let _ = write!(
        out,
        "<section aria-labelledby=\"features\"><div class=\"bar\"><h2 id=\"features\">Features \
         <span class=\"count\">{}</span></h2><span class=\"gap\"></span>",
        count(n as u64)
    );
    if n > 12 {
        out.push_str(
            "<label for=\"filter\" class=\"quiet\">Filter</label><input id=\"filter\" type=\"search\" autocomplete=\"off\">",
        );
    }
    out.push_str(
        "</div>\n<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-labelledby=\"features\"><table id=\"table\">\n\
         <thead><tr><th scope=\"col\" class=\"num\">#</th><th scope=\"col\">Name</th><th scope=\"col\">Type</th>\
         <th scope=\"col\">Missing</th><th scope=\"col\" class=\"num\">Example</th></tr></thead>\n<tbody>\n",
    );
    for (i, feature) in api.features.iter().take(MAX_FEATURES).enumerate() {
        feature_row(out, i, feature);
    }
    out.push_str("</tbody></table></div>\n");
    if n > MAX_FEATURES {
        let rest = count((n - MAX_FEATURES) as u64);
        let _ = writeln!(
            out,
            "<p class=\"quiet\">and {rest} more, all in <a href=\"swagger.json?version=3.1\">OpenAPI</a></p>"
        );
    }
    out.push_str(
        "<p class=\"quiet\">Keys may stand in any order; further columns are ignored. Booleans and numeric strings are \
         read as numbers.</p></section>\n",
    );
}

fn feature_row(out: &mut String, i: usize, feature: &Feature) {
    let kind = match &feature.content {
        Content::Text(known) => {
            format!("text: {}", known.iter().take(50).map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        Content::Document(_) => "any text".to_owned(),
        Content::Date => "date".to_owned(),
        Content::Unused => "anything, unused".to_owned(),
        Content::Number => "number".to_owned(),
    };
    let _ = writeln!(
        out,
        "<tr><td class=\"num\">{}</td><td class=\"name\">{}</td><td>{}</td><td>{}</td><td class=\"num\">{}</td></tr>",
        i + 1,
        Text(&feature.name),
        Text(&shortened(&kind, 200)),
        if feature.accepts_missing { "accepted" } else { "refused" },
        Text(&shortened(&plain(&feature.example), 40)),
    );
}

fn outputs(out: &mut String, api: &ApiInfo) {
    out.push_str(
        "<section aria-labelledby=\"outputs\"><h2 id=\"outputs\">Outputs</h2>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"outputs\"><table>\n\
         <thead><tr><th scope=\"col\">Name</th><th scope=\"col\">For each row</th></tr></thead>\n<tbody>\n",
    );
    for OutputInfo { method, shape } in &api.outputs {
        let default = if *method == api.default_output { " <span class=\"chip\">default</span>" } else { "" };
        let what = shape.as_ref().map_or_else(|| "depends on the row".to_owned(), in_words);
        let _ = writeln!(
            out,
            "<tr><td class=\"name\">{}{default}</td><td>{}</td></tr>",
            method.name(),
            Text(&shortened(&what, 300))
        );
    }
    out.push_str("</tbody></table></div></section>\n");
}

/// A shape as a person would say it.
fn in_words(shape: &Shape) -> String {
    match shape {
        Shape::Label(classes) => {
            let labels = labels(classes, 12).join(", ");
            if classes.len() > 12 {
                format!("one of {} labels: {labels}, …", classes.len())
            } else {
                format!("one of {labels}")
            }
        }
        Shape::Integer => "an integer".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::Numbers(1) => "a list of one number".to_owned(),
        Shape::Numbers(n) => format!("a list of {n} numbers"),
        Shape::Columns(columns) => format!("a list: {}", columns.iter().map(in_words).collect::<Vec<_>>().join("; ")),
        Shape::PerOutput(widths) => format!("not by row: a list of {} tables, one for each output", widths.len()),
    }
}

/// The first `max` labels as JSON.
fn labels(classes: &crate::model::Classes, max: usize) -> Vec<String> {
    use crate::model::Classes;
    match classes {
        Classes::Int(v) => v.iter().take(max).map(|label| json!(label).to_string()).collect(),
        Classes::Float(v) => v.iter().take(max).map(|label| json!(label).to_string()).collect(),
        Classes::Bool(v) => v.iter().take(max).map(|label| json!(label).to_string()).collect(),
        Classes::Str(v) => v.iter().take(max).map(|label| json!(label).to_string()).collect(),
    }
}

fn routes(out: &mut String) {
    out.push_str(
        "<section aria-labelledby=\"routes\"><h2 id=\"routes\">Routes</h2>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"routes\"><table>\n\
         <thead><tr><th scope=\"col\">Method</th><th scope=\"col\">Path</th><th scope=\"col\">Gives</th></tr></thead>\n<tbody>\n",
    );
    for Endpoint { method, path, summary, .. } in ENDPOINTS {
        let shown = match (path, method) {
            ("/score", "get") => "/score?column=value".to_owned(),
            ("/score", _) => path.to_owned(),
            _ => format!("<a href=\".{path}\">{path}</a>"),
        };
        let method = method.to_ascii_uppercase();
        let class = if method == "POST" { " post" } else { "" };
        let _ = writeln!(
            out,
            "<tr><td><span class=\"verb{class}\">{method}</span></td><td class=\"name\">{shown}</td><td>{summary}</td></tr>"
        );
    }
    out.push_str("</tbody></table></div></section>\n");
}

fn statuses(out: &mut String, api: &ApiInfo) {
    let note = match api.reply {
        ReplyStyle::Plain => "Errors are JSON: <code>{\"error\": …, \"code\": …, \"details\": …}</code>.",
        ReplyStyle::AzureMl => {
            "This server replies as Microsoft's does: wrong input is a 200 whose JSON string holds <code>error</code>; \
             other errors are <code>{\"message\": …}</code>."
        }
    };
    let _ = write!(
        out,
        "<section aria-labelledby=\"statuses\"><h2 id=\"statuses\">Statuses of /score</h2>\n<p>{note}</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"statuses\"><table>\n\
         <thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Meaning</th></tr></thead>\n<tbody>\n\
         <tr><td><span class=\"code s2\">200</span></td><td>Scored.</td></tr>\n"
    );
    for Refused { status, meaning, .. } in refusals(api.reply) {
        let class = status / 100;
        let _ = writeln!(out, "<tr><td><span class=\"code s{class}\">{status}</span></td><td>{meaning}</td></tr>");
    }
    out.push_str("</tbody></table></div></section>\n");
}

fn pretty(value: &Value) -> String {
    json_text(&serde_json::to_string_pretty(value).unwrap_or_default())
}
