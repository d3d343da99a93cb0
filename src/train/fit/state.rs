//! How a fitted object is written: parameters first, then what was learned, then the version, as scikit-learn has it.

use super::super::params::{Class, Literal, Params};
use super::{Data, SKLEARN_VERSION, Task};
use crate::model::Classes;
use crate::value::{Builder, DType, Id, Node};

/// The attributes of one object.
pub(super) struct State {
    class: &'static Class,
    attributes: Vec<(&'static str, Id)>,
}

impl State {
    /// Starts with the parameters.
    pub fn new(builder: &mut Builder, class: &'static Class, params: &Params) -> State {
        let attributes = params.iter().map(|(name, value)| (name, literal(builder, value))).collect();
        State { class, attributes }
    }

    /// Starts with the parameters of a tree on its own or in an ensemble. Only a classifier takes `class_weight`, yet all
    /// have it.
    pub fn tree(builder: &mut Builder, class: &'static Class, params: &Params) -> State {
        let mut state = State::new(builder, class, params);
        if class.task == Task::Regression {
            let none = builder.none();
            state.set("class_weight", none);
        }
        state
    }

    /// Adds the features: `n_features_in_`, and `feature_names_in_` where they have names.
    pub fn features(&mut self, builder: &mut Builder, data: &Data<'_>) {
        if !data.names.is_empty() {
            let names = builder.strings(data.names);
            self.set("feature_names_in_", names);
        }
        let n = builder.int(data.n_features());
        self.set("n_features_in_", n);
    }

    /// Sets an attribute, a parameter among them.
    pub fn set(&mut self, name: &'static str, value: Id) {
        match self.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some(slot) => slot.1 = value,
            None => self.attributes.push((name, value)),
        }
    }

    pub fn int(&mut self, builder: &mut Builder, name: &'static str, value: usize) {
        let value = builder.int(value);
        self.set(name, value);
    }

    pub fn float(&mut self, builder: &mut Builder, name: &'static str, value: f64) {
        let value = builder.float(value);
        self.set(name, value);
    }

    pub fn f64s(&mut self, builder: &mut Builder, name: &'static str, values: &[f64]) {
        let value = builder.f64s(&[values.len()], values);
        self.set(name, value);
    }

    /// Adds the version and makes the object.
    pub fn finish(mut self, builder: &mut Builder) -> Id {
        let version = builder.str(SKLEARN_VERSION);
        self.set("_sklearn_version", version);
        builder.object(self.class.module, self.class.class, self.attributes)
    }
}

/// A literal as a value.
pub(super) fn literal(builder: &mut Builder, value: &Literal) -> Id {
    let node = match value {
        Literal::None => Node::None,
        Literal::Bool(b) => Node::Bool(*b),
        Literal::Int(i) => Node::Int(*i),
        Literal::Float(x) => Node::Float(*x),
        Literal::Str(text) => return builder.str(text),
        Literal::Tuple(items) => Node::Tuple(items.iter().map(|item| literal(builder, item)).collect()),
        Literal::Dict(pairs) => {
            Node::Dict(pairs.iter().map(|(key, value)| (literal(builder, key), literal(builder, value))).collect())
        }
    };
    builder.push(node)
}

/// `classes_`, with the dtype that numpy gives such labels.
pub(super) fn classes(builder: &mut Builder, classes: &Classes) -> Id {
    match classes {
        Classes::Int(labels) => builder.i64s(labels),
        Classes::Float(labels) => builder.f64s(&[labels.len()], labels),
        Classes::Bool(labels) => {
            builder.bytes(DType::BOOL, &[labels.len()], labels.iter().map(|label| u8::from(*label)).collect())
        }
        Classes::Str(labels) => builder.strings(labels),
    }
}
