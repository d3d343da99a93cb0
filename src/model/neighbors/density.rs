//! Kernel density: how closely the training rows lie around a row. Walks the tree as scikit-learn walks it, since where
//! it stops, and what rounding leaves of bounds taken out again, are part of the answer.

use super::search::{Index, Search, Tree};
use crate::model::{InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;
use std::f64::consts::{LN_2, PI};

/// `KernelDensity`.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelDensity {
    pub policy: InputPolicy,
    /// Its index is a tree.
    pub search: Search,
    pub kernel: Kernel,
    pub bandwidth: f64,
    /// Of the absolute and the relative tolerance.
    pub log_tolerances: (f64, f64),
    pub breadth_first: bool,
    /// The logarithm of each training row's weight; `None` where all weigh one.
    pub log_weights: Option<Vec<f64>>,
    /// Of each node of the tree, the logarithm of what its rows weigh together.
    pub log_masses: Vec<f64>,
    /// The same of all rows.
    pub log_total: f64,
}

/// The shape of the hill over each training row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    Gaussian,
    Tophat,
    Epanechnikov,
    Exponential,
    Linear,
    Cosine,
}

impl KernelDensity {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::ScoreSamples]
    }

    pub fn n_features(&self) -> usize {
        self.search.n_features
    }

    /// `KernelDensity.score_samples`: the logarithm of the density at each row.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn call(&self, _: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let Index::Tree(tree) = &self.search.index else { unreachable!("it is built with a tree") };
        let log_norm = self.kernel.log_norm(self.bandwidth, self.search.n_features);
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default().chunks_exact(self.search.n_features);
        let log_density = |row: &[f64]| {
            let mut walk = Walk { of: self, tree, row, log_norm, least: 0.0, spread: 0.0 };
            let found = if self.breadth_first { walk.breadth_first() } else { walk.depth_first() };
            found + log_norm - self.log_total
        };
        Ok(Output::Floats(rows.map(log_density).collect()))
    }
}

/// One row on its way through the tree. The density is at least `exp(least)` and less than `exp(spread)` above that.
struct Walk<'m> {
    of: &'m KernelDensity,
    tree: &'m Tree,
    row: &'m [f64],
    log_norm: f64,
    least: f64,
    spread: f64,
}

/// What the rows of a node add: at least `exp(least)`, and up to `exp(spread)` more.
#[derive(Clone, Copy)]
struct Bounds {
    node: usize,
    least: f64,
    spread: f64,
}

impl Walk<'_> {
    /// `_kde_single_breadthfirst`: the nearest node first. A node below the root has all that it may add as its spread.
    fn breadth_first(&mut self) -> f64 {
        let (root, nearest) = self.bounds(0);
        let mut heap = NodeHeap::default();
        heap.push(nearest, root);
        (self.least, self.spread) = (root.least, root.spread);
        while let Some(from) = heap.pop() {
            if self.is_settled(from) {
                continue;
            }
            if self.is_close() {
                break;
            }
            if self.tree.nodes[from.node].is_leaf {
                self.add_rows(from);
                continue;
            }
            let children = [2 * from.node + 1, 2 * from.node + 2].map(|node| self.open_bounds(node));
            self.replace(from, children.map(|(child, _)| child));
            children.into_iter().for_each(|(child, nearest)| heap.push(nearest, child));
        }
        log_add(self.least, self.spread - LN_2)
    }

    /// `_kde_single_depthfirst`; as deep as the tree, which is complete.
    fn depth_first(&mut self) -> f64 {
        let (root, _) = self.bounds(0);
        (self.least, self.spread) = (root.least, root.spread);
        self.descend(root);
        log_add(self.least, self.spread - LN_2)
    }

    fn descend(&mut self, from: Bounds) {
        if self.is_settled(from) || self.is_close() {
            return;
        }
        if self.tree.nodes[from.node].is_leaf {
            return self.add_rows(from);
        }
        let children = [2 * from.node + 1, 2 * from.node + 2].map(|node| self.bounds(node).0);
        self.replace(from, children);
        children.into_iter().for_each(|child| self.descend(child));
    }

    /// Bounds of a node, and the distance to its nearest place.
    fn bounds(&self, node: usize) -> (Bounds, f64) {
        let (open, nearest) = self.open_bounds(node);
        (Bounds { spread: log_subtract(open.spread, open.least), ..open }, nearest)
    }

    /// The same with the upper bound where the spread stands.
    fn open_bounds(&self, node: usize) -> (Bounds, f64) {
        let (nearest, farthest) = self.tree.span(&self.of.search, node, self.row);
        let mass = self.of.log_masses[node];
        let log = |distance| mass + self.of.kernel.log(distance, self.of.bandwidth);
        (Bounds { node, least: log(farthest), spread: log(nearest) }, nearest)
    }

    /// Whether the node's bounds are within its share of the tolerance.
    fn is_settled(&self, own: Bounds) -> bool {
        self.within(own.spread - self.of.log_masses[own.node] + self.of.log_total, own.least)
    }

    /// Whether the bounds of all rows are.
    fn is_close(&self) -> bool {
        self.within(self.spread, self.least)
    }

    fn within(&self, spread: f64, least: f64) -> bool {
        let (absolute, relative) = self.of.log_tolerances;
        self.log_norm + spread <= log_add(absolute, relative + self.log_norm + least)
    }

    /// Puts the children's bounds in the place of their parent's.
    fn replace(&mut self, parent: Bounds, children: [Bounds; 2]) {
        self.take_out(parent);
        for child in children {
            self.least = log_add(self.least, child.least);
            self.spread = log_add(self.spread, child.spread);
        }
    }

    fn take_out(&mut self, bounds: Bounds) {
        self.least = log_subtract(self.least, bounds.least);
        self.spread = log_subtract(self.spread, bounds.spread);
    }

    /// Puts the rows of a leaf in the place of its bounds.
    fn add_rows(&mut self, leaf: Bounds) {
        self.take_out(leaf);
        let (search, node) = (&self.of.search, self.tree.nodes[leaf.node]);
        for at in &self.tree.order[node.start..node.end] {
            let distance = search.metric.distance(search.metric.reduced(self.row, search.row(*at)));
            let weight = self.of.log_weights.as_ref().map_or(0.0, |weights| weights[*at]);
            self.least = log_add(self.least, self.of.kernel.log(distance, self.of.bandwidth) + weight);
        }
    }
}

impl Kernel {
    /// `compute_log_kernel`: 0 at distance 0.
    fn log(self, distance: f64, h: f64) -> f64 {
        match self {
            Kernel::Gaussian => -0.5 * (distance * distance) / (h * h),
            Kernel::Exponential => -distance / h,
            _ if distance >= h || distance.is_nan() => f64::NEG_INFINITY,
            Kernel::Tophat => 0.0,
            Kernel::Epanechnikov => (1.0 - (distance * distance) / (h * h)).ln(),
            Kernel::Linear => (1.0 - distance / h).ln(),
            Kernel::Cosine => (0.5 * PI * distance / h).cos().ln(),
        }
    }

    /// `_log_kernel_norm`: what makes the integral over `d` dimensions one.
    fn log_norm(self, h: f64, d: usize) -> f64 {
        let n = d as f64;
        let factor = match self {
            Kernel::Gaussian => 0.5 * n * (2.0 * PI).ln(),
            Kernel::Tophat => log_volume(d),
            Kernel::Epanechnikov => log_volume(d) + (2.0 / (n + 2.0)).ln(),
            Kernel::Exponential => log_surface(d - 1) + log_gamma_of_half(2 * d),
            Kernel::Linear => log_volume(d) - (n + 1.0).ln(),
            Kernel::Cosine => {
                let (mut factor, mut term) = (0.0, 2.0 / PI);
                for k in (1..=d).step_by(2) {
                    let left = (d - k) as f64;
                    factor += term;
                    term *= -left * (left - 1.0) * (2.0 / PI).powi(2);
                }
                factor.ln() + log_surface(d - 1)
            }
        };
        -factor - n * h.ln()
    }
}

/// `logVn`: the volume of the unit ball in `n` dimensions.
fn log_volume(n: usize) -> f64 {
    0.5 * n as f64 * PI.ln() - log_gamma_of_half(n + 2)
}

/// `logSn`: the surface of the unit ball in `n + 1` dimensions.
fn log_surface(n: usize) -> f64 {
    let below = match n {
        // A ball of -1 dimensions: gamma(1/2).
        0 => -0.5 * PI.ln() - log_gamma_of_half(1),
        n => log_volume(n - 1),
    };
    (2.0 * PI).ln() + below
}

/// `lgamma(n / 2)`, for n from 1: a product as long as it is finite, then a sum.
fn log_gamma_of_half(n: usize) -> f64 {
    const FINITE: usize = 300;
    let first = if n.is_multiple_of(2) { 1.0 } else { PI.sqrt() };
    let factors = || (1..n.div_ceil(2)).map(|k| k as f64 - if n.is_multiple_of(2) { 0.0 } else { 0.5 });
    match n <= FINITE {
        true => factors().fold(first, |product, factor| product * factor).ln(),
        false => factors().fold(first.ln(), |sum, factor| sum + factor.ln()),
    }
}

/// `log(exp(a) + exp(b))`.
fn log_add(a: f64, b: f64) -> f64 {
    let most = a.max(b);
    if most == f64::NEG_INFINITY { most } else { most + ((a - most).exp() + (b - most).exp()).ln() }
}

/// `log(exp(a) - exp(b))`.
fn log_subtract(a: f64, b: f64) -> f64 {
    if a <= b { f64::NEG_INFINITY } else { a + (1.0 - (b - a).exp()).ln() }
}

/// `NodeHeap`: the nearest first; of equally near nodes the one that its swaps leave in front.
#[derive(Default)]
struct NodeHeap {
    items: Vec<(f64, Bounds)>,
}

impl NodeHeap {
    fn push(&mut self, nearest: f64, bounds: Bounds) {
        let mut at = self.items.len();
        self.items.push((nearest, bounds));
        while at > 0 && self.items[(at - 1) / 2].0 > nearest {
            self.items.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    fn pop(&mut self) -> Option<Bounds> {
        if self.items.is_empty() {
            return None;
        }
        let (_, popped) = self.items.swap_remove(0);
        let mut at = 0;
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let nearer = match (self.items.get(left), self.items.get(right)) {
                (Some(a), Some(b)) if a.0 > b.0 => right,
                (Some(_), _) => left,
                (None, _) => return Some(popped),
            };
            if self.items[nearer].0 > self.items[at].0 {
                return Some(popped);
            }
            self.items.swap(at, nearer);
            at = nearer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: `math.lgamma`.
    #[test]
    fn log_gamma_is_pythons() {
        for (n, expected) in [
            (1, 0.572_364_942_924_700_1),
            (2, 0.0),
            (3, -0.120_782_237_635_245_43),
            (4, 0.0),
            (9, 2.453_736_570_842_442_3),
            (300, 600.009_470_555_327_4),
            (301, 602.513_954_870_585_5),
        ] {
            let got = log_gamma_of_half(n);
            assert!((got - expected).abs() <= 1e-14 * expected.abs().max(0.1), "{n}: {got}");
        }
    }

    #[test]
    fn the_heap_gives_the_nearest_first() {
        let mut heap = NodeHeap::default();
        for (node, nearest) in [5.0, 1.0, 4.0, 1.0, 0.5, 7.0].into_iter().enumerate() {
            heap.push(nearest, Bounds { node, least: 0.0, spread: 0.0 });
        }
        let mut order: Vec<usize> = std::iter::from_fn(|| heap.pop()).map(|bounds| bounds.node).collect();
        order[1..3].sort_unstable();
        assert_eq!(order, [4, 1, 3, 2, 0, 5]);
    }
}
