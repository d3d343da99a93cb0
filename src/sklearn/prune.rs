//! What scoring never reads: random states, training curves, leftovers of the training data.
//!
//! A closed list, so that an attribute which a later reader needs is not lost. Parameters (what `get_params` gives)
//! stay, except that a random generator among them becomes `None`: its state is 2.5 KB of most ensembles and lets who
//! has the file continue the sequence.

use crate::value::{Graph, Id, Name, Node};

/// Makers of numpy's random generators, all in `numpy.random._pickle`.
const GENERATORS: [&str; 3] = ["__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"];

/// Attributes that no estimator reads when it predicts or transforms.
const ATTRIBUTES: [&str; 16] = [
    "_feature_subsample_rng",
    "_random_seed",
    "_rng",
    "_seeds",
    "cv_results_",
    "loss_curve_",
    "oob_decision_function_",
    "oob_improvement_",
    "oob_prediction_",
    "oob_score_",
    "oob_scores_",
    "train_score_",
    "validation_score_",
    "validation_scores_",
    "best_validation_score_",
    "best_loss_",
];

/// Attributes that only these classes do not read.
const ATTRIBUTES_OF: [(&str, &[&str]); 13] = [
    ("AffinityPropagation", &["affinity_matrix_", "labels_"]),
    ("Birch", &["dummy_leaf_", "labels_", "root_"]),
    ("BisectingKMeans", &["labels_"]),
    ("GaussianProcessRegressor", &["L_", "y_train_"]),
    ("MeanShift", &["labels_"]),
    ("KMeans", &["labels_"]),
    ("MiniBatchKMeans", &["labels_", "_counts"]),
    ("LogisticRegressionCV", &["coefs_paths_", "scores_"]),
    ("LassoCV", &["mse_path_"]),
    ("ElasticNetCV", &["mse_path_"]),
    ("RidgeCV", &["cv_values_"]),
    ("RandomForestClassifier", &["_sample_weight"]),
    ("RandomForestRegressor", &["_sample_weight"]),
];

/// Takes out of `graph` what scoring never reads. What nothing refers to any more stays as nodes without a reference.
pub fn prune(graph: &mut Graph<'_>) {
    let keys = dropped_keys(graph);
    for at in 0..graph.nodes.len() {
        let Node::Object(object) = &graph.nodes[at] else { continue };
        if is_generator(&object.class) {
            graph.nodes[at] = Node::None;
            continue;
        }
        let (Some(state), "sklearn") = (object.state, object.class.module.split('.').next().unwrap_or_default()) else {
            continue;
        };
        let own = ATTRIBUTES_OF.iter().find(|(class, _)| *class == object.class.name).map_or(&[][..], |(_, own)| own);
        if let Node::Dict(pairs) = &mut graph.nodes[state.0 as usize] {
            pairs.retain(|(key, _)| match keys.binary_search_by_key(key, |(id, _)| *id) {
                Ok(found) => !ATTRIBUTES.contains(&keys[found].1) && !own.contains(&keys[found].1),
                Err(_) => true,
            });
        }
    }
}

fn is_generator(class: &Name<'_>) -> bool {
    class.module == "numpy.random._pickle" && GENERATORS.contains(&class.name.as_ref())
}

/// The nodes that are one of the names above, in order.
fn dropped_keys(graph: &Graph<'_>) -> Vec<(Id, &'static str)> {
    let names = || ATTRIBUTES.into_iter().chain(ATTRIBUTES_OF.iter().flat_map(|(_, own)| own.iter().copied()));
    let named = |(at, node): (usize, &Node<'_>)| match node {
        Node::Str(text) => names().find(|name| name == text).map(|name| (Id(at as u32), name)),
        _ => None,
    };
    graph.nodes.iter().enumerate().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Object;
    use std::borrow::Cow;

    #[test]
    fn takes_out_what_the_lists_name_and_nothing_else() {
        let text = |s: &'static str| Node::Str(Cow::Borrowed(s));
        let object = |module: &'static str, name: &'static str, state| {
            let class = Name { module: Cow::Borrowed(module), name: Cow::Borrowed(name) };
            let (args, items, entries) = (vec![], vec![], vec![]);
            Node::Object(Box::new(Object { class, args, state, items, entries, offset: 0 }))
        };
        let check = |module, name, kept: &[u32]| {
            let nodes = vec![
                object(module, name, Some(Id(1))),
                Node::Dict([3, 4, 5, 6].map(|key| (Id(key), Id(2))).to_vec()),
                object("numpy.random._pickle", "__randomstate_ctor", None),
                text("random_state"),
                text("cv_results_"),
                text("labels_"),
                text("cluster_centers_"),
            ];
            let mut graph = Graph { nodes, root: Id(0) };
            prune(&mut graph);
            let expected: Vec<(Id, Id)> = kept.iter().map(|key| (Id(*key), Id(2))).collect();
            assert_eq!(graph.nodes[1], Node::Dict(expected), "{module}.{name}");
            assert_eq!(graph.nodes[2], Node::None);
        };
        check("sklearn.cluster._kmeans", "KMeans", &[3, 6]);
        check("sklearn.cluster._dbscan", "DBSCAN", &[3, 5, 6]);
        check("collections", "OrderedDict", &[3, 4, 5, 6]);
    }
}
