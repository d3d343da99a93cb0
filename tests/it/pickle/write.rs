//! A tiny writer of pickles, for round trips: any value in any protocol.

use proptest::prelude::*;
use scorelet::value::{ArrayData, Graph, Id, Node};

/// A value that every protocol can hold.
#[derive(Debug, Clone)]
pub enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Dict(Vec<(String, Value)>),
    /// A one-dimensional array of `<f8`.
    Array(Vec<f64>),
    /// A `StandardScaler` with these attributes.
    Scaler(Vec<(String, Value)>),
    /// A list that holds the same list twice.
    Twice(Vec<i64>),
}

pub fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-300i64..300).prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        any::<String>().prop_map(Value::Str),
        any::<Vec<u8>>().prop_map(Value::Bytes),
        prop::collection::vec(any::<f64>(), 0..20).prop_map(Value::Array),
        prop::collection::vec(any::<i64>(), 0..5).prop_map(Value::Twice),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let attributes = prop::collection::vec((any::<String>(), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::vec(inner, 0..6).prop_map(Value::Tuple),
            attributes.clone().prop_map(Value::Dict),
            attributes.prop_map(Value::Scaler),
        ]
    })
}

/// The pickle of a value in protocol 0, 2 or 4.
pub fn pickle(value: &Value, protocol: u8) -> Vec<u8> {
    let mut writer = Writer { out: vec![], protocol };
    if protocol > 1 {
        writer.out.extend([0x80, protocol]);
    }
    writer.value(value);
    writer.out.push(b'.');
    writer.out
}

struct Writer {
    out: Vec<u8>,
    protocol: u8,
}

impl Writer {
    fn put(&mut self, bytes: impl AsRef<[u8]>) {
        self.out.extend_from_slice(bytes.as_ref());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::None => self.put("N"),
            Value::Bool(flag) if self.protocol == 0 => self.put(format!("I0{}\n", u8::from(*flag))),
            Value::Bool(flag) => self.put([0x89 - u8::from(*flag)]),
            Value::Int(number) => self.int(*number),
            Value::Float(x) if self.protocol == 0 && !x.is_nan() => self.put(format!("F{x:?}\n")),
            Value::Float(x) => {
                self.put("G");
                self.put(x.to_be_bytes());
            }
            Value::Str(text) => self.text(text),
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::List(items) => {
                self.put("(");
                items.iter().for_each(|item| self.value(item));
                self.put("l");
            }
            Value::Tuple(items) => {
                self.put("(");
                items.iter().for_each(|item| self.value(item));
                self.put("t");
            }
            Value::Dict(pairs) => self.dict(pairs),
            Value::Array(numbers) => self.array(numbers),
            Value::Scaler(attributes) => {
                match self.protocol {
                    0 => self.put("ccopy_reg\n_reconstructor\n(csklearn.preprocessing._data\nStandardScaler\nc__builtin__\nobject\nNtR"),
                    2 => self.put(b"csklearn.preprocessing._data\nStandardScaler\n)\x81"),
                    _ => {
                        self.text("sklearn.preprocessing._data");
                        self.text("StandardScaler");
                        self.put(b"\x93)\x81");
                    }
                }
                self.dict(attributes);
                self.put("b");
            }
            Value::Twice(numbers) => {
                self.put("(");
                self.value(&Value::List(numbers.iter().copied().map(Value::Int).collect()));
                // The same slot each time: a later value may overwrite it.
                self.put(if self.protocol == 0 { b"p7\ng7\nl".as_slice() } else { b"q\x07h\x07l" });
            }
        }
    }

    fn int(&mut self, number: i64) {
        match (self.protocol, u8::try_from(number), i32::try_from(number)) {
            (0, ..) if number % 2 == 0 => self.put(format!("L{number}L\n")),
            (0, ..) => self.put(format!("I{number}\n")),
            (_, Ok(small), _) => self.put([b'K', small]),
            (_, _, Ok(middle)) => {
                self.put("J");
                self.put(middle.to_le_bytes());
            }
            _ => {
                self.put([0x8a, 8]);
                self.put(number.to_le_bytes());
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.protocol == 0 {
            self.put("V");
            for c in text.chars() {
                match u32::from(c) {
                    code @ (0..0x20 | 0x5c) => self.put(format!("\\u{code:04x}")),
                    code @ 0..0x100 => self.put([code as u8]),
                    code @ 0..0x10000 => self.put(format!("\\u{code:04x}")),
                    code => self.put(format!("\\U{code:08x}")),
                }
            }
            self.put("\n");
        } else if self.protocol == 4 && text.len() < 256 {
            self.put([0x8c, text.len() as u8]);
            self.put(text);
        } else {
            self.put("X");
            self.put((text.len() as u32).to_le_bytes());
            self.put(text);
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.protocol == 4 {
            self.put("B");
            self.put((bytes.len() as u32).to_le_bytes());
            self.put(bytes);
        } else if bytes.is_empty() {
            self.put("c__builtin__\nbytes\n(tR");
        } else {
            self.put("c_codecs\nencode\n(");
            self.text(&bytes.iter().copied().map(char::from).collect::<String>());
            self.text("latin1");
            self.put("tR");
        }
    }

    fn dict(&mut self, pairs: &[(String, Value)]) {
        self.put(if self.protocol == 0 { "(d" } else { "}" });
        for (key, value) in pairs {
            self.text(key);
            self.value(value);
            self.put("s");
        }
    }

    fn array(&mut self, numbers: &[f64]) {
        self.put("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(");
        self.int(0);
        self.put("t");
        self.bytes(b"b");
        self.put("tR(");
        self.int(1);
        self.put("(");
        self.int(numbers.len() as i64);
        self.put("tcnumpy\ndtype\n(");
        self.text("f8");
        self.value(&Value::Bool(false));
        self.value(&Value::Bool(true));
        self.put("tR(");
        self.int(3);
        self.text("<");
        self.put("NNN");
        self.int(-1);
        self.int(-1);
        self.int(0);
        self.put("tb");
        self.value(&Value::Bool(false));
        self.bytes(&numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>());
        self.put("tb");
    }
}

/// Whether the node holds the value.
pub fn holds(graph: &Graph<'_>, id: Id, value: &Value) -> bool {
    let all = |ids: &[Id], values: &[Value]| {
        ids.len() == values.len() && ids.iter().zip(values).all(|(id, value)| holds(graph, *id, value))
    };
    let entries = |pairs: &[(Id, Id)], values: &[(String, Value)]| {
        let same = |((key, id), (name, value)): (&(Id, Id), &(String, Value))| {
            matches!(graph.node(*key), Node::Str(key) if key == name) && holds(graph, *id, value)
        };
        pairs.len() == values.len() && pairs.iter().zip(values).all(same)
    };
    match (graph.node(id), value) {
        (Node::None, Value::None) => true,
        (Node::Bool(a), Value::Bool(b)) => a == b,
        (Node::Int(a), Value::Int(b)) => a == b,
        (Node::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Node::Str(a), Value::Str(b)) => a == b,
        (Node::Bytes(a), Value::Bytes(b)) => **a == **b,
        (Node::List(ids), Value::List(values)) | (Node::Tuple(ids), Value::Tuple(values)) => all(ids, values),
        (Node::Dict(pairs), Value::Dict(values)) => entries(pairs, values),
        (Node::Object(object), Value::Scaler(values)) => {
            let state = object.state.map(|state| graph.node(state));
            object.class.name == "StandardScaler" && matches!(state, Some(Node::Dict(pairs)) if entries(pairs, values))
        }
        (Node::Array(array), Value::Array(numbers)) => {
            let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
            array.shape == [numbers.len()] && matches!(&array.data, ArrayData::Bytes(data) if **data == bytes)
        }
        (Node::List(ids), Value::Twice(numbers)) => {
            let list = Value::List(numbers.iter().copied().map(Value::Int).collect());
            matches!(**ids, [first, second] if first == second && holds(graph, first, &list))
        }
        _ => false,
    }
}
