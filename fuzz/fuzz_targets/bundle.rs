//! Native bundles: any bytes, and any records behind a right digest, are refused or load, and what is read can be
//! written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scorelet::bundle::native;
use scorelet::load::{BundleFile, LoadOptions};
use sha2::{Digest, Sha256};

fuzz_target!(|input: &[u8]| {
    let _ = native::decode(input);
    let Some((len, rest)) = input.split_first_chunk::<2>() else { return };
    let records = rest.len().min(usize::from(u16::from_le_bytes(*len)));
    let bytes = sealed(&rest[..records], &rest[records..]);
    if let Ok(graph) = native::decode(&bytes) {
        let again = native::encode(&graph).expect("what was read can be written");
        let graph = native::decode(&again).expect("what was written can be read");
        assert_eq!(native::encode(&graph).expect("and written once more"), again);
    }
    let _ = BundleFile::new("fuzz".into(), bytes).load(&LoadOptions::default());
});

/// A file of these two sections with a header that is right.
fn sealed(records: &[u8], arrays: &[u8]) -> Vec<u8> {
    let arrays_at = (64 + records.len()).next_multiple_of(64);
    let mut file = b"\x89scorelet\r\n\x1a".to_vec();
    file.extend_from_slice(&native::VERSION.to_le_bytes());
    file.extend_from_slice(&((arrays_at + arrays.len()) as u64).to_le_bytes());
    file.extend_from_slice(&(records.len() as u64).to_le_bytes());
    file.resize(64, 0);
    file.extend_from_slice(records);
    file.resize(arrays_at, 0);
    file.extend_from_slice(arrays);
    let digest = Sha256::new_with_prefix(&file[..32]).chain_update(&file[64..]).finalize();
    file[32..64].copy_from_slice(&digest);
    file
}
