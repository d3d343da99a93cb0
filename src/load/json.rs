//! Values as JSON, for metadata and extra keys: shown to people, never computed with.
//!
//! Whatever a bundle holds has some form here; what is too large or has no JSON form is described in angle brackets.

use crate::value::{Array, DType, Node, Object, ScalarKind, View};
use serde_json::{Map, Number, Value};

/// How deep values are shown.
const MAX_DEPTH: usize = 16;
/// How many values are shown in all, beside a few for each value of the file, so that the profile of a wide table is whole:
/// shared references can make a small file say very much.
const MAX_VALUES: usize = 10_000;
/// Longer arrays are described.
const MAX_ELEMENTS: usize = 1_000;

/// The value as JSON.
pub fn json(view: &View<'_, '_>) -> Value {
    Writer { left: MAX_VALUES + 4 * view.graph().nodes.len() }.value(view, 0)
}

struct Writer {
    left: usize,
}

impl Writer {
    fn value(&mut self, view: &View<'_, '_>, depth: usize) -> Value {
        if depth > MAX_DEPTH || self.left == 0 {
            return Value::from("<…>");
        }
        self.left -= 1;
        match view.node() {
            Node::None => Value::Null,
            Node::Bool(value) => Value::from(*value),
            Node::Int(value) => Value::from(*value),
            Node::BigInt(bytes) => big_integer(bytes),
            Node::Float(value) => float(*value),
            Node::Str(text) => Value::from(text.as_ref()),
            Node::Bytes(bytes) => Value::from(format!("<{} bytes>", bytes.len())),
            Node::List(_) | Node::Tuple(_) | Node::Set(_) => self.items(view, depth),
            Node::Dict(pairs) => self.dict(view, pairs, depth),
            Node::Global(name) => Value::from(name.to_string()),
            Node::DType(dtype) => Value::from(dtype.to_string()),
            Node::Array(array) => self.array(view, array, depth),
            Node::Object(object) => self.object(view, object, depth),
        }
    }

    fn items(&mut self, view: &View<'_, '_>, depth: usize) -> Value {
        let items = view.items().unwrap_or_default();
        let shown = items.iter().take(self.left).map(|item| self.value(item, depth + 1));
        Value::Array(shown.collect())
    }

    fn dict(&mut self, view: &View<'_, '_>, pairs: &[(crate::value::Id, crate::value::Id)], depth: usize) -> Value {
        let graph = view.graph();
        let mut map = Map::new();
        for (key, value) in pairs.iter().take(self.left) {
            let key = match self.value(&graph.view(*key), depth + 1) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            map.insert(key, self.value(&graph.view(*value), depth + 1));
        }
        Value::Object(map)
    }

    fn array(&mut self, view: &View<'_, '_>, array: &Array<'_>, depth: usize) -> Value {
        let described = || Value::from(format!("<array of {} with shape {:?}>", array.dtype, array.shape));
        if array.len() > MAX_ELEMENTS.min(self.left) {
            return described();
        }
        let flat: Vec<Value> = match &array.dtype {
            DType::Object => match view.items() {
                Ok(items) => items.iter().map(|item| self.value(item, depth + 1)).collect(),
                Err(_) => return described(),
            },
            DType::Str { .. } => match view.strings() {
                Ok(strings) => strings.into_iter().map(Value::from).collect(),
                Err(_) => return described(),
            },
            DType::Scalar { kind: ScalarKind::Bool, .. } => match view.i64s() {
                Ok(bools) => bools.into_iter().map(|b| Value::from(b != 0)).collect(),
                Err(_) => return described(),
            },
            DType::Scalar { kind: ScalarKind::Float, .. } => match view.f64s() {
                Ok(floats) => floats.into_iter().map(float).collect(),
                Err(_) => return described(),
            },
            DType::Scalar { .. } => match view.i64s() {
                Ok(ints) => ints.into_iter().map(Value::from).collect(),
                Err(_) => return described(),
            },
            _ => return described(),
        };
        self.left = self.left.saturating_sub(flat.len());
        nested(flat, &array.shape)
    }

    fn object(&mut self, view: &View<'_, '_>, object: &Object<'_>, depth: usize) -> Value {
        let args: Vec<View<'_, '_>> = object.args.iter().map(|id| view.graph().view(*id)).collect();
        let class = object.class.to_string();
        let known = match class.as_str() {
            "datetime.datetime" => datetime(&args).map(Value::from),
            "datetime.date" => date(&args).map(Value::from),
            "datetime.timedelta" => seconds(&args).map(float),
            _ if class.starts_with("pathlib.") => path(&args).map(Value::from),
            _ if !object.entries.is_empty() => Some(self.dict(view, &object.entries, depth)),
            _ if !object.items.is_empty() => Some(self.items(view, depth)),
            _ => super::order::index_items(view).map(|items| self.value(&items, depth + 1)),
        };
        known.unwrap_or_else(|| Value::from(format!("<{class}>")))
    }
}

/// NaN and infinities have no JSON form.
fn float(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// As the number it is where JSON readers can take it, else as decimal text.
fn big_integer(bytes: &[u8]) -> Value {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    // Magnitude, little-endian: two's complement of a negative number.
    let mut carry = negative;
    let mut magnitude = Vec::with_capacity(bytes.len());
    for byte in bytes {
        let (byte, overflow) = if negative { (!byte).overflowing_add(u8::from(carry)) } else { (*byte, false) };
        carry = overflow;
        magnitude.push(byte);
    }
    let mut digits = Vec::new();
    while magnitude.iter().any(|byte| *byte != 0) {
        let mut remainder = 0u32;
        for byte in magnitude.iter_mut().rev() {
            let value = remainder << 8 | u32::from(*byte);
            *byte = (value / 10) as u8;
            remainder = value % 10;
        }
        digits.push(char::from(b'0' + remainder as u8));
    }
    let text: String = negative.then_some('-').into_iter().chain(digits.into_iter().rev()).collect();
    text.parse::<u64>().map_or(Value::from(text), Value::from)
}

/// Elements in C order as nested lists.
fn nested(flat: Vec<Value>, shape: &[usize]) -> Value {
    match shape {
        [] => flat.into_iter().next().unwrap_or(Value::Null),
        [_] => Value::Array(flat),
        [rows, rest @ ..] => {
            let width = flat.len().checked_div(*rows).unwrap_or(0);
            let mut flat = flat.into_iter();
            let row = |_| nested(flat.by_ref().take(width).collect(), rest);
            Value::Array((0..(*rows).min(MAX_ELEMENTS)).map(row).collect())
        }
    }
}

/// The bytes that pickle stores; protocols 0 to 2 store them as Latin-1 text.
fn packed<const N: usize>(arg: Option<&View<'_, '_>>) -> Option<[u8; N]> {
    let bytes = match arg?.node() {
        Node::Bytes(bytes) => bytes.to_vec(),
        Node::Str(text) => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<_>>()?,
        _ => return None,
    };
    bytes.try_into().ok()
}

/// `datetime.isoformat()`: year (2 bytes), month (its high bit is `fold`), day, hour, minute, second, microseconds.
fn datetime(args: &[View<'_, '_>]) -> Option<String> {
    let [y0, y1, month, day, hour, minute, second, us0, us1, us2] = packed::<10>(args.first())?;
    let year = u16::from_be_bytes([y0, y1]);
    let micros = u32::from_be_bytes([0, us0, us1, us2]);
    let mut text = format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}", month & 0x7f);
    if micros != 0 {
        text += &format!(".{micros:06}");
    }
    text += &args.get(1).and_then(utc_offset).unwrap_or_default();
    Some(text)
}

/// `+02:00` of a `datetime.timezone`; other time zones are not in the file.
fn utc_offset(zone: &View<'_, '_>) -> Option<String> {
    let args = |view: &View<'_, '_>| -> Option<Vec<_>> {
        let object = view.object()?;
        Some(object.args.iter().map(|id| zone.graph().view(*id)).collect())
    };
    let seconds = seconds(&args(args(zone)?.first()?)?)? as i64;
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    Some(format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
}

fn date(args: &[View<'_, '_>]) -> Option<String> {
    let [y0, y1, month, day] = packed::<4>(args.first())?;
    Some(format!("{:04}-{month:02}-{day:02}", u16::from_be_bytes([y0, y1])))
}

/// Length of a `timedelta(days, seconds, microseconds)`.
fn seconds(args: &[View<'_, '_>]) -> Option<f64> {
    let part = |at: usize| args.get(at).and_then(|arg| arg.f64().ok());
    Some(part(0)? * 86_400.0 + part(1)? + part(2).unwrap_or(0.0) / 1e6)
}

/// The parts of a `pathlib` path.
fn path(args: &[View<'_, '_>]) -> Option<String> {
    let parts: Option<Vec<&str>> = args.iter().map(|arg| arg.str().ok()).collect();
    parts.map(|parts| parts.join("/").replacen("//", "/", 1))
}
