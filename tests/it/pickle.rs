//! The pickle reader: every file that scikit-learn wrote is read, nothing hostile is, and no file takes more memory
//! than it may.

mod corpora;
mod hostile;
mod memory;
mod properties;
mod tree;
mod write;

use scorelet::pickle::{self, Limits, PickleError};
use scorelet::value::Graph;

/// What `look` sees in the graph of a file.
fn read<T>(file: &[u8], look: impl FnOnce(&Graph<'_>) -> T) -> Result<T, PickleError> {
    let limits = Limits::for_file(file);
    let stream = pickle::decompress(file, &limits)?;
    pickle::read(&stream, &limits).map(|graph| look(&graph))
}
