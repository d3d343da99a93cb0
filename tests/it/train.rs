//! `scorelet train` and `scorelet schema` through the program: what they write, what they say, and that bad input ends
//! in two lines, the right exit code and no file.

use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with tables, where the program runs.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Bench {
        let bench = Bench(tempfile::tempdir().unwrap());
        bench.write("flowers.csv", &flowers());
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The program in this folder, without what the environment of the tests may say.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scorelet"));
        let foreign =
            |name: &str| name.starts_with("SCORELET_") || name.starts_with("AZURE") || name == "SOURCE_DATE_EPOCH";
        for (name, _) in std::env::vars().filter(|(name, _)| foreign(name)) {
            command.env_remove(name);
        }
        command.args(words).current_dir(self.0.path());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(&words(line)).output().unwrap()
    }

    /// Runs it and wants success; what it wrote to stdout.
    fn ok(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it and wants this exit code, an error of at most two lines after the configuration, and no new file.
    fn fails(&self, line: &str, code: i32, expected: &str) {
        let before = self.names();
        let output = self.run(line);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{line}: {err}");
        let said = err.find("scorelet: ").unwrap_or_else(|| panic!("{line}: {err}"));
        let said = &err[said..];
        assert!(said.contains(expected), "{line}: {said}");
        assert!(said.lines().count() <= 3, "{line}: {said}");
        assert_eq!((output.stdout.len(), self.names()), (0, before), "{line}");
    }
}

/// Words of a line; `'…'` holds blanks together.
fn words(line: &str) -> Vec<&str> {
    line.split('\'')
        .enumerate()
        .flat_map(|(at, part)| {
            let quoted = at % 2 == 1;
            let words: Vec<&str> = if quoted { vec![part] } else { part.split_whitespace().collect() };
            words
        })
        .collect()
}

/// 60 rows of two columns of numbers, one of texts, two classes and a number that follows from them.
fn flowers() -> String {
    let row = |i: usize| {
        let class = i % 2;
        let (a, b) = (i as f64 * 0.7 % 5.0, class as f64 * 3.0 + i as f64 * 1.3 % 2.0);
        let colour = ["red", "blue", "green"][i % 3];
        format!("{a:.3},{b:.3},{colour},{},{:.3},{i}\n", ["setosa", "virginica"][class], 2.0 * a + b)
    };
    "length,width,Petal Colour,species,size,day\n".to_owned() + &(0..60).map(row).collect::<String>()
}

const FOREST: &str = "train --data flowers.csv --estimator random-forest-classifier --n-estimators 10 --target species \
                      --features length,width --output-path m.bundle";

#[test]
fn a_bundle_that_can_be_served_and_holds_its_story() {
    let bench = Bench::new();
    let said = bench.ok(&format!("{FOREST} --stratify --cv 3 --report card.html --metrics metrics.json"));
    for text in [
        "model     RandomForestClassifier of \"species\"",
        "60 read, 60 kept, 45 fitted, 15 held out",
        "accuracy",
        "bundle    m.bundle",
    ] {
        assert!(said.contains(text), "{text} in {said}");
    }
    assert_eq!(bench.names(), ["card.html", "flowers.csv", "m.bundle", "metrics.json"]);
    let report: Value = serde_json::from_str(&bench.ok("inspect m.bundle --json")).unwrap();
    assert_eq!((&report["servable"], &report["feature_order"]), (&json!(true), &json!(["length", "width"])));
    assert_eq!(report["classes"], json!(["setosa", "virginica"]));
    let metadata = &report["metadata"];
    for (key, expected) in [
        ("source_rows", json!(60)),
        ("clean_rows", json!(60)),
        ("train_rows", json!(45)),
        ("holdout_rows", json!(15)),
        ("scikit_learn_version", json!("1.9.1")),
        ("random_state", json!(0)),
        ("target", json!("species")),
        ("task", json!("classification")),
    ] {
        assert_eq!(metadata[key], expected, "{key}");
    }
    assert_eq!(metadata["params"]["n_estimators"], 10);
    assert_eq!(metadata["data_fingerprint"].as_str().map(str::len), Some(64));
    let profile = &report["extra"]["profile"];
    let counts = profile["features"]["width"]["counts"].as_array().unwrap();
    assert_eq!(counts.iter().filter_map(Value::as_u64).sum::<u64>(), 45);
    assert_eq!(profile["predictions"]["predict"]["rows"], 15);
    assert_eq!(report["extra"]["golden_requests"].as_array().map(Vec::len), Some(5));
    let metrics = bench.json("metrics.json");
    assert_eq!(metrics["evaluation"]["metrics"], report["extra"]["evaluation"]["metrics"]);
    assert_eq!(metrics["evaluation"]["cross_validation"]["folds"], 3);
    assert!(metrics["importances"]["model"]["width"].as_f64().unwrap() > 0.5, "{metrics}");
    let card = String::from_utf8(bench.read("card.html")).unwrap();
    assert!(card.contains("Confusion matrix") && card.contains("virginica") && !card.contains("<script"));
}

/// The golden requests of a bundle get the replies that it holds, from the same program's scorer.
#[test]
fn golden_requests_hold() {
    use scorelet::score::{Form, ReplyStyle, Scorer};
    let bench = Bench::new();
    bench.ok("train --data flowers.csv --estimator random-forest-regressor --n-estimators 5 --target size --output-path m.bundle");
    let bundle = scorelet::load::open(&bench.path("m.bundle"), &Default::default()).unwrap();
    let golden = bundle.extra["golden_requests"].clone();
    let scorer = Scorer::new(std::sync::Arc::new(bundle), ReplyStyle::Plain);
    for pair in golden.as_array().unwrap() {
        let mut reply = Vec::new();
        scorer.score(Form::Json, pair["request"].as_str().unwrap().as_bytes(), &mut reply).unwrap();
        assert_eq!(String::from_utf8(reply).unwrap(), pair["reply"].as_str().unwrap());
        assert!(pair["request"].as_str().unwrap().contains("\"Petal Colour\":\""), "{pair}");
    }
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let bench = Bench::new();
    let mut bundles = Vec::new();
    for (name, threads) in [("a", 1), ("b", 1), ("c", 3)] {
        let line = FOREST.replace("m.bundle", name);
        bench.ok(&format!("{line} --threads {threads} --trained-at 86400 --git-commit none"));
        bundles.push(bench.read(name));
    }
    assert!(bundles.windows(2).all(|pair| pair[0] == pair[1]));
    bench.ok(&format!("{} --trained-at 86400 --git-commit none --random-state 1", FOREST.replace("m.bundle", "d")));
    assert_ne!(bench.read("d"), bundles[0]);
    let output = bench
        .command(&words(&FOREST.replace("m.bundle", "e")))
        .env("SOURCE_DATE_EPOCH", "86400")
        .env("SCORELET_GIT_COMMIT", "none")
        .output();
    assert!(output.unwrap().status.success());
    assert_eq!(bench.read("e"), bundles[0]);
}

#[test]
fn every_kind_of_model_has_its_measures() {
    let bench = Bench::new();
    let check = |line: &str, expected: &[&str]| {
        let said: Value =
            serde_json::from_str(&bench.ok(&format!("train --data flowers.csv --output-path m.bundle --json {line}")))
                .unwrap();
        let metrics = said["evaluation"]["metrics"].as_object().unwrap_or_else(|| panic!("{line}: {said}"));
        for name in expected {
            assert!(metrics[*name].is_number(), "{line}: {name} in {metrics:?}");
        }
    };
    check(
        "--estimator decision-tree-classifier --target species",
        &["accuracy", "f1", "roc_auc", "log_loss", "brier_score"],
    );
    check(
        "--estimator extra-trees-classifier --target 'petal_colour' --features length,width",
        &["roc_auc_ovr", "f1_macro"],
    );
    check("--estimator random-forest-regressor --target size --features length,width", &["r2", "mean_absolute_error"]);
    check("--estimator isolation-forest --target species", &["anomaly_rate", "roc_auc", "recall"]);
    check("--estimator isolation-forest --features length", &["anomaly_rate"]);
    check("--estimator ridge --target size --time-column day --test-size 5", &["r2"]);
    check("--estimator logistic-regression --target species --features length,width", &["accuracy", "log_loss"]);
    check("--estimator kmeans --n-clusters 2 --features length,width --scaler none", &["inertia", "silhouette"]);
    let all = bench.ok(
        "train --data flowers.csv --output-path m.bundle --estimator linear-regression --target size --test-size 0",
    );
    assert!(all.contains("60 fitted\n") && all.contains("training rows"), "{all}");
}

/// Rows are held out by time, and a column of times is no feature.
#[test]
fn the_latest_rows_are_held_out() {
    let bench = Bench::new();
    let line = "train --data flowers.csv --estimator ridge --target size --time-column Day --test-size 10 --output-path m.bundle";
    bench.ok(line);
    let report: Value = serde_json::from_str(&bench.ok("inspect m.bundle --json")).unwrap();
    assert_eq!(report["feature_order"], json!(["length", "width", "Petal Colour", "species"]));
    assert_eq!(report["metadata"]["split"], "the latest rows by Day");
}

#[test]
fn a_configuration_file_is_as_good_as_flags() {
    let bench = Bench::new();
    bench.ok(&format!("{FOREST} --trained-at 0 --git-commit none --max-depth 3"));
    let by_flags = bench.read("m.bundle");
    bench.write(
        "train.toml",
        "data = 'flowers.csv'\nestimator = 'random-forest-classifier'\nn_estimators = 7\ntarget = 'species'\n\
        features = ['length', 'width']\noutput-path = 'm.bundle'\ntrained_at = 0\ngit-commit = 'none'\nmax-depth = 3\n",
    );
    bench.ok("train --config train.toml --n-estimators 10");
    assert_eq!(bench.read("m.bundle"), by_flags);
    // What a run prints configures the same run.
    let printed = bench.run("train --config train.toml --n-estimators 10");
    bench.write("again.toml", &String::from_utf8(printed.stderr).unwrap());
    bench.ok("train --config again.toml");
    assert_eq!(bench.read("m.bundle"), by_flags);
    bench.fails("train --config absent.toml", 2, "the configuration absent.toml: No such file");
    bench.write("bad.toml", "data = [");
    bench.fails("train --config bad.toml", 2, "the configuration bad.toml: line 1, column ");
    bench.write("bad.toml", "data = ['a']\nn_estimaters = 3\nestimator = 'isolation-forest'\noutput_path = 'x'");
    bench.fails(
        "train --config bad.toml",
        2,
        "IsolationForest has no parameter \"n_estimaters\" (did you mean \"n_estimators\"?)",
    );
}

#[test]
fn columns_become_features_as_the_plan_says() {
    let bench = Bench::new();
    let said = bench.ok(
        "train --data flowers.csv --estimator decision-tree-regressor --target size --json --output-path m.bundle \
         --features 'length,width,Petal Colour' --derive 'area=length * width' --encode 'Petal Colour=ordinal' --missing median",
    );
    let said: Value = serde_json::from_str(&said).unwrap();
    let mut names: Vec<&String> = said["importances"]["model"].as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["Petal Colour", "area", "length", "width"]);
    let gaps = flowers().replacen("0.700,", ",", 1);
    bench.write("gaps.csv", &gaps);
    bench.fails(
        "train --data gaps.csv --estimator ridge --target size --features length,width --output-path n.bundle",
        1,
        "column \"length\", row 2: the value is missing, and Ridge takes none\n  fill it in (--missing median)",
    );
    let said = bench.ok("train --data gaps.csv --estimator ridge --target size --features length,width --missing drop --output-path m.bundle");
    assert!(said.contains("60 read, 59 kept") && said.contains("1 of 60 rows were dropped"), "{said}");
}

/// Four hundred columns: the profile of each is in the bundle and can be seen.
#[test]
fn a_wide_table_keeps_its_whole_profile() {
    let bench = Bench::new();
    let head: Vec<String> = (0..400).map(|column| format!("c{column}")).collect();
    let row =
        |row: usize| (0..400).map(|column| format!("{}", (row * 31 + column * 7) % 97)).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = (0..60).map(row).collect();
    bench.write("wide.csv", &format!("{}\n{}\n", head.join(","), rows.join("\n")));
    bench.ok("train --data wide.csv --estimator isolation-forest --n-estimators 2 --output-path m.bundle");
    let report: Value = serde_json::from_str(&bench.ok("inspect m.bundle --json")).unwrap();
    let profile = report["extra"]["profile"]["features"].as_object().unwrap();
    assert_eq!(profile.len(), 400);
    for column in profile.values() {
        let counts = column["counts"].as_array().unwrap_or_else(|| panic!("{column}"));
        assert_eq!(counts.iter().filter_map(Value::as_u64).sum::<u64>(), 45);
    }
}

#[test]
fn wrong_usage_is_2() {
    let bench = Bench::new();
    bench.fails("train", 2, "no data are named\n  give files");
    bench.fails("train --data flowers.csv", 2, "no estimator is named\n  give --estimator one of isolation-forest");
    bench.fails(
        "train --data flowers.csv --estimator isolation-forrest --output-path m.bundle",
        2,
        "(did you mean \"isolation-forest\"?)",
    );
    bench.fails(&format!("{FOREST} --n-estimatorz 3"), 2, "a similar argument exists: '--n-estimators'");
    let takes = "unexpected argument '--foo' found\n  random-forest-classifier takes --n-estimators, --criterion";
    bench.fails(&format!("{FOREST} --foo 3"), 2, takes);
    bench.fails(
        &format!("{FOREST} --contamination 0.1"),
        2,
        "RandomForestClassifier has no parameter \"contamination\"; it has n_estimators",
    );
    bench.fails(
        &FOREST.replace("--n-estimators 10", "--n-estimators ten"),
        2,
        "The 'n_estimators' parameter of RandomForestClassifier must be",
    );
    bench.fails(&format!("{FOREST} --features length,species"), 2, "cannot be used multiple times");
    bench.fails("train --data flowers.csv --estimator ridge --output-path m.bundle", 2, "Ridge needs a target");
    bench.fails(
        "train --data flowers.csv --estimator kmeans --output-path m.bundle --stratify",
        2,
        "--stratify needs a target",
    );
    bench.fails(
        "train --data flowers.csv --estimator ridge --target size --features size --output-path m.bundle",
        2,
        "names the target",
    );
    bench.fails(&format!("{FOREST} --missing sometimes"), 2, "no way to treat missing values");
}

#[test]
fn bad_data_are_1() {
    let bench = Bench::new();
    let ridge = |data: &str, more: &str| format!("train --data {data} --estimator ridge --output-path m.bundle {more}");
    bench.fails(&ridge("absent.csv", "--target y"), 1, "absent.csv: there is no such file");
    bench.fails(
        &ridge("flowers.csv", "--target weight"),
        1,
        "--target: there is no column \"weight\"; the columns are \"length\"",
    );
    bench.fails(
        &ridge("flowers.csv", "--target species"),
        1,
        "the target \"species\" holds text, but a regressor learns numbers",
    );
    bench.fails(
        &ridge("flowers.csv", "--target size --features lenght"),
        1,
        "--features: there is no column \"lenght\"",
    );
    bench.write("twins.csv", "Period ID,periodid,y\n1,2,3\n4,5,6\n7,8,9\n1,2,4\n");
    bench.fails(
        &ridge("twins.csv", "--target y --features period_id"),
        1,
        "may be any of the columns [\"Period ID\", \"periodid\"]",
    );
    bench.write("empty.csv", "");
    bench.fails(&ridge("empty.csv", "--target y"), 1, "empty.csv");
    bench.write("head.csv", "a,y\n");
    bench.fails(&ridge("head.csv", "--target y"), 1, "head.csv holds no rows");
    bench.write("text.csv", "a,y\n1,1\n2,2\nthree,3\n4,4\n5,5\n");
    bench.fails(&ridge("text.csv", "--target y"), 1, "column \"a\" holds numbers but for row 3: \"three\"");
    bench.write("gaps.csv", "a,y\n1,1\n,2\n3,3\n4,4\n5,5\n");
    bench.fails(&ridge("gaps.csv", "--target y"), 1, "column \"a\", row 2: the value is missing, and Ridge takes none");
    bench.write("lost.csv", "a,y\n,1\n,2\n3,3\n,4\n5,5\n");
    bench.fails(
        &ridge("lost.csv", "--target y --missing drop"),
        1,
        "cleaning drops 3 of 5 rows (60.0 %), more than --max-lost 0.5 allows",
    );
    bench.fails(&ridge("lost.csv", "--target y --missing drop --max-lost 0.1"), 1, "--max-lost 0.1");
    bench.write("gone.csv", "a,y\n,1\n,2\n,3\n");
    bench.fails(&ridge("gone.csv", "--target y --missing drop"), 1, "no rows are left");
    bench.write("untold.csv", "a,y\n1,\n2,\n");
    bench.fails(&ridge("untold.csv", "--target y"), 1, "no rows are left: the target \"y\" has no value");
    bench.write("one.csv", "a,y\n1,x\n2,x\n3,x\n4,x\n");
    let tree = "train --estimator decision-tree-classifier --output-path m.bundle --target y";
    bench.fails(&format!("{tree} --data one.csv"), 1, "one class only");
    bench.write("rare.csv", "a,y\n1,x\n2,x\n3,x\n4,z\n");
    bench.fails(&format!("{tree} --data rare.csv --stratify"), 1, "a stratified split needs 2 of each class");
    bench.fails(&format!("{tree} --data flowers.csv --target size"), 2, "cannot be used multiple times");
    bench.fails(
        "train --data flowers.csv --estimator decision-tree-classifier --output-path m.bundle --target size",
        1,
        "continuous",
    );
    bench.fails(
        &ridge("flowers.csv", "--target size --time-column species"),
        1,
        "holds text; it must hold dates or numbers",
    );
    bench.write("two.csv", "a,y\n1,2\n3,4\n");
    bench.fails(
        &ridge("two.csv", "--target y --test-size 5"),
        1,
        "2 rows cannot be split into 0 to fit and 5 to hold out",
    );
}

#[test]
fn a_schema_is_inferred_and_held_against_the_data() {
    let bench = Bench::new();
    let said = bench.ok("schema infer --data flowers.csv --output-path schema.toml");
    assert_eq!(said, "wrote schema.toml: 6 columns of 60 rows\n");
    bench.fails("schema infer --data flowers.csv --output-path schema.toml", 1, "schema.toml exists");
    assert_eq!(bench.ok("schema infer --data flowers.csv").as_bytes(), bench.read("schema.toml"));
    bench.ok(&format!("{FOREST} --schema schema.toml"));
    let other = flowers().replace("red", "violet").replacen("length", "LENGTH", 1).replacen("setosa", "", 1);
    bench.write("flowers.csv", &other.replacen(",width", ",breadth", 1));
    fs::remove_file(bench.path("m.bundle")).unwrap();
    let output = bench.run(&format!("{FOREST} --schema schema.toml"));
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{err}");
    for text in ["the data break schema.toml in", "column \"width\" is missing", "\"violet\" is none of the categories"]
    {
        assert!(err.contains(text), "{text} in {err}");
    }
    assert!(!bench.path("m.bundle").exists());
    bench.fails(&format!("{FOREST} --schema absent.toml"), 1, "cannot read absent.toml");
    bench.write("schema.toml", "columns = 3");
    bench.fails(
        &format!("{FOREST} --schema schema.toml"),
        1,
        "schema.toml is no schema: line 1, column 11: invalid type",
    );
}

#[test]
fn what_stands_in_the_way_is_said_before_the_work() {
    let bench = Bench::new();
    bench.write("m.bundle", "somebody's notes");
    bench.fails(FOREST, 1, "m.bundle exists and is no native bundle: choose another name, or --force");
    assert_eq!(bench.read("m.bundle"), b"somebody's notes");
    bench.ok(&format!("{FOREST} --force"));
    bench.ok(FOREST);
    bench.fails(&FOREST.replace("m.bundle", "no/such/m.bundle"), 1, "cannot write no/such/m.bundle");
    bench.fails(&format!("{FOREST} --report no/such/card.html"), 2, "--report: there is no folder no/such");
    bench.fails(&format!("{FOREST} --metrics m.bundle"), 2, "--metrics and --output-path are the same file");
}

#[test]
fn a_folder_that_cannot_be_written_is_1() {
    let bench = Bench::new();
    fs::create_dir(bench.path("closed")).unwrap();
    fs::set_permissions(bench.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(bench.path("closed/probe"), "").is_ok() {
        eprintln!("SKIPPED: the tests run as a user who may write everywhere");
        return;
    }
    bench.fails(&FOREST.replace("m.bundle", "closed/m.bundle"), 1, "Permission denied");
}

/// Two small file systems that are full: the run fails and leaves nothing but what was there.
#[test]
fn a_full_disk_leaves_nothing_behind() {
    let bench = Bench::new();
    let disk = bench.path("disk");
    fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(&disk)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no small file system can be mounted here");
        return;
    }
    let _unmount = Unmount(&disk);
    let _ = fs::write(disk.join("filler"), vec![0; 1 << 20]);
    let output = bench.run(&FOREST.replace("m.bundle", "disk/m.bundle"));
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("cannot write disk/m.bundle: No space left on device"), "{err}");
    let names: Vec<_> = fs::read_dir(&disk).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["filler"]);
}

struct Unmount<'p>(&'p Path);

impl Drop for Unmount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

/// Ctrl-C, SIGTERM and SIGKILL at whatever moment: the old bundle is whole, and only SIGKILL may leave a hidden file.
#[test]
fn a_killed_run_leaves_the_old_bundle() {
    let bench = Bench::new();
    bench.ok(FOREST);
    let old = bench.read("m.bundle");
    for signal in ["-INT", "-TERM", "-KILL"] {
        let line = FOREST.replace("--n-estimators 10", "--n-estimators 200000");
        let mut child = bench.command(&words(&line)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // The configuration is printed once all is checked and before anything is read.
        let mut first = [0; 1];
        std::io::Read::read_exact(child.stderr.as_mut().unwrap(), &mut first).unwrap();
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success(), "{signal}");
        assert_eq!(bench.read("m.bundle"), old, "{signal}");
        assert_eq!(bench.names(), ["flowers.csv", "m.bundle"], "{signal}");
    }
}

#[test]
fn names_from_a_table_command_neither_terminal_nor_page() {
    let bench = Bench::new();
    let hostile = flowers()
        .replacen("width", "<script>alert(1)</script>\u{1b}[2J", 1)
        .replace("setosa", "<img src=x onerror=alert(2)>");
    bench.write("flowers.csv", &hostile);
    let output = bench.run("train --data flowers.csv --estimator decision-tree-classifier --target species --output-path m.bundle --report card.html");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
    let card = String::from_utf8(bench.read("card.html")).unwrap();
    assert!(!card.contains("<script") && !card.contains("<img") && card.contains("&lt;img src=x"));
}

/// The card loads nothing and runs nothing.
#[test]
fn the_card_needs_nothing_else() {
    let bench = Bench::new();
    bench.ok(&format!("{FOREST} --report card.html"));
    let card = String::from_utf8(bench.read("card.html")).unwrap();
    for forbidden in ["<script", "src=\"", "@import", "url(", " onload", "https://"] {
        assert!(!card.contains(forbidden), "{forbidden}");
    }
    assert!(
        card.matches("href=\"").count()
            == card.matches("href=\"#").count() + card.matches("href=\"data:image/svg+xml").count()
    );
}
