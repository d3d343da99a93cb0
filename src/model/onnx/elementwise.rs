//! Operators that go element by element: arithmetic, comparisons, choices, casts.

use super::tensor::{Data, Op, Tensor, broadcast, fail, map_data, stretched};
use crate::model::math;

/// Of one tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unary {
    Abs,
    Ceil,
    Cos,
    Erf,
    Exp,
    Floor,
    IsInf,
    IsNaN,
    Log,
    Neg,
    Not,
    Reciprocal,
    Relu,
    Round,
    Sigmoid,
    Sign,
    Sin,
    Softplus,
    Sqrt,
    Tanh,
}

/// Of two tensors whose shapes are stretched to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Mod,
    Max,
    Min,
    And,
    Or,
    Xor,
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a cast makes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    F32,
    F64,
    /// Integers of this many bits.
    Int {
        bits: u32,
        signed: bool,
    },
    Bool,
}

impl Unary {
    pub fn run(self, x: &Tensor) -> Op<Tensor> {
        let data = match (self, &x.data) {
            (Unary::Not, Data::Bool(values)) => Data::Bool(values.iter().map(|value| !value).collect()),
            (Unary::IsNaN, Data::F32(values)) => Data::Bool(values.iter().map(|value| value.is_nan()).collect()),
            (Unary::IsNaN, Data::F64(values)) => Data::Bool(values.iter().map(|value| value.is_nan()).collect()),
            (Unary::IsInf, Data::F32(values)) => Data::Bool(values.iter().map(|value| value.is_infinite()).collect()),
            (Unary::IsInf, Data::F64(values)) => Data::Bool(values.iter().map(|value| value.is_infinite()).collect()),
            (Unary::Not | Unary::IsNaN | Unary::IsInf, other) => return fail(format!("{self:?} of {}", other.kind())),
            (_, Data::F32(values)) => Data::F32(values.iter().map(|value| self.f32(*value)).collect()),
            (_, Data::F64(values)) => Data::F64(values.iter().map(|value| self.f64(*value)).collect()),
            (_, Data::I64(values)) => Data::I64(values.iter().map(|value| self.int(*value)).collect::<Op<_>>()?),
            (_, other) => return fail(format!("{self:?} of {}", other.kind())),
        };
        Ok(Tensor { shape: x.shape.clone(), data })
    }

    fn f32(self, x: f32) -> f32 {
        match self {
            Unary::Abs => x.abs(),
            Unary::Ceil => x.ceil(),
            Unary::Exp => x.exp(),
            Unary::Floor => x.floor(),
            Unary::Log => x.ln(),
            Unary::Neg => -x,
            Unary::Reciprocal => 1.0 / x,
            Unary::Sqrt => x.sqrt(),
            Unary::Round => x.round_ties_even(),
            // What is computed in double and rounded is as near as a float can be.
            _ => self.f64(f64::from(x)) as f32,
        }
    }

    fn f64(self, x: f64) -> f64 {
        match self {
            Unary::Abs => x.abs(),
            Unary::Ceil => x.ceil(),
            Unary::Cos => x.cos(),
            Unary::Erf => math::erf(x),
            Unary::Exp => x.exp(),
            Unary::Floor => x.floor(),
            Unary::Log => x.ln(),
            Unary::Neg => -x,
            Unary::Reciprocal => 1.0 / x,
            Unary::Relu if x.is_nan() => x,
            Unary::Relu => x.max(0.0),
            Unary::Round => x.round_ties_even(),
            Unary::Sigmoid => math::expit(x),
            Unary::Sign if x == 0.0 || x.is_nan() => x,
            Unary::Sign => x.signum(),
            Unary::Sin => x.sin(),
            Unary::Softplus => x.exp().ln_1p(),
            Unary::Sqrt => x.sqrt(),
            Unary::Tanh => x.tanh(),
            Unary::Not | Unary::IsNaN | Unary::IsInf => f64::NAN,
        }
    }

    fn int(self, x: i64) -> Op<i64> {
        Ok(match self {
            Unary::Abs => x.wrapping_abs(),
            Unary::Neg => x.wrapping_neg(),
            Unary::Sign => x.signum(),
            Unary::Relu => x.max(0),
            _ => return fail(format!("{self:?} of integers")),
        })
    }
}

impl Binary {
    pub fn run(self, a: &Tensor, b: &Tensor) -> Op<Tensor> {
        let shape = broadcast(&a.shape, &b.shape)?;
        let data = match (&a.data, &b.data) {
            (Data::F32(x), Data::F32(y)) if self.compares() => {
                Data::Bool(zip((x, a), (y, b), &shape, |x, y| self.holds(x, y)))
            }
            (Data::F64(x), Data::F64(y)) if self.compares() => {
                Data::Bool(zip((x, a), (y, b), &shape, |x, y| self.holds(x, y)))
            }
            (Data::I64(x), Data::I64(y)) if self.compares() => {
                Data::Bool(zip((x, a), (y, b), &shape, |x, y| self.holds(x, y)))
            }
            (Data::Text(x), Data::Text(y)) if self == Binary::Equal => {
                // Two texts that the model does not know may be any.
                Data::Bool(zip((x, a), (y, b), &shape, |x, y| x == y && x >= 0))
            }
            (Data::Bool(x), Data::Bool(y)) => Data::Bool(zip((x, a), (y, b), &shape, self.logic()?)),
            (Data::F32(x), Data::F32(y)) => Data::F32(self.f32s((x, a), (y, b), &shape)?),
            (Data::F64(x), Data::F64(y)) => Data::F64(zip((x, a), (y, b), &shape, self.f64()?)),
            (Data::I64(x), Data::I64(y)) => Data::I64(zip((x, a), (y, b), &shape, self.int()?)),
            // Only the exponent may be of another type.
            (Data::F32(x), _) if self == Binary::Pow => {
                let y: Vec<f32> = b.f32s()?.into_owned();
                Data::F32(self.f32s((x, a), (&y, b), &shape)?)
            }
            (x, y) => return fail(format!("{self:?} of {} and {}", x.kind(), y.kind())),
        };
        Ok(Tensor { shape, data })
    }

    fn compares(self) -> bool {
        use Binary::*;
        matches!(self, Equal | Less | LessOrEqual | Greater | GreaterOrEqual)
    }

    fn holds<T: PartialOrd>(self, x: T, y: T) -> bool {
        match self {
            Binary::Less => x < y,
            Binary::LessOrEqual => x <= y,
            Binary::Greater => x > y,
            Binary::GreaterOrEqual => x >= y,
            _ => x == y,
        }
    }

    fn logic(self) -> Op<fn(bool, bool) -> bool> {
        Ok(match self {
            Binary::And => |x, y| x && y,
            Binary::Or => |x, y| x || y,
            Binary::Xor => |x, y| x ^ y,
            Binary::Equal => |x, y| x == y,
            _ => return fail(format!("{self:?} of bools")),
        })
    }

    /// Those that matter for speed are closures of their own, so that they are vectorized.
    fn f32s(self, (x, a): (&[f32], &Tensor), (y, b): (&[f32], &Tensor), shape: &[usize]) -> Op<Vec<f32>> {
        Ok(match self {
            Binary::Add => zip((x, a), (y, b), shape, |x, y| x + y),
            Binary::Sub => zip((x, a), (y, b), shape, |x, y| x - y),
            Binary::Mul => zip((x, a), (y, b), shape, |x, y| x * y),
            Binary::Div => zip((x, a), (y, b), shape, |x, y| x / y),
            Binary::Max => zip((x, a), (y, b), shape, |x: f32, y| if x.is_nan() || x > y { x } else { y }),
            Binary::Min => zip((x, a), (y, b), shape, |x: f32, y| if x.is_nan() || x < y { x } else { y }),
            _ => {
                let wide = self.f64()?;
                zip((x, a), (y, b), shape, |x, y| wide(f64::from(x), f64::from(y)) as f32)
            }
        })
    }

    fn f64(self) -> Op<fn(f64, f64) -> f64> {
        Ok(match self {
            Binary::Add => |x, y| x + y,
            Binary::Sub => |x, y| x - y,
            Binary::Mul => |x, y| x * y,
            Binary::Div => |x, y| x / y,
            Binary::Pow => f64::powf,
            Binary::Mod => |x, y| x % y,
            Binary::Max => |x, y| if x.is_nan() || x > y { x } else { y },
            Binary::Min => |x, y| if x.is_nan() || x < y { x } else { y },
            _ => return fail(format!("{self:?} of numbers")),
        })
    }

    fn int(self) -> Op<fn(i64, i64) -> i64> {
        Ok(match self {
            Binary::Add => i64::wrapping_add,
            Binary::Sub => i64::wrapping_sub,
            Binary::Mul => i64::wrapping_mul,
            Binary::Div => |x, y| x.checked_div(y).unwrap_or(0),
            Binary::Pow => |x, y| u32::try_from(y).map_or(0, |y| x.wrapping_pow(y)),
            // The sign is that of the divisor, as in Python.
            Binary::Mod => |x, y| {
                x.checked_rem(y).map_or(0, |rest| if rest != 0 && (rest < 0) != (y < 0) { rest + y } else { rest })
            },
            Binary::Max => i64::max,
            Binary::Min => i64::min,
            _ => return fail(format!("{self:?} of integers")),
        })
    }
}

/// Element by element, with both stretched to `shape`.
fn zip<T: Copy, O>((x, a): (&[T], &Tensor), (y, b): (&[T], &Tensor), shape: &[usize], f: impl Fn(T, T) -> O) -> Vec<O> {
    match (x, y) {
        _ if a.shape == shape && b.shape == shape => x.iter().zip(y).map(|(x, y)| f(*x, *y)).collect(),
        (_, [y]) if a.shape == shape => x.iter().map(|x| f(*x, *y)).collect(),
        ([x], _) if b.shape == shape => y.iter().map(|y| f(*x, *y)).collect(),
        _ => {
            let (from_x, from_y) = (stretched(&a.shape, shape), stretched(&b.shape, shape));
            from_x.into_iter().zip(from_y).map(|(i, j)| f(x[i], y[j])).collect()
        }
    }
}

/// `Where`: from `x` where `condition` holds, else from `y`.
pub(super) fn choose(condition: &Tensor, x: &Tensor, y: &Tensor) -> Op<Tensor> {
    let shape = broadcast(&broadcast(&condition.shape, &x.shape)?, &y.shape)?;
    let chosen = condition.bools()?;
    let from = [condition, x, y].map(|tensor| stretched(&tensor.shape, &shape));
    let [conditions, xs, ys] = from;
    let places = conditions.into_iter().zip(xs).zip(ys);
    macro_rules! pick {
        ($kind:path, $x:expr, $y:expr) => {
            $kind(places.map(|((at, i), j)| if chosen[at] { $x[i] } else { $y[j] }).collect())
        };
    }
    let data = match (&x.data, &y.data) {
        (Data::F32(x), Data::F32(y)) => pick!(Data::F32, x, y),
        (Data::F64(x), Data::F64(y)) => pick!(Data::F64, x, y),
        (Data::I64(x), Data::I64(y)) => pick!(Data::I64, x, y),
        (Data::Bool(x), Data::Bool(y)) => pick!(Data::Bool, x, y),
        (Data::Text(x), Data::Text(y)) => pick!(Data::Text, x, y),
        (x, y) => return fail(format!("{} or {}", x.kind(), y.kind())),
    };
    Ok(Tensor { shape, data })
}

/// `Cast` between numbers, as C++ casts.
pub(super) fn cast(x: &Tensor, to: Kind) -> Op<Tensor> {
    let data = match (to, &x.data) {
        (_, Data::Text(_)) => return fail("a cast of text"),
        (Kind::F32, Data::I64(values)) => Data::F32(values.iter().map(|value| *value as f32).collect()),
        (Kind::F32, Data::F32(values)) => Data::F32(values.clone()),
        (Kind::F32, _) => Data::F32(x.f64s()?.into_iter().map(|value| value as f32).collect()),
        (Kind::F64, _) => Data::F64(x.f64s()?),
        (Kind::Bool, _) => Data::Bool(x.f64s()?.into_iter().map(|value| value != 0.0).collect()),
        (Kind::Int { bits, signed }, Data::I64(values)) => {
            Data::I64(values.iter().map(|value| narrow(*value, bits, signed)).collect())
        }
        (Kind::Int { bits, signed }, _) => {
            Data::I64(x.f64s()?.into_iter().map(|value| narrow(value as i64, bits, signed)).collect())
        }
    };
    Ok(Tensor { shape: x.shape.clone(), data })
}

/// `CastLike`: to the type that `like` has.
pub(super) fn cast_like(x: &Tensor, like: &Tensor) -> Op<Tensor> {
    match &like.data {
        Data::F32(_) => cast(x, Kind::F32),
        Data::F64(_) => cast(x, Kind::F64),
        Data::I64(_) => cast(x, Kind::Int { bits: 64, signed: true }),
        Data::Bool(_) => cast(x, Kind::Bool),
        Data::Text(_) => fail("a cast to text"),
    }
}

fn narrow(value: i64, bits: u32, signed: bool) -> i64 {
    let shift = 64 - bits.clamp(1, 64);
    if signed { value << shift >> shift } else { ((value as u64) << shift >> shift) as i64 }
}

/// `Clip` between bounds that may be absent.
pub(super) fn clip(x: &Tensor, least: Option<&Tensor>, most: Option<&Tensor>) -> Op<Tensor> {
    let mut clipped = x.clone();
    for (bound, how) in [(least, Binary::Max), (most, Binary::Min)] {
        let Some(bound) = bound else { continue };
        if bound.data.elements() != 1 {
            return fail("a bound that is no single number");
        }
        clipped = how.run(&clipped, &Tensor { shape: vec![], data: bound.data.clone() })?;
    }
    Ok(clipped)
}

/// A tensor of one value, stretched to `shape`.
pub(super) fn filled(value: &Tensor, shape: Vec<usize>) -> Op<Tensor> {
    let count = super::tensor::count(&shape)?;
    if value.data.elements() != 1 {
        return fail("a filling of several values");
    }
    Ok(Tensor { shape, data: map_data!(&value.data, one => vec![one[0]; count]) })
}
