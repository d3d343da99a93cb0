//! The operators of a graph, and what each makes of its inputs.

use super::elementwise::{self, Binary, Kind, Unary};
use super::encode::{self, Norm, OneHot, Table};
use super::linear::{Linear, SvmClassifier, SvmRegressor};
use super::matrix::{self, Gemm};
use super::program::Budget;
use super::reduce::{self, Reduction};
use super::scan::Scan;
use super::shapes;
use super::tensor::{Data, Op, Tensor, fail};
use super::trees::Ensemble;

/// An operator with its attributes. Those that later versions take as inputs are here where the file has them as
/// attributes, and are looked for among the inputs otherwise.
#[derive(Debug, Clone, PartialEq)]
pub enum Operator {
    ArrayFeatureExtractor,
    Arg {
        axis: i64,
        keep: bool,
        largest: bool,
        last: bool,
    },
    Binarizer(f32),
    /// From left to right: sums and extremes take any number of inputs.
    Binary(Binary),
    Cast(Kind),
    /// To the type of the second input.
    CastLike,
    CDist {
        squared: bool,
    },
    Clip {
        least: Option<Tensor>,
        most: Option<Tensor>,
    },
    Concat(i64),
    Constant(Tensor),
    ConstantOfShape(Tensor),
    CumSum {
        exclusive: bool,
        reverse: bool,
    },
    Expand,
    FeatureVectorizer,
    Flatten(i64),
    Gather(i64),
    GatherElements(i64),
    GatherNd,
    Gemm(Gemm),
    Identity,
    Imputer {
        replaced: f64,
        by: Vec<f64>,
    },
    Linear {
        model: Box<Linear>,
        labels: Option<Data>,
    },
    LpNormalization {
        axis: i64,
        squares: bool,
    },
    MatMul,
    Mean,
    Normalizer(Norm),
    OneHot(Box<OneHot>),
    Reduce {
        how: Reduction,
        axes: Option<Vec<i64>>,
        keep: bool,
        none_is_none: bool,
    },
    Reshape {
        allow_zero: bool,
    },
    Scaler {
        offset: Vec<f32>,
        scale: Vec<f32>,
    },
    Scan(Box<Scan>),
    Shape,
    Slice {
        starts: Option<Vec<i64>>,
        ends: Option<Vec<i64>>,
        axes: Option<Vec<i64>>,
    },
    Softmax {
        axis: i64,
        to_end: bool,
        log: bool,
    },
    Split {
        axis: i64,
        lengths: Option<Vec<i64>>,
        parts: usize,
    },
    Squeeze(Option<Vec<i64>>),
    SvmClassifier {
        model: Box<SvmClassifier>,
        labels: Data,
    },
    SvmRegressor(Box<SvmRegressor>),
    Table(Box<Table>),
    Tile,
    TopK {
        k: Option<i64>,
        axis: i64,
        largest: bool,
    },
    Transpose(Option<Vec<i64>>),
    Trees {
        model: Box<Ensemble>,
        labels: Option<Data>,
    },
    Unary(Unary),
    Unsqueeze(Option<Vec<i64>>),
    Where,
}

/// The inputs of a node; those that are left out are `None`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs<'i>(pub &'i [Option<&'i Tensor>]);

impl<'i> Inputs<'i> {
    fn get(self, at: usize) -> Option<&'i Tensor> {
        self.0.get(at).copied().flatten()
    }

    fn at(self, at: usize) -> Op<&'i Tensor> {
        self.get(at).map_or_else(|| fail(format!("it has no input {}", at + 1)), Ok)
    }

    fn all(self) -> Op<Vec<&'i Tensor>> {
        (0..self.0.len()).map(|at| self.at(at)).collect()
    }

    /// Integers of an attribute, else of an input.
    fn list(self, own: Option<&'i [i64]>, at: usize) -> Op<Option<&'i [i64]>> {
        match own {
            Some(own) => Ok(Some(own)),
            None => self.get(at).map(Tensor::ints).transpose(),
        }
    }
}

impl Operator {
    /// The texts that an encoder of texts knows, by their codes.
    pub fn texts(&self) -> Option<Vec<i32>> {
        match self {
            Operator::OneHot(encoder) => encoder.texts(),
            Operator::Table(table) => table.texts(),
            _ => None,
        }
    }

    /// The outputs for these inputs.
    ///
    /// # Errors
    /// When the inputs do not fit the operator or each other, or it refuses a value.
    pub(super) fn run(&self, inputs: Inputs<'_>, budget: &mut Budget) -> Op<Vec<Tensor>> {
        use Operator::*;
        let one = match self {
            Trees { .. } | Linear { .. } | SvmClassifier { .. } => return self.model(inputs.at(0)?),
            Split { axis, lengths, parts } => {
                return shapes::split(inputs.at(0)?, *axis, inputs.list(lengths.as_deref(), 1)?, *parts);
            }
            TopK { k, axis, largest } => return top(inputs, *k, *axis, *largest),
            Scan(scan) => return scan.run(inputs, budget),
            Concat(axis) => shapes::concat(&inputs.all()?, *axis),
            FeatureVectorizer => encode::vectorized(&inputs.all()?),
            Binary(how) => fold(*how, &inputs.all()?),
            Mean => mean(&inputs.all()?),
            Constant(value) => Ok(value.clone()),
            MatMul => matrix::product(inputs.at(0)?, inputs.at(1)?),
            Gemm(gemm) => gemm.run(inputs.at(0)?, inputs.at(1)?, inputs.get(2)),
            CDist { squared } => matrix::distances(inputs.at(0)?, inputs.at(1)?, *squared),
            Where => elementwise::choose(inputs.at(0)?, inputs.at(1)?, inputs.at(2)?),
            ArrayFeatureExtractor | Expand | Gather(_) | GatherElements(_) | GatherNd | Reshape { .. } | Tile => {
                self.of_two(inputs.at(0)?, inputs.at(1)?)
            }
            CumSum { exclusive, reverse } => {
                let axis = inputs.at(1)?.ints()?.first().copied().unwrap_or(0);
                reduce::running_sum(inputs.at(0)?, axis, *exclusive, *reverse)
            }
            OneHot(encoder) => encoder.run(inputs.at(0)?, budget.trial),
            _ => self.of_one(inputs.at(0)?, inputs),
        };
        Ok(vec![one?])
    }

    fn model(&self, x: &Tensor) -> Op<Vec<Tensor>> {
        let ((scores, positions), labels) = match self {
            Operator::Trees { model, labels } => (model.run(x)?, labels.as_ref()),
            Operator::Linear { model, labels } => (model.run(x)?, labels.as_ref()),
            Operator::SvmClassifier { model, labels } => (model.run(x)?, Some(labels)),
            _ => return fail("no model"),
        };
        Ok(match labels {
            Some(labels) => vec![encode::labelled(&positions, labels)?, scores],
            None => vec![scores],
        })
    }

    fn of_two(&self, x: &Tensor, y: &Tensor) -> Op<Tensor> {
        match self {
            Operator::ArrayFeatureExtractor => shapes::columns(x, y),
            Operator::Expand => shapes::expand(x, y.ints()?),
            Operator::Gather(axis) => shapes::gather(x, y, *axis),
            Operator::GatherElements(axis) => shapes::gather_elements(x, y, *axis),
            Operator::GatherNd => shapes::gather_nd(x, y),
            Operator::Reshape { allow_zero } => shapes::reshape(x, y.ints()?, *allow_zero),
            _ => shapes::tile(x, y.ints()?),
        }
    }

    fn of_one(&self, x: &Tensor, inputs: Inputs<'_>) -> Op<Tensor> {
        use Operator::*;
        match self {
            Arg { axis, keep, largest, last } => reduce::arg(x, *axis, *keep, *largest, *last),
            Binarizer(threshold) => encode::binarized(x, *threshold),
            Cast(kind) => elementwise::cast(x, *kind),
            CastLike => elementwise::cast_like(x, inputs.at(1)?),
            Clip { least, most } => {
                elementwise::clip(x, least.as_ref().or(inputs.get(1)), most.as_ref().or(inputs.get(2)))
            }
            ConstantOfShape(value) => elementwise::filled(value, shapes::extents(x.ints()?)?),
            Flatten(axis) => shapes::flatten(x, *axis),
            Imputer { replaced, by } => encode::imputed(x, *replaced, by),
            LpNormalization { axis, squares } => reduce::normalized(x, *axis, *squares),
            Normalizer(norm) => encode::normalized(x, *norm),
            Reduce { how, axes, keep, none_is_none } => match inputs.list(axes.as_deref(), 1)? {
                None | Some([]) if *none_is_none => Ok(x.clone()),
                None | Some([]) => how.run(x, None, *keep),
                axes => how.run(x, axes, *keep),
            },
            Scaler { offset, scale } => encode::scaled(x, offset, scale),
            Shape => Ok(shapes::shape(x)),
            Slice { starts, ends, axes } => {
                let bound = |own: &Option<Vec<i64>>, at| match own {
                    Some(own) => Ok(own.clone()),
                    None => inputs.at(at)?.ints().map(<[i64]>::to_vec),
                };
                let (starts, ends) = (bound(starts, 1)?, bound(ends, 2)?);
                shapes::slice(x, &starts, &ends, inputs.list(axes.as_deref(), 3)?, inputs.list(None, 4)?)
            }
            Softmax { axis, to_end, log } => reduce::softmax(x, *axis, *to_end, *log),
            Squeeze(axes) => shapes::squeeze(x, inputs.list(axes.as_deref(), 1)?),
            Unsqueeze(axes) => match inputs.list(axes.as_deref(), 1)? {
                Some(axes) => shapes::unsqueeze(x, axes),
                None => fail("it names no axes"),
            },
            SvmRegressor(model) => model.run(x),
            Table(table) => table.run(x),
            Transpose(order) => shapes::transpose(x, order.as_deref()),
            Unary(how) => how.run(x),
            _ => Ok(x.clone()),
        }
    }
}

fn fold(how: Binary, all: &[&Tensor]) -> Op<Tensor> {
    match all {
        [] => fail("it has no input"),
        [one] => Ok((*one).clone()),
        [first, second, rest @ ..] => rest.iter().try_fold(how.run(first, second)?, |x, y| how.run(&x, y)),
    }
}

fn mean(all: &[&Tensor]) -> Op<Tensor> {
    let sum = fold(Binary::Add, all)?;
    let count = reduce::floats(&Tensor { shape: vec![], data: sum.data.none() }, vec![all.len() as f64])?;
    Binary::Div.run(&sum, &count)
}

fn top(inputs: Inputs<'_>, k: Option<i64>, axis: i64, largest: bool) -> Op<Vec<Tensor>> {
    let k = match k {
        Some(k) => k,
        None => inputs.at(1)?.ints()?.first().copied().unwrap_or(-1),
    };
    reduce::top(inputs.at(0)?, k, axis, largest)
}
