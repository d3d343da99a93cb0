//! A file into memory, by several threads where it is large: the kernel clears, fills and maps every page, which takes a
//! thread longer than reading the model out of them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;

/// Bytes that are worth a thread.
const PART: usize = 8 << 20;
const MAX_THREADS: usize = 8;

/// The bytes of a regular file; `None` for anything else, because only regular files end.
///
/// What a writer appends meanwhile is not read: the reader of the content then finds the file cut short.
///
/// # Errors
/// When it cannot be read, or there is no memory for it.
pub(super) fn regular(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let expected = usize::try_from(metadata.len()).map_err(io::Error::other)?;
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(expected).map_err(io::Error::other)?;
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MAX_THREADS).min(expected / PART);
    if threads < 2 {
        file.take(metadata.len()).read_to_end(&mut bytes)?;
        return Ok(Some(bytes));
    }
    // Pages that the kernel has still to clear, where the reserved ones would be cleared here.
    drop(bytes);
    let mut bytes = vec![0; expected];
    let part = expected.div_ceil(threads).next_multiple_of(4096);
    thread::scope(|scope| {
        let parts = bytes.chunks_mut(part).enumerate();
        let read = |(at, bytes)| {
            let file = &file;
            scope.spawn(move || file.read_exact_at(bytes, (at * part) as u64))
        };
        let readers: Vec<_> = parts.map(read).collect();
        readers.into_iter().try_for_each(|reader| reader.join().expect("reading does not panic"))
    })?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_files_are_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        for len in [0, 1, PART - 1, 2 * PART, 2 * PART + 5, 5 * PART + 4097] {
            let path = folder.path().join(len.to_string());
            let bytes: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            fs::write(&path, &bytes).unwrap();
            assert!(regular(&path).unwrap() == Some(bytes), "{len} bytes");
        }
        assert_eq!(regular(folder.path()).unwrap(), None);
    }
}
