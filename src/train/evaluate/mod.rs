//! What a model is worth, on rows that it was not fitted on: splits, metrics, importances, the profile that drift is
//! measured against, golden requests, and the report for people.

mod answer;
mod evaluation;
mod golden;
pub mod importance;
pub mod metrics;
mod plot;
pub mod profile;
mod report;
mod split;

pub use answer::{Answers, Predicted, Refused, answers, seen_by_model};
pub use evaluation::{Detail, Evaluation, METRICS, Metrics, anomalies, evaluate, over_folds, shown};
pub use golden::{Golden, REQUESTS, golden, request};
pub use report::{Card, page};
pub use split::{Split, SplitError, TestSize, by_time, k_fold, shuffled, stratified, stratified_k_fold};
