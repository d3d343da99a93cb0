//! The input bytes and a position that never leaves them.
//!
//! Every length is checked against what is left before anything is made of it; array and text bytes are borrowed.

use super::error::{Offset, PickleError, Refusal};
use super::{Compression, opcode};

pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The opcode being executed and its position: what errors name.
    code: u8,
    code_at: usize,
    /// End of the protocol 4 frame that the position is in.
    frame_end: usize,
    compression: Option<Compression>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], compression: Option<Compression>) -> Self {
        Cursor { bytes, at: 0, code: 0, code_at: 0, frame_end: 0, compression }
    }

    /// Length of the whole stream.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Reads the next opcode and makes it the one that errors name.
    pub(super) fn opcode(&mut self) -> Result<u8, PickleError> {
        self.code_at = self.at;
        let Some(code) = self.bytes.get(self.at) else {
            return Err(PickleError::Unfinished { at: self.offset() });
        };
        self.at += 1;
        self.code = *code;
        Ok(*code)
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], PickleError> {
        let end = usize::try_from(length).ok().and_then(|n| self.at.checked_add(n));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let Some(taken) = taken else {
            let (opcode, at, left) = (self.name(), self.offset(), self.left() as u64);
            return Err(PickleError::Truncated { opcode, at, needed: length, left });
        };
        self.at += taken.len();
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N as u64)?);
        Ok(out)
    }

    pub(super) fn u8(&mut self) -> Result<u8, PickleError> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, PickleError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, PickleError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, PickleError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Bytes after a length of 1, 4 or 8 bytes.
    pub(super) fn counted(&mut self, size: u8) -> Result<&'a [u8], PickleError> {
        let length = match size {
            1 => u64::from(self.u8()?),
            4 => u64::from(self.u32()?),
            _ => self.u64()?,
        };
        self.take(length)
    }

    /// Bytes up to the next newline, without it.
    pub(super) fn line(&mut self) -> Result<&'a [u8], PickleError> {
        let rest = &self.bytes[self.at..];
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                self.at += end + 1;
                Ok(&rest[..end])
            }
            None => Err(self.malformed("its line has no end")),
        }
    }

    /// Checks a frame of protocol 4: it lies inside the stream, after the frame before it.
    pub(super) fn frame(&mut self) -> Result<(), PickleError> {
        let length = self.u64()?;
        if self.code_at < self.frame_end {
            return Err(self.malformed("a frame begins inside another"));
        }
        let left = self.left() as u64;
        if length > left {
            return Err(PickleError::Truncated { opcode: self.name(), at: self.offset(), needed: length, left });
        }
        self.frame_end = self.at + length as usize;
        Ok(())
    }

    /// Python's name of the current opcode.
    pub(super) fn name(&self) -> &'static str {
        opcode::name(self.code).unwrap_or("the opcode")
    }

    /// Where the current opcode stands.
    pub(super) fn offset(&self) -> Offset {
        Offset { byte: self.code_at as u64, compression: self.compression }
    }

    /// Where the next byte stands.
    pub(super) fn end(&self) -> Offset {
        Offset { byte: self.at as u64, compression: self.compression }
    }

    pub(super) fn malformed(&self, problem: impl Into<String>) -> PickleError {
        PickleError::Malformed { opcode: self.name(), at: self.offset(), problem: problem.into() }
    }

    pub(super) fn limit(&self, what: &'static str, limit: usize) -> PickleError {
        PickleError::Limit { opcode: self.name(), at: self.offset(), what, limit }
    }

    pub(super) fn refused(&self, name: impl Into<String>, refusal: Refusal) -> PickleError {
        PickleError::Refused { name: name.into(), at: self.offset(), refusal, used: None }
    }
}
