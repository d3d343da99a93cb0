//! `endpoint.yml`: the address that clients call.

use super::section::{Findings, NAME_RULE, Section, is_name, is_unfilled, placeholders};
use super::traffic::Traffic;
use super::yaml::{Key, Kind, Node};

/// What the file may hold; the last five are what Azure writes into a file that it shows.
const FIELDS: [&str; 16] = [
    "$schema",
    "name",
    "description",
    "tags",
    "properties",
    "auth_mode",
    "identity",
    "traffic",
    "mirror_traffic",
    "public_network_access",
    "location",
    "id",
    "scoring_uri",
    "openapi_uri",
    "provisioning_state",
    "kind",
];

/// A managed online endpoint.
#[derive(Debug)]
pub struct Endpoint {
    pub file: String,
    pub name: String,
    /// `key`, `aml_token` or `aad_token`.
    pub auth_mode: String,
    pub traffic: Traffic,
    pub mirror_traffic: Traffic,
    node: Node,
}

impl Endpoint {
    /// Reads the tree of a file; nothing when it has no name that could be meant.
    pub(super) fn read(node: Node, findings: &mut Findings) -> Option<Endpoint> {
        placeholders(&node, findings);
        if node.get("compute").is_some() {
            let what = "a Kubernetes endpoint is not deployed by this command, which serves managed endpoints";
            findings.error(node.get("compute").map_or(0, |n| n.line), "compute", what);
        }
        let known: Vec<_> = FIELDS.iter().copied().chain(node.get("compute").map(|_| "compute")).collect();
        let section = Section::open(&node, "", &known, findings)?;
        let name = section.required("name", findings).unwrap_or_default().to_owned();
        check_name(&name, &section, findings);
        let auth_mode = section.choice("auth_mode", &["key", "aml_token", "aad_token"], findings).unwrap_or("key");
        let auth_mode = auth_mode.to_owned();
        section.choice("public_network_access", &["enabled", "disabled"], findings);
        section.text("description", findings);
        section.texts("tags", findings);
        section.texts("properties", findings);
        identity(&section, findings);
        let traffic = Traffic::read("traffic", &section, findings);
        let mirror_traffic = Traffic::read("mirror_traffic", &section, findings);
        Traffic::check(&traffic, &mirror_traffic, &section, findings);
        Some(Endpoint { file: findings.current().to_owned(), name, auth_mode, traffic, mirror_traffic, node })
    }

    /// The line of a field, for messages.
    pub fn line_of(&self, field: &str) -> u64 {
        self.node.get(field).map_or(0, |node| node.line)
    }

    /// What is given to `az` to create it: without traffic, for there is nothing yet that could take any.
    pub fn to_create(&self) -> serde_json::Value {
        let mut node = self.node.clone();
        node.remove("traffic");
        node.remove("mirror_traffic");
        node.to_json()
    }

    /// Texts of the file by field, to compare with what Azure has.
    pub fn text(&self, field: &str) -> Option<&str> {
        match &self.node.get(field)?.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A name that was typed or written; one with a placeholder was complained of before.
pub(super) fn check_name(name: &str, section: &Section, findings: &mut Findings) {
    if !name.is_empty() && !is_name(name) && !is_unfilled(name) {
        section.error("name", findings, format!("{name:?} is refused by Azure: {NAME_RULE}"));
    }
}

fn identity(section: &Section, findings: &mut Findings) {
    let Some(node) = section.get("identity") else { return };
    let known = ["type", "user_assigned_identities", "principal_id", "tenant_id"];
    let Some(identity) = Section::open(node, "identity", &known, findings) else { return };
    let kind = identity.required("type", findings).unwrap_or_default();
    if !["system_assigned", "user_assigned"].contains(&kind) && !kind.is_empty() {
        identity.error("type", findings, format!("{kind:?} is none of system_assigned, user_assigned"));
    }
    match identity.get("user_assigned_identities").map(|node| (&node.kind, node.what())) {
        None if kind == "user_assigned" => {
            identity.error("user_assigned_identities", findings, "is missing: name the identity by its resource_id");
        }
        Some((Kind::List(items), _)) => {
            let named = |item: &Node| matches!(&item.kind, Kind::Map(entries) if entries.iter().any(is_resource));
            if !items.iter().all(named) {
                let what = "each must be a resource_id: /subscriptions/…/userAssignedIdentities/NAME";
                identity.error("user_assigned_identities", findings, what);
            }
        }
        Some((_, what)) => identity.error("user_assigned_identities", findings, format!("is {what}, not a list")),
        None => {}
    }
}

fn is_resource((key, node): &(Key, Node)) -> bool {
    key.name == "resource_id" && matches!(&node.kind, Kind::Text(id) if id.starts_with('/') || is_unfilled(id))
}
