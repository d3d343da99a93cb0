//! `PolynomialFeatures`: products of columns.

use super::{InputError, InputPolicy};
use ndarray::Array2;

/// Each column of the output is 1, an input, or an earlier column times an input: scikit-learn's own order of products,
/// so that results are equal bit for bit.
#[derive(Debug, Clone, PartialEq)]
pub struct PolynomialFeatures {
    pub(crate) policy: InputPolicy,
    pub(crate) n_features: usize,
    pub(crate) terms: Vec<Term>,
    /// Terms that only others are made of: those before it, but for the bias.
    pub(crate) hidden: std::ops::Range<usize>,
}

/// One term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    One,
    Input(u32),
    /// An earlier term times an input.
    Product(u32, u32),
}

impl PolynomialFeatures {
    /// All terms up to `degree`; `None` when they are more than `most`.
    pub fn terms(n: usize, degree: usize, interaction_only: bool, bias: bool, most: usize) -> Option<Vec<Term>> {
        let mut terms: Vec<Term> = if bias { vec![Term::One] } else { vec![] };
        if n > most || degree > most {
            return None;
        }
        if degree == 0 {
            return Some(terms);
        }
        // Where the terms of the last degree begin that have each input as their last factor, and where they end.
        let mut index: Vec<usize> = (terms.len()..=terms.len() + n).collect();
        terms.extend((0..n as u32).map(Term::Input));
        for _ in 2..=degree {
            let end = index[n];
            let mut next = Vec::with_capacity(n + 1);
            for input in 0..n {
                next.push(terms.len());
                let skipped = if interaction_only { index[input + 1] - index[input] } else { 0 };
                let start = index[input] + skipped;
                if start >= end {
                    next.resize(n, terms.len());
                    break;
                }
                if terms.len() + (end - start) > most {
                    return None;
                }
                terms.extend((start..end).map(|term| Term::Product(term as u32, input as u32)));
            }
            next.push(terms.len());
            if next[0] == next[n] {
                break;
            }
            index = next;
        }
        Some(terms)
    }

    pub fn n_features_out(&self) -> usize {
        self.terms.len() - self.hidden.len()
    }

    /// `PolynomialFeatures.transform`.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let mut out = Vec::with_capacity(x.nrows() * self.n_features_out());
        let mut values = vec![0.0; self.terms.len()];
        for row in x.rows() {
            for (at, term) in self.terms.iter().enumerate() {
                values[at] = match *term {
                    Term::One => 1.0,
                    Term::Input(input) => row[input as usize],
                    Term::Product(term, input) => values[term as usize] * row[input as usize],
                };
            }
            out.extend_from_slice(&values[..self.hidden.start]);
            out.extend_from_slice(&values[self.hidden.end..]);
        }
        Ok(Array2::from_shape_vec((x.nrows(), self.n_features_out()), out).expect("terms for each row"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_stand_in_scikit_learns_order() {
        let check = |n, degree, interaction_only, bias, expected: &[&str]| {
            let terms = PolynomialFeatures::terms(n, degree, interaction_only, bias, 1000).expect("few terms");
            let mut names: Vec<String> = vec![];
            for term in terms {
                let input = |input: u32| ["a", "b", "c"][input as usize];
                names.push(match term {
                    Term::One => "1".to_owned(),
                    Term::Input(at) => input(at).to_owned(),
                    Term::Product(term, at) => format!("{}{}", input(at), names[term as usize]),
                });
            }
            assert_eq!(names, expected);
        };
        check(2, 2, false, true, &["1", "a", "b", "aa", "ab", "bb"]);
        check(2, 3, false, false, &["a", "b", "aa", "ab", "bb", "aaa", "aab", "abb", "bbb"]);
        check(3, 3, true, true, &["1", "a", "b", "c", "ab", "ac", "bc", "abc"]);
        check(3, 9, true, false, &["a", "b", "c", "ab", "ac", "bc", "abc"]);
        check(2, 0, false, true, &["1"]);
        assert_eq!(PolynomialFeatures::terms(1000, 3, false, false, 1000), None);
    }
}
