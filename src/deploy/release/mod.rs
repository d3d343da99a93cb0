//! A release: a version is put beside the one that is live, tested, given traffic in steps, and taken back when
//! anything goes wrong. Every step looks before it acts, so a release that broke off is continued by starting it again.
//!
//! What is live is never created, updated or deleted; all that happens to it is that its share of the traffic changes.

mod error;
mod look;
mod rehearsal;
mod rollback;
mod run;
mod smoke;

pub use error::DeployError;
pub use rehearsal::Rehearsal;
pub use rollback::roll_back;
pub use run::deploy;
pub use smoke::Smoke;

use super::command::{Answer, Command, Target};
use super::files::Traffic;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The tag by which a deployment tells which release it is of.
pub const TAG: &str = "scorelet_release";

/// Azure as this machine reaches it.
pub trait Azure {
    /// Runs `az` and waits for its end. A command that fails is an answer, not an error.
    ///
    /// # Errors
    /// When there is no `az`, or it does not end.
    fn run(&mut self, command: &Command) -> Result<Answer, DeployError>;

    /// Writes a file that a command names, and tells where.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(&mut self, name: &str, content: &Value) -> Result<PathBuf, DeployError>;

    /// Lets time pass, or less of it when somebody wants an end.
    fn wait(&mut self, time: Duration);

    /// Whether somebody wants an end.
    fn interrupted(&self) -> bool;

    /// Tells people what was done: a topic of one word, and a sentence.
    fn say(&mut self, topic: &str, text: &str);
}

/// How a release is to go.
#[derive(Debug, Clone)]
pub struct Plan {
    pub target: Target,
    /// What the release is called; without a name it has the digest of what is deployed.
    pub release: Option<String>,
    /// Shares of the traffic that the new version gets one after the other; none: it is only deployed and tested.
    pub steps: Vec<u8>,
    /// Share of the traffic that is copied to the new version before it answers any.
    pub mirror: u8,
    /// How long each share is watched.
    pub bake: Duration,
    /// How often Azure is asked for what it is still doing, and how long at most.
    pub poll: Duration,
    pub timeout: Duration,
    /// The request that the new version must answer.
    pub smoke: Option<Smoke>,
}

/// What became of a release, for scripts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    pub outcome: Outcome,
    pub endpoint: String,
    /// The deployment that got the release.
    pub deployment: Option<String>,
    pub release: Option<String>,
    pub model: Option<String>,
    pub scoring_uri: Option<String>,
    /// The deployment with most of the traffic before: where a rollback leads.
    pub previous: Option<String>,
    pub traffic_before: BTreeMap<String, u8>,
    pub traffic: BTreeMap<String, u8>,
    /// Every change that was asked for, as it can be pasted into a shell.
    pub changes: Vec<String>,
    pub error: Option<String>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing has changed for clients.
    #[default]
    Failed,
    /// Deployed and tested, without traffic.
    Tested,
    /// It has part of the traffic, as the steps said.
    Partial,
    /// It has all of the traffic.
    Live,
    /// It had it before; nothing was to do.
    AlreadyLive,
    /// What was live before has the traffic again.
    RolledBack,
    /// Traffic could not be taken back.
    Stuck,
}

impl Report {
    fn shares(traffic: &Traffic) -> BTreeMap<String, u8> {
        traffic.shares().map(|(name, share)| (name.clone(), share)).collect()
    }
}

#[cfg(test)]
mod tests;
