//! Fits estimators to matrices from stdin and writes all that they learned as JSON: how `tests/python/train.py` and
//! `scripts/bench-train.sh` look at trees and coefficients that no command shows. No part of the program.
//!
//! A request is a line of JSON, `{"estimator" or "scaler", "params": {name: literal}, "shape": [rows, features],
//! "names", "target", "threads", "quiet"}`, then the matrix: f64, little-endian, row by row. The reply is a line of
//! JSON: the fitted object with every attribute (arrays as their bytes in hexadecimal), or `{"error"}`.

use ndarray::Array2;
use scorelet::data::{Column, NumberKind, Texts, Values};
use scorelet::train::Target;
use scorelet::train::fit::{Estimator, Fitted, ScalerKind, fit, fit_scaler};
use scorelet::train::params::Literal;
use scorelet::value::{ArrayData, DType, Node, View};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let (mut input, mut output) = (BufReader::new(std::io::stdin().lock()), std::io::stdout().lock());
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let request: Value = serde_json::from_str(&line)?;
        let reply = answer(&request, &mut input).unwrap_or_else(|error| json!({"error": error.to_string()}));
        writeln!(output, "{reply}")?;
        output.flush()?;
        line.clear();
    }
    Ok(())
}

fn answer(request: &Value, input: &mut impl Read) -> Result<Value, Failure> {
    let [rows, features] = [0, 1].map(|axis| request["shape"][axis].as_u64().unwrap_or_default() as usize);
    let mut x = Array2::zeros((rows, features));
    for value in x.iter_mut() {
        let mut bytes = [0; 8];
        input.read_exact(&mut bytes)?;
        *value = f64::from_le_bytes(bytes);
    }
    let names: Vec<String> = serde_json::from_value(request["names"].clone()).unwrap_or_default();
    let params: BTreeMap<String, String> = serde_json::from_value(request["params"].clone()).unwrap_or_default();
    let params = params.into_iter().map(|(name, text)| (name, Literal::parse(&text))).collect();
    let started = Instant::now();
    let fitted = match request["scaler"].as_str() {
        Some(name) => fit_scaler(&ScalerKind::parse(name, &params)?.ok_or("no scaler")?, x.view(), &names)?,
        None => {
            let spec = Estimator::parse(request["estimator"].as_str().unwrap_or_default(), &params)?;
            let target = target(&request["target"], spec.estimator)?;
            let threads = request["threads"].as_u64().unwrap_or(1) as usize;
            fit(&spec, x.view(), &names, target.as_ref(), threads)?
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    let model = if request["quiet"] == true { Value::Null } else { checked(&fitted, request["scaler"].is_string())? };
    Ok(
        json!({"model": model, "warnings": fitted.warnings, "seconds": seconds, "peak_kib": peak_kib(), "model_bytes": model_bytes(&fitted)}),
    )
}

/// What the arrays of the model take: the trees of a forest can be larger than the data.
fn model_bytes(fitted: &Fitted) -> usize {
    let bytes = |node: &Node<'_>| match node {
        Node::Array(array) => array.len() * array.dtype.size(),
        _ => 0,
    };
    fitted.graph.nodes.iter().map(bytes).sum()
}

/// The most memory that this process ever had; only Linux says it.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}

fn target(values: &Value, estimator: Estimator) -> Result<Option<Target>, Failure> {
    let Some(values) = values.as_array() else { return Ok(None) };
    let numbers = |kind| {
        let values = values.iter().map(|v| v.as_f64().or(v.as_bool().map(|b| f64::from(u8::from(b)))));
        Values::Numbers { kind, values: values.map(|v| v.unwrap_or(f64::NAN)).collect() }
    };
    let values = match values.first() {
        Some(Value::Bool(_)) => numbers(NumberKind::Boolean),
        Some(Value::Number(n)) if n.is_i64() => numbers(NumberKind::Integer),
        Some(Value::Number(_)) => numbers(NumberKind::Float),
        _ => {
            let mut texts = Texts::default();
            for text in values.iter().map(|v| v.as_str().unwrap_or_default()) {
                let known = texts.dictionary.iter().position(|known| known == text);
                texts.codes.push(known.unwrap_or(texts.dictionary.len()) as u32);
                texts.dictionary.extend(known.is_none().then(|| text.to_owned()));
            }
            Values::Texts(texts)
        }
    };
    let column = Column { name: "target".into(), values };
    Ok(Some(Target::of(&column, estimator.class().task)?))
}

/// The object, after a look at whether it can be served.
fn checked(fitted: &Fitted, scaler: bool) -> Result<Value, Failure> {
    match scaler {
        true => fitted.transformer().map(drop)?,
        false => fitted.estimator().map(drop)?,
    }
    Ok(written(&fitted.graph.root()))
}

fn written(view: &View<'_, '_>) -> Value {
    let graph = view.graph();
    let all = |ids: &[_]| ids.iter().map(|id| written(&graph.view(*id))).collect::<Vec<_>>();
    match view.node() {
        Node::None => Value::Null,
        Node::Bool(b) => json!(b),
        Node::Int(i) => json!(i),
        Node::Float(x) => json!({"float": format!("{:016x}", x.to_bits())}),
        Node::Str(text) => json!(text),
        Node::List(ids) => json!(all(ids)),
        Node::Tuple(ids) => json!({"tuple": all(ids)}),
        Node::Dict(pairs) => json!({"dict": pairs.iter().map(|(k, v)| all(&[*k, *v])).collect::<Vec<_>>()}),
        Node::Array(array) => match &array.data {
            ArrayData::Objects(ids) => json!({"shape": array.shape, "objects": all(ids)}),
            ArrayData::Bytes(bytes) => {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                json!({"shape": array.shape, "dtype": dtype(&array.dtype), "bytes": hex})
            }
        },
        Node::Object(object) if matches!(object.state.map(|id| graph.node(id)), Some(Node::Tuple(_))) => {
            let state = object.state.map(|id| written(&graph.view(id)));
            json!({"class": object.class.to_string(), "args": [], "state": {"state": state}})
        }
        Node::Object(object) => {
            let state = view.entries().expect("attributes have names").into_iter();
            let state: Map<String, Value> = state.map(|(name, value)| (name.to_owned(), written(&value))).collect();
            json!({"class": object.class.to_string(), "args": all(&object.args), "state": state})
        }
        other => unreachable!("a fitted object holds no {other:?}"),
    }
}

fn dtype(dtype: &DType) -> Value {
    match dtype {
        DType::Struct { fields, itemsize } => {
            let field = |f: &scorelet::value::Field| json!([f.name, f.dtype.to_string(), f.offset]);
            json!({"fields": fields.iter().map(field).collect::<Vec<_>>(), "itemsize": itemsize})
        }
        other => json!(other.to_string()),
    }
}
