//! What libsvm calls a model: the support vectors of all problems together, and how scikit-learn shows them.

use super::super::state::State;
use super::super::{FitError, Fitted};
use super::matrix::{Doubled, Rows};
use super::solver::{Variable, solve};
use super::{Pair, Problem};
use crate::value::{Builder, DType, Id, Node, ScalarKind};

/// What libsvm calls a model.
pub(super) struct Machine {
    /// Rows that are support vectors, class by class.
    pub support: Vec<usize>,
    pub n_support: Vec<usize>,
    /// Shape (classes - 1, vectors), or (1, vectors).
    pub coef: Vec<f64>,
    pub rho: Vec<f64>,
    pub n_iter: Vec<usize>,
    /// A sigmoid for each pair; empty without probabilities.
    pub platt: Vec<(f64, f64)>,
    pub timed_out: bool,
}

impl Machine {
    /// Rows whose two coefficients do not cancel.
    pub fn of_regression(y: &[f64], problem: &Problem<'_, '_>) -> Machine {
        let (params, settings) = (&problem.spec.params, &problem.settings);
        let (c, epsilon) = (params.number("C").unwrap_or(1.0), params.number("epsilon").unwrap_or_default());
        let above = y.iter().map(|y| Variable { positive: true, c, p: epsilon - y });
        let below = y.iter().map(|y| Variable { positive: false, c, p: epsilon + y });
        let variables: Vec<Variable> = above.chain(below).collect();
        let matrix =
            Doubled::new(Rows::new(settings.kernel, problem.rows.clone(), settings.threads), settings.cache_bytes);
        let solution = solve(matrix, &variables, settings.stop);
        let (above, below) = solution.alpha.split_at(y.len());
        let coef: Vec<f64> = above.iter().zip(below).map(|(above, below)| above - below).collect();
        let support: Vec<usize> = (0..y.len()).filter(|row| coef[*row] != 0.0).collect();
        Machine {
            coef: support.iter().map(|row| coef[*row]).collect(),
            n_support: vec![support.len(); 2],
            support,
            rho: vec![solution.rho],
            n_iter: vec![solution.n_iter],
            platt: Vec::new(),
            timed_out: solution.timed_out,
        }
    }

    /// Rows that have a coefficient in any pair. A pair's coefficients stand in the row of the other class: for the second
    /// class in that of the first, for the first in that of the second less one.
    pub fn of_pairs(members: &[Vec<usize>], pairs: Vec<Pair>) -> Machine {
        let n = members.len();
        let names: Vec<(usize, usize)> = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect();
        let mut by_class: Vec<Vec<Vec<f64>>> = members.iter().map(|rows| vec![vec![0.0; rows.len()]; n - 1]).collect();
        for ((i, j), pair) in names.iter().zip(&pairs) {
            let (first, second) = pair.binary.coef.split_at(members[*i].len());
            by_class[*i][j - 1].copy_from_slice(first);
            by_class[*j][*i].copy_from_slice(second);
        }
        let mut machine = Machine {
            support: Vec::new(),
            n_support: Vec::new(),
            coef: Vec::new(),
            rho: pairs.iter().map(|pair| pair.binary.rho).collect(),
            n_iter: pairs.iter().map(|pair| pair.binary.n_iter).collect(),
            platt: pairs.iter().filter_map(|pair| pair.platt).collect(),
            timed_out: pairs.iter().any(|pair| pair.binary.timed_out),
        };
        let mut kept = Vec::new();
        for (rows, coefs) in members.iter().zip(&by_class) {
            let places: Vec<usize> = (0..rows.len()).filter(|at| coefs.iter().any(|coef| coef[*at] != 0.0)).collect();
            machine.support.extend(places.iter().map(|at| rows[*at]));
            machine.n_support.push(places.len());
            kept.push(places);
        }
        for output in 0..n - 1 {
            for (places, coefs) in kept.iter().zip(&by_class) {
                machine.coef.extend(places.iter().map(|at| coefs[output][*at]));
            }
        }
        machine
    }

    /// Adds what both estimators learn to the state. `sign` is that of scikit-learn's own attributes: beside them it keeps
    /// libsvm's, which two classes have the other way round.
    ///
    /// # Errors
    /// When a number is not finite.
    pub fn write(
        self,
        mut b: Builder,
        mut state: State,
        problem: &Problem<'_, '_>,
        sign: f64,
    ) -> Result<Fitted, FitError> {
        state.features(&mut b, problem.data);
        self.write_vectors(&mut b, &mut state, problem);
        self.write_coefficients(&mut b, &mut state, sign)?;
        state.float(&mut b, "_gamma", problem.settings.gamma);
        for (name, is) in [("_sparse", false), ("_effective_probability", !self.platt.is_empty())] {
            let is = b.push(Node::Bool(is));
            state.set(name, is);
        }
        state.int(&mut b, "fit_status_", usize::from(self.timed_out));
        let shape = vec![b.int(problem.data.n_rows()), b.int(problem.data.n_features())];
        let shape = b.tuple(shape);
        state.set("shape_fit_", shape);
        let warning = || {
            format!(
                "Solver terminated early (max_iter={}).  Consider pre-processing your data with StandardScaler or \
                 MinMaxScaler.",
                problem.spec.params.get("max_iter")
            )
        };
        let warnings = if self.timed_out { vec![warning()] } else { vec![] };
        Ok(Fitted::new(b, state, warnings))
    }

    fn write_vectors(&self, b: &mut Builder, state: &mut State, problem: &Problem<'_, '_>) {
        let counts = [("support_", &self.support), ("_n_support", &self.n_support), ("_num_iter", &self.n_iter)];
        for (name, values) in counts {
            let values = int32s(b, values);
            state.set(name, values);
        }
        let vectors: Vec<f64> = self.support.iter().flat_map(|row| problem.rows[*row]).copied().collect();
        let vectors = b.f64s(&[self.support.len(), problem.data.n_features()], &vectors);
        state.set("support_vectors_", vectors);
    }

    fn write_coefficients(&self, b: &mut Builder, state: &mut State, sign: f64) -> Result<(), FitError> {
        let intercept: Vec<f64> = self.rho.iter().map(|rho| if *rho == 0.0 { 0.0 } else { -rho }).collect();
        if !intercept.iter().chain(&self.coef).all(|x| x.is_finite()) {
            let text = "The dual coefficients or intercepts are not finite. The input data may contain large values and \
                        need to be preprocessed.";
            return Err(FitError::Parameter(text.to_owned()));
        }
        // A regressor has two numbers of support vectors, and one row of coefficients, as two classes have.
        let shape = [self.n_support.len() - 1, self.support.len()];
        for (names, sign) in [(["_dual_coef_", "_intercept_"], 1.0), (["dual_coef_", "intercept_"], sign)] {
            let signed = |values: &[f64]| values.iter().map(|x| sign * x).collect::<Vec<f64>>();
            let coef = b.f64s(&shape, &signed(&self.coef));
            state.set(names[0], coef);
            state.f64s(b, names[1], &signed(&intercept));
        }
        let (slopes, offsets): (Vec<f64>, Vec<f64>) = self.platt.iter().copied().unzip();
        state.f64s(b, "_probA", &slopes);
        state.f64s(b, "_probB", &offsets);
        Ok(())
    }
}

/// An array as libsvm has it.
pub(super) fn int32s(b: &mut Builder, values: &[usize]) -> Id {
    let int32 = DType::Scalar { kind: ScalarKind::Int, size: 4, big_endian: false };
    b.bytes(int32, &[values.len()], values.iter().flat_map(|value| (*value as i32).to_le_bytes()).collect())
}
