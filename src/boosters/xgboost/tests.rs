//! Small models by hand: what they answer, and what is refused in them. Whole models stand in `tests/fixtures/boosters`.

use super::{Model, Settings, read};
use crate::boosters::BoosterError;
use crate::model::xgboost::{Link, Target};
use crate::model::{Method, Output, Xgboost};
use ndarray::Array2;
use serde_json::{Value, json};

/// One split of the first of two features at 0.5: below it 1, else 2; missing values go right.
fn model() -> Value {
    let tree = json!({
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0],
        "split_conditions": [0.5, 1.0, 2.0],
        "default_left": [0, 0, 0],
        "split_type": [0, 0, 0],
        "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": [],
        "tree_param": {"size_leaf_vector": "1"},
    });
    let parameters = json!({"base_score": "0", "num_class": "0", "num_feature": "2", "num_target": "1"});
    let trees = json!({"gbtree_model_param": {"num_parallel_tree": "1"}, "trees": [tree], "tree_info": [0]});
    json!({"version": [2, 1, 0], "learner": {
        "feature_names": ["a", "b"],
        "learner_model_param": parameters,
        "objective": {"name": "reg:squarederror"},
        "gradient_booster": {"name": "gbtree", "model": trees},
    }})
}

const TREE: &str = "/learner/gradient_booster/model/trees/0";
const LEARNER: &str = "/learner";

/// The model with other values at some places.
fn with(changes: &[(&str, &str, Value)]) -> Result<Model, BoosterError> {
    let mut document = model();
    for (place, key, value) in changes {
        document.pointer_mut(place).expect("the place is in the model")[*key] = value.clone();
    }
    read(document.to_string().as_bytes(), &Settings { in_place: true, ..Settings::default() })
}

#[track_caller]
fn refused(changes: &[(&str, &str, Value)], expected: &str) {
    let error = with(changes).expect_err("it should be refused").to_string();
    assert!(error.contains(expected), "{error:?} does not say {expected:?}");
}

fn predict(model: Model, values: &[f64]) -> Vec<f64> {
    let model = Xgboost { margins: model.margins, link: model.link, target: Target::Numbers, probabilities: false };
    let x = Array2::from_shape_fn((values.len(), 2), |(row, column)| if column == 0 { values[row] } else { 0.0 });
    match model.call(Method::Predict, x.view()).expect("the values are taken") {
        Output::Floats(values) => values,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_value_at_the_threshold_goes_right() {
    let below = f64::from(0.5f32.next_down());
    let model = with(&[]).expect("it is a model");
    assert_eq!(model.feature_names, ["a", "b"]);
    // What rounds to the threshold as a float32 is at it.
    assert_eq!(predict(model, &[below, 0.5, 0.499_999_999, f64::NAN, -1e300]), [1.0, 2.0, 2.0, 2.0, 1.0]);
    let lefty = with(&[(TREE, "default_left", json!([1, 0, 0]))]).expect("it is a model");
    assert_eq!(predict(lefty, &[f64::NAN]), [1.0]);
}

#[test]
fn leaves_are_added_in_float32() {
    let one = with(&[(&format!("{LEARNER}/learner_model_param"), "base_score", json!("1.6777216E7"))]);
    assert_eq!(predict(one.expect("it is a model"), &[0.0, 1.0]), [16_777_216.0, 16_777_218.0]);
}

#[test]
fn a_dropped_tree_counts_by_its_weight() {
    let trees = model()["learner"]["gradient_booster"].clone();
    let booster = json!({"name": "dart", "gbtree": trees, "weight_drop": [0.1]});
    let dart = with(&[(LEARNER, "gradient_booster", booster)]).expect("it is a model");
    assert_eq!(predict(dart, &[0.0]), [f64::from(0.1f32)]);
    let booster = json!({"name": "dart", "gbtree": trees, "weight_drop": []});
    refused(&[(LEARNER, "gradient_booster", booster)], "0 weights for 1 trees");
}

/// Categories 3 and 5 go right, all others left.
#[test]
fn categories_are_looked_up() {
    let changes = [
        (TREE, "split_type", json!([1, 0, 0])),
        (TREE, "categories", json!([3, 5])),
        (TREE, "categories_nodes", json!([0])),
        (TREE, "categories_segments", json!([0])),
        (TREE, "categories_sizes", json!([2])),
    ];
    let values = [3.0, 5.9, 4.0, 0.0, -1.0, 1e9, f64::INFINITY, f64::NAN];
    let answers = [2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0];
    assert_eq!(predict(with(&changes).expect("it is a model"), &values), answers);
    for (key, value, expected) in [
        ("categories_sizes", json!([3]), "a set of categories lies outside"),
        ("categories_segments", json!([-1]), "a set of categories lies outside"),
        ("categories_nodes", json!([1]), "or one that no node tests"),
        ("categories_nodes", json!([]), "do not fit each other"),
        ("categories", json!([3, -5]), "do not fit each other"),
        ("split_type", json!([1, 0]), "split_type has 2 entries for 3 nodes"),
    ] {
        let mut changes = changes.to_vec();
        changes.push((TREE, key, value));
        refused(&changes, expected);
    }
}

/// A thousand categories need four blocks of bits.
#[test]
fn there_may_be_many_categories() {
    let odd: Vec<u32> = (0..1000).filter(|category| category % 2 == 1).collect();
    let changes = [
        (TREE, "split_type", json!([1, 0, 0])),
        (TREE, "categories", json!(odd)),
        (TREE, "categories_nodes", json!([0])),
        (TREE, "categories_segments", json!([0])),
        (TREE, "categories_sizes", json!([odd.len()])),
    ];
    let values: Vec<f64> = (0..1100).map(f64::from).collect();
    let right = |category: &f64| category % 2.0 == 1.0 && *category < 1000.0;
    let expected: Vec<f64> = values.iter().map(|category| if right(category) { 2.0 } else { 1.0 }).collect();
    assert_eq!(predict(with(&changes).expect("it is a model"), &values), expected);
}

#[test]
fn what_is_no_tree_is_refused() {
    for (key, value, expected) in [
        ("left_children", json!([1, 0, -1]), "node 1 has only one child"),
        ("left_children", json!([0, -1, -1]), "its children are not side by side"),
        ("left_children", json!([-2, -1, -1]), "has only one child"),
        ("right_children", json!([-1, -1, -1]), "has only one child"),
        ("left_children", json!([]), "right_children has 3 entries for 0 nodes"),
        ("left_children", json!([1.5, -1, -1]), "a number cannot stand there"),
        ("left_children", json!("1"), "left_children: it is no list of numbers"),
        ("split_indices", json!([2, 0, 0]), "feature 2 is outside the model's 2 features"),
        ("split_indices", json!([-1, 0, 0]), "there is no such feature"),
        ("split_conditions", json!([0.5, 1e39, 0.0]), "node 1: its value is not a finite number"),
        ("split_conditions", json!([0.5]), "split_conditions has 1 entries for 3 nodes"),
        ("tree_param", json!({"size_leaf_vector": "2"}), "there is no entry \"base_weights\""),
    ] {
        refused(&[(TREE, key, value)], expected);
    }
    let pair = |left: i32, right: i32| {
        [(TREE, "left_children", json!([left, -1, -1])), (TREE, "right_children", json!([right, -1, -1]))]
    };
    refused(&pair(0, 1), "node 0 is reached twice");
    refused(&pair(2, 3), "child 3 is outside the tree");
    refused(&[("/learner/gradient_booster/model", "trees", json!([null]))], "there is no entry \"left_children\"");
}

#[test]
fn a_threshold_that_is_no_number_is_refused() {
    let text = model().to_string().replace("[0.5,1.0,2.0]", "[NaN,1.0,2.0]");
    let error = read(text.as_bytes(), &Settings::default()).expect_err("it should be refused").to_string();
    assert!(error.contains("trees[0]: node 0: its threshold is NaN"), "{error}");
}

#[test]
fn sizes_are_those_of_what_is_there() {
    let parameters = "/learner/learner_model_param";
    for (key, value, expected) in [
        ("num_class", json!("1000000000"), "1 trees are not as many for each of 1000000000 columns"),
        ("num_class", json!("2"), "1 trees are not as many for each of 2 columns"),
        ("num_feature", json!("4000000000"), "4000000000 features are more than a request can carry"),
        ("num_feature", json!("0"), "feature 0 is outside the model's 0 features"),
        ("num_feature", json!("-1"), "num_feature: it is not the number that belongs there"),
        ("base_score", json!("[0,1]"), "2 numbers for 1 columns"),
        ("base_score", json!("inf"), "\"inf\" is no margin"),
        ("base_score", json!("half"), "\"half\" is no number"),
    ] {
        refused(&[(parameters, key, value)], expected);
    }
    let trees = "/learner/gradient_booster/model";
    refused(&[(trees, "tree_info", json!([1]))], "tree_info: 1 trees for 1 columns");
    refused(&[(trees, "tree_info", json!([]))], "tree_info: 1 trees for 1 columns");
    refused(
        &[(trees, "trees", json!([])), (trees, "tree_info", json!([]))],
        "0 trees are not as many for each of 1 columns",
    );
}

#[test]
fn what_is_not_computed_is_named() {
    refused(&[("/learner/objective", "name", json!("reg:own"))], "XGBoost's objective \"reg:own\"");
    refused(&[("/learner/gradient_booster", "name", json!("forest"))], "XGBoost's booster \"forest\"");
    let model = "/learner/gradient_booster/model";
    refused(&[(model, "cats", json!({"enc": [{"values": [1]}]}))], "categories of pandas");
    let old = read(b"CONFIG-offset:abc", &Settings::default()).expect_err("it should be refused");
    assert!(old.to_string().contains("old binary format"), "{old}");
}

#[test]
fn an_early_stop_ends_the_trees() {
    let model = "/learner/gradient_booster/model";
    let tree = self::model().pointer(TREE).expect("it has a tree").clone();
    let changes = |attributes: Value| {
        [
            (model, "trees", json!([tree, tree, tree])),
            (model, "tree_info", json!([0, 0, 0])),
            (LEARNER, "attributes", attributes),
        ]
    };
    let all = with(&changes(json!({"best_iteration": "1"}))).expect("it is a model");
    assert_eq!(predict(all, &[0.0]), [3.0]);
    let mut document = self::model();
    for (place, key, value) in changes(json!({"best_iteration": "1"})) {
        document.pointer_mut(place).expect("the place is in the model")[key] = value;
    }
    let until = |document: &Value, best| {
        let settings = Settings { until_best: true, best_iteration: best, ..Settings::default() };
        read(document.to_string().as_bytes(), &settings)
    };
    assert_eq!(predict(until(&document, None).expect("it is a model"), &[0.0]), [2.0]);
    document["learner"]["attributes"] = json!({});
    assert_eq!(predict(until(&document, Some(0)).expect("it is a model"), &[0.0]), [1.0]);
    let error = until(&document, Some(7)).expect_err("it should be refused").to_string();
    assert!(error.contains("the best iteration is 7, which 3 trees do not reach"), "{error}");
}

#[test]
fn a_base_score_becomes_a_margin() {
    for (objective, score, link, expected) in [
        ("reg:squarederror", "-2.5", Link::Identity, -2.5),
        ("binary:logistic", "5E-1", Link::Logistic, 0.0),
        ("binary:logitraw", "0.25", Link::Identity, 0.25),
        ("count:poisson", "1E0", Link::Exp, 0.0),
        ("multi:softprob", "[5E-1]", Link::Softmax, 0.5),
    ] {
        let model = with(&[
            ("/learner/objective", "name", json!(objective)),
            ("/learner/learner_model_param", "base_score", json!(score)),
        ]);
        let model = model.expect("it is a model");
        assert_eq!((model.link, model.margins.base), (link, vec![expected]), "{objective}");
    }
}
