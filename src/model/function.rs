//! `FunctionTransformer` with the functions of numpy that work value by value.

use super::InputError;
use ndarray::Array2;

/// `FunctionTransformer`; it makes no check of its own (`validate=False`).
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionTransformer {
    pub n_features: usize,
    pub function: Function,
    /// What is refused (`validate=True`).
    pub policy: Option<super::InputPolicy>,
}

/// A function of numpy, by its name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `func=None`.
    Identity,
    Absolute,
    Cbrt,
    Ceil,
    Cos,
    Exp,
    Exp2,
    Expm1,
    Floor,
    Log,
    Log10,
    Log1p,
    Log2,
    Negative,
    Rint,
    Sign,
    Sin,
    Sqrt,
    Square,
    Tan,
    Tanh,
    Trunc,
}

impl Function {
    /// The function that numpy calls so.
    pub fn from_name(name: &str) -> Option<Function> {
        Some(match name {
            "absolute" | "abs" => Function::Absolute,
            "cbrt" => Function::Cbrt,
            "ceil" => Function::Ceil,
            "cos" => Function::Cos,
            "exp" => Function::Exp,
            "exp2" => Function::Exp2,
            "expm1" => Function::Expm1,
            "floor" => Function::Floor,
            "log" => Function::Log,
            "log10" => Function::Log10,
            "log1p" => Function::Log1p,
            "log2" => Function::Log2,
            "negative" => Function::Negative,
            "rint" => Function::Rint,
            "sign" => Function::Sign,
            "sin" => Function::Sin,
            "sqrt" => Function::Sqrt,
            "square" => Function::Square,
            "tan" => Function::Tan,
            "tanh" => Function::Tanh,
            "trunc" => Function::Trunc,
            _ => return None,
        })
    }

    /// Its value, NaN for NaN.
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Function::Identity => x,
            Function::Absolute => x.abs(),
            Function::Cbrt => x.cbrt(),
            Function::Ceil => x.ceil(),
            Function::Cos => x.cos(),
            Function::Exp => x.exp(),
            Function::Exp2 => x.exp2(),
            Function::Expm1 => x.exp_m1(),
            Function::Floor => x.floor(),
            Function::Log => x.ln(),
            Function::Log10 => x.log10(),
            Function::Log1p => x.ln_1p(),
            Function::Log2 => x.log2(),
            Function::Negative => -x,
            Function::Rint => x.round_ties_even(),
            Function::Sign if x == 0.0 || x.is_nan() => x + 0.0,
            Function::Sign => x.signum(),
            Function::Sin => x.sin(),
            Function::Sqrt => x.sqrt(),
            Function::Square => x * x,
            Function::Tan => x.tan(),
            Function::Tanh => x.tanh(),
            Function::Trunc => x.trunc(),
        }
    }
}

impl FunctionTransformer {
    /// `FunctionTransformer.transform`.
    ///
    /// # Errors
    /// With `validate=True`, when a value is NaN or infinite.
    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        if let Some(policy) = &self.policy {
            policy.check(x.view())?;
        }
        if self.function != Function::Identity {
            x.mapv_inplace(|value| self.function.apply(value));
        }
        Ok(x)
    }
}
