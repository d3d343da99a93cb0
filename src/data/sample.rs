//! Which rows are read when only some are wanted: exactly that many, each set of them equally likely, in their order.
//!
//! How many rows there are must be known first, so a sample is read in two passes, but holds only what is kept.

/// Rows to keep of all that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub rows: usize,
    pub seed: u64,
}

/// Says for each row, from the first, whether it is kept (Knuth, algorithm S). Clones say the same.
#[derive(Debug, Clone)]
pub(super) struct Selector {
    /// Rows that were not yet asked for.
    left: u64,
    wanted: u64,
    /// State of splitmix64; `None` when every row is kept.
    random: Option<u64>,
}

impl Selector {
    pub fn all() -> Selector {
        Selector { left: 0, wanted: 0, random: None }
    }

    /// Of `rows` rows.
    pub fn new(sample: Sample, rows: u64) -> Selector {
        Selector { left: rows, wanted: (sample.rows as u64).min(rows), random: Some(sample.seed) }
    }

    /// How many rows it will yet keep; none when it keeps all.
    pub fn wanted(&self) -> Option<u64> {
        self.random.map(|_| self.wanted)
    }

    /// Whether the next row is kept.
    pub fn keeps(&mut self) -> bool {
        let Some(state) = &mut self.random else { return true };
        // The high half of the product is uniform below `left`, but for a bias of left / 2^64.
        let draw = (u128::from(splitmix64(state)) * u128::from(self.left.max(1))) >> 64;
        let keep = draw < u128::from(self.wanted);
        self.left = self.left.saturating_sub(1);
        self.wanted -= u64::from(keep);
        keep
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(rows: usize, seed: u64, of: u64) -> Vec<u64> {
        let mut selector = Selector::new(Sample { rows, seed }, of);
        (0..of).filter(|_| selector.keeps()).collect()
    }

    #[test]
    fn exactly_as_many_as_wanted() {
        for (rows, of, expected) in [(0, 10, 0), (3, 10, 3), (10, 10, 10), (99, 10, 10), (5, 0, 0), (1, 1_000, 1)] {
            for seed in 0..20 {
                assert_eq!(kept(rows, seed, of).len(), expected, "{rows} of {of}, seed {seed}");
            }
        }
        assert!((0..100).all(|_| Selector::all().keeps()));
    }

    #[test]
    fn every_row_is_as_likely() {
        let mut counts = [0u32; 20];
        for seed in 0..4_000 {
            kept(5, seed, 20).into_iter().for_each(|row| counts[row as usize] += 1);
        }
        // 1,000 expected with a standard deviation of 27.
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        assert_eq!(kept(5, 7, 20), kept(5, 7, 20));
        assert_ne!(kept(5, 7, 20), kept(5, 8, 20));
    }
}
