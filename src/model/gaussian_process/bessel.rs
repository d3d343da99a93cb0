//! The modified Bessel function of the second kind, of any order: what a Matérn kernel of any smoothness is made of. Temme's
//! series for small arguments, Steed's continued fraction for large ones; scipy's own (AMOS) differs in the last bits.

use std::f64::consts::PI;

/// Terms after which both have long ended.
const MOST_TERMS: u32 = 10_000;

/// `scipy.special.kv(order, x)` for an order from 0 to some hundred, and x above 0.
pub fn bessel_k(order: f64, x: f64) -> f64 {
    let steps = (order + 0.5).floor();
    let mu = order - steps;
    let (mut low, mut high) = if x < 2.0 { series(mu, x) } else { fraction(mu, x) };
    for i in 1..=steps as u32 {
        (low, high) = (high, (mu + f64::from(i)) * 2.0 / x * high + low);
    }
    low
}

/// `scipy.special.gamma` of a positive number.
pub fn gamma(x: f64) -> f64 {
    let steps = (x - 0.5).floor();
    let mu = x - 1.0 - steps;
    let (odd, even) = reciprocal_gamma(mu);
    let start = 1.0 / (even - mu * odd);
    // From gamma(1 + mu), with mu between -1/2 and 1/2; one step down for x below 1/2.
    match steps < 0.0 {
        true => start / x,
        false => (1..=steps as u32).fold(start, |product, k| product * (mu + f64::from(k))),
    }
}

/// K of orders mu and mu + 1, for mu between -1/2 and 1/2, and x below 2.
fn series(mu: f64, x: f64) -> (f64, f64) {
    let log = (2.0 / x).ln();
    let sigma = mu * log;
    let turn = if mu == 0.0 { 1.0 } else { PI * mu / (PI * mu).sin() };
    let rise = if sigma == 0.0 { 1.0 } else { sigma.sinh() / sigma };
    let (odd, even) = reciprocal_gamma(mu);
    let mut f = turn * (odd * sigma.cosh() + even * rise * log);
    let (mut p, mut q) = (0.5 * sigma.exp() / (even - mu * odd), 0.5 * (-sigma).exp() / (even + mu * odd));
    let (mut c, mut sum, mut next) = (1.0, f, p);
    for i in 1..MOST_TERMS {
        let i = f64::from(i);
        f = (i * f + p + q) / (i * i - mu * mu);
        c *= 0.25 * x * x / i;
        p /= i - mu;
        q /= i + mu;
        sum += c * f;
        next += c * (p - i * f);
        if (c * f).abs() < sum.abs() * f64::EPSILON * 0.1 {
            break;
        }
    }
    (sum, next * 2.0 / x)
}

/// The same for x from 2.
fn fraction(mu: f64, x: f64) -> (f64, f64) {
    let first = 0.25 - mu * mu;
    let (mut a, mut b) = (-first, 2.0 * (1.0 + x));
    let mut d = 1.0 / b;
    let (mut step, mut h) = (d, d);
    let (mut q1, mut q2, mut q, mut c) = (0.0, 1.0, first, first);
    let mut s = 1.0 + q * step;
    for i in 2..MOST_TERMS {
        a -= 2.0 * f64::from(i - 1);
        c *= -a / f64::from(i);
        (q1, q2) = (q2, (q1 - b * q2) / a);
        q += c * q2;
        b += 2.0;
        d = 1.0 / (b + a * d);
        step *= b * d - 1.0;
        h += step;
        s += q * step;
        if (q * step / s).abs() < f64::EPSILON * 0.1 {
            break;
        }
    }
    let low = (PI / (2.0 * x)).sqrt() * (-x).exp() / s;
    (low, low * (mu + x + 0.5 - first * h) / x)
}

/// Of 1 / gamma(1 - mu) and 1 / gamma(1 + mu): half their difference by mu, and half their sum.
fn reciprocal_gamma(mu: f64) -> (f64, f64) {
    let series = |terms: &[f64]| terms.iter().rev().fold(0.0, |sum, term| sum * mu * mu + term);
    (-series(&ODD), series(&EVEN))
}

/// The power series of 1 / gamma(1 + x) (Abramowitz and Stegun, 6.1.34): its even and its odd powers.
const EVEN: [f64; 13] = [
    1.0,
    -0.655_878_071_520_253_8,
    0.166_538_611_382_291_5,
    -0.009_621_971_527_877,
    -0.001_165_167_591_859_1,
    0.000_128_050_282_388_2,
    -0.000_001_250_493_482_1,
    -0.000_000_205_633_841_7,
    0.000_000_005_002_007_5,
    0.000_000_000_104_342_7,
    -0.000_000_000_003_696_8,
    -0.000_000_000_000_020_6,
    0.000_000_000_000_001_4,
];
const ODD: [f64; 12] = [
    0.577_215_664_901_532_9,
    -0.042_002_635_034_095_2,
    -0.042_197_734_555_544_3,
    0.007_218_943_246_663,
    -0.000_215_241_674_114_9,
    -0.000_020_134_854_780_7,
    0.000_001_133_027_232,
    0.000_000_006_116_095,
    -0.000_000_001_181_274_6,
    0.000_000_000_007_782_3,
    0.000_000_000_000_51,
    -0.000_000_000_000_005_4,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, expected: f64, what: &str) {
        assert!((got - expected).abs() <= 1e-13 * expected, "{what}: {got}, not {expected}");
    }

    /// Expected: `scipy.special.kv`.
    #[test]
    fn the_bessel_function_is_scipys() {
        for (order, x, expected) in [
            (0.0, 0.5, 0.9244190712276656),
            (0.3, 0.001, 14.406547529041038),
            (0.3, 1.9, 0.13137942527907037),
            (0.7, 2.0, 0.12601327130660878),
            (1.0, 0.1, 9.853844780870606),
            (1.2, 3.5, 0.02350386331705854),
            (3.7, 0.05, 1764799.5290052663),
            (3.7, 20.0, 8.01213663464364e-10),
            (10.25, 1.0, 378850458.514365),
            (0.5, 690.0, 1.0361983106412908e-301),
        ] {
            near(bessel_k(order, x), expected, &format!("K of order {order} at {x}"));
        }
    }

    /// Expected: `scipy.special.gamma`.
    #[test]
    fn the_gamma_function_is_scipys() {
        for (x, expected) in [
            (0.2, 4.5908437119988035),
            (0.5, 1.7724538509055159),
            (0.7, 1.2980553326475581),
            (1.0, 1.0),
            (1.5, 0.8862269254527579),
            (3.7, 4.170651783796604),
            (10.25, 639232.5987795768),
            (50.5, 4.290462912351959e+63),
        ] {
            near(gamma(x), expected, &format!("gamma({x})"));
        }
    }
}
