//! How long tables take to be read, fingerprint included: the Rust side of `scripts/bench-read.py`, which compares it
//! with pyarrow and pandas.
//!
//! `cargo bench --features data --bench read -- ROUNDS FILE...` prints a line for each file: the least of the rounds in
//! milliseconds, rows, columns.

use scorelet::data::{ReadOptions, read};
use std::time::Instant;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let rounds: usize = arguments.next().and_then(|text| text.parse().ok()).expect("the number of rounds comes first");
    for file in arguments {
        let sources = [file];
        let mut least = f64::INFINITY;
        let mut shape = (0, 0);
        for _ in 0..rounds {
            let began = Instant::now();
            let loaded = read(&sources, &ReadOptions::default()).expect("the file can be read");
            least = least.min(began.elapsed().as_secs_f64() * 1e3);
            shape = (loaded.table.rows, loaded.table.columns.len());
        }
        println!("{least:.1} {} {}", shape.0, shape.1);
    }
}
