//! Models of XGBoost and LightGBM, out of the bytes that their own libraries write: `sklearn/` finds those bytes inside
//! a pickle, as the state of a booster.
//!
//! Nothing here knows a pickle. Lengths are checked against what is left before memory is taken, there is no recursion
//! over input, and what is read costs a small multiple of its own size. Never does I/O.

mod categories;
mod document;
mod error;
mod json;
pub mod lightgbm;
mod ubjson;
pub mod xgboost;

pub use error::BoosterError;

/// The library that wrote a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    LightGbm,
    XgBoost,
}

impl Library {
    /// The library whose `save_model` writes files that begin like that.
    pub fn of_model(bytes: &[u8]) -> Option<Library> {
        const STARTS: [(&[u8], Library); 4] = [
            (b"tree\nversion=", Library::LightGbm),
            (b"{L\0\0\0\0\0\0\0", Library::XgBoost),
            (b"{\"learner\":", Library::XgBoost),
            (b"{\"version\":[", Library::XgBoost),
        ];
        STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, library)| *library)
    }

    /// Its name, as it spells it.
    pub fn name(self) -> &'static str {
        match self {
            Library::LightGbm => "LightGBM",
            Library::XgBoost => "XGBoost",
        }
    }
}

#[cfg(test)]
mod tests;
