//! numpy's own file format: a header that is a Python literal, then the elements in memory order.
//!
//! Source: numpy/lib/format.py, versions 1.0 to 3.0. Never holds objects: those would be a pickle.

use crate::literal::Literal;
use crate::pickle::dtype_by_code;
use crate::value::{Array, ArrayData, DType, Field};
use std::borrow::Cow;

const MAGIC: &[u8] = b"\x93NUMPY";
/// numpy's own limit until 2.0; scikit-learn uses up to 3.
const MAX_DIMENSIONS: usize = 32;
/// Tree nodes have 8 fields, those of histogram gradient boosting 14.
const MAX_FIELDS: usize = 64;

/// Reads the array of a whole `.npy` file.
///
/// # Errors
/// In words, when the header is no such header or the elements do not fit it.
pub(super) fn read(file: Vec<u8>) -> Result<Array<'static>, String> {
    let (header, start) = header(&file)?;
    let Literal::Dict(entries) = Literal::parse(header) else {
        return Err("its header is no dict".to_owned());
    };
    let entry = |name: &str| {
        let found = entries.iter().find(|(key, _)| *key == Literal::Str(name.to_owned()));
        found.map(|(_, value)| value).ok_or_else(|| format!("its header lacks {name}"))
    };
    let dtype = dtype(entry("descr")?)?;
    let Literal::Bool(fortran) = *entry("fortran_order")? else {
        return Err("its fortran_order is no bool".to_owned());
    };
    let shape = shape(entry("shape")?)?;
    let wanted = shape.iter().chain([&dtype.size()]).try_fold(1usize, |bytes, extent| bytes.checked_mul(*extent));
    let held = file.len() - start;
    if wanted != Some(held) || dtype.size() == 0 {
        return Err(format!("{held} bytes of data for an array of {dtype} with shape {shape:?}"));
    }
    let mut data = file;
    data.drain(..start);
    Ok(Array { dtype, shape, fortran, data: ArrayData::Bytes(Cow::Owned(data)) })
}

/// The header's text, and where the data begin.
fn header(file: &[u8]) -> Result<(&str, usize), String> {
    let cut = || "it is cut off".to_owned();
    let rest = file.strip_prefix(MAGIC).ok_or("it is no numpy array")?;
    let (start, length) = match rest {
        [1, _, low, high, ..] => (10, usize::from(u16::from_le_bytes([*low, *high]))),
        [2 | 3, _, a, b, c, d, ..] => (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        [version, ..] => return Err(format!("version {version} of numpy's format is not known")),
        [] => return Err(cut()),
    };
    let end = start + length;
    let text = file.get(start..end).ok_or_else(cut)?;
    Ok((std::str::from_utf8(text).map_err(|_| "its header is no text")?, end))
}

fn shape(literal: &Literal) -> Result<Vec<usize>, String> {
    let extent = |item: &Literal| match item {
        Literal::Int(extent) => usize::try_from(*extent).ok(),
        _ => None,
    };
    match literal {
        Literal::Tuple(items) if items.len() <= MAX_DIMENSIONS => items.iter().map(extent).collect::<Option<Vec<_>>>(),
        _ => None,
    }
    .ok_or_else(|| format!("its shape is {literal}"))
}

/// A code, or a list of fields, where a field without a name is padding.
fn dtype(literal: &Literal) -> Result<DType, String> {
    let unknown = || format!("the dtype {literal} is not supported");
    match literal {
        Literal::Str(code) => dtype_by_code(code).filter(|dtype| *dtype != DType::Object).ok_or_else(unknown),
        Literal::Tuple(fields) if fields.len() <= MAX_FIELDS => record(fields).ok_or_else(unknown),
        _ => Err(unknown()),
    }
}

fn record(fields: &[Literal]) -> Option<DType> {
    let (mut found, mut offset) = (Vec::new(), 0usize);
    for field in fields {
        let Literal::Tuple(parts) = field else { return None };
        let [Literal::Str(name), Literal::Str(code)] = parts.as_slice() else { return None };
        let dtype = dtype_by_code(code).filter(|dtype| *dtype != DType::Object)?;
        let next = offset.checked_add(dtype.size())?;
        if !name.is_empty() {
            found.push(Field { name: name.clone(), dtype, offset });
        }
        offset = next;
    }
    Some(DType::Struct { fields: found.into(), itemsize: offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[track_caller]
    fn check(header: &str, data: usize, expected: Result<(&str, &[usize], bool), &str>) {
        match (read(file(header, &vec![0; data])), expected) {
            (Ok(array), Ok((dtype, shape, fortran))) => {
                assert_eq!((array.dtype.to_string().as_str(), array.shape.as_slice()), (dtype, shape));
                assert_eq!(array.fortran, fortran);
                assert_eq!(array.data, ArrayData::Bytes(vec![0; data].into()));
            }
            (Err(got), Err(expected)) => assert_eq!(got, expected),
            (got, expected) => panic!("{got:?}, not {expected:?}"),
        }
    }

    #[test]
    fn headers_are_python() {
        check("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }  \n", 48, Ok(("<f8", &[2, 3], false)));
        check("{'descr': '|b1', 'fortran_order': True, 'shape': (1,), }", 1, Ok(("|b1", &[1], true)));
        check("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 8, Ok(("<f8", &[], false)));
        check("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 5), }", 0, Ok(("<f8", &[0, 5], false)));
        let record = "{'descr': [('a', '<i8'), ('b', '|u1'), ('', '|V7')], 'fortran_order': False, 'shape': (2,), }";
        check(record, 32, Ok(("{a:<i8@0 b:|u1@8 }/16", &[2], false)));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let of = |descr: &str, shape: &str| format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
        check(&of("'<f8'", "(2,)"), 8, Err("8 bytes of data for an array of <f8 with shape [2]"));
        check(
            &of("'<f8'", "(4611686018427387904, 4)"),
            0,
            Err("0 bytes of data for an array of <f8 with shape [4611686018427387904, 4]"),
        );
        check(&of("'|O'", "(1,)"), 8, Err("the dtype '|O' is not supported"));
        check(&of("'|S0'", "(99,)"), 0, Err("0 bytes of data for an array of |S0 with shape [99]"));
        check(&of("[('a', '<f8', (9,))]", "(1,)"), 72, Err("the dtype (('a', '<f8', (9,)),) is not supported"));
        check(&of("'<f8'", "(-1,)"), 8, Err("its shape is (-1,)"));
        check("{'descr': '<f8', 'shape': ()}", 8, Err("its header lacks fortran_order"));
        check("[]", 8, Err("its header is no dict"));
        for length in 0..file("", b"").len() {
            assert!(read(file("", b"")[..length].to_vec()).is_err());
        }
    }
}
