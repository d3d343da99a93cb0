//! What is filled in for missing values: `SimpleImputer.fit`, column by column.

use super::plan::{Fill, Missing};
use super::stage::Values;
use crate::train::grow::pairwise_sum;
use std::collections::HashMap;

/// What an imputer fills in; none when the column has no values.
///
/// # Errors
/// When the strategy is not for what the column holds.
pub(super) fn statistic(values: &Values<'_>, rows: &[usize], missing: &Missing) -> Result<Option<Fill>, &'static str> {
    if let Missing::Constant(fill) = missing {
        return match (values, fill) {
            (Values::Texts(_), Fill::Text(_)) | (Values::Numbers(_), Fill::Number(_)) => Ok(Some(fill.clone())),
            // A flag cannot say that 0 is meant as a text.
            (Values::Texts(_), Fill::Number(number)) => Ok(Some(Fill::Text(number.to_string()))),
            (Values::Numbers(_), Fill::Text(_)) => Err("a text cannot stand in a column of numbers"),
        };
    }
    match values {
        Values::Texts(texts) if *missing == Missing::MostFrequent => {
            let present = rows.iter().filter_map(|row| texts.get(*row));
            Ok(most_frequent(present).map(|text| Fill::Text(text.to_owned())))
        }
        Values::Texts(_) => Err("a column of texts has no mean and no median"),
        Values::Numbers(numbers) => {
            let all: Vec<f64> = rows.iter().map(|row| numbers[*row]).collect();
            Ok(of_numbers(all, missing).map(Fill::Number))
        }
    }
}

/// NaN is missing.
fn of_numbers(all: Vec<f64>, missing: &Missing) -> Option<f64> {
    let count = all.iter().filter(|value| !value.is_nan()).count();
    if count == 0 {
        return None;
    }
    Some(match missing {
        Missing::Mean => {
            // `np.ma.mean`: missing values are zeros in the sum.
            let present: Vec<f64> = all.into_iter().map(|value| if value.is_nan() { 0.0 } else { value }).collect();
            pairwise_sum(&present) / count as f64
        }
        Missing::Median => median(all.into_iter().filter(|value| !value.is_nan()).collect()),
        _ => {
            let bits = all.iter().filter(|value| !value.is_nan()).map(|value| Ordered(value + 0.0));
            most_frequent(bits)?.0
        }
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (below, high, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(low) if is_even => (low + *high) / 2.0,
        _ => *high,
    }
}

/// The smallest of those that are there most often (`sklearn.impute._base._most_frequent`).
fn most_frequent<T: Ord + Copy + std::hash::Hash>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: HashMap<T, usize> = HashMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0))).map(|(value, _)| value)
}

/// A number that is not NaN.
#[derive(Clone, Copy)]
struct Ordered(f64);

impl PartialEq for Ordered {
    fn eq(&self, other: &Ordered) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Ordered) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Ordered) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl std::hash::Hash for Ordered {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_scikit_learns_statistics() {
        let nan = f64::NAN;
        let check = |values: &[f64], missing: Missing, expected: Option<f64>| {
            assert_eq!(of_numbers(values.to_vec(), &missing), expected, "{missing:?} of {values:?}");
        };
        check(&[1.0, nan, 4.0], Missing::Mean, Some(2.5));
        check(&[3.0, nan, 1.0, 2.0], Missing::Median, Some(2.0));
        check(&[3.0, 1.0, 2.0, 10.0], Missing::Median, Some(2.5));
        check(&[5.0, 1.0, 5.0, 1.0, nan, nan, nan], Missing::MostFrequent, Some(1.0));
        check(&[-0.0, 0.0, 7.0], Missing::MostFrequent, Some(0.0));
        check(&[nan], Missing::Mean, None);
    }
}
