//! Names of models, versions and aliases: what is legal, what a reference says, and which known name is nearest to one
//! that does not exist.

use super::RegistryError;
use std::fmt;

/// Characters of a name or alias; what a file name may have.
const LONGEST: usize = 255;

/// What `NAME`, `NAME@7`, `NAME@latest` and `NAME@champion` say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub name: String,
    pub which: Which,
}

/// Which version of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The highest that is not archived.
    Latest,
    Version(u64),
    Alias(String),
}

impl Reference {
    /// Reads `NAME[@VERSION|@ALIAS]`.
    ///
    /// # Errors
    /// When the name, version or alias is none.
    pub fn parse(text: &str) -> Result<Reference, RegistryError> {
        let (name, which) = text.split_once('@').map_or((text, None), |(name, which)| (name, Some(which)));
        check_name(name)?;
        let which = which.map_or(Ok(Which::Latest), Which::parse)?;
        Ok(Reference { name: name.to_owned(), which })
    }
}

impl Which {
    /// Reads what stands behind the `@`: `7`, `v7`, `latest`, or an alias.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Which, RegistryError> {
        if text == "latest" {
            return Ok(Which::Latest);
        }
        if is_number(text.strip_prefix(['v', 'V']).unwrap_or(text)) {
            let number = text.trim_start_matches(['v', 'V']).parse().ok().filter(|number| *number > 0);
            let rule = "versions are whole numbers from 1";
            return number.map(Which::Version).ok_or_else(|| illegal("version", text, rule));
        }
        check_alias(text)?;
        Ok(Which::Alias(text.to_owned()))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.which {
            Which::Latest => write!(f, "{}", self.name),
            Which::Version(version) => write!(f, "{}@{version}", self.name),
            Which::Alias(alias) => write!(f, "{}@{alias}", self.name),
        }
    }
}

/// # Errors
/// When a model may not have this name; Azure's rule, so that a name is legal there, too.
pub fn check_name(name: &str) -> Result<(), RegistryError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && name.len() <= LONGEST && name.chars().all(legal) {
        return Ok(());
    }
    let rule = "a name has up to 255 letters, digits, '.', '-' and '_', and begins with a letter or digit";
    Err(illegal("model name", name, rule))
}

/// # Errors
/// When an alias may not have this name; MLflow's rule, which keeps `latest` and `v7` for versions.
pub fn check_alias(alias: &str) -> Result<(), RegistryError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let version = is_number(alias.strip_prefix(['v', 'V']).unwrap_or(alias));
    let rule = if alias.eq_ignore_ascii_case("latest") {
        "it always means the highest version"
    } else if version {
        "it would look like a version"
    } else if alias.is_empty() || alias.len() > LONGEST || !alias.chars().all(legal) {
        "an alias has up to 255 letters, digits, '-' and '_'"
    } else {
        return Ok(());
    };
    Err(illegal("alias", alias, rule))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn illegal(what: &'static str, text: &str, rule: &'static str) -> RegistryError {
    RegistryError::Illegal { what, text: text.chars().take(LONGEST + 1).collect(), rule }
}

/// How many names a message lists.
const LISTED: usize = 20;

/// What there is instead of `wanted`: the nearest first where one is near, then a few.
pub(super) fn alternatives(wanted: &str, known: &[String]) -> String {
    let distance = |known: &&String| strsim::damerau_levenshtein(&wanted.to_lowercase(), &known.to_lowercase());
    let nearest = known.iter().min_by_key(distance).filter(|known| distance(known) <= 1 + known.len() / 3);
    let listed = known[..known.len().min(LISTED)].join(", ");
    let more = if known.len() > LISTED { format!(" and {} more", known.len() - LISTED) } else { String::new() };
    match nearest {
        _ if known.is_empty() => "there is none".to_owned(),
        Some(nearest) => format!("did you mean {nearest}? There are: {listed}{more}"),
        None => format!("there are: {listed}{more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_a_version() {
        let check = |text: &str, name: &str, which: Which| {
            let expected = Reference { name: name.to_owned(), which };
            assert_eq!(Reference::parse(text).unwrap(), expected, "{text}");
        };
        check("fraud", "fraud", Which::Latest);
        check("fraud@latest", "fraud", Which::Latest);
        check("a.b-c_1@7", "a.b-c_1", Which::Version(7));
        check("7@v12", "7", Which::Version(12));
        check("fraud@champion", "fraud", Which::Alias("champion".to_owned()));
        check("fraud@very-good", "fraud", Which::Alias("very-good".to_owned()));
    }

    #[test]
    fn what_is_illegal_says_why() {
        let check = |text: &str, expected: &str| {
            let error = Reference::parse(text).unwrap_err();
            assert!(error.is_usage() && error.to_string().contains(expected), "{text}: {error}");
        };
        for name in ["", "../x", ".x", "a/b", "a b", "-a", "größe", "a\0", &"x".repeat(256)] {
            check(name, "a name has up to 255");
        }
        check("a@", "an alias has up to 255");
        check("a@b@c", "an alias has up to 255");
        check("a@b.c", "an alias has up to 255");
        check("a@0", "versions are whole numbers from 1");
        check("a@99999999999999999999", "versions are whole numbers from 1");
        check("a@LATEST", "it always means the highest version");
        assert!(check_alias("v3").unwrap_err().to_string().contains("it would look like a version"));
    }

    #[test]
    fn the_nearest_name_comes_first() {
        let known = ["champion", "staging"].map(str::to_owned);
        assert_eq!(alternatives("chmpion", &known), "did you mean champion? There are: champion, staging");
        assert_eq!(alternatives("x", &known), "there are: champion, staging");
        assert_eq!(alternatives("x", &[]), "there is none");
        let many: Vec<String> = (0..50).map(|n| format!("model-{n}")).collect();
        assert!(alternatives("y", &many).ends_with("model-19 and 30 more"));
    }
}
