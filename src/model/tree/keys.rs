//! Feature values to `u32` keys that compare as the values do: what the packed trees test.

use super::forest::MISSING;
use ndarray::ArrayView1;

/// How one row of values becomes keys.
pub trait Encode {
    /// Writes the key of each value; returns whether any is [`MISSING`].
    fn encode(&self, row: ArrayView1<'_, f64>, keys: &mut [u32]) -> bool;
}

/// Values are cast to `f32` first, as scikit-learn's own trees do (`sklearn.tree._tree.DTYPE`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AsFloat32;

impl Encode for AsFloat32 {
    fn encode(&self, row: ArrayView1<'_, f64>, keys: &mut [u32]) -> bool {
        fn encode<'v>(values: impl Iterator<Item = &'v f64>, keys: &mut [u32]) -> bool {
            let mut largest = 0;
            for (key, value) in keys.iter_mut().zip(values) {
                *key = key_of(*value as f32);
                largest = largest.max(*key);
            }
            largest == MISSING
        }
        match row.as_slice() {
            Some(row) => encode(row.iter(), keys),
            None => encode(row.iter(), keys),
        }
    }
}

/// The key of a `f32`: larger for larger values, equal for both zeros, never 0.
pub fn key_of(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    let negative = (bits as i32 >> 31) as u32;
    if value.is_nan() { MISSING } else { bits ^ (negative | 1 << 31) }
}

/// The key of a threshold of a tree that compares `f64::from(x as f32) <= threshold`: that of the largest `f32` not
/// above it. `None` for NaN.
pub fn threshold_key(threshold: f64) -> Option<u32> {
    if threshold.is_nan() {
        return None;
    }
    let nearest = threshold as f32;
    Some(key_of(if f64::from(nearest) > threshold { nearest.next_down() } else { nearest }))
}

/// Values become their rank among the thresholds that the trees have for the feature, or their category: exact for
/// trees that compare `f64`s (`sklearn.ensemble._hist_gradient_boosting`).
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    /// One for each feature of the trees.
    pub columns: Vec<Column>,
}

/// How one feature of the trees is made from the input.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// No tree tests it.
    Unused,
    /// Number of `thresholds`, ascending, that the value exceeds.
    Numeric {
        input: usize,
        thresholds: Vec<f64>,
    },
    Categorical {
        input: usize,
        categories: Categories,
    },
}

/// Which values are which category; all others are missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Categories {
    /// The value is the category: a set of numbers below 256.
    Raw([u32; 8]),
    /// Values, ascending, and the category of each; NaN may be a category, too.
    Listed { values: Vec<(f64, u32)>, nan: Option<u32> },
}

impl Encode for Ranks {
    fn encode(&self, row: ArrayView1<'_, f64>, keys: &mut [u32]) -> bool {
        let mut missing = false;
        for (key, column) in keys.iter_mut().zip(&self.columns) {
            *key = match column {
                Column::Unused => 0,
                Column::Numeric { input, thresholds } => rank(row[*input], thresholds),
                Column::Categorical { input, categories } => categories.find(row[*input]),
            };
            missing |= *key == MISSING;
        }
        missing
    }
}

impl Column {
    /// The key of `threshold`, which must be one of those that [`Column::Numeric`] was made with.
    pub fn threshold_key(&self, threshold: f64) -> u32 {
        match self {
            Column::Numeric { thresholds, .. } => rank(threshold, thresholds),
            Column::Unused | Column::Categorical { .. } => 0,
        }
    }
}

/// `value <= thresholds[i]` just where the rank of `value` is at most `i`.
pub fn rank(value: f64, thresholds: &[f64]) -> u32 {
    if value.is_nan() { MISSING } else { thresholds.partition_point(|threshold| *threshold < value) as u32 }
}

impl Categories {
    fn find(&self, value: f64) -> u32 {
        let known = match self {
            Categories::Raw(bits) => {
                // C's `(unsigned char)value` as compilers for x86-64 do it: by way of a 32-bit integer.
                let category = if value.abs() < 2f64.powi(31) { u32::from(value as i32 as u8) } else { 0 };
                let set = bits[(category >> 5) as usize] >> (category & 31) & 1 == 1;
                (value >= 0.0 && set).then_some(category)
            }
            Categories::Listed { nan, .. } if value.is_nan() => *nan,
            Categories::Listed { values, .. } => {
                let at = values.partition_point(|(known, _)| *known < value);
                values.get(at).filter(|(known, _)| *known == value).map(|(_, category)| *category)
            }
        };
        known.unwrap_or(MISSING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_as_values_do() {
        let ascending = [f32::NEG_INFINITY, f32::MIN, -1.5, -1e-45, 0.0, 1e-45, 1.0, f32::MAX, f32::INFINITY];
        for pair in ascending.windows(2) {
            assert!(key_of(pair[0]) < key_of(pair[1]), "{pair:?}");
        }
        assert_eq!(key_of(-0.0), key_of(0.0));
        assert!(key_of(f32::NEG_INFINITY) > 0);
        assert!(key_of(f32::INFINITY) < MISSING);
        assert_eq!((key_of(f32::NAN), key_of(-f32::NAN)), (MISSING, MISSING));
    }

    #[test]
    fn a_threshold_is_lowered_never_raised() {
        let check = |threshold: f64, expected: f32| {
            assert_eq!(threshold_key(threshold), Some(key_of(expected)), "{threshold}");
        };
        check(0.5, 0.5);
        check(0.1, 0.1f32.next_down());
        check(-0.1, -0.1);
        check(1e39, f32::MAX);
        check(-1e39, f32::NEG_INFINITY);
        check(f64::INFINITY, f32::INFINITY);
        check(1e-50, 0.0);
        check(-1e-50, -1e-45);
        assert_eq!(threshold_key(f64::NAN), None);
    }

    #[test]
    fn a_rank_compares_as_its_value() {
        let thresholds = [-1.5, 0.0, 2.0f64.next_up(), f64::INFINITY];
        for value in [f64::NEG_INFINITY, -1.5, -1.4, -0.0, 1e-300, 2.0, 2.0f64.next_up(), 1e300, f64::INFINITY] {
            for (i, threshold) in thresholds.iter().enumerate() {
                assert_eq!(rank(value, &thresholds) <= i as u32, value <= *threshold, "{value} <= {threshold}");
            }
        }
        assert_eq!(rank(f64::NAN, &thresholds), MISSING);
    }

    /// Expected: `TreePredictor.predict` of scikit-learn 1.9.1 on one-category bitsets, x86-64.
    #[test]
    fn raw_categories_are_cast_as_c_does() {
        let all = Categories::Raw([u32::MAX; 8]);
        let check = |value: f64, expected: u32| assert_eq!(all.find(value), expected, "{value}");
        check(44.0, 44);
        check(44.9, 44);
        check(300.0, 44);
        check(2147483647.0, 255);
        check(2147483653.0, 0);
        check(f64::INFINITY, 0);
        check(-0.0, 0);
        check(-0.5, MISSING);
        check(f64::NAN, MISSING);
        assert_eq!(Categories::Raw([1, 0, 0, 0, 0, 0, 0, 0]).find(7.0), MISSING);
    }

    #[test]
    fn listed_categories_are_found_by_value() {
        let values = vec![(-2.0, 0), (0.0, 1), (7.5, 2)];
        let listed = Categories::Listed { values: values.clone(), nan: None };
        assert_eq!(Categories::Listed { values, nan: Some(9) }.find(f64::NAN), 9);
        for (value, expected) in [(-2.0, 0), (-0.0, 1), (7.5, 2), (7.0, MISSING), (8.0, MISSING), (f64::NAN, MISSING)] {
            assert_eq!(listed.find(value), expected, "{value}");
        }
    }
}
