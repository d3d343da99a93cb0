//! numpy's dtypes, as far as scikit-learn's models use them.

use std::fmt;
use std::sync::Arc;

/// The kinds of a plain numeric dtype.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScalarKind {
    Bool,
    Int,
    Uint,
    Float,
}

/// The type of an array's elements.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum DType {
    /// `size` in bytes: 1, 2, 4 or 8.
    Scalar { kind: ScalarKind, size: u8, big_endian: bool },
    /// Text of `chars` UTF-32 code points, zero-padded.
    Str { chars: usize, big_endian: bool },
    /// Raw bytes (`S`) of fixed length, zero-padded.
    Bytes { len: usize },
    /// Python objects.
    Object,
    /// A record with named fields at byte offsets; it may have gaps and padding.
    /// Shared, because all trees of a forest have the same.
    Struct { fields: Arc<[Field]>, itemsize: usize },
    /// `datetime64` and the like: kept so that a file loads, never computed with.
    Opaque { code: String, size: usize },
}

/// One field of a structured dtype.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Field {
    pub name: String,
    pub dtype: DType,
    pub offset: usize,
}

impl DType {
    pub const F64: DType = DType::Scalar { kind: ScalarKind::Float, size: 8, big_endian: false };
    pub const F32: DType = DType::Scalar { kind: ScalarKind::Float, size: 4, big_endian: false };
    pub const I64: DType = DType::Scalar { kind: ScalarKind::Int, size: 8, big_endian: false };
    pub const U8: DType = DType::Scalar { kind: ScalarKind::Uint, size: 1, big_endian: false };
    pub const BOOL: DType = DType::Scalar { kind: ScalarKind::Bool, size: 1, big_endian: false };

    /// Bytes per element; 8 for objects, as numpy has it.
    pub fn size(&self) -> usize {
        match self {
            DType::Scalar { size, .. } => usize::from(*size),
            DType::Str { chars, .. } => 4 * chars,
            DType::Bytes { len } => *len,
            DType::Object => 8,
            DType::Struct { itemsize, .. } => *itemsize,
            DType::Opaque { size, .. } => *size,
        }
    }
}

impl fmt::Display for DType {
    /// numpy's own spelling: `<f8`, `|b1`, `<U10`, `|O`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = |big: bool| if big { '>' } else { '<' };
        match self {
            DType::Scalar { kind, size, big_endian } => {
                let code = match kind {
                    ScalarKind::Bool => 'b',
                    ScalarKind::Int => 'i',
                    ScalarKind::Uint => 'u',
                    ScalarKind::Float => 'f',
                };
                let order = if *size == 1 { '|' } else { order(*big_endian) };
                write!(f, "{order}{code}{size}")
            }
            DType::Str { chars, big_endian } => write!(f, "{}U{chars}", order(*big_endian)),
            DType::Bytes { len } => write!(f, "|S{len}"),
            DType::Object => f.write_str("|O"),
            DType::Struct { fields, itemsize } => {
                write!(f, "{{")?;
                for field in fields.iter() {
                    write!(f, "{}:{}@{} ", field.name, field.dtype, field.offset)?;
                }
                write!(f, "}}/{itemsize}")
            }
            DType::Opaque { code, .. } => f.write_str(code),
        }
    }
}
