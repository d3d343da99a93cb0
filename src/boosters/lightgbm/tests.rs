//! Small models by hand: what they answer, and what is refused in them. Whole models stand in `tests/fixtures/boosters`.

use super::{Model, pandas_categories, read};
use crate::boosters::BoosterError;
use crate::model::lightgbm::Target;
use crate::model::{LightGbm, Method, Output};
use ndarray::Array2;

/// One split of the first of two features at 0.5: up to it 1, else 2.
const HEADER: &str = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n\
                      objective=regression\nfeature_names=a b\nfeature_infos=[0:1] 3:1:2\ntree_sizes=300\n\n";
const TREE: &str = "Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=0.5\ndecision_type=2\nleft_child=-1\n\
                    right_child=-2\nleaf_value=1 2\nshrinkage=1\n\n\n";
const END: &str = "end of trees\n\nparameters:\n[boosting: gbdt]\nend of parameters\n";

fn text() -> String {
    format!("{HEADER}{TREE}{END}")
}

/// The model with other lines: `old` must be in it.
#[track_caller]
fn with(changes: &[(&str, &str)]) -> Result<Model, BoosterError> {
    let text = changes.iter().fold(text(), |text, (old, new)| {
        assert!(text.contains(old), "{old:?}");
        text.replacen(old, new, 1)
    });
    read(&text, None)
}

#[track_caller]
fn refused(changes: &[(&str, &str)], expected: &str) {
    let error = with(changes).expect_err("it should be refused").to_string();
    assert!(error.contains(expected), "{error:?} does not say {expected:?}");
}

#[track_caller]
fn predict(model: Result<Model, BoosterError>, values: &[f64]) -> Vec<f64> {
    let Model { scores, link, .. } = model.expect("it is a model");
    let model = LightGbm { scores, link, target: Target::Numbers, categories: vec![] };
    let x = Array2::from_shape_fn((values.len(), 2), |(row, column)| if column == 0 { values[row] } else { 3.0 });
    match model.call(Method::Predict, x.view()).expect("the values are taken") {
        Output::Floats(values) => values,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_value_at_the_threshold_goes_left() {
    let values = [0.5, 0.5f64.next_up(), -1e300, f64::INFINITY];
    assert_eq!(predict(with(&[]), &values), [1.0, 2.0, 1.0, 2.0]);
    assert_eq!(with(&[]).expect("it is a model").feature_names, ["a", "b"]);
    assert_eq!(with(&[]).expect("it is a model").categorical, [1]);
}

/// `decision_type` holds, from its lowest bit: categorical, left by default, and two bits of what is missing.
#[test]
fn what_is_missing_follows_the_split() {
    let values = [f64::NAN, 0.0, -0.0, 1e-36, -1e-35, 2e-35, 0.7];
    for (decision, threshold, expected) in [
        ("2", "0.5", [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0]),
        ("0", "-1", [2.0; 7]),
        // Zero is missing, and so is NaN: left or right.
        ("6", "-1", [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0]),
        ("4", "1", [2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0]),
        // Only NaN is.
        ("10", "-1", [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]),
        ("8", "1", [2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
    ] {
        let (decision, threshold) = (format!("decision_type={decision}"), format!("threshold={threshold}"));
        let model = with(&[("decision_type=2", &decision), ("threshold=0.5", &threshold)]);
        assert_eq!(predict(model, &values), expected, "{decision} {threshold}");
    }
}

/// Categories 0, 3 and 33 go left.
const CATEGORIES: [(&str, &str); 3] = [
    ("num_cat=0", "num_cat=1\ncat_boundaries=0 2\ncat_threshold=9 2"),
    ("decision_type=2", "decision_type=1"),
    ("threshold=0.5", "threshold=0"),
];

#[test]
fn categories_are_looked_up() {
    let values = [0.0, -0.5, 3.9, 33.0, 1.0, 34.0, 64.0, -1.0, 3e9, f64::NAN, f64::INFINITY];
    let answers = [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0];
    assert_eq!(predict(with(&CATEGORIES), &values), answers);
    for (old, new, expected) in [
        ("threshold=0", "threshold=1", "there is no set of categories 1"),
        ("threshold=0", "threshold=-1", "there is no set of categories -1"),
        ("threshold=0", "threshold=nan", "there is no set of categories NaN"),
        ("cat_boundaries=0 2", "cat_boundaries=0 3", "lie outside cat_threshold"),
        ("cat_boundaries=0 2", "cat_boundaries=2 0", "lie outside cat_threshold"),
        ("cat_boundaries=0 2", "cat_boundaries=0", "lie outside cat_threshold"),
        ("cat_threshold=9 2", "cat_threshold=9 -2", "\"\\-2\" is no such number"),
        ("num_cat=1", "num_cat=18446744073709551615", "lie outside cat_threshold"),
    ] {
        let mut changes = CATEGORIES.to_vec();
        changes.push((old, new));
        refused(&changes, &expected.replace("\\-", "-").replace('"', ""));
    }
}

#[test]
fn a_leaf_may_be_a_linear_function() {
    let linear = "is_linear=1\nleaf_const=10 20\nnum_features=1 0\nleaf_features=0  \nleaf_coeff=2  \nshrinkage=1";
    let changes = [("shrinkage=1", linear)];
    assert_eq!(predict(with(&changes), &[0.25, 3.0, f64::NAN]), [10.5, 20.0, 1.0]);
    for (old, new, expected) in [
        ("leaf_features=0", "leaf_features=2", "the function of a leaf names no feature"),
        ("num_features=1 0", "num_features=1 1", "not as many as leaf_features"),
        ("num_features=1 0", "num_features=0 0", "not as many as leaf_features"),
        ("leaf_coeff=2", "leaf_coeff=2 3", "2 numbers where 1 belong"),
        ("leaf_coeff=2", "leaf_coeff=inf", "the function of a leaf names no feature, or no number"),
    ] {
        let changes = [changes[0], (old, new)];
        refused(&changes, expected);
    }
}

#[test]
fn what_is_no_tree_is_refused() {
    for (old, new, expected) in [
        ("left_child=-1", "left_child=0", "node 0 is reached twice"),
        ("left_child=-1", "left_child=1", "there is no child 1"),
        ("left_child=-1", "left_child=-3", "child 3 is outside the tree"),
        ("left_child=-1", "left_child=-9223372036854775808", "there is no child"),
        ("right_child=-2", "right_child=-1", "node 1 is reached twice"),
        ("left_child=-1", "left_child=-1 -1", "2 numbers where 1 belong"),
        ("left_child=-1\n", "", "left_child: it is missing"),
        ("num_leaves=2", "num_leaves=0", "leaf_value: 2 numbers where 0 belong"),
        ("num_leaves=2", "num_leaves=1000000000000", "leaf_value: 2 numbers where 1000000000000 belong"),
        ("num_leaves=2", "num_leaves=-1", "is no such number"),
        ("split_feature=0", "split_feature=2", "there is no feature 2"),
        ("threshold=0.5", "threshold=nan", "the threshold of node 0 is NaN"),
        ("leaf_value=1 2", "leaf_value=1 inf", "its value is not a finite number"),
        ("leaf_value=1 2", "leaf_value=1 x", "is no such number"),
        ("decision_type=2", "decision_type=300", "is no such number"),
    ] {
        refused(&[(old, new)], expected);
    }
}

#[test]
fn sizes_are_those_of_what_is_there() {
    for (old, new, expected) in [
        ("max_feature_idx=1", "max_feature_idx=2", "2 names for a last feature of 2"),
        ("max_feature_idx=1", "max_feature_idx=18446744073709551615", "2 names for a last feature"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=2", "2 for 1 trees"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=0", "0 for 1 trees"),
        ("end of trees", "", "it ends before its trees do"),
        ("tree\n", "forest\n", "it does not begin with \"tree\""),
        ("objective=regression", "objective=own", "LightGBM's objective \"own\""),
        ("objective=regression", "objective=binary sigmoid:x", "\"x\" is no number"),
    ] {
        refused(&[(old, new)], expected);
    }
    let none = read(&format!("{HEADER}{END}"), None).expect_err("it should be refused").to_string();
    assert!(none.contains("a forest without trees"), "{none}");
    let many = format!("tree\n{}{TREE}{END}", "a=b\n".repeat(1000));
    assert!(read(&many, None).expect_err("it should be refused").to_string().contains("there are too many"));
}

#[test]
fn an_early_stop_ends_the_trees() {
    let text = format!("{HEADER}{TREE}{TREE}{TREE}{END}");
    for (best, expected) in [(None, 3.0), (Some(1), 1.0), (Some(2), 2.0), (Some(9), 3.0)] {
        assert_eq!(predict(read(&text, best), &[0.0]), [expected], "{best:?}");
    }
    let averaged = text.replacen("objective=", "average_output\nobjective=", 1);
    assert_eq!(predict(read(&averaged, Some(2)), &[1.0]), [2.0]);
}

#[test]
fn objectives_give_their_own_numbers() {
    for (objective, expected) in [
        ("regression sqrt", 4.0),
        ("regression_l1", 2.0),
        ("poisson", 2f64.exp()),
        ("binary sigmoid:0.5", 1.0 / (1.0 + (-1f64).exp())),
        ("cross_entropy_lambda", 2f64.exp().ln_1p()),
        ("lambdarank", 2.0),
    ] {
        let line = format!("objective={objective}");
        assert_eq!(predict(with(&[("objective=regression", &line)]), &[1.0]), [expected], "{objective}");
    }
    assert_eq!(predict(with(&[("objective=regression\n", "")]), &[1.0]), [2.0]);
}

#[test]
fn the_last_line_of_a_file_names_categories() {
    let check = |line: &str, expected: Option<usize>| {
        assert_eq!(
            pandas_categories(&format!("{}\n{line}\n", text())).ok().map(|lists| lists.len()),
            expected,
            "{line}"
        );
    };
    check("", Some(0));
    check("pandas_categorical:null", Some(0));
    check("pandas_categorical:[[\"a\", \"b\"], [1, 2.5]]", Some(2));
    check("pandas_categorical:[[null]]", None);
    check("pandas_categorical:[", None);
}
