//! The records of a native bundle: the only file that names bincode.
//!
//! bincode recurses into nested types without a bound and allocates what a length declares. So every record here is
//! flat, borrows its text and bytes from the input (a declared length is checked against what is left before
//! anything is made of it), and is read one at a time from a slice. No record owns memory.

use bincode::{BorrowDecode, Encode, config};

/// How many records of each kind follow, in this order.
#[derive(Debug, Encode, BorrowDecode)]
pub(super) struct Counts {
    pub names: u32,
    pub dtypes: u32,
    pub nodes: u32,
}

/// A class or function.
#[derive(Debug, Encode, BorrowDecode)]
pub(super) struct NameRecord<'a> {
    pub module: &'a str,
    pub name: &'a str,
}

/// An array's element type. The fields of a structure follow as [`FieldRecord`]s.
#[derive(Debug, Encode, BorrowDecode)]
pub(super) enum DTypeRecord<'a> {
    Scalar { kind: ScalarCode, size: u8, big_endian: bool },
    Str { chars: u64, big_endian: bool },
    Bytes { len: u64 },
    Object,
    Struct { fields: u32, itemsize: u64 },
    Opaque { code: &'a str, size: u64 },
}

/// The kinds of number; their order is part of the format.
#[derive(Debug, Clone, Copy, Encode, BorrowDecode)]
pub(super) enum ScalarCode {
    Bool,
    Int,
    Uint,
    Float,
}

/// One field of a structure; `dtype` is an earlier entry of the table.
#[derive(Debug, Encode, BorrowDecode)]
pub(super) struct FieldRecord<'a> {
    pub name: &'a str,
    pub dtype: u32,
    pub offset: u64,
}

/// One node. Its references stand as packed little-endian `u32`, extents as packed `u64`. The order of the variants
/// is part of the format.
#[derive(Debug, Encode, BorrowDecode)]
pub(super) enum NodeRecord<'a> {
    None,
    Bool(bool),
    Int(i64),
    BigInt(&'a [u8]),
    Float(f64),
    Str(&'a str),
    Bytes(&'a [u8]),
    List(&'a [u8]),
    Tuple(&'a [u8]),
    Set(&'a [u8]),
    /// Key, value, key, value, …
    Dict(&'a [u8]),
    Global(u32),
    DType(u32),
    /// The elements stand in the array section.
    Array {
        dtype: u32,
        fortran: bool,
        shape: &'a [u8],
    },
    ObjectArray {
        dtype: u32,
        fortran: bool,
        shape: &'a [u8],
        ids: &'a [u8],
    },
    Object {
        class: u32,
        state: Option<u32>,
        args: &'a [u8],
        items: &'a [u8],
        entries: &'a [u8],
    },
}

/// Appends one record.
pub(super) fn write<T: Encode>(record: &T, out: &mut Vec<u8>) {
    bincode::encode_into_std_write(record, out, config::standard()).expect("writing to memory does not fail");
}

/// Reads records one after the other.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// Bytes not read yet.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next record, or in words why there is none.
    pub fn read<T: BorrowDecode<'a, ()>>(&mut self) -> Result<T, String> {
        let read = bincode::borrow_decode_from_slice(self.rest, config::standard());
        let (record, used) = read.map_err(|error| error.to_string())?;
        self.rest = self.rest.get(used..).ok_or("a record reaches beyond the end")?;
        Ok(record)
    }
}
