//! The text of a model: a header of `key=value` lines, then a block of them for each tree.

use super::super::BoosterError;
use std::str::FromStr;

const LIBRARY: &str = "LightGBM";

/// A model's text, cut into blocks.
pub struct Text<'t> {
    pub header: Block<'t>,
    pub trees: Vec<Block<'t>>,
    /// Bytes of the text.
    pub length: usize,
}

/// Lines of one block, by key.
pub struct Block<'t> {
    name: &'t str,
    lines: Vec<(&'t str, &'t str)>,
}

impl<'t> Text<'t> {
    /// # Errors
    /// When it does not begin as a model, or ends before its trees do.
    pub fn read(text: &'t str) -> Result<Text<'t>, BoosterError> {
        let mut lines = text.lines().map(|line| line.trim_end_matches('\r'));
        if lines.next() != Some("tree") {
            return Err(BoosterError::Damaged { library: LIBRARY, at: 0, problem: "it does not begin with \"tree\"" });
        }
        let mut header = Block { name: "header", lines: vec![] };
        let mut trees: Vec<Block<'t>> = vec![];
        for line in lines {
            if line == "end of trees" {
                return Ok(Text { header, trees, length: text.len() });
            }
            if line.starts_with("Tree=") {
                trees.push(Block { name: line, lines: vec![] });
                continue;
            }
            let block = trees.last_mut().unwrap_or(&mut header);
            match line.split_once('=') {
                Some(pair) => block.lines.push(pair),
                // `average_output` stands alone.
                None if !line.is_empty() => block.lines.push((line, "")),
                None => {}
            }
            if block.lines.len() > MOST_LINES {
                return Err(block.error("lines", "there are too many"));
            }
        }
        Err(BoosterError::Damaged { library: LIBRARY, at: text.len(), problem: "it ends before its trees do" })
    }
}

/// LightGBM's own blocks have about twenty.
const MOST_LINES: usize = 100;

impl<'t> Block<'t> {
    /// The value of a key, `None` where there is no such line.
    pub fn get(&self, key: &str) -> Option<&'t str> {
        self.lines.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// # Errors
    /// When the key is missing.
    pub fn at(&self, key: &str) -> Result<&'t str, BoosterError> {
        self.get(key).ok_or_else(|| self.error(key, "it is missing"))
    }

    /// # Errors
    /// When the key is missing, or its value is no such number.
    pub fn number<T: FromStr>(&self, key: &str) -> Result<T, BoosterError> {
        let text = self.at(key)?;
        text.trim().parse().map_err(|_| self.error(key, format!("{} is no such number", shown(text))))
    }

    /// # Errors
    /// When the key is missing, or its value is no list of such numbers.
    pub fn numbers<T: FromStr>(&self, key: &str) -> Result<Vec<T>, BoosterError> {
        let words = self.at(key)?.split_ascii_whitespace();
        words.map(|w| w.parse().map_err(|_| self.error(key, format!("{} is no such number", shown(w))))).collect()
    }

    /// As [`Block::numbers`], exactly `n` of them.
    ///
    /// # Errors
    /// Also when there are more or fewer.
    pub fn exactly<T: FromStr>(&self, key: &str, n: usize) -> Result<Vec<T>, BoosterError> {
        let numbers = self.numbers(key)?;
        match numbers.len() == n {
            true => Ok(numbers),
            false => Err(self.error(key, format!("{} numbers where {n} belong", numbers.len()))),
        }
    }

    /// An error about one line.
    pub fn error(&self, key: &str, problem: impl Into<String>) -> BoosterError {
        let place = format!("{}, {key}", shown(self.name));
        BoosterError::Invalid { library: LIBRARY, place, problem: problem.into() }
    }
}

/// The beginning of a text for a message.
fn shown(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}
