//! Operators that move elements and compute nothing: shapes, slices, gathers, concatenation.

use super::tensor::{Data, Op, Tensor, axis_of, count, fail, places, stretched, strides};

/// `Reshape`: 0 keeps an extent, -1 takes what is left.
pub(super) fn reshape(x: &Tensor, target: &[i64], allow_zero: bool) -> Op<Tensor> {
    let mut shape = Vec::with_capacity(target.len());
    for (at, extent) in target.iter().enumerate() {
        shape.push(match (*extent, x.shape.get(at)) {
            (0, Some(own)) if !allow_zero => *own,
            (-1, _) => usize::MAX,
            (extent, _) => usize::try_from(extent).or_else(|_| fail(format!("an extent of {extent}")))?,
        });
    }
    let open: Vec<usize> = (0..shape.len()).filter(|at| shape[*at] == usize::MAX).collect();
    match open[..] {
        [] => {}
        [at] => {
            shape[at] = 1;
            let others = count(&shape)?;
            // Of no elements the open extent is none.
            shape[at] = x.data.elements().checked_div(others).unwrap_or(0);
        }
        _ => return fail("two open extents"),
    }
    Tensor::new(shape, x.data.clone())
}

/// `Concat` along an axis.
pub(super) fn concat(parts: &[&Tensor], axis: i64) -> Op<Tensor> {
    let Some(first) = parts.first() else { return fail("nothing to put together") };
    let axis = first.axis(axis)?;
    let mut shape = first.shape.clone();
    shape[axis] = 0;
    for part in parts {
        let fits = part.rank() == shape.len() && (0..shape.len()).all(|at| at == axis || part.shape[at] == shape[at]);
        if !fits {
            return fail(format!("the shapes {:?} and {:?} do not fit each other", first.shape, part.shape));
        }
        shape[axis] += part.shape[axis];
    }
    count(&shape)?;
    let (before, _, after) = first.around(axis);
    let mut data = first.data.none();
    for block in 0..before {
        for part in parts {
            let length = part.shape[axis] * after;
            data.extend(&part.data, block * length..(block + 1) * length)?;
        }
    }
    Tensor::new(shape, data)
}

/// Position that may count from the end, in an axis of `extent`.
fn position(index: i64, extent: usize) -> Op<usize> {
    axis_of(index, extent).or_else(|_| fail(format!("position {index} of {extent}")))
}

/// `Gather`: whole slices along an axis, for each index.
pub(super) fn gather(x: &Tensor, indices: &Tensor, axis: i64) -> Op<Tensor> {
    let axis = x.axis(axis)?;
    let (before, extent, after) = x.around(axis);
    let picked: Vec<usize> = indices.ints()?.iter().map(|index| position(*index, extent)).collect::<Op<_>>()?;
    let mut shape = x.shape.clone();
    shape.splice(axis..=axis, indices.shape.iter().copied());
    count(&shape)?;
    // Converters write it for a model that takes all columns.
    if picked.len() == extent && picked.iter().enumerate().all(|(place, at)| place == *at) {
        return Tensor::new(shape, x.data.clone());
    }
    let block = |from: usize| picked.iter().map(move |at| (from * extent + at) * after);
    let data = x.data.take((0..before).flat_map(block).flat_map(|from| from..from + after));
    Tensor::new(shape, data)
}

/// `GatherElements`: one element along an axis for each index.
pub(super) fn gather_elements(x: &Tensor, indices: &Tensor, axis: i64) -> Op<Tensor> {
    let axis = x.axis(axis)?;
    let fits = indices.rank() == x.rank() && (0..x.rank()).all(|at| at == axis || indices.shape[at] <= x.shape[at]);
    if !fits {
        return fail(format!("indices of shape {:?} into {:?}", indices.shape, x.shape));
    }
    let mut steps = strides(&x.shape);
    let step = std::mem::replace(&mut steps[axis], 0);
    let extent = x.shape[axis];
    let found = places(&indices.shape, &steps, 0).into_iter().zip(indices.ints()?);
    let found: Vec<usize> =
        found.map(|(from, index)| Ok(from + position(*index, extent)? * step)).collect::<Op<_>>()?;
    Tensor::new(indices.shape.clone(), x.data.take(found.into_iter()))
}

/// `GatherND` without batch axes: the last axis of the indices holds positions.
pub(super) fn gather_nd(x: &Tensor, indices: &Tensor) -> Op<Tensor> {
    let Some((depth, outer)) = indices.shape.split_last() else { return fail("indices without an axis") };
    if *depth > x.rank() || *depth == 0 {
        return fail(format!("indices of {depth} positions into {:?}", x.shape));
    }
    let steps = strides(&x.shape);
    let after: usize = x.shape[*depth..].iter().product();
    let shape = [outer, &x.shape[*depth..]].concat();
    count(&shape)?;
    let place = |index: &[i64]| {
        index
            .iter()
            .enumerate()
            .try_fold(0, |place, (at, index)| Ok(place + position(*index, x.shape[at])? * steps[at]))
    };
    let found: Vec<usize> = indices.ints()?.chunks_exact(*depth).map(place).collect::<Op<_>>()?;
    Tensor::new(shape, x.data.take(found.into_iter().flat_map(|from| from..from + after)))
}

/// `Slice` with steps that may be negative, as Python slices.
pub(super) fn slice(
    x: &Tensor,
    starts: &[i64],
    ends: &[i64],
    axes: Option<&[i64]>,
    steps: Option<&[i64]>,
) -> Op<Tensor> {
    let all: Vec<i64> = (0..starts.len() as i64).collect();
    let axes = axes.unwrap_or(&all);
    let ones = vec![1; starts.len()];
    let steps = steps.unwrap_or(&ones);
    if ends.len() != starts.len() || axes.len() != starts.len() || steps.len() != starts.len() {
        return fail("starts, ends, axes and steps of different number");
    }
    let mut sliced = x.clone();
    for at in 0..starts.len() {
        let axis = x.axis(axes[at])?;
        let extent = sliced.shape[axis] as i64;
        let step = steps[at];
        let from_end = |bound: i64| if bound < 0 { bound.saturating_add(extent) } else { bound };
        let picked: Vec<usize> = match step {
            0 => return fail("a step of 0"),
            1.. => {
                let (from, to) = (from_end(starts[at]).clamp(0, extent), from_end(ends[at]).clamp(0, extent));
                (from..to).step_by(usize::try_from(step).unwrap_or(usize::MAX)).map(|i| i as usize).collect()
            }
            _ => {
                let (from, to) = (from_end(starts[at]).clamp(-1, extent - 1), from_end(ends[at]).clamp(-1, extent - 1));
                let step = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
                (to + 1..=from).rev().step_by(step).map(|i| i as usize).collect()
            }
        };
        sliced = along(&sliced, axis, &picked)?;
    }
    Ok(sliced)
}

/// The slices at `picked`, all inside, along an axis.
pub(super) fn along(x: &Tensor, axis: usize, picked: &[usize]) -> Op<Tensor> {
    let (before, extent, after) = x.around(axis);
    let mut shape = x.shape.clone();
    shape[axis] = picked.len();
    count(&shape)?;
    let block = |from: usize| picked.iter().map(move |at| (from * extent + at) * after);
    Tensor::new(shape, x.data.take((0..before).flat_map(block).flat_map(|from| from..from + after)))
}

/// `Squeeze`: without these axes of extent 1, or without all such.
pub(super) fn squeeze(x: &Tensor, axes: Option<&[i64]>) -> Op<Tensor> {
    let drop: Vec<usize> = match axes {
        Some(axes) => axes.iter().map(|axis| x.axis(*axis)).collect::<Op<_>>()?,
        None => (0..x.rank()).filter(|at| x.shape[*at] == 1).collect(),
    };
    let kept = (0..x.rank()).filter(|at| !drop.contains(at)).map(|at| x.shape[at]).collect();
    Tensor::new(kept, x.data.clone())
}

/// `Unsqueeze`: with new axes of extent 1 at these positions of the result.
pub(super) fn unsqueeze(x: &Tensor, axes: &[i64]) -> Op<Tensor> {
    let rank = x.rank() + axes.len();
    let mut at: Vec<usize> = axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Op<_>>()?;
    at.sort_unstable();
    let mut shape = x.shape.clone();
    for at in at {
        if at > shape.len() {
            return fail("an axis that stands twice");
        }
        shape.insert(at, 1);
    }
    Tensor::new(shape, x.data.clone())
}

/// `Transpose`; without `order` the axes are reversed.
pub(super) fn transpose(x: &Tensor, order: Option<&[i64]>) -> Op<Tensor> {
    let order: Vec<usize> = match order {
        Some(order) => order.iter().map(|axis| x.axis(*axis)).collect::<Op<_>>()?,
        None => (0..x.rank()).rev().collect(),
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted != (0..x.rank()).collect::<Vec<_>>() {
        return fail("an order that is not of all axes");
    }
    let own = strides(&x.shape);
    let shape: Vec<usize> = order.iter().map(|axis| x.shape[*axis]).collect();
    let steps: Vec<usize> = order.iter().map(|axis| own[*axis]).collect();
    let data = x.data.take(places(&shape, &steps, 0).into_iter());
    Tensor::new(shape, data)
}

/// `Split` into parts of these lengths, or into `count` equal ones.
pub(super) fn split(x: &Tensor, axis: i64, lengths: Option<&[i64]>, parts: usize) -> Op<Vec<Tensor>> {
    let axis = x.axis(axis)?;
    let extent = x.shape[axis];
    let lengths: Vec<usize> = match lengths {
        Some(lengths) => lengths.iter().map(|length| usize::try_from(*length).unwrap_or(usize::MAX)).collect(),
        None => {
            let each = extent.div_ceil(parts.max(1));
            (0..parts).map(|at| each.min(extent.saturating_sub(at * each))).collect()
        }
    };
    if lengths.iter().try_fold(0usize, |sum, length| sum.checked_add(*length)) != Some(extent) {
        return fail(format!("an axis of {extent} in parts of {lengths:?}"));
    }
    let mut from = 0;
    let part = |length: &usize| {
        let picked: Vec<usize> = (from..from + length).collect();
        from += length;
        along(x, axis, &picked)
    };
    lengths.iter().map(part).collect()
}

/// `Expand`: stretched to what both shapes stretch to.
pub(super) fn expand(x: &Tensor, target: &[i64]) -> Op<Tensor> {
    let shape = super::tensor::broadcast(&x.shape, &extents(target)?)?;
    let data = x.data.take(stretched(&x.shape, &shape).into_iter());
    Tensor::new(shape, data)
}

/// `Tile`: repeated along each axis.
pub(super) fn tile(x: &Tensor, repeats: &[i64]) -> Op<Tensor> {
    let repeats = extents(repeats)?;
    if repeats.len() != x.rank() {
        return fail("another number of repeats than of axes");
    }
    let mut tiled = x.clone();
    for (axis, repeat) in repeats.into_iter().enumerate() {
        let mut shape = tiled.shape.clone();
        shape[axis] = shape[axis].saturating_mul(repeat);
        count(&shape)?;
        let extent = tiled.shape[axis];
        let picked: Vec<usize> = (0..extent * repeat).map(|at| at % extent).collect();
        tiled = along(&tiled, axis, &picked)?;
    }
    Ok(tiled)
}

/// `Flatten`: two axes, split before `axis`.
pub(super) fn flatten(x: &Tensor, axis: i64) -> Op<Tensor> {
    let axis = if axis == x.rank() as i64 { x.rank() } else { x.axis(axis)? };
    let shape = vec![x.shape[..axis].iter().product(), x.shape[axis..].iter().product()];
    Tensor::new(shape, x.data.clone())
}

/// A shape from the integers of a tensor.
pub(super) fn extents(values: &[i64]) -> Op<Vec<usize>> {
    let extent = |value: &i64| usize::try_from(*value).or_else(|_| fail(format!("an extent of {value}")));
    values.iter().map(extent).collect()
}

/// `Shape`.
pub(super) fn shape(x: &Tensor) -> Tensor {
    let extents = x.shape.iter().map(|extent| *extent as i64).collect();
    Tensor { shape: vec![x.rank()], data: Data::I64(extents) }
}

/// `ArrayFeatureExtractor`: columns by position along the last axis.
pub(super) fn columns(x: &Tensor, picked: &Tensor) -> Op<Tensor> {
    let Some(extent) = x.shape.last().copied() else { return fail("a tensor without columns") };
    let picked: Vec<usize> = picked.ints()?.iter().map(|index| position(*index, extent)).collect::<Op<_>>()?;
    let mut found = along(x, x.rank() - 1, &picked)?;
    if x.rank() == 1 {
        found.shape.insert(0, 1);
    }
    Ok(found)
}
