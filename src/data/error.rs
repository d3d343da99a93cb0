//! Why a table cannot be had. Each message names the place, what is wrong there and what to do; none holds a secret.

use std::io;

/// Why sources could not be read as one table.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("no data was named: give --data a file, a folder, a pattern or a URL")]
    NoSources,
    #[error("{place}: {source}")]
    Io { place: String, source: io::Error },
    #[error("{place}: there is no such {what}")]
    NotFound { place: String, what: &'static str },
    #[error("{place} matches no file\n  quote it so that the shell leaves it alone, and check the folder")]
    NoMatch { place: String },
    #[error(
        "{place} holds no data file\n  {} are read from a folder itself; use a pattern for the rest",
        super::source::ENDINGS_SHOWN
    )]
    NoDataFiles { place: String },
    #[error("{place}: this is {what}\n  {advice}")]
    NotATable { place: String, what: &'static str, advice: &'static str },
    #[error("{place}, line {line}: the text is not UTF-8\n  save the file in that encoding (iconv -f latin1 -t utf-8)")]
    Encoding { place: String, line: u64 },
    #[error("{place}, line {line}: {found} values where the header names {expected} columns")]
    Ragged { place: String, line: u64, found: u64, expected: u64 },
    #[error("{place}: {problem}")]
    Header { place: String, problem: String },
    #[error(
        "{place}, line {line}: {problem}\n  JSON lines hold one flat object a line: numbers, texts, booleans, null"
    )]
    Json { place: String, line: u64, problem: String },
    #[error("{place} has other columns than {first}: {difference}")]
    Columns { place: String, first: String, difference: String },
    #[error(
        "{place}: column {column:?} holds {found}, which no feature can be made of\n  leave the column out, or write it as numbers, text or dates"
    )]
    Type { place: String, column: String, found: String },
    #[error("{place}: damaged, or of no known Parquet version: {problem}")]
    Parquet { place: String, problem: String },
    #[error("{place} holds no rows")]
    Empty { place: String },
    #[error(
        "the table is too large: training on it takes about {}, and {} are available\n  \
         train on fewer rows with --sample ROWS or on fewer columns, or use a larger machine",
        Size(*.needed), Size(*.available)
    )]
    TooLarge { needed: u64, available: u64 },
    #[error("{place}: {what} is not in this build\n  build one that has it: cargo build --release --features data")]
    NeedsFeature { place: String, what: &'static str },
    #[error("{place}: {problem}")]
    Url { place: String, problem: &'static str },
    #[error("{place}: access denied ({status}) with {credential}\n  {advice}")]
    Denied { place: String, status: &'static str, credential: String, advice: &'static str },
    #[error("{place}: {problem}")]
    Credential { place: String, problem: String },
    #[error("{place}: {problem}")]
    Store { place: String, problem: String },
}

impl DataError {
    /// Whether what was typed is wrong, rather than what lies there.
    pub fn is_usage(&self) -> bool {
        matches!(self, DataError::NoSources | DataError::Url { .. })
    }
}

/// Bytes as people read them.
struct Size(u64);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        match units.into_iter().find(|(unit, _)| self.0 >= *unit) {
            Some((unit, name)) => write!(f, "{:.1} {name}", self.0 as f64 / unit as f64),
            None => write!(f, "{} bytes", self.0),
        }
    }
}
