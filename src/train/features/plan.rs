//! What the user asks for: how columns become features. From TOML, or put together from flags.

use crate::model::derived::DatePart;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the columns of a table become the features of a model. As TOML:
///
/// ```toml
/// missing = "median"                          # keep, drop, mean, median, most_frequent, { constant = 0 }
/// encode = "one-hot"                          # of text columns; or "ordinal", or a table of options
/// inputs_only = ["sched_arr_time"]            # read by derived columns and no features themselves
/// derived = { speed = "distance / air_time * 60" }
/// dates = { time_hour = ["month", "dayofweek", "hour"] }
/// columns = { carrier = { encode = { kind = "one-hot", min_frequency = 100 } }, origin = { missing = "drop" } }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Of every column that has no entry of its own.
    pub missing: Missing,
    /// Of every column of text that has no entry of its own.
    pub encode: Encoding,
    /// Columns of the request that are read by expressions alone.
    pub inputs_only: Vec<String>,
    /// New columns, by name: expressions over columns of the table.
    pub derived: BTreeMap<String, String>,
    /// Parts of columns of dates; the new columns are called `COLUMN_PART`.
    pub dates: BTreeMap<String, Vec<DatePart>>,
    pub columns: BTreeMap<String, ColumnPlan>,
}

/// What differs for one column, of the table or derived.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColumnPlan {
    pub missing: Option<Missing>,
    /// Columns of numbers are encoded only when they are asked to be.
    pub encode: Option<Encoding>,
}

/// What becomes of missing values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// They reach the encoder or the estimator.
    #[default]
    Keep,
    /// Rows with one are not trained on. In requests they reach the estimator.
    Drop,
    Mean,
    Median,
    /// The smallest of the values that are there most often.
    MostFrequent,
    Constant(Fill),
}

/// What is filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fill {
    Number(f64),
    Text(String),
}

/// How categories become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "EncodingForm")]
pub struct Encoding {
    pub kind: EncodingKind,
    /// What becomes of categories that training did not have.
    pub unknown: Unknown,
    /// Categories with fewer rows than this are encoded as one.
    pub min_frequency: Option<usize>,
    /// At most so many, the infrequent ones together as the last.
    pub max_categories: Option<usize>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncodingKind {
    /// A column for each category.
    #[default]
    OneHot,
    /// The position among the sorted categories.
    Ordinal,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// All zeros in one-hot encoding (or the infrequent category, where there is one), -1 in ordinal encoding.
    #[default]
    Ignore,
    /// The request is refused.
    Error,
}

/// The two forms of an encoding in TOML.
#[derive(Deserialize)]
#[serde(untagged)]
enum EncodingForm {
    Kind(EncodingKind),
    Options(EncodingOptions),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EncodingOptions {
    kind: EncodingKind,
    #[serde(default)]
    unknown: Unknown,
    min_frequency: Option<usize>,
    max_categories: Option<usize>,
}

impl From<EncodingForm> for Encoding {
    fn from(form: EncodingForm) -> Encoding {
        match form {
            EncodingForm::Kind(kind) => kind.into(),
            EncodingForm::Options(EncodingOptions { kind, unknown, min_frequency, max_categories }) => {
                Encoding { kind, unknown, min_frequency, max_categories }
            }
        }
    }
}

impl From<EncodingKind> for Encoding {
    fn from(kind: EncodingKind) -> Encoding {
        Encoding { kind, unknown: Unknown::Ignore, min_frequency: None, max_categories: None }
    }
}

impl Default for Encoding {
    fn default() -> Encoding {
        EncodingKind::OneHot.into()
    }
}

impl std::str::FromStr for Missing {
    type Err = String;

    /// `keep`, `drop`, `mean`, `median`, `most_frequent`, or `constant=VALUE`: a number where it is one.
    fn from_str(text: &str) -> Result<Missing, String> {
        Ok(match text {
            "keep" => Missing::Keep,
            "drop" => Missing::Drop,
            "mean" => Missing::Mean,
            "median" => Missing::Median,
            "most_frequent" | "most-frequent" => Missing::MostFrequent,
            other => match other.strip_prefix("constant=") {
                Some(value) => Missing::Constant(match value.parse() {
                    Ok(number) => Fill::Number(number),
                    Err(_) => Fill::Text(value.to_owned()),
                }),
                None => {
                    return Err(format!(
                        "{other:?} is no way to treat missing values; there are keep, drop, mean, median, \
                         most_frequent and constant=VALUE"
                    ));
                }
            },
        })
    }
}

impl std::str::FromStr for Encoding {
    type Err = String;

    /// `one-hot` or `ordinal`.
    fn from_str(text: &str) -> Result<Encoding, String> {
        match text {
            "one-hot" | "onehot" => Ok(EncodingKind::OneHot.into()),
            "ordinal" => Ok(EncodingKind::Ordinal.into()),
            other => Err(format!("{other:?} is no encoding; there are one-hot and ordinal")),
        }
    }
}

impl Plan {
    /// What becomes of missing values in that column.
    pub(super) fn missing(&self, column: &str) -> &Missing {
        self.columns.get(column).and_then(|own| own.missing.as_ref()).unwrap_or(&self.missing)
    }

    /// How that column is encoded, if it is.
    pub(super) fn encoding(&self, column: &str, is_text: bool) -> Option<&Encoding> {
        let own = self.columns.get(column).and_then(|own| own.encode.as_ref());
        own.or(is_text.then_some(&self.encode))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_is_read_in_short_and_long_forms() {
        let plan: Plan = serde_json::from_value(json!({
            "missing": "median",
            "encode": "ordinal",
            "dates": {"when": ["month", "dayofweek"]},
            "columns": {
                "a": {"missing": {"constant": 0}, "encode": {"kind": "one-hot", "min_frequency": 5}},
                "b": {"missing": {"constant": "none"}},
            },
        }))
        .expect("a plan");
        assert_eq!(plan.missing("c"), &Missing::Median);
        assert_eq!(plan.missing("a"), &Missing::Constant(Fill::Number(0.0)));
        assert_eq!(plan.missing("b"), &Missing::Constant(Fill::Text("none".into())));
        assert_eq!(plan.encoding("a", false).and_then(|encoding| encoding.min_frequency), Some(5));
        assert_eq!(plan.encoding("c", true).map(|encoding| encoding.kind), Some(EncodingKind::Ordinal));
        assert_eq!(plan.encoding("c", false), None);
        assert_eq!(plan.dates["when"], [DatePart::Month, DatePart::DayOfWeek]);
        assert!(serde_json::from_value::<Plan>(json!({"mising": "median"})).is_err());
        let back: Plan = serde_json::from_value(serde_json::to_value(&plan).expect("a value")).expect("a plan");
        assert_eq!(back, plan);
    }

    #[test]
    fn flags_name_strategies() {
        let check = |text: &str, expected: Option<Missing>| assert_eq!(text.parse().ok(), expected, "{text}");
        check("median", Some(Missing::Median));
        check("most-frequent", Some(Missing::MostFrequent));
        check("constant=-1.5", Some(Missing::Constant(Fill::Number(-1.5))));
        check("constant=n/a", Some(Missing::Constant(Fill::Text("n/a".into()))));
        check("average", None);
        assert_eq!("ordinal".parse::<Encoding>().map(|encoding| encoding.kind), Ok(EncodingKind::Ordinal));
        assert!("binary".parse::<Encoding>().is_err());
    }
}
