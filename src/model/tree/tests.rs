//! The packed forest against a naive walk over the nodes it was made from, and what the builder refuses.

use super::keys::Encode;
use super::simd::Isa;
use super::*;
use ndarray::Array2;
use proptest::prelude::*;
use std::ops::Range;

/// A node as scikit-learn has it.
#[derive(Debug, Clone)]
struct Plain {
    /// Left and right child; a leaf has none.
    children: Option<(usize, usize)>,
    feature: usize,
    threshold: f64,
    missing_left: bool,
    value: f64,
}

/// scikit-learn's walk: `Tree._apply_dense`.
fn walk(tree: &[Plain], row: &[f64], cast: impl Fn(f64) -> f64) -> f64 {
    let mut node = &tree[0];
    while let Some((left, right)) = node.children {
        let value = cast(row[node.feature]);
        let goes_left = if value.is_nan() { node.missing_left } else { value <= node.threshold };
        node = &tree[if goes_left { left } else { right }];
    }
    node.value
}

fn plant(trees: &[Vec<Plain>], n_features: usize, columns: usize, key: impl Fn(&Plain) -> u32) -> Forest {
    let mut builder = ForestBuilder::new(n_features, 1, columns);
    for tree in trees {
        let node = |plain: &Plain| match plain.children {
            None => Node::Leaf,
            Some((left, right)) => Node::Split {
                feature: plain.feature as u32,
                test: Test::AtMost(key(plain)),
                missing_left: plain.missing_left,
                left: left as u32,
                right: right as u32,
            },
        };
        let nodes: Vec<Node> = tree.iter().map(node).collect();
        let values: Vec<f64> = tree.iter().map(|plain| plain.value).collect();
        builder.push(&nodes, |node| &values[node..=node]).expect("a tree");
    }
    builder.finish().expect("a forest")
}

/// Values that sit on thresholds, beside them, beyond `f32`, and nowhere.
fn value() -> impl Strategy<Value = f64> {
    let tie = prop::sample::select(vec![0.1, 0.1f32 as f64, 0.5, 1.0, -0.0, 0.0, 1e-46, -1e-46, 16777217.0, 3.4e38]);
    prop_oneof![
        6 => tie.clone(),
        2 => tie.clone().prop_map(f64::next_up),
        2 => tie.clone().prop_map(f64::next_down),
        2 => tie.clone().prop_map(|x| f64::from((x as f32).next_up())),
        2 => tie.prop_map(|x| f64::from((x as f32).next_down())),
        2 => -2.0..2.0,
        1 => prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, f64::NAN, -f64::NAN]),
    ]
}

/// A random tree: each draw splits the leaf that it picks, so children come in any order of positions.
fn tree(n_features: usize) -> impl Strategy<Value = Vec<Plain>> {
    tree_of(n_features, 0..40)
}

fn tree_of(n_features: usize, splits: Range<usize>) -> impl Strategy<Value = Vec<Plain>> {
    let n_splits = splits;
    let split = (any::<prop::sample::Index>(), 0..n_features, value(), any::<bool>(), any::<bool>());
    prop::collection::vec(split, n_splits).prop_map(move |splits| {
        let leaf = |value: usize| Plain {
            children: None,
            feature: 0,
            threshold: 0.0,
            missing_left: false,
            value: (value as f64).sqrt() / 3.0,
        };
        let mut nodes = vec![leaf(0)];
        for (pick, feature, threshold, missing_left, swap) in splits {
            let leaves: Vec<usize> = (0..nodes.len()).filter(|i| nodes[*i].children.is_none()).collect();
            let at = *pick.get(&leaves);
            let (first, second) = (nodes.len(), nodes.len() + 1);
            nodes.extend([leaf(first), leaf(second)]);
            nodes[at].children = Some(if swap { (second, first) } else { (first, second) });
            nodes[at].feature = feature;
            nodes[at].threshold = if threshold.is_nan() { 0.25 } else { threshold };
            nodes[at].missing_left = missing_left;
        }
        nodes
    })
}

/// Trees, rows of `n_features` values, and the number of columns that the trees take turns in.
fn case(n_features: usize) -> impl Strategy<Value = (Vec<Vec<Plain>>, Vec<Vec<f64>>, usize)> {
    let rows = prop::collection::vec(prop::collection::vec(value(), n_features), 1..21);
    (prop::collection::vec(tree(n_features), 1..20), rows, 1usize..4)
}

fn sums(trees: &[Vec<Plain>], rows: &[Vec<f64>], columns: usize, cast: impl Fn(f64) -> f64 + Copy) -> Vec<f64> {
    let mut sums = vec![0.0; rows.len() * columns];
    for (row, sums) in rows.iter().zip(sums.chunks_exact_mut(columns)) {
        for (i, tree) in trees.iter().enumerate() {
            sums[i % columns] += walk(tree, row, cast);
        }
    }
    sums
}

fn add(forest: &Forest, encoder: &impl Encode, rows: &[Vec<f64>]) -> Vec<f64> {
    let x = Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j]);
    let mut out = vec![0.0; rows.len() * forest.columns()];
    forest.add(x.view(), encoder, &mut out);
    // Column-major input is the same input.
    let mut transposed = vec![0.0; out.len()];
    forest.add(x.t().as_standard_layout().t(), encoder, &mut transposed);
    assert_eq!(out, transposed);
    out
}

fn check_float32(n_features: usize, trees: &[Vec<Plain>], rows: &[Vec<f64>], columns: usize) {
    let forest = plant(trees, n_features, columns, |plain| threshold_key(plain.threshold).expect("no NaN"));
    assert_eq!(add(&forest, &AsFloat32, rows), sums(trees, rows, columns, |x| f64::from(x as f32)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn float32_trees_lead_to_the_leaves_of_a_naive_walk((trees, rows, columns) in case(3)) {
        check_float32(3, &trees, &rows, columns);
    }

    /// Too many features for the 8-byte node.
    #[test]
    fn so_do_wide_nodes((trees, rows, columns) in case(300)) {
        check_float32(300, &trees, &rows, columns);
    }

    #[test]
    fn and_ranked_thresholds((trees, rows, columns) in case(3)) {
        let mut thresholds = vec![vec![]; 3];
        for plain in trees.iter().flatten().filter(|plain| plain.children.is_some()) {
            thresholds[plain.feature].push(plain.threshold);
        }
        let column = |(input, mut thresholds): (usize, Vec<f64>)| {
            thresholds.sort_by(f64::total_cmp);
            thresholds.dedup();
            Column::Numeric { input, thresholds }
        };
        let ranks = Ranks { columns: thresholds.into_iter().enumerate().map(column).collect() };
        let key = |plain: &Plain| ranks.columns[plain.feature].threshold_key(plain.threshold);
        let forest = plant(&trees, 3, columns, key);
        prop_assert_eq!(add(&forest, &ranks, &rows), sums(&trees, &rows, columns, |x| x));
    }
}

/// A forest whose leaves hold `width` values each.
fn plant_wide(trees: &[Vec<Plain>], width: usize, leaf: impl Fn(f64) -> Vec<f64>) -> Forest {
    let mut builder = ForestBuilder::new(3, width, width);
    for tree in trees {
        let node = |plain: &Plain| match plain.children {
            None => Node::Leaf,
            Some((left, right)) => Node::Split {
                feature: plain.feature as u32,
                test: Test::AtMost(threshold_key(plain.threshold).expect("no NaN")),
                missing_left: false,
                left: left as u32,
                right: right as u32,
            },
        };
        let nodes: Vec<Node> = tree.iter().map(node).collect();
        let values: Vec<Vec<f64>> = tree.iter().map(|plain| leaf(plain.value)).collect();
        builder.push(&nodes, |node| &values[node]).expect("a tree");
    }
    builder.finish().expect("a forest")
}

/// Each set of instructions that this processor has gives what the walk gives, to the last bit.
fn check_slices(forest: &Forest, rows: &[Vec<f64>], start: f64) {
    let x = Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j]);
    let add = |isa| {
        let mut out = vec![start; rows.len() * forest.columns()];
        forest.add_with(isa, x.view(), &AsFloat32, &mut out);
        out.into_iter().map(f64::to_bits).collect::<Vec<_>>()
    };
    let walked = add(None);
    for isa in Isa::all().into_iter().flatten() {
        assert_eq!(add(Some(isa)), walked, "{isa:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn rows_at_once_come_to_the_leaves_of_the_walk(
        trees in prop::collection::vec(tree(3), 1..20),
        mut rows in prop::collection::vec(prop::collection::vec(value(), 3), 8..150),
        columns in 1usize..4,
        missing in any::<bool>(),
    ) {
        if !missing {
            rows.iter_mut().flatten().filter(|value| value.is_nan()).for_each(|value| *value = 0.25);
        }
        let key = |plain: &Plain| threshold_key(plain.threshold).expect("no NaN");
        check_slices(&plant(&trees, 3, columns, key), &rows, 0.0);
        let class = |value: f64| (0..columns).map(move |c| f64::from(u8::from((value * 1e6) as usize % columns == c)));
        check_slices(&plant_wide(&trees, columns, |value| class(value).collect()), &rows, 0.0);
        check_slices(&plant_wide(&trees, columns, |value| class(value).collect()), &rows, 0.1);
        check_slices(&plant_wide(&trees, columns, |value| vec![value; columns]), &rows, -0.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn so_does_a_row_in_many_small_trees(
        mut trees in prop::collection::vec(tree_of(3, 0..32), 1..50),
        large in prop::collection::vec(tree_of(3, 32..40), 0..2),
        rows in prop::collection::vec(prop::collection::vec(value(), 3), 1..70),
        columns in 1usize..4,
    ) {
        let key = |plain: &Plain| threshold_key(plain.threshold).expect("no NaN");
        let class = |value: f64| (0..columns).map(move |c| f64::from(u8::from((value * 1e6) as usize % columns == c)));
        let groups = trees.len().div_ceil(16);
        // The first group, where there are others.
        trees.splice(..large.len(), large.clone());
        let quick = large.is_empty() || groups > 2;
        for forest in [plant(&trees, 3, columns, key), plant_wide(&trees, columns, |value| class(value).collect())] {
            prop_assert_eq!(forest.quick.is_some(), quick);
            for start in [0.0, -0.0, 0.1] {
                check_slices(&forest, &rows, start);
            }
        }
    }

    /// All that the registers hold, and one more.
    #[test]
    fn whatever_its_features((trees, rows, columns) in prop_oneof![small(31), small(32), small(33)]) {
        let features = rows[0].len();
        let key = |plain: &Plain| threshold_key(plain.threshold).expect("no NaN");
        let forest = plant(&trees, features, columns, key);
        prop_assert_eq!(forest.quick.is_some(), features <= 32);
        check_slices(&forest, &rows, 0.0);
    }
}

fn small(n_features: usize) -> impl Strategy<Value = (Vec<Vec<Plain>>, Vec<Vec<f64>>, usize)> {
    let rows = prop::collection::vec(prop::collection::vec(value(), n_features), 1..3);
    (prop::collection::vec(tree_of(n_features, 0..32), 1..20), rows, 1usize..4)
}

/// A comb of as many leaves as rows that tell them apart, around the largest tree that is sliced.
#[test]
fn the_largest_tree_of_all_is_sliced() {
    for (leaves, sliced) in [(1, true), (2, true), (32, true), (33, true), (255, true), (256, true), (257, false)] {
        let plain = |children, threshold, value| Plain { children, feature: 0, threshold, missing_left: false, value };
        let mut nodes = vec![];
        for i in 0..leaves - 1 {
            nodes.push(plain(Some((nodes.len() + 1, nodes.len() + 2)), i as f64 + 0.5, 0.0));
            nodes.push(plain(None, 0.0, i as f64));
        }
        nodes.push(plain(None, 0.0, -1.0));
        // Two more trees without a split, so that splits are not too many on average.
        let single = vec![plain(None, 0.0, 0.25)];
        let key = |plain: &Plain| threshold_key(plain.threshold).expect("no NaN");
        let forest = plant(&[single.clone(), nodes, single], 1, 1, key);
        assert_eq!(forest.sliced.is_some(), sliced, "{leaves} leaves");
        assert_eq!(forest.quick.is_some(), leaves <= 32, "{leaves} leaves");
        let rows: Vec<Vec<f64>> = (0..300).map(|i| vec![f64::from(i)]).collect();
        check_slices(&forest, &rows, 0.0);
    }
}

#[test]
fn categories_go_left_right_or_with_the_missing() {
    for (missing_left, unknown) in [(true, 1.0), (false, 2.0)] {
        let mut builder = ForestBuilder::new(1, 1, 1);
        let mut bits = [0; 8];
        bits[1] = 1 << 8;
        let test = Test::OneOf(builder.bitsets([bits]));
        let nodes = [Node::Split { feature: 0, test, missing_left, left: 1, right: 2 }, Node::Leaf, Node::Leaf];
        builder.push(&nodes, |node| &[[0.0], [1.0], [2.0]][node]).expect("a tree");
        let categories = Categories::Listed { values: vec![(-7.0, 40), (3.0, 41)], nan: None };
        let ranks = Ranks { columns: vec![Column::Categorical { input: 0, categories }] };
        let rows: Vec<Vec<f64>> = [-7.0, 3.0, 4.0, f64::NAN].iter().map(|value| vec![*value]).collect();
        assert_eq!(add(&builder.finish().expect("a forest"), &ranks, &rows), [1.0, 2.0, unknown, unknown]);
    }
}

#[test]
fn what_is_not_a_tree_is_refused() {
    let split = |left, right| Node::Split { feature: 0, test: Test::AtMost(1), missing_left: false, left, right };
    let on = |feature, test| Node::Split { feature, test, missing_left: false, left: 1, right: 2 };
    let leaf = Node::Leaf;
    let check = |nodes: &[Node], expected: Result<(), TreeError>| {
        let values = vec![1.0; nodes.len()];
        let pushed = ForestBuilder::new(1, 1, 1).push(nodes, |node| &values[node..=node]);
        assert_eq!(pushed, expected, "{nodes:?}");
    };
    check(&[leaf], Ok(()));
    check(&[split(2, 1), leaf, leaf], Ok(()));
    check(&[split(3, 1), leaf, split(0, 0), leaf], Ok(()));
    check(&[], Err(TreeError::Empty));
    check(&[split(0, 1), leaf], Err(TreeError::NotATree { child: 0 }));
    check(&[split(1, 1), leaf], Err(TreeError::NotATree { child: 1 }));
    check(&[split(1, 2), split(2, 3), leaf, leaf], Err(TreeError::NotATree { child: 2 }));
    check(&[split(1, 2), leaf, split(1, 3), leaf], Err(TreeError::NotATree { child: 1 }));
    check(&[split(1, 3), leaf, leaf], Err(TreeError::ChildOutside { node: 0, child: 3 }));
    check(&[split(1, u32::MAX), leaf, leaf], Err(TreeError::ChildOutside { node: 0, child: u32::MAX }));
    let outside = TreeError::FeatureOutside { node: 0, feature: 1, n_features: 1 };
    check(&[on(1, Test::AtMost(1)), leaf, leaf], Err(outside));
    check(&[on(0, Test::OneOf(0)), leaf, leaf], Err(TreeError::BitsetOutside { node: 0, bitset: 0 }));
}

#[test]
fn only_leaves_need_finite_values() {
    let nodes = [
        Node::Split { feature: 0, test: Test::AtMost(1), missing_left: false, left: 1, right: 2 },
        Node::Leaf,
        Node::Leaf,
    ];
    let push = |values: [f64; 3]| ForestBuilder::new(1, 1, 1).push(&nodes, |node| &values[node..=node]);
    assert_eq!(push([f64::NAN, 1.0, 2.0]), Ok(()));
    assert_eq!(push([0.0, 1.0, f64::INFINITY]), Err(TreeError::NotFinite { node: 2 }));
}

#[test]
fn a_chain_as_long_as_the_file_needs_no_stack() {
    let n = 200_001;
    let node = |i: u32| match i % 2 {
        0 if i + 2 < n => {
            Node::Split { feature: 0, test: Test::AtMost(5), missing_left: false, left: i + 1, right: i + 2 }
        }
        _ => Node::Leaf,
    };
    let nodes: Vec<Node> = (0..n).map(node).collect();
    let mut builder = ForestBuilder::new(1, 1, 1);
    let values: Vec<f64> = (0..n).map(f64::from).collect();
    builder.push(&nodes, |node| &values[node..=node]).expect("a tree");
    assert_eq!(add(&builder.finish().expect("a forest"), &AsFloat32, &[vec![1.0]]), [f64::from(n - 1)]);
}

#[test]
fn a_single_tree_keeps_the_sign_of_zero_and_a_forest_does_not() {
    for (averaged, expected) in [(false, -0.0f64), (true, 0.0)] {
        let mut builder = ForestBuilder::new(1, 1, 1);
        builder.push(&[Node::Leaf], |_| &[-0.0]).expect("a tree");
        let policy = InputPolicy {
            estimator: String::new(),
            dtype: crate::model::FloatType::F32,
            allow_nan: false,
            allow_infinite: false,
        };
        let forest = builder.finish().expect("a forest");
        let model = TreeEnsemble { policy, forest, averaged, target: Target::Numbers(1) };
        let Ok(Output::Floats(got)) = model.call(Method::Predict, Array2::zeros((1, 1)).view()) else { panic!() };
        assert_eq!(got[0].to_bits(), expected.to_bits());
    }
}

/// Leaves, splits and sets of categories keep what they mean wherever the trees before them end.
#[test]
fn parts_that_are_joined_are_the_whole() {
    let grow = |builder: &mut ForestBuilder, from: u32, to: u32| {
        for tree in from..to {
            let bitset = builder.bitsets([[tree + 1; 8]]);
            let split =
                |test, left, right| Node::Split { feature: tree % 3, test, missing_left: tree % 2 == 0, left, right };
            let nodes = [
                split(Test::AtMost(tree + 7), 1, 2),
                Node::Leaf,
                split(Test::OneOf(bitset), 3, 4),
                Node::Leaf,
                Node::Leaf,
            ];
            let values: Vec<f64> = (0..10).map(|value| f64::from(tree * 10 + value)).collect();
            builder.push(&nodes, |node| &values[node * 2..][..2]).expect("a tree");
        }
    };
    let mut whole = ForestBuilder::new(3, 2, 2);
    grow(&mut whole, 0, 9);
    let whole = whole.finish().expect("a forest");
    for cut in 0..=9 {
        let (mut first, mut second) = (ForestBuilder::new(3, 2, 2), ForestBuilder::new(3, 2, 2));
        grow(&mut first, 0, cut);
        grow(&mut second, cut, 9);
        first.append(second).expect("few nodes");
        assert_eq!(first.finish().expect("a forest"), whole, "{cut}");
    }
}
