//! Nodes in an order in which every input is there before it is needed, run over one batch of rows.
//!
//! Bounded in what is alive at a time and in what is computed: a crafted graph ends with an error.

use super::operator::{Inputs, Operator};
use super::tensor::{Op, OpError, Tensor, fail};
use std::sync::Arc;

/// Elements of all tensors that are alive at a time.
const MAX_LIVE: usize = 1 << 25;
/// Elements that one batch may compute.
const MAX_WORK: usize = 1 << 31;

/// The same for the few rows that a model is tried with when it is loaded.
const MAX_TRIAL: usize = 1 << 27;

/// Checked steps. Values are numbered; constants have their numbers, too.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Program {
    pub values: usize,
    pub constants: Vec<(usize, Arc<Tensor>)>,
    pub inputs: Vec<usize>,
    pub steps: Vec<Step>,
}

/// One node of the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What messages call it.
    pub name: String,
    pub operator: Operator,
    pub inputs: Vec<Option<usize>>,
    pub outputs: Vec<Option<usize>>,
}

/// What a run may still use.
#[derive(Debug)]
pub(super) struct Budget {
    /// Whether this is only to see whether the graph fits together: categories that are not known are let through.
    pub trial: bool,
    live: usize,
    /// The most that was alive.
    pub peak: usize,
    work: usize,
}

impl Budget {
    pub fn new(trial: bool) -> Budget {
        Budget { trial, live: 0, peak: 0, work: 0 }
    }

    fn add(&mut self, tensors: &[Tensor]) -> Op<()> {
        let elements: usize = tensors.iter().map(|tensor| tensor.data.elements()).sum();
        self.live += elements;
        self.peak = self.peak.max(self.live);
        // A node costs something even where it computes nothing.
        self.work = self.work.saturating_add(elements + 16);
        let most = if self.trial { MAX_TRIAL } else { MAX_WORK };
        match self.live > MAX_LIVE || self.work > most {
            true => fail("the model needs more memory or time for a row than any that was trained"),
            false => Ok(()),
        }
    }
}

impl Program {
    /// The steps, in order, that these values need; and for each which values are needed no more after it.
    pub fn plan(&self, wanted: &[usize]) -> Plan {
        let mut needed = vec![false; self.values];
        wanted.iter().for_each(|value| needed[*value] = true);
        let mut steps = vec![];
        let mut alive = needed.clone();
        for (at, step) in self.steps.iter().enumerate().rev() {
            let outputs = step.outputs.iter().flatten();
            if !outputs.clone().any(|value| needed[*value]) {
                continue;
            }
            let mut last = vec![];
            for value in step.inputs.iter().flatten() {
                needed[*value] = true;
                if !std::mem::replace(&mut alive[*value], true) {
                    last.push(*value);
                }
            }
            let unused = outputs.filter(|value| !alive[**value]).copied();
            last.extend(unused);
            steps.push((at, last));
        }
        steps.reverse();
        Plan { steps, wanted: wanted.to_vec() }
    }

    /// The step that gives a value.
    pub fn maker(&self, value: usize) -> Option<&Step> {
        self.steps.iter().find(|step| step.outputs.contains(&Some(value)))
    }

    /// Computes what `plan` is for.
    ///
    /// # Errors
    /// When a node refuses its inputs, with its name; or more is needed than a model may.
    pub(super) fn run(&self, plan: &Plan, inputs: Vec<Arc<Tensor>>, budget: &mut Budget) -> Op<Vec<Arc<Tensor>>> {
        let mut values: Vec<Option<Arc<Tensor>>> = vec![None; self.values];
        for (at, constant) in &self.constants {
            values[*at] = Some(constant.clone());
        }
        for (at, input) in self.inputs.iter().zip(inputs) {
            values[*at] = Some(input);
        }
        for (at, last) in &plan.steps {
            let step = &self.steps[*at];
            let inputs: Vec<Option<&Tensor>> = step.inputs.iter().map(|input| values[(*input)?].as_deref()).collect();
            let made = step.operator.run(Inputs(&inputs), budget);
            let made = made.and_then(|made| budget.add(&made).map(|()| made));
            let made = made.map_err(|OpError(problem)| OpError(format!("{}: {problem}", step.name)))?;
            for (output, tensor) in step.outputs.iter().zip(made) {
                if let Some(output) = output {
                    values[*output] = Some(Arc::new(tensor));
                }
            }
            for value in last {
                budget.live =
                    budget.live.saturating_sub(values[*value].take().map_or(0, |tensor| tensor.data.elements()));
            }
        }
        let value = |at: &usize| values[*at].clone().map_or_else(|| fail("an output that nothing computes"), Ok);
        plan.wanted.iter().map(value).collect()
    }
}

/// Which steps some values need.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Position of the step, and the values that no later one needs.
    steps: Vec<(usize, Vec<usize>)>,
    wanted: Vec<usize>,
}

impl Plan {
    /// The values that it is for.
    pub fn wanted(&self) -> &[usize] {
        &self.wanted
    }
}
