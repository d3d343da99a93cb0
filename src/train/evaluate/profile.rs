//! The training profile: what each column and each output looked like, so that drift can be measured against it later.
//!
//! Fixed quantile bins of the training data; live data are counted into the same bins. Every usual measure (PSI,
//! Jensen-Shannon, Kolmogorov-Smirnov, Wasserstein by the means) can be computed from such counts, and one outlier cannot
//! empty the bins, as it does with bins of equal width.

use crate::data::{Texts, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bins of numbers, fewer where values repeat.
pub const BINS: usize = 20;
/// Categories that are counted by name; the rest are counted together.
pub const CATEGORIES: usize = 100;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Profile {
    Numbers(NumberProfile),
    Categories(CategoryProfile),
}

/// Numbers, and times as microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumberProfile {
    pub rows: u64,
    pub null_rate: f64,
    /// Null when there is no finite value, like the four below.
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub mean: Option<f64>,
    /// Of a sample (`ddof=1`).
    pub std: Option<f64>,
    pub median: Option<f64>,
    /// Distinct inner edges, ascending: `np.quantile` at 1/20, 2/20, …. Bin `i` holds `edges[i-1] <= x < edges[i]`; the
    /// first and the last bin have no outer edge.
    pub edges: Vec<f64>,
    /// One more than edges; finite and infinite values.
    pub counts: Vec<u64>,
    /// Mean of each bin; 0 where it is empty or not finite.
    pub means: Vec<f64>,
}

/// Texts and labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryProfile {
    pub rows: u64,
    pub null_rate: f64,
    /// The most frequent ones, most frequent first.
    pub categories: Vec<String>,
    /// One more than categories: the last counts all others.
    pub counts: Vec<u64>,
    /// Distinct categories, also those that are not listed.
    pub distinct: u64,
}

impl Profile {
    /// The profile of some rows of a column.
    pub fn of(values: &Values, rows: &[usize]) -> Profile {
        match values {
            Values::Numbers { values, .. } => Profile::numbers(rows.iter().map(|row| values[*row]).collect()),
            Values::Times(times) => {
                let number = |row: &usize| if times[*row] == i64::MIN { f64::NAN } else { times[*row] as f64 };
                Profile::numbers(rows.iter().map(number).collect())
            }
            Values::Texts(texts) => Profile::texts(texts, rows),
        }
    }

    /// The profile of numbers; NaN is missing.
    pub fn numbers(mut values: Vec<f64>) -> Profile {
        let rows = values.len();
        values.retain(|value| !value.is_nan());
        let missing = rows - values.len();
        values.sort_unstable_by(f64::total_cmp);
        let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let mean = (!finite.is_empty()).then(|| mean(&finite));
        let mut edges: Vec<f64> = match finite.is_empty() {
            true => Vec::new(),
            false => (1..BINS).map(|i| quantile(&finite, i as f64 / BINS as f64)).collect(),
        };
        edges.dedup();
        let (mut counts, mut means) = (Vec::new(), Vec::new());
        let mut from = 0;
        for bin in 0..=edges.len() {
            let to = edges.get(bin).map_or(values.len(), |edge| values.partition_point(|value| value < edge));
            counts.push((to - from) as u64);
            means.push(Some(&values[from..to]).filter(|bin| !bin.is_empty()).map_or(0.0, self::mean));
            from = to;
        }
        means.iter_mut().filter(|mean| !mean.is_finite()).for_each(|mean| *mean = 0.0);
        Profile::Numbers(NumberProfile {
            rows: rows as u64,
            null_rate: rate(missing, rows),
            min: finite.first().copied(),
            max: finite.last().copied(),
            std: mean.filter(|_| finite.len() > 1).map(|mean| deviation(&finite, mean)),
            mean,
            median: mean.map(|_| quantile(&finite, 0.5)),
            edges,
            counts,
            means,
        })
    }

    fn texts(texts: &Texts, rows: &[usize]) -> Profile {
        let mut counts = vec![0u64; texts.dictionary.len()];
        let codes = rows.iter().map(|row| texts.codes[*row]).filter(|code| *code != Texts::MISSING);
        codes.for_each(|code| counts[code as usize] += 1);
        Profile::categories(texts.dictionary.iter().map(String::as_str).zip(counts), rows.len())
    }

    /// The profile of labels, one a row.
    pub fn labels<'t>(labels: impl ExactSizeIterator<Item = &'t str>) -> Profile {
        let rows = labels.len();
        let mut counts = BTreeMap::<&str, u64>::new();
        labels.for_each(|label| *counts.entry(label).or_default() += 1);
        Profile::categories(counts.into_iter(), rows)
    }

    fn categories<'t>(counts: impl Iterator<Item = (&'t str, u64)>, rows: usize) -> Profile {
        let mut counts: Vec<(&str, u64)> = counts.filter(|(_, count)| *count > 0).collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let (distinct, present) = (counts.len() as u64, counts.iter().map(|(_, count)| count).sum::<u64>());
        counts.truncate(CATEGORIES);
        let listed: u64 = counts.iter().map(|(_, count)| count).sum();
        Profile::Categories(CategoryProfile {
            rows: rows as u64,
            null_rate: rate(rows - present as usize, rows),
            categories: counts.iter().map(|(text, _)| (*text).to_owned()).collect(),
            counts: counts.iter().map(|(_, count)| *count).chain([present - listed]).collect(),
            distinct,
        })
    }

    /// Share of rows without a value.
    pub fn null_rate(&self) -> f64 {
        match self {
            Profile::Numbers(numbers) => numbers.null_rate,
            Profile::Categories(categories) => categories.null_rate,
        }
    }
}

fn rate(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64], mean: f64) -> f64 {
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// `np.quantile` of ascending numbers, linear between neighbours.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = (sorted.len() - 1) as f64 * q;
    let (low, part) = (at.floor() as usize, at - at.floor());
    let (a, b) = (sorted[low], sorted[(low + 1).min(sorted.len() - 1)]);
    if part >= 0.5 { b - (b - a) * (1.0 - part) } else { a + (b - a) * part }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::NumberKind;

    fn numbers(values: &[f64]) -> NumberProfile {
        let column = Values::Numbers { kind: NumberKind::Float, values: values.to_vec() };
        match Profile::of(&column, &(0..values.len()).collect::<Vec<_>>()) {
            Profile::Numbers(profile) => profile,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn twenty_bins_hold_a_twentieth_each() {
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let profile = numbers(&values);
        assert_eq!(profile.counts, [50; BINS]);
        assert_eq!((profile.edges[0], profile.edges[18]), (49.95, 949.05));
        assert_eq!((profile.min, profile.max, profile.mean), (Some(0.0), Some(999.0), Some(499.5)));
        assert_eq!((profile.means[0], profile.means[19]), (24.5, 974.5));
    }

    #[test]
    fn repeated_values_have_fewer_bins() {
        let profile = numbers(&[1.0, 0.0, 1.0, f64::NAN]);
        assert_eq!(profile.null_rate, 0.25);
        assert_eq!(profile.counts.iter().sum::<u64>(), 3);
        assert_eq!(profile.counts.len(), profile.edges.len() + 1);
        assert!(profile.edges.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn nothing_and_infinity_are_columns_too() {
        let nothing = numbers(&[f64::NAN, f64::NAN]);
        assert_eq!((nothing.null_rate, nothing.mean, nothing.counts), (1.0, None, vec![0]));
        let infinite = numbers(&[f64::INFINITY, 1.0, f64::NEG_INFINITY]);
        assert_eq!((infinite.min, infinite.max, infinite.std), (Some(1.0), Some(1.0), None));
        assert_eq!(infinite.counts.iter().sum::<u64>(), 3);
    }

    #[test]
    fn categories_are_counted_by_name() {
        let texts =
            Texts { dictionary: vec!["b".into(), "unused".into(), "a".into()], codes: vec![0, 2, Texts::MISSING, 0] };
        let Profile::Categories(profile) = Profile::of(&Values::Texts(texts), &[0, 1, 2, 3]) else { panic!() };
        assert_eq!((profile.categories, profile.counts), (vec!["b".to_owned(), "a".to_owned()], vec![2, 1, 0]));
        assert_eq!((profile.null_rate, profile.distinct), (0.25, 2));
        let many: Vec<String> = (0..150).map(|i| format!("c{i:03}")).collect();
        let Profile::Categories(many) = Profile::labels(many.iter().map(String::as_str)) else { panic!() };
        assert_eq!((many.categories.len(), many.counts[CATEGORIES], many.distinct), (CATEGORIES, 50, 150));
    }

    #[test]
    fn a_profile_survives_json() {
        let profile = Profile::numbers(vec![1.5, 2.5, f64::NAN]);
        let text = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile);
    }
}
