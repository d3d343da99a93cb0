//! How a deployment runs: its container's port and routes, its variables, the time it gives a request, its probes, and
//! what Azure collects. Limits are the service's; where Azure's default is a trap, a note says so.

use super::section::{Findings, Section, is_unfilled};
use super::yaml::Kind;
use super::{PORT, PROBE_ROUTES, SCORING_ROUTE};

/// Milliseconds; longer requests are for batch scoring, says the service.
const MAX_TIMEOUT_MS: i64 = 180_000;
/// What Azure gives a request unless told otherwise.
const DEFAULT_TIMEOUT_MS: i64 = 5_000;
/// Seconds that a probe may reasonably say.
const SECONDS: i64 = 3_600;

/// A variable: name, value, line.
type Variable<'n> = (&'n str, String, u64);

/// Variables are read by whoever may read the deployment, and listed in logs.
pub(super) fn variables(variables: &[Variable], findings: &mut Findings) {
    const SECRETS: [&str; 7] = ["SECRET", "PASSWORD", "TOKEN", "ACCOUNT_KEY", "API_KEY", "CONNECTION_STRING", "SAS"];
    for (name, value, line) in variables {
        let path = format!("environment_variables.{name}");
        let words = name.to_uppercase();
        let secret = SECRETS.iter().any(|secret| words.ends_with(secret));
        if secret && !value.starts_with("${{") {
            let what = "a secret in a file: let the endpoint's identity read what it needs, or inject it from a connection \
                        with ${{azureml://connections/…}}";
            findings.error(*line, &path, what);
        }
        let outside = ["0.0.0.0", "::", "[::]"];
        if *name == "SCORELET_HOST" && !outside.contains(&value.as_str()) {
            findings.error(
                *line,
                &path,
                format!("{value:?} cannot be reached from outside the container; use 0.0.0.0"),
            );
        }
    }
}

/// Where the container is: an image, and the three routes without which Azure does not know what to ask.
pub(super) fn environment(section: &Section, variables: &[Variable], findings: &mut Findings) {
    let Some(node) = section.get("environment") else {
        section.error("environment", findings, "is missing: name an image and its inference_config");
        return;
    };
    if let Kind::Text(name) = &node.kind {
        if !name.starts_with("azureml:") && !is_unfilled(name) {
            let what =
                format!("{name:?} is no registered environment (azureml:NAME:VERSION), nor an image with routes");
            section.error("environment", findings, what);
        }
        return;
    }
    let known =
        ["$schema", "name", "version", "image", "inference_config", "os_type", "description", "tags", "properties"];
    let Some(environment) = Section::open(node, "environment", &known, findings) else { return };
    if let Some(image) = environment.required("image", findings) {
        check_image(image, &environment, findings);
    }
    environment.choice("os_type", &["linux", "Linux"], findings);
    let Some(config) = environment.get("inference_config") else {
        let what = "is missing: Azure cannot tell where the container is alive, ready and scores";
        environment.error("inference_config", findings, what);
        return;
    };
    let known = ["liveness_route", "readiness_route", "scoring_route"];
    let Some(config) = Section::open(config, "environment.inference_config", &known, findings) else { return };
    let port = variables.iter().find(|(name, ..)| *name == "SCORELET_PORT").and_then(|(_, port, _)| port.parse().ok());
    let port = port.unwrap_or(PORT);
    route("liveness_route", &PROBE_ROUTES, port, &config, findings);
    route("readiness_route", &PROBE_ROUTES, port, &config, findings);
    route("scoring_route", &[SCORING_ROUTE], port, &config, findings);
}

/// An image that moves makes two instances of one deployment differ.
fn check_image(image: &str, environment: &Section, findings: &mut Findings) {
    if is_unfilled(image) {
        return;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    if image.chars().any(char::is_whitespace) || name.is_empty() {
        environment.error("image", findings, format!("{image:?} is no name of an image"));
    } else if !name.contains('@') && (!name.contains(':') || name.ends_with(":latest")) {
        environment.note(
            "image",
            findings,
            format!("{image:?} may be another image tomorrow: name a version or digest"),
        );
    }
}

/// The container answers on one port, on the paths of the program.
fn route(name: &str, paths: &[&str], port: i64, config: &Section, findings: &mut Findings) {
    let Some(node) = config.get(name) else {
        config.error(name, findings, "is missing");
        return;
    };
    let path = config.named(name);
    let Some(route) = Section::open(node, &path, &["path", "port"], findings) else { return };
    if let Some(text) = route.required("path", findings).filter(|text| !paths.contains(text)) {
        let what = format!("the server does not answer on {text:?}, but on {}", paths.join(", "));
        route.error("path", findings, what);
    }
    if route.get("port").is_none() {
        route.error("port", findings, "is missing");
    }
    if let Some(given) = route.integer("port", 1..=65_535, findings).filter(|given| *given != port) {
        let what = format!("is {given}, but the container listens on {port} (SCORELET_PORT, or {PORT} without it)");
        route.error("port", findings, what);
    }
}

/// How long a request may take, and how many run at once.
pub(super) fn requests(section: &Section, variables: &[Variable], findings: &mut Findings) {
    let known = ["request_timeout_ms", "max_concurrent_requests_per_instance", "max_queue_wait_ms"];
    let settings = section.get("request_settings");
    let settings = settings.and_then(|node| Section::open(node, "request_settings", &known, findings));
    let trap = "Azure lets one request at a time into an instance unless told otherwise, and answers 429 beyond two";
    let Some(settings) = settings else {
        if section.get("request_settings").is_none() {
            section.note("request_settings", findings, format!("is missing: {trap}"));
        }
        return;
    };
    let timeout = settings.integer("request_timeout_ms", 1..=MAX_TIMEOUT_MS, findings).unwrap_or(DEFAULT_TIMEOUT_MS);
    let most = settings.integer("max_concurrent_requests_per_instance", 1..=i64::MAX, findings);
    if matches!(most, None | Some(1))
        && settings.get("max_concurrent_requests_per_instance").is_none_or(|_| most.is_some())
    {
        settings.note("max_concurrent_requests_per_instance", findings, trap);
    }
    if settings.integer("max_queue_wait_ms", 1..=MAX_TIMEOUT_MS, findings).is_some() {
        settings.note("max_queue_wait_ms", findings, "is deprecated, and Azure ignores it");
    }
    for (name, value, line) in variables {
        let ours = ["SCORELET_SCORING_TIMEOUT_MS", "SCORING_TIMEOUT_MS"].contains(name);
        if let Some(scoring) = value.parse::<i64>().ok().filter(|scoring| ours && *scoring > timeout) {
            let what =
                format!("{scoring} ms is more than Azure waits (request_timeout_ms: {timeout}): callers get 408");
            findings.note(*line, &format!("environment_variables.{name}"), what);
        }
    }
}

/// How often Azure asks, and how patient it is.
pub(super) fn probe(name: &str, section: &Section, findings: &mut Findings) {
    let Some(node) = section.get(name) else { return };
    let known = ["initial_delay", "period", "timeout", "success_threshold", "failure_threshold"];
    let Some(probe) = Section::open(node, name, &known, findings) else { return };
    probe.integer("initial_delay", 0..=SECONDS, findings);
    let period = probe.integer("period", 1..=SECONDS, findings).unwrap_or(10);
    let timeout = probe.integer("timeout", 1..=SECONDS, findings).unwrap_or(2);
    if timeout > period {
        probe.note("timeout", findings, format!("is {timeout} s, longer than the period of {period} s"));
    }
    probe.integer("failure_threshold", 1..=1_000, findings);
    let success = probe.integer("success_threshold", 1..=1_000, findings);
    if name == "liveness_probe" && success.is_some_and(|success| success != 1) {
        probe.error("success_threshold", findings, "must be 1 for liveness");
    }
}

/// What of requests and replies Azure keeps.
pub(super) fn data_collector(section: &Section, findings: &mut Findings) {
    let Some(node) = section.get("data_collector") else { return };
    let known = ["collections", "rolling_rate", "sampling_rate", "request_logging"];
    let Some(collector) = Section::open(node, "data_collector", &known, findings) else { return };
    // The documentation names month and year, too; the service's own library refuses them.
    collector.choice("rolling_rate", &["minute", "hour", "day"], findings);
    let rate = collector.get("sampling_rate").map(|node| &node.kind);
    let fits = |rate: &Kind| match rate {
        Kind::Float(rate) => (0.0..=1.0).contains(rate),
        Kind::Integer(rate) => (0..=1).contains(rate),
        _ => false,
    };
    if rate.is_some_and(|rate| !fits(rate)) {
        collector.error("sampling_rate", findings, "must be a number from 0.0 to 1.0");
    }
    let Some(node) = collector.get("collections") else {
        collector.error("collections", findings, "is missing: request, response, model_inputs or model_outputs");
        return;
    };
    let Kind::Map(collections) = &node.kind else {
        collector.error("collections", findings, format!("is {}, not collections by name", node.what()));
        return;
    };
    for (key, node) in collections {
        let path = format!("data_collector.collections.{}", key.name);
        let Some(collection) = Section::open(node, &path, &["enabled", "data", "client_id"], findings) else {
            continue;
        };
        match collection.get("enabled").map(|node| &node.kind) {
            Some(Kind::Text(text)) if ["true", "false"].contains(&text.to_lowercase().as_str()) => {}
            // Microsoft's own library refuses a boolean here, and here alone.
            Some(_) => collection.error("enabled", findings, "must be 'true' or 'false', in quotes"),
            None => collection.error("enabled", findings, "is missing"),
        }
    }
}
