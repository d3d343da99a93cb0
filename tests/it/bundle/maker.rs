//! Makes bundles out of values, as scikit-learn would have pickled them, for cases that no corpus holds.

use scorelet::bundle::native;
use scorelet::value::{Array, ArrayData, DType, Graph, Id, Name, Node, Object};
use std::borrow::Cow;

/// A graph under construction.
#[derive(Default)]
pub struct Maker {
    nodes: Vec<Node<'static>>,
}

impl Maker {
    pub fn add(&mut self, node: Node<'static>) -> Id {
        self.nodes.push(node);
        Id(self.nodes.len() as u32 - 1)
    }

    pub fn text(&mut self, text: &str) -> Id {
        self.add(Node::Str(Cow::Owned(text.to_owned())))
    }

    pub fn texts(&mut self, texts: &[&str]) -> Id {
        let ids = texts.iter().map(|text| self.text(text)).collect();
        self.add(Node::List(ids))
    }

    pub fn dict(&mut self, entries: &[(&str, Id)]) -> Id {
        let pairs = entries.iter().map(|(key, value)| (self.text(key), *value)).collect();
        self.add(Node::Dict(pairs))
    }

    pub fn floats(&mut self, values: &[f64]) -> Id {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let data = ArrayData::Bytes(Cow::Owned(bytes));
        self.add(Node::Array(Box::new(Array { dtype: DType::F64, shape: vec![values.len()], fortran: false, data })))
    }

    /// An object of `module.name`, called with `args`, with these attributes.
    pub fn object(&mut self, class: &str, args: Vec<Id>, state: &[(&str, Id)]) -> Id {
        let (module, name) = class.rsplit_once('.').expect("a dotted name");
        let class = Name { module: Cow::Owned(module.to_owned()), name: Cow::Owned(name.to_owned()) };
        let state = if state.is_empty() { None } else { Some(self.dict(state)) };
        let (items, entries) = (vec![], vec![]);
        self.add(Node::Object(Box::new(Object { class, args, state, items, entries, offset: 0 })))
    }

    /// `y = 1 a + 2 b + …`, fitted on columns with these names, or on an array without names.
    pub fn linear(&mut self, n: usize, fitted_on: Option<&[&str]>) -> Id {
        let coef: Vec<f64> = (1..=n).map(|i| i as f64).collect();
        let coef = self.floats(&coef);
        let intercept = self.add(Node::Float(0.0));
        let mut state = vec![("coef_", coef), ("intercept_", intercept)];
        self.fitted(n, fitted_on, &mut state);
        self.object("sklearn.linear_model._base.LinearRegression", vec![], &state)
    }

    pub fn scaler(&mut self, n: usize, fitted_on: Option<&[&str]>) -> Id {
        let mean = self.floats(&vec![0.0; n]);
        let scale = self.floats(&vec![2.0; n]);
        let yes = self.add(Node::Bool(true));
        let mut state = vec![("with_mean", yes), ("with_std", yes), ("mean_", mean), ("scale_", scale)];
        self.fitted(n, fitted_on, &mut state);
        self.object("sklearn.preprocessing._data.StandardScaler", vec![], &state)
    }

    fn fitted(&mut self, n: usize, names: Option<&[&str]>, state: &mut Vec<(&str, Id)>) {
        let n = self.add(Node::Int(n as i64));
        let version = self.text("1.9.1");
        state.extend([("n_features_in_", n), ("_sklearn_version", version)]);
        if let Some(names) = names {
            let ids: Vec<Id> = names.iter().map(|name| self.text(name)).collect();
            let (shape, data) = (vec![ids.len()], ArrayData::Objects(ids));
            let array = Array { dtype: DType::Object, shape, fortran: false, data };
            state.push(("feature_names_in_", self.add(Node::Array(Box::new(array)))));
        }
    }

    /// The bundle with this root, as a native file.
    pub fn file(self, root: Id) -> Vec<u8> {
        native::encode(&Graph { nodes: self.nodes, root }).expect("it holds no cycle")
    }
}
