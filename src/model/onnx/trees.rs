//! Tree ensembles of ai.onnx.ml: every way to branch, to aggregate and to transform.
//!
//! Trees of float32 ride on the engine of all trees where that is exact ([`super::engine`]); the walk here takes the rest.
//! Sums are made in the type of the input (float32, or double for double inputs), in the order of the trees, from zero:
//! what ONNX Runtime computes with one thread. Its threads add partial sums, whose last bits may differ.
//! Trees are checked when they are added: a walk ends at a leaf, and all positions are inside.

use super::engine::Engine;
use super::post::Post;
use super::tensor::{Data, Op, Tensor, fail};

/// How a node compares the feature with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Leq,
    Lt,
    Gte,
    Gt,
    Eq,
    Neq,
}

/// A node; children are positions among all nodes of the ensemble.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Node {
    Split { feature: usize, mode: Mode, value: f64, missing_true: bool, yes: usize, no: usize },
    Leaf,
}

/// What is made of the leaves' weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
}

/// One weight of a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    pub target: u32,
    pub value: f64,
}

/// What the sums stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Regression,
    /// `one_id`: all weights are for one and the same class of two; `positive`: none is below zero.
    Classification {
        one_id: bool,
        positive: bool,
    },
}

/// What an ensemble is made with beside its nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub targets: usize,
    pub aggregate: Aggregate,
    pub base: Vec<f64>,
    pub post: Post,
    pub purpose: Purpose,
}

/// A checked ensemble.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    packed: Vec<Packed>,
    /// Position of the root of each tree.
    roots: Vec<u32>,
    /// Where each leaf's weights begin; one more than there are leaves.
    starts: Vec<u32>,
    weights: Vec<Weight>,
    n_features: usize,
    settings: Settings,
    /// The same trees for float32, where they can be.
    engine: Option<Engine>,
}

/// The second child stands beside the first; a leaf's child is its own number among the leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Packed {
    value: f64,
    feature: u32,
    child: u32,
    mode: Mode,
    missing_true: bool,
    leaf: bool,
}

impl Packed {
    const PLACEHOLDER: Packed =
        Packed { value: 0.0, feature: 0, child: 0, mode: Mode::Leq, missing_true: false, leaf: false };
}

impl Ensemble {
    /// Lays out the trees that hang from `roots`; `weights(node)` are those of a leaf.
    ///
    /// # Errors
    /// When a node is reached twice, a child is outside, or a weight is for no target.
    pub fn new<'w>(
        nodes: &[Node],
        roots: &[usize],
        weights: impl Fn(usize) -> &'w [Weight],
        settings: Settings,
    ) -> Op<Self> {
        let (packed, starts, n_features) = (vec![], vec![0], 0);
        let mut made = Ensemble { packed, roots: vec![], starts, weights: vec![], n_features, settings, engine: None };
        let mut reached = vec![false; nodes.len()];
        for root in roots {
            made.roots.push(made.packed.len() as u32);
            made.packed.push(Packed::PLACEHOLDER);
            let mut open = vec![(*root, made.packed.len() - 1)];
            while let Some((node, place)) = open.pop() {
                match reached.get_mut(node) {
                    Some(seen) if !*seen => *seen = true,
                    _ => return fail(format!("node {node} is reached twice, or is none")),
                }
                made.packed[place] = match nodes[node] {
                    Node::Leaf => made.leaf(node, weights(node))?,
                    Node::Split { feature, mode, value, missing_true, yes, no } => {
                        let pair = made.packed.len();
                        made.packed.extend([Packed::PLACEHOLDER; 2]);
                        open.extend([(no, pair + 1), (yes, pair)]);
                        made.n_features = made.n_features.max(feature.saturating_add(1));
                        let feature = u32::try_from(feature).or_else(|_| fail(format!("feature {feature}")))?;
                        Packed { value, feature, child: pair as u32, mode, missing_true, leaf: false }
                    }
                };
            }
        }
        made.engine = Engine::new(nodes, roots, weights, &made.settings, made.n_features);
        Ok(made)
    }

    fn leaf(&mut self, node: usize, weights: &[Weight]) -> Op<Packed> {
        let targets = self.settings.targets;
        if let Some(stray) = weights.iter().find(|weight| weight.target as usize >= targets) {
            return fail(format!("leaf {node} has a weight for target {} of {targets}", stray.target));
        }
        let number = self.starts.len() as u32 - 1;
        self.weights.extend_from_slice(weights);
        self.starts.push(self.weights.len() as u32);
        Ok(Packed { child: number, leaf: true, ..Packed::PLACEHOLDER })
    }

    /// Scores of each row: shape (rows, targets), of two classes (rows, 2). For a classifier also the position of each
    /// label.
    pub fn run(&self, x: &Tensor) -> Op<(Tensor, Vec<u32>)> {
        match (&x.data, &self.engine) {
            (Data::F64(_), _) | (_, None) => self.walked(x),
            (_, Some(engine)) => {
                let (rows, columns) = self.fitting(x)?;
                let (mut out, mut labels) = (Vec::with_capacity(rows * self.width()), vec![]);
                let mut scores = Vec::with_capacity(self.settings.targets);
                for sums in engine.sums(&x.f32s()?, columns).chunks_exact(self.settings.targets) {
                    scores.clear();
                    scores.extend(sums.iter().zip(engine.any()).map(|(sum, any)| Score { sum: *sum, any: *any }));
                    self.finish(&mut scores, &mut out, &mut labels);
                }
                Ok((Tensor::new(vec![rows, self.width()], Data::F32(out))?, labels))
            }
        }
    }

    /// The same by walking row by row.
    pub(super) fn walked(&self, x: &Tensor) -> Op<(Tensor, Vec<u32>)> {
        let (rows, columns) = self.fitting(x)?;
        let (mut out, mut labels) = (Vec::with_capacity(rows * self.width()), vec![]);
        match &x.data {
            Data::F64(values) => self.score(values, columns, &mut out, &mut labels),
            _ => self.score(&x.f32s()?, columns, &mut out, &mut labels),
        }
        Ok((Tensor::new(vec![rows, self.width()], Data::F32(out))?, labels))
    }

    /// Rows and columns of an input that has all columns that are tested.
    fn fitting(&self, x: &Tensor) -> Op<(usize, usize)> {
        match x.rows()? {
            (_, 0) => fail("an input without columns"),
            (_, columns) if columns < self.n_features => {
                fail(format!("the trees test {} columns, but the input has {columns}", self.n_features))
            }
            fitting => Ok(fitting),
        }
    }

    #[cfg(test)]
    pub(super) fn on_engine(&self) -> bool {
        self.engine.is_some()
    }

    /// How many scores a row has.
    fn width(&self) -> usize {
        match self.settings.purpose {
            Purpose::Regression => self.settings.targets,
            Purpose::Classification { .. } => self.settings.targets.max(2),
        }
    }

    fn score<T: Number>(&self, x: &[T], columns: usize, out: &mut Vec<f32>, labels: &mut Vec<u32>) {
        const BLOCK: usize = 128;
        let targets = self.settings.targets;
        let zero = Score { sum: T::of(0.0), any: false };
        let mut scores = vec![zero; BLOCK * targets];
        for block in x.chunks(BLOCK * columns) {
            scores.fill(zero);
            for root in &self.roots {
                for (row, scores) in block.chunks_exact(columns).zip(scores.chunks_exact_mut(targets)) {
                    self.add(self.walk(*root, row), scores);
                }
            }
            for (_, scores) in block.chunks_exact(columns).zip(scores.chunks_exact_mut(targets)) {
                self.finish(scores, out, labels);
            }
        }
    }

    /// From the sums of one row to its scores, and of a classifier to its label.
    fn finish<T: Number>(&self, sums: &mut [Score<T>], out: &mut Vec<f32>, labels: &mut Vec<u32>) {
        match self.settings.purpose {
            Purpose::Regression => self.regression(sums, out),
            Purpose::Classification { one_id, positive } => labels.push(self.classify(sums, one_id, positive, out)),
        }
    }

    fn walk<T: Number>(&self, root: u32, row: &[T]) -> usize {
        let mut node = &self.packed[root as usize];
        while !node.leaf {
            let (x, value) = (row[node.feature as usize], T::of(node.value));
            let yes = match node.mode {
                Mode::Leq => x <= value,
                Mode::Lt => x < value,
                Mode::Gte => x >= value,
                Mode::Gt => x > value,
                Mode::Eq => x == value,
                Mode::Neq => x != value,
            };
            let yes = yes || node.missing_true && x.is_nan();
            node = &self.packed[node.child as usize + usize::from(!yes)];
        }
        node.child as usize
    }

    #[inline]
    fn add<T: Number>(&self, leaf: usize, scores: &mut [Score<T>]) {
        for weight in &self.weights[self.starts[leaf] as usize..self.starts[leaf + 1] as usize] {
            let score = &mut scores[weight.target as usize];
            let value = T::of(weight.value);
            match self.settings.aggregate {
                Aggregate::Sum | Aggregate::Average => score.sum = score.sum.plus(value),
                Aggregate::Min if !score.any || value < score.sum => score.sum = value,
                Aggregate::Max if !score.any || value > score.sum => score.sum = value,
                Aggregate::Min | Aggregate::Max => {}
            }
            score.any = true;
        }
    }

    fn regression<T: Number>(&self, scores: &mut [Score<T>], out: &mut Vec<f32>) {
        let Settings { aggregate, base, targets, post, .. } = &self.settings;
        for (target, score) in scores.iter_mut().enumerate() {
            if *aggregate == Aggregate::Average {
                score.sum = score.sum.over(self.roots.len());
            }
            if base.len() == *targets {
                score.sum = score.sum.plus(T::of(base[target]));
            }
        }
        let from = out.len();
        out.extend(scores.iter().map(|score| score.sum.narrow()));
        post.regression(&mut out[from..]);
    }

    /// Writes the scores of one row and gives the position of its label.
    fn classify<T: Number>(&self, scores: &mut [Score<T>], one_id: bool, positive: bool, out: &mut Vec<f32>) -> u32 {
        let Settings { base, post, .. } = &self.settings;
        if scores.len() > 2 {
            for (score, base) in scores.iter_mut().zip(base) {
                score.sum = score.sum.plus(T::of(*base));
                score.any = true;
            }
            let better = |best: Option<usize>, at: usize| match best {
                _ if !scores[at].any => best,
                Some(best) if scores[at].sum > scores[best].sum => Some(at),
                Some(best) => Some(best),
                None => Some(at),
            };
            let best = (0..scores.len()).fold(None, better);
            write(scores, *post, out);
            return best.unwrap_or(0) as u32;
        }
        let two = scores.len() == 2 && scores[1].any;
        match base[..] {
            [_, second] if two => {
                scores[1].sum = T::of(second).plus(scores[0].sum);
                scores[0].sum = scores[1].sum.minus();
            }
            [first, second] if scores.len() == 2 => {
                scores[1].sum = scores[1].sum.plus(T::of(second));
                scores[0].sum = scores[0].sum.plus(T::of(first));
            }
            [base] => scores[0].sum = scores[0].sum.plus(T::of(base)),
            _ => {}
        }
        let weight = scores[usize::from(two)].sum;
        let second = weight > T::of(if one_id && positive { 0.5 } else { 0.0 });
        if two || scores.len() == 2 && base.len() == 2 {
            write(scores, *post, out);
        } else {
            out.extend(post.of_two(scores[0].sum.narrow(), one_id && positive));
        }
        u32::from(second)
    }
}

fn write<T: Number>(scores: &[Score<T>], post: Post, out: &mut Vec<f32>) {
    let from = out.len();
    out.extend(scores.iter().map(|score| score.sum.narrow()));
    post.scores(&mut out[from..]);
}

#[derive(Debug, Clone, Copy)]
struct Score<T> {
    sum: T,
    /// Whether a leaf had a weight for this target.
    any: bool,
}

/// A float type that trees compare and add in.
trait Number: Copy + PartialOrd {
    fn of(value: f64) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self) -> Self;
    fn over(self, count: usize) -> Self;
    fn is_nan(self) -> bool;
    fn narrow(self) -> f32;
}

macro_rules! number {
    ($kind:ty) => {
        impl Number for $kind {
            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $kind
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }
            fn minus(self) -> Self {
                -self
            }
            fn over(self, count: usize) -> Self {
                self / count as $kind
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$kind>::is_nan(self)
            }
            fn narrow(self) -> f32 {
                self as f32
            }
        }
    };
}
number!(f32);
number!(f64);
