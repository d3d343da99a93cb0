//! skops files: any bytes are refused or give a graph that refers to nothing outside itself; and any schema, and any
//! array, in an archive that is right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scorelet::load::{BundleFile, LoadOptions};
use scorelet::pickle::Limits;
use scorelet::skops;
use scorelet::value::Node;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fuzz_target!(|input: &[u8]| {
    read(input);
    let Some((len, rest)) = input.split_first_chunk::<2>() else { return };
    let (schema, array) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes(*len))));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("schema.json", schema), ("1.npy", array)] {
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(name, stored).expect("memory can be written");
        zip.write_all(content).expect("memory can be written");
    }
    read(&zip.finish().expect("memory can be written").into_inner());
});

fn read(file: &[u8]) {
    if let Ok(graph) = skops::read(file, &Limits::for_file(file)) {
        let children = graph.nodes.iter().flat_map(Node::children);
        assert!(children.chain([graph.root]).all(|id| (id.0 as usize) < graph.nodes.len()));
    }
    let _ = BundleFile::new("fuzz".into(), file.to_vec()).load(&LoadOptions::default());
}
