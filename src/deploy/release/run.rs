//! The release itself: look, create or update beside what is live, test, shift, and back when anything fails.

use super::look::{Look, Seen, ask, find, is_busy, look, shares, show};
use super::{Azure, Command, DeployError, Outcome, Plan, Report};
use crate::deploy::files::{Deployment, Files, Traffic};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How often a change of traffic, and a test, is tried.
const ATTEMPTS: usize = 3;
/// How often Azure is asked for traffic that was just set: what it shows lags behind.
const LOOKS: usize = 5;

/// Brings the files' version to its share of the traffic.
///
/// # Errors
/// Why it did not get there. Then what was live before is live again, unless the error is [`DeployError::Stuck`].
pub fn deploy(azure: &mut dyn Azure, plan: &Plan, files: &Files, report: &mut Report) -> Result<(), DeployError> {
    report.endpoint.clone_from(&files.endpoint.name);
    let mut run = Run { azure, plan, endpoint: &files.endpoint.name, report };
    let look = run.endpoint(files)?;
    run.seen(&look);
    let (deployment, release) = choose(files, plan, &look)?;
    run.report.deployment = Some(deployment.name.clone());
    run.report.release = Some(release.clone());
    run.report.model = deployment.model().map(str::to_owned);
    run.unmirrored(&look, &deployment.name)?;
    run.deployment(deployment, &release, &look)?;
    run.test(&deployment.name)?;
    run.shift(&deployment.name, &look.traffic)
}

/// Which deployment gets the release: the one that has it, else the first without traffic.
fn choose<'f>(files: &'f Files, plan: &Plan, look: &Look) -> Result<(&'f Deployment, String), DeployError> {
    let named = |deployment: &Deployment| plan.release.clone().unwrap_or_else(|| digest(deployment));
    let has = |deployment: &&Deployment| {
        look.deployment(&deployment.name).is_some_and(|seen| seen.release.as_ref() == Some(&named(deployment)))
    };
    let with = files.deployments.iter().filter(has).max_by_key(|deployment| look.traffic.of(&deployment.name));
    let free = || files.deployments.iter().find(|deployment| look.traffic.of(&deployment.name) == 0);
    match with.or_else(free) {
        Some(deployment) => Ok((deployment, named(deployment))),
        None => {
            let release = plan.release.clone().unwrap_or_else(|| "these files".to_owned());
            Err(DeployError::NoneFree { traffic: look.traffic.to_string(), release })
        }
    }
}

/// A name for what has none: the beginning of the digest of what is deployed.
fn digest(deployment: &Deployment) -> String {
    let digest = Sha256::digest(deployment.content().to_string());
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// One release under way.
pub(super) struct Run<'r> {
    pub azure: &'r mut dyn Azure,
    pub plan: &'r Plan,
    pub endpoint: &'r str,
    pub report: &'r mut Report,
}

impl Run<'_> {
    /// The endpoint, made if it was not there, once nothing is being done to it.
    fn endpoint(&mut self, files: &Files) -> Result<Look, DeployError> {
        let missing = || DeployError::NoEndpoint(files.endpoint.name.clone());
        let mut found = match look(self.azure, self.plan, self.endpoint)? {
            Some(look) => {
                self.settings_kept(files, &look);
                look
            }
            None => {
                let file = self.azure.write(&format!("{}.yml", self.endpoint), &files.endpoint.to_create())?;
                let create = Command::create_endpoint(&self.plan.target, &file);
                let failure = self.change(&create, "creating the endpoint")?;
                // Whatever az says, what is there counts: it may have been made though az lost sight of it.
                let look =
                    look(self.azure, self.plan, self.endpoint)?.ok_or_else(|| failure.unwrap_or_else(missing))?;
                self.azure.say("endpoint", &format!("{} is created", self.endpoint));
                look
            }
        };
        for _ in 0..self.polls() {
            if !is_busy(&found.state) {
                break;
            }
            self.pause()?;
            found = look(self.azure, self.plan, self.endpoint)?.ok_or_else(missing)?;
        }
        match found.state.eq_ignore_ascii_case("Succeeded") {
            true => Ok(found),
            false => Err(DeployError::Endpoint { name: self.endpoint.to_owned(), state: found.state }),
        }
    }

    /// An endpoint that exists is left as it is: `az` updates one from a file by replacing its traffic, too.
    fn settings_kept(&mut self, files: &Files, look: &Look) {
        for field in ["auth_mode", "description", "public_network_access"] {
            let (Some(wanted), Some(found)) = (files.endpoint.text(field), look.shown[field].as_str()) else {
                continue;
            };
            if wanted != found {
                let text = format!("{field} is {found:?} and stays so, though {} says {wanted:?}", files.endpoint.file);
                self.azure.say("note", &text);
            }
        }
    }

    /// Tells and notes what is there.
    fn seen(&mut self, look: &Look) {
        let live = if look.traffic.is_empty() { "nothing is live".to_owned() } else { look.traffic.to_string() };
        self.azure.say("endpoint", &format!("{}: {live}", self.endpoint));
        self.report.scoring_uri.clone_from(&look.scoring_uri);
        self.report.traffic_before = Report::shares(&look.traffic);
        self.report.traffic = Report::shares(&look.traffic);
    }

    /// Takes mirrored traffic away from what is about to change.
    fn unmirrored(&mut self, look: &Look, name: &str) -> Result<(), DeployError> {
        if look.mirror.of(name) == 0 {
            return Ok(());
        }
        self.mirror(name, 0)
    }

    /// The deployment with this release in it, ready.
    fn deployment(&mut self, deployment: &Deployment, release: &str, look: &Look) -> Result<(), DeployError> {
        let name = &deployment.name;
        let mut seen = look.deployment(name).cloned();
        if seen.as_ref().is_some_and(Seen::busy) {
            seen = self.settled(name)?;
        }
        let has_release = |seen: &Seen| seen.ready() && seen.release.as_deref() == Some(release);
        if seen.as_ref().is_some_and(has_release) {
            self.azure.say("deploy", &format!("{name} has release {release} already"));
            return Ok(());
        }
        let file = self.azure.write(&format!("{}-{name}.yml", self.endpoint), &deployment.to_release(release))?;
        if seen.as_ref().is_some_and(|seen| !seen.ready()) {
            // What has failed once cannot be updated; it has no traffic, so nobody misses it.
            let delete = Command::delete_deployment(&self.plan.target, self.endpoint, name);
            self.change(&delete, "deleting what had failed")?.map_or(Ok(()), Err)?;
            self.settled(name)?;
            seen = None;
        }
        let (command, doing) = match seen {
            Some(_) => (Command::update_deployment(&self.plan.target, &file), "updated"),
            None => (Command::create_deployment(&self.plan.target, &file), "created"),
        };
        let model = deployment.model().unwrap_or("the image's own model");
        self.azure.say("deploy", &format!("release {release} goes to {name}: {model}"));
        let failure = self.change(&command, &format!("deploying {name}"))?;
        match self.settled(name)? {
            Some(seen) if has_release(&seen) => {
                self.azure.say("deploy", &format!("{name} is {doing} and ready"));
                Ok(())
            }
            Some(seen) if failure.is_none() && seen.ready() => Ok(()),
            Some(seen) if !seen.ready() => Err(self.not_ready(name, &seen.state)),
            _ => Err(failure.unwrap_or_else(|| self.not_ready(name, "absent"))),
        }
    }

    /// The deployment once nothing is being done to it.
    fn settled(&mut self, name: &str) -> Result<Option<Seen>, DeployError> {
        let mut state = String::new();
        for _ in 0..self.polls() {
            match find(self.azure, self.plan, self.endpoint, name)? {
                Some(seen) if seen.busy() => state = seen.state,
                other => return Ok(other),
            }
            self.pause()?;
        }
        Err(DeployError::Slow { name: name.to_owned(), state, minutes: self.plan.timeout.as_secs() / 60 })
    }

    fn not_ready(&mut self, name: &str, state: &str) -> DeployError {
        let logs = Command::logs(&self.plan.target, self.endpoint, name);
        let log = self.azure.run(&logs).map(|answer| answer.stdout).unwrap_or_default();
        // Some versions print the text as JSON.
        let log = serde_json::from_str::<String>(log.trim()).unwrap_or(log);
        DeployError::NotReady { name: name.to_owned(), state: state.to_owned(), log }
    }

    /// Asks the deployment itself, whatever its traffic.
    pub fn test(&mut self, name: &str) -> Result<(), DeployError> {
        let plan = self.plan;
        let Some(smoke) = &plan.smoke else { return Ok(()) };
        let invoke = Command::invoke(&plan.target, self.endpoint, Some(name), &smoke.request);
        let mut what = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                self.pause()?;
            }
            let answer = self.azure.run(&invoke)?;
            let checked = match answer.succeeded {
                true => smoke.check(&answer.stdout),
                false => Err(DeployError::failed("asking it", &invoke, &answer.stderr).to_string()),
            };
            match checked {
                Ok(rows) => {
                    let compared = if smoke.expected.is_some() { ", as expected" } else { "" };
                    self.azure.say("test", &format!("{name} answers with {rows} predictions{compared}"));
                    return Ok(());
                }
                Err(why) => what = why,
            }
        }
        Err(DeployError::Smoke { name: name.to_owned(), what })
    }

    /// Gives the deployment its shares, one after the other, each watched; takes all back when one is not borne.
    fn shift(&mut self, name: &str, before: &Traffic) -> Result<(), DeployError> {
        let has = before.of(name);
        let others_live = before.live().any(|other| other != name);
        let back = if others_live { before.with(name, 0) } else { Traffic::new([(name.to_owned(), 0)]) };
        self.report.previous = most(&back);
        if has == 100 {
            self.report.outcome = Outcome::AlreadyLive;
            self.azure.say("live", &format!("{name} has all of the traffic already"));
            return Ok(());
        }
        let Some(last) = self.plan.steps.last().copied() else {
            self.report.outcome = Outcome::Tested;
            self.azure.say("done", &format!("{name} is ready and has no traffic"));
            return Ok(());
        };
        if let Err(cause) = self.steps(name, before, others_live) {
            return Err(self.back(cause, &back, before));
        }
        let live = !others_live || last == 100;
        self.report.outcome = if live { Outcome::Live } else { Outcome::Partial };
        match (live, &self.report.previous) {
            (true, Some(previous)) => {
                self.azure.say("live", &format!("{name} has all of the traffic; {previous} is kept for --rollback"));
            }
            (true, None) => self.azure.say("live", &format!("{name} has all of the traffic")),
            (false, _) => self.azure.say("done", &format!("{name} has {last} % of the traffic")),
        }
        Ok(())
    }

    fn steps(&mut self, name: &str, before: &Traffic, others_live: bool) -> Result<(), DeployError> {
        if self.plan.mirror > 0 && others_live && before.of(name) == 0 {
            self.mirror(name, self.plan.mirror)?;
            let watched = self.watch(name);
            // Off again in any case, and the first failure counts.
            let off = self.mirror(name, 0);
            watched.and(off)?;
        }
        let steps = self.plan.steps.clone();
        // Without anything beside it there is nothing to divide: the first step is the last.
        let first = if others_live { 0 } else { steps.len() - 1 };
        for share in steps.into_iter().skip(first).filter(|share| *share > before.of(name)) {
            self.stop_if_asked()?;
            self.traffic(&before.with(name, share))?;
            self.watch(name)?;
        }
        Ok(())
    }

    /// Waits as long as a share is to be watched, then tests again.
    fn watch(&mut self, name: &str) -> Result<(), DeployError> {
        self.azure.wait(self.plan.bake);
        self.stop_if_asked()?;
        self.test(name)
    }

    /// Sets the traffic and sees that it is set.
    pub fn traffic(&mut self, traffic: &Traffic) -> Result<(), DeployError> {
        let asked = traffic.to_string();
        let command = Command::set_traffic(&self.plan.target, self.endpoint, &asked);
        self.insist(&command, "shifting traffic")?;
        let mut found = Traffic::default();
        for attempt in 0..LOOKS {
            if attempt > 0 {
                self.azure.wait(self.plan.poll);
            }
            found = shares(&show(self.azure, self.plan, self.endpoint)?["traffic"]);
            if found.same(traffic) {
                self.report.traffic = Report::shares(&found);
                self.azure.say("traffic", &asked);
                return Ok(());
            }
        }
        Err(DeployError::Traffic { asked, found: found.to_string() })
    }

    fn mirror(&mut self, name: &str, share: u8) -> Result<(), DeployError> {
        let asked = format!("{name}={share}");
        self.insist(&Command::set_mirror(&self.plan.target, self.endpoint, &asked), "mirroring traffic")?;
        self.azure.say("mirror", &asked);
        Ok(())
    }

    /// Gives the traffic back, and says how it all ended.
    fn back(&mut self, cause: DeployError, back: &Traffic, before: &Traffic) -> DeployError {
        let cause = Box::new(cause);
        let untouched = self.report.traffic == Report::shares(before)
            && shown_traffic(self.azure, self.plan, self.endpoint).is_some_and(|found| found.same(before));
        if untouched && before.same(back) {
            return *cause;
        }
        self.azure.say("rollback", &format!("{cause}").replace('\n', " "));
        match self.traffic(back) {
            Ok(()) => {
                self.report.outcome = Outcome::RolledBack;
                DeployError::RolledBack { cause, traffic: back.to_string() }
            }
            Err(failure) => {
                self.report.outcome = Outcome::Stuck;
                let command = Command::set_traffic(&self.plan.target, self.endpoint, &back.to_string()).to_string();
                DeployError::Stuck { cause, failure: Box::new(failure), command }
            }
        }
    }

    /// A change that may be asked for again without harm.
    fn insist(&mut self, command: &Command, doing: &str) -> Result<(), DeployError> {
        let mut failure = None;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                self.azure.wait(self.plan.poll);
            }
            failure = self.change(command, doing)?;
            if failure.is_none() {
                break;
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Runs what changes something, and keeps it for the report. Its failure is handed back: Azure may have done it.
    fn change(&mut self, command: &Command, doing: &str) -> Result<Option<DeployError>, DeployError> {
        self.report.changes.push(command.to_string());
        let answer = self.azure.run(command)?;
        Ok((!answer.succeeded).then(|| DeployError::failed(doing, command, &answer.stderr)))
    }

    fn pause(&mut self) -> Result<(), DeployError> {
        self.azure.wait(self.plan.poll);
        self.stop_if_asked()
    }

    fn stop_if_asked(&self) -> Result<(), DeployError> {
        if self.azure.interrupted() { Err(DeployError::Interrupted) } else { Ok(()) }
    }

    /// How often Azure is asked before it is given up.
    fn polls(&self) -> usize {
        let poll = self.plan.poll.max(Duration::from_millis(100));
        1 + usize::try_from(self.plan.timeout.as_millis() / poll.as_millis()).unwrap_or(usize::MAX - 1)
    }
}

/// The deployment with most of the traffic.
pub(super) fn most(traffic: &Traffic) -> Option<String> {
    let live = traffic.shares().filter(|(_, share)| *share > 0);
    live.max_by_key(|(_, share)| *share).map(|(name, _)| name.clone())
}

fn shown_traffic(azure: &mut dyn Azure, plan: &Plan, endpoint: &str) -> Option<Traffic> {
    let shown = ask(azure, plan, &Command::show_endpoint(&plan.target, endpoint), "looking at the traffic").ok()?;
    Some(shares(&shown["traffic"]))
}
