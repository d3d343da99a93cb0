//! Signatures: asked for, they keep out what is not signed, signed by others, or not what was signed.
//! `tests/python/registry.py` holds them to the reference tool.

use super::bench::{Bench, IRIS, OTHER, fixture};
use p256::pkcs8::{EncodePublicKey, LineEnding};
use serde_json::json;
use std::fs;

/// Writes `NAME.pem` and `NAME.pub`, and gives their paths.
fn key(bench: &Bench, name: &str, seed: u8) -> (String, String) {
    let key = p256::SecretKey::from_slice(&[seed; 32]).unwrap();
    let path = |ending: &str| bench.path(&format!("{name}.{ending}"));
    fs::write(path("pem"), key.to_sec1_pem(LineEnding::LF).unwrap().as_bytes()).unwrap();
    fs::write(path("pub"), key.public_key().to_public_key_pem(LineEnding::LF).unwrap()).unwrap();
    (path("pem").display().to_string(), path("pub").display().to_string())
}

#[test]
fn a_signature_that_is_asked_for_keeps_others_out() {
    let bench = Bench::new();
    let ((ours, our), (theirs, their)) = (key(&bench, "ours", 7), key(&bench, "theirs", 8));
    bench.says(&["register", "--name", "iris", "--path", &fixture(IRIS), "--sign-key", &ours]);
    bench.register("iris", OTHER);
    bench.says(&["register", "--name", "iris", "--path", &fixture(OTHER), "--sign-key", &theirs]);
    assert_eq!(bench.json(&["registry", "show", "iris@1"])["signed"], true);
    assert_eq!(bench.json(&["registry", "verify"])["signed"], 2);
    let check = |reference: &str, key: &str, expected: Result<(), &str>| {
        // A folder of the reference's own name would be what is inspected.
        let (asked, out) = (["--require-signature", key], format!("pulled-{reference}"));
        let commands = [
            (&["inspect", reference][..], 3),
            (&["registry", "pull", reference, "--output", &out], 1),
            (&["registry", "promote", reference, "--override", "test"], 1),
        ];
        for (command, code) in commands {
            let args = [command, &asked].concat();
            match expected {
                Ok(()) => drop(bench.says(&args)),
                Err(expected) => bench.fails(&args, code, expected),
            }
        }
        if let Err(expected) = expected {
            bench.fails(&["serve", reference, "--port", "0", "--require-signature", key], 3, expected);
        }
    };
    check("iris@1", &our, Ok(()));
    check("iris@1", &their, Err("the signature of iris@1 is not valid: it was made with another key"));
    check("iris@2", &our, Err("iris@2 is not signed"));
    check("iris@3", &our, Err("it was made with another key"));
    let found = bench.output(&["registry", "verify", "iris", "--require-signature", &our]);
    let text = String::from_utf8_lossy(&found.stdout);
    assert_eq!(found.status.code(), Some(1));
    assert!(text.contains("iris@2: iris@2 is not signed") && text.contains("iris@3: the signature"), "{text}");
    // Signed later, once.
    bench.says(&["registry", "sign", "iris@2", "--sign-key", &ours]);
    bench.says(&["registry", "sign", "iris@2", "--sign-key", &ours]);
    bench.fails(
        &["registry", "sign", "iris@2", "--sign-key", &theirs],
        1,
        "iris@2 is signed already, with another key",
    );
    check("iris@2", &our, Ok(()));
    // Somebody swaps the signature for that of another version.
    let sig = |version: u64| bench.path(&format!("registry/models/iris/versions/000000000{version}.sig"));
    fs::copy(sig(1), sig(2)).unwrap();
    check("iris@2", &our, Err("it does not cover bundle_integers.p4.pkl"));
    fs::write(sig(2), "[".repeat(100_000)).unwrap();
    check("iris@2", &our, Err("it is no JSON"));
    assert_eq!(bench.output(&["registry", "verify"]).status.code(), Some(1));
}

/// As it is pulled, so it can be registered elsewhere, with its signature.
#[test]
fn a_signature_travels_with_the_files() {
    let bench = Bench::new();
    let (ours, our) = key(&bench, "ours", 7);
    bench.says(&["register", "--name", "iris", "--path", &fixture(IRIS), "--sign-key", &ours]);
    bench.says(&["registry", "pull", "iris", "--output", "pulled"]);
    assert!(bench.path("pulled/model.sig").is_file());
    let other = bench.path("other").display().to_string();
    let register = ["register", "--name", "flower", "--path", "pulled", "--registry", &other];
    bench.says(&register);
    let show = |args: &[&str]| bench.json(&[&["registry", "show"], args].concat())["record"].clone();
    let (there, here) = (show(&["flower", "--registry", &other]), show(&["iris"]));
    assert_eq!(there["digest"], here["digest"], "the signature is none of the files");
    bench.says(&["inspect", "flower@1", "--registry", &other, "--require-signature", &our]);
    bench.says(&["registry", "promote", "iris@1", "--to", &other, "--override", "test"]);
    bench.says(&["inspect", "iris@champion", "--registry", &other, "--require-signature", &our]);
    fs::write(bench.path("pulled/card.md"), "new").unwrap();
    bench.fails(&register, 1, "the signature of flower is not valid: it does not cover card.md");
    assert_eq!(bench.json(&["registry", "list", "--registry", &other])["models"][0]["versions"], json!(1));
}

#[test]
fn what_is_no_key_is_wrong_usage() {
    let bench = Bench::new();
    fs::write(bench.path("no.pem"), "hello").unwrap();
    let (ours, our) = key(&bench, "ours", 7);
    let path = fixture(IRIS);
    let register = ["register", "--name", "iris", "--path", &path, "--sign-key"];
    for wrong in ["no.pem", &our] {
        bench.fails(
            &[&register[..], &[wrong]].concat(),
            2,
            "this is no key on the curve P-256\n  make one with: openssl",
        );
    }
    bench.fails(&[&register[..], &["missing.pem"]].concat(), 2, "missing.pem: No such file");
    bench.says(&[&register[..], &[&ours]].concat());
    for wrong in ["no.pem", &ours] {
        bench.fails(&["inspect", "iris@1", "--require-signature", wrong], 2, "this is no key on the curve P-256");
    }
}
