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
