//! Every parameter of every estimator as a flag with scikit-learn's name: `--n-estimators 200`, `--max-features sqrt`.
//!
//! Values are Python literals, kept as text until the estimator is known; whether it has such a parameter is said then.

use crate::train::params::{Estimator, Literal};
use clap::{Arg, ArgMatches, Command, Error, FromArgMatches};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Parameters that were given, by scikit-learn's names, as Python literals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Parameters(pub BTreeMap<String, String>);

/// A flag of `train` itself.
const OWN: &str = "random_state";
const HEADING: &str = "Parameters of the estimator, as in scikit-learn";

impl Parameters {
    /// The values, for the estimator to check.
    pub fn literals(&self) -> BTreeMap<String, Literal> {
        self.0.iter().map(|(name, text)| (name.clone(), Literal::parse(text))).collect()
    }
}

/// What the estimator in a command line of `train` takes, for who typed a flag that there is none of.
pub(in crate::cli) fn hint(words: &[String]) -> Option<String> {
    let at = words.iter().position(|word| word == "train")?;
    let mut rest = words[at + 1..].iter();
    let name = loop {
        let word = rest.next()?;
        match word.strip_prefix("--estimator") {
            Some("") => break rest.next()?.as_str(),
            Some(value) => break value.strip_prefix('=')?,
            None => {}
        }
    };
    let estimator = Estimator::named(name).ok()?;
    let params = estimator.defaults();
    let flags: Vec<String> = params.params.iter().map(|(name, _)| format!("--{}", name.replace('_', "-"))).collect();
    Some(format!("{name} takes {}; see --help for the rest", flags.join(", ")))
}

/// Each name with the estimators that have it and their default, where they agree.
fn known() -> BTreeMap<&'static str, (Vec<&'static str>, Option<String>)> {
    let mut known = BTreeMap::<_, (Vec<_>, Option<String>)>::new();
    for estimator in Estimator::ALL {
        for (name, default) in estimator.defaults().params.iter().filter(|(name, _)| *name != OWN) {
            let default = default.to_string();
            let (estimators, agreed) = known.entry(name).or_insert_with(|| (Vec::new(), Some(default.clone())));
            estimators.push(estimator.class().name);
            *agreed = agreed.take().filter(|agreed| *agreed == default);
        }
    }
    known
}

impl clap::Args for Parameters {
    fn augment_args(command: Command) -> Command {
        known().into_iter().fold(command, |command, (name, (estimators, default))| {
            let default = default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
            let flag = name.replace('_', "-");
            let arg = Arg::new(name)
                .help(format!("Of {}{default}", estimators.join(", ")))
                .env(format!("SCORELET_{}", name.to_uppercase()))
                .long(flag)
                .value_name("VALUE")
                .allow_hyphen_values(true)
                .hide_short_help(true)
                .help_heading(HEADING);
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Parameters {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given =
            known().into_keys().filter_map(|name| Some((name.to_owned(), matches.get_one::<String>(name)?.clone())));
        Ok(Parameters(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.extend(Self::from_arg_matches(matches)?.0);
        Ok(())
    }
}
