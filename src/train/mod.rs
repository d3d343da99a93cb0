//! Table to bundle: what replaces the training script.

pub mod evaluate;
pub mod fit;
pub mod grow;
pub mod params;
pub mod target;
