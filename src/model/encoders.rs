//! Encoders of categories: `OneHotEncoder`, and those that put numbers in the place of a category (`OrdinalEncoder`,
//! `TargetEncoder`). Texts arrive as codes of the bundle's vocabulary, so one lookup serves texts and numbers.

use super::{InputError, NULL};
use ndarray::{Array2, ArrayView1};

/// The categories of one column (`categories_`), numbered in scikit-learn's order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Categories {
    /// Value and number, by value.
    sorted: Vec<(f64, u32)>,
    /// The number of the missing value, where it is a category.
    missing: Option<u32>,
    /// The number of Python's `None`, where it is one.
    none: Option<u32>,
    /// How many numbers there are: all of the above, and `None` where NaN is a category beside it.
    len: usize,
}

/// `OneHotEncoder`: for each column, ones where its categories are.
#[derive(Debug, Clone, PartialEq)]
pub struct OneHotEncoder {
    columns: Vec<OneHot>,
    scalars: Scalars,
}

/// One column of a [`OneHotEncoder`].
#[derive(Debug, Clone, PartialEq)]
pub struct OneHot {
    pub categories: Categories,
    /// For each category, which of the `width` outputs is 1; `None` for the one that is dropped.
    pub outputs: Vec<Option<u32>>,
    pub width: usize,
    pub unknown: Unknown,
}

/// What becomes of a category that was not there in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// `handle_unknown='error'`.
    Refuse,
    /// Zeros.
    Ignore,
    /// The same as this category: the first of the infrequent ones.
    Like(u32),
}

/// `OrdinalEncoder` and `TargetEncoder`: for each column, the numbers of its category.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueEncoder {
    columns: Vec<Encoded>,
    scalars: Scalars,
}

/// One column of a [`ValueEncoder`].
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    pub categories: Categories,
    /// One number for each category and output, shape (categories, outputs).
    pub values: Array2<f64>,
    /// The numbers of an unknown category; `None` refuses it.
    pub unknown: Option<Vec<f64>>,
}

impl Categories {
    /// Numbers the values from 0 in the order given; NaN is the missing value. `None` when one stands twice.
    pub fn new(values: &[f64]) -> Option<Categories> {
        let (missing, known): (Vec<_>, Vec<_>) =
            values.iter().copied().zip(0u32..).partition(|(value, _)| value.is_nan());
        let nan = missing.first().map(|(_, number)| *number);
        if missing.len() > 1 { None } else { Categories::numbered(known, nan, None, values.len()) }
    }

    /// The values with their numbers, all below `len`, and the numbers of NaN and of Python's `None`. Nothing when a value
    /// stands twice.
    pub fn numbered(values: Vec<(f64, u32)>, nan: Option<u32>, none: Option<u32>, len: usize) -> Option<Categories> {
        // Adding zero makes one zero of both.
        let mut sorted: Vec<(f64, u32)> = values.into_iter().map(|(value, number)| (value + 0.0, number)).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        sorted.windows(2).all(|pair| pair[0].0 != pair[1].0).then_some(Categories {
            sorted,
            missing: nan.or(none),
            none,
            len,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of a value's category.
    pub fn find(&self, value: f64) -> Option<u32> {
        if value.is_nan() {
            return self.missing;
        }
        let value = value + 0.0;
        let at = self.sorted.binary_search_by(|(known, _)| known.total_cmp(&value)).ok()?;
        Some(self.sorted[at].1)
    }

    /// A value that is known, for examples.
    pub fn first(&self) -> f64 {
        self.sorted.iter().min_by_key(|(_, number)| *number).map_or(f64::NAN, |(value, _)| *value)
    }

    /// Numbers of a whole column. pandas makes a column of nothing but null one of objects, and `None` is not NaN.
    ///
    /// # Errors
    /// When a value is infinite, or a category is unknown and `refuse` says so.
    fn encode(
        &self,
        column: usize,
        values: ArrayView1<'_, f64>,
        refuse: Option<Scalars>,
    ) -> Result<Vec<Option<u32>>, InputError> {
        if let Some(row) = values.iter().position(|value| value.is_infinite()) {
            let message = "Input contains infinity or a value too large for dtype('float64').".to_owned();
            return Err(InputError::Refused { row, column, message });
        }
        let is_none = values.iter().all(|value| value.to_bits() == NULL.to_bits());
        let found: Vec<Option<u32>> = match is_none {
            true => vec![self.none; values.len()],
            false => values.iter().map(|value| self.find(*value)).collect(),
        };
        match (found.iter().position(Option::is_none), refuse) {
            (Some(row), Some(scalars)) => {
                let value = if is_none { "None".to_owned() } else { scalars.shown(values[row]) };
                Err(InputError::UnknownCategory { row, column, own: column, value })
            }
            _ => Ok(found),
        }
    }
}

/// How numpy shows one of its numbers in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalars {
    /// `1.5`, before numpy 2.
    Plain,
    /// `np.float64(1.5)`.
    Typed,
}

impl Scalars {
    fn shown(self, value: f64) -> String {
        let number = match value.abs() {
            _ if value.is_nan() => "nan".to_owned(),
            // Python's repr has a sign and two digits in each exponent.
            1e-4..1e16 | 0.0 => format!("{value:?}"),
            _ => {
                let text = format!("{value:e}");
                let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let sign = if exponent.starts_with('-') { '-' } else { '+' };
                format!("{digits}e{sign}{:0>2}", exponent.trim_start_matches('-'))
            }
        };
        match self {
            Scalars::Plain => number,
            Scalars::Typed => format!("np.float64({number})"),
        }
    }
}

impl OneHotEncoder {
    pub fn new(columns: Vec<OneHot>, scalars: Scalars) -> OneHotEncoder {
        OneHotEncoder { columns, scalars }
    }

    pub fn columns(&self) -> &[OneHot] {
        &self.columns
    }

    pub fn n_features_in(&self) -> usize {
        self.columns.len()
    }

    pub fn n_features_out(&self) -> usize {
        self.columns.iter().map(|column| column.width).sum()
    }

    /// `OneHotEncoder.transform`, as a dense matrix.
    ///
    /// # Errors
    /// When a category is unknown and `handle_unknown='error'`, or a value is infinite.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        let mut out = Array2::zeros((x.nrows(), self.n_features_out()));
        let refuse = |refuses: bool| refuses.then_some(self.scalars);
        let mut first = 0;
        for (at, column) in self.columns.iter().enumerate() {
            let found = column.categories.encode(at, x.column(at), refuse(column.unknown == Unknown::Refuse))?;
            for (row, category) in found.into_iter().enumerate() {
                let category = category.or(match column.unknown {
                    Unknown::Like(other) => Some(other),
                    Unknown::Refuse | Unknown::Ignore => None,
                });
                if let Some(output) = category.and_then(|category| column.outputs[category as usize]) {
                    out[(row, first + output as usize)] = 1.0;
                }
            }
            first += column.width;
        }
        Ok(out)
    }
}

impl ValueEncoder {
    /// Every column must have one row of values for each of its categories.
    pub fn new(columns: Vec<Encoded>, scalars: Scalars) -> ValueEncoder {
        ValueEncoder { columns, scalars }
    }

    pub fn columns(&self) -> &[Encoded] {
        &self.columns
    }

    pub fn n_features_in(&self) -> usize {
        self.columns.len()
    }

    pub fn n_features_out(&self) -> usize {
        self.columns.iter().map(|column| column.values.ncols()).sum()
    }

    /// `OrdinalEncoder.transform`, `TargetEncoder.transform`.
    ///
    /// # Errors
    /// When a category is unknown and `handle_unknown='error'`, or a value is infinite.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        let mut out = Array2::zeros((x.nrows(), self.n_features_out()));
        let refuse = |refuses: bool| refuses.then_some(self.scalars);
        let mut first = 0;
        for (at, column) in self.columns.iter().enumerate() {
            let found = column.categories.encode(at, x.column(at), refuse(column.unknown.is_none()))?;
            let unknown = column.unknown.as_deref().unwrap_or_default();
            for output in 0..column.values.ncols() {
                for (row, category) in found.iter().enumerate() {
                    out[(row, first + output)] = match category {
                        Some(category) => column.values[(*category as usize, output)],
                        None => unknown[output],
                    };
                }
            }
            first += column.values.ncols();
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const NAN: f64 = f64::NAN;

    fn categories(values: &[f64]) -> Categories {
        Categories::new(values).expect("distinct values")
    }

    #[test]
    fn categories_are_found_by_value() {
        let known = categories(&[3.0, -0.0, NAN, 7.0]);
        let check = |value: f64, expected| assert_eq!(known.find(value), expected, "{value}");
        check(3.0, Some(0));
        check(0.0, Some(1));
        check(-0.0, Some(1));
        check(NAN, Some(2));
        check(7.0, Some(3));
        check(5.0, None);
        check(-1.0, None);
        assert_eq!(known.len(), 4);
        assert_eq!(categories(&[1.0]).find(NAN), None);
        assert_eq!(Categories::new(&[1.0, 2.0, 1.0]), None);
        assert_eq!(Categories::new(&[NAN, NAN]), None);
    }

    fn one_hot(unknown: Unknown) -> OneHotEncoder {
        let plain = OneHot {
            categories: categories(&[1.0, 2.0]),
            outputs: vec![None, Some(0)],
            width: 1,
            unknown: Unknown::Ignore,
        };
        let grouped = OneHot {
            categories: categories(&[5.0, 6.0, NAN]),
            outputs: vec![Some(1), Some(0), Some(1)],
            width: 2,
            unknown,
        };
        OneHotEncoder::new(vec![plain, grouped], Scalars::Plain)
    }

    #[test]
    fn one_hot_drops_groups_and_treats_unknown_as_told() {
        let x = array![[1.0, 5.0], [2.0, 6.0], [9.0, NAN], [2.0, 9.0]];
        let out = |last: [f64; 3]| array![[0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0], last];
        assert_eq!(one_hot(Unknown::Ignore).transform(x.clone()), Ok(out([1.0, 0.0, 0.0])));
        assert_eq!(one_hot(Unknown::Like(0)).transform(x.clone()), Ok(out([1.0, 0.0, 1.0])));
        let error = one_hot(Unknown::Refuse).transform(x).unwrap_err();
        assert_eq!(error.to_string(), "Found unknown categories [9.0] in column 1 during transform");
        assert_eq!(error.place(), (3, 1));
        let error = one_hot(Unknown::Ignore).transform(array![[f64::INFINITY, 5.0]]).unwrap_err();
        assert_eq!(error.place(), (0, 0));
    }

    #[test]
    fn a_column_of_nothing_but_null_is_none() {
        let known = Categories::numbered(vec![(1.0, 0)], Some(2), Some(1), 3).expect("distinct values");
        let encode = |known: &Categories, values: &[f64]| known.encode(0, ArrayView1::from(values), None);
        assert_eq!(encode(&known, &[NULL, NULL]), Ok(vec![Some(1), Some(1)]));
        assert_eq!(encode(&known, &[NULL, 1.0]), Ok(vec![Some(2), Some(0)]));
        assert_eq!(encode(&categories(&[1.0, NAN]), &[NULL]), Ok(vec![None]));
    }

    #[test]
    fn numbers_are_shown_as_numpy_shows_them() {
        let check = |value: f64, expected: &str| assert_eq!(Scalars::Plain.shown(value), expected);
        check(-5.0, "-5.0");
        check(1e39, "1e+39");
        check(1.25e-7, "1.25e-07");
        check(0.0, "0.0");
        check(123456789012345.0, "123456789012345.0");
        assert_eq!(Scalars::Typed.shown(0.5), "np.float64(0.5)");
    }

    #[test]
    fn values_stand_in_for_categories() {
        let column = |unknown| Encoded {
            categories: categories(&[4.0, NAN]),
            values: array![[0.25, 10.0], [0.75, 20.0]],
            unknown,
        };
        let encoder = |unknown| ValueEncoder::new(vec![column(unknown)], Scalars::Typed);
        let x = array![[NAN], [4.0], [5.0]];
        let expected = array![[0.75, 20.0], [0.25, 10.0], [-1.0, -2.0]];
        assert_eq!(encoder(Some(vec![-1.0, -2.0])).transform(x.clone()), Ok(expected));
        assert_eq!(encoder(None).transform(x).unwrap_err().place(), (2, 0));
    }
}
