//! ONNX files to a value graph, and that graph to a model: what skl2onnx writes, and what converters like it write.
//!
//! Reading and building are two steps, as with every format: the graph of values is what a native bundle keeps, and it
//! passes the same checks again when it comes back. Nothing is run to read a file; memory is bounded by its size;
//! operators that are not known are refused at load, all at once. Never does I/O: weights in other files are refused.

mod attributes;
mod build;
mod inputs;
mod learned;
mod operators;
mod outputs;
mod proto;
mod wire;

pub use build::{Parts, names, parts, title};
pub use operators::supported;
pub use proto::read;

use crate::value::View;

/// Module and class of the outermost object of the values, and of the graphs in it.
const MODULE: &str = "onnx";
const MODEL: &str = "ModelProto";
const GRAPH: &str = "GraphProto";
/// The domain whose name is empty in a file.
const STANDARD: &str = "ai.onnx";

/// What to do about a graph that holds what is not computed.
const INSTEAD: &str =
    "serve the pickle, joblib or skops file, or convert the model without it (docs/onnx.md lists what is)";

/// Why an ONNX file is not read or not served, in words for the person who has the file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OnnxError {
    #[error("the ONNX file is damaged or cut off: {problem} (in {place}); copy it again")]
    Malformed { place: &'static str, problem: String },
    #[error("{place}: {problem}")]
    Graph { place: String, problem: String },
    #[error("{node}: this operator is not computed; {INSTEAD}")]
    Operator { node: String },
    #[error("tensor {name:?} lies in another file: save the model in one, with onnx.save(model, path)")]
    External { name: String },
    #[error("the ONNX file is of IR version {found}; versions 3 to {newest} are read: convert it for an older one")]
    Version { found: i64, newest: i64 },
    #[error("it was converted for {domain} opset {found}; {oldest} to {newest} are read: set target_opset")]
    Opset { domain: String, found: i64, oldest: i64, newest: i64 },
    #[error("it takes any number of columns: name them all with --features a,b,…")]
    AnyWidth,
    #[error("{}", listed(.0))]
    Several(Vec<OnnxError>),
}

impl OnnxError {
    fn graph(place: impl Into<String>, problem: impl Into<String>) -> OnnxError {
        OnnxError::Graph { place: place.into(), problem: problem.into() }
    }

    /// One error that says all of `errors`; there must be at least one.
    fn all(mut errors: Vec<OnnxError>) -> OnnxError {
        if errors.len() == 1 { errors.remove(0) } else { OnnxError::Several(errors) }
    }

    /// The single reasons.
    pub fn into_list(self) -> Vec<OnnxError> {
        match self {
            OnnxError::Several(errors) => errors,
            one => vec![one],
        }
    }
}

/// The advice that several share stands once, at the end.
fn listed(errors: &[OnnxError]) -> String {
    const SHOWN: usize = 5;
    let mut advised = false;
    let one = |error: &OnnxError| match error {
        OnnxError::Operator { node } => {
            advised = true;
            format!("{node}: this operator is not computed")
        }
        other => other.to_string(),
    };
    let mut shown: Vec<String> = errors.iter().take(SHOWN).map(one).collect();
    if errors.len() > SHOWN {
        shown.push(format!("and {} more; `scorelet inspect` lists them", errors.len() - SHOWN));
    }
    if advised {
        shown.push(INSTEAD.to_owned());
    }
    shown.join("; ")
}

/// Whether a file that starts with these bytes may be an ONNX model: the version of the format, then who wrote it, the
/// operators it needs or the graph.
pub fn is_onnx(start: &[u8]) -> bool {
    matches!(start, [0x08, 1..=0x1f, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..])
}

/// Whether `value` is the model of an ONNX file.
pub fn is_model(value: &View<'_, '_>) -> bool {
    value.class().is_some_and(|class| class.module == MODULE && class.name == MODEL)
}
