//! `FunctionTransformer` with the functions of numpy that work value by value.

use super::math::expit;
use super::{InputError, NULL};
use ndarray::Array2;

/// `FunctionTransformer`; it makes no check of its own (`validate=False`).
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionTransformer {
    pub n_features: usize,
    pub function: Function,
    /// What is refused (`validate=True`).
    pub policy: Option<super::InputPolicy>,
    /// Sees columns of the request. pandas makes a column of nothing but null one of objects, on which numpy has no
    /// functions.
    pub refuses_objects: bool,
}

/// A function of numpy, by its name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `func=None`.
    Identity,
    Absolute,
    Arccos,
    Arccosh,
    Arcsin,
    Arcsinh,
    Arctan,
    Arctanh,
    Cbrt,
    Ceil,
    Cos,
    Cosh,
    Degrees,
    Exp,
    Exp2,
    Expit,
    Expm1,
    Floor,
    Log,
    Log10,
    Log1p,
    Log2,
    Logit,
    NanToNum,
    Negative,
    Radians,
    Rint,
    Sign,
    Sin,
    Sinh,
    Sqrt,
    Square,
    Tan,
    Tanh,
    Trunc,
}

/// All functions but the identity, with the names of numpy and of `scipy.special`; those with a second name have it last.
const NAMES: [(&str, Function); 40] = [
    ("absolute", Function::Absolute),
    ("arccos", Function::Arccos),
    ("arccosh", Function::Arccosh),
    ("arcsin", Function::Arcsin),
    ("arcsinh", Function::Arcsinh),
    ("arctan", Function::Arctan),
    ("arctanh", Function::Arctanh),
    ("cbrt", Function::Cbrt),
    ("ceil", Function::Ceil),
    ("cos", Function::Cos),
    ("cosh", Function::Cosh),
    ("deg2rad", Function::Radians),
    ("exp", Function::Exp),
    ("exp2", Function::Exp2),
    ("expit", Function::Expit),
    ("expm1", Function::Expm1),
    ("floor", Function::Floor),
    ("log", Function::Log),
    ("log10", Function::Log10),
    ("log1p", Function::Log1p),
    ("log2", Function::Log2),
    ("logit", Function::Logit),
    ("nan_to_num", Function::NanToNum),
    ("negative", Function::Negative),
    ("rad2deg", Function::Degrees),
    ("rint", Function::Rint),
    ("sign", Function::Sign),
    ("sin", Function::Sin),
    ("sinh", Function::Sinh),
    ("sqrt", Function::Sqrt),
    ("square", Function::Square),
    ("tan", Function::Tan),
    ("tanh", Function::Tanh),
    ("trunc", Function::Trunc),
    ("around", Function::Rint),
    ("degrees", Function::Degrees),
    ("fabs", Function::Absolute),
    ("radians", Function::Radians),
    ("round", Function::Rint),
    ("round_", Function::Rint),
];

impl Function {
    /// The function that numpy calls so.
    pub fn from_name(name: &str) -> Option<Function> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    /// numpy's name of it.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, function)| *function == self).map_or("", |(name, _)| name)
    }

    /// Its value, NaN for NaN.
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Function::Identity => x,
            Function::Absolute => x.abs(),
            Function::Arccos => x.acos(),
            Function::Arccosh => arccosh(x),
            Function::Arcsin => x.asin(),
            Function::Arcsinh => x.asinh(),
            Function::Arctan => x.atan(),
            Function::Arctanh => x.atanh(),
            Function::Cbrt => x.cbrt(),
            Function::Ceil => x.ceil(),
            Function::Cos => x.cos(),
            Function::Cosh => x.cosh(),
            Function::Degrees => x * (180.0 / std::f64::consts::PI),
            Function::Exp => x.exp(),
            Function::Exp2 => x.exp2(),
            Function::Expit => expit(x),
            Function::Expm1 => x.exp_m1(),
            Function::Floor => x.floor(),
            Function::Log => x.ln(),
            Function::Log10 => x.log10(),
            Function::Log1p => x.ln_1p(),
            Function::Log2 => x.log2(),
            Function::Logit => logit(x),
            Function::NanToNum => nan_to_num(x),
            Function::Negative => -x,
            Function::Radians => x * (std::f64::consts::PI / 180.0),
            Function::Rint => x.round_ties_even(),
            Function::Sign if x == 0.0 || x.is_nan() => x + 0.0,
            Function::Sign => x.signum(),
            Function::Sin => x.sin(),
            Function::Sinh => x.sinh(),
            Function::Sqrt => x.sqrt(),
            Function::Square => x * x,
            Function::Tan => x.tan(),
            Function::Tanh => x.tanh(),
            Function::Trunc => x.trunc(),
        }
    }
}

/// The logarithm of what is little more than 1 is better said by how much more it is.
fn arccosh(x: f64) -> f64 {
    let above = x - 1.0;
    if above < 1.0 { (above + (2.0 * above + above * above).sqrt()).ln_1p() } else { x.acosh() }
}

/// `scipy.special.logit`.
fn logit(p: f64) -> f64 {
    let twice = 2.0 * (p - 0.5);
    if (0.3..=0.65).contains(&p) { twice.ln_1p() - (-twice).ln_1p() } else { (p / (1.0 - p)).ln() }
}

fn nan_to_num(x: f64) -> f64 {
    if x.is_nan() { 0.0 } else { x.clamp(f64::MIN, f64::MAX) }
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
            self.check_objects(&x)?;
            x.mapv_inplace(|value| self.function.apply(value));
        }
        Ok(x)
    }

    fn check_objects(&self, x: &Array2<f64>) -> Result<(), InputError> {
        let is_null = |value: &f64| value.to_bits() == NULL.to_bits();
        let objects = |column: &usize| x.nrows() > 0 && x.column(*column).iter().all(is_null);
        match (0..x.ncols()).find(objects).filter(|_| self.refuses_objects) {
            None => Ok(()),
            Some(column) => {
                let message = format!(
                    "loop of ufunc does not support argument 0 of type NoneType which has no callable {} method",
                    self.function.name()
                );
                Err(InputError::Refused { row: 0, column, message })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn functions_are_numpys() {
        let check = |name: &str, x: f64, expected: f64| {
            let function = Function::from_name(name).expect(name);
            assert_eq!(function.name(), name);
            assert_eq!(function.apply(x).to_bits(), expected.to_bits(), "{name}({x})");
        };
        check("absolute", -2.5, 2.5);
        check("rint", 2.5, 2.0);
        check("rint", -1.5, -2.0);
        check("sign", -0.0, 0.0);
        check("sign", -7.0, -1.0);
        check("sqrt", 9.0, 3.0);
        check("square", -3.0, 9.0);
        check("floor", -1.5, -2.0);
        check("trunc", -1.5, -1.0);
        check("negative", 0.0, -0.0);
        check("log1p", 0.0, 0.0);
        check("expit", 0.0, 0.5);
        check("logit", 0.5, 0.0);
        check("nan_to_num", f64::NAN, 0.0);
        check("nan_to_num", f64::NEG_INFINITY, f64::MIN);
        assert!((Function::Arccosh.apply(1.000000000001) / 1.4142764231805424e-6 - 1.0).abs() < 1e-15);
        assert!(Function::Sign.apply(f64::NAN).is_nan());
        assert_eq!(Function::from_name("load"), None);
    }

    #[test]
    fn a_column_of_nothing_but_null_is_no_number() {
        let transformer =
            |function, refuses_objects| FunctionTransformer { n_features: 1, function, policy: None, refuses_objects };
        let x = array![[NULL], [NULL]];
        assert!(transformer(Function::Sqrt, true).transform(x.clone()).is_err());
        assert!(transformer(Function::Sqrt, false).transform(x.clone()).is_ok());
        assert!(transformer(Function::Identity, true).transform(x).is_ok());
        assert!(transformer(Function::Sqrt, true).transform(array![[NULL], [4.0]]).is_ok());
    }
}
