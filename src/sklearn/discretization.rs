//! `KBinsDiscretizer` and `Binarizer`.

use super::attributes::{n_features, policy};
use super::{BuildError, Context};
use crate::model::{Binarizer, KBinsDiscretizer};
use crate::value::{DType, Node, View};

/// Reads the edges of the bins.
pub fn k_bins_discretizer(value: &View<'_, '_>, ctx: &mut Context) -> Result<KBinsDiscretizer, BuildError> {
    let one_hot = match value.attr("encode")?.str()? {
        "ordinal" => false,
        "onehot" | "onehot-dense" => true,
        other => return Err(BuildError::option(value, format!("encode={other:?}"))),
    };
    let is_double = |dtype: &View<'_, '_>| match dtype.node() {
        Node::DType(dtype) => **dtype == DType::F64,
        Node::Global(name) => matches!(&*name.name, "float64" | "float"),
        _ => false,
    };
    if value.some("dtype").is_some_and(|dtype| !is_double(&dtype)) {
        return Err(BuildError::option(value, "a dtype other than float64"));
    }
    let listed = value.attr("bin_edges_")?;
    let mut edges = vec![];
    for list in listed.items()? {
        ctx.read(&list)?;
        let mut own = list.f64s()?;
        // The outermost edges do not count: every value belongs to a bin.
        if own.len() < 2 || !own.is_sorted_by(|a, b| a <= b) {
            return Err(list.error("expected the edges of bins, ascending").into());
        }
        own.pop();
        own.remove(0);
        edges.push(own);
    }
    n_features(value, Some(edges.len()), ctx)?;
    Ok(KBinsDiscretizer { policy: policy(value, false), edges, one_hot })
}

/// Reads the threshold.
pub fn binarizer(value: &View<'_, '_>, ctx: &mut Context) -> Result<Binarizer, BuildError> {
    let threshold = value.attr("threshold")?.f64()?;
    Ok(Binarizer { policy: policy(value, false), n_features: n_features(value, None, ctx)?, threshold })
}
