//! Tree ensembles of float32 on the engine that walks all other trees ([`crate::model::tree`]), where the answer is the
//! same to the last bit. What it cannot hold (equality tests, extremes, leaves whose weights say more) stays with
//! [`super::trees`], as do doubles.

use super::trees::{Aggregate, Mode, Node, Purpose, Settings, Weight};
use crate::model::tree::{self, AsFloat32, Forest, ForestBuilder, Test, key_of};
use ndarray::Array2;

/// Numbers that all leaves together may be filled up with, for each weight that they have.
const FILLED: usize = 4;

/// Fewer trees are walked sooner than the columns are encoded for them.
const MIN_TREES: usize = 4;

/// A forest whose sums are those of the ensemble.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Engine {
    forest: Forest,
    /// Whether a target has weights: in every row or in none.
    any: Vec<bool>,
}

/// The nodes of one tree, and how many come before them.
struct Tree<'n> {
    nodes: &'n [Node],
    start: usize,
}

impl Engine {
    /// `None` where sums on the engine would not be the same.
    pub fn new<'w>(
        nodes: &[Node],
        roots: &[usize],
        weights: impl Fn(usize) -> &'w [Weight],
        settings: &Settings,
        n_features: usize,
    ) -> Option<Engine> {
        if roots.len() < MIN_TREES || !matches!(settings.aggregate, Aggregate::Sum | Aggregate::Average) {
            return None;
        }
        let ends = roots.iter().skip(1).copied().chain([nodes.len()]);
        let trees =
            roots.iter().zip(ends).map(|(start, end)| Some(Tree { nodes: nodes.get(*start..end)?, start: *start }));
        let trees: Vec<Tree<'_>> = trees.collect::<Option<_>>()?;
        let targets = settings.targets;
        let width = width(&trees, &weights, targets)?;
        let any = seen(&trees, &weights, settings)?;
        let mut forest = ForestBuilder::new(n_features, width, targets);
        for tree in &trees {
            let numbers = tree.numbers(&weights, width)?;
            let node = |at: usize| tree.node(at).ok_or(tree::TreeError::NotFinite { node: at });
            forest.push_with(tree.nodes.len(), node, |at| &numbers[at * width..(at + 1) * width]).ok()?;
        }
        Some(Engine { forest: forest.finish().ok()?, any })
    }

    /// Sums of each row (row-major, `columns` values each), in the order of the trees: shape (rows, targets).
    pub fn sums(&self, x: &[f32], columns: usize) -> Vec<f32> {
        let rows = x.len() / columns;
        let x = Array2::from_shape_fn((rows, columns), |(row, column)| f64::from(x[row * columns + column]));
        let mut sums = vec![0.0f32; rows * self.forest.columns()];
        self.forest.add(x.view(), &AsFloat32, &mut sums);
        sums
    }

    /// Whether rows have weights for each target.
    pub fn any(&self) -> &[bool] {
        &self.any
    }
}

impl Tree<'_> {
    fn leaves(&self) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(|at| self.nodes[*at] == Node::Leaf).map(|at| at + self.start)
    }

    /// A node as the engine has it: a value at most the threshold goes left. `None` for another test, or a child in
    /// another tree.
    fn node(&self, at: usize) -> Option<tree::Node> {
        let Node::Split { feature, mode, value, missing_true, yes, no } = self.nodes[at] else {
            return Some(tree::Node::Leaf);
        };
        let key = if value.is_nan() { return None } else { key_of(value as f32) };
        let child = |place: usize| u32::try_from(place.checked_sub(self.start)?).ok();
        let (yes, no, feature) = (child(yes)?, child(no)?, u32::try_from(feature).ok()?);
        let (key, yes_left) = match mode {
            Mode::Leq => (key, true),
            Mode::Lt => (key - 1, true),
            Mode::Gt => (key, false),
            Mode::Gte => (key - 1, false),
            Mode::Eq | Mode::Neq => return None,
        };
        let (left, right) = if yes_left { (yes, no) } else { (no, yes) };
        Some(tree::Node::Split {
            feature,
            test: Test::AtMost(key),
            missing_left: missing_true == yes_left,
            left,
            right,
        })
    }

    /// For each node `width` numbers: the weights of a leaf, by target where there are several.
    fn numbers<'w>(&self, weights: &impl Fn(usize) -> &'w [Weight], width: usize) -> Option<Vec<f64>> {
        let mut numbers = vec![0.0; self.nodes.len().checked_mul(width)?];
        for leaf in self.leaves() {
            let own = &mut numbers[(leaf - self.start) * width..][..width];
            for weight in weights(leaf) {
                own[if width == 1 { 0 } else { weight.target as usize }] = weight.value;
            }
        }
        Some(numbers)
    }
}

/// Numbers in a leaf: one, where trees take turns at the targets, else one for each target.
fn width<'w>(trees: &[Tree<'_>], weights: &impl Fn(usize) -> &'w [Weight], targets: usize) -> Option<usize> {
    let mut taking_turns = true;
    let (mut leaves, mut all) = (0usize, 0usize);
    // The last leaf with a weight for the target: two in one leaf would be added one after the other.
    let mut last = vec![usize::MAX; targets];
    for (number, tree) in trees.iter().enumerate() {
        for leaf in tree.leaves() {
            let own = weights(leaf);
            if own.iter().any(|weight| std::mem::replace(&mut last[weight.target as usize], leaf) == leaf) {
                return None;
            }
            taking_turns &= own.iter().all(|weight| weight.target as usize == number % targets);
            (leaves, all) = (leaves + 1, all + own.len());
        }
    }
    match taking_turns {
        true => Some(1),
        false => (leaves.saturating_mul(targets) <= all.saturating_mul(FILLED)).then_some(targets),
    }
}

/// Which targets have weights; `None` where that depends on the row and a classifier asks.
fn seen<'w>(trees: &[Tree<'_>], weights: &impl Fn(usize) -> &'w [Weight], settings: &Settings) -> Option<Vec<bool>> {
    let (mut some, mut always) = (vec![false; settings.targets], vec![false; settings.targets]);
    let mut counts = vec![0usize; settings.targets];
    for tree in trees {
        let of_tree = || tree.leaves().flat_map(weights).map(|weight| weight.target as usize);
        let leaves = tree.leaves().count();
        for target in of_tree() {
            some[target] = true;
            counts[target] += 1;
            always[target] |= counts[target] == leaves;
        }
        of_tree().for_each(|target| counts[target] = 0);
    }
    (settings.purpose == Purpose::Regression || some == always).then_some(some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::onnx::{Data, Ensemble, Post, Tensor};

    /// Numbers that look drawn, the same each time.
    fn draw(state: &mut u64, below: u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % below
    }

    /// Thresholds that rows lie on, both zeros, and infinity.
    const VALUES: [f32; 9] = [-2.0, -0.5, -0.0, 0.0, 0.25, 0.5, 1.5, f32::INFINITY, f32::NEG_INFINITY];
    const MODES: [Mode; 4] = [Mode::Leq, Mode::Lt, Mode::Gte, Mode::Gt];

    /// Seven nodes each, of 4 features: positions, and weights of those that are leaves.
    fn forest(
        state: &mut u64,
        trees: usize,
        leaf: impl Fn(usize, u64) -> Vec<Weight>,
    ) -> (Vec<Node>, Vec<Vec<Weight>>) {
        let (mut nodes, mut weights) = (vec![], vec![]);
        for tree in 0..trees {
            let start = nodes.len();
            for at in 0..7 {
                nodes.push(match at {
                    0..3 => Node::Split {
                        feature: draw(state, 4) as usize,
                        mode: MODES[draw(state, 4) as usize],
                        value: f64::from(VALUES[draw(state, 9) as usize]),
                        missing_true: draw(state, 2) == 1,
                        yes: start + 2 * at + 1,
                        no: start + 2 * at + 2,
                    },
                    _ => Node::Leaf,
                });
                weights.push(if at < 3 { vec![] } else { leaf(tree, draw(state, 1000)) });
            }
        }
        (nodes, weights)
    }

    #[track_caller]
    fn check(settings: &Settings, leaf: impl Fn(usize, u64) -> Vec<Weight>, engine: bool) {
        let mut state = 7;
        let (nodes, weights) = forest(&mut state, 12, leaf);
        let roots: Vec<usize> = (0..nodes.len()).step_by(7).collect();
        let ensemble = Ensemble::new(&nodes, &roots, |at| &weights[at], settings.clone()).unwrap();
        assert_eq!(ensemble.on_engine(), engine);
        let cell = |_| if draw(&mut state, 8) == 0 { f32::NAN } else { VALUES[draw(&mut state, 9) as usize] };
        let x = Tensor { shape: vec![150, 4], data: Data::F32((0..600).map(cell).collect()) };
        let ((scores, labels), (expected, known)) = (ensemble.run(&x).unwrap(), ensemble.walked(&x).unwrap());
        let bits = |tensor: &Tensor| tensor.f32s().unwrap().iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!((bits(&scores), labels), (bits(&expected), known));
    }

    fn settings(targets: usize, purpose: Purpose) -> Settings {
        Settings { targets, aggregate: Aggregate::Sum, base: vec![], post: Post::None, purpose }
    }

    fn weight(target: usize, drawn: u64) -> Weight {
        Weight { target: target as u32, value: f64::from(drawn as f32 / 7.0 - 50.0) }
    }

    #[test]
    fn the_engine_adds_what_the_walk_adds() {
        let classes = Purpose::Classification { one_id: false, positive: false };
        check(&settings(1, Purpose::Regression), |_, drawn| vec![weight(0, drawn)], true);
        check(
            &Settings { aggregate: Aggregate::Average, ..settings(1, Purpose::Regression) },
            |_, w| vec![weight(0, w)],
            true,
        );
        check(&settings(3, classes), |_, drawn| (0..3).map(|class| weight(class, drawn * 3 % 1000)).collect(), true);
        check(&settings(3, classes), |tree, drawn| vec![weight(tree % 3, drawn)], true);
        check(&settings(2, classes), |_, drawn| vec![weight(0, drawn)], true);
        check(&settings(2, Purpose::Regression), |_, drawn| vec![weight(drawn as usize % 2, drawn)], true);
    }

    #[test]
    fn what_the_engine_cannot_say_is_walked() {
        let classes = Purpose::Classification { one_id: false, positive: false };
        check(
            &Settings { aggregate: Aggregate::Min, ..settings(1, Purpose::Regression) },
            |_, w| vec![weight(0, w)],
            false,
        );
        check(&settings(1, Purpose::Regression), |_, drawn| vec![weight(0, drawn), weight(0, drawn / 2)], false);
        check(&settings(3, classes), |_, drawn| vec![weight(drawn as usize % 3, drawn)], false);
        check(&settings(90, Purpose::Regression), |_, drawn| vec![weight(drawn as usize % 90, drawn)], false);
    }
}
