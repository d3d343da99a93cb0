//! Makes a value graph node by node: how the trainer writes what scikit-learn would have pickled.

use super::{Array, ArrayData, DType, Graph, Id, Name, Node, Object};
use std::borrow::Cow;

/// A graph under construction. Every method appends a node and returns its id.
#[derive(Debug, Default)]
pub struct Builder {
    nodes: Vec<Node<'static>>,
}

impl Builder {
    pub fn new() -> Self {
        Builder::default()
    }

    pub fn push(&mut self, node: Node<'static>) -> Id {
        self.nodes.push(node);
        Id(self.nodes.len() as u32 - 1)
    }

    /// The node of an id that this builder gave.
    pub fn node(&self, id: Id) -> &Node<'static> {
        &self.nodes[id.0 as usize]
    }

    pub fn none(&mut self) -> Id {
        self.push(Node::None)
    }

    pub fn str(&mut self, text: &str) -> Id {
        self.push(Node::Str(Cow::Owned(text.to_owned())))
    }

    pub fn int(&mut self, value: usize) -> Id {
        self.push(Node::Int(value as i64))
    }

    pub fn float(&mut self, value: f64) -> Id {
        self.push(Node::Float(value))
    }

    pub fn list(&mut self, items: Vec<Id>) -> Id {
        self.push(Node::List(items))
    }

    pub fn tuple(&mut self, items: Vec<Id>) -> Id {
        self.push(Node::Tuple(items))
    }

    /// A dict with string keys.
    pub fn dict(&mut self, entries: Vec<(&str, Id)>) -> Id {
        let pairs = entries.into_iter().map(|(key, value)| (self.str(key), value)).collect();
        self.push(Node::Dict(pairs))
    }

    /// An instance of `module.name` with these attributes.
    pub fn object(&mut self, module: &'static str, name: &'static str, attributes: Vec<(&str, Id)>) -> Id {
        self.call(module, name, vec![], attributes)
    }

    /// An instance made from constructor arguments, as extension types are.
    pub fn call(&mut self, module: &'static str, name: &'static str, args: Vec<Id>, attributes: Vec<(&str, Id)>) -> Id {
        let state = self.dict(attributes);
        self.instance(module, name, args, state)
    }

    /// An instance whose state is a tuple, as extension types of `newObj` have it.
    pub fn extension(&mut self, module: &'static str, name: &'static str, state: Vec<Id>) -> Id {
        let state = self.tuple(state);
        self.instance(module, name, vec![], state)
    }

    fn instance(&mut self, module: &'static str, name: &'static str, args: Vec<Id>, state: Id) -> Id {
        let class = Name { module: Cow::Borrowed(module), name: Cow::Borrowed(name) };
        let object = Object { class, args, state: Some(state), items: vec![], entries: vec![], offset: 0 };
        self.push(Node::Object(Box::new(object)))
    }

    /// A float64 array in C order.
    pub fn f64s(&mut self, shape: &[usize], values: &[f64]) -> Id {
        self.bytes(DType::F64, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// An int64 array in C order.
    pub fn i64s(&mut self, values: &[i64]) -> Id {
        self.bytes(DType::I64, &[values.len()], values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// An object array of strings.
    pub fn strings<S: AsRef<str>>(&mut self, values: &[S]) -> Id {
        let ids = values.iter().map(|v| self.str(v.as_ref())).collect();
        self.objects(ids)
    }

    /// A one-dimensional object array.
    pub fn objects(&mut self, ids: Vec<Id>) -> Id {
        let shape = vec![ids.len()];
        let array = Array { dtype: DType::Object, shape, fortran: false, data: ArrayData::Objects(ids) };
        self.push(Node::Array(Box::new(array)))
    }

    /// An array from its bytes in C order.
    ///
    /// # Panics
    /// When the length does not fit shape and dtype: a mistake of the caller.
    pub fn bytes(&mut self, dtype: DType, shape: &[usize], bytes: Vec<u8>) -> Id {
        assert_eq!(bytes.len(), shape.iter().product::<usize>() * dtype.size(), "array data fits its shape");
        let data = ArrayData::Bytes(Cow::Owned(bytes));
        self.push(Node::Array(Box::new(Array { dtype, shape: shape.to_vec(), fortran: false, data })))
    }

    /// Moves in another graph; returns its root.
    pub fn graft(&mut self, graph: Graph<'static>) -> Id {
        let from = self.nodes.len() as u32;
        self.nodes.extend(graph.nodes.into_iter().map(|mut node| {
            node.children_mut().into_iter().for_each(|id| id.0 += from);
            node
        }));
        Id(graph.root.0 + from)
    }

    /// The graph, with `root` outermost.
    pub fn finish(self, root: Id) -> Graph<'static> {
        Graph { nodes: self.nodes, root }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graft_keeps_what_it_says() {
        let part = |n: usize| {
            let mut b = Builder::new();
            let items = vec![b.int(n), b.str("x")];
            let array = b.objects(items.clone());
            let list = b.list(items);
            let root = b.call("m", "C", vec![list], vec![("a", array)]);
            b.finish(root)
        };
        let mut whole = Builder::new();
        let grafts = vec![whole.graft(part(1)), whole.graft(part(2))];
        let root = whole.list(grafts);
        let whole = whole.finish(root);
        for (i, item) in whole.root().items().unwrap().iter().enumerate() {
            assert_eq!(item.args()[0].items().unwrap()[0].usize(), Ok(i + 1));
            assert_eq!(item.attr("a").unwrap().items().unwrap()[1].str(), Ok("x"));
        }
    }
}
