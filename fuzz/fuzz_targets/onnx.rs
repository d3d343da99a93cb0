//! ONNX files: any bytes are refused or give a graph that refers to nothing outside itself; and what is built from it
//! scores a row or refuses it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scorelet::load::{BundleFile, LoadOptions};
use scorelet::onnx;
use scorelet::value::Node;

fuzz_target!(|input: &[u8]| {
    let Ok(graph) = onnx::read(input) else { return };
    let children = graph.nodes.iter().flat_map(Node::children);
    assert!(children.chain([graph.root]).all(|id| (id.0 as usize) < graph.nodes.len()));
    if let Ok(bundle) = BundleFile::new("fuzz".into(), input.to_vec()).load(&LoadOptions::default()) {
        let row = row_of(bundle.feature_order.len());
        let _ = bundle.score(row, &bundle.methods());
    }
});

fn row_of(columns: usize) -> ndarray::Array2<f64> {
    ndarray::Array2::zeros((1, columns))
}
