//! What git, or the CI system that checked out, says of the working folder. Asks no server.

use crate::registry::Git;
use std::process::{Command, Stdio};

/// Variables of CI systems that hold the commit: Azure Pipelines, GitHub, GitLab.
const COMMITS: [&str; 3] = ["BUILD_SOURCEVERSION", "GITHUB_SHA", "CI_COMMIT_SHA"];

/// The commit of the CI job, else of the working folder.
pub fn commit(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    COMMITS.iter().find_map(|name| variable(name)).or_else(|| ask(&["rev-parse", "HEAD"]))
}

/// The commit, whether files that git knows were changed since, and where it was cloned from.
pub fn state(commit: Option<String>) -> Option<Git> {
    let dirty = answer(&["status", "--porcelain", "--untracked-files=no"]).map(|changes| !changes.is_empty());
    let remote = ask(&["remote", "get-url", "origin"]).map(|url| without_user(&url));
    Some(Git { commit: commit?, dirty, remote })
}

/// What git answers, unless that is nothing.
fn ask(args: &[&str]) -> Option<String> {
    answer(args).filter(|said| !said.is_empty())
}

fn answer(args: &[&str]) -> Option<String> {
    let asked = Command::new("git").args(args).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let said = String::from_utf8(asked.ok().filter(|output| output.status.success())?.stdout).ok()?;
    Some(said.trim().to_owned())
}

/// A URL without what may be a password or token.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_of_a_remote_is_kept() {
        for (url, kept) in [
            ("https://t0ken@github.com/a/b.git", "https://github.com/a/b.git"),
            ("https://user:t0ken@host:8443/a@b", "https://host:8443/a@b"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("https://host", "https://host"),
        ] {
            assert_eq!(without_user(url), kept);
        }
    }
}
