//! The random streams that scikit-learn draws from: numpy's legacy `RandomState` (MT19937) and the splitter's own
//! xorshift generator. Same seed, same words, same order: that is what makes a tree equal to scikit-learn's.
//!
//! Source: numpy `random/mtrand.pyx` and `_legacy`; scikit-learn `utils/_random.pyx`.

/// `2^31 - 1`: the bound of the seeds that scikit-learn draws, and the largest value of [`Xorshift`].
pub const MAX_I32: u32 = 2_147_483_647;

const WORDS: usize = 624;
const SHIFT: usize = 397;

/// numpy's `RandomState(seed)` for an integer seed.
#[derive(Debug, Clone)]
pub struct RandomState {
    key: [u32; WORDS],
    position: usize,
}

impl RandomState {
    /// Seeds as Knuth's `init_genrand` does (not `init_by_array`).
    pub fn new(seed: u32) -> Self {
        let mut key = [0; WORDS];
        let mut word = seed;
        for (i, slot) in key.iter_mut().enumerate() {
            *slot = word;
            word = 1_812_433_253u32.wrapping_mul(word ^ (word >> 30)).wrapping_add(i as u32 + 1);
        }
        RandomState { key, position: WORDS }
    }

    fn next_u32(&mut self) -> u32 {
        if self.position == WORDS {
            self.twist();
        }
        let mut y = self.key[self.position];
        self.position += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..WORDS {
            let y = (self.key[i] & 0x8000_0000) | (self.key[(i + 1) % WORDS] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.key[i] = self.key[(i + SHIFT) % WORDS] ^ (y >> 1) ^ odd;
        }
        self.position = 0;
    }

    /// Uniform in `0..=max` by masked rejection; draws nothing when `max` is 0.
    fn interval(&mut self, max: u32) -> u32 {
        if max == 0 {
            return 0;
        }
        let mask = u32::MAX >> max.leading_zeros();
        loop {
            let value = self.next_u32() & mask;
            if value <= max {
                return value;
            }
        }
    }

    /// `randint(0, bound)`, `bound` from 1.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.interval(bound - 1)
    }

    /// The seed that scikit-learn draws for a member of an ensemble or for the splitter.
    pub fn seed(&mut self) -> u32 {
        self.below(MAX_I32)
    }

    /// `random_sample()`: uniform in [0, 1).
    pub fn double(&mut self) -> f64 {
        let (a, b) = (self.next_u32() >> 5, self.next_u32() >> 6);
        (f64::from(a) * 67_108_864.0 + f64::from(b)) / 9_007_199_254_740_992.0
    }

    /// Uniform below `bound` by Lemire's method, as `bounded_rand_int` of libsvm and liblinear draws; `bound` from 1.
    pub fn lemire(&mut self, bound: u32) -> u32 {
        let least = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.next_u32()) * u64::from(bound);
            if product as u32 >= least {
                return (product >> 32) as u32;
            }
        }
    }

    /// `permutation(n)`.
    pub fn permutation(&mut self, n: usize) -> Vec<u32> {
        let mut x: Vec<u32> = (0..n as u32).collect();
        for i in (1..n).rev() {
            x.swap(i, self.interval(i as u32) as usize);
        }
        x
    }

    /// `choice(len(p), size, replace=True, p=p)`.
    pub fn choice_with_replacement(&mut self, p: &[f64], size: usize) -> Vec<u32> {
        let mut sum = 0.0;
        let mut cdf: Vec<f64> = p
            .iter()
            .map(|v| {
                sum += v;
                sum
            })
            .collect();
        cdf.iter_mut().for_each(|c| *c /= sum);
        (0..size).map(|_| bisect_right(&cdf, self.double())).collect()
    }

    /// `choice(len(p), size, replace=False, p=p)`: rounds of draws, what was drawn before left out; `size` of them must
    /// have odds above 0.
    pub fn choice_without_replacement(&mut self, p: &[f64], size: usize) -> Vec<u32> {
        let (mut p, mut found) = (p.to_vec(), Vec::with_capacity(size));
        while found.len() < size {
            for drawn in self.choice_with_replacement(&p, size - found.len()) {
                if p[drawn as usize] > 0.0 {
                    p[drawn as usize] = 0.0;
                    found.push(drawn);
                }
            }
        }
        found
    }
}

fn bisect_right(sorted: &[f64], x: f64) -> u32 {
    sorted.partition_point(|v| *v <= x) as u32
}

/// `sample_without_replacement(n, k)` with method `auto` (`utils/_random.pyx`); `k <= n`.
pub fn sample_without_replacement(rs: &mut RandomState, n: usize, k: usize) -> Vec<u32> {
    let ratio = if n == 0 { 1.0 } else { k as f64 / n as f64 };
    if 0.01 < ratio && ratio < 0.99 {
        let mut all = rs.permutation(n);
        all.truncate(k);
        return all;
    }
    if ratio < 0.2 { tracking_selection(rs, n, k) } else { reservoir(rs, n, k) }
}

fn tracking_selection(rs: &mut RandomState, n: usize, k: usize) -> Vec<u32> {
    let mut seen = std::collections::HashSet::with_capacity(k);
    let mut out = Vec::with_capacity(k);
    while out.len() < k {
        let j = rs.below(n as u32);
        if seen.insert(j) {
            out.push(j);
        }
    }
    out
}

fn reservoir(rs: &mut RandomState, n: usize, k: usize) -> Vec<u32> {
    let mut out: Vec<u32> = (0..k as u32).collect();
    for i in k..n {
        let j = rs.below(i as u32 + 1) as usize;
        if j < k {
            out[j] = i as u32;
        }
    }
    out
}

/// `np.sum` of contiguous numbers: pairwise, in numpy's exact grouping.
pub fn pairwise_sum(a: &[f64]) -> f64 {
    let n = a.len();
    if n < 8 {
        return a.iter().fold(-0.0, |s, v| s + v);
    }
    if n <= 128 {
        let body = n - n % 8;
        let mut r: [f64; 8] = std::array::from_fn(|k| a[k]);
        for block in a[8..body].chunks_exact(8) {
            r.iter_mut().zip(block).for_each(|(r, v)| *r += v);
        }
        let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
        return a[body..].iter().fold(sum, |s, v| s + v);
    }
    let half = n / 2 - (n / 2) % 8;
    pairwise_sum(&a[..half]) + pairwise_sum(&a[half..])
}

/// The generator inside the splitter (`our_rand_r`): one 32-bit xorshift.
#[derive(Debug, Clone)]
pub struct Xorshift(u32);

impl Xorshift {
    pub fn new(seed: u32) -> Self {
        Xorshift(seed)
    }

    fn next(&mut self) -> u32 {
        let mut s = if self.0 == 0 { 1 } else { self.0 };
        s ^= s << 13;
        s ^= s >> 17;
        s ^= s << 5;
        self.0 = s;
        s & MAX_I32
    }

    /// `rand_int(low, high)`: in `low..high`, by plain modulo.
    pub fn int(&mut self, low: usize, high: usize) -> usize {
        low + self.next() as usize % (high - low)
    }

    /// `rand_uniform(low, high)`: may equal `high`. The order of the operations decides the last bit.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        ((high - low) * f64::from(self.next()) / f64::from(MAX_I32)) + low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy's own values, from the fact sheet's table (seeds 0 and 42).
    #[test]
    fn streams_are_numpys() {
        for (seed, words, below, doubles) in [
            (0, [2357136044u32, 2546248239, 3071714933], [559u32, 192, 359], [0.5488135039273248, 0.7151893663724195]),
            (42, [1608637542, 3421126067, 4083286876], [102, 435, 270], [0.3745401188473625, 0.9507143064099162]),
        ] {
            let mut rs = RandomState::new(seed);
            assert_eq!(words.map(|_| rs.next_u32()), words);
            let mut rs = RandomState::new(seed);
            assert_eq!(below.map(|_| rs.below(569)), below);
            let mut rs = RandomState::new(seed);
            assert_eq!(doubles.map(|_| rs.double()), doubles);
        }
        assert_eq!(RandomState::new(0).permutation(10), [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]);
        assert_eq!(RandomState::new(42).permutation(10), [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]);
    }

    #[test]
    fn sampling_is_scikit_learns() {
        let tracked = sample_without_replacement(&mut RandomState::new(0), 30_000, 8);
        assert_eq!(tracked, [2732, 10799, 9845, 19648, 13123, 21243, 9225, 24275]);
        let held = sample_without_replacement(&mut RandomState::new(42), 1000, 997);
        let moved: Vec<_> = held.iter().enumerate().filter(|(i, v)| *i as u32 != **v).collect();
        assert_eq!(moved, [(102, &997), (435, &998), (860, &999)]);
    }

    #[test]
    fn the_splitters_generator() {
        let mut r = Xorshift::new(0);
        assert_eq!([(); 4].map(|()| r.next()), [270369, 67634689, 499951813, 307599695]);
        let mut r = Xorshift::new(RandomState::new(42).seed());
        assert_eq!(
            [(); 3].map(|()| r.uniform(0.5, 2.25)),
            [1.9462756577163356, 1.7724057952977743, 1.6535679642826169]
        );
        let mut r = Xorshift::new(RandomState::new(0).seed());
        assert_eq!([(); 5].map(|()| r.int(0, 30)), [7, 4, 24, 15, 27]);
    }
}
