//! Signatures: our own, the reference tool's, and what was tampered with. `tests/python/registry.py` runs the tool.

use super::*;
use crate::registry::record::{FORMAT, Provenance, digest};
use std::fs;

/// Written by model-signing 1.1.1 over a folder with b.txt, sub/a.txt and sub.txt.
const THEIRS: &[u8] = include_bytes!("theirs.sig.json");
/// The public key that it was made with.
const KEY: &str = include_str!("theirs.pem");

fn stored(path: &str, content: &str) -> Stored {
    Stored { path: path.to_owned(), sha256: hex(&Sha256::digest(content)), size: content.len() as u64 }
}

fn record(files: Vec<Stored>) -> Record {
    let digest = digest(&files);
    let (name, id) = ("m".to_owned(), String::new());
    let provenance = Provenance::default();
    Record { format: FORMAT, name, version: 1, id, digest, files, bundle: None, features: None, provenance }
}

fn files() -> Vec<Stored> {
    vec![stored("b.txt", "a\n"), stored("sub/a.txt", "c\n"), stored("sub.txt", "x\n")]
}

fn pem(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn private(seed: u8) -> SigningKey {
    SigningKey(Private::from_slice(&[seed; 32]).unwrap())
}

#[test]
fn what_the_reference_tool_signed_is_checked() {
    let (_folder, path) = pem(KEY);
    let key = PublicKey::read(&path).unwrap();
    compared(THEIRS, &record(files()), Some(&key)).unwrap();
    let other = private(1).public();
    assert_eq!(compared(THEIRS, &record(files()), Some(&other)).unwrap_err(), "it was made with another key");
}

#[test]
fn what_we_signed_says_what_the_tool_says() {
    let ours: Value = serde_json::from_slice(&signed("model", &files(), &private(7))).unwrap();
    let theirs: Value = serde_json::from_slice(THEIRS).unwrap();
    let payload = |bundle: &Value| -> Value {
        let text = Base64::decode_vec(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
        let mut statement: Value = serde_json::from_slice(&text).unwrap();
        let ignored = statement["predicate"]["serialization"]["ignore_paths"].as_array_mut().unwrap();
        ignored.sort_by_key(Value::to_string);
        statement
    };
    assert_eq!(payload(&ours), payload(&theirs));
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&ours), keys(&theirs));
    assert_eq!(keys(&ours["dsseEnvelope"]), keys(&theirs["dsseEnvelope"]));
}

#[test]
fn a_signature_covers_exactly_the_files() {
    let key = private(7);
    let signature = signed("m", &files(), &key);
    let check = |files: Vec<Stored>, expected: Result<(), &str>| {
        let found = compared(&signature, &record(files), Some(&key.public()));
        assert_eq!(found, expected.map_err(str::to_owned));
    };
    check(files(), Ok(()));
    let mut changed = files();
    changed[1] = stored("sub/a.txt", "other");
    check(changed, Err("sub/a.txt is not the file that was signed"));
    check(files()[..2].to_vec(), Err("it covers sub.txt, which is not there"));
    check([files(), vec![stored("z", "")]].concat(), Err("it does not cover z"));
}

#[test]
fn what_was_tampered_with_is_refused() {
    let key = private(7);
    let signature: Value = serde_json::from_slice(&signed("m", &files(), &key)).unwrap();
    let check = |change: &dyn Fn(&mut Value), expected: &str| {
        let mut bundle = signature.clone();
        change(&mut bundle);
        let found = compared(bundle.to_string().as_bytes(), &record(files()), Some(&key.public())).unwrap_err();
        assert!(found.contains(expected), "{found}");
    };
    let payload = |change: &dyn Fn(&mut Value)| {
        let text = Base64::decode_vec(signature["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
        let mut statement: Value = serde_json::from_slice(&text).unwrap();
        change(&mut statement);
        Value::from(Base64::encode_string(statement.to_string().as_bytes()))
    };
    let other = payload(&|statement| statement["subject"][0]["name"] = "other".into());
    check(&|bundle| bundle["dsseEnvelope"]["payload"] = other.clone(), "what it says was changed since");
    check(&|bundle| bundle["dsseEnvelope"]["payload"] = "*".into(), "no sigstore bundle");
    check(&|bundle| bundle["dsseEnvelope"]["payloadType"] = "text".into(), "no in-toto statement");
    check(&|bundle| bundle["dsseEnvelope"]["signatures"] = json!([]), "no signature of an EC P-256 key");
    check(&|bundle| *bundle = Value::Null, "no sigstore bundle");
    for noise in [&b""[..], b"{", b"[[[[", &[b'['; 100_000]] {
        assert!(compared(noise, &record(files()), None).is_err());
    }
}

/// With the right key, over a statement that is something else.
#[test]
fn statements_of_other_forms_are_refused() {
    let check = |change: &dyn Fn(&mut Value), expected: &str| {
        let signature: Value = serde_json::from_slice(&signed("m", &files(), &private(7))).unwrap();
        let text = Base64::decode_vec(signature["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
        let mut statement: Value = serde_json::from_slice(&text).unwrap();
        change(&mut statement);
        let found = resources(&statement).unwrap_err();
        assert!(found.contains(expected), "{found}");
    };
    let form = "it is of a form that is not known here";
    check(&|statement| statement["predicateType"] = "https://model_signing/Digests/v0.1".into(), form);
    check(&|statement| statement["predicate"]["serialization"]["hash_type"] = "blake3".into(), form);
    check(&|statement| statement["predicate"]["serialization"]["method"] = "shards".into(), form);
    check(&|statement| statement["_type"] = Value::Null, form);
    check(&|statement| statement["predicate"]["resources"][0]["digest"] = Value::Null, "without its digest");
    check(&|statement| statement["predicate"]["resources"][0]["algorithm"] = "md5".into(), "without its digest");
    check(&|statement| statement["predicate"]["resources"][0]["digest"] = "0g".into(), "root digest");
    check(&|statement| statement["subject"] = json!([]), "root digest");
}

#[test]
fn a_single_file_is_signed_without_its_name() {
    let key = private(7);
    let single = signed("m", &[stored(".", "a\n")], &key);
    let check = |files: Vec<Stored>| compared(&single, &record(files), Some(&key.public()));
    assert_eq!(check(vec![stored("model.pkl", "a\n")]), Ok(()));
    assert_eq!(check(vec![stored("model.pkl", "b")]).unwrap_err(), "model.pkl is not the file that was signed");
    assert!(check(files()).is_err());
}

#[test]
fn keys_are_read_as_openssl_writes_them() {
    let key = Private::from_slice(&[7; 32]).unwrap();
    let sec1 = p256::SecretKey::from(&key).to_sec1_pem(LineEnding::LF).unwrap();
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let pkcs8 = p256::pkcs8::EncodePrivateKey::to_pkcs8_pem(&key, LineEnding::CRLF).unwrap();
    for text in [sec1.to_string(), format!("{parameters}{}", *sec1), pkcs8.to_string()] {
        let (_folder, path) = pem(&text);
        assert_eq!(SigningKey::read(&path).unwrap().public(), private(7).public());
    }
    let check = |text: &str, expected: &str| {
        let (_folder, path) = pem(text);
        let error = SigningKey::read(&path).unwrap_err();
        assert!(error.is_usage() && error.to_string().contains(expected), "{error}");
        assert!(PublicKey::read(&path).is_err());
    };
    check("", "this is no key on the curve P-256");
    check("-----BEGIN EC PRIVATE KEY-----", "this is no key on the curve P-256");
    check("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "this is no key on the curve P-256");
    check("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "it is encrypted");
    assert!(SigningKey::read(Path::new("no such file")).unwrap_err().to_string().contains("no such file"));
    assert_eq!(format!("{:?}", private(7)), "SigningKey");
}
