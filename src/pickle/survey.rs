//! What a file holds, counted while it is read: for `scorelet inspect` and for messages.

use super::error::{Offset, PickleError, Refusal};
use std::collections::BTreeMap;

/// Distinct refused names that are kept.
const MAX_REFUSED: usize = 200;

/// Figures of one stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notes {
    /// Pickle protocol, 0 to 5; 0 and 1 do not say which they are.
    pub protocol: u8,
    pub opcodes: u64,
    pub arrays: u64,
    pub array_bytes: u64,
    /// Arrays whose bytes stand between the opcodes: more than 0 makes it a joblib file.
    pub joblib_arrays: u64,
    pub nested_pickles: u64,
    /// Allowed names, with their number of uses.
    pub globals: BTreeMap<(&'static str, &'static str), u64>,
    /// Refused names, in the order met.
    pub refused: Vec<Refused>,
}

/// A name that the file may not use.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    pub name: String,
    pub refusal: Refusal,
    /// Where it is used first.
    pub at: Offset,
    pub uses: u64,
}

/// All that can be said of a stream, whether or not it can be loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    pub notes: Notes,
    /// Why the survey ended before the stream did.
    pub problem: Option<PickleError>,
}

impl Notes {
    pub(super) fn global(&mut self, module: &'static str, name: &'static str) {
        *self.globals.entry((module, name)).or_default() += 1;
    }

    pub(super) fn array(&mut self, bytes: usize) {
        self.arrays += 1;
        self.array_bytes += bytes as u64;
    }

    pub(super) fn refuse(&mut self, name: String, refusal: Refusal, at: Offset) {
        let known = self.refused.iter_mut().find(|known| known.refusal == refusal && known.name == name);
        if let Some(known) = known {
            known.uses += 1;
        } else if self.refused.len() < MAX_REFUSED {
            self.refused.push(Refused { name, refusal, at, uses: 1 });
        }
    }
}
