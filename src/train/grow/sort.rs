//! scikit-learn's sort of feature values together with their samples (`utils/_sorting.pyx`).
//!
//! Not stable, and the order it leaves equal values in is part of the result: later sums run in that order.

/// Sorts `values` ascending and permutes `samples` alongside: introsort with 3-way partition, heapsort as fallback,
/// insertion sort for short ranges.
pub fn sort(values: &mut [f32], samples: &mut [u32]) {
    if !values.is_empty() {
        introsort(values, samples, 2 * values.len().ilog2());
    }
}

fn introsort(mut v: &mut [f32], mut s: &mut [u32], mut depth: u32) {
    while v.len() > 15 {
        if depth == 0 {
            return heapsort(v, s);
        }
        depth -= 1;
        let n = v.len();
        let (left, right) = partition(v, s, median3(v[0], v[n / 2], v[n - 1]));
        introsort(&mut v[..left], &mut s[..left], depth);
        (v, s) = (&mut v[right..], &mut s[right..]);
    }
    insertion_sort(v, s);
}

fn median3(a: f32, b: f32, c: f32) -> f32 {
    match (a < b, b < c, a < c) {
        (true, true, _) | (false, false, _) => b,
        (true, false, true) | (false, true, false) => c,
        _ => a,
    }
}

/// Three-way partition around `pivot`: returns where the equal values begin and end.
fn partition(v: &mut [f32], s: &mut [u32], pivot: f32) -> (usize, usize) {
    let (mut i, mut left, mut right) = (0, 0, v.len());
    while i < right {
        if v[i] < pivot {
            v.swap(i, left);
            s.swap(i, left);
            i += 1;
            left += 1;
        } else if v[i] > pivot {
            right -= 1;
            v.swap(i, right);
            s.swap(i, right);
        } else {
            i += 1;
        }
    }
    (left, right)
}

fn insertion_sort(v: &mut [f32], s: &mut [u32]) {
    for i in 1..v.len() {
        let (value, sample) = (v[i], s[i]);
        let mut j = i;
        while j > 0 && v[j - 1] > value {
            v[j] = v[j - 1];
            s[j] = s[j - 1];
            j -= 1;
        }
        v[j] = value;
        s[j] = sample;
    }
}

fn heapsort(v: &mut [f32], s: &mut [u32]) {
    let n = v.len();
    for start in (0..=(n - 2) / 2).rev() {
        sift_down(v, s, start, n);
    }
    for end in (1..n).rev() {
        v.swap(0, end);
        s.swap(0, end);
        sift_down(v, s, 0, end);
    }
}

fn sift_down(v: &mut [f32], s: &mut [u32], mut root: usize, end: usize) {
    loop {
        let child = root * 2 + 1;
        let mut largest = root;
        if child < end && v[largest] < v[child] {
            largest = child;
        }
        if child + 1 < end && v[largest] < v[child + 1] {
            largest = child + 1;
        }
        if largest == root {
            return;
        }
        v.swap(root, largest);
        s.swap(root, largest);
        root = largest;
    }
}
