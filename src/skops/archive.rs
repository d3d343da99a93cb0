//! The members of a zip archive and the arrays in them, within a budget. The only place that names the package `zip`.
//!
//! Reads from memory and never writes a file, so the names of members are only names.

use super::{SkopsError, npy};
use crate::value::Array;
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

    /// The array in a member.
    ///
    /// # Errors
    /// As [`Self::read`], and when it is no array.
    pub(super) fn array(&mut self, name: &str) -> Result<Array<'static>, SkopsError> {
        let content = self.read(name)?;
        npy::read(content).map_err(|problem| SkopsError::Member { member: name.to_owned(), problem })
    }

    /// The archive in the `content` of a member, with what is left of this one's budget; see [`Self::spent`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) fn inner<'i>(&self, name: &str, content: &'i [u8]) -> Result<Archive<'i>, SkopsError> {
        let damaged = |error: SkopsError| SkopsError::Member { member: name.to_owned(), problem: error.to_string() };
        Archive::open(content, self.left).map_err(damaged)
    }

    /// Goes on with what `inner` has left.
    pub(super) fn spent(&mut self, inner: &Archive<'_>) {
        self.left = inner.left;
    }
}
