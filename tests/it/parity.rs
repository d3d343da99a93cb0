//! scikit-learn is the oracle: every bundle of the corpora that loads must give scikit-learn's own answers, through
//! the whole way from a file and a JSON request to the JSON reply.

mod answer;
mod compare;
pub mod corpus;
mod exactness;
mod table;

use corpus::{Case, Corpus};
use scorelet::score::Scorer;
use scorelet::sklearn;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How numpy refuses to apply a function to a text.
const NO_TEXT: &str = "loop of ufunc does not support argument 0 of type str";

/// How an encoder of numbers refuses the text of one.
const TEXT_CATEGORY: &str = "Found unknown categories ['1.5'] in column";

/// How Python refuses to make an integer of a text that is a fraction.
const NO_INTEGER: &str = "invalid literal for int() with base 10";

/// How one output of one class came out, over all cases.
#[derive(Default)]
struct Finding {
    arrays: usize,
    bit_equal: usize,
    /// The largest relative difference.
    largest: f64,
}

/// Everything that a run found.
#[derive(Default)]
struct Ledger {
    /// By class name and output.
    findings: BTreeMap<(String, String), Finding>,
    cases: Vec<table::Entry>,
    /// Classes of all objects in the files that load.
    computed: BTreeSet<String>,
    failures: Vec<String>,
    files: usize,
}

#[test]
fn every_bundle_that_loads_answers_as_scikit_learn() {
    let shared = corpus::shared();
    let complete = shared.is_some();
    let mut ledger = Ledger::default();
    for corpus in &corpus::committed() {
        ledger.corpus(corpus);
    }
    // The committed corpus is made of what scorelet supports.
    let refused = ledger.cases.iter().filter_map(|case| Some(format!("{}: {}", case.name, case.refusal.as_ref()?)));
    ledger.failures.extend(refused.collect::<Vec<_>>());
    for corpus in shared.iter().flatten() {
        ledger.corpus(corpus);
    }
    ledger.report();
    assert!(ledger.failures.is_empty(), "{} answers differ, see above", ledger.failures.len());
    if complete {
        ledger.check_bounds();
        ledger.check_list();
        table::check(&ledger.cases);
    }
}

impl Ledger {
    fn corpus(&mut self, corpus: &Corpus) {
        for case in &corpus.cases {
            let mut refusal = None;
            for file in &case.files {
                let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                match answer::open(file, case) {
                    Ok(scorer) => {
                        if *file == case.files[0] {
                            self.computed.extend(answer::classes(file).iter().map(|class| table::public(class)));
                        }
                        self.files += 1;
                        self.case(&format!("{}/{name}", corpus.version), case, &scorer);
                    }
                    Err(reasons) => refusal = Some(reasons),
                }
            }
            self.cases.push(table::Entry::new(&corpus.version, case, refusal));
        }
    }

    /// Compares the rows of a case and every probe.
    fn case(&mut self, at: &str, case: &Case, scorer: &Scorer) {
        match answer::answer(scorer, &case.input, &case.outputs) {
            Ok(got) => self.compare(at, case, &got, &case.outputs),
            Err(refusal) => self.failures.push(format!("{at}: refused: {refusal}")),
        }
        for probe in &case.probes {
            let at = format!("{at} probe {}", probe["probe"].as_str().unwrap_or_default());
            let error = probe["error"][1].as_str();
            let wanted = if error.is_some() { &case.outputs } else { &probe["outputs"] };
            match (answer::answer(scorer, &json!([probe["row"]]), wanted), error) {
                (Ok(got), None) => self.compare(&at, case, &got, wanted),
                // The corpus keeps the first 300 characters of a message.
                (Err(refusal), Some(error)) if refusal.starts_with(error) => {}
                // A text that Python's float() reads is a number here, also where numpy has no function for it.
                (Ok(_), Some(error)) if error.starts_with(NO_TEXT) => {}
                (Err(_), Some(error)) if error.starts_with(TEXT_CATEGORY) => {}
                // A text that Python's float() reads is a number here, also where scikit-learn takes only integers.
                (Ok(_), Some(error)) if error.starts_with(NO_INTEGER) => {}
                (got, expected) => {
                    let got = got.map(Value::Object);
                    self.failures.push(format!("{at}: {got:?}, expected {expected:?}"));
                }
            }
        }
    }

    fn compare(&mut self, at: &str, case: &Case, got: &Map<String, Value>, expected: &Value) {
        for (output, expected) in expected.as_object().expect("outputs by name") {
            let class = if output == "scaled" { case.scaler.as_deref() } else { Some(case.estimator.as_str()) };
            let class = class.and_then(|class| class.rsplit('.').next()).unwrap_or_default();
            let got = got.get(output).unwrap_or(&Value::Null);
            let distance = match class.ends_with("SparsePCA") {
                true => compare::distance_of_one_row(got, expected),
                false => compare::distance(got, expected),
            };
            match distance {
                Ok(distance) => {
                    let finding = self.findings.entry((class.to_owned(), output.clone())).or_default();
                    finding.arrays += 1;
                    finding.bit_equal += usize::from(distance == 0.0);
                    finding.largest = finding.largest.max(distance);
                    if distance > exactness::bound(class, output) {
                        self.failures.push(format!("{at}: {class}.{output} is off by {distance:e}"));
                    }
                }
                Err(problem) => self.failures.push(format!("{at}: {class}.{output}: {problem}")),
            }
        }
    }

    /// A bound that no case needs is no bound: the estimator is equal bit for bit.
    fn check_bounds(&self) {
        for loose in exactness::LOOSE {
            let finding = self.findings.get(&(loose.class.to_owned(), loose.output.to_owned()));
            let needed = finding.is_some_and(|finding| finding.bit_equal < finding.arrays);
            assert!(needed, "{}.{} is equal bit for bit: take it out of LOOSE", loose.class, loose.output);
        }
    }

    /// The list of supported classes against the cases: each class has one that loads, and the other way round.
    fn check_list(&self) {
        let listed: BTreeSet<String> = sklearn::supported().collect();
        let none: Vec<_> = listed.difference(&self.computed).collect();
        assert!(none.is_empty(), "listed as supported, but no case of the corpora loads: {none:?}");
        let loaded = self.cases.iter().filter(|case| case.refusal.is_none());
        let loaded: BTreeSet<String> = loaded.flat_map(|case| case.classes.iter().cloned()).collect();
        let more: Vec<_> = loaded.difference(&listed).collect();
        assert!(more.is_empty(), "loads, but is not listed as supported: {more:?}");
    }

    fn report(&self) {
        for failure in &self.failures {
            eprintln!("{failure}");
        }
        for ((class, output), f) in &self.findings {
            eprintln!("{class}.{output}: {} arrays, {} bit-equal, largest {:e}", f.arrays, f.bit_equal, f.largest);
        }
        let (arrays, equal) = self.findings.values().fold((0, 0), |sum, f| (sum.0 + f.arrays, sum.1 + f.bit_equal));
        let (cases, files) = (self.cases.len(), self.files);
        let loaded = self.cases.iter().filter(|case| case.refusal.is_none()).count();
        eprintln!("{loaded} of {cases} cases load ({files} files); {arrays} arrays compared, {equal} bit-equal");
    }
}
