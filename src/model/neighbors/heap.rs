//! The k nearest so far, kept and sorted as scikit-learn does it: which of equally distant neighbours stay is part of the
//! result.

/// A heap of the k least values, largest first (`sklearn/utils/_heap.pyx`).
pub struct Nearest {
    values: Vec<f64>,
    indices: Vec<usize>,
}

impl Nearest {
    pub fn new(k: usize) -> Nearest {
        Nearest { values: vec![f64::INFINITY; k], indices: vec![0; k] }
    }

    /// What a value must be below to stay.
    pub fn largest(&self) -> f64 {
        self.values[0]
    }

    /// `heap_push`.
    #[inline]
    pub fn push(&mut self, value: f64, index: usize) {
        let size = self.values.len();
        if value >= self.values[0] || value.is_nan() {
            return;
        }
        let mut at = 0;
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= size {
                break;
            }
            let larger = if right < size && self.values[right] > self.values[left] { right } else { left };
            if self.values[larger] <= value {
                break;
            }
            self.values[at] = self.values[larger];
            self.indices[at] = self.indices[larger];
            at = larger;
        }
        self.values[at] = value;
        self.indices[at] = index;
    }

    /// Values and indices, nearest first.
    pub fn sorted(mut self) -> Vec<(f64, usize)> {
        // The sort below is quadratic where all values are equal; so many neighbours take a sort that is not.
        const MANY: usize = 512;
        if self.values.len() <= MANY {
            sort(&mut self.values, &mut self.indices);
            return self.values.into_iter().zip(self.indices).collect();
        }
        let mut pairs: Vec<_> = self.values.into_iter().zip(self.indices).collect();
        pairs.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        pairs
    }
}

/// `simultaneous_sort` of `sklearn/utils/_sorting.pyx`: quicksort with the median of three.
fn sort(values: &mut [f64], indices: &mut [usize]) {
    let size = values.len();
    let swap = |values: &mut [f64], indices: &mut [usize], a: usize, b: usize| {
        values.swap(a, b);
        indices.swap(a, b);
    };
    if size <= 3 {
        if size > 1 && values[0] > values[1] {
            swap(values, indices, 0, 1);
        }
        if size > 2 && values[1] > values[2] {
            swap(values, indices, 1, 2);
            if values[0] > values[1] {
                swap(values, indices, 0, 1);
            }
        }
        return;
    }
    let (middle, last) = (size / 2, size - 1);
    if values[0] > values[last] {
        swap(values, indices, 0, last);
    }
    if values[last] > values[middle] {
        swap(values, indices, last, middle);
        if values[0] > values[last] {
            swap(values, indices, 0, last);
        }
    }
    let pivot = values[last];
    let mut store = 0;
    for at in 0..last {
        if values[at] < pivot {
            swap(values, indices, at, store);
            store += 1;
        }
    }
    swap(values, indices, store, last);
    if store > 1 {
        sort(&mut values[..store], &mut indices[..store]);
    }
    if store + 2 < size {
        sort(&mut values[store + 1..], &mut indices[store + 1..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_stay_and_the_first_of_equal_ones() {
        let mut nearest = Nearest::new(3);
        for (index, value) in [5.0, 1.0, 4.0, 4.0, 0.5, 4.0, f64::NAN].into_iter().enumerate() {
            nearest.push(value, index);
        }
        assert_eq!(nearest.sorted(), [(0.5, 4), (1.0, 1), (4.0, 2)]);
    }

    #[test]
    fn sorts_any_size() {
        for size in 0..40usize {
            let mut values: Vec<f64> = (0..size).map(|i| (i * 7919 % 13) as f64).collect();
            let mut indices: Vec<usize> = (0..size).collect();
            let before = values.clone();
            sort(&mut values, &mut indices);
            assert!(values.is_sorted(), "{values:?}");
            assert!(values.iter().zip(&indices).all(|(value, index)| before[*index] == *value));
        }
    }
}
