//! Who writes, when, and with what. The only place of the registry that asks for the time or the environment.

use super::record::hex;
use crate::calendar;
use sha2::{Digest, Sha256};
use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) const TOOL: &str = concat!("scorelet ", env!("CARGO_PKG_VERSION"));

/// Variables that name the person, first those of CI systems: the user of a build machine is nobody.
const PEOPLE: [&str; 7] = [
    "BUILD_REQUESTEDFOREMAIL",
    "BUILD_REQUESTEDFOR",
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "USER",
    "LOGNAME",
    "USERNAME",
];
const LONGEST: usize = 200;

/// This moment: `2026-01-31T12:00:00Z`.
pub(super) fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    calendar::moment(i64::try_from(seconds).unwrap_or(i64::MAX / 2_000_000))
}

/// `PERSON@MACHINE`, as far as the environment tells.
pub(super) fn author() -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let person = PEOPLE.iter().find_map(|name| variable(name)).or_else(user).unwrap_or_else(|| "unknown".to_owned());
    let host = std::fs::read_to_string("/etc/hostname").ok().or_else(|| variable("HOSTNAME"));
    let host = host.map(|host| host.trim().to_owned()).filter(|host| !host.is_empty());
    let author = match host {
        Some(host) if !person.contains('@') => format!("{person}@{host}"),
        _ => person,
    };
    author.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// The user of this process, as the system's list of users has it: in containers no variable tells.
#[cfg(unix)]
fn user() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let number = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = fields.into_iter().find(|fields| fields.get(2) == Some(&number.as_str()));
    Some(found.map_or(format!("uid {number}"), |fields| fields[0].to_owned()))
}

#[cfg(not(unix))]
fn user() -> Option<String> {
    None
}

/// A text that no other call gives, here or elsewhere: from the keys that the system draws for hash tables.
pub(super) fn id() -> String {
    let (one, other) = (RandomState::new(), RandomState::new());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let seed = format!("{} {} {} {now}", one.hash_one(now), other.hash_one(now), std::process::id());
    hex(&Sha256::digest(seed)[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_moments_are_whole() {
        assert_ne!(id(), id());
        assert_eq!((id().len(), now().len()), (32, "2026-01-31T12:00:00Z".len()));
    }
}
