//! `scorelet validate` through the program: what it measures, how it decides, what it writes down, and that bad input ends
//! in two lines and the right exit code. MLflow folders in and out, and pickles that are written, read back.

use scorelet::load::{self, BundleFile, LoadOptions};
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with tables and models, where the program runs.
struct Bench(tempfile::TempDir);

impl Bench {
    /// With `train.csv` and `holdout.csv` of the same kind, and models of the first.
    fn new() -> Bench {
        let bench = Bench(tempfile::tempdir().unwrap());
        bench.write("train.csv", &table(300, 0));
        bench.write("holdout.csv", &table(200, 1));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }

    fn run(&self, line: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scorelet"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SCORELET_")) {
            command.env_remove(name);
        }
        command.args(line.split_whitespace()).current_dir(self.0.path()).output().unwrap()
    }

    fn succeeds(&self, line: &str) -> String {
        let output = self.run(line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{line}: {said}{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it and compares exit code and stderr, which is at most two lines.
    fn fails(&self, line: &str, code: i32, expected: &str) {
        let output = self.run(line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert!(said.starts_with("scorelet: ") && said.contains(expected), "{line}: {said}");
        assert!(said.lines().count() <= 2, "{line}: {said}");
    }

    /// Trains without columns that no model here is for.
    fn train(&self, estimator: &str, flags: &str, bundle: &str) {
        self.succeeds(&format!(
            "train --data train.csv --estimator {estimator} {flags} --output-path {bundle} --trained-at 0 --git-commit c"
        ));
    }

    /// The verdict, and whether the program said yes.
    fn verdict(&self, line: &str) -> (Value, bool) {
        let output = self.run(&format!("validate {line} --json"));
        let said = String::from_utf8_lossy(&output.stderr);
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{line}: {said}"));
        let passed = output.status.code() == Some(0);
        assert_eq!(
            (verdict["passed"].as_bool(), output.status.code() == Some(1)),
            (Some(passed), !passed),
            "{line}: {said}"
        );
        (verdict, passed)
    }
}

/// Rows in which `kind` follows from `x` and `colour` but for some noise, `size` likewise, and `odd` marks the far ones.
fn table(rows: usize, seed: u64) -> String {
    let mut text = "x,y,colour,kind,size,odd,region\n".to_owned();
    let mut state = 88172645463325252 + seed * 7919;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    for row in 0..rows {
        let odd = row % 20 == 0;
        let (x, y) = (random() * 4.0 + if odd { 30.0 } else { 0.0 }, random() * 4.0);
        let colour = ["red", "green", "blue"][(random() * 3.0) as usize];
        let warm = colour == "red";
        let kind = if random() < 0.06 {
            "b"
        } else if warm {
            "a"
        } else if x > 2.0 {
            "b"
        } else {
            "c"
        };
        let size = 3.0 * x - y + random();
        let region = if random() < 0.5 { "north" } else { "south" };
        writeln!(text, "{x},{y},{colour},{kind},{size},{},{region}", u8::from(odd)).unwrap();
    }
    text
}

/// The checks by name: measured and passed.
fn check(verdict: &Value, name: &str) -> (Value, Value) {
    let checks = verdict["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no check {name:?} in {checks:#?}"));
    (found["measured"].clone(), found["passed"].clone())
}

#[test]
fn a_classifier_of_texts_is_held_against_bounds() {
    let bench = Bench::new();
    bench.train("random-forest-classifier", "--target kind --features x,y,colour --n-estimators 20", "m.bundle");
    let line = "m.bundle --data holdout.csv --target kind --min accuracy=0.8 --max log_loss=1.5 --min roc_auc_ovr=0.9";
    let (verdict, passed) = bench.verdict(line);
    assert!(passed, "{verdict:#}");
    assert_eq!(check(&verdict, "accuracy").0, verdict["metrics"]["accuracy"]);
    assert_eq!(verdict["data"]["rows"], 200);
    assert_eq!(verdict["data"]["fingerprint"].as_str().unwrap().len(), 64);
    assert_eq!(verdict["model"]["estimator"], "Pipeline");
    assert_eq!(check(&verdict, "golden requests of the bundle"), (json!(5), json!(true)));
    let accuracy = verdict["metrics"]["accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.8 && accuracy < 1.0, "{accuracy}");

    let (verdict, passed) =
        bench.verdict("m.bundle --data holdout.csv --target kind --min accuracy=0.999 --min f1=0.1");
    assert!(!passed);
    assert_eq!(check(&verdict, "accuracy").1, false);
    // Three classes have no f1 of their own.
    assert_eq!(check(&verdict, "f1"), (Value::Null, json!(false)));
    bench.fails(
        "validate m.bundle --data holdout.csv --target kind --min accuracy=0.999",
        1,
        "the gate says no: 1 of 3 checks failed\n  accuracy\n",
    );
}

#[test]
fn every_metric_of_training_can_be_bounded() {
    let bench = Bench::new();
    let cases = [
        ("decision-tree-classifier", "--target odd --features x,y", "--target odd"),
        ("random-forest-classifier", "--target kind --features x,y --n-estimators 5", "--target kind"),
        ("ridge", "--target size --features x,y", "--target size"),
        ("isolation-forest", "--target odd --features x,y", "--target odd"),
        ("isolation-forest", "--features x,y", ""),
        ("kmeans", "--features x,y --n-clusters 2", ""),
    ];
    for (at, (estimator, flags, target)) in cases.into_iter().enumerate() {
        bench.train(estimator, &format!("{flags} --metrics {at}.json"), &format!("{at}.bundle"));
        let trained = bench.json(&format!("{at}.json"));
        let (verdict, _) = bench.verdict(&format!("{at}.bundle --data holdout.csv {target} --max-size 100MB"));
        let names = |metrics: &Value| metrics.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&verdict["metrics"]), names(&trained["evaluation"]["metrics"]), "{estimator}");
        let metrics: Vec<(&String, f64)> = verdict["metrics"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name, value.as_f64().unwrap()))
            .collect();
        let bounds = |flag: &str, by: f64| -> String {
            metrics.iter().map(|(name, value)| format!(" --{flag} {name}={:?}", value + by)).collect()
        };
        let line = format!("{at}.bundle --data holdout.csv {target}");
        let (verdict, passed) = bench.verdict(&format!("{line}{}{}", bounds("min", 0.0), bounds("max", 0.0)));
        assert!(passed, "{estimator}: {verdict:#}");
        for bounds in [bounds("min", 1e-3), bounds("max", -1e-3)] {
            let (verdict, _) = bench.verdict(&format!("{line}{bounds}"));
            for (name, value) in &metrics {
                assert_eq!(check(&verdict, name), (json!(value), json!(false)), "{estimator}{bounds}");
            }
        }
    }
}

#[test]
fn a_baseline_is_compared_on_the_same_rows() {
    let bench = Bench::new();
    bench.train("ridge", "--target size --features x,y", "good.bundle");
    bench.train("ridge", "--target size --features y", "bad.bundle");
    let line = "--data holdout.csv --target size --max mean_absolute_error=100";
    let (verdict, passed) = bench.verdict(&format!("good.bundle --baseline bad.bundle {line} --allow-schema-change"));
    assert!(passed, "{verdict:#}");
    let difference = &verdict["comparison"]["differences"]["mean_absolute_error"];
    let of = |key: &str| difference[key].as_f64().unwrap();
    assert_eq!(of("difference"), of("candidate") - of("baseline"));
    assert!(of("low") < of("difference") && of("difference") < of("high") && of("high") < 0.0, "{difference}");

    let (verdict, passed) = bench.verdict(&format!("bad.bundle --baseline good.bundle {line}"));
    assert!(!passed);
    assert_eq!(check(&verdict, "mean_absolute_error no worse than baseline").1, false);
    assert_eq!(check(&verdict, "schema"), (json!("different"), json!(false)));
    let (verdict, passed) =
        bench.verdict(&format!("bad.bundle --baseline good.bundle {line} --allow-regression --allow-schema-change"));
    assert!(passed, "{verdict:#}");
    let (verdict, passed) =
        bench.verdict("good.bundle --baseline good.bundle --data holdout.csv --target size --max-abs-delta 0");
    assert!(passed && verdict["comparison"]["max_abs_delta"] == 0.0, "{verdict:#}");
    assert_eq!(verdict["comparison"]["differences"]["r2"]["low"], 0.0);

    // The same verdict with any number of threads, but for what a clock told.
    let said = |threads: u32| {
        let (mut verdict, _) = bench.verdict(&format!("good.bundle --baseline bad.bundle {line} --threads {threads}"));
        for key in ["latency", "validated_at"] {
            verdict.as_object_mut().unwrap().remove(key);
        }
        verdict
    };
    assert_eq!(said(1), said(3));
}

#[test]
fn changes_are_bounded_as_mlflow_bounds_them() {
    let bench = Bench::new();
    bench.train("ridge", "--target size --features x,y", "good.bundle");
    bench.train("ridge", "--target size --features x,y --alpha 1000", "bad.bundle");
    let line = "--data holdout.csv --target size --gate gate.toml";
    let gate = |change: &str| bench.write("gate.toml", &format!("[metrics.r2]\n{change}\n"));
    gate("min_absolute_change = 0.001\nmin_relative_change = 0.001");
    let (verdict, passed) = bench.verdict(&format!("good.bundle --baseline bad.bundle {line}"));
    assert!(passed, "{verdict:#}");
    assert_eq!((check(&verdict, "r2 change").1, check(&verdict, "r2 relative change").1), (json!(true), json!(true)));
    assert!(!bench.verdict(&format!("bad.bundle --baseline good.bundle {line}")).1);
    gate("min_absolute_change = 0.9");
    assert!(!bench.verdict(&format!("good.bundle --baseline bad.bundle {line}")).1);
    bench.fails(
        &format!("validate good.bundle {line}"),
        2,
        "the gate compares with a baseline: name the model that serves now",
    );
}

#[test]
fn flips_of_labels_are_counted() {
    let bench = Bench::new();
    bench.train("decision-tree-classifier", "--target kind --features x,y,colour", "new.bundle");
    bench.train("decision-tree-classifier", "--target kind --features x,y,colour --max-depth 2", "old.bundle");
    let line = "new.bundle --baseline old.bundle --data holdout.csv --target kind --max-label-flip-rate";
    let (verdict, _) = bench.verdict(&format!("{line} 1"));
    let rate = verdict["comparison"]["label_flip_rate"].as_f64().unwrap();
    assert!(rate > 0.0 && rate < 0.5, "{rate}");
    assert_eq!(
        check(&bench.verdict(&format!("{line} {}", rate - 0.001)).0, "label flip rate"),
        (json!(rate), json!(false))
    );
    bench.train("ridge", "--target size --features x,y", "ridge.bundle");
    bench.fails(
        "validate ridge.bundle --baseline new.bundle --data holdout.csv --target size --max r2=1",
        1,
        "the target \"size\" holds",
    );
}

#[test]
fn slices_have_bounds_of_their_own() {
    let bench = Bench::new();
    bench.train("decision-tree-classifier", "--target kind --features x,y,colour", "m.bundle");
    bench.write("gate.toml", "[slices.region.metrics.accuracy]\nthreshold = 0.5\n[slices.colour]\nmin_rows = 500\n[slices.colour.metrics.accuracy]\nthreshold = 0.5\n");
    let (verdict, passed) = bench.verdict("m.bundle --data holdout.csv --target kind --gate gate.toml");
    assert!(passed, "{verdict:#}");
    for region in ["north", "south"] {
        assert_eq!(check(&verdict, &format!("accuracy where region = {region}")).1, true);
    }
    assert_eq!(check(&verdict, "accuracy where colour = red"), (Value::Null, Value::Null));
    bench.write("gate.toml", "[slices.x.metrics.accuracy]\nthreshold = 0.5\n");
    bench.fails("validate m.bundle --data holdout.csv --target kind --gate gate.toml", 1, "the slice \"x\" has ");
}

#[test]
fn golden_requests_are_replayed() {
    let bench = Bench::new();
    bench.train("ridge", "--target size --features x,y", "m.bundle");
    let golden = json!([{ "request": { "input_data": [{ "x": 1, "y": 2 }] }, "reply": { "predictions": [1.0], "model_version": "7" } }]);
    bench.write("golden.json", &golden.to_string());
    let (verdict, passed) = bench.verdict("m.bundle --golden golden.json");
    assert!(!passed);
    assert_eq!(check(&verdict, "golden requests"), (json!(0), json!(false)));
    let (_, passed) = bench.verdict("m.bundle --golden golden.json --golden-tolerance 2");
    assert!(passed);
    // A repack is the same to the bit.
    bench.succeeds("convert m.bundle again.bundle");
    let (verdict, passed) = bench.verdict("again.bundle --baseline m.bundle");
    assert!(passed, "{verdict:#}");
    assert_eq!(check(&verdict, "golden requests of the bundle"), (json!(5), json!(true)));
}

#[test]
fn bad_input_is_named() {
    let bench = Bench::new();
    bench.train("decision-tree-classifier", "--target kind --features x,y,colour", "m.bundle");
    bench.train("ridge", "--target size --features x,y", "ridge.bundle");
    let line = |rest: &str| format!("validate m.bundle --data holdout.csv {rest}");
    bench.fails(&line("--target kind --min acuracy=0.9"), 2, "there is no metric \"acuracy\"; did you mean accuracy?");
    bench.fails(&line("--target kind --min accuracy"), 2, "--min \"accuracy\": write METRIC=VALUE");
    bench.fails(&line("--target kind --min accuracy=high"), 2, "\"high\" is no number");
    bench.fails(&line("--target kind"), 2, "a gate that asks for nothing says yes to every model");
    bench.fails(&line("--min accuracy=0.9"), 2, "m.bundle needs a target to be measured by");
    bench.fails(&line("--target knd --min accuracy=0.9"), 1, "--target: there is no column \"knd\"");
    bench.fails(&line("--target x --min accuracy=0.9"), 1, "the target \"x\" is a feature of m.bundle");
    bench.fails("validate m.bundle --target kind --min accuracy=0.9", 2, "name rows that were held out with --data");
    bench.fails(&line("--target kind --max-p99-ms -1"), 2, "");
    bench.fails(&line("--target kind --max-label-flip-rate 2 --baseline m.bundle"), 2, "a share of rows from 0 to 1");
    bench.fails(&line("--target kind --gate none.toml"), 2, "--gate none.toml: No such file");
    bench.write("gate.toml", "[metrics.accuracy]\ntreshold = 0.9\n");
    bench.fails(
        &line("--target kind --gate gate.toml"),
        2,
        "--gate gate.toml: line 2, column 1: unknown field `treshold`",
    );
    bench.fails(
        "validate m.bundle --data train.csv --target kind --min accuracy=0.9",
        1,
        "these are the rows that m.bundle was trained on",
    );
    bench.fails(
        "validate none.bundle --data holdout.csv --target kind --min accuracy=0.9",
        3,
        "cannot load none.bundle",
    );
    bench.fails(&line("--target kind --baseline none.bundle"), 3, "cannot load none.bundle");
    bench.write("empty.csv", "x,y,colour,kind\n");
    bench.fails("validate m.bundle --data empty.csv --target kind --min accuracy=0.9", 1, "empty.csv holds no rows");
    bench.write("lacks.csv", "x,kind\n1,a\n");
    bench.fails(
        "validate m.bundle --data lacks.csv --target kind --min accuracy=0.9",
        1,
        "takes columns that the data lack: \"y\", \"colour\"",
    );
    bench.write("text.csv", "x,y,size\n1,2,3\n1,2,3\n1,oops,3\n");
    bench.fails(
        "validate ridge.bundle --data text.csv --target size --min r2=0",
        1,
        "takes numbers in \"y\", but the data hold \"oops\" in row 3",
    );
    bench.write("gap.csv", "x,y,size\n1,2,3\n1,,3\n");
    bench.fails(
        "validate ridge.bundle --data gap.csv --target size --min r2=0",
        1,
        "ridge.bundle refuses row 2 of the data: column y: ",
    );
    bench.write("untold.csv", "x,y,size\n1,2,3\n1,2,\n");
    bench.fails(
        "validate ridge.bundle --data untold.csv --target size --min r2=0",
        1,
        "the target \"size\" has no value in row 2",
    );
    bench.write("golden.json", "[{\"request\": {}}]");
    bench.fails("validate m.bundle --golden golden.json", 2, "--golden golden.json: entry 1 has no \"reply\"");
}

#[test]
fn a_version_of_a_registry_is_judged_beside_its_champion() {
    let bench = Bench::new();
    bench.train("ridge", "--target size --features x,y", "good.bundle");
    bench.train("ridge", "--target size --features x,y --alpha 100000", "bad.bundle");
    for bundle in ["good.bundle", "bad.bundle"] {
        bench.succeeds(&format!("register --name size --path {bundle}"));
    }
    bench.write("gate.toml", "[metrics.r2]\nthreshold = 0.0\nmin_relative_change = 0.0\n");
    bench.fails("registry promote size@1", 1, "may not be promoted");
    // The first version has nothing to be compared with.
    let (verdict, passed) = bench.verdict("size@1 --data holdout.csv --target size --gate gate.toml");
    assert!(passed, "{verdict:#}");
    assert_eq!(check(&verdict, "r2 relative change"), (Value::Null, Value::Null));
    assert_eq!((&verdict["model"]["name"], &verdict["baseline"]), (&json!("size@1"), &Value::Null));
    bench.succeeds("registry promote size@1");
    let (verdict, passed) = bench.verdict("size@2 --data holdout.csv --target size --gate gate.toml");
    assert!(!passed);
    assert_eq!(verdict["baseline"]["name"], "size@1");
    bench.fails("registry promote size@2", 1, "may not be promoted");
    let shown: Value = serde_json::from_str(&bench.succeeds("registry show size --json")).unwrap();
    let verdicts: Vec<&Value> =
        shown["events"].as_array().unwrap().iter().filter(|event| event["event"] == "verdict").collect();
    let judged: Vec<_> = verdicts.iter().map(|event| (event["version"].as_u64(), event["passed"].as_bool())).collect();
    assert_eq!(judged, [(Some(1), Some(true)), (Some(2), Some(false))]);
    assert_eq!(verdicts[1]["verdict"]["checks"], verdict["checks"]);
    let (_, passed) = bench.verdict("size@2 --data holdout.csv --target size --min r2=-1 --baseline none");
    assert!(passed);
}

#[test]
fn an_mlflow_folder_goes_out_and_comes_in() {
    let bench = Bench::new();
    bench.train("random-forest-classifier", "--target kind --features x,y,colour --n-estimators 5", "m.bundle");
    bench.succeeds("register --name kind --path m.bundle");
    bench.succeeds("registry export kind --mlflow out");
    let described = fs::read_to_string(bench.path("out/MLmodel")).unwrap();
    assert!(
        described.contains("loader_module: scorelet_pyfunc") && described.contains("\\\"name\\\":\\\"colour\\\""),
        "{described}"
    );
    assert_eq!(bench.succeeds("registry import --mlflow out --name again"), "1\n");
    let line = "--data holdout.csv --target kind --max-abs-delta 0 --max-label-flip-rate 0 --min accuracy=0.8";
    let (verdict, passed) = bench.verdict(&format!("again@1 --baseline kind@1 {line}"));
    assert!(passed, "{verdict:#}");
    bench.fails("registry export kind --mlflow out", 1, "out is not empty: choose a new folder");
    bench.fails("registry import --mlflow . --name again", 2, "there is no file MLmodel in it");
    bench.write("out/MLmodel", "flavors: {sklearn: {pickled_model: ../m.bundle}}");
    bench.fails(
        "registry import --mlflow out --name again",
        3,
        "MLmodel names the file \"../m.bundle\", which lies outside",
    );

    // What Python lacks is refused, and nothing is left behind.
    bench.train("ridge", "--target size --features x,y --derive z=x*y", "derived.bundle");
    bench.succeeds("register --name derived --path derived.bundle");
    bench.fails(
        "registry export derived --mlflow none",
        1,
        "DerivedColumns is scorelet's own step: Python has no such class",
    );
    bench.fails("convert derived.bundle derived.pkl", 1, "DerivedColumns is scorelet's own step");
    assert!(!bench.path("none").exists() && !bench.path("derived.pkl").exists());
}

#[test]
fn columns_of_a_signature_are_for_models_without_names() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/unnamed.pkl");
    let model = folder.path().join("model");
    fs::create_dir(&model).unwrap();
    fs::copy(&fixture, model.join("model.pkl")).unwrap();
    let takes = match load::open(&fixture, &LoadOptions::default()) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("the fixture has no names"),
    };
    let count: usize = takes.split("give all ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let names: Vec<String> = (0..count).map(|at| format!("column {at}")).collect();
    let inputs: Vec<Value> = names.iter().map(|name| json!({ "type": "double", "name": name })).collect();
    let described =
        format!("flavors:\n  sklearn:\n    pickled_model: model.pkl\nsignature:\n  inputs: '{}'\n", json!(inputs));
    fs::write(model.join("MLmodel"), described).unwrap();
    // The folder itself, and as it is mounted: one level deeper.
    for path in [model.as_path(), folder.path()] {
        assert_eq!(load::open(path, &LoadOptions::default()).unwrap().feature_order, names);
    }
    let own = LoadOptions { features: Some(names.iter().rev().cloned().collect()) };
    assert_eq!(load::open(&model, &own).unwrap().feature_order, own.features.unwrap());
    let file = BundleFile::read(&model).unwrap();
    let converted = load::convert(&file, &LoadOptions::default()).unwrap();
    let again = BundleFile::new("converted".into(), converted.bytes).load(&LoadOptions::default()).unwrap();
    assert_eq!(again.feature_order, names);
}

/// Every bundle of the corpus that loads is written as a pickle that holds the same model.
#[test]
fn pickles_that_are_written_hold_the_same_model() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    let (mut open, mut written, mut refused) = (vec![corpus], 0, Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let Ok(file) = BundleFile::read(&path) else { continue };
            let Ok(bundle) = file.load(&LoadOptions::default()) else { continue };
            let pickled = match load::pickled(&file, &LoadOptions::default()) {
                Ok(pickled) => pickled,
                Err(error) => {
                    refused.push(error.to_string());
                    continue;
                }
            };
            let again = BundleFile::new(path.clone(), pickled.bytes).load(&LoadOptions::default());
            let again = again.unwrap_or_else(|error| panic!("{error}"));
            assert!(again.same_contract(&bundle), "{}", path.display());
            written += 1;
        }
    }
    assert!(written > 100, "{written}");
    assert_eq!(refused, Vec::<String>::new());
}
