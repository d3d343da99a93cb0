//! Why the bytes of a booster are not read.

use crate::model::tree::TreeError;

/// Why no model is built from a booster's bytes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BoosterError {
    /// The bytes are no document at all: cut off, or changed.
    #[error("the bytes of the {library} model are damaged at byte {at}: {problem}")]
    Damaged { library: &'static str, at: usize, problem: &'static str },
    /// The document is whole, but an entry is missing or cannot be.
    #[error("the {library} model's {place}: {problem}")]
    Invalid { library: &'static str, place: String, problem: String },
    /// Nodes that are not a tree.
    #[error("the {library} model's tree {tree}: {error}")]
    Tree { library: &'static str, tree: usize, error: TreeError },
    /// A model that scorelet does not reproduce exactly.
    #[error("{0}")]
    Unsupported(String),
}

impl BoosterError {
    /// The error with the number of the tree that it is about.
    pub(super) fn within(self, tree: usize) -> BoosterError {
        match self {
            BoosterError::Invalid { library, place, problem } => {
                let place = if place == "trees" { String::new() } else { format!(".{place}") };
                BoosterError::Invalid { library, place: format!("trees[{tree}]{place}"), problem }
            }
            other => other,
        }
    }
}
