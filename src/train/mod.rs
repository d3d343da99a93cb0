//! Table to bundle: what replaces the training script.

pub mod evaluate;
pub mod grow;
