//! A graph as a model: columns of a request in, the outputs of an estimator out.

use super::program::{Budget, Plan, Program};
use super::tensor::{Data, Op, OpError, Tensor, fail};
use crate::model::{Classes, InputError, Method, Output};
use ndarray::{Array2, ArrayView2, s};
use std::sync::Arc;

/// Elements that a batch should keep alive: what fits a second-level cache some times over.
const BATCH_ELEMENTS: usize = 1 << 20;
/// Rows of a batch.
const MAX_BATCH: usize = 2048;

/// A model of ONNX operators.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    program: Program,
    inputs: Vec<Input>,
    answers: Vec<Answer>,
    /// The texts of the graph, by their codes.
    texts: Vec<String>,
    /// Rows that are computed at a time.
    batch: usize,
}

/// Columns of the request that one input of the graph takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    pub content: Content,
    pub width: usize,
}

/// What an input is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    F32,
    F64,
    I64,
    Bool,
    Text,
}

/// How one output of an estimator comes out of the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub method: Method,
    pub plan: Plan,
    pub form: Form,
}

/// What the tensors of an answer are made into.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Labels of these classes: integers or texts.
    Labels(Arc<Classes>),
    /// One integer a row; of several columns one output each.
    Ints,
    /// One float a row, or several.
    Floats,
    /// Several floats a row, also where it is one: all tensors side by side.
    Matrix,
    /// A matrix for each tensor.
    List,
    /// A matrix for each part of one tensor along its first axis.
    Stack,
}

impl Session {
    /// A session over `program`; `answers` may still be none.
    pub fn new(program: Program, inputs: Vec<Input>, texts: Vec<String>) -> Session {
        Session { program, inputs, answers: vec![], texts, batch: 1 }
    }

    pub fn program(&self) -> &Program {
        &self.program
    }

    pub fn methods(&self) -> Vec<Method> {
        Method::ALL.into_iter().filter(|method| self.answers.iter().any(|answer| answer.method == *method)).collect()
    }

    pub fn n_features(&self) -> usize {
        self.inputs.iter().map(|input| input.width).sum()
    }

    /// Takes these answers, and computes each for one made-up row and for four: their shapes must follow the rows. The
    /// batch is made as large as memory allows.
    ///
    /// # Errors
    /// When something in the graph does not fit.
    pub fn answer(mut self, answers: Vec<Answer>) -> Result<Session, OpError> {
        let mut slope = 1;
        for answer in &answers {
            let mut peaks = [0; 2];
            for (peak, rows) in peaks.iter_mut().zip([1, 4]) {
                let mut budget = Budget::new(true);
                let made = self.rowed(answer, self.sample(rows).view(), &mut budget)?;
                *peak = budget.peak;
                self.output(&made, &answer.form, rows)?;
            }
            slope = slope.max(peaks[1].saturating_sub(peaks[0]) / 3);
        }
        self.batch = (BATCH_ELEMENTS / slope).clamp(1, MAX_BATCH);
        self.answers = answers;
        Ok(self)
    }

    /// What made-up rows give, to see what an output is.
    ///
    /// # Errors
    /// When something in the graph does not fit.
    pub fn probe(&self, values: &[usize], rows: usize) -> Result<Vec<Arc<Tensor>>, OpError> {
        self.tensors(&self.program.plan(values), self.sample(rows).view(), &mut Budget::new(true))
    }

    /// Rows of small numbers that differ, the same each time; texts and integers are codes of which there may be some.
    fn sample(&self, rows: usize) -> Array2<f64> {
        let kinds: Vec<Content> =
            self.inputs.iter().flat_map(|input| std::iter::repeat_n(input.content, input.width)).collect();
        Array2::from_shape_fn((rows, kinds.len()), |(row, column)| {
            let draw = (row * 31 + column * 17 + 7) * 2_654_435_761 % 1024;
            match kinds[column] {
                Content::F32 | Content::F64 => draw as f64 / 256.0 - 2.0,
                Content::I64 => (draw % 3) as f64,
                Content::Bool => (draw % 2) as f64,
                Content::Text => (draw % self.texts.len().max(1)) as f64,
            }
        })
    }

    /// Computes one output for each row of `x`.
    ///
    /// # Errors
    /// When an integer input gets another number, a text is missing, or the graph refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let answer = self.answers.iter().find(|answer| answer.method == method).expect("callers ask for methods first");
        let refused = |message| InputError::Refused { row: 0, column: 0, message };
        self.check(x)?;
        let mut parts: Vec<Vec<Arc<Tensor>>> = vec![];
        for from in (0..x.nrows().max(1)).step_by(self.batch) {
            let rows = x.slice(s![from..x.nrows().min(from + self.batch), ..]);
            let made = self.rowed(answer, rows, &mut Budget::new(false));
            parts.push(made.map_err(|OpError(problem)| refused(problem))?);
        }
        let whole = if parts.len() == 1 { Ok(parts.remove(0)) } else { joined(&parts) };
        let whole = whole.and_then(|whole| self.output(&whole, &answer.form, x.nrows()));
        whole.map_err(|OpError(problem)| refused(problem))
    }

    /// Integers are whole, texts are there.
    fn check(&self, x: ArrayView2<'_, f64>) -> Result<(), InputError> {
        let mut from = 0;
        for input in &self.inputs {
            let columns = x.slice(s![.., from..from + input.width]);
            let fits = |value: f64| match input.content {
                Content::F32 | Content::F64 => true,
                Content::I64 => value.fract() == 0.0 && value.abs() < 9.3e18,
                Content::Bool => value == 0.0 || value == 1.0,
                Content::Text => !value.is_nan(),
            };
            if let Some(((row, column), value)) = columns.indexed_iter().find(|(_, value)| !fits(**value)) {
                let column = from + column;
                if value.is_nan() {
                    return Err(InputError::Missing { row, column, hint: String::new() });
                }
                let takes = if input.content == Content::Bool { "true or false" } else { "whole numbers" };
                return Err(InputError::Refused {
                    row,
                    column,
                    message: format!("the model takes {takes} here, not {value}"),
                });
            }
            from += input.width;
        }
        Ok(())
    }

    fn tensors(&self, plan: &Plan, x: ArrayView2<'_, f64>, budget: &mut Budget) -> Op<Vec<Arc<Tensor>>> {
        let mut from = 0;
        let part = |input: &Input| {
            let columns = x.slice(s![.., from..from + input.width]);
            from += input.width;
            let data = match input.content {
                Content::F32 => Data::F32(columns.iter().map(|value| *value as f32).collect()),
                Content::F64 => Data::F64(columns.iter().copied().collect()),
                Content::I64 => Data::I64(columns.iter().map(|value| *value as i64).collect()),
                Content::Bool => Data::Bool(columns.iter().map(|value| *value != 0.0).collect()),
                Content::Text => Data::Text(columns.iter().map(|value| *value as i32).collect()),
            };
            Tensor::new(vec![x.nrows(), input.width], data).map(Arc::new)
        };
        let inputs = self.inputs.iter().map(part).collect::<Op<_>>()?;
        self.program.run(plan, inputs, budget)
    }

    /// What is computed for the rows of `x`, each tensor with the rows as its first axis.
    fn rowed(&self, answer: &Answer, x: ArrayView2<'_, f64>, budget: &mut Budget) -> Op<Vec<Arc<Tensor>>> {
        let rows = x.nrows();
        let made = self.tensors(&answer.plan, x, budget)?;
        let by_rows = |tensor: &Arc<Tensor>| match (&answer.form, tensor.shape.as_slice()) {
            (Form::Stack, &[parts, n, columns]) if n == rows => {
                let part = |at: usize| {
                    let from = at * n * columns;
                    Tensor::new(vec![n, columns], tensor.data.take(from..from + n * columns)).map(Arc::new)
                };
                (0..parts).map(part).collect::<Op<Vec<_>>>()
            }
            // Labels lie in one row where they were looked up among classes in one.
            (Form::Labels(_) | Form::Ints, &[1, n]) if n == rows => {
                Tensor::new(vec![n], tensor.data.clone()).map(|labels| vec![Arc::new(labels)])
            }
            (_, [n, ..]) if *n == rows => Ok(vec![tensor.clone()]),
            (_, shape) => {
                let rows = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
                fail(format!("it gives a result of shape {shape:?} for {rows}: no answer for each row"))
            }
        };
        let mut found = vec![];
        for (tensor, value) in made.iter().zip(answer.plan.wanted()) {
            let named = |OpError(problem)| match self.program.maker(*value) {
                Some(step) => OpError(format!("{}: {problem}", step.name)),
                None => OpError(problem),
            };
            found.extend(by_rows(tensor).map_err(named)?);
        }
        Ok(found)
    }

    fn output(&self, made: &[Arc<Tensor>], form: &Form, rows: usize) -> Op<Output> {
        let tables = made.iter().map(|tensor| table(tensor, rows));
        let Some(first) = made.first() else { return fail("no output") };
        match form {
            Form::Labels(classes) => self.labels(first, classes, rows),
            Form::Ints => {
                let (columns, values) = (columns(first, rows)?, integers(first)?);
                let column = |at| Output::Ints(values.iter().skip(at).step_by(columns).copied().collect());
                Ok(if columns == 1 {
                    Output::Ints(values)
                } else {
                    Output::Columns((0..columns).map(column).collect())
                })
            }
            Form::Floats => {
                let table = table(first, rows)?;
                Ok(if table.ncols() == 1 { Output::Floats(table.into_iter().collect()) } else { Output::Matrix(table) })
            }
            Form::Matrix => {
                let tables: Vec<Array2<f64>> = tables.collect::<Op<_>>()?;
                let views: Vec<_> = tables.iter().map(|table| table.view()).collect();
                let joined = ndarray::concatenate(ndarray::Axis(1), &views);
                Ok(Output::Matrix(
                    joined.map_err(|error| OpError(error.to_string()))?.as_standard_layout().into_owned(),
                ))
            }
            Form::List | Form::Stack => Ok(Output::List(tables.collect::<Op<_>>()?)),
        }
    }

    fn labels(&self, labels: &Tensor, classes: &Arc<Classes>, rows: usize) -> Op<Output> {
        if columns(labels, rows)? != 1 {
            return fail("labels in several columns");
        }
        let position = |found: Option<usize>| found.map_or_else(|| fail("a label that is none"), |at| Ok(at as u32));
        let indices: Vec<u32> = match (&labels.data, classes.as_ref()) {
            (Data::I64(values), Classes::Int(known)) => {
                values.iter().map(|value| position(known.iter().position(|label| label == value))).collect::<Op<_>>()?
            }
            (Data::Text(values), Classes::Str(known)) => {
                let text = |code: &i32| usize::try_from(*code).ok().and_then(|code| self.texts.get(code));
                let place = |code: &i32| text(code).and_then(|text| known.iter().position(|label| label == text));
                values.iter().map(|code| position(place(code))).collect::<Op<_>>()?
            }
            (other, _) => return fail(format!("labels of type {}", other.kind())),
        };
        Ok(Output::Labels { indices, classes: classes.clone() })
    }
}

/// How many columns a tensor has beside its rows.
fn columns(tensor: &Tensor, rows: usize) -> Op<usize> {
    match tensor.shape[..] {
        [n] if n == rows => Ok(1),
        [n, ref rest @ ..] if n == rows => Ok(rest.iter().product()),
        _ => fail(format!("an output of shape {:?} for {rows} rows", tensor.shape)),
    }
}

fn table(tensor: &Tensor, rows: usize) -> Op<Array2<f64>> {
    let columns = columns(tensor, rows)?;
    Array2::from_shape_vec((rows, columns), tensor.f64s()?).map_err(|error| OpError(error.to_string()))
}

fn integers(tensor: &Tensor) -> Op<Vec<i64>> {
    match &tensor.data {
        Data::Bool(values) => Ok(values.iter().map(|value| i64::from(*value)).collect()),
        _ => tensor.ints().map(<[i64]>::to_vec),
    }
}

/// The same tensors of several batches, one after the other.
fn joined(parts: &[Vec<Arc<Tensor>>]) -> Op<Vec<Arc<Tensor>>> {
    let count = parts.first().map_or(0, Vec::len);
    let one = |at: usize| {
        let all: Vec<&Tensor> = parts.iter().map(|part| part[at].as_ref()).collect();
        super::shapes::concat(&all, 0).map(Arc::new)
    };
    (0..count).map(one).collect()
}
