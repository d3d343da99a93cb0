//! Finding neighbours: by a tree that scikit-learn built, or by looking at every row, in the order that scikit-learn looks.

use super::heap::Nearest;
use super::metric::Metric;
use crate::model::math::dot;
use crate::model::product::{BLOCK, products};

/// Training rows that are compared with a block of rows at once: their products stay in the cache.
const TRAINING_BLOCK: usize = 1024;

/// Training rows and the way to search them.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    pub n_features: usize,
    /// Row-major, shape (n_rows, n_features).
    pub rows: Vec<f64>,
    pub metric: Metric,
    pub index: Index,
}

/// How rows are searched.
#[derive(Debug, Clone, PartialEq)]
pub enum Index {
    /// One after the other; of Euclidean distances the squares come from squared lengths and products, here the former.
    Brute {
        squared_norms: Vec<f64>,
    },
    Tree(Tree),
}

/// A `KDTree` or `BallTree`: a complete binary tree over an order of the rows. Node i has the children 2 i + 1 and
/// 2 i + 2, which share its span of that order.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    pub order: Vec<usize>,
    pub nodes: Vec<Node>,
    pub shape: Shape,
}

/// One node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    pub start: usize,
    pub end: usize,
    pub is_leaf: bool,
    pub radius: f64,
}

/// What encloses the rows of a node: `n_features` numbers each.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Boxes { low: Vec<f64>, high: Vec<f64> },
    Balls { centers: Vec<f64> },
}

impl Index {
    /// For whole rows of `n_features` numbers.
    pub fn brute(rows: &[f64], n_features: usize) -> Index {
        Index::Brute { squared_norms: rows.chunks_exact(n_features).map(|row| dot(row, row)).collect() }
    }
}

impl Search {
    pub fn n_rows(&self) -> usize {
        self.rows.len() / self.n_features
    }

    pub fn row(&self, at: usize) -> &[f64] {
        &self.rows[at * self.n_features..][..self.n_features]
    }

    /// Distances and places of the `k` nearest rows, nearest first; `k` is at most the number of rows.
    pub fn nearest(&self, row: &[f64], k: usize) -> Vec<(f64, usize)> {
        let mut nearest = Nearest::new(k);
        match &self.index {
            Index::Brute { squared_norms } => {
                let own = dot(row, row);
                (0..self.n_rows()).for_each(|at| nearest.push(self.brute(row, own, at, squared_norms), at));
            }
            Index::Tree(tree) => {
                let bound = tree.bound(self, 0, row);
                tree.visit(self, 0, row, bound, &mut nearest);
            }
        }
        self.distances(nearest)
    }

    /// As [`Search::nearest`], of each of `rows`, which is row-major and of as many columns.
    pub fn all_nearest(&self, rows: &[f64], k: usize) -> Vec<Vec<(f64, usize)>> {
        let Index::Brute { squared_norms } = &self.index else { return self.one_by_one(rows, k) };
        if !matches!(self.metric, Metric::Euclidean | Metric::SquaredEuclidean) || rows.len() / self.n_features < 4 {
            return self.one_by_one(rows, k);
        }
        let mut all = vec![];
        let mut found = vec![0.0; BLOCK * self.n_rows().min(TRAINING_BLOCK)];
        for rows in rows.chunks(BLOCK * self.n_features) {
            let own: Vec<f64> = rows.chunks_exact(self.n_features).map(|row| dot(row, row)).collect();
            let mut nearest: Vec<Nearest> = own.iter().map(|_| Nearest::new(k)).collect();
            let blocks = self.rows.chunks(TRAINING_BLOCK * self.n_features).zip(squared_norms.chunks(TRAINING_BLOCK));
            for (block, (training, norms)) in blocks.enumerate() {
                let found = &mut found[..own.len() * norms.len()];
                products(rows, training, self.n_features, found);
                for ((nearest, own), found) in nearest.iter_mut().zip(&own).zip(found.chunks_exact(norms.len())) {
                    for (at, (product, norm)) in found.iter().zip(norms).enumerate() {
                        nearest.push((own + -2.0 * product + norm).max(0.0), block * TRAINING_BLOCK + at);
                    }
                }
            }
            all.extend(nearest.into_iter().map(|nearest| self.distances(nearest)));
        }
        all
    }

    fn one_by_one(&self, rows: &[f64], k: usize) -> Vec<Vec<(f64, usize)>> {
        rows.chunks_exact(self.n_features).map(|row| self.nearest(row, k)).collect()
    }

    fn distances(&self, nearest: Nearest) -> Vec<(f64, usize)> {
        nearest.sorted().into_iter().map(|(reduced, at)| (self.metric.distance(reduced), at)).collect()
    }

    /// Distances and places of all rows within `radius`, in the order of the search.
    pub fn within(&self, row: &[f64], radius: f64) -> Vec<(f64, usize)> {
        let reduced_radius = self.metric.reduce(radius);
        let found = |at: usize, reduced: f64| (reduced <= reduced_radius).then(|| (self.metric.distance(reduced), at));
        match &self.index {
            Index::Brute { squared_norms } => {
                let own = dot(row, row);
                (0..self.n_rows()).filter_map(|at| found(at, self.brute(row, own, at, squared_norms))).collect()
            }
            Index::Tree(tree) => {
                tree.order.iter().filter_map(|at| found(*at, self.metric.reduced(row, self.row(*at)))).collect()
            }
        }
    }

    fn brute(&self, row: &[f64], own: f64, at: usize, squared_norms: &[f64]) -> f64 {
        match &self.metric {
            Metric::Euclidean | Metric::SquaredEuclidean => {
                (own + -2.0 * dot(row, self.row(at)) + squared_norms[at]).max(0.0)
            }
            metric => metric.reduced(row, self.row(at)),
        }
    }
}

impl Tree {
    /// `min_rdist`: no row of the node is nearer.
    fn bound(&self, search: &Search, node: usize, row: &[f64]) -> f64 {
        let span = node * search.n_features..(node + 1) * search.n_features;
        match &self.shape {
            Shape::Boxes { low, high } => search.metric.to_box(row, &low[span.clone()], &high[span]),
            Shape::Balls { centers } => {
                let center = search.metric.distance(search.metric.reduced(row, &centers[span]));
                search.metric.reduce((center - self.nodes[node].radius).max(0.0))
            }
        }
    }

    /// `min_max_dist`: how far the row is from the nearest and the farthest place of a node.
    pub(super) fn span(&self, search: &Search, node: usize, row: &[f64]) -> (f64, f64) {
        let span = node * search.n_features..(node + 1) * search.n_features;
        match &self.shape {
            Shape::Boxes { low, high } => search.metric.box_span(row, &low[span.clone()], &high[span]),
            Shape::Balls { centers } => {
                let center = search.metric.distance(search.metric.reduced(row, &centers[span]));
                let radius = self.nodes[node].radius;
                ((center - radius).max(0.0), center + radius)
            }
        }
    }

    /// `_query_single_depthfirst`. As deep as the tree, which is complete.
    fn visit(&self, search: &Search, node: usize, row: &[f64], bound: f64, nearest: &mut Nearest) {
        if bound > nearest.largest() {
            return;
        }
        let found = self.nodes[node];
        if found.is_leaf {
            for at in &self.order[found.start..found.end] {
                nearest.push(search.metric.reduced(row, search.row(*at)), *at);
            }
            return;
        }
        let (left, right) = (2 * node + 1, 2 * node + 2);
        let (to_left, to_right) = (self.bound(search, left, row), self.bound(search, right, row));
        let both = if to_left <= to_right {
            [(left, to_left), (right, to_right)]
        } else {
            [(right, to_right), (left, to_left)]
        };
        for (child, bound) in both {
            self.visit(search, child, row, bound, nearest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers, so that both ways compute the same distances, with many of them equal.
    #[test]
    fn many_rows_at_once_have_the_neighbours_of_each_alone() {
        let (n_features, n_rows) = (3, 2 * TRAINING_BLOCK + 7);
        let numbers = |rows: usize, by: usize| -> Vec<f64> {
            (0..rows * n_features).map(|at| (at * by % 17) as f64 - 8.0).collect()
        };
        let rows = numbers(n_rows, 7919);
        for metric in [Metric::Euclidean, Metric::SquaredEuclidean, Metric::Manhattan] {
            let index = Index::brute(&rows, n_features);
            let search = Search { n_features, rows: rows.clone(), metric, index };
            for n in [1, 3, 4, BLOCK, BLOCK + 5] {
                let asked = numbers(n, 31);
                let alone: Vec<_> = asked.chunks_exact(n_features).map(|row| search.nearest(row, 9)).collect();
                assert_eq!(search.all_nearest(&asked, 9), alone, "{:?}, {n} rows", search.metric);
            }
        }
    }
}
