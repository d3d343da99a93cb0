//! `absolute_error` (`MAE` of `tree/_criterion.pyx`): how far the targets are from their weighted median.
//!
//! Errors and medians of all left parts and of all right parts are found in one pass each over the samples as they stand.

use super::criterion::{Criterion, Weights};
use super::median::Medians;
use super::sort::sort;

/// What has been found for the samples in their order.
pub struct AbsoluteError<'d> {
    y: &'d [f64],
    w: &'d [f64],
    /// The place of each row's target among all, equal ones at the same place, as a float that sorts as it does.
    places: Vec<f32>,
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

/// Room for the work on one node.
#[derive(Default)]
struct Room {
    medians: Medians,
    values: Vec<f32>,
    positions: Vec<u32>,
    sorted: Vec<f64>,
    ranks: Vec<u32>,
}

impl<'d> AbsoluteError<'d> {
    pub fn new(w: &'d [f64], y: &'d [f64]) -> Self {
        let mut distinct: Vec<f64> = y.iter().map(|y| y + 0.0).collect();
        distinct.sort_unstable_by(f64::total_cmp);
        distinct.dedup();
        // Positive floats sort as their bits do.
        let place = |y: &f64| f32::from_bits(distinct.partition_point(|known| known < y) as u32);
        AbsoluteError {
            places: y.iter().map(place).collect(),
            y,
            w,
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
        let room = &mut self.room;
        room.values.clear();
        room.values.extend(samples.iter().map(|i| self.places[*i as usize]));
        room.positions.clear();
        room.positions.extend(0..samples.len() as u32);
        sort(&mut room.values, &mut room.positions);
        room.sorted.clear();
        room.sorted.extend(room.positions.iter().map(|at| self.y[samples[*at as usize] as usize]));
        room.ranks.resize(samples.len(), 0);
        room.positions.iter().enumerate().for_each(|(rank, at)| room.ranks[*at as usize] = rank as u32);
        let weighed = samples.iter().zip(&room.ranks).map(|(i, rank)| (*rank as usize, self.w[*i as usize]));
        room.medians.errors(&room.sorted, weighed.clone(), &mut self.left);
        self.median = room.medians.errors(&room.sorted, weighed.rev(), &mut self.right);
        self.right.reverse();
        self.stale = false;
    }
}

impl Criterion for AbsoluteError<'_> {
    fn init(&mut self, samples: &[u32]) {
        self.len = samples.len();
        self.weights.node = samples.iter().fold(0.0, |sum, i| sum + self.w[*i as usize]);
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
        for i in &samples[self.pos..pos] {
            self.weights.left += self.w[*i as usize];
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
