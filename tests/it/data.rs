//! Tables from files: every form gives the same table, and what is no table is told apart. Object stores are tested by
//! `tests/python/azurite.py`.

use scorelet::data::{Loaded, NumberKind, Progress, ReadOptions, Sample, Table, Values, read};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tables").join(name).display().to_string()
}

fn load(sources: &[&str], options: &ReadOptions) -> Result<Loaded, String> {
    let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
    read(&sources, options).map_err(|error| error.to_string())
}

fn table(sources: &[&str]) -> Table {
    load(sources, &ReadOptions::default()).unwrap().table
}

/// The error of reading a file that holds these bytes.
fn refused(bytes: &[u8], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    fs::write(&path, bytes).unwrap();
    let error = load(&[path.to_str().unwrap()], &ReadOptions::default()).map(|loaded| loaded.table).unwrap_err();
    let shown = error.replace(path.to_str().unwrap(), "FILE");
    assert_eq!(shown, expected, "{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
}

fn numbers(table: &Table, name: &str) -> Vec<f64> {
    match &table.column(name).unwrap().values {
        Values::Numbers { values, .. } => values.clone(),
        other => panic!("{name}: {other:?}"),
    }
}

fn texts(table: &Table, name: &str) -> Vec<Option<String>> {
    match &table.column(name).unwrap().values {
        Values::Texts(texts) => (0..table.rows).map(|row| texts.get(row).map(str::to_owned)).collect(),
        other => panic!("{name}: {other:?}"),
    }
}

const TEXT_FORMS: [&str; 5] = ["table.csv", "crlf.csv", "table.csv.gz", "table.csv.zst", "table.jsonl"];

#[test]
fn every_text_form_gives_the_same_table() {
    let expected = load(&[&fixture("table.csv")], &ReadOptions::default()).unwrap();
    assert_eq!((expected.table.rows, expected.table.columns.len()), (120, 8));
    for name in TEXT_FORMS {
        let loaded = load(&[&fixture(name)], &ReadOptions::default()).unwrap();
        assert_eq!(loaded.fingerprint, expected.fingerprint, "{name}: {:?}", loaded.table.kinds().collect::<Vec<_>>());
        assert_eq!(loaded.sources, [fixture(name)]);
    }
    let carriers = texts(&expected.table, "carrier");
    assert!(carriers.contains(&Some("the \"best\"".to_owned())) && carriers.contains(&Some("9E, Inc.".to_owned())));
    assert!(carriers.contains(&None));
}

#[test]
fn files_folders_and_patterns_are_one_table_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read_to_string(fixture("table.csv")).unwrap();
    let (header, rows) = whole.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    for (number, part) in rows.chunks(50).enumerate() {
        fs::write(folder.path().join(format!("part-{number}.csv")), format!("{header}\n{}\n", part.join("\n")))
            .unwrap();
    }
    for other in ["_SUCCESS", ".part-0.csv.crc", "README.md", "_hidden.csv"] {
        fs::write(folder.path().join(other), "nothing\n").unwrap();
    }
    fs::create_dir(folder.path().join("inner.csv")).unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let expected = load(&[&fixture("table.csv")], &ReadOptions::default()).unwrap().fingerprint;
    let parts = [path("part-0.csv"), path("part-1.csv"), path("part-2.csv")];
    for sources in [vec![path("")], vec![path("part-*.csv")], vec![path("part-[0-9].csv")], parts.to_vec()] {
        let loaded = read(&sources, &ReadOptions::default()).unwrap();
        assert_eq!((loaded.fingerprint, loaded.sources), (expected.clone(), parts.to_vec()), "{sources:?}");
    }
    let turned = read(&[parts[1].clone(), parts[0].clone(), parts[2].clone()], &ReadOptions::default()).unwrap();
    assert_ne!(turned.fingerprint, expected);
}

#[test]
fn places_that_hold_nothing_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().display().to_string();
    let check = |source: &str, expected: &str| {
        let error = load(&[&source.replace("BASE", &base)], &ReadOptions::default()).unwrap_err();
        assert_eq!(error.replace(&base, "BASE"), expected);
    };
    check("BASE/no.csv", "BASE/no.csv: there is no such file or folder");
    let advice = "\n  quote it so that the shell leaves it alone, and check the folder";
    check("BASE/*.csv", &format!("BASE/*.csv matches no file{advice}"));
    let endings = "*.csv, *.csv.gz, *.csv.zst, *.parquet, *.jsonl, *.ndjson and *.json";
    check(
        "BASE",
        &format!("BASE holds no data file\n  {endings} are read from a folder itself; use a pattern for the rest"),
    );
    assert!(load(&[], &ReadOptions::default()).unwrap_err().starts_with("no data was named"));
}

#[test]
fn what_is_no_table_is_refused() {
    refused(b"", "FILE holds no rows");
    refused(b"a,b\n", "FILE holds no rows");
    refused(
        b"{\"a\": 1}\n[2]\n",
        "FILE, line 2: invalid type: sequence, expected an object at column 0\n  JSON lines hold one flat object a line: numbers, texts, booleans, null",
    );
    refused(
        b"{\"a\": {\"b\": 1}}\n",
        "FILE, line 1: invalid type: map, expected a number, text, boolean or null for \"a\" at column 7\n  JSON lines hold one flat object a line: numbers, texts, booleans, null",
    );
    refused(
        b"{\"a\": 1, \"a\": 2}\n",
        "FILE, line 1: \"a\" stands twice at column 12\n  JSON lines hold one flat object a line: numbers, texts, booleans, null",
    );
    refused(
        b"{\"a\": 1}\n{\"a\": \n",
        "FILE, line 2: EOF while parsing a value at column 0\n  JSON lines hold one flat object a line: numbers, texts, booleans, null",
    );
    refused(b"a,b\n1,2\n3\n", "FILE, line 3: 1 values where the header names 2 columns");
    refused(b"a,b\n\n1,2\n\n\n3\n", "FILE, line 6: 1 values where the header names 2 columns");
    refused(b"a,b\r\n1,2\r\n\r\n3\r\n", "FILE, line 4: 1 values where the header names 2 columns");
    refused(b"a,b\n\"1\n1\",2\n3\n", "FILE, line 4: 1 values where the header names 2 columns");
    refused(b"a,b\n1,2\n3,4,5\n", "FILE, line 3: 3 values where the header names 2 columns");
    refused(b"a,b,a\n1,2,3\n", "FILE: two columns have the name \"a\"\n  rename one of them");
    refused(
        b"a;b\n1;2\n",
        "FILE: the header is one column with \";\" in its name\n  if that separates the columns, say so: --delimiter ';'",
    );
    refused(
        b"a,b\n1,caf\xe9\n",
        "FILE, line 2: the text is not UTF-8\n  save the file in that encoding (iconv -f latin1 -t utf-8)",
    );
    refused(
        b"PK\x03\x04",
        "FILE: this is a zip archive or an Excel workbook\n  save the table as CSV, JSON lines or Parquet",
    );
    // The text is that of the unpacker.
    let path = tempfile::NamedTempFile::new().unwrap();
    fs::write(path.path(), &fs::read(fixture("table.csv.gz")).unwrap()[..2000]).unwrap();
    let place = path.path().to_str().unwrap();
    let error = load(&[place], &ReadOptions::default()).map(|loaded| loaded.table).unwrap_err();
    assert!(error.starts_with(&format!("{place}: ")) && error.lines().count() == 1, "{error}");
}

#[test]
fn a_quote_that_is_never_closed_does_not_fill_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.csv.gz");
    let mut gzip = flate2::write::GzEncoder::new(fs::File::create(&path).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, b"a,b\n\"").unwrap();
    for _ in 0..100 {
        std::io::Write::write_all(&mut gzip, &vec![b'x'; 1 << 20]).unwrap();
    }
    gzip.finish().unwrap();
    let error = load(&[path.to_str().unwrap()], &ReadOptions::default()).unwrap_err();
    assert!(error.ends_with("a row of more than 64 MiB; is a quote never closed?"), "{error}");
}

#[test]
fn text_among_numbers_keeps_every_cell_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, "id,price,zip\n1,1.50,\n2,n/a,01234\n3,12 EUR,007\n4,2,9\n").unwrap();
    let loaded = table(&[path.to_str().unwrap()]);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(texts(&loaded, "price"), [some("1.50"), None, some("12 EUR"), some("2")]);
    let Values::Texts(price) = &loaded.column("price").unwrap().values else { panic!("price is text") };
    assert_eq!(price.first_not_a_number(), Some((2, "12 EUR")));
    assert_eq!(numbers(&loaded, "zip")[1..], [1234.0, 7.0, 9.0]);
    let options = ReadOptions { text: vec!["ZIP".to_owned()], ..ReadOptions::default() };
    let loaded = load(&[path.to_str().unwrap()], &options).unwrap().table;
    assert_eq!(texts(&loaded, "zip"), [None, some("01234"), some("007"), some("9")]);
}

#[test]
fn columns_must_be_the_same_in_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).display().to_string()
    };
    let (a, b) = (write("a.csv", "x,y\n1,2\n"), write("b.csv", "y,x\n20,\n"));
    let joined = table(&[&a, &b]);
    assert_eq!(numbers(&joined, "y"), [2.0, 20.0]);
    assert!(numbers(&joined, "x")[1].is_nan());
    let c = write("c.csv", "x,z\n1,2\n");
    let error = load(&[&a, &c], &ReadOptions::default()).unwrap_err();
    assert_eq!(error, format!("{c} has other columns than {a}: it lacks [\"y\"] and has [\"z\"]"));
    // JSON lines leave out what is missing.
    let d = write("d.jsonl", "{\"x\": 5}\n{\"w\": true, \"y\": 6}\n");
    let joined = table(&[&a, &d]);
    assert_eq!(joined.rows, 3);
    assert_eq!(numbers(&joined, "y")[2], 6.0);
    assert!(numbers(&joined, "w")[..2].iter().all(|value| value.is_nan()));
    assert!(matches!(joined.column("w").unwrap().values, Values::Numbers { kind: NumberKind::Boolean, .. }));
}

#[test]
fn a_sample_is_the_same_rows_in_every_form() {
    let sampled = |name: &str, rows: usize, seed: u64| {
        let options = ReadOptions { sample: Some(Sample { rows, seed }), ..ReadOptions::default() };
        load(&[&fixture(name)], &options).unwrap()
    };
    let expected = sampled("table.csv", 30, 7);
    let ids = numbers(&expected.table, "Period ID");
    assert_eq!((expected.table.rows, ids.len()), (30, 30));
    assert!(ids.is_sorted(), "{ids:?}");
    for name in TEXT_FORMS {
        assert_eq!(sampled(name, 30, 7).fingerprint, expected.fingerprint, "{name}");
    }
    assert_ne!(sampled("table.csv", 30, 8).fingerprint, expected.fingerprint);
    assert_eq!(sampled("table.csv", 9999, 8).table.rows, 120);
}

#[test]
fn only_the_wanted_columns_are_read() {
    let columns = Some(vec!["period_id".to_owned(), "AT".to_owned(), "absent".to_owned()]);
    let options = ReadOptions { columns, ..ReadOptions::default() };
    for name in TEXT_FORMS {
        let loaded = load(&[&fixture(name)], &options).unwrap().table;
        let names: Vec<&str> = loaded.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["Period ID", "at"], "{name}");
    }
}

#[test]
fn progress_ends_with_everything() {
    let last = Mutex::new(None);
    let note = |progress: Progress| *last.lock().unwrap() = Some(progress);
    for name in TEXT_FORMS {
        let options = ReadOptions { progress: Some(&note), ..ReadOptions::default() };
        load(&[&fixture(name)], &options).unwrap();
        let size = fs::metadata(fixture(name)).unwrap().len();
        assert_eq!(*last.lock().unwrap(), Some(Progress { bytes: size, total: size, rows: 120 }), "{name}");
    }
}

#[test]
fn a_table_larger_than_memory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let rows: String = (0..300_000).map(|row| format!("{row},{row},{row}\n")).collect();
    fs::write(&path, format!("a,b,c\n{rows}")).unwrap();
    let sources = [path.to_str().unwrap()];
    let with = |memory: u64, sample: Option<Sample>| {
        load(&sources, &ReadOptions { memory: Some(memory), sample, ..ReadOptions::default() }).map(|l| l.table.rows)
    };
    assert_eq!(with(100 << 20, None), Ok(300_000));
    let error = with(8 << 20, None).unwrap_err();
    assert!(error.starts_with("the table is too large: training on it takes about "), "{error}");
    assert!(error.contains("8.0 MiB are available\n  train on fewer rows with --sample ROWS"), "{error}");
    assert_eq!(with(8 << 20, Some(Sample { rows: 1000, seed: 0 })), Ok(1000));
}

#[cfg(not(feature = "data"))]
#[test]
fn a_build_without_the_feature_says_how_to_get_it() {
    let advice = "is not in this build\n  build one that has it: cargo build --release --features data";
    refused(b"PAR1....", &format!("FILE: reading Parquet {advice}"));
    let error =
        load(&["https://acc.blob.core.windows.net/data/a.csv?sig=SECRET"], &ReadOptions::default()).unwrap_err();
    let expected = "https://acc.blob.core.windows.net/data/a.csv: reading from object stores ";
    assert_eq!(error, expected.to_owned() + advice);
}

#[cfg(feature = "data")]
mod parquet {
    use super::*;

    const FORMS: [&str; 8] = [
        "snappy.parquet",
        "zstd-groups.parquet",
        "gzip-plain.parquet",
        "lz4.parquet",
        "brotli-pages.parquet",
        "none-delta.parquet",
        "pandas.parquet",
        "int96.parquet",
    ];

    #[test]
    fn every_form_gives_the_table_of_the_csv() {
        let sample = Some(Sample { rows: 30, seed: 7 });
        let columns = Some(vec!["carrier".to_owned(), "delay".to_owned()]);
        let all = [
            ReadOptions::default(),
            ReadOptions { sample, ..ReadOptions::default() },
            ReadOptions { columns, ..ReadOptions::default() },
            ReadOptions { text: vec!["at".to_owned()], ..ReadOptions::default() },
        ];
        for options in &all[..3] {
            let expected = load(&[&fixture("table.csv")], options).unwrap();
            for name in FORMS {
                let loaded = load(&[&fixture(name)], options).unwrap();
                let kinds: Vec<_> = loaded.table.kinds().collect();
                assert_eq!(loaded.fingerprint, expected.fingerprint, "{name}: {options:?}: {kinds:?}");
            }
        }
        for name in FORMS {
            let at = texts(&load(&[&fixture(name)], &all[3]).unwrap().table, "at");
            assert_eq!(at[1].as_deref(), Some("2013-01-01T07:00:00Z"), "{name}");
        }
    }

    #[test]
    fn forms_join() {
        let joined = |names: [&str; 3]| {
            load(&names.map(fixture).each_ref().map(String::as_str), &ReadOptions::default()).unwrap()
        };
        let first = joined(["table.csv", "snappy.parquet", "table.jsonl"]);
        assert_eq!(first.table.rows, 360);
        assert_eq!(joined(["snappy.parquet", "pandas.parquet", "table.csv"]).fingerprint, first.fingerprint);
    }

    #[test]
    fn every_type_is_read() {
        let types = table(&[&fixture("types.parquet")]);
        assert_eq!((types.rows, types.columns.len()), (3, 23));
        let check = |name: &str, kind: NumberKind, expected: [f64; 2]| match &types.column(name).unwrap().values {
            Values::Numbers { kind: found, values } => {
                let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                assert_eq!((*found, bits(&values[..2])), (kind, bits(&expected)), "{name}");
                assert!(values[2].is_nan(), "{name}");
            }
            other => panic!("{name}: {other:?}"),
        };
        use NumberKind::{Boolean, Float, Integer};
        check("i8", Integer, [-128.0, 127.0]);
        check("i16", Integer, [-32768.0, 32767.0]);
        check("i32", Integer, [-1.0, 2.0]);
        check("i64", Integer, [-9007199254740992.0, 9007199254740992.0]);
        check("u8", Integer, [0.0, 255.0]);
        check("u16", Integer, [0.0, 65535.0]);
        check("u32", Integer, [0.0, 4294967295.0]);
        check("u64", Integer, [0.0, 9223372036854775808.0]);
        check("f16", Float, [0.5, -2.0]);
        check("f32", Float, [f64::from(0.1f32), -1.5]);
        check("f64", Float, [0.1, f64::NAN]);
        check("bool", Boolean, [1.0, 0.0]);
        check("decimal", Float, [0.1, -12345678901234567.891]);
        check("wide", Integer, [7.0, -1e30]);
        check("null", Float, [f64::NAN, f64::NAN]);
        for (name, expected) in [("string", ["a", ""]), ("large", ["b", "b"]), ("category", ["y", "x"])] {
            let expected = [Some(expected[0].to_owned()), Some(expected[1].to_owned()), None];
            assert_eq!(texts(&types, name), expected, "{name}");
        }
        let day = 86_400_000_000;
        for (name, expected) in [
            ("date", [day, -day]),
            ("s", [1_000_000, 1_356_998_400_000_000]),
            ("ms", [1_000, -day]),
            ("us", [1, 253_402_214_400_000_000]),
            ("ns", [1, 951_782_400_000_000]),
        ] {
            let expected = Values::Times(vec![expected[0], expected[1], i64::MIN]);
            assert_eq!(types.column(name).unwrap().values, expected, "{name}");
        }
    }

    #[test]
    fn what_cannot_be_a_feature_is_named_unless_it_is_left_out() {
        let nested = fixture("nested.parquet");
        let error = load(&[&nested], &ReadOptions::default()).unwrap_err();
        assert!(error.starts_with(&format!("{nested}: column \"nested\" holds List(")), "{error}");
        assert!(error.ends_with("leave the column out, or write it as numbers, text or dates"), "{error}");
        let columns = Some(vec!["z".to_owned(), "a".to_owned()]);
        let loaded = load(&[&nested], &ReadOptions { columns, ..ReadOptions::default() }).unwrap().table;
        assert_eq!(numbers(&loaded, "a"), [1.0, 2.0]);
        assert_eq!(texts(&loaded, "z"), [Some("x".to_owned()), Some("y".to_owned())]);
        let empty = fixture("empty.parquet");
        assert_eq!(load(&[&empty], &ReadOptions::default()).unwrap_err(), format!("{empty} holds no rows"));
    }

    #[test]
    fn damaged_files_are_refused_and_never_panic() {
        let whole = fs::read(fixture("zstd-groups.parquet")).unwrap();
        refused(
            &whole[..1000],
            "FILE: damaged, or of no known Parquet version: Parquet error: Invalid Parquet file. Corrupt footer",
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let options = ReadOptions { memory: Some(64 << 20), ..ReadOptions::default() };
        // A step that meets every part of the file in the end.
        for (round, at) in (4..whole.len() - 8).step_by(37).enumerate() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (round % 8);
            fs::write(&path, &damaged).unwrap();
            if let Err(error) = load(&[path.to_str().unwrap()], &options) {
                assert!(error.contains("a.parquet") || error.contains("too large"), "byte {at}: {error}");
            }
        }
    }

    #[test]
    fn a_table_larger_than_memory_is_refused_before_it_is_read() {
        let options = ReadOptions { memory: Some(10_000), ..ReadOptions::default() };
        let error = load(&[&fixture("snappy.parquet")], &options).unwrap_err();
        assert!(error.starts_with("the table is too large"), "{error}");
    }
}
