//! Matrix products, distances between rows.
//!
//! A float32 product rounds once for each multiply-add, in the order of the inner axis, as ONNX Runtime's kernels with
//! fused multiply-add do: the exact product fits a double, and adding it there and rounding is the fused operation.

use super::tensor::{Data, MAX_ELEMENTS, Op, Tensor, broadcast, count, fail, stretched};

/// Multiply-adds of one product.
const MAX_WORK: usize = 1 << 33;

/// `MatMul`, as `numpy.matmul`.
pub(super) fn product(a: &Tensor, b: &Tensor) -> Op<Tensor> {
    let (wide_a, wide_b) = (with_two_axes(a, true)?, with_two_axes(b, false)?);
    let split = |x: &[usize]| (x[..x.len() - 2].to_vec(), x[x.len() - 2], x[x.len() - 1]);
    let ((outer_a, m, k), (outer_b, k_b, n)) = (split(&wide_a), split(&wide_b));
    if k != k_b {
        return fail(format!("the shapes {:?} and {:?} do not fit each other", a.shape, b.shape));
    }
    let outer = broadcast(&outer_a, &outer_b)?;
    let blocks = stretched(&outer_a, &outer).into_iter().zip(stretched(&outer_b, &outer));
    let mut shape = [outer.as_slice(), &[m, n]].concat();
    let total = count(&shape)?;
    bounded(total, k)?;
    let mut out = zeros(a, b, total)?;
    for (at, (from_a, from_b)) in blocks.enumerate() {
        multiply(a, from_a * m * k, b, from_b * k * n, &mut out, at * m * n, [m, k, n]);
    }
    // A vector has no axis in the result.
    if b.rank() == 1 {
        shape.pop();
    }
    if a.rank() == 1 {
        shape.remove(shape.len() - if b.rank() == 1 { 1 } else { 2 });
    }
    Tensor::new(shape, out)
}

fn bounded(results: usize, each: usize) -> Op<()> {
    match results.checked_mul(each).filter(|work| *work <= MAX_WORK) {
        Some(_) => Ok(()),
        None => fail("a product that is too large"),
    }
}

fn with_two_axes(x: &Tensor, first: bool) -> Op<Vec<usize>> {
    Ok(match x.shape[..] {
        [] => return fail("a product with a single number"),
        [n] if first => vec![1, n],
        [n] => vec![n, 1],
        _ => x.shape.clone(),
    })
}

fn zeros(a: &Tensor, b: &Tensor, total: usize) -> Op<Data> {
    Ok(match (&a.data, &b.data) {
        (Data::F32(_), Data::F32(_)) => Data::F32(vec![0.0; total]),
        (Data::F64(_), Data::F64(_)) => Data::F64(vec![0.0; total]),
        (Data::I64(_), Data::I64(_)) => Data::I64(vec![0; total]),
        (a, b) => return fail(format!("a product of {} and {}", a.kind(), b.kind())),
    })
}

/// One product of matrices at these places, row by row over the inner axis.
fn multiply(a: &Tensor, at_a: usize, b: &Tensor, at_b: usize, out: &mut Data, at: usize, [m, k, n]: [usize; 3]) {
    macro_rules! rows {
        ($a:expr, $b:expr, $out:expr, $add:expr) => {
            for row in 0..m {
                let out = &mut $out[at + row * n..][..n];
                for inner in 0..k {
                    let left = $a[at_a + row * k + inner];
                    for (sum, right) in out.iter_mut().zip(&$b[at_b + inner * n..][..n]) {
                        *sum = $add(*sum, left, *right);
                    }
                }
            }
        };
    }
    match (&a.data, &b.data, out) {
        (Data::F32(a), Data::F32(b), Data::F32(out)) => rows!(a, b, out, fused),
        (Data::F64(a), Data::F64(b), Data::F64(out)) => rows!(a, b, out, |sum: f64, x: f64, y: f64| sum + x * y),
        (Data::I64(a), Data::I64(b), Data::I64(out)) => {
            rows!(a, b, out, |sum: i64, x: i64, y: i64| sum.wrapping_add(x.wrapping_mul(y)));
        }
        _ => unreachable!("the result was made for these types"),
    }
}

/// `sum + x * y` with one rounding.
fn fused(sum: f32, x: f32, y: f32) -> f32 {
    (f64::from(x) * f64::from(y) + f64::from(sum)) as f32
}

/// How `Gemm` combines its inputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gemm {
    pub alpha: f32,
    pub beta: f32,
    pub trans_a: bool,
    pub trans_b: bool,
}

impl Gemm {
    /// `alpha * a @ b + beta * c`.
    pub fn run(&self, a: &Tensor, b: &Tensor, c: Option<&Tensor>) -> Op<Tensor> {
        if a.rank() != 2 || b.rank() != 2 {
            return fail("something else than two matrices");
        }
        let turned = |x: &Tensor, turn: bool| if turn { super::shapes::transpose(x, None) } else { Ok(x.clone()) };
        let product = product(&turned(a, self.trans_a)?, &turned(b, self.trans_b)?)?;
        let scaled = scale(product, self.alpha);
        match c {
            Some(c) => super::Binary::Add.run(&scaled, &scale(c.clone(), self.beta)),
            None => Ok(scaled),
        }
    }
}

fn scale(mut x: Tensor, by: f32) -> Tensor {
    match &mut x.data {
        _ if by == 1.0 => {}
        Data::F32(values) => values.iter_mut().for_each(|value| *value *= by),
        Data::F64(values) => values.iter_mut().for_each(|value| *value *= f64::from(by)),
        _ => {}
    }
    x
}

/// Rows of `x` (row-major, `width` columns) times rows of `weights`, in float32: shape (rows, weights' rows).
pub(super) fn rows_by_rows(x: &[f32], weights: &[f32], width: usize) -> Op<Vec<f32>> {
    let (rows, targets) = (x.len().checked_div(width).unwrap_or(0), weights.len().checked_div(width).unwrap_or(0));
    match rows.checked_mul(targets).filter(|results| *results <= MAX_ELEMENTS) {
        Some(results) => bounded(results, width)?,
        None => return fail("a product that is too large"),
    }
    let dot = |row: &[f32], weights: &[f32]| row.iter().zip(weights).fold(0.0, |sum, (x, w)| fused(sum, *x, *w));
    let row = |row| weights.chunks_exact(width).map(move |weights| dot(row, weights));
    Ok(x.chunks_exact(width.max(1)).flat_map(row).collect())
}

/// `com.microsoft.CDist`: distances between the rows of two matrices.
pub(super) fn distances(a: &Tensor, b: &Tensor, squared: bool) -> Op<Tensor> {
    let (&[n, k], &[m, k_b]) = (a.shape.as_slice(), b.shape.as_slice()) else {
        return fail("something else than two matrices");
    };
    if k != k_b {
        return fail(format!("rows of {k} and of {k_b} values"));
    }
    let shape = vec![n, m];
    bounded(count(&shape)?, k)?;
    let (x, y) = (a.f64s()?, b.f64s()?);
    let between = |i: usize, j: usize| {
        let pairs = x[i * k..][..k].iter().zip(&y[j * k..][..k]);
        let sum: f64 = pairs.map(|(x, y)| (x - y) * (x - y)).sum();
        if squared { sum } else { sum.sqrt() }
    };
    let between = |at: usize| between(at / m, at % m);
    let data = match &a.data {
        Data::F32(_) => Data::F32((0..n * m).map(|at| between(at) as f32).collect()),
        _ => Data::F64((0..n * m).map(between).collect()),
    };
    Tensor::new(shape, data)
}
