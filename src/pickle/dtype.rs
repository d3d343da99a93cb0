//! numpy's dtypes: `dtype(code, False, True)`, and a BUILD with byte order, fields and itemsize.

use super::error::PickleError;
use super::machine::Machine;
use crate::value::{DType, Field, Id, Node, ScalarKind};

/// Tree nodes have 8 fields, those of histogram gradient boosting 14.
const MAX_FIELDS: usize = 64;
/// Bytes of a field's name. Every record copies it.
const MAX_FIELD_NAME: usize = 128;

impl Machine<'_> {
    /// `dtype(code, align, copy)`.
    pub(super) fn numpy_dtype(&mut self, args: &[Id]) -> Result<Id, PickleError> {
        let code = args.first().map(|id| self.arena.node(*id));
        let Some(Node::Str(code)) = code else {
            return Err(self.malformed("a dtype that is not named by a code"));
        };
        let dtype =
            parse_code(code).ok_or_else(|| self.malformed(format!("the dtype {code:.20?} is not supported")))?;
        self.add(Node::DType(Box::new(dtype)))
    }

    /// BUILD of a dtype: `(version, order, subarray, names, fields, itemsize, alignment, flags[, metadata])`.
    pub(super) fn build_dtype(&mut self, target: Id, state: Id) -> Result<(), PickleError> {
        let Node::Tuple(state) = self.arena.node(state) else {
            return Err(self.malformed("a dtype state that is no tuple"));
        };
        let (&[_, order, subarray, names, fields, itemsize, _, _], metadata) =
            state.split_first_chunk().ok_or_else(|| self.malformed("a dtype state of unknown length"))?;
        let (big_endian, size) = (self.is_big_endian(order)?, self.itemsize(itemsize)?);
        if !matches!(self.arena.node(subarray), Node::None) {
            return Err(self.malformed("arrays inside a dtype are not supported"));
        }
        let dated = !metadata.is_empty();
        let old = self.dtype(target)?;
        let new = match (old, self.arena.node(names)) {
            (DType::Scalar { kind, size, .. }, Node::None) => DType::Scalar { kind, size, big_endian },
            (DType::Str { chars, .. }, Node::None) => {
                DType::Str { chars: size.map_or(chars, |size| size / 4), big_endian }
            }
            (DType::Bytes { len }, Node::None) => DType::Bytes { len: size.unwrap_or(len) },
            (DType::Object, Node::None) => DType::Object,
            (DType::Opaque { code, size: old }, Node::None) if code == "V" || dated => {
                DType::Opaque { code, size: size.unwrap_or(old) }
            }
            (DType::Opaque { code, size: old }, Node::Tuple(_)) if code == "V" => {
                return self.build_struct(target, names, fields, size.unwrap_or(old));
            }
            (old, _) => return Err(self.malformed(format!("a state that does not suit the dtype {old}"))),
        };
        let set = self.arena.set(target, Node::DType(Box::new(new)));
        self.paid(set)
    }

    fn is_big_endian(&self, order: Id) -> Result<bool, PickleError> {
        match self.arena.node(order) {
            Node::Str(order) if order == ">" => Ok(true),
            // The machines that write `=` and `|` are little-endian, or their elements have one byte.
            Node::Str(order) if matches!(&**order, "<" | "=" | "|") => Ok(false),
            _ => Err(self.malformed("a dtype of unknown byte order")),
        }
    }

    /// `None` where the code says it all.
    fn itemsize(&self, itemsize: Id) -> Result<Option<usize>, PickleError> {
        let size = match self.arena.node(itemsize) {
            Node::Int(-1) => return Ok(None),
            Node::Int(size) => usize::try_from(*size).ok(),
            _ => None,
        };
        size.map(Some).ok_or_else(|| self.malformed("a dtype whose itemsize is no integer from 0"))
    }

    /// A record: every name has a plain field that lies inside the item.
    fn build_struct(&mut self, target: Id, names: Id, fields: Id, itemsize: usize) -> Result<(), PickleError> {
        let (Node::Tuple(names), Node::Dict(pairs)) = (self.arena.node(names), self.arena.node(fields)) else {
            return Err(self.malformed("a structured dtype without its fields"));
        };
        if names.len().max(pairs.len()) > MAX_FIELDS {
            return Err(self.input.limit("fields in a dtype", MAX_FIELDS));
        }
        let text = |id: &Id| match self.arena.node(*id) {
            Node::Str(text) => Some(text.as_ref()),
            _ => None,
        };
        let field = |id: &Id| {
            let name = text(id)?;
            let (_, value) = pairs.iter().find(|(key, _)| text(key) == Some(name))?;
            let Node::Tuple(value) = self.arena.node(*value) else { return None };
            let (dtype, offset) = (value.first()?, value.get(1)?);
            let (Node::DType(dtype), Node::Int(offset)) = (self.arena.node(*dtype), self.arena.node(*offset)) else {
                return None;
            };
            let offset = usize::try_from(*offset).ok()?;
            // A record in a record could nest without end.
            let plain = !matches!(**dtype, DType::Struct { .. } | DType::Object);
            let inside = offset.checked_add(dtype.size()).is_some_and(|end| end <= itemsize);
            (plain && inside && name.len() <= MAX_FIELD_NAME).then(|| Field {
                name: name.to_owned(),
                dtype: (**dtype).clone(),
                offset,
            })
        };
        let fields: Option<Vec<Field>> = names.iter().map(field).collect();
        let fields =
            fields.ok_or_else(|| self.malformed("a field is missing, nested, endlessly named or outside its item"))?;
        let cost: usize = fields.iter().map(|field| 2 * size_of::<Field>() + field.name.len()).sum();
        let charged = self.arena.charge(cost);
        self.paid(charged)?;
        let dtype = DType::Struct { fields: fields.into(), itemsize };
        let set = self.arena.set(target, Node::DType(Box::new(dtype)));
        self.paid(set)
    }
}

/// A dtype by the code that numpy pickles: `f8`, `U10`, `V64`, with or without a byte order.
pub(super) fn parse_code(code: &str) -> Option<DType> {
    let (big_endian, code) = match code.split_at_checked(1)? {
        (">", code) => (true, code),
        ("<" | "|" | "=", code) => (false, code),
        _ => (false, code),
    };
    let (kind, digits) = code.split_at_checked(1)?;
    let size = match digits {
        "" => 0,
        digits if digits.len() <= 10 && digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    let scalar = |kind| {
        let size = u8::try_from(size).ok()?;
        Some(DType::Scalar { kind, size, big_endian })
    };
    match (kind, size) {
        ("b", 1) => scalar(ScalarKind::Bool),
        ("i", 1 | 2 | 4 | 8) => scalar(ScalarKind::Int),
        ("u", 1 | 2 | 4 | 8) => scalar(ScalarKind::Uint),
        ("f", 2 | 4 | 8) => scalar(ScalarKind::Float),
        ("O", 0 | 4 | 8) => Some(DType::Object),
        ("U", chars) => Some(DType::Str { chars, big_endian }).filter(|_| chars <= isize::MAX as usize / 4),
        ("S", len) => Some(DType::Bytes { len }),
        ("V", size) => Some(DType::Opaque { code: "V".to_owned(), size }),
        ("M" | "m", 0 | 8) => Some(DType::Opaque { code: code.to_owned(), size: 8 }),
        _ => None,
    }
}
