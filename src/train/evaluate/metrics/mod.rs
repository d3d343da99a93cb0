//! Metrics with scikit-learn's definitions; `tests/it/evaluate.rs` compares them with scikit-learn's own values.
//!
//! Plain arrays in, numbers out. A number that scikit-learn leaves undefined is NaN.

mod classification;
mod cluster;
mod ranking;
mod regression;

pub use classification::{ClassScores, Confusion};
pub use cluster::silhouette;
pub use ranking::{average_precision, brier_score, calibration, log_loss, one_against_rest, roc_auc, roc_curve};
pub use regression::RegressionScores;
