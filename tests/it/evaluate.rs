//! Splits and metrics against scikit-learn's own (`tests/fixtures/evaluate.json`, written by `evaluate.py`).

use ndarray::Array2;
use scorelet::train::evaluate::metrics::{self, Confusion, RegressionScores};
use scorelet::train::evaluate::{self, Split, TestSize};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// How far a sum may differ whose terms scikit-learn adds in another order, relative to it.
const CLOSE: f64 = 1e-12;

/// The cases of one name.
fn cases(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/evaluate.json");
    let mut all: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let cases: Vec<Value> = serde_json::from_value(all[name].take()).unwrap();
    assert!(!cases.is_empty(), "{name}");
    cases
}

fn of<T: serde::de::DeserializeOwned>(case: &Value, key: &str) -> T {
    serde_json::from_value(case[key].clone()).unwrap_or_else(|error| panic!("{key} of {case}: {error}"))
}

fn size(case: &Value) -> TestSize {
    case["size"].as_u64().map_or_else(|| TestSize::Fraction(of(case, "size")), |rows| TestSize::Rows(rows as usize))
}

fn holdouts(splits: Vec<Split>, rows: usize) -> Vec<Vec<usize>> {
    for split in &splits {
        let mut all = [split.train.clone(), split.holdout.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..rows).collect::<Vec<_>>());
    }
    splits.into_iter().map(|split| split.holdout).collect()
}

/// Compares what we compute with scikit-learn's value; null is undefined.
fn same(name: &str, expected: &Value, actual: f64) {
    match expected.as_f64() {
        Some(number) => assert!((actual - number).abs() <= CLOSE * number.abs(), "{name}: {actual} is not {number}"),
        None => assert!(actual.is_nan(), "{name}: {actual} should be undefined"),
    }
}

#[test]
fn random_splits_are_scikit_learns() {
    for case in cases("splits") {
        let split = evaluate::shuffled(of(&case, "rows"), size(&case), of(&case, "seed")).unwrap();
        assert_eq!(split, Split { train: of(&case, "train"), holdout: of(&case, "holdout") }, "{case}");
    }
    for case in cases("stratified_splits") {
        let classes: Vec<u32> = of(&case, "classes");
        let split = evaluate::stratified(&classes, size(&case), of(&case, "seed")).unwrap();
        assert_eq!(split, Split { train: of(&case, "train"), holdout: of(&case, "holdout") }, "{case}");
    }
}

#[test]
fn folds_are_scikit_learns() {
    for case in cases("folds") {
        let rows = of(&case, "rows");
        let splits = evaluate::k_fold(rows, of(&case, "folds"), of(&case, "seed")).unwrap();
        assert_eq!(holdouts(splits, rows), of::<Vec<Vec<usize>>>(&case, "holdouts"), "{case}");
    }
    for case in cases("stratified_folds") {
        let classes: Vec<u32> = of(&case, "classes");
        let splits = evaluate::stratified_k_fold(&classes, of(&case, "folds"), of(&case, "seed")).unwrap();
        assert_eq!(holdouts(splits, classes.len()), of::<Vec<Vec<usize>>>(&case, "holdouts"), "{case}");
    }
}

#[test]
fn metrics_of_labels_are_scikit_learns() {
    for case in cases("classification") {
        let (truth, predicted): (Vec<u32>, Vec<u32>) = (of(&case, "truth"), of(&case, "predicted"));
        let counts: Vec<Vec<u64>> = of(&case, "confusion");
        let confusion = Confusion::new(&truth, &predicted, counts.len());
        let ours = (0..counts.len()).map(|t| (0..counts.len()).map(|p| confusion.at(t, p)).collect::<Vec<_>>());
        assert_eq!(ours.collect::<Vec<_>>(), counts, "{case}");
        for (class, expected) in of::<Vec<[f64; 4]>>(&case, "per_class").into_iter().enumerate() {
            let scores = confusion.of_class(class);
            assert_eq!([scores.precision, scores.recall, scores.f1, scores.support as f64], expected, "{class} {case}");
        }
        let (macros, weighted) = (confusion.macro_average(), confusion.weighted_average());
        for (name, actual) in [
            ("accuracy", confusion.accuracy()),
            ("balanced_accuracy", confusion.balanced_accuracy()),
            ("precision_macro", macros.precision),
            ("recall_macro", macros.recall),
            ("f1_macro", macros.f1),
            ("precision_weighted", weighted.precision),
            ("recall_weighted", weighted.recall),
            ("f1_weighted", weighted.f1),
        ] {
            same(&format!("{name} of {}", case["name"]), &case["expected"][name], actual);
        }
    }
}

#[test]
fn metrics_of_probabilities_are_scikit_learns() {
    for case in cases("classification").into_iter().filter(|case| !case["probabilities"].is_null()) {
        let truth: Vec<u32> = of(&case, "truth");
        let rows: Vec<Vec<f64>> = of(&case, "probabilities");
        let p = Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap();
        let check = |name: &str, actual: f64| {
            same(&format!("{name} of {}", case["name"]), &case["expected"][name], actual);
        };
        check("log_loss", metrics::log_loss(&truth, p.view()));
        check("brier_score", metrics::brier_score(&truth, p.view()));
        if p.ncols() > 2 {
            check("roc_auc_ovr", metrics::one_against_rest(&truth, p.view(), metrics::roc_auc));
            check("average_precision", metrics::one_against_rest(&truth, p.view(), metrics::average_precision));
            continue;
        }
        let (positive, scores) = (truth.iter().map(|t| *t == 1).collect::<Vec<_>>(), p.column(1).to_vec());
        check("roc_auc", metrics::roc_auc(&positive, &scores));
        check("average_precision", metrics::average_precision(&positive, &scores));
        let curve = metrics::roc_curve(&positive, &scores);
        pairs("roc", &case, &curve);
        let calibration = metrics::calibration(&positive, &scores, 10);
        pairs("calibration", &case, &calibration.into_iter().map(|(p, share, _)| (p, share)).collect::<Vec<_>>());
    }
}

/// Compares points with two lists of coordinates.
fn pairs(name: &str, case: &Value, ours: &[(f64, f64)]) {
    let [x, y]: [Vec<Value>; 2] = of(case, name);
    assert_eq!(x.len(), ours.len(), "{name} of {}", case["name"]);
    for ((x, y), ours) in x.iter().zip(&y).zip(ours) {
        same(name, x, ours.0);
        same(name, y, ours.1);
    }
}

#[test]
fn metrics_of_numbers_are_scikit_learns() {
    for case in cases("regression") {
        let scores = RegressionScores::new(&of::<Vec<f64>>(&case, "truth"), &of::<Vec<f64>>(&case, "predicted"));
        for (name, actual) in [
            ("r2", scores.r2),
            ("explained_variance", scores.explained_variance),
            ("mean_absolute_error", scores.mean_absolute_error),
            ("mean_squared_error", scores.mean_squared_error),
            ("root_mean_squared_error", scores.root_mean_squared_error),
            ("median_absolute_error", scores.median_absolute_error),
            ("mean_absolute_percentage_error", scores.mean_absolute_percentage_error),
        ] {
            same(&format!("{name} of {}", case["name"]), &case["expected"][name], actual);
        }
    }
}

#[test]
fn silhouettes_are_scikit_learns() {
    for case in cases("clusters") {
        let rows: Vec<Vec<f64>> = of(&case, "x");
        let x = Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap();
        let labels: Vec<i64> = of(&case, "labels");
        let actual = metrics::silhouette(x.view(), &labels, of(&case, "sample"), of(&case, "seed"));
        same("silhouette", &case["silhouette"], actual);
    }
}
