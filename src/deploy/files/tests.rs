//! Files that are right, and one thing wrong after the other in them.

use super::*;

const ENDPOINT: &str = "\
name: anomaly
auth_mode: key
traffic:
  blue: 90
  green: 10
";

const BLUE: &str = "\
name: blue
endpoint_name: anomaly
model: azureml:anomaly:7
environment:
  image: x.azurecr.io/scorelet:0.1.0
  inference_config:
    liveness_route: {path: /, port: 5001}
    readiness_route: {path: /, port: 5001}
    scoring_route: {path: /score, port: 5001}
environment_variables:
  SCORELET_LOG_FORMAT: json
instance_type: Standard_DS3_v2
instance_count: 2
request_settings:
  request_timeout_ms: 5000
  max_concurrent_requests_per_instance: 64
liveness_probe: {initial_delay: 5, period: 10, timeout: 2}
data_collector:
  collections:
    request: {enabled: 'true'}
  rolling_rate: hour
  sampling_rate: 0.5
";

/// Both files, each with a part replaced by another, and what is said of them; notes begin with `note`.
fn check_with(endpoint: (&str, &str), blue: (&str, &str), overrides: &Overrides, expected: &[&str]) {
    assert!(ENDPOINT.contains(endpoint.0) && BLUE.contains(blue.0), "{endpoint:?} {blue:?}");
    let endpoint_text = ENDPOINT.replacen(endpoint.0, endpoint.1, 1);
    let blue_text = BLUE.replacen(blue.0, blue.1, 1);
    let green_text = BLUE.replacen("name: blue", "name: green", 1);
    let text = |name, text| Text { name, text };
    let files = [text("blue.yml", blue_text.as_str()), text("green.yml", green_text.as_str())];
    let found = read(text("endpoint.yml", &endpoint_text), &files, overrides);
    let failed = found.is_err();
    let problems = found.map_or_else(|problems| problems, |(_, notes)| notes);
    let said: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(said, expected, "{endpoint:?} {blue:?}");
    assert_eq!(failed, problems.iter().any(|problem| problem.severity == Severity::Error));
}

fn endpoint(from: &str, to: &str, expected: &[&str]) {
    check_with((from, to), ("", ""), &Overrides::default(), expected);
}

fn blue(from: &str, to: &str, expected: &[&str]) {
    check_with(("", ""), (from, to), &Overrides::default(), expected);
}

#[test]
fn right_files_are_right() {
    endpoint("", "", &[]);
    endpoint("name:", "$schema: https://x/y.json\ndescription: d\ntags: {a: 1}\nname:", &[]);
    endpoint("traffic:\n  blue: 90\n  green: 10\n", "", &[]);
    blue(
        "instance_type",
        "$schema: x\ntype: managed\ntags: {a: b}\negress_public_network_access: disabled\ninstance_type",
        &[],
    );
    blue("model: azureml:anomaly:7", "model: azureml://registries/r/models/m/versions/1.2", &[]);
    blue("SCORELET_LOG_FORMAT: json", "SCORELET_PORT: 5001", &[]);
}

#[test]
fn names_and_kinds_are_checked() {
    endpoint(
        "auth_mode",
        "auth_mod",
        &["endpoint.yml:2: auth_mod: there is no such field; did you mean \"auth_mode\"?"],
    );
    endpoint("key", "keys", &["endpoint.yml:2: auth_mode: \"keys\" is none of key, aml_token, aad_token"]);
    endpoint("auth_mode: key", "auth_mode: [key]", &["endpoint.yml:2: auth_mode: is a list, not text"]);
    endpoint(
        "name: anomaly",
        "name: a!",
        &[
            "endpoint.yml:1: name: \"a!\" is refused by Azure: a name has 3 to 32 letters, digits and hyphens, begins \
             with a letter and does not end with a hyphen",
            "blue.yml:2: endpoint_name: \"anomaly\" is not the endpoint's name, \"a!\"",
            "green.yml:2: endpoint_name: \"anomaly\" is not the endpoint's name, \"a!\"",
        ],
    );
    endpoint("auth_mode: key", "name: again", &["endpoint.yml:2: duplicate mapping key: name"]);
    endpoint(
        "auth_mode: key",
        "identity: {type: user_assigned}",
        &["endpoint.yml:2: identity.user_assigned_identities: is missing: name the identity by its resource_id"],
    );
    blue(
        "instance_count: 2",
        "instance_cnt: 2",
        &[
            "blue.yml:1: instance_count: is missing",
            "blue.yml:13: instance_cnt: there is no such field; did you mean \"instance_count\"?",
        ],
    );
    blue(
        "name: blue",
        "name: green",
        &[
            "green.yml:1: name: \"green\" is also the name in blue.yml",
            "endpoint.yml:4: note: traffic: \"blue\" is none of the deployments given (green, green)",
        ],
    );
    blue("instance_count: 2", "instance_count: two", &["blue.yml:13: instance_count: is text, not a whole number"]);
    blue(
        "instance_count: 2",
        "instance_count: 51",
        &["blue.yml:13: instance_count: is 51; it must lie between 1 and 50"],
    );
    blue(
        "model: azureml:anomaly:7",
        "model: ./m.pkl",
        &["blue.yml:3: model: \"./m.pkl\" is no registered model: azureml:NAME:VERSION or \
         azureml://registries/REGISTRY/models/NAME/versions/VERSION"],
    );
    blue(
        "model: azureml:anomaly:7",
        "model: {path: ./m.pkl}",
        &[
            "blue.yml:3: model: a local model gets a version that nobody can name: register it, and name NAME and VERSION",
        ],
    );
}

#[test]
fn traffic_adds_up_and_mirrors_go_elsewhere() {
    endpoint(
        "green: 10",
        "green: 20",
        &["endpoint.yml:3: traffic: the percentages add up to 110; they must to 100, or all be 0"],
    );
    endpoint(
        "green: 10",
        "green: 101",
        &[
            "endpoint.yml:3: traffic: the percentages add up to 90; they must to 100, or all be 0",
            "endpoint.yml:5: traffic.green: must be a whole number from 0 to 100",
        ],
    );
    endpoint(
        "green: 10",
        "grean: 10",
        &["endpoint.yml:4: note: traffic: \"grean\" is none of the deployments given (blue, green)"],
    );
    endpoint(
        "green: 10",
        "green: 10\nmirror_traffic: {green: 10}",
        &[
            "endpoint.yml:6: mirror_traffic: \"green\" has live traffic; a deployment gets live or mirrored traffic, never both",
        ],
    );
    let all = "blue: 90\n  green: 10\n";
    endpoint(
        all,
        "blue: 100\nmirror_traffic: {green: 51}\n",
        &["endpoint.yml:5: mirror_traffic: \"green\" gets 51 %; at most 50 can be mirrored"],
    );
    endpoint(all, "blue: 100\nmirror_traffic: {green: 50}\n", &[]);
    endpoint(
        all,
        "blue: 0\nmirror_traffic: {green: 5}\n",
        &["endpoint.yml:5: mirror_traffic: there is no live traffic that could be mirrored"],
    );
}

#[test]
fn the_container_is_where_azure_asks() {
    let routes = ", /health/live, /health/ready, /ping";
    blue(
        "liveness_route: {path: /, ",
        "liveness_route: {path: /healthz, ",
        &[&format!(
            "blue.yml:7: environment.inference_config.liveness_route.path: the server does not answer on \"/healthz\", but on /{routes}"
        )],
    );
    blue(
        "/score, port: 5001",
        "/score, port: 8080",
        &["blue.yml:9: environment.inference_config.scoring_route.port: is 8080, but the container listens on 5001 \
         (SCORELET_PORT, or 5001 without it)"],
    );
    blue(
        "SCORELET_LOG_FORMAT: json",
        "SCORELET_PORT: 8080",
        &[
            "blue.yml:7: environment.inference_config.liveness_route.port: is 5001, but the container listens on 8080 (SCORELET_PORT, or 5001 without it)",
            "blue.yml:8: environment.inference_config.readiness_route.port: is 5001, but the container listens on 8080 (SCORELET_PORT, or 5001 without it)",
            "blue.yml:9: environment.inference_config.scoring_route.port: is 5001, but the container listens on 8080 (SCORELET_PORT, or 5001 without it)",
        ],
    );
    blue(
        "    scoring_route: {path: /score, port: 5001}\n",
        "",
        &["blue.yml:7: environment.inference_config.scoring_route: is missing"],
    );
    blue(
        "scorelet:0.1.0",
        "scorelet:latest",
        &[
            "blue.yml:5: note: environment.image: \"x.azurecr.io/scorelet:latest\" may be another image tomorrow: name a version or digest",
        ],
    );
    blue(
        "SCORELET_LOG_FORMAT: json",
        "SCORELET_HOST: 127.0.0.1",
        &[
            "blue.yml:11: environment_variables.SCORELET_HOST: \"127.0.0.1\" cannot be reached from outside the container; use 0.0.0.0",
        ],
    );
    blue(
        "SCORELET_LOG_FORMAT: json",
        "AZURE_STORAGE_ACCOUNT_KEY: abc",
        &[
            "blue.yml:11: environment_variables.AZURE_STORAGE_ACCOUNT_KEY: a secret in a file: let the endpoint's identity \
         read what it needs, or inject it from a connection with ${{azureml://connections/…}}",
        ],
    );
    blue("SCORELET_LOG_FORMAT: json", "AZURE_STORAGE_ACCOUNT_KEY: ${{azureml://connections/c/credentials/k}}", &[]);
}

#[test]
fn settings_stay_within_azures_limits() {
    blue(
        "request_timeout_ms: 5000",
        "request_timeout_ms: 900000",
        &["blue.yml:15: request_settings.request_timeout_ms: is 900000; it must lie between 1 and 180000"],
    );
    let trap = "Azure lets one request at a time into an instance unless told otherwise, and answers 429 beyond two";
    blue(
        "  max_concurrent_requests_per_instance: 64\n",
        "",
        &[&format!("blue.yml:15: note: request_settings.max_concurrent_requests_per_instance: {trap}")],
    );
    blue(
        "SCORELET_LOG_FORMAT: json",
        "SCORING_TIMEOUT_MS: 6000",
        &[
            "blue.yml:11: note: environment_variables.SCORING_TIMEOUT_MS: 6000 ms is more than Azure waits (request_timeout_ms: 5000): callers get 408",
        ],
    );
    blue(
        "period: 10",
        "perid: 10",
        &["blue.yml:17: liveness_probe.perid: there is no such field; did you mean \"period\"?"],
    );
    blue(
        "period: 10",
        "period: 1",
        &["blue.yml:17: note: liveness_probe.timeout: is 2 s, longer than the period of 1 s"],
    );
    blue("period: 10", "period: ten", &["blue.yml:17: liveness_probe.period: is text, not a whole number"]);
    blue(
        "period: 10",
        "success_threshold: 2",
        &["blue.yml:17: liveness_probe.success_threshold: must be 1 for liveness"],
    );
    blue(
        "rolling_rate: hour",
        "rolling_rate: month",
        &["blue.yml:21: data_collector.rolling_rate: \"month\" is none of minute, hour, day"],
    );
    blue(
        "sampling_rate: 0.5",
        "sampling_rate: 50",
        &["blue.yml:22: data_collector.sampling_rate: must be a number from 0.0 to 1.0"],
    );
    blue(
        "{enabled: 'true'}",
        "{enabled: true}",
        &["blue.yml:20: data_collector.collections.request.enabled: must be 'true' or 'false', in quotes"],
    );
    blue(
        "instance_count: 2",
        "instance_count: 2\nscale_settings: {type: target_utilization}",
        &[
            "blue.yml:14: scale_settings.type: is of Kubernetes deployments; a managed one scales by Azure Monitor: see scoring/autoscale.json",
        ],
    );
    blue(
        "instance_type",
        "type: kubernetes\ninstance_type",
        &["blue.yml:12: type: only managed deployments are released here; see k8s/ for Kubernetes"],
    );
    blue(
        "instance_type",
        "code_configuration: {code: .}\ninstance_type",
        &["blue.yml:12: code_configuration: there is no script: the container scores; remove it"],
    );
}

#[test]
fn placeholders_are_named_unless_the_command_line_fills_them() {
    let model = ("model: azureml:anomaly:7", "model: azureml:<your-model-name>:<version-number>");
    blue(model.0, model.1, &["blue.yml:3: model: the placeholders <your-model-name>, <version-number> are not filled"]);
    let overrides = Overrides { model: Some("azureml:m:1".into()), ..Overrides::default() };
    check_with(("", ""), model, &overrides, &[]);
    let overrides =
        Overrides { endpoint: Some("other-name".into()), image: Some("i:1".into()), ..Overrides::default() };
    check_with(("name: anomaly", "name: <your-endpoint-name>"), ("endpoint_name: anomaly\n", ""), &overrides, &[]);
    endpoint(
        "auth_mode: key",
        "description: 2 < 3 and a <b> of <html>",
        &["endpoint.yml:2: description: the placeholders <b>, <html> are not filled"],
    );
}

#[test]
fn what_is_sent_is_what_stands_there() {
    let text = |name, text| Text { name, text };
    let overrides = Overrides { model: Some("azureml:m:9".into()), ..Overrides::default() };
    let (files, _) = read(text("e", ENDPOINT), &[text("b", BLUE)], &overrides).unwrap();
    assert_eq!(files.endpoint.to_create().to_string(), r#"{"name":"anomaly","auth_mode":"key"}"#);
    let sent = files.deployments[0].to_release("build-7");
    assert_eq!((&sent["model"], &sent["tags"]["scorelet_release"]), (&"azureml:m:9".into(), &"build-7".into()));
    assert_eq!(sent["data_collector"]["sampling_rate"], 0.5);
}
