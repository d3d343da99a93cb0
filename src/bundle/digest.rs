//! The SHA-256 of a file, computed beside whoever uses the file: a large one takes longer to hash than to load, and
//! nothing on the way to the first answer needs the result.

use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Hex SHA-256 of some bytes, perhaps still on its way; empty for what is no file.
#[derive(Clone, Default)]
pub struct FileDigest(Option<Arc<OnceLock<String>>>);

/// Fewer bytes are hashed sooner than a thread begins.
const FEW: usize = 64 << 10;

impl FileDigest {
    /// Hashes on a thread of its own, which keeps the bytes until it is through.
    pub fn of(bytes: Arc<Vec<u8>>) -> FileDigest {
        let digest = Arc::new(OnceLock::new());
        let (own, held) = (digest.clone(), bytes.clone());
        let hash = move || drop(own.set(hex_sha256(&held)));
        if bytes.len() <= FEW {
            hash();
        } else if std::thread::Builder::new().name("sha256".into()).spawn(hash).is_err() {
            drop(digest.set(hex_sha256(&bytes)));
        }
        FileDigest(Some(digest))
    }

    /// Waits until it is known.
    pub fn hex(&self) -> &str {
        self.0.as_ref().map_or("", |digest| digest.wait())
    }
}

impl fmt::Debug for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hex().fmt(f)
    }
}

impl PartialEq for FileDigest {
    fn eq(&self, other: &Self) -> bool {
        self.hex() == other.hex()
    }
}

/// Of all bytes, in lower case.
pub fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_bytes_have_the_digest_of_sha256() {
        for len in [0, 1, FEW, FEW + 1, 1 << 20] {
            let bytes = vec![7; len];
            let digest = FileDigest::of(Arc::new(bytes.clone()));
            assert_eq!(digest.hex(), hex_sha256(&bytes), "{len} bytes");
            assert_eq!(digest, digest.clone());
        }
        assert_eq!(hex_sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(FileDigest::default().hex(), "");
    }
}
