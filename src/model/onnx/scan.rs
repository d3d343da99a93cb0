//! `Scan`: a graph that is run for each slice of its inputs, as converters write distances between rows.

use super::operator::Inputs;
use super::program::{Budget, Plan, Program};
use super::shapes;
use super::tensor::{Data, Op, Tensor, fail};
use std::sync::Arc;

/// A body, run forward along the first axis of its scanned inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    pub body: Program,
    /// What the body gives: the states, then a slice of each output.
    pub plan: Plan,
    pub outputs: usize,
    /// The inputs are states, then what is scanned, then what the body takes from the graph around it.
    pub states: usize,
    pub scanned: usize,
}

impl Scan {
    pub(super) fn run(&self, inputs: Inputs<'_>, budget: &mut Budget) -> Op<Vec<Tensor>> {
        let all: Vec<Arc<Tensor>> = inputs.0.iter().flatten().map(|tensor| Arc::new((*tensor).clone())).collect();
        if all.len() != self.body.inputs.len() {
            return fail("inputs that are left out");
        }
        let (states, rest) = all.split_at(self.states);
        let (scanned, around) = rest.split_at(self.scanned);
        let length = scanned.first().and_then(|tensor| tensor.shape.first().copied());
        let Some(length) = length else { return fail("nothing to scan") };
        if scanned.iter().any(|tensor| tensor.shape.first() != Some(&length)) {
            return fail("inputs of different lengths");
        }
        let mut states = states.to_vec();
        let mut slices: Vec<Vec<Tensor>> = vec![vec![]; self.outputs - self.states];
        for at in 0..length {
            let slice = |tensor: &Arc<Tensor>| {
                let mut slice = shapes::along(tensor, 0, &[at])?;
                slice.shape.remove(0);
                Ok(Arc::new(slice))
            };
            let mut given = states;
            for tensor in scanned {
                given.push(slice(tensor)?);
            }
            given.extend(around.iter().cloned());
            let mut made = self.body.run(&self.plan, given, budget)?;
            for (slices, slice) in slices.iter_mut().zip(made.drain(self.states..)) {
                let mut slice = Arc::unwrap_or_clone(slice);
                slice.shape.insert(0, 1);
                slices.push(slice);
            }
            states = made;
        }
        let stacked = slices.into_iter().map(|slices| match slices.is_empty() {
            true => Tensor::new(vec![0], Data::F32(vec![])),
            false => shapes::concat(&slices.iter().collect::<Vec<_>>(), 0),
        });
        states.into_iter().map(|state| Ok(Arc::unwrap_or_clone(state))).chain(stacked).collect()
    }
}
