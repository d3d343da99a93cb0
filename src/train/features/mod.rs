//! Columns of a table to features of a model: derived columns, parts of dates, missing values, encoding. What is fitted
//! is written as the step of a bundle and read back at once, so that training sees what a request will see.
//!
//! `table → rows as requests have them → derived columns → imputers and encoders → matrix`. Never does I/O.

mod categories;
mod impute;
mod plan;
mod raw;
mod stage;
mod write;

pub use plan::{ColumnPlan, Encoding, EncodingKind, Fill, Missing, Plan, Unknown};

use crate::data::Table;
use crate::model::{InputError, Transformer, Vocabulary};
use crate::sklearn::{BuildError, Context, Version, transformer};
use crate::value::{Builder, Graph, Id};
use categories::Categories;
use ndarray::Array2;
use raw::{Raw, matrix};
use stage::{CHUNK, Column, Stage, Values};

/// One-hot encoding of more categories than this is a mistake more often than not.
const MAX_ONE_HOT: usize = 10_000;

/// Why columns cannot become features.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FeatureError {
    #[error("the table has no column {column:?}")]
    NoColumn { column: String },
    #[error("{column:?} is named in the plan, but it is none of the features; add it to them or leave it out")]
    NotAFeature { column: String },
    #[error("no column is left as a feature")]
    NoFeatures,
    #[error("two features would be called {column:?}; give the derived one another name")]
    Collision { column: String },
    #[error("the derived column {column:?} cannot be computed: {problem}")]
    Expression { column: String, problem: String },
    #[error("parts of dates are wanted of {column:?}, but it holds none")]
    NotDates { column: String },
    #[error("{column:?} holds dates: name the parts that are features (month, dayofweek, hour, …), or leave it out")]
    BareDate { column: String },
    #[error("missing values of {column:?} cannot be filled in: {problem}")]
    Strategy { column: String, problem: &'static str },
    #[error("{column:?} has no values in the rows that are trained on, so nothing can be filled in; leave it out")]
    Empty { column: String },
    #[error("no rows are left: all {rows} have a missing value; most ({missing}) have one in {column:?}")]
    NoRows { rows: usize, column: String, missing: usize },
    #[error(
        "{column:?} has {categories} categories, of at most {MAX_ONE_HOT} for one-hot encoding: group rare ones \
         (min_frequency, max_categories), or encode it as ordinal"
    )]
    Categories { column: String, categories: usize },
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("a fault of scorelet: its own step does not load: {0}")]
    Build(#[from] BuildError),
}

/// Features, ready to be scaled and fitted.
#[derive(Debug)]
pub struct Prepared {
    /// Rows of the table that are trained on.
    pub rows: Vec<usize>,
    /// Shape (rows, names).
    pub x: Array2<f64>,
    /// Names of the columns of `x`.
    pub names: Vec<String>,
    /// What makes `x` of a request, as the value that stands in the bundle; none where the request's own columns are
    /// the features.
    pub step: Option<Graph<'static>>,
    /// The columns of a request, in order: the bundle's `feature_order`.
    pub feature_order: Vec<String>,
    fitted: Option<(Transformer, Vocabulary)>,
}

impl Plan {
    /// Fits imputers and encoders on all rows of `table`; `features` are the columns of a request.
    ///
    /// # Errors
    /// When the plan does not fit the table, or no rows are left.
    pub fn fit(&self, table: &Table, features: &[String]) -> Result<Prepared, FeatureError> {
        self.fit_rows(table, features, &(0..table.rows).collect::<Vec<_>>())
    }

    /// As [`Plan::fit`], on some rows.
    ///
    /// # Errors
    /// As [`Plan::fit`].
    pub fn fit_rows(&self, table: &Table, features: &[String], rows: &[usize]) -> Result<Prepared, FeatureError> {
        let raw = Raw::new(table, features)?;
        let stage = Stage::new(self, &raw, table.rows, rows)?;
        let known =
            |name: &&String| stage.columns.iter().any(|column| column.name == **name) || features.contains(*name);
        if let Some(other) = self.columns.keys().find(|name| !known(name)) {
            return Err(FeatureError::NotAFeature { column: other.clone() });
        }
        let rows = complete(self, &stage.columns, rows)?;
        let (encoders, names) = self.encoders(&stage.columns, &rows)?;
        let step = join(stage.step, encoders);
        let fitted = step.as_ref().map(|step| load(step, features.len())).transpose()?;
        let mut prepared = Prepared {
            rows: vec![],
            x: Array2::zeros((0, names.len())),
            names,
            step,
            feature_order: features.to_vec(),
            fitted,
        };
        prepared.x = prepared.transform(table, &rows)?;
        prepared.rows = rows;
        Ok(prepared)
    }

    /// Those of `rows` that have a value wherever the plan drops rows without one; `features` are the columns of a
    /// request.
    ///
    /// # Errors
    /// As [`Plan::fit`].
    pub fn complete(&self, table: &Table, features: &[String], rows: &[usize]) -> Result<Vec<usize>, FeatureError> {
        let raw = Raw::new(table, features)?;
        let stage = Stage::new(self, &raw, table.rows, rows)?;
        complete(self, &stage.columns, rows)
    }

    /// The `ColumnTransformer` behind the derived columns, where anything is filled in or encoded; and the names of what
    /// comes out of it.
    fn encoders(
        &self,
        columns: &[Column<'_>],
        rows: &[usize],
    ) -> Result<(Option<Graph<'static>>, Vec<String>), FeatureError> {
        let mut builder = Builder::new();
        let (mut parts, mut names): (Vec<(Option<Id>, Vec<usize>)>, Vec<String>) = (vec![], vec![]);
        let mut at = 0;
        while at < columns.len() {
            let treatment = self.treatment(&columns[at]);
            let same = columns[at..].iter().take_while(|column| self.treatment(column) == treatment).count();
            let (missing, encoding) = treatment;
            let part = fit_part(&mut builder, &columns[at..at + same], rows, (missing, encoding), &mut names)?;
            parts.push((part, (at..at + same).collect()));
            at += same;
        }
        if parts.iter().all(|(part, _)| part.is_none()) {
            return Ok((None, names));
        }
        let inputs: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let root = write::column_transformer(&mut builder, &inputs, parts);
        Ok((Some(builder.finish(root)), names))
    }

    /// What is done to a column: columns beside each other with the same are done in one.
    fn treatment(&self, column: &Column<'_>) -> (&Missing, Option<&Encoding>) {
        let is_text = matches!(column.values, Values::Texts(_));
        let own = self.columns.get(&column.name).is_some_and(|own| own.missing.is_some());
        let missing = match self.missing(&column.name) {
            Missing::Keep | Missing::Drop => &Missing::Keep,
            // A mean is for numbers: columns of texts keep their gaps unless they are named.
            Missing::Mean | Missing::Median if is_text && !own => &Missing::Keep,
            other => other,
        };
        (missing, self.encoding(&column.name, is_text))
    }
}

impl Prepared {
    /// What the bundle's step makes of some rows of a table with the same columns, shape (rows, names).
    ///
    /// # Errors
    /// When the table lacks a column, or an encoder refuses a category.
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<Array2<f64>, FeatureError> {
        let raw = Raw::new(table, &self.feature_order)?;
        let Some((step, vocabulary)) = &self.fitted else {
            return Ok(matrix(&raw.cells(&Vocabulary::default()), rows));
        };
        let cells = raw.cells(vocabulary);
        let mut out = Vec::with_capacity(rows.len() * self.names.len());
        for rows in rows.chunks(CHUNK) {
            out.extend(step.transform(matrix(&cells, rows))?);
        }
        Ok(Array2::from_shape_vec((rows.len(), self.names.len()), out).expect("names for each column"))
    }
}

/// Some rows of a table as requests bring them to a bundle with this vocabulary, shape (rows, columns).
///
/// # Errors
/// When the table has no column of a name.
pub fn requests(
    table: &Table,
    columns: &[String],
    rows: &[usize],
    vocabulary: &Vocabulary,
) -> Result<Array2<f64>, FeatureError> {
    Ok(matrix(&Raw::new(table, columns)?.cells(vocabulary), rows))
}

/// The rows without a missing value in any column where the plan drops such rows.
fn complete(plan: &Plan, columns: &[Column<'_>], rows: &[usize]) -> Result<Vec<usize>, FeatureError> {
    let strict: Vec<&Column<'_>> =
        columns.iter().filter(|column| *plan.missing(&column.name) == Missing::Drop).collect();
    let is_complete = |row: &usize| !strict.iter().any(|column| column.values.is_missing(*row));
    let kept: Vec<usize> = rows.iter().copied().filter(is_complete).collect();
    if !kept.is_empty() || rows.is_empty() {
        return Ok(kept);
    }
    let gaps = |column: &&Column<'_>| rows.iter().filter(|row| column.values.is_missing(**row)).count();
    let worst = strict.into_iter().map(|column| (gaps(&column), column.name.clone())).max_by_key(|(gaps, _)| *gaps);
    let (missing, column) = worst.unwrap_or_default();
    Err(FeatureError::NoRows { rows: rows.len(), column, missing })
}

/// Fits what is done to some columns; nothing where they pass. Appends the names of what comes out.
fn fit_part(
    builder: &mut Builder,
    columns: &[Column<'_>],
    rows: &[usize],
    (missing, encoding): (&Missing, Option<&Encoding>),
    names: &mut Vec<String>,
) -> Result<Option<Id>, FeatureError> {
    let inputs: Vec<&String> = columns.iter().map(|column| &column.name).collect();
    let mut fill = vec![];
    if *missing != Missing::Keep {
        for column in columns {
            let name = || column.name.clone();
            let found = impute::statistic(&column.values, rows, missing);
            let found = found.map_err(|problem| FeatureError::Strategy { column: name(), problem })?;
            fill.push(found.ok_or_else(|| FeatureError::Empty { column: name() })?);
        }
    }
    let imputer = (!fill.is_empty()).then(|| write::simple_imputer(builder, &inputs, missing, &fill));
    let Some(encoding) = encoding else {
        names.extend(inputs.into_iter().cloned());
        return Ok(imputer);
    };
    let mut found = vec![];
    for (at, column) in columns.iter().enumerate() {
        let categories = Categories::of(&column.values, rows, fill.get(at), encoding);
        output_names(&column.name, &categories, encoding, names)?;
        found.push(categories);
    }
    let encoder = write::encoder(builder, &inputs, encoding, &found);
    Ok(Some(match imputer {
        Some(imputer) => write::pipeline(builder, &[("imputer", imputer), ("encoder", encoder)]),
        None => encoder,
    }))
}

/// Names of what an encoder makes of one column (`get_feature_names_out`).
fn output_names(
    column: &str,
    categories: &Categories,
    encoding: &Encoding,
    names: &mut Vec<String>,
) -> Result<(), FeatureError> {
    if encoding.kind == EncodingKind::Ordinal {
        names.push(column.to_owned());
        return Ok(());
    }
    let width = categories.len() - categories.infrequent.len();
    if width > MAX_ONE_HOT {
        return Err(FeatureError::Categories { column: column.to_owned(), categories: width });
    }
    let labels = categories.labels().into_iter().enumerate();
    let frequent = labels.filter(|(at, _)| !categories.infrequent.contains(at)).map(|(_, label)| label);
    names.extend(frequent.map(|label| format!("{column}_{label}")));
    names.extend((!categories.infrequent.is_empty()).then(|| format!("{column}_infrequent_sklearn")));
    Ok(())
}

/// One step of both.
fn join(derived: Option<Graph<'static>>, encoders: Option<Graph<'static>>) -> Option<Graph<'static>> {
    match (derived, encoders) {
        (Some(derived), Some(encoders)) => {
            let mut builder = Builder::new();
            let steps = [("derived", builder.graft(derived)), ("encoders", builder.graft(encoders))];
            let root = write::pipeline(&mut builder, &steps);
            Some(builder.finish(root))
        }
        (derived, encoders) => derived.or(encoders),
    }
}

/// Reads the step as a bundle's loader would.
fn load(step: &Graph<'_>, n: usize) -> Result<(Transformer, Vocabulary), FeatureError> {
    let mut ctx = Context::new(Version::NEWEST);
    ctx.inputs = Some(n);
    let step = transformer(&step.root(), &mut ctx)?;
    Ok((step, ctx.vocabulary))
}
