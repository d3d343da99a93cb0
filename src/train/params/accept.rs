//! What a parameter may be: scikit-learn's constraints (`utils/_param_validation.py`) and their wording.

use super::Literal;
use std::fmt;

/// One kind of value that a parameter takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Accept {
    None,
    Bool,
    /// Any int.
    Int,
    /// An int in a range.
    Ints(Range),
    /// A float in a range; an int is none, since `1` is a count where `1.0` is a fraction.
    Fraction(Range),
    /// A number in a range, int or float.
    Real(Range),
    /// One of these strings.
    Text(&'static [&'static str]),
    Dict,
    /// Two numbers, the first lower than the second.
    Pair,
    /// Numbers.
    Numbers,
}

/// An interval; `open` at its lower or upper end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub low: f64,
    pub high: f64,
    pub open_low: bool,
    pub open_high: bool,
}

impl Range {
    /// `[low, high]`
    pub const fn closed(low: f64, high: f64) -> Range {
        Range { low, high, open_low: false, open_high: false }
    }

    /// `[low, inf)`
    pub const fn from(low: f64) -> Range {
        Range { open_high: true, ..Range::closed(low, f64::INFINITY) }
    }

    /// `(low, high]`
    pub const fn above(low: f64, high: f64) -> Range {
        Range { open_low: true, ..Range::closed(low, high) }
    }

    /// `(low, high)`
    pub const fn between(low: f64, high: f64) -> Range {
        Range { low, high, open_low: true, open_high: true }
    }

    fn contains(&self, x: f64) -> bool {
        let from = if self.open_low { x > self.low } else { x >= self.low };
        from && if self.open_high { x < self.high } else { x <= self.high }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>, kind: &str, whole: bool) -> fmt::Result {
        let bound = |x: f64| match whole || x.is_infinite() {
            true => format!("{x}"),
            false => format!("{x:?}"),
        };
        let (open, close) = (if self.open_low { '(' } else { '[' }, if self.open_high { ')' } else { ']' });
        write!(f, "{kind} in the range {open}{}, {}{close}", bound(self.low), bound(self.high))
    }
}

impl Accept {
    /// Whether `value` is of this kind.
    pub fn takes(&self, value: &Literal) -> bool {
        match (self, value) {
            (Accept::None, Literal::None)
            | (Accept::Bool, Literal::Bool(_))
            | (Accept::Int, Literal::Int(_))
            | (Accept::Dict, Literal::Dict(_)) => true,
            (Accept::Ints(range), Literal::Int(i)) => range.contains(*i as f64),
            (Accept::Fraction(range), Literal::Float(x)) => range.contains(*x),
            (Accept::Real(range), Literal::Int(_) | Literal::Float(_)) => {
                value.number().is_some_and(|x| range.contains(x))
            }
            (Accept::Text(options), Literal::Str(s)) => options.contains(&s.as_str()),
            (Accept::Pair, Literal::Tuple(items)) => match items.iter().map(Literal::number).collect::<Vec<_>>()[..] {
                [Some(low), Some(high)] => low < high,
                _ => false,
            },
            (Accept::Numbers, Literal::Tuple(items)) => items.iter().all(|item| item.number().is_some()),
            _ => false,
        }
    }
}

impl fmt::Display for Accept {
    /// As in scikit-learn's messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Accept::None => f.write_str("None"),
            Accept::Bool => f.write_str("an instance of 'bool'"),
            Accept::Int => f.write_str("an instance of 'int'"),
            Accept::Ints(range) => range.describe(f, "an int", true),
            Accept::Fraction(range) | Accept::Real(range) => range.describe(f, "a float", false),
            Accept::Text(options) => {
                let quoted: Vec<String> = options.iter().map(|option| format!("'{option}'")).collect();
                write!(f, "a str among {{{}}}", quoted.join(", "))
            }
            Accept::Dict => f.write_str("an instance of 'dict'"),
            Accept::Pair => f.write_str("a pair of numbers (low, high)"),
            Accept::Numbers => f.write_str("a list of numbers"),
        }
    }
}

/// All kinds in one phrase: `an int in the range [1, inf), a float in the range (0.0, 1.0] or None`.
pub(super) fn describe(kinds: &[Accept]) -> String {
    let mut said: Vec<String> = kinds.iter().map(Accept::to_string).collect();
    match said.pop() {
        Some(last) if !said.is_empty() => format!("{} or {last}", said.join(", ")),
        last => last.unwrap_or_default(),
    }
}
