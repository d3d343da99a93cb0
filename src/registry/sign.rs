//! Signatures of versions in the format of OpenSSF model-signing 1.x with a local key: a sigstore bundle around an
//! in-toto statement that names every file with its digest. The home of p256 and base64ct.
//!
//! `model_signing verify key FOLDER --signature FOLDER/model.sig --public_key KEY` checks a pulled version, and what
//! `model_signing sign key` wrote is checked here. Keyless signing through Sigstore's services is not: it needs them.

use super::record::{Record, Stored, hex, order};
use super::{Registry, RegistryError, version_key};
use base64ct::{Base64, Encoding};
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, SigningKey as Private, VerifyingKey as Public};
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey, LineEnding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a signature is called beside the files that it covers.
pub const SIGNATURE_FILE: &str = "model.sig";

/// Bytes of a signature: one that covers the most files that a version may have is smaller.
const LARGEST: u64 = 16 << 20;
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://model_signing/signature/v1.0";
/// What the reference tool leaves out, too.
const IGNORED: [&str; 5] = [SIGNATURE_FILE, ".git", ".gitattributes", ".github", ".gitignore"];

/// Why something is not signed as it should be.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error("{path}: {problem}")]
    Key { path: String, problem: String },
    #[error(
        "{what} is not signed\n  `scorelet registry sign` signs it; without --require-signature it is taken as it is"
    )]
    Unsigned { what: String },
    #[error("the signature of {what} is not valid: {problem}")]
    Invalid { what: String, problem: String },
    #[error("{what} is signed already, with another key\n  a signature is written once")]
    Taken { what: String },
}

impl Failed {
    /// Whether what was typed is wrong.
    pub fn is_usage(&self) -> bool {
        matches!(self, Failed::Key { .. })
    }
}

/// A private key. Its `Debug` shows nothing of it.
pub struct SigningKey(Private);

/// The key that a signature is checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(Public);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

const MAKE_ONE: &str = "make one with: openssl ecparam -name prime256v1 -genkey -noout -out key.pem";

impl SigningKey {
    /// Reads a PEM file with a private key on the curve P-256, as PKCS #8 or as openssl's `EC PRIVATE KEY`.
    ///
    /// # Errors
    /// When it holds no such key.
    pub fn read(path: &Path) -> Result<SigningKey, Failed> {
        let text = pem_text(path)?;
        let key = if text.contains("ENCRYPTED") {
            Err("it is encrypted, and nobody could be asked for the password here".to_owned())
        } else if let Some(block) = block(&text, "EC PRIVATE KEY") {
            p256::SecretKey::from_sec1_pem(block).map(Private::from).map_err(|_| no_key(MAKE_ONE))
        } else if let Some(block) = block(&text, "PRIVATE KEY") {
            Private::from_pkcs8_pem(block).map_err(|_| no_key(MAKE_ONE))
        } else {
            Err(no_key(MAKE_ONE))
        };
        key.map(SigningKey).map_err(|problem| Failed::Key { path: path.display().to_string(), problem })
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(*self.0.verifying_key())
    }
}

impl PublicKey {
    /// Reads a PEM file with a public key on the curve P-256.
    ///
    /// # Errors
    /// When it holds no such key.
    pub fn read(path: &Path) -> Result<PublicKey, Failed> {
        let advice = "the public key of key.pem is had with: openssl ec -in key.pem -pubout";
        let text = pem_text(path)?;
        let key = block(&text, "PUBLIC KEY").and_then(|block| Public::from_public_key_pem(block).ok());
        let wrong = || Failed::Key { path: path.display().to_string(), problem: no_key(advice) };
        key.map(PublicKey).ok_or_else(wrong)
    }

    /// Hex SHA-256 of its PEM text, by which a signature names its key.
    fn hint(&self) -> String {
        let pem = self.0.to_public_key_pem(LineEnding::LF).expect("a point on the curve has a PEM form");
        hex(&Sha256::digest(pem))
    }
}

fn no_key(advice: &str) -> String {
    format!("this is no key on the curve P-256\n  {advice}")
}

fn pem_text(path: &Path) -> Result<String, Failed> {
    let failed = |problem: String| Failed::Key { path: path.display().to_string(), problem };
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(1 << 16).read_to_string(&mut text));
    read.map_err(|error| failed(error.to_string()))?;
    Ok(text)
}

/// One block of a PEM file, which may hold others, such as the parameters that openssl writes before a key.
fn block<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let start = text.find(&begin)?;
    let length = text[start..].find(&end)? + end.len();
    Some(&text[start..start + length])
}

/// A signature file, in memory.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, RegistryError> {
    let failed = |source| RegistryError::Io { path: path.display().to_string(), source };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(bytes)
}

/// The signature of files with the name `name`.
fn signed(name: &str, files: &[Stored], key: &SigningKey) -> Vec<u8> {
    let resource = |file: &Stored| json!({ "name": file.path, "algorithm": "sha256", "digest": file.sha256 });
    let mut ordered: Vec<&Stored> = files.iter().collect();
    ordered.sort_by(|one, other| order(&one.path, &other.path));
    let root = root(ordered.iter().map(|file| file.sha256.as_str())).expect("digests of a record are hexadecimal");
    let statement = json!({
        "_type": STATEMENT,
        "subject": [{ "name": name, "digest": { "sha256": root } }],
        "predicateType": PREDICATE,
        "predicate": {
            "serialization": {
                "method": "files", "hash_type": "sha256", "allow_symlinks": false, "ignore_paths": IGNORED,
            },
            "resources": ordered.into_iter().map(resource).collect::<Vec<_>>(),
        },
    });
    let payload = statement.to_string();
    let signature: DerSignature = key.0.sign(&encoded(payload.as_bytes()));
    let bundle = json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": { "publicKey": { "hint": key.public().hint() }, "tlogEntries": [] },
        "dsseEnvelope": {
            "payload": Base64::encode_string(payload.as_bytes()),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{ "sig": Base64::encode_string(signature.as_bytes()), "keyid": "" }],
        },
    });
    bundle.to_string().into_bytes()
}

/// The bytes that are signed: DSSE's pre-authentication encoding of the payload.
fn encoded(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// SHA-256 over all digests, in their order; `None` if one is no hexadecimal.
fn root<'d>(digests: impl Iterator<Item = &'d str>) -> Option<String> {
    let mut hash = Sha256::new();
    for digest in digests {
        let pairs = digest.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        hash.update(pairs.collect::<Option<Vec<u8>>>()?);
    }
    Some(hex(&hash.finalize()))
}

/// Whether a signature is about exactly the files of a record; who made it is not asked.
pub(super) fn covers(signature: &[u8], record: &Record) -> Result<(), Failed> {
    let what = if record.version == 0 { record.name.clone() } else { record.reference() };
    compared(signature, record, None).map_err(|problem| Failed::Invalid { what, problem })
}

/// The whole check of a signature.
///
/// # Errors
/// What is wrong with it, in words.
fn compared(signature: &[u8], record: &Record, key: Option<&PublicKey>) -> Result<(), String> {
    if signature.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    let bundle: Value = serde_json::from_slice(signature).map_err(|_| "it is no JSON".to_owned())?;
    let envelope = &bundle["dsseEnvelope"];
    let decoded = |value: &Value| Base64::decode_vec(value.as_str().unwrap_or_default()).ok();
    let payload = decoded(&envelope["payload"]).filter(|payload| !payload.is_empty());
    let payload = payload.ok_or("it is no sigstore bundle with a DSSE envelope")?;
    if envelope["payloadType"] != PAYLOAD_TYPE {
        return Err("what is signed is no in-toto statement".to_owned());
    }
    if let Some(key) = key {
        let made_with = bundle["verificationMaterial"]["publicKey"]["hint"].as_str();
        let bytes = decoded(&envelope["signatures"][0]["sig"]).and_then(|bytes| DerSignature::from_bytes(&bytes).ok());
        let bytes = bytes.ok_or("it has no signature of an EC P-256 key")?;
        if key.0.verify(&encoded(&payload), &bytes).is_err() {
            let other = made_with.is_some_and(|hint| hint != key.hint());
            return Err(
                if other { "it was made with another key" } else { "what it says was changed since" }.to_owned()
            );
        }
    }
    let statement: Value = serde_json::from_slice(&payload).map_err(|_| "its statement is no JSON".to_owned())?;
    same_files(&resources(&statement)?, record)
}

/// The name and digest of every file that a statement covers.
fn resources(statement: &Value) -> Result<BTreeMap<&str, &str>, String> {
    let serialization = &statement["predicate"]["serialization"];
    let forms = [
        (&statement["_type"], STATEMENT),
        (&statement["predicateType"], PREDICATE),
        (&serialization["method"], "files"),
        (&serialization["hash_type"], "sha256"),
    ];
    if let Some((found, known)) = forms.iter().find(|(found, known)| *found != known) {
        let found: String = found.to_string().chars().take(80).collect();
        return Err(format!("it is of a form that is not known here: {found} in place of {known:?}"));
    }
    let listed = statement["predicate"]["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let pairs: Vec<(&str, &str)> =
        listed.iter().map(resource).collect::<Option<_>>().ok_or("it lists a file without its digest")?;
    let said = statement["subject"][0]["digest"]["sha256"].as_str();
    if said.is_none() || said != root(pairs.iter().map(|(_, digest)| *digest)).as_deref() {
        return Err("its root digest is not that of the files it lists".to_owned());
    }
    Ok(pairs.into_iter().collect())
}

fn resource(said: &Value) -> Option<(&str, &str)> {
    let known = said["algorithm"] == "sha256";
    Some((said["name"].as_str()?, said["digest"].as_str()?)).filter(|_| known)
}

fn same_files(signed: &BTreeMap<&str, &str>, record: &Record) -> Result<(), String> {
    // A single file is signed without its name.
    if let ([only], Some(digest)) = (record.files.as_slice(), signed.get(".").filter(|_| signed.len() == 1)) {
        let problem = || format!("{} is not the file that was signed", only.path);
        return if *digest == only.sha256 { Ok(()) } else { Err(problem()) };
    }
    for file in &record.files {
        match signed.get(file.path.as_str()) {
            Some(digest) if *digest == file.sha256 => {}
            Some(_) => return Err(format!("{} is not the file that was signed", file.path)),
            None => return Err(format!("it does not cover {}", file.path)),
        }
    }
    let missing = signed.keys().find(|name| !record.files.iter().any(|file| file.path == **name));
    missing.map_or(Ok(()), |name| Err(format!("it covers {name}, which is not there")))
}

impl Registry {
    /// The signature of a version, if it has one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn signature(&self, record: &Record) -> Result<Option<Vec<u8>>, RegistryError> {
        let key = version_key(&record.name, record.version, ".sig");
        Ok(self.blobs.read(&[key], LARGEST)?.remove(0))
    }

    /// Signs a version, unless it is signed with this key already.
    ///
    /// # Errors
    /// When it is signed with another key, or the signature cannot be written.
    pub fn sign(&self, record: &Record, key: &SigningKey) -> Result<(), RegistryError> {
        if let Some(there) = self.signature(record)? {
            let same = compared(&there, record, Some(&key.public())).is_ok();
            return if same { Ok(()) } else { Err(Failed::Taken { what: record.reference() }.into()) };
        }
        self.add_signature(record, &signed(&record.name, &record.files, key))
    }

    /// Keeps a signature that was made elsewhere.
    ///
    /// # Errors
    /// When it does not cover the version, another one is there, or it cannot be written.
    pub(super) fn add_signature(&self, record: &Record, signature: &[u8]) -> Result<(), RegistryError> {
        covers(signature, record)?;
        let created = self.blobs.create(&version_key(&record.name, record.version, ".sig"), signature)?;
        if !created && self.signature(record)?.as_deref() != Some(signature) {
            return Err(Failed::Taken { what: record.reference() }.into());
        }
        Ok(())
    }

    /// Whether a version is signed with the key that belongs to `key`, and the signature covers all of it. The files
    /// themselves are checked against the record when they are read.
    ///
    /// # Errors
    /// When it is not.
    pub fn check_signature(&self, record: &Record, key: &PublicKey) -> Result<(), RegistryError> {
        let what = || record.reference();
        let signature = self.signature(record)?.ok_or_else(|| Failed::Unsigned { what: what() })?;
        let checked = compared(&signature, record, Some(key));
        Ok(checked.map_err(|problem| Failed::Invalid { what: what(), problem })?)
    }
}

#[cfg(test)]
mod tests;
