//! scikit-learn's sort of feature values together with their samples (`utils/_sorting.pyx`).
//!
//! Not stable, and the order it leaves equal values in is part of the result: later sums run in that order. What is moved
//! is a value and its sample in one number; the moves are scikit-learn's, made without branches that the processor would
//! have to guess.

use std::hint::select_unpredictable;

/// The sample's half of a key.
const SAMPLE: u64 = 0xffff_ffff;
const SIGN: u32 = 0x8000_0000;

/// Ranges up to this are sorted by insertion in scikit-learn, which is stable: any stable sort does.
pub const SHORT: usize = 15;

/// A value, not NaN, and its sample as one number that sorts as the value does; -0.0 is 0.0.
pub fn key(value: f32, sample: u32) -> u64 {
    // Floats of one sign sort as their bits do; adding 0.0 makes -0.0 of them 0.0.
    let bits = (value + 0.0).to_bits();
    let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
    u64::from(ordered) << 32 | u64::from(sample)
}

/// The value in a key.
pub fn value(key: u64) -> f32 {
    let ordered = (key >> 32) as u32;
    f32::from_bits(if ordered & SIGN != 0 { ordered & !SIGN } else { !ordered })
}

/// Sorts `keys` by their values: introsort with 3-way partition, heapsort as fallback, insertion sort for short ranges.
/// `equal` is room to work in.
pub fn sort(keys: &mut [u64], equal: &mut Vec<u32>) {
    if !keys.is_empty() {
        equal.resize(equal.len().max(keys.len()), 0);
        introsort(keys, equal, 2 * keys.len().ilog2());
    }
}

fn introsort(mut v: &mut [u64], equal: &mut [u32], mut depth: u32) {
    while v.len() > SHORT {
        if depth == 0 {
            return heapsort(v);
        }
        depth -= 1;
        let n = v.len();
        let (left, right) = partition(v, median3(v[0] >> 32, v[n / 2] >> 32, v[n - 1] >> 32), equal);
        introsort(&mut v[..left], equal, depth);
        v = &mut v[right..];
    }
    settle(v);
}

fn median3(a: u64, b: u64, c: u64) -> u64 {
    match (a < b, b < c, a < c) {
        (true, true, _) | (false, false, _) => b,
        (true, false, true) | (false, true, false) => c,
        _ => a,
    }
}

/// Three-way partition around the value `pivot`: returns where the equal values begin and end.
///
/// scikit-learn looks at one key after another. A smaller one changes places with the first of the equal ones, a greater
/// one with the last that was not looked at, which is next then. So the equal ones are a queue: each smaller one takes its
/// head to its end.
fn partition(v: &mut [u64], pivot: u64, equal: &mut [u32]) -> (usize, usize) {
    let (n, first, last) = (v.len(), pivot << 32, pivot << 32 | SAMPLE);
    let (mut i, mut left, mut right) = (0, 0, n);
    let (mut head, mut tail) = (0, 0);
    let mut x = v[0];
    while i < right {
        let (less, greater) = (x < first, x > last);
        let (front, back) = (v[(i + 1).min(n - 1)], v[right - 1]);
        v[right - 1] = select_unpredictable(greater, x, back);
        // Up to `i` all places are free.
        v[left] = x;
        equal[tail] = select_unpredictable(less, equal[head], x as u32);
        head += usize::from(less);
        tail += usize::from(!greater);
        left += usize::from(less);
        i += usize::from(!greater);
        right -= usize::from(greater);
        x = select_unpredictable(greater, back, front);
    }
    for (place, sample) in v[left..right].iter_mut().zip(&equal[head..tail]) {
        *place = first | u64::from(*sample);
    }
    (left, right)
}

/// Sorts at most [`SHORT`] keys by their values, stable: counts how many go before each.
pub fn settle(v: &mut [u64]) {
    const WIDTH: usize = SHORT + 1;
    let n = v.len();
    if n < 2 {
        return;
    }
    let (mut old, mut values, mut places) = ([0u64; WIDTH], [i32::MAX; WIDTH], [0u32; WIDTH]);
    old[..n].copy_from_slice(v);
    for (value, key) in values.iter_mut().zip(v.iter()) {
        *value = ((key >> 32) as u32 ^ SIGN) as i32;
    }
    for i in 0..n {
        for j in 0..WIDTH {
            places[j] += u32::from((values[i] < values[j]) | ((values[i] == values[j]) & (i < j)));
        }
    }
    for (key, place) in old.iter().zip(&places).take(n) {
        v[*place as usize] = *key;
    }
}

fn heapsort(v: &mut [u64]) {
    let n = v.len();
    for start in (0..=(n - 2) / 2).rev() {
        sift_down(v, start, n);
    }
    for end in (1..n).rev() {
        v.swap(0, end);
        sift_down(v, 0, end);
    }
}

fn sift_down(v: &mut [u64], mut root: usize, end: usize) {
    loop {
        let child = root * 2 + 1;
        let mut largest = root;
        if child < end && v[largest] >> 32 < v[child] >> 32 {
            largest = child;
        }
        if child + 1 < end && v[largest] >> 32 < v[child + 1] >> 32 {
            largest = child + 1;
        }
        if largest == root {
            return;
        }
        v.swap(root, largest);
        root = largest;
    }
}
