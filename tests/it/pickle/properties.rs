//! What holds for any bytes: no panic and no more memory than the budget; and for any value: a round trip.

use super::read;
use super::write::{any_value, holds, pickle};
use proptest::prelude::*;
use scorelet::pickle::{Limits, decompress, survey};
use scorelet::value::Node;
use std::path::Path;
use std::sync::LazyLock;

/// Good files of several formats.
static GOOD: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    let names =
        ["1.9.1/bundle_datetime.p4.pkl", "1.5.2/bundle_datetime.zlib.joblib", "1.9.1/bundle_numpy_metadata.p4.pkl"];
    let mut files: Vec<Vec<u8>> = names.iter().map(|name| std::fs::read(folder.join(name)).unwrap()).collect();
    let joblib = decompress(&files[1], &Limits::for_file(&files[1])).unwrap().into_owned();
    files.push(joblib);
    files
});

/// Reads and surveys; the graph stays within its budget and refers to nothing outside itself.
fn is_bounded(file: &[u8]) {
    let limits = Limits::for_file(file);
    let read = read(file, |graph| {
        assert!(graph.nodes.len() * size_of::<Node<'_>>() <= limits.max_memory);
        let inside =
            graph.nodes.iter().all(|node| node.children().iter().all(|id| (id.0 as usize) < graph.nodes.len()));
        assert!(inside && (graph.root.0 as usize) < graph.nodes.len());
    });
    let Ok(stream) = decompress(file, &limits) else { return };
    let survey = survey(&stream, &limits);
    if read.is_ok() {
        assert_eq!(survey.problem, None);
        assert_eq!(survey.notes.refused, []);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_value_survives_any_protocol(value in any_value()) {
        for protocol in [0, 2, 4] {
            let file = pickle(&value, protocol);
            let same = read(&file, |graph| holds(graph, graph.root, &value));
            prop_assert_eq!(same, Ok(true), "protocol {}: {:?}", protocol, String::from_utf8_lossy(&file));
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(file in prop::collection::vec(any::<u8>(), 0..300)) {
        is_bounded(&file);
    }

    /// Bytes that are mostly opcodes go further than any others.
    #[test]
    fn any_opcodes_are_refused_or_read(
        codes in prop::collection::vec(prop::sample::select(b"(.0122FIJKLMNRSTUVXabcdeghijlopqrstu]})\x80\x81\x85\x86\x87\x88\x89\x8a\x8c\x8f\x90\x91\x92\x93\x94\x95\0\x01\x02\n".as_slice()), 0..200),
    ) {
        is_bounded(&codes);
    }

    #[test]
    fn damaged_files_are_refused_or_read(
        which in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut file = which.get(&GOOD).clone();
        for (at, byte) in flips {
            *at.get_mut(&mut file) = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        is_bounded(&file);
    }
}
