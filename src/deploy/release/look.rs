//! What Azure has: the endpoint, its deployments and its traffic, out of what `az` prints.

use super::{Azure, Command, DeployError, Plan, TAG};
use crate::deploy::files::Traffic;
use serde_json::Value;

/// How often a question is asked that got no answer.
const ATTEMPTS: usize = 3;

/// The endpoint as it is.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub state: String,
    pub scoring_uri: Option<String>,
    pub traffic: Traffic,
    pub mirror: Traffic,
    pub deployments: Vec<Seen>,
    /// What `az` showed of the endpoint itself.
    pub shown: Value,
}

/// A deployment as it is.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub name: String,
    /// `Succeeded`, `Creating`, `Updating`, `Deleting`, `Failed`, …
    pub state: String,
    pub release: Option<String>,
}

impl Seen {
    /// Something is still being done to it.
    pub fn busy(&self) -> bool {
        is_busy(&self.state)
    }

    pub fn ready(&self) -> bool {
        self.state.eq_ignore_ascii_case("Succeeded")
    }
}

pub(super) fn is_busy(state: &str) -> bool {
    ["creating", "updating", "deleting", "provisioning", "scaling"].contains(&state.to_lowercase().as_str())
}

impl Look {
    pub fn deployment(&self, name: &str) -> Option<&Seen> {
        self.deployments.iter().find(|seen| seen.name == name)
    }
}

/// The endpoint, if there is one.
///
/// # Errors
/// When Azure cannot be asked.
pub(super) fn look(azure: &mut dyn Azure, plan: &Plan, endpoint: &str) -> Result<Option<Look>, DeployError> {
    let list = Command::list_endpoints(&plan.target);
    let all = ask(azure, plan, &list, "looking for the endpoint")?;
    let all = all.as_array().ok_or_else(|| DeployError::answer(&list, "no list of endpoints"))?;
    if !all.iter().any(|one| one["name"] == endpoint) {
        return Ok(None);
    }
    let shown = show(azure, plan, endpoint)?;
    let list = Command::list_deployments(&plan.target, endpoint);
    let deployments = ask(azure, plan, &list, "listing the deployments")?;
    let deployments = deployments.as_array().ok_or_else(|| DeployError::answer(&list, "no list of deployments"))?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Ok(Some(Look {
        state: text(&shown["provisioning_state"]).unwrap_or_default(),
        scoring_uri: text(&shown["scoring_uri"]),
        traffic: shares(&shown["traffic"]),
        mirror: shares(&shown["mirror_traffic"]),
        deployments: deployments.iter().filter_map(seen).collect(),
        shown,
    }))
}

/// What `az` shows of the endpoint.
pub(super) fn show(azure: &mut dyn Azure, plan: &Plan, endpoint: &str) -> Result<Value, DeployError> {
    ask(azure, plan, &Command::show_endpoint(&plan.target, endpoint), "looking at the endpoint")
}

/// A deployment by name; nothing when it is not, or no longer, there.
pub(super) fn find(
    azure: &mut dyn Azure,
    plan: &Plan,
    endpoint: &str,
    name: &str,
) -> Result<Option<Seen>, DeployError> {
    let list = Command::list_deployments(&plan.target, endpoint);
    let all = ask(azure, plan, &list, "looking at the deployment")?;
    let all = all.as_array().ok_or_else(|| DeployError::answer(&list, "no list of deployments"))?;
    Ok(all.iter().filter_map(seen).find(|seen| seen.name == name))
}

fn seen(value: &Value) -> Option<Seen> {
    Some(Seen {
        name: value["name"].as_str()?.to_owned(),
        state: value["provisioning_state"].as_str().unwrap_or("unknown").to_owned(),
        release: value["tags"][TAG].as_str().map(str::to_owned),
    })
}

/// Percentages by deployment, as `az` shows them.
pub(super) fn shares(value: &Value) -> Traffic {
    let shares = value.as_object().into_iter().flatten();
    Traffic::new(shares.filter_map(|(name, share)| Some((name.clone(), u8::try_from(share.as_u64()?).ok()?))))
}

/// A question that changes nothing: asked again when there is no answer, for networks fail.
pub(super) fn ask(azure: &mut dyn Azure, plan: &Plan, command: &Command, doing: &str) -> Result<Value, DeployError> {
    let mut said = String::new();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            azure.wait(plan.poll);
        }
        let answer = azure.run(command)?;
        if answer.succeeded {
            let parsed = serde_json::from_str(answer.stdout.trim());
            return parsed.map_err(|error| DeployError::answer(command, error.to_string()));
        }
        said = answer.stderr;
    }
    Err(DeployError::failed(doing, command, &said))
}
