//! The columns of a table while rows arrive from one source after another.

use super::builder::Builder;
use super::names::plain;
use super::{Column, DataError, Table};
use std::collections::{HashMap, HashSet};

/// Which columns are read.
#[derive(Debug)]
pub(super) enum Want {
    All,
    /// Those whose names are these in [plain form](super::names::plain).
    Named(HashSet<String>),
    /// Exactly these, as text.
    AsText(HashSet<String>),
}

#[derive(Debug)]
pub(super) struct Frame {
    want: Want,
    /// Plain names of columns that are text in any case.
    text: HashSet<String>,
    pub builders: Vec<Builder>,
    places: HashMap<String, usize>,
    pub rows: usize,
    /// The first source that names its columns once for all rows, and these names.
    layout: Option<(String, Vec<String>)>,
}

impl Frame {
    pub fn new(want: Want, text: &[String]) -> Frame {
        let text = text.iter().map(|name| plain(name)).collect();
        Frame { want, text, builders: Vec::new(), places: HashMap::new(), rows: 0, layout: None }
    }

    /// Where the values of a column go; nowhere if it is not read. A new column lacks the rows so far.
    pub fn column(&mut self, name: &str) -> Option<usize> {
        if let Some(at) = self.places.get(name) {
            return Some(*at);
        }
        let as_text = match &self.want {
            Want::Named(names) if !names.contains(&plain(name)) => return None,
            Want::AsText(names) if !names.contains(name) => return None,
            Want::AsText(_) => true,
            _ => self.text.contains(&plain(name)),
        };
        let mut builder = if as_text { Builder::as_text(name.to_owned()) } else { Builder::new(name.to_owned()) };
        builder.fill(self.rows);
        self.builders.push(builder);
        self.places.insert(name.to_owned(), self.builders.len() - 1);
        Some(self.builders.len() - 1)
    }

    /// Takes the names of a source whose rows all have the same columns; gives where the values of each go.
    ///
    /// # Errors
    /// When a name stands twice, or an earlier source has other columns.
    pub fn layout(&mut self, place: &str, names: Vec<String>) -> Result<Vec<Option<usize>>, DataError> {
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            let problem = format!("two columns have the name {twice:?}\n  rename one of them");
            return Err(DataError::Header { place: place.to_owned(), problem });
        }
        if let Some((first, before)) = &self.layout {
            let missing: Vec<_> = before.iter().filter(|name| !seen.contains(name.as_str())).collect();
            let more: Vec<_> = names.iter().filter(|name| !before.contains(name)).collect();
            let difference = match (missing.as_slice(), more.as_slice()) {
                ([], []) => String::new(),
                ([], more) => format!("it also has {more:?}"),
                (missing, []) => format!("it lacks {missing:?}"),
                (missing, more) => format!("it lacks {missing:?} and has {more:?}"),
            };
            if !difference.is_empty() {
                return Err(DataError::Columns { place: place.to_owned(), first: first.clone(), difference });
            }
        }
        let at = names.iter().map(|name| self.column(name)).collect();
        self.layout.get_or_insert((place.to_owned(), names));
        Ok(at)
    }

    /// Ends some rows: columns that they did not name are missing in them.
    pub fn end_rows(&mut self, count: usize) {
        self.rows = self.rows.saturating_add(count);
        self.builders.iter_mut().for_each(|builder| builder.fill(self.rows));
    }

    /// Bytes that the values take.
    pub fn held(&self) -> u64 {
        self.builders.iter().map(Builder::held).sum()
    }

    /// Names of the columns that must be read again as text.
    pub fn mixed(&self) -> HashSet<String> {
        self.builders.iter().filter(|builder| builder.is_mixed()).map(|builder| builder.name().to_owned()).collect()
    }

    /// The table, with the mixed columns from a second frame.
    pub fn finish(self, again: Option<Frame>) -> Table {
        let again = again.into_iter().flat_map(|frame| frame.builders).filter_map(Builder::finish);
        let mut again: HashMap<String, Column> = again.map(|column| (column.name.clone(), column)).collect();
        let rows = self.rows;
        let take = |builder: Builder| match again.remove(builder.name()) {
            Some(column) => Some(column),
            None => builder.finish(),
        };
        Table { columns: self.builders.into_iter().filter_map(take).collect(), rows }
    }
}
