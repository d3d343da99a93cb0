//! What an encoder learns of one column: its categories, sorted, and which are infrequent
//! (`preprocessing/_encoders.py`).

use super::plan::{Encoding, EncodingKind, Fill};
use super::stage::Values;
use std::collections::HashMap;

/// The categories of one column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Categories {
    pub known: Known,
    /// Whether the missing value is one more, the last.
    pub missing: bool,
    /// Which are infrequent, ascending; none where nothing is grouped.
    pub infrequent: Vec<usize>,
}

/// Categories of one kind, sorted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

impl Categories {
    /// Of the values in `rows`, missing ones replaced by `fill`.
    pub fn of(values: &Values<'_>, rows: &[usize], fill: Option<&Fill>, encoding: &Encoding) -> Categories {
        let (known, counts, missing) = match values {
            Values::Texts(texts) => {
                let fill = match fill {
                    Some(Fill::Text(text)) => Some(text.as_str()),
                    _ => None,
                };
                let (known, counts, missing) = count(rows.iter().map(|row| texts.get(*row).or(fill)), Ord::cmp);
                (Known::Texts(known.into_iter().map(str::to_owned).collect()), counts, missing)
            }
            Values::Numbers(numbers) => {
                let fill = match fill {
                    Some(Fill::Number(number)) => Some(*number),
                    _ => None,
                };
                let present = |row: &usize| Some(numbers[*row]).filter(|value| !value.is_nan()).or(fill);
                // Adding zero makes one zero of both.
                let bits = rows.iter().map(|row| present(row).map(|value| (value + 0.0).to_bits()));
                let by_value = |a: &u64, b: &u64| f64::from_bits(*a).total_cmp(&f64::from_bits(*b));
                let (known, counts, missing) = count(bits, by_value);
                (Known::Numbers(known.into_iter().map(f64::from_bits).collect()), counts, missing)
            }
        };
        let mut counts = counts;
        if missing > 0 && encoding.kind == EncodingKind::OneHot {
            counts.push(missing);
        }
        let infrequent = infrequent(&counts, encoding);
        Categories { known, missing: missing > 0, infrequent }
    }

    /// How many there are, the missing value among them.
    pub fn len(&self) -> usize {
        let known = match &self.known {
            Known::Numbers(known) => known.len(),
            Known::Texts(known) => known.len(),
        };
        known + usize::from(self.missing)
    }

    /// How each is called.
    pub fn labels(&self) -> Vec<String> {
        let mut labels: Vec<String> = match &self.known {
            Known::Numbers(known) => known.iter().map(|number| format!("{number:?}")).collect(),
            Known::Texts(known) => known.clone(),
        };
        labels.extend(self.missing.then(|| "nan".to_owned()));
        labels
    }
}

/// The distinct values sorted, how often each is there, and how often none is.
fn count<T: Copy + Eq + std::hash::Hash>(
    values: impl Iterator<Item = Option<T>>,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> (Vec<T>, Vec<usize>, usize) {
    let (mut counts, mut missing): (HashMap<T, usize>, usize) = (HashMap::new(), 0);
    for value in values {
        match value {
            Some(value) => *counts.entry(value).or_default() += 1,
            None => missing += 1,
        }
    }
    let mut sorted: Vec<(T, usize)> = counts.into_iter().collect();
    sorted.sort_by(|a, b| order(&a.0, &b.0));
    let (known, counts) = sorted.into_iter().unzip();
    (known, counts, missing)
}

/// `_identify_infrequent`: those rarer than `min_frequency`, and of the rest the rarest that exceed `max_categories`.
fn infrequent(counts: &[usize], encoding: &Encoding) -> Vec<usize> {
    let mut rare: Vec<bool> =
        counts.iter().map(|count| encoding.min_frequency.is_some_and(|min| *count < min)).collect();
    let kept = rare.iter().filter(|rare| !**rare).count() + 1;
    if let Some(most) = encoding.max_categories.filter(|most| *most < kept) {
        // A stable sort: of equally rare ones the first go.
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by_key(|at| counts[*at]);
        let frequent = most.saturating_sub(1).min(order.len());
        order[..order.len() - frequent].iter().for_each(|at| rare[*at] = true);
    }
    (0..rare.len()).filter(|at| rare[*at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infrequent_categories_are_scikit_learns() {
        let check = |counts: &[usize], min_frequency, max_categories, expected: &[usize]| {
            let encoding = Encoding { min_frequency, max_categories, ..Encoding::default() };
            assert_eq!(infrequent(counts, &encoding), expected, "{counts:?} {min_frequency:?} {max_categories:?}");
        };
        check(&[5, 1, 3], None, None, &[]);
        check(&[5, 1, 3], Some(3), None, &[1]);
        check(&[5, 1, 3], None, Some(2), &[1, 2]);
        check(&[5, 1, 3], None, Some(1), &[0, 1, 2]);
        check(&[5, 1, 3], None, Some(3), &[1]);
        check(&[5, 1, 3], None, Some(4), &[]);
        check(&[2, 2, 2, 9], None, Some(3), &[0, 1]);
        check(&[5, 1, 3], Some(2), Some(2), &[1, 2]);
    }
}
