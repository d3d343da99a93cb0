//! Names of columns as people vary them: `Period ID`, `period_id` and `periodid` are one name.

/// The name without case, blanks and underscores.
pub fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_' && !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Why no single column has a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("there is no column {name:?}; the columns are {columns}")]
    Absent { name: String, columns: String },
    #[error("{name:?} may be any of the columns {candidates:?}: rename or drop all but one")]
    Ambiguous { name: String, candidates: Vec<String> },
}

/// Which of the names is meant: the same one, else the one that differs in case, blanks and underscores only.
///
/// # Errors
/// When there is none, or several that differ only so.
pub(super) fn find<'a>(names: impl Iterator<Item = &'a str> + Clone, name: &str) -> Result<usize, NameError> {
    if let Some(at) = names.clone().position(|other| other == name) {
        return Ok(at);
    }
    let wanted = plain(name);
    let matching: Vec<_> = names.clone().enumerate().filter(|(_, other)| plain(other) == wanted).collect();
    match matching.as_slice() {
        [(at, _)] => Ok(*at),
        [] => Err(NameError::Absent { name: name.to_owned(), columns: some(names) }),
        several => {
            let candidates = several.iter().map(|(_, other)| (*other).to_owned()).collect();
            Err(NameError::Ambiguous { name: name.to_owned(), candidates })
        }
    }
}

/// The first names, and how many more there are.
pub(super) fn some<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    const SHOWN: usize = 20;
    let count = names.clone().count();
    let shown: Vec<_> = names.take(SHOWN).map(|name| format!("{name:?}")).collect();
    let more = if count > SHOWN { format!(" and {} more", count - SHOWN) } else { String::new() };
    shown.join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_of_a_name_are_one() {
        for name in ["Period ID", "periodid", "period_id", "PERIOD_ID", " Period\u{a0}Id\t"] {
            assert_eq!(plain(name), "periodid");
        }
        assert_eq!(plain("Größe_ÄB"), "größeäb");
        assert_ne!(plain("a-b"), plain("ab"));
    }

    #[test]
    fn the_column_that_is_meant() {
        let check = |names: &[&str], name: &str, expected: Result<usize, &str>| {
            let found = find(names.iter().copied(), name).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{name} in {names:?}");
        };
        check(&["a", "Period ID"], "periodid", Ok(1));
        check(&["Period ID", "periodid"], "periodid", Ok(1));
        check(&["a"], "b", Err("there is no column \"b\"; the columns are \"a\""));
        let problem =
            "\"PERIODID\" may be any of the columns [\"Period ID\", \"periodid\"]: rename or drop all but one";
        check(&["Period ID", "periodid"], "PERIODID", Err(problem));
    }
}
