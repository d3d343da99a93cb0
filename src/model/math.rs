//! The few functions that several families share, each with the order of operations of numpy or scipy.

/// `scipy.special.expit`.
pub fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `sklearn.utils.extmath.softmax` of one row, in place: the maximum is subtracted first.
pub fn softmax(row: &mut [f64]) {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for value in row.iter_mut() {
        *value = (*value - max).exp();
    }
    let sum: f64 = row.iter().sum();
    for value in row {
        *value /= sum;
    }
}

/// `scipy.special.logsumexp` of one row.
pub fn log_sum_exp(row: &[f64]) -> f64 {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let max = if max.is_finite() { max } else { 0.0 };
    row.iter().map(|value| (value - max).exp()).sum::<f64>().ln() + max
}

/// `np.exp(row - logsumexp(row))`, in place.
pub fn log_normalise(row: &mut [f64]) {
    let total = log_sum_exp(row);
    row.iter_mut().for_each(|value| *value = (*value - total).exp());
}

/// `numpy.argmax`: the first of equal values; a NaN is greater than any number. 0 for an empty row.
pub fn argmax(row: &[f64]) -> u32 {
    let mut best = 0;
    for (at, value) in row.iter().enumerate().skip(1) {
        if !row[best].is_nan() && (*value > row[best] || value.is_nan()) {
            best = at;
        }
    }
    best as u32
}

/// Sum of products of two equally long rows, in four running sums so that it vectorises.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (mut a4, mut b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let mut sums = [0.0; 4];
    for (a, b) in (&mut a4).zip(&mut b4) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// `scipy.special.ndtri`, the inverse of the normal distribution function (Cephes).
pub fn norm_ppf(y: f64) -> f64 {
    /// exp(-2).
    const TAIL: f64 = 0.135_335_283_236_612_7;
    const SQRT_2PI: f64 = 2.506_628_274_631_000_7;
    if y == 0.0 || y == 1.0 {
        return if y == 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    if !(0.0..1.0).contains(&y) {
        return f64::NAN;
    }
    let upper = y > 1.0 - TAIL;
    let y = if upper { 1.0 - y } else { y };
    if y > TAIL {
        let y = y - 0.5;
        let square = y * y;
        return (y + y * (square * polynomial(square, 0.0, &P0) / polynomial(square, 1.0, &Q0))) * SQRT_2PI;
    }
    let x = (-2.0 * y.ln()).sqrt();
    let (z, start) = (1.0 / x, x - x.ln() / x);
    let rest = match x < 8.0 {
        true => z * polynomial(z, 0.0, &P1) / polynomial(z, 1.0, &Q1),
        false => z * polynomial(z, 0.0, &P2) / polynomial(z, 1.0, &Q2),
    };
    if upper { start - rest } else { rest - start }
}

/// `scipy.special.erf` (Cephes).
pub fn erf(x: f64) -> f64 {
    match x.abs() {
        size if size <= 1.0 => {
            let z = x * x;
            x * polynomial(z, 0.0, &ERF_T) / polynomial(z, 1.0, &ERF_U)
        }
        size => (1.0 - erfc_above_one(size)) * x.signum(),
    }
}

/// `scipy.special.ndtr`, the normal distribution function (Cephes).
pub fn norm_cdf(x: f64) -> f64 {
    let scaled = x * std::f64::consts::FRAC_1_SQRT_2;
    match scaled.abs() {
        size if size < 1.0 => 0.5 + 0.5 * erf(scaled),
        size if scaled > 0.0 => 1.0 - 0.5 * erfc_above_one(size),
        size => 0.5 * erfc_above_one(size),
    }
}

/// 1 - erf(x) for x above 1; NaN for NaN.
fn erfc_above_one(x: f64) -> f64 {
    /// Where exp is 0.
    const MAX_LOG: f64 = 7.097_827_128_933_84e2;
    let z = -x * x;
    if z < -MAX_LOG {
        return 0.0;
    }
    let ratio = match x < 8.0 {
        true => polynomial(x, 0.0, &ERFC_P) / polynomial(x, 1.0, &ERFC_Q),
        false => polynomial(x, 0.0, &ERFC_R) / polynomial(x, 1.0, &ERFC_S),
    };
    z.exp() * ratio
}

/// Horner's rule from a leading coefficient and those after it, the highest power first.
fn polynomial(x: f64, leading: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().fold(leading, |sum, coefficient| sum * x + coefficient)
}

const P0: [f64; 5] =
    [-59.96335010141079, 98.00107541859997, -56.67628574690703, 13.931260938727968, -1.2391658386738125];
const Q0: [f64; 8] = [
    1.9544885833814176,
    4.676279128988815,
    86.36024213908905,
    -225.46268785411937,
    200.26021238006066,
    -82.03722561683334,
    15.90562251262117,
    -1.1833162112133,
];
const P1: [f64; 9] = [
    4.0554489230596245,
    31.525109459989388,
    57.16281922464213,
    44.08050738932008,
    14.684956192885803,
    2.1866330685079025,
    -0.1402560791713545,
    -0.03504246268278482,
    -0.0008574567851546854,
];
const Q1: [f64; 8] = [
    15.779988325646675,
    45.39076351288792,
    41.3172038254672,
    15.04253856929075,
    2.504649462083094,
    -0.14218292285478779,
    -0.03808064076915783,
    -0.0009332594808954574,
];
const P2: [f64; 9] = [
    3.2377489177694603,
    6.915228890689842,
    3.9388102529247444,
    1.3330346081580755,
    0.20148538954917908,
    0.012371663481782003,
    0.00030158155350823543,
    2.6580697468673755e-06,
    6.239745391849833e-09,
];
const Q2: [f64; 8] = [
    6.02427039364742,
    3.6798356385616087,
    1.3770209948908132,
    0.21623699359449663,
    0.013420400608854318,
    0.00032801446468212774,
    2.8924786474538068e-06,
    6.790194080099813e-09,
];
const ERF_T: [f64; 5] = [9.604973739870516, 90.02601972038427, 2232.005345946843, 7003.325141128051, 55592.30130103949];
const ERF_U: [f64; 5] =
    [33.56171416475031, 521.3579497801527, 4594.323829709801, 22629.000061389095, 49267.39426086359];
const ERFC_P: [f64; 9] = [
    2.461969814735305e-10,
    0.5641895648310689,
    7.463210564422699,
    48.63719709856814,
    196.5208329560771,
    526.4451949954773,
    934.5285271719576,
    1027.5518868951572,
    557.5353353693994,
];
const ERFC_Q: [f64; 8] = [
    13.228195115474499,
    86.70721408859897,
    354.9377788878199,
    975.7085017432055,
    1823.9091668790973,
    2246.3376081871097,
    1656.6630919416134,
    557.5353408177277,
];
const ERFC_R: [f64; 6] = [
    0.5641895835477551,
    1.275366707599781,
    5.019050422511805,
    6.160210979930536,
    7.4097426995044895,
    2.9788666537210022,
];
const ERFC_S: [f64; 6] = [
    2.2605286322011726,
    9.396035249380015,
    12.048953980809666,
    17.08144507475659,
    9.608968090632859,
    3.369076451000815,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argmax_is_numpys() {
        let nan = f64::NAN;
        for (row, expected) in [
            (vec![1.0, 3.0, 3.0], 1),
            (vec![2.0, 2.0], 0),
            (vec![1.0, nan, 9.0, nan], 1),
            (vec![nan, 1.0], 0),
            (vec![f64::NEG_INFINITY, f64::NEG_INFINITY], 0),
            (vec![], 0),
        ] {
            assert_eq!(argmax(&row), expected, "{row:?}");
        }
    }

    #[test]
    fn softmax_and_expit_do_not_overflow() {
        let mut row = [1000.0, 1000.0, -1000.0];
        softmax(&mut row);
        assert_eq!(row, [0.5, 0.5, 0.0]);
        assert_eq!([expit(0.0), expit(800.0), expit(-800.0)], [0.5, 1.0, 0.0]);
    }

    #[test]
    fn quantiles_of_the_normal_distribution_are_scipys() {
        for (y, expected) in [
            (0.5, 0.0),
            (0.3, -0.5244005127080409),
            (0.001, -3.090232306167813),
            (0.999, 3.090232306167813),
            (1e-20, -9.262340089798409),
            (1e-300, -37.0470962993612),
        ] {
            let got = norm_ppf(y);
            assert!((got - expected).abs() <= 1e-15 * expected.abs(), "{y}: {got}");
        }
        assert!(norm_ppf(0.0).is_infinite() && norm_ppf(f64::NAN).is_nan() && norm_ppf(1.5).is_nan());
    }

    /// Expected: `scipy.special.erf`.
    #[test]
    fn the_error_function_is_scipys() {
        for (x, expected) in [
            (0.0, 0.0),
            (0.3, 0.328_626_759_459_127_4),
            (0.999, 0.842_285_270_206_496_9),
            (1.0, 0.842_700_792_949_714_8),
            (-1.5, -0.966_105_146_475_310_8),
            (3.2, 0.999_993_974_238_848_3),
            (30.0, 1.0),
            (f64::NEG_INFINITY, -1.0),
        ] {
            assert!((erf(x) - expected).abs() <= f64::EPSILON, "{x}: {}", erf(x));
        }
        assert!(erf(f64::NAN).is_nan());
    }

    #[test]
    fn dot_takes_every_element_once() {
        for len in 0..11 {
            let a: Vec<f64> = (1..=len).map(f64::from).collect();
            let expected: f64 = a.iter().map(|x| x * x).sum();
            assert_eq!(dot(&a, &a), expected, "{len}");
        }
    }
}
