//! Percentages of requests by deployment.

use super::section::{Findings, NAME_RULE, Section, is_name};
use super::yaml::Kind;
use std::collections::BTreeMap;
use std::fmt;

/// Most of the traffic that may be mirrored.
const MAX_MIRRORED: i64 = 50;

/// Which deployment gets how much of the traffic, in percent. Those with none may be named or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic(BTreeMap<String, u8>);

impl Traffic {
    /// Everything goes to one deployment.
    pub fn all_to(name: &str) -> Traffic {
        Traffic([(name.to_owned(), 100)].into())
    }

    pub fn new(shares: impl IntoIterator<Item = (String, u8)>) -> Traffic {
        Traffic(shares.into_iter().collect())
    }

    pub fn of(&self, name: &str) -> u8 {
        self.0.get(name).copied().unwrap_or(0)
    }

    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// The deployments that get any.
    pub fn live(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter(|(_, share)| **share > 0).map(|(name, _)| name)
    }

    pub fn shares(&self) -> impl Iterator<Item = (&String, u8)> {
        self.0.iter().map(|(name, share)| (name, *share))
    }

    pub fn is_empty(&self) -> bool {
        self.live().next().is_none()
    }

    /// Equal but for deployments that get nothing.
    pub fn same(&self, other: &Traffic) -> bool {
        self.live().chain(other.live()).all(|name| self.of(name) == other.of(name))
    }

    /// `name` gets `share`, and the others divide the rest as they divide what they have now, to the whole percent.
    pub fn with(&self, name: &str, share: u8) -> Traffic {
        let others: Vec<_> = self.0.iter().filter(|(other, _)| *other != name).collect();
        let sum: u32 = others.iter().map(|(_, share)| u32::from(**share)).sum();
        let rest = u32::from(100 - share.min(100));
        let mut shares: BTreeMap<String, u8> = BTreeMap::new();
        let (mut given, mut counted) = (0, 0);
        for (other, old) in others {
            // Whole percents that add up: each gets what the sum up to it is due, less what was given.
            counted += u32::from(*old);
            let due = (counted * rest).checked_div(sum).unwrap_or_default();
            shares.insert(other.clone(), (due - given) as u8);
            given = due;
        }
        shares.insert(name.to_owned(), if sum == 0 { 100 } else { share });
        Traffic(shares)
    }

    /// Reads `traffic` or `mirror_traffic`.
    pub(super) fn read(field: &str, section: &Section, findings: &mut Findings) -> Traffic {
        let Some(node) = section.get(field) else { return Traffic::default() };
        let Kind::Map(entries) = &node.kind else {
            section.error(field, findings, format!("is {}, not percentages by deployment", node.what()));
            return Traffic::default();
        };
        let mut shares = BTreeMap::new();
        for (key, value) in entries {
            let path = format!("{}.{}", section.named(field), key.name);
            if !is_name(&key.name) {
                findings.error(key.line, &path, format!("{:?} cannot be a deployment: {NAME_RULE}", key.name));
            }
            match value.kind {
                Kind::Integer(share @ 0..=100) => drop(shares.insert(key.name.clone(), share as u8)),
                _ => findings.error(key.line, &path, "must be a whole number from 0 to 100"),
            }
        }
        Traffic(shares)
    }

    /// The service's rules, which Microsoft's offline check does not know.
    pub(super) fn check(live: &Traffic, mirrored: &Traffic, section: &Section, findings: &mut Findings) {
        let sum: i64 = live.0.values().map(|share| i64::from(*share)).sum();
        if sum != 0 && sum != 100 {
            section.error(
                "traffic",
                findings,
                format!("the percentages add up to {sum}; they must to 100, or all be 0"),
            );
        }
        let names: Vec<_> = mirrored.live().collect();
        if names.len() > 1 {
            section.error("mirror_traffic", findings, "traffic is mirrored to one deployment at most");
        }
        for name in names {
            if i64::from(mirrored.of(name)) > MAX_MIRRORED {
                let what = format!("{name:?} gets {} %; at most {MAX_MIRRORED} can be mirrored", mirrored.of(name));
                section.error("mirror_traffic", findings, what);
            }
            if live.of(name) > 0 {
                let what = format!("{name:?} has live traffic; a deployment gets live or mirrored traffic, never both");
                section.error("mirror_traffic", findings, what);
            }
            if live.is_empty() {
                section.error("mirror_traffic", findings, "there is no live traffic that could be mirrored");
            }
        }
    }
}

/// As `az` takes it: `blue=90 green=10`.
impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, share)) in self.0.iter().enumerate() {
            write!(f, "{}{name}={share}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(text: &str) -> Traffic {
        let pair = |pair: &str| pair.split_once('=').map(|(name, share)| (name.to_owned(), share.parse().unwrap()));
        Traffic::new(text.split(' ').filter_map(pair))
    }

    #[test]
    fn the_others_divide_the_rest() {
        let check = |before: &str, name: &str, share: u8, expected: &str| {
            assert_eq!(traffic(before).with(name, share).to_string(), expected, "{before}, {name}={share}");
        };
        check("blue=100", "green", 10, "blue=90 green=10");
        check("blue=90 green=10", "green", 50, "blue=50 green=50");
        check("blue=90 green=10", "green", 100, "blue=0 green=100");
        check("blue=90 green=10", "green", 0, "blue=100 green=0");
        check("a=50 b=25 c=25", "d", 10, "a=45 b=22 c=23 d=10");
        check("a=34 b=33 c=33", "d", 99, "a=0 b=0 c=1 d=99");
        check("", "blue", 10, "blue=100");
        check("blue=0", "green", 10, "blue=0 green=100");
    }

    #[test]
    fn those_with_nothing_do_not_count() {
        assert!(traffic("blue=100 green=0").same(&traffic("blue=100")));
        assert!(!traffic("blue=90 green=10").same(&traffic("blue=100")));
        assert!(traffic("blue=0").is_empty());
    }
}
