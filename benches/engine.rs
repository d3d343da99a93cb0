//! The tree engine alone: rows to sums of leaves, against a plain walk over the same nodes in the same run.
//!
//! `cargo bench --bench engine`. Prints ns for each row of a forest of 100 trees, the least of many rounds: one row at
//! a time, and in batches. Forests are random; rows take random paths through them, which is the hardest case.

use ndarray::{Array2, Axis};
use scorelet::model::tree::{AsFloat32, Forest, ForestBuilder, Node, Test, threshold_key};
use std::hint::black_box;
use std::time::Instant;

const TREES: usize = 100;
const FEATURES: usize = 30;
const ROWS: usize = 10_000;
const ROUNDS: usize = 15;

fn main() {
    println!("{:>12} {:>10} {:>12} {:>12} {:>12}", "leaves/tree", "plain, 1", "1 row", "100 rows", "10000 rows");
    for leaves in [8, 32, 256, 4096] {
        let mut random = Random(leaves as u64);
        let trees: Vec<Vec<Plain>> = (0..TREES).map(|_| tree(leaves, &mut random)).collect();
        let forest = pack(&trees);
        let x = Array2::from_shape_fn((ROWS, FEATURES), |_| random.unit());
        let plain = time(1000, || {
            for row in x.rows().into_iter().take(1000) {
                let row: Vec<f32> = row.iter().map(|value| *value as f32).collect();
                black_box(trees.iter().map(|tree| walk(tree, &row)).sum::<f64>());
            }
        });
        let batch = |rows: usize, of: usize| time(of, || score(&forest, &x, rows, of));
        let (one, hundred, all) = (batch(1, 1000), batch(100, ROWS), batch(ROWS, ROWS));
        println!("{leaves:>12} {plain:>7.0} ns {one:>9.0} ns {hundred:>9.0} ns {all:>9.0} ns");
    }
}

fn score(forest: &Forest, x: &Array2<f64>, rows: usize, of: usize) {
    let mut out = vec![0.0; rows];
    for chunk in x.axis_chunks_iter(Axis(0), rows).take(of / rows) {
        forest.add(chunk, &AsFloat32, &mut out);
    }
    black_box(&out);
}

/// ns for each of `rows`, the least of all rounds.
fn time(rows: usize, mut run: impl FnMut()) -> f64 {
    let mut round = || {
        let begin = Instant::now();
        run();
        begin.elapsed().as_nanos() as f64 / rows as f64
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}

/// A node as scikit-learn stores it; `left` is 0 in a leaf.
#[derive(Clone)]
struct Plain {
    left: usize,
    right: usize,
    feature: usize,
    threshold: f64,
    value: f64,
}

fn walk(tree: &[Plain], row: &[f32]) -> f64 {
    let mut node = &tree[0];
    while node.left != 0 {
        let left = f64::from(row[node.feature]) <= node.threshold;
        node = &tree[if left { node.left } else { node.right }];
    }
    node.value
}

/// Splits a random leaf until there are as many as asked for.
fn tree(leaves: usize, random: &mut Random) -> Vec<Plain> {
    let leaf = |random: &mut Random| Plain { left: 0, right: 0, feature: 0, threshold: 0.0, value: random.unit() };
    let mut nodes = vec![leaf(random)];
    let mut open = vec![0];
    while open.len() < leaves {
        let pick = (random.unit() * open.len() as f64) as usize;
        let at = open.swap_remove(pick);
        let left = nodes.len();
        nodes.extend([leaf(random), leaf(random)]);
        open.extend([left, left + 1]);
        let (feature, threshold) = ((random.unit() * FEATURES as f64) as usize, random.unit());
        nodes[at] = Plain { left, right: left + 1, feature, threshold, value: 0.0 };
    }
    nodes
}

fn pack(trees: &[Vec<Plain>]) -> Forest {
    let mut builder = ForestBuilder::new(FEATURES, 1, 1);
    for tree in trees {
        let node = |plain: &Plain| match plain.left {
            0 => Node::Leaf,
            _ => Node::Split {
                feature: plain.feature as u32,
                test: Test::AtMost(threshold_key(plain.threshold).expect("a number")),
                missing_left: false,
                left: plain.left as u32,
                right: plain.right as u32,
            },
        };
        let nodes: Vec<Node> = tree.iter().map(node).collect();
        builder.push(&nodes, |at| std::slice::from_ref(&tree[at].value)).expect("a tree");
    }
    builder.finish().expect("a forest")
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
