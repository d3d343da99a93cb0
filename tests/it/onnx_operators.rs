//! `docs/onnx.md` lists what is computed, and how near to ONNX Runtime: written by the test, which fails when it is old.
//!
//! That each operator in it is as near as that is what `tests/python/onnx_operators.py` checks, one by one.

use scorelet::onnx;
use std::fmt::Write;
use std::path::Path;

const BEGIN: &str = "<!-- operators: written by tests/it/onnx_operators.rs -->\n";
const END: &str = "<!-- end of operators -->\n";
/// exp, log and their kin: ONNX Runtime approximates them.
const APPROXIMATE: &str = "4e-6";
/// Sums of many terms: ONNX Runtime's order depends on the processor.
const SUMS: &str = "1e-6";

/// All other operators are equal to the last bit.
const LOOSE: &[(&str, &[&str])] = &[
    (
        APPROXIMATE,
        &[
            "ai.onnx.Cos",
            "ai.onnx.Erf",
            "ai.onnx.Exp",
            "ai.onnx.Log",
            "ai.onnx.LogSoftmax",
            "ai.onnx.Pow",
            "ai.onnx.ReduceLogSum",
            "ai.onnx.ReduceLogSumExp",
            "ai.onnx.Sigmoid",
            "ai.onnx.Sin",
            "ai.onnx.Softmax",
            "ai.onnx.Softplus",
            "ai.onnx.Tanh",
            "ai.onnx.ml.LinearClassifier",
            "ai.onnx.ml.SVMClassifier",
            "ai.onnx.ml.SVMRegressor",
            "ai.onnx.ml.TreeEnsembleClassifier",
        ],
    ),
    (
        SUMS,
        &[
            "ai.onnx.Gemm",
            "ai.onnx.LpNormalization",
            "ai.onnx.MatMul",
            "ai.onnx.ReduceL1",
            "ai.onnx.ReduceL2",
            "ai.onnx.ReduceMean",
            "ai.onnx.ReduceProd",
            "ai.onnx.ReduceSum",
            "ai.onnx.ReduceSumSquare",
            "ai.onnx.ml.LinearRegressor",
            "ai.onnx.ml.Normalizer",
            "com.microsoft.CDist",
        ],
    ),
];

#[test]
fn the_page_lists_what_is_computed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/onnx.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the marks of its list");
    let (committed, after) = rest.split_once(END).expect("the list has an end");
    let table = table();
    if std::env::var_os("SCORELET_UPDATE_ONNX").is_some() {
        std::fs::write(&path, [before, BEGIN, &table, END, after].concat()).expect("docs/ can be written");
        return;
    }
    assert!(
        committed == table,
        "docs/onnx.md is out of date: SCORELET_UPDATE_ONNX=1 cargo test --test it onnx_operators:: writes it"
    );
}

fn table() -> String {
    let all = onnx::supported();
    let stray: Vec<_> =
        LOOSE.iter().flat_map(|(_, names)| *names).filter(|name| !all.iter().any(|op| op == *name)).collect();
    assert!(stray.is_empty(), "bounds for what is not computed: {stray:?}");
    let mut text = String::from("| operator | difference |\n|---|---|\n");
    for operator in &all {
        let bound = LOOSE.iter().find(|(_, names)| names.contains(&operator.as_str())).map_or("=", |(bound, _)| bound);
        let _ = writeln!(text, "| `{operator}` | {bound} |");
    }
    text
}
