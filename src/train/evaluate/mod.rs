//! What a model is worth, on rows that it was not fitted on: splits, metrics, importances, the profile that drift is
//! measured against, golden requests, and the report for people.

pub mod metrics;
mod plot;
pub mod profile;
mod split;

pub use split::{Split, SplitError, TestSize, by_time, k_fold, shuffled, stratified, stratified_k_fold};
