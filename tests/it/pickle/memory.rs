//! How much memory reading takes: measured in a process of its own for each file, as the kernel counts it.

use super::{hostile, read};
use scorelet::pickle::{Limits, decompress, survey};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// Names the file that a child process reads.
const FILE: &str = "SCORELET_TEST_READ";
/// What a small file may take, the test program included.
const FLOOR: usize = 64 << 20;

/// Files of one repeated instruction each, as large as makes the bound more than the floor.
#[test]
fn no_opcode_takes_more_than_twenty_times_its_file() {
    if in_child() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let mut wrong = Vec::new();
    for (name, start, repeated, end) in REPEATED {
        let mut bytes = start.to_vec();
        while bytes.len() < 5 << 20 {
            bytes.extend_from_slice(repeated);
        }
        bytes.extend_from_slice(end);
        std::fs::write(&file, &bytes).unwrap();
        wrong
            .extend(too_much(&file, "no_opcode_takes_more_than_twenty_times_its_file").map(|w| format!("{name}: {w}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_hostile_file_takes_more_than_its_bound() {
    if in_child() {
        return;
    }
    let Some(folder) = hostile::shared() else { return };
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        wrong.extend(too_much(&path, "no_hostile_file_takes_more_than_its_bound"));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Reads the file that the parent names, if there is a parent, and prints the peak.
fn in_child() -> bool {
    let Some(path) = std::env::var_os(FILE) else { return false };
    let file = std::fs::read(path).unwrap();
    let result = read(&file, |graph| graph.nodes.len());
    let limits = Limits::for_file(&file);
    if let Ok(stream) = decompress(&file, &limits) {
        survey(&stream, &limits);
    }
    println!("\npeak {} {result:?}", peak());
    true
}

/// The largest resident memory of this process so far, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells of a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

/// What is wrong with how a child of this test reads the file.
fn too_much(path: &Path, test: &str) -> Option<String> {
    let bound = FLOOR.max(20 * std::fs::metadata(path).unwrap().len() as usize);
    let name = path.file_name().and_then(OsStr::to_str).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("pickle::memory::{test}"), "--nocapture", "--test-threads=1"])
        .env(FILE, path)
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&child.stdout);
    let Some(line) = out.lines().find_map(|line| line.strip_prefix("peak ")).filter(|_| child.status.success()) else {
        return Some(format!("{name}: {} {}", child.status, String::from_utf8_lossy(&child.stderr)));
    };
    let peak: usize = line.split(' ').next().unwrap().parse().unwrap();
    (peak > bound).then(|| format!("{name}: {} KiB of {} KiB; {line}", peak >> 10, bound >> 10))
}

/// Name, start of the file, what is repeated, end of the file.
type Repeated = (&'static str, &'static [u8], &'static [u8], &'static [u8]);

const DTYPE: &[u8] = b"\x80\x04\x8c\x05numpy\x8c\x05dtype\x93\x94\x8c\x02f8\x89\x88\x87\x94R\x94";
const ARRAY: &[u8] = b"\x80\x04\x8c\x15numpy.core.multiarray\x8c\x0c_reconstruct\x93\x94\x8c\x05numpy\x8c\x07ndarray\
    \x93K\0\x85C\x01b\x87\x94\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02f8\x89\x88\x87R\x94(K\x01K\0\x85h\x02\x89C\0t\x94(";
const SCALER: &[u8] =
    b"\x80\x04\x8c\x1bsklearn.preprocessing._data\x8c\x0eStandardScaler\x93\x94(K\0K\x01K\x02K\x03K\x04t\x94(";

const REPEATED: &[Repeated] = &[
    ("NONE", b"(", b"N", b"t."),
    ("NONE popped", b"\x80\x04N", b"N0", b"."),
    ("EMPTY_TUPLE", b"(", b")", b"t."),
    ("EMPTY_LIST", b"(", b"]", b"t."),
    ("EMPTY_DICT", b"(", b"}", b"l."),
    ("EMPTY_SET", b"\x80\x04(", b"\x8f", b"\x91."),
    ("nested lists", b"]", b"]a", b"."),
    ("small integers", b"(", b"K\x01", b"l."),
    ("integers", b"(", b"M\x01\x01", b"l."),
    ("big integers", b"\x80\x02(", b"\x8a\x09\0\0\0\0\0\0\0\0\x7f", b"l."),
    ("floats", b"(", b"F1\n", b"l."),
    ("strings", b"\x80\x04(", b"\x8c\x01a", b"l."),
    ("escaped strings", b"(", b"V\\u0041\n", b"l."),
    ("Latin-1 strings", b"(", b"U\x01\xe9", b"l."),
    ("bytes", b"\x80\x04(", b"C\x01a", b"l."),
    ("DUP", b"N", b"2", b"."),
    ("MARK", b"", b"(", b"."),
    ("marked tuples", b"(", b"(t", b"t."),
    ("marked lists", b"(", b"(l", b"t."),
    ("TUPLE1", b"N", b"\x85", b"."),
    ("tuples of one", b"(", b"N\x85", b"t."),
    ("tuples of three", b"(", b"NNN\x87", b"t."),
    ("lists of one", b"(", b"]Na", b"t."),
    ("dicts of one", b"(", b"}NNs", b"t."),
    ("MEMOIZE", b"\x80\x04N", b"\x94", b"."),
    ("BINPUT", b"N", b"q\x01", b"."),
    ("memoized lists", b"\x80\x04(", b"]\x94", b"t."),
    ("memo at its end", b"N", b"r\xff\xff\x4f\0", b"."),
    ("DICT", b"(", b"NN", b"d."),
    ("SETITEMS", b"}(", b"NN", b"u."),
    ("ADDITEMS", b"\x80\x04\x8f(", b"N", b"\x90."),
    ("lists into lists", b"\x80\x04](K\x01K\x02K\x03K\x04K\x05K\x06e\x94(", b"h\0", b"l."),
    ("objects", SCALER, b"h\0)\x81", b"l."),
    ("objects with arguments", SCALER, b"h\0h\x01\x81", b"l."),
    ("dtypes", DTYPE, b"h\0h\x01R", b"\x85."),
    ("begun arrays", ARRAY, b"h\0h\x01R", b"t."),
    ("arrays", ARRAY, b"h\0h\x01Rh\x03b", b"l."),
    ("names", b"\x80\x04\x8c\x05numpy\x94\x8c\x07float64\x94(", b"h\0h\x01\x93", b"l."),
    ("refused names", b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94(", b"h\0h\x01\x93", b"l."),
    ("sets", b"\x80\x04\x8c\x08builtins\x8c\x03set\x93\x94](K\x01K\x02K\x03e\x85\x94(", b"h\0h\x01R", b"l."),
    (
        "encoded bytes",
        b"\x80\x04\x8c\x07_codecs\x8c\x06encode\x93\x94(\x8c\x01a\x8c\x06latin1t\x94(",
        b"h\0h\x01R",
        b"l.",
    ),
    ("protocols", b"", b"\x80\x04", b"N."),
    ("frames", b"", b"\x95\0\0\0\0\0\0\0\0", b"N."),
];
