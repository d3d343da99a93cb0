//! scikit-learn's versions: formulas follow the version that each object carries.

use super::Context;
use crate::value::View;

/// Major and minor number of a scikit-learn release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

impl Version {
    /// The newest release whose behaviour is known; stands in where nothing is said.
    pub const NEWEST: Version = Version(1, 9);

    /// Reads `1.5.2`, `1.6.dev0`, `1.4`.
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?;
        let digits = minor.len() - minor.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        Some(Version(major, minor[..digits].parse().ok()?))
    }

    /// The version in an estimator's own state, else the bundle's.
    pub fn of(value: &View<'_, '_>, ctx: &Context) -> Version {
        let own = value.get("_sklearn_version").and_then(|v| v.str().ok().and_then(Version::parse));
        own.unwrap_or(ctx.default_version)
    }
}
