//! The instructions of x86-64 that `slice` and `quick` are made of, and whether this processor has them.
//!
//! Vectors are made from arrays and taken apart by shuffles: nothing here reads or writes through a pointer.

use super::slice::Column;

/// Instructions that pick numbers from two registers at once, as `quick` does. Only [`Isa::picks`] makes one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Picks {
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Present),
}

/// A set of instructions that this processor has. Only [`Isa::detect`] makes one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Present),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Present),
}

impl Isa {
    /// The best there is.
    pub fn detect() -> Option<Isa> {
        Self::all().into_iter().flatten().next()
    }

    pub fn picks(self) -> Option<Picks> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512(present) => Some(Picks::Avx512(present)),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(_) => None,
        }
    }

    /// Each that there is, the best first.
    #[cfg(target_arch = "x86_64")]
    pub fn all() -> [Option<Isa>; 2] {
        [avx512::Present::detect().map(Isa::Avx512), avx2::Present::detect().map(Isa::Avx2)]
    }

    /// Each that there is: none is used on this kind of processor.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn all() -> [Option<Isa>; 2] {
        [None, None]
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx512 {
    use super::super::quick::{FEATURES, Lanes};
    use super::Column;
    use std::arch::x86_64::{
        __m512i, _mm512_and_si512, _mm512_cmpgt_epi32_mask, _mm512_cmple_epi32_mask, _mm512_extracti64x4_epi64,
        _mm512_kunpackd, _mm512_kunpackw, _mm512_mask_and_epi32, _mm512_mask_set1_epi8, _mm512_permutex2var_epi32,
        _mm512_set1_epi32, _mm512_setr_epi32, _mm512_setzero_si512, _mm512_sub_epi32, _mm512_test_epi32_mask,
    };

    /// This processor has AVX-512 F and BW.
    #[derive(Debug, Clone, Copy)]
    pub struct Present(());

    impl Present {
        pub fn detect() -> Option<Self> {
            (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")).then_some(Present(()))
        }
    }

    /// A bit for each row whose key is at most `key`.
    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    pub fn at_most(column: &Column, key: i32) -> u64 {
        let key = _mm512_set1_epi32(key);
        let bits = |keys| u32::from(_mm512_cmple_epi32_mask(vector(keys), key));
        let [a, b, c, d] = column;
        let (low, high) = (_mm512_kunpackw(bits(b), bits(a)), _mm512_kunpackw(bits(d), bits(c)));
        _mm512_kunpackd(u64::from(high), u64::from(low))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn vector(numbers: &[i32; 16]) -> __m512i {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *numbers;
        _mm512_setr_epi32(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
    }

    /// The keys of a row.
    pub struct Row([__m512i; 2]);

    impl Row {
        #[target_feature(enable = "avx512f")]
        #[inline]
        pub fn new(keys: &[i32; FEATURES]) -> Self {
            let (halves, _) = keys.as_chunks();
            Row([vector(&halves[0]), vector(&halves[1])])
        }

        /// A bit for each lane whose feature's key is above its own.
        #[target_feature(enable = "avx512f")]
        #[inline]
        pub fn above(&self, features: &Lanes, keys: &Lanes) -> u16 {
            let own = _mm512_permutex2var_epi32(self.0[0], vector(&features.0), self.0[1]);
            _mm512_cmpgt_epi32_mask(own, vector(&keys.0))
        }
    }

    /// A bit for each leaf of the trees in the lanes.
    pub struct Leaves(__m512i);

    impl Leaves {
        #[target_feature(enable = "avx512f")]
        #[inline]
        pub fn all() -> Self {
            Leaves(_mm512_set1_epi32(-1))
        }

        /// In the lanes whose bit is set, of these leaves alone.
        #[target_feature(enable = "avx512f")]
        #[inline]
        pub fn keep(&mut self, lanes: u16, leaves: &Lanes) {
            self.0 = _mm512_mask_and_epi32(self.0, lanes, self.0, vector(&leaves.0));
        }

        /// In how many lanes the lowest is one of these.
        #[target_feature(enable = "avx512f")]
        #[inline]
        pub fn count(self, leaves: &Lanes) -> u32 {
            let lowest = _mm512_and_si512(self.0, _mm512_sub_epi32(_mm512_setzero_si512(), self.0));
            _mm512_test_epi32_mask(lowest, vector(&leaves.0)).count_ones()
        }

        #[target_feature(enable = "avx512f")]
        #[inline]
        pub fn get(self) -> [u32; 16] {
            let mut leaves = [0; 16];
            for (pair, word) in leaves.as_chunks_mut::<2>().0.iter_mut().zip(words(self.0)) {
                *pair = [word as u32, (word as u64 >> 32) as u32];
            }
            leaves
        }
    }

    /// A byte for each row.
    #[derive(Clone, Copy)]
    pub struct Ordinals(__m512i);

    impl Ordinals {
        #[target_feature(enable = "avx512f,avx512bw")]
        #[inline]
        pub fn new() -> Self {
            Ordinals(_mm512_setzero_si512())
        }

        /// Gives `ordinal` to the rows whose bit is set.
        #[target_feature(enable = "avx512f,avx512bw")]
        #[inline]
        pub fn set(&mut self, rows: u64, ordinal: u8) {
            self.0 = _mm512_mask_set1_epi8(self.0, rows, ordinal as i8);
        }

        #[target_feature(enable = "avx512f,avx512bw")]
        #[inline]
        pub fn get(self) -> [u8; 64] {
            super::bytes(words(self.0))
        }
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn words(vector: __m512i) -> [i64; 8] {
        super::words([_mm512_extracti64x4_epi64::<0>(vector), _mm512_extracti64x4_epi64::<1>(vector)])
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2 {
    use super::Column;
    use std::arch::x86_64::{
        __m256i, _mm256_and_si256, _mm256_blendv_epi8, _mm256_castsi256_ps, _mm256_cmpeq_epi8, _mm256_cmpgt_epi32,
        _mm256_movemask_ps, _mm256_set1_epi8, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setr_epi32,
        _mm256_setr_epi64x, _mm256_setzero_si256, _mm256_shuffle_epi8,
    };

    /// This processor has AVX2.
    #[derive(Debug, Clone, Copy)]
    pub struct Present(());

    impl Present {
        pub fn detect() -> Option<Self> {
            is_x86_feature_detected!("avx2").then_some(Present(()))
        }
    }

    /// A bit for each row whose key is at most `key`.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub fn at_most(column: &Column, key: i32) -> u64 {
        let key = _mm256_set1_epi32(key);
        let [a, b, c, d] = column;
        let low = above(a, key) | above(b, key) << 16;
        let high = above(c, key) | above(d, key) << 16;
        !(low | high << 32)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn above(keys: &[i32; 16], key: __m256i) -> u64 {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *keys;
        let low = _mm256_cmpgt_epi32(_mm256_setr_epi32(a, b, c, d, e, f, g, h), key);
        let high = _mm256_cmpgt_epi32(_mm256_setr_epi32(i, j, k, l, m, n, o, p), key);
        let bits = |above: __m256i| u64::from(_mm256_movemask_ps(_mm256_castsi256_ps(above)) as u8);
        bits(low) | bits(high) << 8
    }

    /// A byte for each row.
    #[derive(Clone, Copy)]
    pub struct Ordinals([__m256i; 2]);

    impl Ordinals {
        #[target_feature(enable = "avx2")]
        #[inline]
        pub fn new() -> Self {
            Ordinals([_mm256_setzero_si256(); 2])
        }

        /// Gives `ordinal` to the rows whose bit is set.
        #[target_feature(enable = "avx2")]
        #[inline]
        pub fn set(&mut self, rows: u64, ordinal: u8) {
            let ordinal = _mm256_set1_epi8(ordinal as i8);
            let [low, high] = &mut self.0;
            *low = _mm256_blendv_epi8(*low, ordinal, spread(rows as u32));
            *high = _mm256_blendv_epi8(*high, ordinal, spread((rows >> 32) as u32));
        }

        #[target_feature(enable = "avx2")]
        #[inline]
        pub fn get(self) -> [u8; 64] {
            super::bytes(super::words(self.0))
        }
    }

    /// A byte of ones for each bit that is set.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn spread(bits: u32) -> __m256i {
        const ONES: i64 = 0x0101_0101_0101_0101;
        let each = _mm256_setr_epi64x(0, ONES, 2 * ONES, 3 * ONES);
        let own = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
        let repeated = _mm256_shuffle_epi8(_mm256_set1_epi32(bits as i32), each);
        _mm256_cmpeq_epi8(_mm256_and_si256(repeated, own), own)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn words([low, high]: [std::arch::x86_64::__m256i; 2]) -> [i64; 8] {
    use std::arch::x86_64::_mm256_extract_epi64;
    [
        _mm256_extract_epi64::<0>(low),
        _mm256_extract_epi64::<1>(low),
        _mm256_extract_epi64::<2>(low),
        _mm256_extract_epi64::<3>(low),
        _mm256_extract_epi64::<0>(high),
        _mm256_extract_epi64::<1>(high),
        _mm256_extract_epi64::<2>(high),
        _mm256_extract_epi64::<3>(high),
    ]
}

#[cfg(target_arch = "x86_64")]
fn bytes(words: [i64; 8]) -> [u8; 64] {
    let mut bytes = [0; 64];
    for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    bytes
}
