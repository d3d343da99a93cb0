//! Request bytes to reply bytes, against decoding the same body into a typed struct with serde_json alone.
//!
//! `cargo bench --bench decode`. Prints ns for each row, the least of many rounds, and the ratio; both sides are
//! measured in turns in the same run. The model is a constant, so that the time is the decoder's and the writer's.

use scorelet::bundle::{Bundle, Metadata, Source};
use scorelet::model::{Answer, Dummy, Estimator, Vocabulary};
use scorelet::score::{Form, ReplyStyle, Scorer};
use serde::Deserialize;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const ROUNDS: usize = 60;
/// Rows decoded in each round.
const ROWS: usize = 2000;

fn main() {
    println!("{:<34} {:>12} {:>12} {:>8}", "30 features", "serde_json", "scorelet", "ratio");
    let kinds: [(&str, fn(&mut Random) -> String); 3] = [
        ("4 decimals", |random| format!("{:.4}", random.unit() * 100.0)),
        ("17 digits", |random| format!("{:?}", random.unit() * 100.0)),
        ("integers", |random| format!("{}", (random.unit() * 1000.0) as u32)),
    ];
    for (kind, number) in kinds {
        for order in ["feature order", "shuffled"] {
            for rows in [1, 100] {
                let body = body(rows, number, order == "shuffled");
                let (typed, scorer) = compare(&body, rows);
                let name = format!("{kind}, {order}, {rows} rows");
                println!("{name:<34} {typed:>9.0} ns {scorer:>9.0} ns {:>8.2}", scorer / typed);
            }
        }
    }
}

/// ns for each row: the typed struct, the scorer.
fn compare(body: &[u8], rows: usize) -> (f64, f64) {
    let scorer = scorer();
    let mut out = Vec::new();
    let mut best = [f64::INFINITY; 2];
    for _ in 0..ROUNDS {
        let typed = time(rows, || {
            let body: Body = serde_json::from_slice(black_box(body)).expect("the body is right");
            let matrix: Vec<f64> = body.input_data.iter().flat_map(Record::values).collect();
            black_box(matrix);
        });
        let scored = time(rows, || {
            out.clear();
            scorer.score(Form::Json, black_box(body), &mut out).expect("the body is right");
            black_box(&out);
        });
        best = [best[0].min(typed), best[1].min(scored)];
    }
    (best[0], best[1])
}

fn time(rows: usize, mut work: impl FnMut()) -> f64 {
    let calls = ROWS / rows;
    let start = Instant::now();
    (0..calls).for_each(|_| work());
    start.elapsed().as_nanos() as f64 / (calls * rows) as f64
}

fn scorer() -> Scorer {
    let bundle = Bundle {
        estimator: Estimator::Dummy(Dummy::new(NAMES.len(), Answer::Integers(vec![1]))),
        scaler: None,
        feature_order: NAMES.map(str::to_owned).to_vec(),
        metadata: Metadata::default(),
        vocabulary: Vocabulary::default(),
        estimator_name: "DummyRegressor".to_owned(),
        scaler_name: None,
        extra: Default::default(),
        source: Source::default(),
    };
    Scorer::new(Arc::new(bundle), ReplyStyle::Plain)
}

fn body(rows: usize, number: fn(&mut Random) -> String, shuffled: bool) -> Vec<u8> {
    let mut random = Random(42);
    let mut names = NAMES;
    if shuffled {
        for i in (1..names.len()).rev() {
            names.swap(i, random.next() as usize % (i + 1));
        }
    }
    let mut record = || {
        let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":{}", number(&mut random))).collect();
        format!("{{{}}}", members.join(","))
    };
    let records: Vec<String> = (0..rows).map(|_| record()).collect();
    format!("{{\"input_data\":[{}]}}", records.join(",")).into_bytes()
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[derive(Deserialize)]
struct Body {
    input_data: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "mean radius")]
    mean_radius: f64,
    #[serde(rename = "mean texture")]
    mean_texture: f64,
    #[serde(rename = "mean perimeter")]
    mean_perimeter: f64,
    #[serde(rename = "mean area")]
    mean_area: f64,
    #[serde(rename = "mean smoothness")]
    mean_smoothness: f64,
    #[serde(rename = "mean compactness")]
    mean_compactness: f64,
    #[serde(rename = "mean concavity")]
    mean_concavity: f64,
    #[serde(rename = "mean concave points")]
    mean_concave_points: f64,
    #[serde(rename = "mean symmetry")]
    mean_symmetry: f64,
    #[serde(rename = "mean fractal dimension")]
    mean_fractal_dimension: f64,
    #[serde(rename = "radius error")]
    radius_error: f64,
    #[serde(rename = "texture error")]
    texture_error: f64,
    #[serde(rename = "perimeter error")]
    perimeter_error: f64,
    #[serde(rename = "area error")]
    area_error: f64,
    #[serde(rename = "smoothness error")]
    smoothness_error: f64,
    #[serde(rename = "compactness error")]
    compactness_error: f64,
    #[serde(rename = "concavity error")]
    concavity_error: f64,
    #[serde(rename = "concave points error")]
    concave_points_error: f64,
    #[serde(rename = "symmetry error")]
    symmetry_error: f64,
    #[serde(rename = "fractal dimension error")]
    fractal_dimension_error: f64,
    #[serde(rename = "worst radius")]
    worst_radius: f64,
    #[serde(rename = "worst texture")]
    worst_texture: f64,
    #[serde(rename = "worst perimeter")]
    worst_perimeter: f64,
    #[serde(rename = "worst area")]
    worst_area: f64,
    #[serde(rename = "worst smoothness")]
    worst_smoothness: f64,
    #[serde(rename = "worst compactness")]
    worst_compactness: f64,
    #[serde(rename = "worst concavity")]
    worst_concavity: f64,
    #[serde(rename = "worst concave points")]
    worst_concave_points: f64,
    #[serde(rename = "worst symmetry")]
    worst_symmetry: f64,
    #[serde(rename = "worst fractal dimension")]
    worst_fractal_dimension: f64,
}

impl Record {
    fn values(&self) -> [f64; 30] {
        [
            self.mean_radius,
            self.mean_texture,
            self.mean_perimeter,
            self.mean_area,
            self.mean_smoothness,
            self.mean_compactness,
            self.mean_concavity,
            self.mean_concave_points,
            self.mean_symmetry,
            self.mean_fractal_dimension,
            self.radius_error,
            self.texture_error,
            self.perimeter_error,
            self.area_error,
            self.smoothness_error,
            self.compactness_error,
            self.concavity_error,
            self.concave_points_error,
            self.symmetry_error,
            self.fractal_dimension_error,
            self.worst_radius,
            self.worst_texture,
            self.worst_perimeter,
            self.worst_area,
            self.worst_smoothness,
            self.worst_compactness,
            self.worst_concavity,
            self.worst_concave_points,
            self.worst_symmetry,
            self.worst_fractal_dimension,
        ]
    }
}

/// The columns of scikit-learn's breast-cancer data.
const NAMES: [&str; 30] = [
    "mean radius",
    "mean texture",
    "mean perimeter",
    "mean area",
    "mean smoothness",
    "mean compactness",
    "mean concavity",
    "mean concave points",
    "mean symmetry",
    "mean fractal dimension",
    "radius error",
    "texture error",
    "perimeter error",
    "area error",
    "smoothness error",
    "compactness error",
    "concavity error",
    "concave points error",
    "symmetry error",
    "fractal dimension error",
    "worst radius",
    "worst texture",
    "worst perimeter",
    "worst area",
    "worst smoothness",
    "worst compactness",
    "worst concavity",
    "worst concave points",
    "worst symmetry",
    "worst fractal dimension",
];
