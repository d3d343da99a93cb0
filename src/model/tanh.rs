//! The hyperbolic tangent of many numbers at once: eight side by side, without a branch or a call, so that the compiler
//! puts them into vectors. Within a few units in the last place of the C library's, which goes number by number.

/// Numbers side by side.
const LANES: usize = 8;

type Lanes = [f64; LANES];

/// `numpy.tanh` of every number, in place.
pub fn tanh(values: &mut [f64]) {
    let (groups, rest) = values.as_chunks_mut::<LANES>();
    groups.iter_mut().for_each(|group| *group = of(*group));
    let mut last = [0.0; LANES];
    last[..rest.len()].copy_from_slice(rest);
    rest.copy_from_slice(&of(last)[..rest.len()]);
}

/// t / (t + 2), where t = exp(2 x) - 1 = 2^n exp(r) - 1 with r within ln 2 / 2: nothing is lost around zero, where n is 0.
#[inline(always)]
fn of(x: Lanes) -> Lanes {
    /// ln 2 in two parts; the first has zeros at its end, so that n times it is exact (fdlibm).
    const LN2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
    /// Adding it rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    // Beyond 20 it is 1 to the last bit.
    let twice = lanes(|i| 2.0 * x[i].clamp(-20.0, 20.0));
    let shifted = lanes(|i| twice[i] * std::f64::consts::LOG2_E + ROUND);
    let r = lanes(|i| {
        let n = shifted[i] - ROUND;
        (twice[i] - n * LN2[0]) - n * LN2[1]
    });
    let series = FACTORS[1..].iter().fold([FACTORS[0]; LANES], |sum, factor| lanes(|i| sum[i] * r[i] + factor));
    lanes(|i| {
        let power = f64::from_bits(shifted[i].to_bits().wrapping_add(1023) << 52);
        let t = power * (series[i] * (r[i] * r[i]) + r[i]) + (power - 1.0);
        t / (t + 2.0)
    })
}

#[inline(always)]
fn lanes(f: impl Fn(usize) -> f64) -> Lanes {
    std::array::from_fn(f)
}

/// 1 / 13!, 1 / 12!, … 1 / 2!: the series of exp, whose next term is below a unit in the last place.
const FACTORS: [f64; 12] = [
    1.605_904_383_682_161_5e-10,
    2.087_675_698_786_81e-9,
    2.505_210_838_544_172e-8,
    2.755_731_922_398_589e-7,
    2.755_731_922_398_589e-6,
    2.480_158_730_158_73e-5,
    1.984_126_984_126_984e-4,
    1.388_888_888_888_889e-3,
    8.333_333_333_333_333e-3,
    4.166_666_666_666_666_4e-2,
    1.666_666_666_666_666_6e-1,
    0.5,
];

#[cfg(test)]
mod tests {
    use super::tanh;

    #[test]
    fn is_the_c_librarys() {
        let steps = (-60_000..60_000).map(|i| f64::from(i) * 3.3e-4);
        let sizes = (-40..40).flat_map(|e| [1.0, 1.37, -1.0, -1.9].map(|m| m * 10f64.powi(e)));
        let x: Vec<f64> = steps.chain(sizes).chain([0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]).collect();
        let mut values = x.clone();
        tanh(&mut values);
        for (x, got) in x.into_iter().zip(values) {
            let expected = x.tanh();
            let close = (got - expected).abs() <= 7e-16 * expected.abs();
            assert!(close || got.is_nan() && x.is_nan(), "tanh({x:e}): {got:e}, not {expected:e}");
        }
    }

    #[test]
    fn any_number_of_values_is_taken() {
        for len in 0..20u8 {
            let x: Vec<f64> = (0..len).map(|x| f64::from(x) / 8.0).collect();
            let mut values = x.clone();
            tanh(&mut values);
            assert!(values.iter().zip(x).all(|(value, x)| (value - x.tanh()).abs() < 1e-15), "{len}");
        }
    }
}
