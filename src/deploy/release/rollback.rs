//! The way back: all traffic to the deployment that had it before. Starting it again changes nothing more.

use super::look::{Look, Seen, look};
use super::run::{Run, most};
use super::{Azure, DeployError, Outcome, Plan, Report};
use crate::deploy::files::Traffic;

/// Gives all traffic to `to`; without a name, to what has most of it while a release is under way, else to the one
/// other deployment.
///
/// # Errors
/// When there is no endpoint, when it is not clear where back leads, or when that deployment is not ready or fails its
/// test. Then nothing was changed.
pub fn roll_back(
    azure: &mut dyn Azure,
    plan: &Plan,
    endpoint: &str,
    to: Option<&str>,
    report: &mut Report,
) -> Result<(), DeployError> {
    endpoint.clone_into(&mut report.endpoint);
    let look = look(azure, plan, endpoint)?.ok_or_else(|| DeployError::NoEndpoint(endpoint.to_owned()))?;
    report.scoring_uri.clone_from(&look.scoring_uri);
    report.previous = most(&look.traffic);
    report.traffic_before = Report::shares(&look.traffic);
    report.traffic = Report::shares(&look.traffic);
    let to = match to {
        Some(name) => name.to_owned(),
        None => before(&look)?,
    };
    report.deployment = Some(to.clone());
    azure.say("endpoint", &format!("{endpoint}: {}", look.traffic));
    let back = Traffic::new(look.traffic.names().map(|name| (name.clone(), 0)).chain([(to.clone(), 100)]));
    if look.traffic.same(&back) {
        report.outcome = Outcome::AlreadyLive;
        azure.say("live", &format!("{to} has all of the traffic already"));
        return Ok(());
    }
    match look.deployment(&to) {
        Some(seen) if seen.ready() => report.release.clone_from(&seen.release),
        Some(seen) => return Err(DeployError::NoWayBack { name: to, why: format!("it is {}", seen.state) }),
        None => return Err(DeployError::NoWayBack { name: to, why: format!("there is {}", names(&look.deployments)) }),
    }
    let mut run = Run { azure, plan, endpoint, report };
    run.test(&to)?;
    run.traffic(&back)?;
    report.outcome = Outcome::RolledBack;
    azure.say("live", &format!("{to} has all of the traffic"));
    Ok(())
}

/// Where back leads when nobody says.
fn before(look: &Look) -> Result<String, DeployError> {
    let live: Vec<_> = look.traffic.live().collect();
    if live.len() > 1 {
        let shares: Vec<_> = live.iter().map(|name| look.traffic.of(name)).collect();
        let top = shares.iter().max().copied().unwrap_or_default();
        if shares.iter().filter(|share| **share == top).count() > 1 {
            return Err(DeployError::Unclear(format!("the traffic is {}", look.traffic)));
        }
        return most(&look.traffic).ok_or_else(|| DeployError::Unclear("nothing is live".to_owned()));
    }
    let others = look.deployments.iter().filter(|seen| look.traffic.of(&seen.name) == 0 && seen.ready());
    let others: Vec<_> = others.cloned().collect();
    match others.as_slice() {
        [one] => Ok(one.name.clone()),
        [] => Err(DeployError::Unclear("there is no other deployment that is ready".to_owned())),
        several => Err(DeployError::Unclear(format!("there is {}", names(several)))),
    }
}

fn names(deployments: &[Seen]) -> String {
    if deployments.is_empty() {
        return "none".to_owned();
    }
    deployments.iter().map(|seen| seen.name.as_str()).collect::<Vec<_>>().join(", ")
}
