//! How close each estimator's outputs must come to scikit-learn's. What is not listed is equal bit for bit. The list
//! cannot lie: an estimator beyond its bound fails, and so does a bound that no case needs.

/// The project's bound for what passes through exp, log or BLAS: scikit-learn differs from itself by as much between
/// two machines.
pub const ROUNDING: f64 = 1e-12;

/// Class name, output, largest relative difference, reason.
pub const LOOSE: &[(&str, &str, f64, &str)] = &[];

/// The largest relative difference allowed; 0 is equality of all bits.
pub fn bound(class: &str, output: &str) -> f64 {
    LOOSE.iter().find(|(c, o, ..)| *c == class && *o == output).map_or(0.0, |(_, _, bound, _)| *bound)
}
