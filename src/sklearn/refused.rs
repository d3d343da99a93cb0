//! Classes of scikit-learn that are refused for good: what each is for, and what to serve instead. With the list of what
//! is supported this names every estimator there is; `tests/python/estimators.py` fails when one is missing.

use super::class::is_of;
use crate::value::Name;

/// The public package, the name, and why: the rest of a sentence about the class, with what to do.
const REFUSED: &[(&str, &str, &str)] = &[
    ("sklearn.cluster", "AgglomerativeClustering", LABELS_ITS_ROWS),
    ("sklearn.cluster", "DBSCAN", LABELS_ITS_ROWS),
    ("sklearn.cluster", "HDBSCAN", LABELS_ITS_ROWS),
    ("sklearn.cluster", "OPTICS", LABELS_ITS_ROWS),
    ("sklearn.cluster", "SpectralBiclustering", LABELS_ITS_ROWS),
    ("sklearn.cluster", "SpectralClustering", LABELS_ITS_ROWS),
    ("sklearn.cluster", "SpectralCoclustering", LABELS_ITS_ROWS),
    ("sklearn.covariance", "EmpiricalCovariance", ESTIMATES_COVARIANCE),
    ("sklearn.covariance", "GraphicalLasso", ESTIMATES_COVARIANCE),
    ("sklearn.covariance", "GraphicalLassoCV", ESTIMATES_COVARIANCE),
    ("sklearn.covariance", "LedoitWolf", ESTIMATES_COVARIANCE),
    ("sklearn.covariance", "MinCovDet", ESTIMATES_COVARIANCE),
    ("sklearn.covariance", "OAS", ESTIMATES_COVARIANCE),
    ("sklearn.covariance", "ShrunkCovariance", ESTIMATES_COVARIANCE),
    ("sklearn.feature_extraction", "DictVectorizer", TAKES_DICTS),
    ("sklearn.feature_extraction", "FeatureHasher", TAKES_DICTS),
    (
        "sklearn.feature_extraction",
        "PatchExtractor",
        "it takes images, and a request is a table; flatten the images into columns before the model",
    ),
    ("sklearn.manifold", "ClassicalMDS", PLACES_ITS_ROWS),
    ("sklearn.manifold", "MDS", PLACES_ITS_ROWS),
    ("sklearn.manifold", "SpectralEmbedding", PLACES_ITS_ROWS),
    ("sklearn.manifold", "TSNE", PLACES_ITS_ROWS),
    ("sklearn.neighbors", "KNeighborsTransformer", GIVES_A_GRAPH),
    (
        "sklearn.neighbors",
        "NearestNeighbors",
        "it finds rows and predicts nothing; fit a KNeighborsClassifier or KNeighborsRegressor on the same rows",
    ),
    ("sklearn.neighbors", "RadiusNeighborsTransformer", GIVES_A_GRAPH),
    ("sklearn.preprocessing", "LabelBinarizer", ENCODES_TARGETS),
    ("sklearn.preprocessing", "LabelEncoder", ENCODES_TARGETS),
    ("sklearn.preprocessing", "MultiLabelBinarizer", ENCODES_TARGETS),
];

const LABELS_ITS_ROWS: &str =
    "it labels the rows it was fitted on and has no answer for others; fit a KNeighborsClassifier on its labels_";
const ESTIMATES_COVARIANCE: &str =
    "it estimates a covariance and predicts nothing; use EllipticEnvelope, or GaussianMixture with one component";
const TAKES_DICTS: &str = "it takes a dict or a list for each row, and a request is a table; use OneHotEncoder, or HashingVectorizer for texts";
const PLACES_ITS_ROWS: &str = "it places the rows it was fitted on and has no place for others; use PCA, KernelPCA, Isomap or \
     LocallyLinearEmbedding";
const GIVES_A_GRAPH: &str =
    "it gives a graph over its training rows; put a KNeighborsClassifier or KNeighborsRegressor in its place";
const ENCODES_TARGETS: &str =
    "it encodes targets, not rows of a request; keep it in the bundle beside the model under a key of its own";

/// Every refused class as users import it, in alphabetical order, with the reason and what to do.
pub fn refused() -> impl Iterator<Item = (String, &'static str)> {
    REFUSED.iter().map(|(package, name, reason)| (format!("{package}.{name}"), *reason))
}

/// The end of the message that refuses a class.
pub(super) fn reason(class: &str) -> String {
    let (module, name) = class.rsplit_once('.').unwrap_or(("", class));
    let named = Name { module: module.into(), name: name.into() };
    let found = REFUSED.iter().find(|(package, name, _)| is_of(&named, package, name));
    match (found, module.split('.').next()) {
        (Some((_, _, reason)), _) => format!(": {reason}"),
        (None, Some("sklearn")) => ": this version of scorelet does not compute it".to_owned(),
        _ => ": it is none of scikit-learn's own estimators; put one of those in its place".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::supported;
    use super::*;

    #[test]
    fn no_class_is_both() {
        let refused: Vec<String> = refused().map(|(class, _)| class).collect();
        assert!(refused.is_sorted_by(|a, b| a < b), "{refused:?}");
        assert!(supported().all(|class| !refused.contains(&class)));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        for (class, expected) in [
            ("sklearn.cluster._dbscan.DBSCAN", ": it labels the rows it was fitted on"),
            ("sklearn.cluster.dbscan_.DBSCAN", ": it labels the rows it was fitted on"),
            ("sklearn.cluster._new.NewClustering", ": this version of scorelet does not compute it"),
            ("lightgbm.sklearn.LGBMClassifier", ": it is none of scikit-learn's own"),
            ("DBSCAN", ": it is none of scikit-learn's own"),
        ] {
            assert!(reason(class).starts_with(expected), "{class}: {}", reason(class));
        }
    }
}
