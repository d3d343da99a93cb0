//! `KDTree` and `BallTree` (`neighbors/_binary_tree.pxi`), node for node.

use super::nth::nth_element;
use crate::model::neighbors::Metric;
use crate::value::{Builder, DType, Field, Id, ScalarKind};
use std::ops::Range;
use std::sync::Arc;

/// Which tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    KdTree,
    BallTree,
}

impl Kind {
    /// `_fit_method`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::KdTree => "kd_tree",
            Kind::BallTree => "ball_tree",
        }
    }
}

/// A tree over rows: the children of node i are 2i + 1 and 2i + 2.
pub(super) struct Built {
    kind: Kind,
    metric: Metric,
    leaf_size: usize,
    n_levels: u32,
    n_features: usize,
    /// The rows, node by node.
    order: Vec<u32>,
    nodes: Vec<Node>,
    /// Shape (nodes, features): lower bounds of a k-d tree, centers of a ball tree.
    low: Vec<f64>,
    /// Upper bounds; empty in a ball tree.
    high: Vec<f64>,
    /// Distances that were measured.
    n_calls: usize,
}

#[derive(Clone, Default)]
struct Node {
    rows: Range<usize>,
    is_leaf: bool,
    radius: f64,
}

/// Builds the tree over `x`, row-major, shape (rows, `n_features`), at least one row.
pub(super) fn build(x: &[f64], n_features: usize, leaf_size: usize, kind: Kind, metric: Metric) -> Built {
    let n_rows = x.len() / n_features;
    let n_levels = (((n_rows - 1) as f64 / leaf_size as f64).max(1.0).log2() + 1.0) as u32;
    let n_nodes = (1usize << n_levels) - 1;
    let size = n_nodes * n_features;
    let mut built = Built {
        kind,
        metric,
        leaf_size,
        n_levels,
        n_features,
        order: (0..n_rows as u32).collect(),
        nodes: vec![Node::default(); n_nodes],
        low: vec![0.0; size],
        high: vec![0.0; if kind == Kind::KdTree { size } else { 0 }],
        n_calls: 0,
    };
    // In order of their numbers: a node parts only rows of its own, so this is as good as depth first.
    built.nodes[0].rows = 0..n_rows;
    for at in 0..n_nodes {
        let rows = built.nodes[at].rows.clone();
        built.measure(x, at);
        built.nodes[at].is_leaf = 2 * at + 1 >= n_nodes;
        if !built.nodes[at].is_leaf {
            let middle = rows.start + rows.len() / 2;
            built.part(x, rows.clone());
            built.nodes[2 * at + 1].rows = rows.start..middle;
            built.nodes[2 * at + 2].rows = middle..rows.end;
        }
    }
    built
}

impl Built {
    /// Bounds and radius of a node.
    fn measure(&mut self, x: &[f64], at: usize) {
        let n = self.n_features;
        let span = at * n..(at + 1) * n;
        let rows = self.order[self.nodes[at].rows.clone()].iter().map(|row| &x[*row as usize * n..][..n]);
        self.nodes[at].radius = match self.kind {
            Kind::KdTree => {
                let (low, high) = (&mut self.low[span.clone()], &mut self.high[span]);
                bound(rows, low, high);
                box_radius(low, high, &self.metric)
            }
            Kind::BallTree => {
                self.n_calls += rows.len();
                let center = &mut self.low[span];
                average(rows.clone(), center);
                let reduced = rows.fold(0.0f64, |most, row| most.max(self.metric.reduced(center, row)));
                self.metric.distance(reduced)
            }
        };
    }

    /// Puts the lower half of the rows first, by the column that spreads most.
    fn part(&mut self, x: &[f64], rows: Range<usize>) {
        let n = self.n_features;
        let items = &mut self.order[rows];
        let spread = |j: usize| {
            let value = |row: &u32| x[*row as usize * n + j];
            let start = (f64::NEG_INFINITY, f64::INFINITY);
            let (high, low) =
                items.iter().map(value).fold(start, |(high, low), x| (f64::max(high, x), f64::min(low, x)));
            high - low
        };
        let mut widest = (0, 0.0);
        for j in 0..n {
            let spread = spread(j);
            if spread > widest.1 {
                widest = (j, spread);
            }
        }
        let key = |row: u32| x[row as usize * n + widest.0];
        let less = |a: u32, b: u32| if key(a) == key(b) { a < b } else { key(a) < key(b) };
        let middle = items.len() / 2;
        nth_element(items, middle, &less);
    }

    /// As `__getstate__` has it; `data` is the array of the rows.
    pub fn write(self, b: &mut Builder, data: Id) -> Id {
        let int64 = |values: Vec<i64>, b: &mut Builder| b.i64s(&values);
        let order = int64(self.order.iter().map(|row| i64::from(*row)).collect(), b);
        let nodes = self.node_data(b);
        let (kinds, shape) = ([&self.low, &self.high], [1 + usize::from(self.kind == Kind::KdTree), self.nodes.len()]);
        let bounds: Vec<f64> = kinds.into_iter().flatten().copied().collect();
        let bounds = b.f64s(&[shape[0], shape[1], self.n_features], &bounds);
        let mut state = vec![data, order, nodes, bounds];
        let counts = [self.leaf_size, self.n_levels as usize, self.nodes.len(), 0, 0, 0, self.n_calls];
        state.extend(counts.map(|count| b.int(count)));
        state.push(distance(b, self.metric));
        state.push(b.none());
        match self.kind {
            Kind::KdTree => b.extension("sklearn.neighbors._kd_tree", "KDTree", state),
            Kind::BallTree => b.extension("sklearn.neighbors._ball_tree", "BallTree", state),
        }
    }

    fn node_data(&self, b: &mut Builder) -> Id {
        let scalar = |kind| DType::Scalar { kind, size: 8, big_endian: false };
        let field = |name: &str, kind, offset| Field { name: name.to_owned(), dtype: scalar(kind), offset };
        let fields: Arc<[Field]> = Arc::new([
            field("idx_start", ScalarKind::Int, 0),
            field("idx_end", ScalarKind::Int, 8),
            field("is_leaf", ScalarKind::Int, 16),
            field("radius", ScalarKind::Float, 24),
        ]);
        let words = |node: &Node| {
            [node.rows.start as u64, node.rows.end as u64, u64::from(node.is_leaf), node.radius.to_bits()]
        };
        let bytes = self.nodes.iter().flat_map(words).flat_map(u64::to_le_bytes).collect();
        b.bytes(DType::Struct { fields, itemsize: 32 }, &[self.nodes.len()], bytes)
    }
}

/// The least and greatest value of each column.
fn bound<'x>(rows: impl Iterator<Item = &'x [f64]>, low: &mut [f64], high: &mut [f64]) {
    low.fill(f64::INFINITY);
    high.fill(f64::NEG_INFINITY);
    for row in rows {
        for (x, (low, high)) in row.iter().zip(low.iter_mut().zip(high.iter_mut())) {
            *low = low.min(*x);
            *high = high.max(*x);
        }
    }
}

/// Half the diagonal of a box. Of Chebyshev's metric it is 1, as a power of 1 / infinity, in scikit-learn too.
fn box_radius(low: &[f64], high: &[f64], metric: &Metric) -> f64 {
    let halves = low.iter().zip(high).map(|(low, high)| (high - low).abs());
    let p = match metric {
        Metric::Chebyshev => return 1.0,
        Metric::Manhattan => 1.0,
        Metric::Minkowski { p } => *p,
        _ => 2.0,
    };
    halves.fold(0.0, |sum, side| sum + (0.5 * side).powf(p)).powf(1.0 / p)
}

/// The mean of the rows.
fn average<'x>(rows: impl ExactSizeIterator<Item = &'x [f64]>, center: &mut [f64]) {
    let count = rows.len() as f64;
    for row in rows {
        center.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    center.iter_mut().for_each(|sum| *sum /= count);
}

/// The object that measures distances: exponent, weights and matrix of Minkowski's family.
fn distance(b: &mut Builder, metric: Metric) -> Id {
    let (name, p, weights): (_, _, &[f64]) = match metric {
        Metric::Manhattan => ("ManhattanDistance64", 1.0, &[0.0]),
        Metric::Chebyshev => ("ChebyshevDistance64", f64::INFINITY, &[0.0]),
        Metric::Minkowski { p } => ("MinkowskiDistance64", p, &[]),
        _ => ("EuclideanDistance64", 2.0, &[0.0]),
    };
    let state = vec![b.float(p), b.f64s(&[weights.len()], weights), b.f64s(&[1, 1], &[0.0])];
    b.extension("sklearn.metrics._dist_metrics", name, state)
}
