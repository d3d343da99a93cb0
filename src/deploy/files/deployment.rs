//! `deployment-*.yml`: one version of the server and its model behind an endpoint, in a container of our own.

use super::endpoint::check_name;
use super::section::{Findings, Section, is_unfilled, placeholders};
use super::settings;
use super::yaml::{Kind, Node};
use serde_json::Value;

const FIELDS: [&str; 22] = [
    "$schema",
    "name",
    "endpoint_name",
    "description",
    "tags",
    "properties",
    "type",
    "model",
    "model_mount_path",
    "environment",
    "environment_variables",
    "instance_type",
    "instance_count",
    "app_insights_enabled",
    "scale_settings",
    "request_settings",
    "liveness_probe",
    "readiness_probe",
    "egress_public_network_access",
    "private_network_connection",
    "data_collector",
    "provisioning_state",
];

/// Azure's limit for one deployment.
const MAX_INSTANCES: i64 = 50;

/// A managed online deployment.
#[derive(Debug)]
pub struct Deployment {
    pub file: String,
    pub name: String,
    pub endpoint_name: String,
    node: Node,
}

impl Deployment {
    /// Reads the tree of a file; nothing when it is no map.
    pub(super) fn read(node: Node, findings: &mut Findings) -> Option<Deployment> {
        placeholders(&node, findings);
        let foreign = ["code_configuration", "resources"].into_iter().filter(|name| node.get(name).is_some());
        let known: Vec<_> = FIELDS.into_iter().chain(foreign).collect();
        let section = Section::open(&node, "", &known, findings)?;
        let name = section.required("name", findings).unwrap_or_default().to_owned();
        check_name(&name, &section, findings);
        let endpoint_name = section.required("endpoint_name", findings).unwrap_or_default().to_owned();
        kind(&section, findings);
        model(&section, findings);
        size(&section, findings);
        let variables = section.texts("environment_variables", findings);
        settings::variables(&variables, findings);
        settings::environment(&section, &variables, findings);
        settings::requests(&section, &variables, findings);
        settings::probe("liveness_probe", &section, findings);
        settings::probe("readiness_probe", &section, findings);
        settings::data_collector(&section, findings);
        section.texts("tags", findings);
        section.texts("properties", findings);
        section.text("description", findings);
        section.boolean("app_insights_enabled", findings);
        section.boolean("private_network_connection", findings);
        section.choice("egress_public_network_access", &["enabled", "disabled"], findings);
        Some(Deployment { file: findings.current().to_owned(), name, endpoint_name, node })
    }

    /// The line of a field, for messages.
    pub fn line_of(&self, field: &str) -> u64 {
        self.node.get(field).map_or(0, |node| node.line)
    }

    /// What is given to `az`: the file with what the command line said, and the release as a tag.
    pub fn to_release(&self, release: &str) -> Value {
        let mut node = self.node.clone();
        node.set(&["tags", super::super::release::TAG], release);
        node.to_json()
    }

    /// The same without the release, from which a release without a name gets its own.
    pub fn content(&self) -> Value {
        self.node.to_json()
    }

    /// The model that it mounts.
    pub fn model(&self) -> Option<&str> {
        match &self.node.get("model")?.kind {
            Kind::Text(model) => Some(model),
            _ => None,
        }
    }
}

/// Only managed deployments, and none that runs Python.
fn kind(section: &Section, findings: &mut Findings) {
    if section.choice("type", &["managed", "kubernetes"], findings) == Some("kubernetes") {
        section.error("type", findings, "only managed deployments are released here; see k8s/ for Kubernetes");
    }
    if section.get("resources").is_some() {
        section.error("resources", findings, "is of Kubernetes deployments; instance_type says what a managed one has");
    }
    if section.get("code_configuration").is_some() {
        section.error("code_configuration", findings, "there is no script: the container scores; remove it");
    }
}

/// The model is one that a registry has: whatever is deployed must be found again.
fn model(section: &Section, findings: &mut Findings) {
    let Some(node) = section.get("model") else {
        section.note("model", findings, "is missing: the image must hold its model");
        return;
    };
    let Kind::Text(model) = &node.kind else {
        let what = "a local model gets a version that nobody can name: register it, and name NAME and VERSION";
        section.error("model", findings, what);
        return;
    };
    if is_unfilled(model) {
        return;
    }
    match reference(model) {
        Some(Pinned::Yes) => {}
        Some(Pinned::No) => {
            section.note("model", findings, "names no version: two runs may deploy two models; pin it");
        }
        None => {
            let what = format!(
                "{model:?} is no registered model: azureml:NAME:VERSION or azureml://registries/REGISTRY/models/NAME/versions/VERSION"
            );
            section.error("model", findings, what);
        }
    }
    if let Some(path) = section.text("model_mount_path", findings).filter(|path| !path.starts_with('/')) {
        section.error("model_mount_path", findings, format!("{path:?} is not absolute"));
    }
}

enum Pinned {
    Yes,
    No,
}

/// What a reference to a registered model says of its version; nothing when it is none.
fn reference(model: &str) -> Option<Pinned> {
    if let Some(rest) = model.strip_prefix("azureml://registries/") {
        let parts: Vec<_> = rest.split('/').collect();
        return match parts.as_slice() {
            [registry, "models", name, kind, version]
                if [registry, name, version].iter().all(|part| !part.is_empty()) =>
            {
                match *kind {
                    "versions" => Some(Pinned::Yes),
                    "labels" => Some(Pinned::No),
                    _ => None,
                }
            }
            _ => None,
        };
    }
    if model.starts_with("/subscriptions/") || model.starts_with("azureml:/subscriptions/") {
        return model.contains("/versions/").then_some(Pinned::Yes);
    }
    let rest = model.strip_prefix("azureml:")?;
    let full = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && !a.contains('/') && !b.contains('/');
    match (rest.split_once(':'), rest.split_once('@')) {
        (Some((name, version)), _) if full(name, version) => Some(Pinned::Yes),
        (None, Some((name, label))) if full(name, label) => Some(Pinned::No),
        _ => None,
    }
}

fn size(section: &Section, findings: &mut Findings) {
    section.required("instance_type", findings);
    if section.get("instance_count").is_none() {
        section.error("instance_count", findings, "is missing");
    }
    if section.integer("instance_count", 1..=MAX_INSTANCES, findings) == Some(1) {
        section.note("instance_count", findings, "one instance is down while Azure replaces it; production has two");
    }
    let Some(node) = section.get("scale_settings") else { return };
    let Some(scale) = Section::open(node, "scale_settings", &["type"], findings) else { return };
    if scale.choice("type", &["default", "target_utilization"], findings) == Some("target_utilization") {
        let what = "is of Kubernetes deployments; a managed one scales by Azure Monitor: see scoring/autoscale.json";
        scale.error("type", findings, what);
    }
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;
    use serde_json::json;

    #[test]
    fn models_are_named_and_pinned() {
        let check = |model: &str, expected: Option<bool>| {
            let found = reference(model).map(|pinned| matches!(pinned, Pinned::Yes));
            assert_eq!(found, expected, "{model}");
        };
        check("azureml:anomaly:7", Some(true));
        check("azureml:anomaly@latest", Some(false));
        check("azureml://registries/r/models/m/versions/7", Some(true));
        check("azureml://registries/r/models/m/labels/latest", Some(false));
        check("azureml:/subscriptions/s/resourceGroups/g/providers/p/workspaces/w/models/m/versions/3", Some(true));
        check("azureml://registries/r/models/m", None);
        check("azureml://registries/r/models//versions/7", None);
        check("azureml:anomaly", None);
        check("azureml::7", None);
        check("../model.pkl", None);
    }

    #[test]
    fn the_release_is_a_tag_of_what_is_sent() {
        let node = yaml::parse("name: blue\nendpoint_name: e-p\ntags: {team: a}\n").unwrap();
        let deployment = Deployment::read(node, &mut Findings::new("f")).unwrap();
        assert_eq!(deployment.to_release("7")["tags"], json!({"team": "a", "scorelet_release": "7"}));
    }
}
