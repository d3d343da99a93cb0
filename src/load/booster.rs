//! A model of XGBoost or LightGBM by itself, as the value graph of the booster that its library would pickle.

use crate::boosters::{BoosterError, Library, lightgbm};
use crate::value::{Graph, Id, Name, Node, Object};
use std::borrow::Cow;

/// The bytes of `library` as a bare booster.
///
/// # Errors
/// When they are text that is none.
pub fn graph(bytes: &[u8], library: Library) -> Result<Graph<'_>, BoosterError> {
    let mut nodes = Nodes(vec![]);
    let (module, name, state) = match library {
        Library::XgBoost => {
            let handle = nodes.push(Node::Bytes(Cow::Borrowed(bytes)));
            ("xgboost.core", "Booster", vec![("handle", handle)])
        }
        Library::LightGbm => {
            let model = std::str::from_utf8(bytes).map_err(|error| BoosterError::Damaged {
                library: library.name(),
                at: error.valid_up_to(),
                problem: "it is not UTF-8",
            })?;
            let handle = nodes.push(Node::Str(Cow::Borrowed(model)));
            let categories = lightgbm::pandas_categories(model)?;
            let lists = categories.into_iter().map(|list| nodes.list(list)).collect();
            let lists = nodes.push(Node::List(lists));
            ("lightgbm.basic", "Booster", vec![("_handle", handle), ("pandas_categorical", lists)])
        }
    };
    let pairs = state.into_iter().map(|(key, value)| (nodes.push(Node::Str(key.into())), value)).collect();
    let state = Some(nodes.push(Node::Dict(pairs)));
    let class = Name { module: module.into(), name: name.into() };
    let object = Object { class, args: vec![], state, items: vec![], entries: vec![], offset: 0 };
    let root = nodes.push(Node::Object(Box::new(object)));
    Ok(Graph { nodes: nodes.0, root })
}

struct Nodes<'a>(Vec<Node<'a>>);

impl<'a> Nodes<'a> {
    fn push(&mut self, node: Node<'a>) -> Id {
        self.0.push(node);
        Id(self.0.len() as u32 - 1)
    }

    fn list(&mut self, categories: Vec<lightgbm::Category>) -> Id {
        let ids = categories.into_iter().map(|category| {
            self.push(match category {
                lightgbm::Category::Text(text) => Node::Str(Cow::Owned(text)),
                lightgbm::Category::Number(number) => Node::Float(number),
            })
        });
        let ids = ids.collect();
        self.push(Node::List(ids))
    }
}
