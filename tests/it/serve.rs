//! The server over real connections: what it answers, to whom it listens how long, and how it ends.

pub(crate) mod client;
mod content;
mod errors;
mod harness;
mod life;
mod load;
mod program;
mod protocol;
