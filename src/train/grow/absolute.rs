//! `absolute_error` (`MAE` of `tree/_criterion.pyx`): how far the targets are from their weighted median.
//!
//! Errors and medians of all left parts and of all right parts are found in one pass each over the samples as they stand.

use super::criterion::{Criterion, Weights};
use super::median::Medians;
use super::sort;
use super::view::Rows;

/// What has been found for the samples in their order.
pub struct AbsoluteError {
    rows: Rows<Row>,
    pos: usize,
    len: usize,
    weights: Weights,
    /// The order of samples may have changed since the passes.
    stale: bool,
    root_impurity: f64,
    median: f64,
    left: Vec<f64>,
    right: Vec<f64>,
    room: Room,
}

#[derive(Clone, Copy)]
struct Row {
    weight: f64,
    y: f64,
    /// The place of its target among all, equal ones at the same place, as a float that sorts as it does.
    place: f32,
}

/// Room for the work on one node.
#[derive(Default)]
struct Room {
    medians: Medians,
    keys: Vec<u64>,
    equal: Vec<u32>,
    sorted: Vec<f64>,
    ranks: Vec<u32>,
}

impl AbsoluteError {
    pub fn new(w: &[f64], y: &[f64]) -> Self {
        let mut distinct: Vec<f64> = y.iter().map(|y| y + 0.0).collect();
        distinct.sort_unstable_by(f64::total_cmp);
        distinct.dedup();
        // Positive floats sort as their bits do.
        let place = |y: f64| f32::from_bits(distinct.partition_point(|known| *known < y) as u32);
        let row = |(weight, y): (&f64, &f64)| Row { weight: *weight, y: *y, place: place(*y) };
        AbsoluteError {
            rows: Rows::new(w.iter().zip(y).map(row).collect()),
            pos: 0,
            len: 0,
            weights: Weights::default(),
            stale: true,
            root_impurity: 0.0,
            median: 0.0,
            left: Vec::new(),
            right: Vec::new(),
            room: Room::default(),
        }
    }

    /// Both passes over the samples.
    fn measure(&mut self, samples: &[u32]) {
        let (rows, room) = (self.rows.get(), &mut self.room);
        room.keys.clear();
        let places = samples.iter().map(|i| rows[*i as usize].place);
        room.keys.extend(places.enumerate().map(|(at, place)| sort::key(place, at as u32)));
        sort::sort(&mut room.keys, &mut room.equal);
        room.sorted.clear();
        room.ranks.resize(samples.len(), 0);
        for (rank, at) in room.keys.iter().map(|key| *key as u32 as usize).enumerate() {
            room.sorted.push(rows[samples[at] as usize].y);
            room.ranks[at] = rank as u32;
        }
        let weighed = samples.iter().zip(&room.ranks).map(|(i, rank)| (*rank as usize, rows[*i as usize].weight));
        room.medians.errors(&room.sorted, weighed.clone(), &mut self.left);
        self.median = room.medians.errors(&room.sorted, weighed.rev(), &mut self.right);
        self.right.reverse();
        self.stale = false;
    }
}

impl Criterion for AbsoluteError {
    fn narrow(&mut self, samples: &[u32]) {
        self.rows.narrow(samples);
    }

    fn widen(&mut self) {
        self.rows.widen();
    }

    fn init(&mut self, samples: &[u32]) {
        self.len = samples.len();
        let rows = self.rows.get();
        self.weights.node = samples.iter().fold(0.0, |sum, i| sum + rows[*i as usize].weight);
        self.measure(samples);
        self.root_impurity = self.right[0] / self.weights.node;
        self.reset();
    }

    fn reset(&mut self) {
        self.stale = true;
        self.pos = 0;
        self.weights.left = 0.0;
        self.weights.right = self.weights.node;
    }

    fn update(&mut self, samples: &[u32], pos: usize) {
        if self.stale {
            self.measure(samples);
        }
        let rows = self.rows.get();
        for i in &samples[self.pos..pos] {
            self.weights.left += rows[*i as usize].weight;
        }
        self.weights.right = self.weights.node - self.weights.left;
        self.pos = pos;
    }

    fn weights(&self) -> Weights {
        self.weights
    }

    fn node_impurity(&self) -> f64 {
        self.root_impurity
    }

    fn children(&self, _samples: &[u32]) -> (f64, f64) {
        let left = if self.pos > 0 { self.left[self.pos - 1] } else { 0.0 };
        let right = if self.pos < self.len { self.right[self.pos] } else { 0.0 };
        (left / self.weights.left, right / self.weights.right)
    }

    fn proxy(&self) -> f64 {
        let (left, right) = self.children(&[]);
        -self.weights.right * right - self.weights.left * left
    }

    fn push_value(&self, out: &mut Vec<f64>) {
        out.push(self.median);
    }

    fn bin_len(&self) -> usize {
        0
    }

    fn tally(&self, _: u32, _: f64, _: &mut [f64]) {
        unreachable!("a median is no sum; sums_are_exact says so")
    }

    fn shift(&mut self, _: &[f64]) {
        unreachable!("a median is no sum; sums_are_exact says so")
    }
}
