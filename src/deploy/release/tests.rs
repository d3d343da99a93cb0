//! Releases in an Azure in memory that fails wherever it can, with one question each time: who answers the clients?

use super::*;
use crate::deploy::files::{self, Files, Overrides, Text};
use serde_json::json;

const ENDPOINT: &str = "name: anomaly\nauth_mode: key\n";
const DEPLOYMENT: &str = "endpoint_name: anomaly
model: azureml:anomaly:7
environment:
  image: scorelet:1
  inference_config:
    liveness_route: {path: /, port: 5001}
    readiness_route: {path: /, port: 5001}
    scoring_route: {path: /score, port: 5001}
instance_type: Standard_DS3_v2
instance_count: 2
request_settings: {max_concurrent_requests_per_instance: 64}
";

fn blue_and_green() -> Files {
    let (blue, green) = (format!("name: blue\n{DEPLOYMENT}"), format!("name: green\n{DEPLOYMENT}"));
    let text = |name, text| Text { name, text };
    let deployments = [text("blue.yml", blue.as_str()), text("green.yml", green.as_str())];
    files::read(text("endpoint.yml", ENDPOINT), &deployments, &Overrides::default()).unwrap().0
}

fn plan() -> Plan {
    let expected = Some(json!({ "predictions": [1, -1] }));
    Plan {
        target: Target::default(),
        release: Some("7".to_owned()),
        steps: vec![10, 50, 100],
        mirror: 0,
        bake: Duration::ZERO,
        poll: Duration::ZERO,
        timeout: Duration::from_secs(1),
        smoke: Some(Smoke { request: "r.json".into(), expected, tolerance: 0.0 }),
    }
}

fn empty() -> Rehearsal {
    Rehearsal::new("out".into(), json!({ "predictions": [1, -1], "model_version": "7" }))
}

fn blue_live() -> Rehearsal {
    empty().with_live("anomaly", "blue")
}

/// The changes asked for, without the flags that all of them have.
fn changes(report: &Report) -> Vec<String> {
    let short =
        |line: &String| line.replace("az ml online-", "").replace(" --output json", "").replace(" --name anomaly", "");
    report.changes.iter().map(short).collect()
}

fn check(mut azure: Rehearsal, plan: &Plan, outcome: Outcome, expected: &[&str]) -> Rehearsal {
    let mut report = Report::default();
    deploy(&mut azure, plan, &blue_and_green(), &mut report).unwrap();
    assert_eq!((report.outcome, changes(&report)), (outcome, expected.iter().map(|s| (*s).to_owned()).collect()));
    azure
}

#[test]
fn the_first_release_gets_everything_at_once() {
    check(
        empty(),
        &plan(),
        Outcome::Live,
        &[
            "endpoint create --file out/anomaly.yml",
            "deployment create --file out/anomaly-blue.yml",
            "endpoint update --traffic blue=100",
        ],
    );
}

#[test]
fn the_next_one_goes_beside_what_is_live() {
    let azure = check(
        blue_live(),
        &plan(),
        Outcome::Live,
        &[
            "deployment create --file out/anomaly-green.yml",
            "endpoint update --traffic 'blue=90 green=10'",
            "endpoint update --traffic 'blue=50 green=50'",
            "endpoint update --traffic 'blue=0 green=100'",
        ],
    );
    // The one after that updates what has become idle; the same one again changes nothing.
    let again = Plan { release: Some("8".into()), steps: vec![100], ..plan() };
    let azure = check(
        azure,
        &again,
        Outcome::Live,
        &["deployment update --file out/anomaly-blue.yml", "endpoint update --traffic 'blue=100 green=0'"],
    );
    check(azure, &again, Outcome::AlreadyLive, &[]);
}

#[test]
fn without_a_name_a_release_is_what_it_deploys() {
    let unnamed = Plan { release: None, ..plan() };
    let azure = check(
        blue_live(),
        &unnamed,
        Outcome::Live,
        &[
            "deployment create --file out/anomaly-green.yml",
            "endpoint update --traffic 'blue=90 green=10'",
            "endpoint update --traffic 'blue=50 green=50'",
            "endpoint update --traffic 'blue=0 green=100'",
        ],
    );
    check(azure, &unnamed, Outcome::AlreadyLive, &[]);
}

#[test]
fn traffic_is_mirrored_first_when_asked_for() {
    let mirrored = Plan { mirror: 20, steps: vec![100], ..plan() };
    check(
        blue_live(),
        &mirrored,
        Outcome::Live,
        &[
            "deployment create --file out/anomaly-green.yml",
            "endpoint update --mirror-traffic green=20",
            "endpoint update --mirror-traffic green=0",
            "endpoint update --traffic 'blue=0 green=100'",
        ],
    );
}

#[test]
fn what_broke_off_continues() {
    // Deployed and tested in one stage, given traffic in the next.
    let tested = Plan { steps: Vec::new(), ..plan() };
    let azure = check(blue_live(), &tested, Outcome::Tested, &["deployment create --file out/anomaly-green.yml"]);
    let mut azure = check(
        azure,
        &Plan { steps: vec![10], ..plan() },
        Outcome::Partial,
        &["endpoint update --traffic 'blue=90 green=10'"],
    );
    azure.set_traffic("blue=50 green=50");
    check(azure, &plan(), Outcome::Live, &["endpoint update --traffic 'blue=0 green=100'"]);
    let mut failed = blue_live();
    failed.put("green", "Failed", Some("7"));
    check(
        failed,
        &tested,
        Outcome::Tested,
        &[
            "deployment delete --endpoint-name anomaly --name green --yes",
            "deployment create --file out/anomaly-green.yml",
        ],
    );
}

#[test]
fn what_is_live_is_never_overwritten() {
    let mut azure = blue_live();
    azure.put("green", "Succeeded", Some("6"));
    azure.set_traffic("blue=90 green=10");
    let error = deploy(&mut azure, &plan(), &blue_and_green(), &mut Report::default()).unwrap_err();
    assert!(error.to_string().starts_with("every deployment given has live traffic (blue=90 green=10)"), "{error}");
    assert_eq!(azure.traffic().to_string(), "blue=90 green=10");
}

/// An Azure whose commands fail: the nth one, once or from then on.
struct Failing {
    inner: Rehearsal,
    /// How many commands still succeed.
    left: usize,
    forever: bool,
    /// Whether the failing command is carried out all the same, as when a connection is lost.
    carried_out: bool,
    /// Ends when somebody wants an end after so many waits.
    waits: usize,
    lowest: u8,
}

impl Failing {
    fn new(inner: Rehearsal, left: usize) -> Failing {
        Failing { inner, left, forever: false, carried_out: false, waits: usize::MAX, lowest: 100 }
    }
}

impl Azure for Failing {
    fn run(&mut self, command: &Command) -> Result<Answer, DeployError> {
        let fails = self.left == 0;
        self.left = if fails && !self.forever { usize::MAX } else { self.left.saturating_sub(1) };
        let answer = match fails && !self.carried_out {
            true => Answer::default(),
            false => self.inner.run(command)?,
        };
        let traffic = self.inner.traffic();
        let sum: u32 = traffic.shares().map(|(_, share)| u32::from(share)).sum();
        self.lowest = self.lowest.min(sum as u8);
        Ok(if fails {
            Answer { succeeded: false, stdout: String::new(), stderr: "ERROR: down".into() }
        } else {
            answer
        })
    }

    fn write(&mut self, name: &str, content: &Value) -> Result<PathBuf, DeployError> {
        self.inner.write(name, content)
    }

    fn wait(&mut self, _: Duration) {
        self.waits = self.waits.saturating_sub(1);
    }

    fn interrupted(&self) -> bool {
        self.waits == 0
    }

    fn say(&mut self, topic: &str, text: &str) {
        self.inner.say(topic, text);
    }
}

#[test]
fn one_failure_anywhere_harms_no_client() {
    let commands = {
        let mut azure = blue_live();
        deploy(&mut azure, &plan(), &blue_and_green(), &mut Report::default()).unwrap();
        azure.commands.len()
    };
    for (left, carried_out) in (0..commands).flat_map(|left| [(left, false), (left, true)]) {
        let mut azure = Failing { carried_out, ..Failing::new(blue_live(), left) };
        let mut report = Report::default();
        let result = deploy(&mut azure, &plan(), &blue_and_green(), &mut report);
        let traffic = azure.inner.traffic();
        assert_eq!(azure.lowest, 100, "command {left}");
        match result {
            Ok(()) => assert!(traffic.same(&Traffic::all_to("green")), "command {left}: {traffic}"),
            Err(error) => assert!(traffic.same(&Traffic::all_to("blue")), "command {left}: {traffic} {error}"),
        }
        // Started again, it comes to its end.
        let mut azure = azure.inner;
        deploy(&mut azure, &plan(), &blue_and_green(), &mut report).unwrap();
        assert!(azure.traffic().same(&Traffic::all_to("green")), "command {left}");
    }
}

#[test]
fn an_azure_that_stays_away_is_told_with_the_way_back() {
    let mut stuck = 0;
    for left in 0..20 {
        let mut azure = Failing { forever: true, ..Failing::new(blue_live(), left) };
        let mut report = Report::default();
        let Err(error) = deploy(&mut azure, &plan(), &blue_and_green(), &mut report) else { continue };
        assert_eq!(azure.lowest, 100, "command {left}");
        if let DeployError::Stuck { command, .. } = &error {
            stuck += 1;
            assert_eq!(
                command,
                "az ml online-endpoint update --name anomaly --traffic 'blue=100 green=0' --output json"
            );
            assert_eq!(report.outcome, Outcome::Stuck);
        } else {
            assert!(azure.inner.traffic().same(&Traffic::all_to("blue")), "command {left}: {error}");
        }
    }
    assert!(stuck > 0);
}

#[test]
fn a_wrong_answer_takes_the_traffic_back() {
    // Right when tested, wrong once it has traffic.
    struct Drifting(Rehearsal, usize);
    impl Azure for Drifting {
        fn run(&mut self, command: &Command) -> Result<Answer, DeployError> {
            if command.verb() == "online-endpoint invoke" {
                self.1 += 1;
                if self.1 > 1 {
                    self.0.reply = json!({ "predictions": [1, 1] });
                }
            }
            self.0.run(command)
        }
        fn write(&mut self, name: &str, content: &Value) -> Result<PathBuf, DeployError> {
            self.0.write(name, content)
        }
        fn wait(&mut self, _: Duration) {}
        fn interrupted(&self) -> bool {
            false
        }
        fn say(&mut self, _: &str, _: &str) {}
    }
    let mut azure = Drifting(blue_live(), 0);
    let mut report = Report::default();
    let error = deploy(&mut azure, &plan(), &blue_and_green(), &mut report).unwrap_err();
    let text = "green fails its test: predictions[1]: 1 where -1 is expected\n  the traffic is again as before: blue=100 green=0";
    assert_eq!((error.to_string().as_str(), report.outcome), (text, Outcome::RolledBack));
    assert!(azure.0.traffic().same(&Traffic::all_to("blue")));
}

#[test]
fn an_end_that_is_wished_for_takes_the_traffic_back() {
    let mut azure = Failing { waits: 2, ..Failing::new(blue_live(), usize::MAX) };
    let mut report = Report::default();
    let error = deploy(&mut azure, &plan(), &blue_and_green(), &mut report).unwrap_err();
    assert_eq!(error.to_string(), "interrupted\n  the traffic is again as before: blue=100 green=0");
    assert_eq!(report.outcome, Outcome::RolledBack);
}

#[test]
fn the_way_back() {
    let check = |deployments: &[(&str, &str)], traffic: &str, to: Option<&str>, expected: Result<&str, &str>| {
        let mut azure = blue_live();
        for (name, state) in deployments {
            azure.put(name, state, None);
        }
        azure.set_traffic(traffic);
        let mut report = Report::default();
        let result = roll_back(&mut azure, &plan(), "anomaly", to, &mut report);
        let found = result.map(|()| azure.traffic().to_string()).map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{traffic} {to:?}");
        if expected.is_err() {
            assert_eq!(azure.traffic().to_string(), traffic);
        }
    };
    let both = &[("blue", "Succeeded"), ("green", "Succeeded")][..];
    check(both, "blue=0 green=100", None, Ok("blue=100 green=0"));
    check(both, "blue=90 green=10", None, Ok("blue=100 green=0"));
    check(both, "blue=0 green=100", Some("blue"), Ok("blue=100 green=0"));
    check(both, "blue=100 green=0", Some("blue"), Ok("blue=100 green=0"));
    let unclear = "cannot tell what to go back to: the traffic is blue=50 green=50\n  name it with --to";
    check(both, "blue=50 green=50", None, Err(unclear));
    let failed = &[("green", "Failed")][..];
    let nothing = "cannot tell what to go back to: there is no other deployment that is ready\n  name it with --to";
    check(failed, "blue=100", None, Err(nothing));
    check(failed, "blue=100", Some("green"), Err("green cannot take the traffic back: it is Failed"));
    check(failed, "blue=100", Some("red"), Err("red cannot take the traffic back: there is blue, green"));
    let three = &[("green", "Succeeded"), ("grey", "Succeeded")][..];
    check(three, "blue=100", None, Err("cannot tell what to go back to: there is green, grey\n  name it with --to"));
}
