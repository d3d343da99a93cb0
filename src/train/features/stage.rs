//! The columns between the request and the encoders: those that pass, and those that are derived.

use super::FeatureError;
use super::plan::{Missing, Plan};
use super::raw::{Raw, kind, matrix};
use super::write;
use crate::data::{self, Texts};
use crate::sklearn::derived::{Kind, inspect, passing};
use crate::sklearn::{Context, Version, transformer};
use crate::value::{Builder, Graph};
use std::borrow::Cow;
use std::collections::HashSet;

/// Rows that are turned into a matrix at once.
pub(super) const CHUNK: usize = 4096;

/// A column that an imputer or encoder sees.
pub(super) struct Column<'t> {
    pub name: String,
    pub values: Values<'t>,
}

/// Its values, by row of the table.
pub(super) enum Values<'t> {
    Texts(&'t Texts),
    Numbers(Cow<'t, [f64]>),
}

impl Values<'_> {
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Values::Texts(texts) => texts.codes[row] == Texts::MISSING,
            Values::Numbers(numbers) => numbers[row].is_nan(),
        }
    }
}

/// All columns, and the step that makes them of a request, where one is needed.
pub(super) struct Stage<'t> {
    pub columns: Vec<Column<'t>>,
    pub step: Option<Graph<'static>>,
}

/// A column that the step gives.
struct Given {
    name: String,
    expression: String,
    /// The request's column of texts, or of numbers, that it is.
    passes: Option<usize>,
}

impl<'t> Stage<'t> {
    /// Computes what `plan` derives, in the given rows of the table.
    ///
    /// # Errors
    /// When an expression is none, or a name stands for two columns.
    pub fn new(plan: &Plan, raw: &Raw<'t>, table_rows: usize, rows: &[usize]) -> Result<Stage<'t>, FeatureError> {
        let given = given(plan, raw)?;
        let passes_all = given.iter().enumerate().all(|(at, given)| given.passes == Some(at));
        let plain = passes_all && given.len() == raw.columns.len() && !needs_one_missing(plan, raw);
        let graph = (!plain).then(|| {
            let mut builder = Builder::new();
            let columns: Vec<(&str, &str)> = given.iter().map(|g| (g.name.as_str(), g.expression.as_str())).collect();
            let root = write::derived_columns(&mut builder, &raw.kinds(), &columns);
            builder.finish(root)
        });
        let mut computed = vec![];
        if let Some(graph) = &graph
            && given.iter().any(|given| given.passes.is_none())
        {
            computed = compute(graph, raw, &given, table_rows, rows)?;
        }
        let mut computed = computed.into_iter();
        let columns = given.into_iter().map(|given| {
            let values = match given.passes {
                Some(column) => values(raw.columns[column]),
                None => Values::Numbers(Cow::Owned(computed.next().expect("one for each that does not pass"))),
            };
            Column { name: given.name, values }
        });
        Ok(Stage { columns: columns.collect(), step: graph })
    }
}

/// A request of nothing but null has no type that pandas would tell, and encoders and some imputers see `None` then, which
/// training never had. Behind this step a missing value is NaN, however many there are.
fn needs_one_missing(plan: &Plan, raw: &Raw<'_>) -> bool {
    raw.columns.iter().any(|column| {
        let kept = matches!(plan.missing(&column.name), Missing::Keep | Missing::Drop);
        !kept || plan.encoding(&column.name, kind(column) == Kind::Text).is_some()
    })
}

/// What the step gives: the columns of the request but dates and those that are only inputs, then parts of dates, then
/// derived columns.
fn given(plan: &Plan, raw: &Raw<'_>) -> Result<Vec<Given>, FeatureError> {
    let kinds = raw.kinds();
    let column = |name: &String| {
        let found = kinds.iter().find(|(known, _)| known == name);
        found.map(|(_, kind)| *kind).ok_or_else(|| FeatureError::NotAFeature { column: name.clone() })
    };
    for name in &plan.inputs_only {
        column(name)?;
    }
    let mut given = vec![];
    for (at, (name, kind)) in kinds.iter().enumerate() {
        if *kind != Kind::Date && !plan.inputs_only.contains(name) {
            given.push(Given { name: name.clone(), expression: passing(name), passes: Some(at) });
        }
    }
    let mut read = HashSet::new();
    let parts = plan.dates.iter().flat_map(|(name, parts)| parts.iter().map(move |part| (name, part.name())));
    for (name, part) in parts {
        if column(name)? != Kind::Date {
            return Err(FeatureError::NotDates { column: name.clone() });
        }
        let at = kinds.iter().position(|(known, _)| known == name).expect("it was found");
        read.insert(at);
        let expression = format!("{part}({})", passing(name));
        given.push(Given { name: format!("{name}_{part}"), expression, passes: None });
    }
    for (name, expression) in &plan.derived {
        let problem = |problem| FeatureError::Expression { column: name.clone(), problem };
        let (reads, kind) = inspect(expression, &kinds).map_err(problem)?;
        let passes = reads.first().copied().filter(|_| kind == Kind::Text);
        read.extend(reads);
        given.push(Given { name: name.clone(), expression: expression.clone(), passes });
    }
    let unused = |(at, (name, kind)): &(usize, &(String, Kind))| {
        *kind == Kind::Date && !read.contains(at) && !plan.inputs_only.contains(name)
    };
    if let Some((_, (name, _))) = kinds.iter().enumerate().find(unused) {
        return Err(FeatureError::BareDate { column: name.clone() });
    }
    let mut names = HashSet::new();
    match given.iter().find(|given| !names.insert(&given.name)) {
        Some(twice) => Err(FeatureError::Collision { column: twice.name.clone() }),
        None if given.is_empty() => Err(FeatureError::NoFeatures),
        None => Ok(given),
    }
}

fn values(column: &data::Column) -> Values<'_> {
    match &column.values {
        data::Values::Texts(texts) => Values::Texts(texts),
        data::Values::Numbers { values, .. } => Values::Numbers(Cow::Borrowed(values)),
        // A date never passes.
        data::Values::Times(_) => Values::Numbers(Cow::Borrowed(&[])),
    }
}

/// The columns that do not pass, by row of the table; NaN in the rows that are not asked for.
fn compute(
    graph: &Graph<'_>,
    raw: &Raw<'_>,
    given: &[Given],
    table_rows: usize,
    rows: &[usize],
) -> Result<Vec<Vec<f64>>, FeatureError> {
    let mut ctx = Context::new(Version::NEWEST);
    ctx.inputs = Some(raw.columns.len());
    let step = transformer(&graph.root(), &mut ctx)?;
    let cells = raw.cells(&ctx.vocabulary);
    let computed: Vec<usize> = (0..given.len()).filter(|at| given[*at].passes.is_none()).collect();
    let mut columns = vec![vec![f64::NAN; table_rows]; computed.len()];
    for rows in rows.chunks(CHUNK) {
        let out = step.transform(matrix(&cells, rows))?;
        for (column, at) in columns.iter_mut().zip(&computed) {
            rows.iter().zip(out.column(*at)).for_each(|(row, value)| column[*row] = *value);
        }
    }
    Ok(columns)
}
