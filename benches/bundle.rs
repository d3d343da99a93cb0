//! How long a model takes for a row: the Rust side of `scripts/bench-engine.py` and `scripts/bench-load.py`, which
//! compare it with other engines in alternating rounds.
//!
//! `cargo bench --bench bundle -- BUNDLE [MATRIX]`. Prints the milliseconds that loading took, then answers
//! each line of stdin. The matrix is f64, little-endian, row by row. `time METHOD ROWS SECONDS`
//! scores windows of so many rows, one after the other, for about that long, and prints processor ns for each row;
//! `answer METHOD ROWS` prints what the first rows give, as numbers (labels as places among the classes). One thread
//! scores; there is no HTTP, no JSON and no scaler in it.

use ndarray::{ArrayView2, s};
use scorelet::bundle::Bundle;
use scorelet::load::{self, LoadOptions};
use scorelet::model::{Method, Output};
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some(path) = arguments.first() else {
        return println!("usage: cargo bench --bench bundle -- BUNDLE [MATRIX]");
    };
    let began = Instant::now();
    let bundle = load::open(Path::new(path), &LoadOptions::default()).expect("the bundle can be loaded");
    println!("{}", began.elapsed().as_secs_f64() * 1e3);
    let values = arguments.get(1).map(|path| matrix(path)).unwrap_or_default();
    let features = bundle.feature_order.len();
    let x = ArrayView2::from_shape((values.len() / features, features), &values).expect("whole rows");
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line of text");
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["time", method, rows, seconds] => {
                println!("{}", time(&bundle, x, named(method), number(rows), number(seconds)))
            }
            ["answer", method, rows] => {
                let rows = x.slice(s![..number::<usize>(rows), ..]);
                println!(
                    "{}",
                    numbers(bundle.estimator.call(named(method), rows).expect("the rows are right")).join(" ")
                );
            }
            _ => panic!("not a request: {line}"),
        }
        std::io::stdout().flush().expect("stdout is open");
    }
}

fn matrix(path: &str) -> Vec<f64> {
    let bytes = std::fs::read(path).expect("the matrix can be read");
    bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
}

fn named(method: &str) -> Method {
    Method::from_name(method).expect("a method of scikit-learn")
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a number")
}

/// Processor ns for each row, in windows of `rows` that go round the matrix.
fn time(bundle: &Bundle, x: ArrayView2<'_, f64>, method: Method, rows: usize, seconds: f64) -> f64 {
    let windows = x.nrows() / rows;
    let (began, used, mut calls) = (Instant::now(), processor_ns(), 0);
    while calls == 0 || began.elapsed().as_secs_f64() < seconds {
        // The clock is asked once for many short calls.
        for _ in 0..(256 / rows).max(1) {
            let from = calls % windows * rows;
            black_box(bundle.estimator.call(method, x.slice(s![from..from + rows, ..])).expect("the rows are right"));
            calls += 1;
        }
    }
    (processor_ns() - used) / (calls * rows) as f64
}

/// ns that this thread has had of a processor, as Linux counts them.
fn processor_ns() -> f64 {
    // Makes the kernel bring its sum up to date.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    text.split(' ').next().and_then(|first| first.parse().ok()).expect("a number comes first")
}

fn numbers(output: Output) -> Vec<String> {
    match output {
        Output::Labels { indices, .. } => indices.iter().map(u32::to_string).collect(),
        Output::Ints(values) => values.iter().map(i64::to_string).collect(),
        Output::Floats(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Output::Matrix(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Output::Columns(parts) => parts.into_iter().flat_map(numbers).collect(),
        Output::List(parts) => parts.into_iter().flatten().map(|value| format!("{value:?}")).collect(),
    }
}
