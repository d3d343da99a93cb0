//! The members of a zip archive, within a budget. The only place that names the package `zip`.
//!
//! Reads from memory and never writes a file, so the names of members are only names.

use super::SkopsError;
use std::borrow::Cow;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// An archive, and how many bytes its members may still unpack to.
pub(super) struct Archive<'f> {
    zip: ZipArchive<Cursor<&'f [u8]>>,
    left: usize,
}

impl<'f> Archive<'f> {
    /// Reads the directory of `file`; `budget` in bytes holds for all members together.
    ///
    /// # Errors
    /// When this is no zip archive, or its directory is damaged.
    pub(super) fn open(file: &'f [u8], budget: usize) -> Result<Archive<'f>, SkopsError> {
        let zip = ZipArchive::new(Cursor::new(file)).map_err(|error| SkopsError::Zip(error.to_string()))?;
        Ok(Archive { zip, left: budget })
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some()
    }

    /// The content of a member, checked against its checksum.
    ///
    /// # Errors
    /// When there is no such member, it is damaged or encrypted, or the budget is used up.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, SkopsError> {
        let broken = |problem: String| SkopsError::Member { member: name.to_owned(), problem };
        let member = self.zip.by_name(name).map_err(|error| broken(error.to_string()))?;
        // What the directory says of the length is only a claim: memory follows what really comes.
        let mut content = Vec::new();
        let within = self.left as u64;
        member.take(within + 1).read_to_end(&mut content).map_err(|error| broken(error.to_string()))?;
        self.left = self.left.checked_sub(content.len()).ok_or(SkopsError::TooLarge)?;
        content.shrink_to_fit();
        Ok(content)
    }

    /// The members of an archive that is a member itself, by their names; they count against the same budget.
    ///
    /// # Errors
    /// As [`Archive::open`] and [`Archive::read`].
    pub(super) fn unpack(&mut self, name: &str) -> Result<Vec<(String, Vec<u8>)>, SkopsError> {
        let file = self.read(name)?;
        let damaged = |error: SkopsError| SkopsError::Member { member: name.to_owned(), problem: error.to_string() };
        let mut inner = Archive::open(&file, self.left).map_err(damaged)?;
        let mut members = vec![];
        for at in 0..inner.zip.len() {
            let Some(Ok(name)) = inner.zip.name_for_index(at).map(|name| name.map(Cow::into_owned)) else { continue };
            let content = inner.read(&name)?;
            members.push((name, content));
        }
        self.left = inner.left;
        Ok(members)
    }
}
