//! One number or text out of the bytes of an array, and arrays from column-major to row-major order.

use super::{Node, ScalarKind};
use std::borrow::Cow;

/// A number or text read from a node.
#[derive(Clone, Copy)]
pub(crate) enum Scalar<'g> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(#[allow(dead_code)] &'g str),
}

impl From<Scalar<'_>> for Node<'_> {
    fn from(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Bool(value) => Node::Bool(value),
            Scalar::Int(value) => Node::Int(value),
            Scalar::Float(value) => Node::Float(value),
            Scalar::Str(text) => Node::Str(Cow::Owned(text.to_owned())),
        }
    }
}

/// Reads one number; unsigned values beyond `i64` become floats, which no integer attribute of a model needs.
#[inline]
pub(crate) fn read_scalar<'g>(bytes: &[u8], kind: ScalarKind, size: u8, big_endian: bool) -> Scalar<'g> {
    // The two that models are made of.
    if let (8, false, Ok(word)) = (size, big_endian, bytes.try_into()) {
        match kind {
            ScalarKind::Float => return Scalar::Float(f64::from_le_bytes(word)),
            ScalarKind::Int => return Scalar::Int(i64::from_le_bytes(word)),
            ScalarKind::Bool | ScalarKind::Uint => {}
        }
    }
    any_scalar(bytes, kind, size, big_endian)
}

fn any_scalar<'g>(bytes: &[u8], kind: ScalarKind, size: u8, big_endian: bool) -> Scalar<'g> {
    let mut raw = [0u8; 8];
    let size = usize::from(size).min(8);
    for (i, slot) in raw.iter_mut().take(size).enumerate() {
        let at = if big_endian { size - 1 - i } else { i };
        *slot = bytes.get(at).copied().unwrap_or(0);
    }
    let bits = u64::from_le_bytes(raw);
    match (kind, size) {
        (ScalarKind::Bool, _) => Scalar::Bool(bits != 0),
        (ScalarKind::Uint, _) => i64::try_from(bits).map_or(Scalar::Float(bits as f64), Scalar::Int),
        (ScalarKind::Int, 1) => Scalar::Int(i64::from(bits as i8)),
        (ScalarKind::Int, 2) => Scalar::Int(i64::from(bits as i16)),
        (ScalarKind::Int, 4) => Scalar::Int(i64::from(bits as i32)),
        (ScalarKind::Int, _) => Scalar::Int(bits as i64),
        (ScalarKind::Float, 2) => Scalar::Float(half(bits as u16)),
        (ScalarKind::Float, 4) => Scalar::Float(f64::from(f32::from_bits(bits as u32))),
        (ScalarKind::Float, _) => Scalar::Float(f64::from_bits(bits)),
    }
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

/// Zero-padded UTF-32, as numpy keeps text.
pub(crate) fn utf32(bytes: &[u8], big_endian: bool) -> Option<String> {
    let code = |c: &[u8]| {
        let raw = [c[0], c[1], c[2], c[3]];
        if big_endian { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) }
    };
    let mut codes: Vec<u32> = bytes.chunks_exact(4).map(code).collect();
    while codes.last() == Some(&0) {
        codes.pop();
    }
    codes.into_iter().map(char::from_u32).collect()
}

/// Reorders column-major elements into row-major ones.
pub(crate) fn c_order<T: Copy>(flat: &[T], shape: &[usize]) -> Vec<T> {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1;
    for extent in shape {
        strides.push(stride);
        stride *= extent;
    }
    let mut index = vec![0; shape.len()];
    let mut out = Vec::with_capacity(flat.len());
    for _ in 0..flat.len() {
        out.push(flat[index.iter().zip(&strides).map(|(i, s)| i * s).sum::<usize>()]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    out
}
