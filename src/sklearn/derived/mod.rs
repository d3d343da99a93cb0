//! `scorelet.features.DerivedColumns`: the one step of a trained bundle that scikit-learn has no object for. No pickle can
//! hold it; a native bundle does, as an object with these attributes:
//!
//! | attribute | what |
//! |---|---|
//! | `feature_names_in_` | the columns of the request, in order |
//! | `n_features_in_` | how many |
//! | `kinds_` | for each of them `'number'`, `'text'` or `'date'` |
//! | `columns_` | what it gives: pairs of a name and an expression (`expression.rs`) |
//!
//! A column of text can be passed through or compared with a text; a date only has parts.

mod expression;

pub use expression::{FUNCTIONS, check_name};

use super::sources::Sources;
use super::{BuildError, Context};
use crate::model::derived::{Operation, Program};
use crate::model::{Content, DerivedColumns};
use crate::value::View;
use expression::{Compiled, Inputs};

/// What a column of the request holds, as `kinds_` says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Number,
    Text,
    Date,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Number, Kind::Text, Kind::Date];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Text => "text",
            Kind::Date => "date",
        }
    }
}

/// The columns that `expression` reads of those with these names and kinds, and what it gives: a number, or a text that
/// passes through.
///
/// # Errors
/// In words, what is wrong with it.
pub fn inspect(expression: &str, columns: &[(String, Kind)]) -> Result<(Vec<usize>, Kind), String> {
    let inputs = Inputs::new(columns);
    let compiled = expression::compile(&[expression.to_owned()], &inputs).map_err(|(_, problem)| problem)?;
    let kind = compiled[0].kind;
    let read = |operation: &Operation| if let Operation::Column(column) = operation { Some(*column) } else { None };
    let mut read: Vec<usize> = compiled[0].operations.iter().filter_map(read).collect();
    read.sort_unstable();
    read.dedup();
    Ok((read, kind))
}

/// An expression that gives the column of that name as it is.
pub fn passing(name: &str) -> String {
    match check_name(name) {
        true => name.to_owned(),
        false => format!("col({})", expression::quoted(name)),
    }
}

/// Reads and compiles the step, and tells the vocabulary which columns hold what.
pub(super) fn derived_columns(value: &View<'_, '_>, ctx: &mut Context) -> Result<DerivedColumns, BuildError> {
    let names = value.attr("feature_names_in_")?.strings()?;
    let n = super::attributes::n_features(value, Some(names.len()), ctx)?;
    let kinds = value.attr("kinds_")?;
    let kind = |name: &String| Kind::ALL.into_iter().find(|kind| kind.name() == name);
    let read: Option<Vec<Kind>> = kinds.strings()?.iter().map(kind).collect();
    let read =
        read.filter(|read| read.len() == n).ok_or_else(|| kinds.error(format!("expected {n} kinds of column")))?;
    let inputs: Vec<(String, Kind)> = names.into_iter().zip(read).collect();
    let listed = value.attr("columns_")?;
    let mut expressions = vec![];
    for entry in listed.items()? {
        let Ok([_, expression]) = <[View; 2]>::try_from(entry.items()?) else {
            return Err(entry.error("expected a name and an expression").into());
        };
        expressions.push(expression.str()?.to_owned());
    }
    if expressions.is_empty() {
        return Err(listed.error("it gives no columns").into());
    }
    let compiled = expression::compile(&expressions, &Inputs::new(&inputs));
    let compiled = compiled.map_err(|(at, problem)| listed.error(format!("expression {at}: {problem}")))?;
    declare(value, &inputs, ctx)?;
    let mut programs = Vec::with_capacity(compiled.len());
    let mut sources = Vec::with_capacity(compiled.len());
    for Compiled { mut operations, texts, kind } in compiled {
        for (at, text) in texts {
            operations[at] = Operation::Number(f64::from(ctx.vocabulary.intern(&text)));
        }
        let program = Program::new(operations, n).ok_or_else(|| listed.error("an expression is none"))?;
        sources.push(program.passes().filter(|_| kind == Kind::Text).and_then(|column| ctx.sources.of(column)));
        programs.push(program);
    }
    ctx.gives = Sources::Each(sources);
    Ok(DerivedColumns::new(n, programs))
}

/// Says what each column holds.
fn declare(value: &View<'_, '_>, inputs: &[(String, Kind)], ctx: &mut Context) -> Result<(), BuildError> {
    for (column, (_, kind)) in inputs.iter().enumerate() {
        match (kind, ctx.sources.of(column)) {
            (Kind::Number, _) => ctx.takes_number(column),
            (Kind::Text, _) => ctx.takes_text(value, column, std::iter::empty())?,
            (Kind::Date, Some(source)) => ctx.vocabulary.mark(source, Content::Date),
            (Kind::Date, None) => {
                return Err(BuildError::option(value, "dates in a column that another step computes"));
            }
        }
    }
    Ok(())
}
