//! What happened to a model after its versions were registered: aliases moved, verdicts, archived versions. Events are
//! only ever added; what holds now follows from all of them, in their order.

use super::record;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub format: u64,
    pub sequence: u64,
    /// Random; by it a writer whose answer was lost knows its own event.
    pub id: String,
    pub at: String,
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// An alias means another version from now on, or none.
    Alias {
        alias: String,
        version: Option<u64>,
        /// What it meant before.
        from: Option<u64>,
        /// Whether this was a promotion, which asks for a verdict.
        #[serde(default)]
        promoted: bool,
        /// Whether it was one without a passed verdict, for the reason of the event.
        #[serde(default)]
        overridden: bool,
    },
    /// A gate has judged a version.
    Verdict {
        version: u64,
        /// Of the record that was judged.
        digest: String,
        passed: bool,
        verdict: Value,
        /// The registry and version where it was judged, if elsewhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        judged_in: Option<String>,
    },
    Archived {
        version: u64,
    },
    Restored {
        version: u64,
    },
    /// What a later scorelet writes and this one does not know.
    #[serde(other)]
    Unknown,
}

/// What holds after all events of a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The version that each alias means.
    pub aliases: BTreeMap<String, u64>,
    pub archived: BTreeSet<u64>,
    /// The last verdict over each version: the digest that was judged, and whether it passed.
    pub verdicts: BTreeMap<u64, (String, bool)>,
}

impl Event {
    /// The versions that it is about.
    pub fn concerns(&self) -> Vec<u64> {
        match &self.what {
            What::Alias { version, from, .. } => version.iter().chain(from).copied().collect(),
            What::Verdict { version, .. } | What::Archived { version } | What::Restored { version } => vec![*version],
            What::Unknown => Vec::new(),
        }
    }

    /// Reads event number `sequence`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(bytes: &[u8], sequence: u64) -> Result<Event, String> {
        let event: Event = record::parse(bytes)?;
        if event.sequence != sequence {
            return Err(format!("it says that it is event {}", event.sequence));
        }
        Ok(event)
    }
}

impl State {
    /// What follows from events in their order.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> State {
        let mut state = State::default();
        for event in events {
            match &event.what {
                What::Alias { alias, version: Some(version), .. } => {
                    state.aliases.insert(alias.clone(), *version);
                }
                What::Alias { alias, version: None, .. } => {
                    state.aliases.remove(alias);
                }
                What::Verdict { version, digest, passed, .. } => {
                    state.verdicts.insert(*version, (digest.clone(), *passed));
                }
                What::Archived { version } => {
                    state.archived.insert(*version);
                }
                What::Restored { version } => {
                    state.archived.remove(version);
                }
                What::Unknown => {}
            }
        }
        state
    }

    /// The aliases of a version, in order.
    pub fn aliases_of(&self, version: u64) -> Vec<&str> {
        self.aliases.iter().filter(|(_, meant)| **meant == version).map(|(alias, _)| alias.as_str()).collect()
    }

    /// Whether the last verdict over this content of the version passed; `None` where there is none.
    pub fn verdict(&self, version: u64, digest: &str) -> Option<bool> {
        self.verdicts.get(&version).filter(|(judged, _)| judged == digest).map(|(_, passed)| *passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(sequence: u64, what: Value) -> Event {
        let mut event = json!({"format": 1, "sequence": sequence, "id": "x", "at": "", "by": ""});
        event.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        Event::parse(event.to_string().as_bytes(), sequence).unwrap()
    }

    #[test]
    fn the_state_is_the_fold_of_events() {
        let verdict =
            |passed: bool| json!({"event": "verdict", "version": 2, "digest": "d", "passed": passed, "verdict": {}});
        let events = [
            event(1, json!({"event": "alias", "alias": "champion", "version": 1, "from": null})),
            event(2, verdict(true)),
            event(3, json!({"event": "alias", "alias": "champion", "version": 2, "from": 1, "promoted": true})),
            event(4, json!({"event": "alias", "alias": "staging", "version": 2, "from": null})),
            event(5, json!({"event": "archived", "version": 1})),
            event(6, json!({"event": "painted", "colour": "blue"})),
            event(7, json!({"event": "alias", "alias": "staging", "version": null, "from": 2})),
            event(8, verdict(false)),
            event(9, json!({"event": "restored", "version": 1})),
        ];
        let state = State::of(&events[..5]);
        assert_eq!(state.aliases_of(2), ["champion", "staging"]);
        assert_eq!((state.verdict(2, "d"), state.verdict(2, "other"), state.verdict(1, "d")), (Some(true), None, None));
        assert!(state.archived.contains(&1));
        let state = State::of(&events);
        assert_eq!((state.aliases_of(2), state.verdict(2, "d")), (vec!["champion"], Some(false)));
        assert!(state.archived.is_empty());
    }

    #[test]
    fn an_event_that_lies_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = Event::parse(text.as_bytes(), 1).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        let whole = r#"{"format":1,"sequence":2,"id":"","at":"","by":"","event":"archived","version":1}"#;
        check(whole, "it says that it is event 2");
        check(&whole.replace("\"format\":1", "\"format\":9"), "it has format 9");
        check(&whole.replace("\"version\":1", "\"version\":-1"), "invalid value");
        check("", "EOF");
        check("[1]", "invalid");
    }
}
