//! `StandardScaler`, `MinMaxScaler`, `RobustScaler`, `MaxAbsScaler` (`preprocessing/_data.py`).
//!
//! Column by column, since that is how a DataFrame lies in memory: numpy's sums, and so the last bits of mean and
//! variance, are those of scikit-learn fitted to a DataFrame. Missing values are left out.

use super::super::grow::pairwise_sum;
use super::super::params::{Literal, Params, ScalerKind, ScalerSpec};
use super::state::State;
use super::{Data, FitError, Fitted, percentile};
use crate::model::FloatType;
use crate::model::math::norm_ppf;
use crate::value::{Builder, Id};
use ndarray::ArrayView2;

/// Fits a scaler to `x`, shape (rows, features), whose columns are called `names`.
///
/// # Errors
/// When a value is infinite, or there are no rows or features.
pub fn fit_scaler(spec: &ScalerSpec, x: ArrayView2<'_, f64>, names: &[String]) -> Result<Fitted, FitError> {
    let data = Data { x, names, target: None, threads: 1 };
    data.check_shape()?;
    data.check_values(spec.kind.class().class, FloatType::F64, true)?;
    let mut builder = Builder::new();
    let mut state = State::new(&mut builder, spec.kind.class(), &spec.params);
    state.features(&mut builder, &data);
    let fit = match spec.kind {
        ScalerKind::Standard => standard,
        ScalerKind::MinMax => min_max,
        ScalerKind::Robust => robust,
        ScalerKind::MaxAbs => max_abs,
    };
    fit(&spec.params, &data, &mut builder, &mut state);
    Ok(Fitted::new(builder, state, vec![]))
}

/// Each column's values that are present, in row order.
fn columns<'d>(data: &'d Data<'_>) -> impl Iterator<Item = Vec<f64>> + 'd {
    data.x.columns().into_iter().map(|column| column.iter().copied().filter(|x| !x.is_nan()).collect())
}

fn standard(params: &Params, data: &Data<'_>, b: &mut Builder, state: &mut State) {
    let (with_mean, with_std) = (params.flag("with_mean"), params.flag("with_std"));
    let moments: Vec<Moments> = data.x.columns().into_iter().map(|x| Moments::of(&x.to_vec())).collect();
    let seen = seen(b, &moments, with_mean || with_std);
    state.set("n_samples_seen_", seen);
    let mut set = |name, on: bool, value: fn(&Moments) -> f64| {
        let value = optional(b, on.then(|| moments.iter().map(value).collect()));
        state.set(name, value);
    };
    set("mean_", with_mean || with_std, |m| m.mean);
    set("var_", with_std, |m| m.variance);
    set("scale_", with_std, Moments::scale);
}

/// Values of each column, or one number where no column has gaps; counted in floats once a mean was made.
fn seen(b: &mut Builder, moments: &[Moments], float: bool) -> Id {
    let counts: Vec<f64> = moments.iter().map(|m| m.count).collect();
    let whole = || counts.iter().map(|n| *n as i64).collect::<Vec<_>>();
    match (counts.iter().all(|n| *n == counts[0]), float) {
        (true, true) => b.float(counts[0]),
        (true, false) => b.int(counts[0] as usize),
        (false, true) => b.f64s(&[counts.len()], &counts),
        (false, false) => b.i64s(&whole()),
    }
}

/// Mean and variance of a column (`_incremental_mean_and_var` on its first batch).
struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    /// NaN counts as 0 in the sums, and not as a value.
    fn of(column: &[f64]) -> Moments {
        let present = |x: f64, value: f64| if x.is_nan() { 0.0 } else { value };
        let sum = |value: &dyn Fn(f64) -> f64| {
            pairwise_sum(&column.iter().map(|x| present(*x, value(*x))).collect::<Vec<_>>())
        };
        let count = column.iter().filter(|x| !x.is_nan()).count() as f64;
        let mean = sum(&|x| x) / count;
        let correction = sum(&|x| x - mean);
        let squares = sum(&|x| (x - mean) * (x - mean));
        Moments { count, mean, variance: (squares - correction * correction / count) / count }
    }

    /// The standard deviation, 1 for what cannot be told from a constant (`_is_constant_feature`).
    fn scale(&self) -> f64 {
        let Moments { count, mean, variance } = *self;
        let bound = count * f64::EPSILON * variance + (count * mean * f64::EPSILON).powi(2);
        if variance <= bound { 1.0 } else { variance.sqrt() }
    }
}

fn min_max(params: &Params, data: &Data<'_>, b: &mut Builder, state: &mut State) {
    let (low, high) = pair(params, "feature_range");
    let ends: Vec<(f64, f64)> = columns(data).map(|column| ends(&column)).collect();
    let each = |value: &dyn Fn(f64, f64) -> f64| ends.iter().map(|(min, max)| value(*min, *max)).collect::<Vec<_>>();
    let scale = |min: f64, max: f64| (high - low) / without_zero(max - min);
    state.f64s(b, "scale_", &each(&scale));
    state.f64s(b, "min_", &each(&|min, max| low - min * scale(min, max)));
    state.f64s(b, "data_min_", &each(&|min, _| min));
    state.f64s(b, "data_max_", &each(&|_, max| max));
    state.f64s(b, "data_range_", &each(&|min, max| max - min));
    state.int(b, "n_samples_seen_", data.n_rows());
}

/// Least and greatest value; NaN where there is none.
fn ends(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::NAN, f64::NAN), |(low, high), x| (low.min(*x), high.max(*x)))
}

fn robust(params: &Params, data: &Data<'_>, b: &mut Builder, state: &mut State) {
    let (low, high) = pair(params, "quantile_range");
    // The same range of a normal distribution of variance 1.
    let unit = match params.flag("unit_variance") {
        true => norm_ppf(high / 100.0) - norm_ppf(low / 100.0),
        false => 1.0,
    };
    let (mut centers, mut scales) = (Vec::new(), Vec::new());
    for mut column in columns(data) {
        centers.push(median(&mut column));
        let range =
            if column.is_empty() { f64::NAN } else { percentile(&mut column, high) - percentile(&mut column, low) };
        scales.push(without_zero(range) / unit);
    }
    let centers = optional(b, params.flag("with_centering").then_some(centers));
    state.set("center_", centers);
    let scales = optional(b, params.flag("with_scaling").then_some(scales));
    state.set("scale_", scales);
}

/// `np.nanmedian`; sorts the values.
fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

fn max_abs(_: &Params, data: &Data<'_>, b: &mut Builder, state: &mut State) {
    let largest: Vec<f64> =
        columns(data).map(|column| column.iter().fold(f64::NAN, |max, x| max.max(x.abs()))).collect();
    state.f64s(b, "max_abs_", &largest);
    state.f64s(b, "scale_", &largest.iter().map(|x| without_zero(*x)).collect::<Vec<_>>());
    state.int(b, "n_samples_seen_", data.n_rows());
}

/// `_handle_zeros_in_scale`.
fn without_zero(scale: f64) -> f64 {
    if scale < 10.0 * f64::EPSILON { 1.0 } else { scale }
}

fn optional(b: &mut Builder, values: Option<Vec<f64>>) -> Id {
    match values {
        Some(values) => b.f64s(&[values.len()], &values),
        None => b.none(),
    }
}

fn pair(params: &Params, name: &str) -> (f64, f64) {
    match params.get(name) {
        Literal::Tuple(ends) => (ends[0].number().unwrap_or_default(), ends[1].number().unwrap_or_default()),
        _ => unreachable!("checked to be a pair"),
    }
}
