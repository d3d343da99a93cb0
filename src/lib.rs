//! scorelet puts a scikit-learn model behind an HTTP address without Python.
//!
//! `file → pickle | skops | ONNX | native codec → value graph → sklearn → Bundle → score (bytes → bytes) → serve`
//!
//! Modules, lowest layer first; a module uses only those above its own line (`tests/tidy.rs` proves it):
//!
//! - [`value`]: the graph of plain data that every format is read into; [`calendar`]: times and dates; [`literal`]:
//!   Python literals; [`html`]: what pages are made of; [`zstd`]: frames unpacked
//! - [`pickle`], [`model`], [`data`], [`telemetry`]: know nothing of each other
//! - [`bundle`]: the scoring contract and its native codec; [`skops`], [`onnx`]: skops and ONNX files to the value
//!   graph; [`boosters`]: the model bytes of XGBoost and LightGBM
//! - [`sklearn`], [`score`]: value graph to estimator; request to reply
//! - [`load`]: the only way from a file to a [`bundle::Bundle`]
//! - [`registry`]: versions of bundles, and what their aliases mean
//! - [`train`]: table to bundle
//! - [`gate`]: bundle and holdout to a verdict
//! - [`serve`]: HTTP, from socket to reply
//! - [`deploy`]: Azure's deployment files, and releases through `az`
//! - [`cli`]: one file for each subcommand
//!
//! Invariants: nothing that a file names is ever run; a [`bundle::Bundle`] is checked when it is built, so scoring
//! cannot index out of range or loop; scoring is a plain function from bytes to bytes.
#![deny(unsafe_code)]

pub mod boosters;
pub mod bundle;
pub mod calendar;
pub mod cli;
pub mod data;
#[cfg(feature = "train")]
pub mod deploy;
#[cfg(feature = "train")]
pub mod gate;
pub mod html;
pub mod literal;
pub mod load;
pub mod model;
pub mod onnx;
pub mod pickle;
pub mod registry;
pub mod score;
pub mod serve;
pub mod sklearn;
pub mod skops;
pub mod telemetry;
#[cfg(feature = "train")]
pub mod train;
pub mod value;
pub mod zstd;
