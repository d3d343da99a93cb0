//! Table to bundle: what replaces the training script.
//!
//! `table → target, matrix → fit → assemble → bundle`. Nothing here knows files, flags or HTTP.

mod assemble;
pub mod evaluate;
pub mod features;
pub mod fit;
pub mod grow;
pub mod job;
pub mod params;
mod target;

pub use assemble::{AssembleError, Assembled, Parts, assemble};
pub use target::{Target, TargetError};
