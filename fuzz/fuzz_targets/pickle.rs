//! Pickles and joblib files: any bytes are refused or give a graph that is within its budget, refers to nothing
//! outside itself and can be walked; and a survey finds nothing wrong with what was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scorelet::load::{BundleFile, LoadOptions};
use scorelet::pickle::{self, Limits};
use scorelet::value::Node;

fuzz_target!(|file: &[u8]| {
    let limits = Limits::for_file(file);
    let Ok(stream) = pickle::decompress(file, &limits) else { return };
    assert!(stream.len() <= limits.max_decompressed.max(file.len()));
    let survey = pickle::survey(&stream, &limits);
    if let Ok(graph) = pickle::read(&stream, &limits) {
        assert_eq!(survey.problem, None);
        assert!(survey.notes.refused.is_empty());
        assert!(graph.nodes.len() * size_of::<Node<'_>>() <= limits.max_memory);
        let children = graph.nodes.iter().flat_map(Node::children);
        assert!(children.chain([graph.root]).all(|id| (id.0 as usize) < graph.nodes.len()));
    }
    // What the rest of the way makes of it: attributes, trees, feature names.
    let _ = BundleFile::new("fuzz".into(), file.to_vec()).load(&LoadOptions::default());
});
