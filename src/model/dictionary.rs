//! `DictionaryLearning`, `MiniBatchDictionaryLearning`, `SparseCoder`: rows as sums of a few atoms.

use super::solve::Cholesky;
use super::tree::rows_of;
use super::{InputError, InputPolicy};
use ndarray::{Array2, Axis};

/// Atoms, and how few of them are found.
#[derive(Debug, Clone, PartialEq)]
pub struct Dictionary {
    pub policy: InputPolicy,
    /// `components_`, shape (atoms, features).
    pub atoms: Array2<f64>,
    /// The products of all atoms with each other.
    pub gram: Array2<f64>,
    pub code: Code,
    /// Columns of their own for what counts below zero (`split_sign`).
    pub split: bool,
}

/// `transform_algorithm`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Code {
    /// The products with the atoms, this much nearer to zero; or none below it.
    Threshold { alpha: f64, positive: bool },
    /// Orthogonal matching pursuit with at most so many atoms.
    Pursuit { atoms: usize },
}

impl Dictionary {
    pub fn n_features_out(&self) -> usize {
        self.atoms.nrows() * if self.split { 2 } else { 1 }
    }

    /// `sparse_encode` with the dictionary.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let mut codes = Vec::with_capacity(x.nrows() * self.n_features_out());
        // Of two zeros numpy takes the second; `f64::max` may take either.
        let larger = |value: f64, other: f64| if value > other { value } else { other };
        for products in x.dot(&self.atoms.t()).axis_iter(Axis(0)) {
            let code = match self.code {
                Code::Threshold { alpha, positive } => {
                    let nearer = |product: f64| product.signum() * (product.abs() - alpha).max(0.0);
                    let least = if positive { 0.0 } else { f64::NEG_INFINITY };
                    products.iter().map(|product| larger(nearer(*product), least)).collect()
                }
                Code::Pursuit { atoms } => self.pursue(&products.to_vec(), atoms),
            };
            match self.split {
                false => codes.extend(code),
                true => {
                    codes.extend(code.iter().map(|value| larger(*value, 0.0)));
                    codes.extend(code.iter().map(|value| -if *value < 0.0 { *value } else { 0.0 }));
                }
            }
        }
        Ok(rows_of(codes, self.n_features_out()))
    }

    /// `_gram_omp`: the atom that is most like what is left, again and again. Atoms are looked at in the order that the
    /// swaps of the original leave them in.
    fn pursue(&self, products: &[f64], most: usize) -> Vec<f64> {
        let mut order: Vec<usize> = (0..products.len()).collect();
        let mut left = products.to_vec();
        let mut weights: Vec<f64> = vec![];
        for active in 0..most {
            let next = argmax_of_magnitudes(&left);
            if next < active || left[next] * left[next] < f64::EPSILON {
                break;
            }
            order.swap(active, next);
            let chosen = &order[..=active];
            let among = Array2::from_shape_fn((active + 1, active + 1), |(i, j)| self.gram[(chosen[i], chosen[j])]);
            // What depends on the others leaves nothing of itself.
            let Some(factors) = Cholesky::new(among.view()).filter(|factors| factors.last() > f64::EPSILON.sqrt())
            else {
                order.swap(active, next);
                break;
            };
            weights = chosen.iter().map(|atom| products[*atom]).collect();
            factors.solve(&mut weights);
            for (left, atom) in left.iter_mut().zip(&order) {
                let explained: f64 =
                    chosen.iter().zip(&weights).map(|(other, weight)| self.gram[(*atom, *other)] * weight).sum();
                *left = products[*atom] - explained;
            }
        }
        let mut code = vec![0.0; products.len()];
        order.iter().zip(&weights).for_each(|(atom, weight)| code[*atom] = *weight);
        code
    }
}

/// The first of the greatest.
fn argmax_of_magnitudes(values: &[f64]) -> usize {
    let magnitudes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    super::math::argmax(&magnitudes) as usize
}
