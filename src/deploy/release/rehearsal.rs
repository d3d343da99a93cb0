//! Azure in memory: answers as the service does, so that `--dry-run` takes the path of a real release and its commands
//! are the ones that a release would run. The tests use it too, and make it fail.

use super::{Answer, Azure, Command, DeployError, TAG};
use crate::deploy::files::Traffic;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A release that runs in no one's cloud.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// Where files are written that commands name.
    pub folder: PathBuf,
    /// Every command, in order, as a line for a shell.
    pub commands: Vec<String>,
    /// What was said, in order.
    pub said: Vec<(String, String)>,
    /// Files by place, as they were written.
    pub files: BTreeMap<PathBuf, Value>,
    /// What the model answers.
    pub reply: Value,
    endpoint: Option<Value>,
    deployments: BTreeMap<String, Value>,
}

impl Rehearsal {
    /// Nothing exists yet; `reply` is what a model answers.
    pub fn new(folder: PathBuf, reply: Value) -> Rehearsal {
        Rehearsal { folder, reply, ..Rehearsal::default() }
    }

    /// As if `name` had all of the traffic of the endpoint.
    pub fn with_live(mut self, endpoint: &str, name: &str) -> Rehearsal {
        self.endpoint = Some(shown(endpoint, &json!({ name: 100 })));
        self.put(name, "Succeeded", Some("an earlier one"));
        self
    }

    /// As if there were such a deployment, with this release.
    pub fn put(&mut self, name: &str, state: &str, release: Option<&str>) {
        let value = json!({ "name": name, "provisioning_state": state, "tags": { TAG: release } });
        self.deployments.insert(name.to_owned(), value);
    }

    /// As if the endpoint had this traffic.
    pub fn set_traffic(&mut self, traffic: &str) {
        if let Some(endpoint) = &mut self.endpoint {
            endpoint["traffic"] = shares(traffic);
        }
    }

    /// What clients get.
    pub fn traffic(&self) -> Traffic {
        super::look::shares(self.endpoint.as_ref().map_or(&Value::Null, |endpoint| &endpoint["traffic"]))
    }

    fn answer(&mut self, command: &Command) -> Result<Value, String> {
        let file = || self.files.get(&PathBuf::from(command.value("--file").unwrap_or_default()));
        let name = command.value("--name").unwrap_or_default();
        let deployments = || self.deployments.values().cloned().collect::<Value>();
        match command.verb().as_str() {
            "online-endpoint list" => Ok(self.endpoint.iter().cloned().collect()),
            "online-endpoint show" => self.endpoint.clone().ok_or_else(|| "ERROR: not found".to_owned()),
            "online-endpoint create" => {
                let name = file().and_then(|file| file["name"].as_str()).unwrap_or_default().to_owned();
                self.endpoint = Some(shown(&name, &json!({})));
                Ok(Value::Null)
            }
            "online-endpoint update" => {
                let endpoint = self.endpoint.as_mut().ok_or("ERROR: not found")?;
                for (flag, field) in [("--traffic", "traffic"), ("--mirror-traffic", "mirror_traffic")] {
                    if let Some(traffic) = command.value(flag) {
                        endpoint[field] = shares(traffic);
                    }
                }
                Ok(Value::Null)
            }
            "online-endpoint invoke" => Ok(Value::from(self.reply.to_string())),
            "online-deployment list" => Ok(deployments()),
            "online-deployment create" | "online-deployment update" => {
                let mut value = file().cloned().ok_or("ERROR: no such file")?;
                let name = value["name"].as_str().unwrap_or_default().to_owned();
                let exists = self.deployments.contains_key(&name);
                if exists == command.verb().ends_with("create") {
                    return Err(format!("ERROR: {name}: already exists, or does not"));
                }
                value["provisioning_state"] = json!("Succeeded");
                self.deployments.insert(name, value);
                Ok(Value::Null)
            }
            "online-deployment delete" => Ok(self.deployments.remove(name).into()),
            "online-deployment get-logs" => Ok(Value::from("")),
            verb => Err(format!("ERROR: {verb}?")),
        }
    }
}

fn shown(name: &str, traffic: &Value) -> Value {
    json!({
        "name": name,
        "provisioning_state": "Succeeded",
        "scoring_uri": format!("https://{name}.REGION.inference.ml.azure.com/score"),
        "traffic": traffic,
        "mirror_traffic": {},
    })
}

/// `blue=90 green=10` as Azure shows it.
fn shares(text: &str) -> Value {
    let pair = |pair: &str| {
        let (name, share) = pair.split_once('=')?;
        Some((name.to_owned(), Value::from(share.parse::<u8>().ok()?)))
    };
    Value::Object(text.split(' ').filter_map(pair).collect())
}

impl Azure for Rehearsal {
    fn run(&mut self, command: &Command) -> Result<Answer, DeployError> {
        self.commands.push(command.to_string());
        Ok(match self.answer(command) {
            Ok(value) => Answer { succeeded: true, stdout: value.to_string(), stderr: String::new() },
            Err(stderr) => Answer { succeeded: false, stdout: String::new(), stderr },
        })
    }

    fn write(&mut self, name: &str, content: &Value) -> Result<PathBuf, DeployError> {
        let path = self.folder.join(name);
        self.files.insert(path.clone(), content.clone());
        Ok(path)
    }

    fn wait(&mut self, _: Duration) {}

    fn interrupted(&self) -> bool {
        false
    }

    fn say(&mut self, topic: &str, text: &str) {
        self.said.push((topic.to_owned(), text.to_owned()));
    }
}
