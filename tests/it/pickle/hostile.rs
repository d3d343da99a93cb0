//! Hostile files: a few written out here, so that the tests mean something on their own, and the large set beside
//! the checkout.

use super::read;
use crate::parity::corpus;
use scorelet::pickle::{Compression, Limits, PickleError, Refusal, decompress, survey};
use scorelet::value::Graph;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of the large set; `None`, said aloud, when it is not there.
pub fn shared() -> Option<PathBuf> {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/evil.tar.xz");
    if !archive.exists() {
        eprintln!("SKIPPED: {} is not there", archive.display());
        return None;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("evil");
    corpus::unpack(&archive, &target);
    Some(target.join("evil"))
}

/// Files that are well-formed pickles, for which only the reader of models has a reason to refuse them.
const READABLE: [&str; 1] = ["bomb_shared_bytes.pkl"];

#[test]
fn the_large_set_is_refused() {
    let Some(folder) = shared() else { return };
    let index = std::fs::read(folder.join("evil.json")).unwrap();
    let index: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&index).unwrap();
    let mut wrong = Vec::new();
    for (name, entry) in &index {
        let read = read(&std::fs::read(folder.join(name)).unwrap(), |_| ());
        let valid = entry["class"] == "semantic" || READABLE.contains(&name.as_str());
        match (entry["expect"].as_str().unwrap(), read) {
            ("reject", Ok(())) if !valid => wrong.push(format!("{name} was read")),
            ("accept", Err(problem)) => wrong.push(format!("{name}: {problem}")),
            _ => {}
        }
    }
    assert!(index.len() > 200 && wrong.is_empty(), "{wrong:#?}");
}

/// The message for a file.
#[track_caller]
fn check(file: &[u8], expected: &str) {
    match read(file, |graph| graph.nodes.len()) {
        Err(problem) => assert!(problem.to_string().starts_with(expected), "{problem}\nwanted: {expected}"),
        Ok(nodes) => panic!("read as {nodes} nodes; wanted: {expected}"),
    }
}

#[test]
fn calls_are_refused_with_name_and_byte() {
    check(b"cos\nsystem\n(S'id'\ntR.", "os.system at byte 0 is refused: no model needs it, and loading this file in");
    check(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.", "os.system at byte 14 is refused");
    check(b"\x80\x02cbuiltins\neval\n.", "builtins.eval at byte 2 is refused");
    check(b"(S'id'\nios\nsystem\n.", "opcode INST at byte 7 is not allowed: it calls a function");
    check(
        b"\x80\x02(ccatboost.core\nCatBoostClassifier\no.",
        "catboost.core.CatBoostClassifier at byte 3 is refused: CatBoost keeps its model in a form of its own",
    );
    check(
        b"\x80\x02(clittlepackage.models\nModel\no.",
        "littlepackage.models.Model at byte 3 is refused: it belongs to the package littlepackage",
    );
    check(b"\x80\x02\x82\x01.", "opcode EXT1 at byte 2 is not allowed");
    check(b"Pabc\n.", "opcode PERSID at byte 0 is not allowed");
    check(b"\x80\x05\x97.", "opcode NEXT_BUFFER at byte 2 is not allowed");
    check(b"c__main__\nModel\n.", "__main__.Model at byte 0 is refused: it was defined in a script or notebook");
    check(
        b"ccloudpickle.cloudpickle\n_make_function\n.",
        "cloudpickle.cloudpickle._make_function at byte 0 is refused: it carries Python code",
    );
    check(b"csklearn.future\nNewThing\n.", "sklearn.future.NewThing at byte 0 is refused: this part of scikit-learn");
}

/// A lambda in a transformer, and a class of one's own as a step: the message says where each stands.
#[test]
fn a_refusal_says_what_the_name_is_used_for() {
    let check = |file: &[u8], expected: &str| {
        let error = read(file, |_| ()).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}\nwanted: {expected}");
    };
    let transformer =
        b"\x80\x02csklearn.preprocessing._function_transformer\nFunctionTransformer\n)\x81}(X\x04\0\0\0func";
    let lambda = [transformer.as_slice(), b"ccloudpickle.cloudpickle\n_make_function\n."].concat();
    let owner = "sklearn.preprocessing._function_transformer.FunctionTransformer";
    check(&lambda, &format!("rebuild the model from scikit-learn's own classes; it stands as \"func\" of a {owner}"));
    let step = b"\x80\x02csklearn.pipeline\nPipeline\n)\x81}(X\x05\0\0\0steps](X\x03\0\0\0ownc__main__\nOwn\n.";
    check(step, "it stands as \"own\" of a sklearn.pipeline.Pipeline");
    check(b"\x80\x02}(X\x05\0\0\0modelc__main__\nOwn\n.", "it stands as \"model\"");
}

#[test]
fn names_match_exactly_and_have_one_role() {
    check(b"csklearn.tree._tree\r\nTree\n.", "sklearn.tree._tree\\r.Tree at byte 0 is refused");
    check(b"csklearn.tree._tree\nTree.__init__\n.", "sklearn.tree._tree.Tree.__init__ at byte 0 is refused");
    check(b"csklearn.tree\n_tree.Tree\n.", "sklearn.tree._tree.Tree at byte 0 is refused");
    let called = "sklearn.pipeline.Pipeline at byte 30 is refused: the file calls it while loading";
    check(b"csklearn.pipeline\nPipeline\n()tR.", called);
    check(b"csklearn.tree._tree\nTree\n)\x81.", "sklearn.tree._tree.Tree at byte 26 is refused: it is no class");
    check(b"cnumpy\nfloat64\n)R.", "numpy.float64 at byte 16 is refused: the file calls it");
    check(b"cfunctools\npartial\n(cnumpy\nlog1p\ntR.", "functools.partial at byte 34 is refused: only the call that");
    check(b"ccopyreg\n_reconstructor\n(cnumpy\nlog1p\ncbuiltins\nobject\nNtR.", "numpy.log1p at byte 57 is refused");
    let long = [b"c".as_slice(), &b"a".repeat(1 << 20), b"\nb\n."].concat();
    let error = read(&long, |_| ()).unwrap_err().to_string();
    assert!(error.len() < 500, "{} bytes: {error:.300}", error.len());
}

/// scipy's discrete distributions keep methods of themselves. Nobody else may ask for an attribute.
#[test]
fn only_a_distribution_has_methods() {
    let method = |owner: &str, name: &str| format!("cbuiltins\ngetattr\n({owner}{name}tR.");
    let distribution = "cscipy.stats._discrete_distns\nrandint_gen\n)\u{81}";
    let bytes = |text: String| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let none = |graph: &Graph<'_>| graph.root().is_none();
    assert_eq!(read(&bytes(method(distribution, "V_entropy\n")), none), Ok(true));
    for (owner, name) in [
        ("cscipy.stats._discrete_distns\nrandint_gen\n", "V_entropy\n"),
        ("csklearn.tree._classes\nDecisionTreeClassifier\n)\u{81}", "Vfit\n"),
        ("cnumpy\nndarray\n", "V__class__\n"),
        (distribution, "I1\n"),
    ] {
        let error = read(&bytes(method(owner, name)), |_| ()).expect_err(name).to_string();
        assert!(error.contains("builtins.getattr at byte"), "{error}");
    }
}

/// Since scikit-learn 1.9 requests of metadata know the estimator that holds them.
#[test]
fn the_owner_of_metadata_requests_becomes_a_name() {
    let file = b"csklearn.linear_model._base\nLinearRegression\n)\x81p0\n(dV_metadata_request\n\
csklearn.utils._metadata_requests\nMetadataRequest\n)\x81(dVowner\ng0\nsbsb.";
    let owner = |graph: &Graph<'_>| {
        let request = graph.root().get("_metadata_request")?;
        request.get("owner")?.str().ok().map(str::to_owned)
    };
    assert_eq!(read(file, owner), Ok(Some("LinearRegression".to_owned())));
}

/// The partial that HistGradientBoosting binds, and the same with anything else in it.
#[test]
fn a_partial_binds_only_check_array() {
    let partial = |function: &str, value: &str| {
        format!(
            "cfunctools\npartial\n(c{function}\ntR(c{function}\n)(Vdtype\n(lcnumpy\nfloat64\naVforce_all_finite\n{value}\ndNtb."
        )
    };
    let check_array = "sklearn.utils.validation\ncheck_array";
    assert_eq!(read(partial(check_array, "I00").as_bytes(), |_| ()), Ok(()));
    for file in [
        partial(check_array, "I01"),
        partial(check_array, "I00\nVaccept_sparse\nI00"),
        partial("sklearn.utils.validation\ncheck_X_y", "I00"),
        partial(check_array, "cnumpy\nlog1p"),
    ] {
        assert!(matches!(read(file.as_bytes(), |_| ()), Err(PickleError::Refused { .. })), "{file}");
    }
}

#[test]
fn malformed_streams_are_refused() {
    check(b"", "the file ends at byte 0 in the middle of its values");
    check(b"\x80\x04N", "the file ends at byte 3");
    check(b"\x80\x06N.", "PROTO at byte 0: protocol 6 does not exist");
    check(b"NN.", "STOP at byte 2: 2 values and 0 marks are left");
    check(b"(N.", "STOP at byte 2: 1 values and 1 marks are left");
    check(b"N.N", "1 more bytes follow the end of the pickle at byte 2");
    check(b"\x80\x04h\x07.", "BINGET at byte 2: memo slot 7 was never filled");
    check(b"Nr\xff\xff\xff\xff.", "LONG_BINPUT at byte 1: more than 7 memo slots");
    check(
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
        "BINBYTES8 at byte 2 goes on for 9223372036854775807 bytes and 4 are left",
    );
    check(b"\x80\x04\x95\x20\0\0\0\0\0\0\0N.", "FRAME at byte 2 goes on for 32 bytes and 2 are left");
    check(b"\x80\x04\x95\x0a\0\0\0\0\0\0\0\x95\x01\0\0\0\0\0\0\0N.", "FRAME at byte 11: a frame begins inside another");
    check(b"}(K\x01u.", "SETITEMS at byte 4: a key without a value");
    check(b"}]K\x01s.", "SETITEM at byte 4: a key that Python cannot hash");
    check(b"K\x01K\x02a.", "APPEND at byte 4: its target is no list");
    check(b"(N0b.", "BUILD at byte 3: the stack is empty");
    check(b"I12x\n.", "INT at byte 0: not an integer");
    check(b"L\n.", "LONG at byte 0: not an integer");
    check(&[b"I".as_slice(), &b"9".repeat(65), b"\n."].concat(), "INT at byte 0: not an integer of at most 64 digits");
    check(b"\x80\x04\x8c\x02\xff\xfe.", "SHORT_BINUNICODE at byte 2: not valid text");
    check(b"V\\ud800\n.", "UNICODE at byte 0: not valid text");
    check(b"\x80\x04\xff.", "opcode 0xff at byte 2 is not allowed");
}

#[test]
fn values_that_contain_themselves_are_refused() {
    check(b"]q\0h\0a.", "STOP at byte 6: a value contains itself");
    check(b"}q\0K\x01h\0s.", "STOP at byte 8: a value contains itself");
    check(b"csklearn.pipeline\nPipeline\n)\x81q\0}Vsteps\n]h\0asb.", "STOP at byte 45: a value contains itself");
    check(&[&b"]".repeat(2000)[..], &b"a".repeat(1999), b"."].concat(), "STOP at byte 3999: more than 1000 values in");
    check(&[b")".as_slice(), &b"\x85".repeat(2000), b"."].concat(), "STOP at byte 2001: more than 1000 values in");
}

/// A dtype by its code, with the state that numpy gives it; memo slot 0.
const F8: &[u8] = b"cnumpy\ndtype\n(Vf8\nI00\nI01\ntR(K\x03V<\nNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbq\x000";

/// An array of `F8` with this shape (opcodes) and data.
fn array(shape: &[u8], data: &[u8]) -> Vec<u8> {
    let start = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tC\x01btR(K\x01";
    [b"\x80\x03", F8, start, shape, b"h\0\x89C", &[data.len() as u8], data, b"tb."].concat()
}

/// A joblib wrapper around an array of `F8`.
fn wrapper(shape: &[u8], order: &[u8], rest: &[u8]) -> Vec<u8> {
    let start = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(Vsubclass\ncnumpy\nndarray\nVdtype\nh\0Vshape\n";
    let parts =
        [b"\x80\x03".as_slice(), F8, start, shape, b"Vorder\nV", order, b"\nVnumpy_array_alignment_bytes\nK\x10ub"];
    [parts.concat().as_slice(), rest, b"."].concat()
}

#[test]
fn arrays_fit_their_data() {
    #[track_caller]
    fn check(file: &[u8], expected: &str) {
        let found = match read(file, |graph| graph.root().f64s()) {
            Ok(numbers) => format!("{:?}", numbers.unwrap()),
            Err(problem) => problem.to_string(),
        };
        assert!(found.contains(expected), "{found}\nwanted: {expected}");
    }
    let two = [1.5f64.to_le_bytes(), (-2f64).to_le_bytes()].concat();
    check(&array(b"K\x02\x85", &two), "[1.5, -2.0]");
    check(&array(b"K\x03\x85", &two), "16 bytes of data for an array of <f8 with shape [3]");
    check(&array(b"J\xff\xff\xff\xff\x85", &two), "an array shape that is not of integers from 0");
    check(&array(b"\x8a\x08\0\0\0\0\0\0\0\x20K\x08\x86", b""), "larger than any memory");
    check(&array(b"K\0\x8a\x08\0\0\0\0\0\0\0\x20\x86", b""), "larger than any memory");
    check(&array(&[b"(".as_slice(), &b"K\x01".repeat(33), b"t"].concat(), &two[..8]), "more than 32 dimensions");
    check(&wrapper(b"K\x02\x85", b"C", &[b"\x01\xff", two.as_slice()].concat()), "[1.5, -2.0]");
    check(&wrapper(b"K\x02\x85", b"C", &[b"\0", two.as_slice()].concat()), "[1.5, -2.0]");
    check(&wrapper(b"K\x02\x85", b"K", &[b"\0", two.as_slice()].concat()), "an array order other than C and F");
    check(&wrapper(b"K\x03\x85", b"C", &[b"\0", two.as_slice()].concat()), "goes on for 24 bytes and 17 are left");
    check(&wrapper(b"K\x02\x85", b"C", b"\xff"), "goes on for 255 bytes and 1 are left");
    let begun = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tVb\ntR.";
    check(begun, "an array was begun and never filled");
}

/// Elements without size would let a short file describe any number of them.
#[test]
fn elements_without_size_are_refused() {
    let file = array(b"\x8a\x08\0\0\0\0\0\0\0\x10\x85", b"");
    let at = file.windows(3).position(|w| w == b"Vf8").unwrap();
    let empty = [&file[..at], b"VU0", &file[at + 3..]].concat();
    check(&empty, "BUILD at byte ");
}

#[test]
fn pickles_nest_in_joblib_files_only_so_deep() {
    let wrapper = |inner: &[u8]| {
        let dtype = b"cnumpy\ndtype\n(VO8\nI00\nI01\ntR";
        let start = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(Vsubclass\ncnumpy\nndarray\nVshape\nK\x01\x85Vorder\nVC\nVdtype\n";
        [b"\x80\x03", start.as_slice(), dtype, b"ub", inner, b"."].concat()
    };
    let dtype = b"cnumpy\ndtype\n(VO8\nI00\nI01\ntR";
    let start = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tC\x01btR(K\x01K\x01\x85";
    let mut file = [b"\x80\x03", start.as_slice(), dtype, b"\x89]K\x07atb."].concat();
    for _ in 0..8 {
        file = wrapper(&file);
    }
    let seven = read(&file, |graph| graph.root().items().unwrap()[0].i64().unwrap());
    assert_eq!(seven, Ok(7));
    let problem = read(&wrapper(&file), |_| ()).unwrap_err().to_string();
    assert!(problem.contains("more than 8 nested pickles"), "{problem}");
}

/// A survey lists everything that stands in the way, and where it stops.
#[test]
fn a_survey_goes_on_past_refused_names() {
    let file = b"(cos\nsystem\n(Vid\ntRcxgboost\nBooster\n)\x81cos\nsystem\ncsklearn.pipeline\nPipeline\n)RcX\nY\n\xff";
    let found = survey(file, &Limits::for_file(file));
    let refused: Vec<_> = found.notes.refused.iter().map(|r| (r.name.as_str(), r.refusal, r.at.byte, r.uses)).collect();
    assert_eq!(
        refused,
        [
            ("os.system", Refusal::Unknown, 1, 2),
            ("os.system", Refusal::Called, 18, 1),
            ("xgboost.Booster", Refusal::Unknown, 19, 1),
            ("xgboost.Booster", Refusal::Instantiated, 37, 1),
            ("sklearn.pipeline.Pipeline", Refusal::Called, 77, 1),
            ("X.Y", Refusal::Unknown, 78, 1),
        ]
    );
    assert!(matches!(found.problem, Some(PickleError::Opcode { code: 0xff, .. })), "{:?}", found.problem);
}

/// Everything that inflates is stopped at its limit, and says that offsets are those of the decompressed stream.
#[test]
fn compressed_files_are_bounded() {
    let zeros = vec![0; 1 << 20];
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..64 {
        zlib.write_all(&zeros).unwrap();
    }
    check(&zlib.finish().unwrap(), "the zlib file unpacks to more than ");

    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"\x80\x04cos\nsystem\n.").unwrap();
    let gzip = gzip.finish().unwrap();
    check(&gzip, "os.system at byte 2 of the decompressed gzip stream is refused");
    check(&gzip[..gzip.len() - 1], "the gzip stream is damaged");
    check(&[gzip.as_slice(), b"x"].concat(), "the gzip stream is damaged");
}

/// Headers that announce the largest buffers of their formats are refused or cost nothing.
#[test]
fn announced_buffers_are_not_allocated() {
    let mut lzma = b"\x5d\0\0\0\xff".to_vec();
    lzma.extend_from_slice(&[0xff; 8]);
    lzma.extend_from_slice(&[0; 64]);
    let crc = |bytes: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum().to_le_bytes()
    };
    // One LZMA2 block with a dictionary of 4 GiB.
    let block = b"\x02\0\x21\x01\x28\0\0\0";
    let xz = [b"\xfd7zXZ\0\0\x01".as_slice(), &crc(b"\0\x01"), block, &crc(block), &[1, 0, 0, 0, 0, 0, 0, 0]].concat();
    let bz2 = [b"BZh91AY&SY".as_slice(), &[0xff; 64]].concat();
    let lz4 = [b"\x04\x22\x4d\x18\x40\x70\xdf".as_slice(), &[0xff; 64]].concat();
    for (file, compression) in
        [(lzma, Compression::Lzma), (xz, Compression::Xz), (bz2, Compression::Bzip2), (lz4, Compression::Lz4)]
    {
        let problem = decompress(&file, &Limits::for_file(&file));
        assert!(
            matches!(&problem, Err(PickleError::Compressed { compression: by, .. }) if *by == compression),
            "{compression}: {problem:?}"
        );
    }
}

/// How protocols 0 and 1 spell a named tuple.
#[test]
fn a_named_tuple_keeps_its_parts() {
    let stream = b"ccopy_reg\n_reconstructor\n(csklearn.impute._iterative\n_ImputerTriplet\nc__builtin__\ntuple\n(I1\nI2\nI3\nttR.";
    let parts = |graph: &Graph<'_>| graph.root().args().iter().map(|part| part.i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(read(stream, parts), Ok(vec![1, 2, 3]));
}
