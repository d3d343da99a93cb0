//! Operators that make one value of many along axes, or order them: sums, extremes, softmax, the largest few.

use super::tensor::{Data, Op, Tensor, fail};

/// What becomes of the values along the axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reduction {
    Sum,
    Mean,
    Max,
    Min,
    Prod,
    L1,
    L2,
    SumSquare,
    LogSum,
    LogSumExp,
}

impl Reduction {
    /// `Reduce*` over `axes`, or over all where there are none.
    pub fn run(self, x: &Tensor, axes: Option<&[i64]>, keep: bool) -> Op<Tensor> {
        let reduced: Vec<usize> = match axes {
            Some(axes) => axes.iter().map(|axis| x.axis(*axis)).collect::<Op<_>>()?,
            None => (0..x.rank()).collect(),
        };
        // Axes that are reduced come last: each result is then made of neighbours.
        let kept: Vec<usize> = (0..x.rank()).filter(|at| !reduced.contains(at)).collect();
        let order: Vec<i64> = kept.iter().chain(&reduced).map(|at| *at as i64).collect();
        let sorted = match order.is_sorted() {
            true => x.clone(),
            false => super::shapes::transpose(x, Some(&order))?,
        };
        let shape: Vec<usize> = match keep {
            true => (0..x.rank()).map(|at| if reduced.contains(&at) { 1 } else { x.shape[at] }).collect(),
            false => kept.iter().map(|at| x.shape[*at]).collect(),
        };
        let each: usize = reduced.iter().map(|at| x.shape[*at]).product();
        let results: usize = kept.iter().map(|at| x.shape[*at]).product();
        let data = match &sorted.data {
            Data::F32(values) => {
                let wide: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
                Data::F32(groups(&wide, each, results).map(|group| self.of(group) as f32).collect())
            }
            Data::F64(values) => Data::F64(groups(values, each, results).map(|group| self.of(group)).collect()),
            Data::I64(values) => {
                Data::I64(groups(values, each, results).map(|group| self.of_ints(group)).collect::<Op<_>>()?)
            }
            other => return fail(format!("{self:?} of {}", other.kind())),
        };
        Tensor::new(shape, data)
    }

    fn of(self, values: &[f64]) -> f64 {
        let sum = |f: fn(f64) -> f64| values.iter().map(|value| f(*value)).sum::<f64>();
        let largest = || values.iter().copied().fold(f64::NEG_INFINITY, |a, b| if a.is_nan() || a > b { a } else { b });
        match self {
            Reduction::Sum => sum(|x| x),
            Reduction::Mean => sum(|x| x) / values.len() as f64,
            Reduction::Max => largest(),
            Reduction::Min => {
                values.iter().copied().fold(f64::INFINITY, |a, b| if a.is_nan() || a < b { a } else { b })
            }
            Reduction::Prod => values.iter().product(),
            Reduction::L1 => sum(f64::abs),
            Reduction::L2 => sum(|x| x * x).sqrt(),
            Reduction::SumSquare => sum(|x| x * x),
            Reduction::LogSum => sum(|x| x).ln(),
            Reduction::LogSumExp => {
                let most = largest();
                let most = if most.is_finite() { most } else { 0.0 };
                values.iter().map(|value| (value - most).exp()).sum::<f64>().ln() + most
            }
        }
    }

    fn of_ints(self, values: &[i64]) -> Op<i64> {
        Ok(match self {
            Reduction::Sum => values.iter().fold(0, |a, b| a.wrapping_add(*b)),
            Reduction::Prod => values.iter().fold(1, |a, b| a.wrapping_mul(*b)),
            Reduction::Max => values.iter().copied().max().unwrap_or(i64::MIN),
            Reduction::Min => values.iter().copied().min().unwrap_or(i64::MAX),
            Reduction::L1 => values.iter().fold(0, |a, b| a.wrapping_add(b.wrapping_abs())),
            Reduction::SumSquare => values.iter().fold(0, |a, b| a.wrapping_add(b.wrapping_mul(*b))),
            Reduction::Mean if !values.is_empty() => {
                self.of(&values.iter().map(|v| *v as f64).collect::<Vec<_>>()) as i64
            }
            _ => return fail(format!("{self:?} of integers")),
        })
    }
}

/// Neighbours `each` by `each`; empty ones where there is nothing to reduce.
fn groups<T>(values: &[T], each: usize, results: usize) -> impl Iterator<Item = &[T]> {
    (0..results).map(move |at| &values[at * each..(at + 1) * each])
}

/// `ArgMax` or `ArgMin`: the first of equal ones, or the last.
pub(super) fn arg(x: &Tensor, axis: i64, keep: bool, largest: bool, last: bool) -> Op<Tensor> {
    let axis = x.axis(axis)?;
    let (before, extent, after) = x.around(axis);
    if extent == 0 {
        return fail("nothing to choose from");
    }
    let values = x.f64s()?;
    let mut found = Vec::with_capacity(before * after);
    for block in 0..before {
        for lane in 0..after {
            let value = |at: usize| values[(block * extent + at) * after + lane];
            let better = |new: f64, old: f64| (if largest { new > old } else { new < old }) || last && new == old;
            found.push((1..extent).fold(0, |best, at| if better(value(at), value(best)) { at } else { best }) as i64);
        }
    }
    let mut shape = x.shape.clone();
    if keep {
        shape[axis] = 1;
    } else {
        shape.remove(axis);
    }
    Tensor::new(shape, Data::I64(found))
}

/// `TopK` along an axis: the values and their places, ordered; of equal ones the earlier first.
pub(super) fn top(x: &Tensor, k: i64, axis: i64, largest: bool) -> Op<Vec<Tensor>> {
    let axis = x.axis(axis)?;
    let (before, extent, after) = x.around(axis);
    let k = usize::try_from(k).ok().filter(|k| *k <= extent);
    let Some(k) = k else { return fail(format!("more than the {extent} that there are")) };
    let values = x.f64s()?;
    let mut chosen = vec![0; before * k * after];
    let mut order: Vec<usize> = Vec::new();
    for block in 0..before {
        for lane in 0..after {
            let value = |at: usize| values[(block * extent + at) * after + lane];
            let compare = |a: &usize, b: &usize| {
                let by_value = value(*a).total_cmp(&value(*b));
                (if largest { by_value.reverse() } else { by_value }).then(a.cmp(b))
            };
            order.clear();
            order.extend(0..extent);
            if k < extent && k > 0 {
                order.select_nth_unstable_by(k - 1, compare);
                order.truncate(k);
            }
            order.sort_unstable_by(compare);
            for (at, place) in order.iter().take(k).enumerate() {
                chosen[(block * k + at) * after + lane] = *place;
            }
        }
    }
    let mut shape = x.shape.clone();
    shape[axis] = k;
    let source = chosen
        .iter()
        .enumerate()
        .map(|(at, place)| (at / (k * after).max(1) * extent + place) * after + at % after.max(1));
    let values = Tensor::new(shape.clone(), x.data.take(source))?;
    let places = Tensor::new(shape, Data::I64(chosen.into_iter().map(|place| place as i64).collect()))?;
    Ok(vec![values, places])
}

/// `Softmax` or `LogSoftmax` over the axes from `axis` to `axis` or, before opset 13, to the end.
pub(super) fn softmax(x: &Tensor, axis: i64, to_end: bool, log: bool) -> Op<Tensor> {
    let axis = x.axis(axis)?;
    let (before, extent, after) = x.around(axis);
    let (extent, after) = if to_end { (extent * after, 1) } else { (extent, after) };
    let mut values = x.f64s()?;
    for block in 0..before {
        for lane in 0..after {
            let place = |at: usize| (block * extent + at) * after + lane;
            let most = (0..extent).fold(f64::NEG_INFINITY, |most, at| most.max(values[place(at)]));
            let sum: f64 = (0..extent).map(|at| (values[place(at)] - most).exp()).sum();
            for at in 0..extent {
                let value = &mut values[place(at)];
                *value = if log { *value - most - sum.ln() } else { (*value - most).exp() / sum };
            }
        }
    }
    floats(x, values)
}

/// `LpNormalization`: divided by the norm along an axis; where that is 0, so is all.
pub(super) fn normalized(x: &Tensor, axis: i64, squares: bool) -> Op<Tensor> {
    let axis = x.axis(axis)?;
    let (before, extent, after) = x.around(axis);
    macro_rules! divided {
        ($values:expr, $kind:path, $float:ty) => {{
            let mut values = $values.clone();
            for (block, lane) in (0..before).flat_map(|block| (0..after).map(move |lane| (block, lane))) {
                let places = || (0..extent).map(|at| (block * extent + at) * after + lane);
                let norm: $float = match squares {
                    true => places().map(|at| values[at] * values[at]).sum::<$float>().sqrt(),
                    false => places().map(|at| values[at].abs()).sum(),
                };
                let by = if norm == 0.0 { <$float>::INFINITY } else { norm };
                places().for_each(|at| values[at] /= by);
            }
            $kind(values)
        }};
    }
    let data = match &x.data {
        Data::F32(values) => divided!(values, Data::F32, f32),
        Data::F64(values) => divided!(values, Data::F64, f64),
        other => return fail(format!("a norm of {}", other.kind())),
    };
    Tensor::new(x.shape.clone(), data)
}

/// `CumSum` along an axis.
pub(super) fn running_sum(x: &Tensor, axis: i64, exclusive: bool, reverse: bool) -> Op<Tensor> {
    let axis = x.axis(axis)?;
    let (before, extent, after) = x.around(axis);
    let places = |block: usize, lane: usize| {
        let place = move |at: usize| (block * extent + if reverse { extent - 1 - at } else { at }) * after + lane;
        (0..extent).map(place)
    };
    let lanes = || (0..before).flat_map(|block| (0..after).map(move |lane| (block, lane)));
    macro_rules! sums {
        ($values:expr, $kind:path, $zero:expr) => {{
            let mut sums = $values.clone();
            for (block, lane) in lanes() {
                let mut sum = $zero;
                for place in places(block, lane) {
                    let next = sum + $values[place];
                    sums[place] = if exclusive { sum } else { next };
                    sum = next;
                }
            }
            $kind(sums)
        }};
    }
    let data = match &x.data {
        Data::F32(values) => sums!(values, Data::F32, 0.0),
        Data::F64(values) => sums!(values, Data::F64, 0.0),
        Data::I64(values) if values.iter().all(|value| value.unsigned_abs() < 1 << 32) => sums!(values, Data::I64, 0),
        other => return fail(format!("sums of {}", other.kind())),
    };
    Tensor::new(x.shape.clone(), data)
}

/// Numbers of the float type that `like` has.
pub(super) fn floats(like: &Tensor, values: Vec<f64>) -> Op<Tensor> {
    let data = match &like.data {
        Data::F32(_) => Data::F32(values.into_iter().map(|value| value as f32).collect()),
        Data::F64(_) => Data::F64(values),
        other => return fail(format!("{} where floats belong", other.kind())),
    };
    Tensor::new(like.shape.clone(), data)
}
