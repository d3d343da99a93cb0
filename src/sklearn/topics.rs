//! `LatentDirichletAllocation`.

use super::attributes::{matrix, policy};
use super::{BuildError, Context};
use crate::model::Topics;
use crate::value::View;
use ndarray::Array2;

/// Reads the words of each topic.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn topics(value: &View<'_, '_>, ctx: &mut Context) -> Result<Topics, BuildError> {
    let (n_topics, n_words, words) = matrix(value, "exp_dirichlet_component_", ctx)?;
    if n_topics == 0 {
        return Err(value.error("there are no topics").into());
    }
    Ok(Topics {
        policy: policy(value, false),
        words: Array2::from_shape_vec((n_topics, n_words), words).expect("as many as its shape says"),
        prior: value.attr("doc_topic_prior_")?.f64()?,
        most_rounds: value.attr("max_doc_update_iter")?.usize()?,
        tolerance: value.attr("mean_change_tol")?.f64()?,
    })
}
