//! How much memory a file may claim: a multiple of its own size, or a fixed amount while it is small.

use super::Compression;

/// Bounds on what one file may make the reader do.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Bytes after decompression.
    pub max_decompressed: usize,
    /// Bytes of memory for the stream, if it had to be decompressed, and the graph together.
    pub max_memory: usize,
    /// How the file is compressed; errors then say that their offsets count decompressed bytes.
    pub compression: Option<Compression>,
}

/// Any file may take this much.
const FLOOR: usize = 56 << 20;
/// Larger ones may take this many times their size: forests decompress to 8 times theirs, and boosting with thousands
/// of tiny trees needs 5 bytes of graph for a byte of pickle.
const RATIO: usize = 17;

impl Limits {
    /// The bounds for a file of these bytes.
    pub fn for_file(file: &[u8]) -> Limits {
        let max_memory = FLOOR.max(file.len().saturating_mul(RATIO));
        let compression = Compression::sniff(file);
        let window = compression.map_or(0, Compression::window);
        let max_decompressed = max_memory - window.min(max_memory / 2);
        Limits { max_decompressed, max_memory, compression }
    }

    /// Bytes of memory for the graph of a stream.
    pub(super) fn max_graph(&self, stream: &[u8]) -> usize {
        let own = FLOOR.max(stream.len().saturating_mul(RATIO)).min(self.max_memory);
        match self.compression {
            Some(_) => own.saturating_sub(stream.len()),
            None => own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(magic: &[u8], length: usize, decompressed_mib: usize, graph_mib: usize) {
        let mut file = magic.to_vec();
        file.resize(length, 0);
        let limits = Limits::for_file(&file);
        assert_eq!(limits.max_decompressed >> 20, decompressed_mib);
        let stream = vec![0; if magic.is_empty() { length } else { 10 << 20 }];
        assert_eq!(limits.max_graph(&stream) >> 20, graph_mib);
        assert!(limits.max_memory + length <= (20 * length).max(64 << 20));
    }

    #[test]
    fn all_memory_together_stays_below_twenty_times_the_file() {
        check(b"", 100, 56, 56);
        check(b"", 10 << 20, 170, 170);
        check(b"\x78\x9c", 100, 55, 46);
        check(b"\x78\x9c", 10 << 20, 169, 160);
        check(b"\x04\x22\x4d\x18", 100, 40, 46);
        check(b"\xfd7zXZ\0", 100, 28, 46);
        check(b"\xfd7zXZ\0", 10 << 20, 90, 160);
    }
}
