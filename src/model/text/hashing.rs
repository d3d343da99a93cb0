//! The hash of a term that `HashingVectorizer` counts by.

/// MurmurHash3 of 32 bits with seed 0 (`murmurhash3_bytes_s32`).
pub fn murmur3(bytes: &[u8]) -> u32 {
    let scramble = |k: u32| k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let (words, rest) = bytes.as_chunks::<4>();
    let mut hash = 0u32;
    for word in words {
        hash ^= scramble(u32::from_le_bytes(*word));
        hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let last = rest.iter().rev().fold(0, |k, byte| k << 8 | u32::from(*byte));
    hash ^= scramble(last) ^ bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::murmur3;

    /// Expected: `sklearn.utils.murmurhash3_32(text, positive=True)`.
    #[test]
    fn hashes_are_scikit_learns() {
        for (text, expected) in [("", 0), ("a", 1009084850), ("hello", 613153351), ("été 日本", 3421813435)] {
            assert_eq!(murmur3(text.as_bytes()), expected, "{text}");
        }
    }
}
