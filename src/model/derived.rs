//! `DerivedColumns`: scorelet's own first step of a trained bundle. Columns of the request pass through it, and others
//! are computed from them: arithmetic on numbers, parts of dates.
//!
//! An expression arrives as a checked program for a stack; nothing here parses.

use super::InputError;
use super::function::Function;
use crate::calendar::{civil_from_days, days_from_civil};
use ndarray::{Array2, ArrayView1};

/// The columns that it gives, one program for each.
#[derive(Debug, Clone, PartialEq)]
pub struct DerivedColumns {
    n_features: usize,
    programs: Vec<Program>,
}

/// An expression in postfix order. It leaves exactly one value on the stack and never takes one that is not there.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    operations: Vec<Operation>,
}

/// What is done to the top of the stack. A missing value (NaN) makes a result missing, unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operation {
    /// Pushes a column of the request.
    Column(usize),
    Number(f64),
    Add,
    Subtract,
    Multiply,
    Divide,
    /// The remainder with the sign of the divisor, as Python and numpy have it.
    Modulo,
    Negate,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    /// False where either is false, also beside a missing value; likewise the other way round.
    And,
    Or,
    Not,
    /// Of condition, value, other value: the first value where the condition is not 0.
    Select,
    Minimum,
    Maximum,
    Power,
    /// The first of two that is not missing.
    Coalesce,
    IsMissing,
    Call(Function),
    Date(DatePart),
}

/// What of a date, as pandas' `dt` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatePart {
    Year,
    Quarter,
    Month,
    Day,
    /// Monday is 0.
    DayOfWeek,
    /// January 1st is 1.
    DayOfYear,
    Hour,
    Minute,
    /// Whole seconds.
    Second,
    /// Seconds since 1970-01-01 UTC.
    Timestamp,
}

impl DatePart {
    pub const ALL: [DatePart; 10] = [
        DatePart::Year,
        DatePart::Quarter,
        DatePart::Month,
        DatePart::Day,
        DatePart::DayOfWeek,
        DatePart::DayOfYear,
        DatePart::Hour,
        DatePart::Minute,
        DatePart::Second,
        DatePart::Timestamp,
    ];

    /// pandas' name of it.
    pub fn name(self) -> &'static str {
        match self {
            DatePart::Year => "year",
            DatePart::Quarter => "quarter",
            DatePart::Month => "month",
            DatePart::Day => "day",
            DatePart::DayOfWeek => "dayofweek",
            DatePart::DayOfYear => "dayofyear",
            DatePart::Hour => "hour",
            DatePart::Minute => "minute",
            DatePart::Second => "second",
            DatePart::Timestamp => "timestamp",
        }
    }

    /// The part of that name.
    pub fn from_name(name: &str) -> Option<DatePart> {
        DatePart::ALL.into_iter().find(|part| part.name() == name)
    }

    /// This part of a moment in microseconds since 1970-01-01; NaN where it is missing.
    pub fn of(self, micros: f64) -> f64 {
        if micros.is_nan() {
            return f64::NAN;
        }
        if self == DatePart::Timestamp {
            return micros / 1e6;
        }
        let micros = micros as i64;
        let (days, seconds) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000) / 1_000_000);
        let (year, month, day) = civil_from_days(days);
        let part = match self {
            DatePart::Year => year,
            DatePart::Quarter => (month + 2) / 3,
            DatePart::Month => month,
            DatePart::Day => day,
            // 1970-01-01 was a Thursday.
            DatePart::DayOfWeek => (days + 3).rem_euclid(7),
            DatePart::DayOfYear => days - days_from_civil(year, 1, 1) + 1,
            DatePart::Hour => seconds / 3600,
            DatePart::Minute => seconds / 60 % 60,
            DatePart::Second | DatePart::Timestamp => seconds % 60,
        };
        part as f64
    }
}

impl Program {
    /// `None` when the operations take from an empty stack, leave more or less than one value, or name a column that
    /// is not there.
    pub fn new(operations: Vec<Operation>, columns: usize) -> Option<Program> {
        let mut depth = 0usize;
        for operation in &operations {
            if matches!(operation, Operation::Column(column) if *column >= columns) {
                return None;
            }
            depth = depth.checked_sub(operation.takes())? + 1;
        }
        (depth == 1).then_some(Program { operations })
    }

    /// The column that it passes through, if that is all it does.
    pub fn passes(&self) -> Option<usize> {
        match self.operations[..] {
            [Operation::Column(column)] => Some(column),
            _ => None,
        }
    }

    fn run(&self, row: ArrayView1<'_, f64>, stack: &mut Vec<f64>) -> f64 {
        stack.clear();
        for operation in &self.operations {
            operation.apply(row, stack);
        }
        stack[0]
    }
}

impl Operation {
    /// How many values it takes; it gives one.
    fn takes(self) -> usize {
        match self {
            Operation::Column(_) | Operation::Number(_) => 0,
            Operation::Negate | Operation::Not | Operation::IsMissing | Operation::Call(_) | Operation::Date(_) => 1,
            Operation::Select => 3,
            _ => 2,
        }
    }

    fn apply(self, row: ArrayView1<'_, f64>, stack: &mut Vec<f64>) {
        let mut pop = || stack.pop().expect("a program takes what it has pushed");
        let value = match (self, self.takes()) {
            (Operation::Column(column), _) => row[column],
            (Operation::Number(value), _) => value,
            (_, 1) => self.unary(pop()),
            (Operation::Select, _) => {
                let (other, value, condition) = (pop(), pop(), pop());
                match condition.is_nan() {
                    true => f64::NAN,
                    false if condition != 0.0 => value,
                    false => other,
                }
            }
            _ => {
                let right = pop();
                self.binary(pop(), right)
            }
        };
        stack.push(value);
    }

    fn unary(self, x: f64) -> f64 {
        match self {
            Operation::Negate => -x,
            Operation::Not => truth(x, x == 0.0),
            Operation::IsMissing => f64::from(u8::from(x.is_nan())),
            Operation::Call(function) => function.apply(x),
            Operation::Date(part) => part.of(x),
            _ => unreachable!("takes one value"),
        }
    }

    fn binary(self, a: f64, b: f64) -> f64 {
        let either = if a.is_nan() || b.is_nan() { f64::NAN } else { 0.0 };
        match self {
            Operation::Add => a + b,
            Operation::Subtract => a - b,
            Operation::Multiply => a * b,
            Operation::Divide => a / b,
            Operation::Modulo => modulo(a, b),
            Operation::Less => truth(either, a < b),
            Operation::LessEqual => truth(either, a <= b),
            Operation::Greater => truth(either, a > b),
            Operation::GreaterEqual => truth(either, a >= b),
            Operation::Equal => truth(either, a == b),
            Operation::NotEqual => truth(either, a != b),
            Operation::And if a == 0.0 || b == 0.0 => 0.0,
            Operation::And => truth(either, true),
            Operation::Or if is_true(a) || is_true(b) => 1.0,
            Operation::Or => truth(either, false),
            Operation::Minimum if a.is_nan() || a < b => a,
            Operation::Maximum if a.is_nan() || a > b => a,
            Operation::Minimum | Operation::Maximum => b,
            Operation::Power => a.powf(b),
            Operation::Coalesce => {
                if a.is_nan() {
                    b
                } else {
                    a
                }
            }
            _ => unreachable!("takes two values"),
        }
    }
}

impl DerivedColumns {
    /// Every program must be for `n_features` columns.
    pub fn new(n_features: usize, programs: Vec<Program>) -> DerivedColumns {
        DerivedColumns { n_features, programs }
    }

    pub fn n_features_in(&self) -> usize {
        self.n_features
    }

    pub fn n_features_out(&self) -> usize {
        self.programs.len()
    }

    /// For each column that it gives, the one of the request that it passes through.
    pub fn passed(&self) -> impl Iterator<Item = Option<usize>> {
        self.programs.iter().map(Program::passes)
    }

    /// Computes all columns of all rows. A missing value is NaN, however a request says it.
    ///
    /// # Errors
    /// Never.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        let mut out = Array2::zeros((x.nrows(), self.programs.len()));
        let mut stack = vec![];
        for (row, mut given) in x.rows().into_iter().zip(out.rows_mut()) {
            for (program, value) in self.programs.iter().zip(&mut given) {
                let result = program.run(row, &mut stack);
                *value = if result.is_nan() { f64::NAN } else { result };
            }
        }
        Ok(out)
    }
}

/// 1 or 0; NaN beside a missing value.
fn truth(of: f64, truth: bool) -> f64 {
    if of.is_nan() { f64::NAN } else { f64::from(u8::from(truth)) }
}

fn is_true(x: f64) -> bool {
    !x.is_nan() && x != 0.0
}

/// `numpy.mod`.
fn modulo(a: f64, b: f64) -> f64 {
    let rest = a % b;
    match rest {
        _ if b == 0.0 => rest,
        0.0 => 0f64.copysign(b),
        _ if (rest < 0.0) != (b < 0.0) => rest + b,
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;

    #[test]
    fn operators_are_pythons_and_missing_stays_missing() {
        let check = |operation: Operation, a: f64, b: f64, expected: f64| {
            let got = operation.binary(a, b);
            assert!(
                got.to_bits() == expected.to_bits() || got.is_nan() && expected.is_nan(),
                "{operation:?} {a} {b}: {got}"
            );
        };
        check(Operation::Modulo, -7.0, 3.0, 2.0);
        check(Operation::Modulo, 7.0, -3.0, -2.0);
        check(Operation::Modulo, 6.0, -3.0, -0.0);
        check(Operation::Modulo, -6.0, 3.0, 0.0);
        check(Operation::Modulo, 5.0, 0.0, NAN);
        check(Operation::Less, INF, -INF, 0.0);
        check(Operation::Equal, INF, INF, 1.0);
        check(Operation::Less, NAN, 1.0, NAN);
        check(Operation::NotEqual, 1.0, NAN, NAN);
        check(Operation::And, 0.0, NAN, 0.0);
        check(Operation::And, 2.0, NAN, NAN);
        check(Operation::And, 2.0, -1.0, 1.0);
        check(Operation::Or, NAN, 3.0, 1.0);
        check(Operation::Or, NAN, 0.0, NAN);
        check(Operation::Or, 0.0, 0.0, 0.0);
        check(Operation::Minimum, NAN, 1.0, NAN);
        check(Operation::Minimum, 1.0, NAN, NAN);
        check(Operation::Minimum, 2.0, 1.0, 1.0);
        check(Operation::Maximum, 2.0, 1.0, 2.0);
        check(Operation::Coalesce, NAN, 1.0, 1.0);
        check(Operation::Coalesce, 2.0, NAN, 2.0);
    }

    #[test]
    fn programs_are_checked() {
        use Operation::{Add, Column, Number, Select};
        let check = |operations: &[Operation], valid: bool| {
            assert_eq!(Program::new(operations.to_vec(), 2).is_some(), valid, "{operations:?}");
        };
        check(&[Column(1)], true);
        check(&[Column(2)], false);
        check(&[], false);
        check(&[Add], false);
        check(&[Column(0), Add], false);
        check(&[Column(0), Number(1.0)], false);
        check(&[Column(0), Number(1.0), Add], true);
        check(&[Number(1.0), Column(0), Column(1), Select], true);
    }

    #[test]
    fn parts_of_dates_are_pandas() {
        let check = |text: &str, expected: [f64; 10]| {
            let micros = crate::calendar::parse(text.as_bytes()).expect(text) as f64;
            assert_eq!(DatePart::ALL.map(|part| part.of(micros)), expected, "{text}");
        };
        check("2013-01-01T05:30:59.5Z", [2013.0, 1.0, 1.0, 1.0, 1.0, 1.0, 5.0, 30.0, 59.0, 1357018259.5]);
        check("2024-12-31", [2024.0, 4.0, 12.0, 31.0, 1.0, 366.0, 0.0, 0.0, 0.0, 1735603200.0]);
        check("1969-12-31 23:59:59.75", [1969.0, 4.0, 12.0, 31.0, 2.0, 365.0, 23.0, 59.0, 59.0, -0.25]);
        assert!(DatePart::Year.of(NAN).is_nan());
    }

    #[test]
    fn columns_pass_or_are_computed() {
        let program = |operations: &[Operation]| Program::new(operations.to_vec(), 2).expect("a program");
        let sum = [Operation::Column(0), Operation::Column(1), Operation::Add];
        let step = DerivedColumns::new(2, vec![program(&[Operation::Column(1)]), program(&sum)]);
        assert_eq!(step.passed().collect::<Vec<_>>(), [Some(1), None]);
        assert_eq!(step.transform(array![[1.0, 2.0], [0.1, 0.2]]), Ok(array![[2.0, 3.0], [0.2, 0.1 + 0.2]]));
    }
}
