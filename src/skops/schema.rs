//! One node of `schema.json`, read level by level: its members stay text until they are asked for.
//!
//! So a file takes as much memory as its text, however it nests, and reading needs no recursion over the text.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// What skops writes of a value. Which members there are depends on `loader`.
#[derive(Debug, Deserialize)]
pub(super) struct State<'s> {
    #[serde(rename = "__loader__", borrow)]
    pub loader: Cow<'s, str>,
    #[serde(rename = "__class__", default)]
    pub class: Option<String>,
    #[serde(rename = "__module__", default)]
    pub module: Option<String>,
    #[serde(default, borrow)]
    pub content: Option<&'s RawValue>,
    /// The types of a dict's keys, which JSON makes strings.
    #[serde(default, borrow)]
    pub key_types: Option<&'s RawValue>,
    /// A member of the archive.
    #[serde(default)]
    pub file: Option<String>,
    /// `numpy` or `json`, for arrays.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    #[serde(default, borrow)]
    pub shape: Option<&'s RawValue>,
    #[serde(rename = "__reduce__", default, borrow)]
    pub reduce: Option<Reduce<'s>>,
    /// Of the outermost node.
    #[serde(default)]
    pub protocol: Option<i64>,
}

/// What the constructor of an extension type was given.
#[derive(Debug, Deserialize)]
pub(super) struct Reduce<'s> {
    #[serde(borrow)]
    pub args: &'s RawValue,
}

/// The members of a JSON object, in order.
#[derive(Debug)]
pub(super) struct Entries<'s>(pub Vec<(String, &'s RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Reads one level of `text` as `T`.
///
/// # Errors
/// In words, when it is something else.
pub(super) fn read<'s, T: Deserialize<'s>>(text: &'s RawValue) -> Result<T, String> {
    serde_json::from_str(text.get()).map_err(|error| error.to_string())
}
