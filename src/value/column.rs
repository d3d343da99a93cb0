//! One field of a structured array, read where it stands: a tree has millions of nodes, and most of their fields are
//! never asked for.

use super::scalar::{Scalar, read_scalar};
use super::{Array, ArrayData, DType, ScalarKind, ValueError, View};

/// A numeric field of all items. Its bytes lie inside each item, which is checked when it is made.
#[derive(Clone, Copy)]
pub struct Column<'g> {
    bytes: &'g [u8],
    itemsize: usize,
    offset: usize,
    kind: ScalarKind,
    size: u8,
    big_endian: bool,
}

impl Column<'_> {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.bytes.len().checked_div(self.itemsize).unwrap_or(0)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The integer or bool of an item; `None` where the field holds fractions.
    ///
    /// # Panics
    /// When there is no such item.
    #[inline]
    pub fn i64(&self, at: usize) -> Option<i64> {
        match self.scalar(at) {
            Scalar::Bool(b) => Some(i64::from(b)),
            Scalar::Int(i) => Some(i),
            Scalar::Float(_) | Scalar::Str(_) => None,
        }
    }

    /// The number of an item.
    ///
    /// # Panics
    /// When there is no such item.
    #[inline]
    pub fn f64(&self, at: usize) -> f64 {
        match self.scalar(at) {
            Scalar::Bool(b) => f64::from(u8::from(b)),
            Scalar::Int(i) => i as f64,
            Scalar::Float(x) => x,
            Scalar::Str(_) => f64::NAN,
        }
    }

    #[inline]
    fn scalar(&self, at: usize) -> Scalar<'_> {
        let number = &self.bytes[at * self.itemsize + self.offset..][..usize::from(self.size)];
        read_scalar(number, self.kind, self.size, self.big_endian)
    }
}

impl<'g> View<'g, '_> {
    /// One field of a structured array: the only way to read tree nodes, whose layout changed over time.
    ///
    /// # Errors
    /// When it is no structured array or has no such numeric field.
    pub fn column(&self, field: &str) -> Result<Column<'g>, ValueError> {
        let Some(Array { dtype: DType::Struct { fields, itemsize }, data: ArrayData::Bytes(bytes), .. }) = self.array()
        else {
            return Err(self.expected("a structured array"));
        };
        let found = fields.iter().find(|f| f.name == field);
        let found = found.ok_or_else(|| self.error(format!("the structured array has no field {field}")))?;
        let DType::Scalar { kind, size, big_endian } = found.dtype else {
            return Err(self.error(format!("field {field} is {}, not a number", found.dtype)));
        };
        let (itemsize, offset) = (*itemsize, found.offset);
        if itemsize > 0 && offset + usize::from(size) > itemsize {
            return Err(self.error(format!("field {field} lies outside its item")));
        }
        Ok(Column { bytes, itemsize, offset, kind, size, big_endian })
    }

    /// A field as `f64`s.
    ///
    /// # Errors
    /// As [`View::column`].
    pub fn field_f64(&self, field: &str) -> Result<Vec<f64>, ValueError> {
        let column = self.column(field)?;
        Ok((0..column.len()).map(|at| column.f64(at)).collect())
    }

    /// A field of integers or bools.
    ///
    /// # Errors
    /// As [`View::column`], or when the field holds fractions.
    pub fn field_i64(&self, field: &str) -> Result<Vec<i64>, ValueError> {
        let column = self.column(field)?;
        let read = (0..column.len()).map(|at| column.i64(at)).collect::<Option<Vec<_>>>();
        read.ok_or_else(|| self.expected(&format!("integers in field {field}")))
    }

    /// Whether a structured array has that field.
    pub fn has_field(&self, field: &str) -> bool {
        match self.array().map(|array| &array.dtype) {
            Some(DType::Struct { fields, .. }) => fields.iter().any(|f| f.name == field),
            _ => false,
        }
    }
}
