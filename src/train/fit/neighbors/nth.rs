//! libstdc++'s `std::nth_element`: the order in which it leaves the elements is part of a scikit-learn tree.

use std::cmp::Ordering;

/// Moves the element that belongs to `nth` there, smaller ones before it, others after it.
///
/// `less` must be a strict order of all elements, no two of them equal.
pub(super) fn nth_element(items: &mut [u32], nth: usize, less: &impl Fn(u32, u32) -> bool) {
    let (mut first, mut last, mut depth) = (0, items.len(), 2 * items.len().max(1).ilog2());
    while last - first > 3 {
        if depth == 0 {
            heap_select(&mut items[first..last], nth + 1 - first, less);
            items.swap(first, nth);
            return;
        }
        depth -= 1;
        let cut = partition(items, first, last, less);
        if cut <= nth {
            first = cut;
        } else {
            last = cut;
        }
    }
    let order = |a: &u32, b: &u32| if less(*a, *b) { Ordering::Less } else { Ordering::Greater };
    items[first..last].sort_by(|a, b| if a == b { Ordering::Equal } else { order(a, b) });
}

/// `__unguarded_partition_pivot`: the median of three becomes the first element and the pivot.
fn partition(items: &mut [u32], first: usize, last: usize, less: &impl Fn(u32, u32) -> bool) -> usize {
    let [a, b, c] = [first + 1, first + (last - first) / 2, last - 1];
    let before = |x: usize, y: usize| less(items[x], items[y]);
    let median = match (before(a, b), before(b, c), before(a, c)) {
        (true, true, _) | (false, false, _) => b,
        (true, false, true) | (false, true, false) => c,
        _ => a,
    };
    items.swap(first, median);
    let pivot = items[first];
    let (mut low, mut high) = (first + 1, last);
    loop {
        while less(items[low], pivot) {
            low += 1;
        }
        high -= 1;
        while less(pivot, items[high]) {
            high -= 1;
        }
        if low >= high {
            return low;
        }
        items.swap(low, high);
        low += 1;
    }
}

/// `__heap_select`: the smallest `count` elements come first, as a heap.
fn heap_select(items: &mut [u32], count: usize, less: &impl Fn(u32, u32) -> bool) {
    for parent in (0..count / 2).rev() {
        let value = items[parent];
        sift(&mut items[..count], parent, value, less);
    }
    for at in count..items.len() {
        let value = items[at];
        if less(value, items[0]) {
            items[at] = items[0];
            sift(&mut items[..count], 0, value, less);
        }
    }
}

/// `__adjust_heap`: down to a leaf along the larger children, then up to where `value` belongs.
fn sift(heap: &mut [u32], top: usize, value: u32, less: &impl Fn(u32, u32) -> bool) {
    let mut hole = top;
    while 2 * hole + 1 < heap.len() {
        let (left, right) = (2 * hole + 1, 2 * hole + 2);
        let larger = if right < heap.len() && !less(heap[right], heap[left]) { right } else { left };
        heap[hole] = heap[larger];
        hole = larger;
    }
    while hole > top && less(heap[(hole - 1) / 2], value) {
        heap[hole] = heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    heap[hole] = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[u32], nth: usize) {
        let mut items: Vec<u32> = (0..values.len() as u32).collect();
        let key = |i: u32| (values[i as usize], i);
        nth_element(&mut items, nth, &|a, b| key(a) < key(b));
        let middle = key(items[nth]);
        assert!(items[..nth].iter().all(|i| key(*i) < middle) && items[nth + 1..].iter().all(|i| key(*i) > middle));
        items.sort_unstable();
        assert!(items.iter().copied().eq(0..values.len() as u32), "no element is lost");
    }

    #[test]
    fn parts_any_order_of_elements() {
        for n in 1..40u32 {
            for nth in 0..n as usize {
                check(&(0..n).collect::<Vec<_>>(), nth);
                check(&(0..n).rev().collect::<Vec<_>>(), nth);
                check(&(0..n).map(|i| i * 7919 % 13).collect::<Vec<_>>(), nth);
            }
        }
    }

    /// Runs out of depth: a median of three that is always the second smallest (Musser's killer sequence).
    #[test]
    fn falls_back_to_a_heap() {
        let n = 4096u32;
        let killer = (0..n).map(|i| match i {
            i if i >= n / 2 => 2 * (i - n / 2) + 2,
            i if i % 2 == 0 => i + 1,
            i => n / 2 + i + 1,
        });
        let killer: Vec<u32> = killer.collect();
        check(&killer, n as usize / 2);
        check(&killer, 0);
    }

    /// As g++ 14 leaves them.
    #[test]
    fn heap_of_the_smallest() {
        let mut items = [5, 3, 9, 1, 7, 0, 8, 2];
        heap_select(&mut items, 3, &|a, b| a < b);
        assert_eq!(items[..3].iter().max(), Some(&2));
        assert_eq!(items[0], 2);
    }
}
