//! Which operators are computed, and how each is read: one table, from which the documentation is checked.

use super::STANDARD;
use super::attributes::{Found, Operation, Texts};
use super::learned;
use crate::model::onnx::{Binary, Data, Gemm, Kind, Norm, OneHot, Operator, Reduction, Table, Tensor, Unary};

/// ai.onnx.ml, the operators of trained models.
pub(super) const MACHINE_LEARNING: &str = "ai.onnx.ml";
/// ONNX Runtime's own.
pub(super) const RUNTIME: &str = "com.microsoft";

/// The domains, and the versions of each that are read.
pub(super) const OPSETS: [(&str, i64, i64); 3] = [(STANDARD, 7, 25), (MACHINE_LEARNING, 1, 5), (RUNTIME, 1, 1)];

type Reader = fn(&Operation<'_, '_>, &mut Texts) -> Found<Operator>;

/// Operators that are part of how a graph is put together, and have no reader of their own.
const STRUCTURE: [(&str, &str); 3] =
    [(STANDARD, "Scan"), (STANDARD, "SequenceConstruct"), (MACHINE_LEARNING, "ZipMap")];

/// All that is computed, as `domain.Operator`, sorted.
pub fn supported() -> Vec<String> {
    let own = |list: &[(&'static str, Reader)], domain| {
        list.iter().map(move |(name, _)| format!("{domain}.{name}")).collect::<Vec<_>>()
    };
    let mut all = own(STANDARD_OPERATORS, STANDARD);
    all.extend(own(LEARNED_OPERATORS, MACHINE_LEARNING));
    all.extend(own(RUNTIME_OPERATORS, RUNTIME));
    all.extend(STRUCTURE.map(|(domain, name)| format!("{domain}.{name}")));
    all.sort();
    all
}

/// Whether an operator is computed.
pub(super) fn known(domain: &str, name: &str) -> bool {
    STRUCTURE.contains(&(domain, name)) || reader(domain, name).is_some()
}

/// The reader of an operator; `None` where it is not computed.
pub(super) fn reader(domain: &str, name: &str) -> Option<Reader> {
    let list = match domain {
        STANDARD => STANDARD_OPERATORS,
        MACHINE_LEARNING => LEARNED_OPERATORS,
        RUNTIME => RUNTIME_OPERATORS,
        _ => return None,
    };
    list.iter().find(|(known, _)| *known == name).map(|(_, reader)| *reader)
}

macro_rules! same {
    ($how:ident: $($name:ident),*) => {
        [$((stringify!($name), (|_, _| Ok(Operator::$how($how::$name))) as Reader)),*]
    };
}

const STANDARD_OPERATORS: &[(&str, Reader)] = &{
    const UNARY: [(&str, Reader); 20] = same!(Unary: Abs, Ceil, Cos, Erf, Exp, Floor, IsInf, IsNaN, Log, Neg, Not, Reciprocal, Relu, Round, Sigmoid, Sign, Sin, Softplus, Sqrt, Tanh);
    const BINARY: [(&str, Reader); 15] = same!(Binary: Add, And, Div, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Max, Min, Mod, Mul, Or, Pow, Sub);
    const OTHER: [(&str, Reader); 43] = [
        ("ArgMax", |node, _| arg(node, true)),
        ("ArgMin", |node, _| arg(node, false)),
        ("Cast", cast),
        ("CastLike", |_, _| Ok(Operator::CastLike)),
        ("Clip", clip),
        ("Concat", |node, _| Ok(Operator::Concat(node.some_int("axis")?.ok_or("it has no axis")?))),
        ("Constant", constant),
        ("ConstantOfShape", constant_of_shape),
        ("CumSum", |node, _| {
            Ok(Operator::CumSum { exclusive: node.flag("exclusive", false)?, reverse: node.flag("reverse", false)? })
        }),
        ("Expand", |_, _| Ok(Operator::Expand)),
        ("Flatten", |node, _| Ok(Operator::Flatten(node.int("axis", 1)?))),
        ("Gather", |node, _| Ok(Operator::Gather(node.int("axis", 0)?))),
        ("GatherElements", |node, _| Ok(Operator::GatherElements(node.int("axis", 0)?))),
        ("GatherND", gather_nd),
        ("Gemm", gemm),
        ("Identity", |_, _| Ok(Operator::Identity)),
        ("LogSoftmax", |node, _| softmax(node, true)),
        ("LpNormalization", |node, _| match node.int("p", 2)? {
            p @ (1 | 2) => Ok(Operator::LpNormalization { axis: node.int("axis", -1)?, squares: p == 2 }),
            p => Err(format!("p={p}")),
        }),
        ("MatMul", |_, _| Ok(Operator::MatMul)),
        ("Mean", |_, _| Ok(Operator::Mean)),
        ("ReduceL1", |node, _| reduce(node, Reduction::L1)),
        ("ReduceL2", |node, _| reduce(node, Reduction::L2)),
        ("ReduceLogSum", |node, _| reduce(node, Reduction::LogSum)),
        ("ReduceLogSumExp", |node, _| reduce(node, Reduction::LogSumExp)),
        ("ReduceMax", |node, _| reduce(node, Reduction::Max)),
        ("ReduceMean", |node, _| reduce(node, Reduction::Mean)),
        ("ReduceMin", |node, _| reduce(node, Reduction::Min)),
        ("ReduceProd", |node, _| reduce(node, Reduction::Prod)),
        ("ReduceSum", |node, _| reduce(node, Reduction::Sum)),
        ("ReduceSumSquare", |node, _| reduce(node, Reduction::SumSquare)),
        ("Reshape", |node, _| Ok(Operator::Reshape { allow_zero: node.flag("allowzero", false)? })),
        ("Shape", |node, _| {
            if node.has("start") || node.has("end") { Err("a part of a shape".into()) } else { Ok(Operator::Shape) }
        }),
        ("Slice", |node, _| {
            Ok(Operator::Slice {
                starts: node.some_ints("starts")?,
                ends: node.some_ints("ends")?,
                axes: node.some_ints("axes")?,
            })
        }),
        ("Softmax", |node, _| softmax(node, false)),
        ("Split", split),
        ("Squeeze", |node, _| Ok(Operator::Squeeze(node.some_ints("axes")?))),
        ("Sum", |_, _| Ok(Operator::Binary(Binary::Add))),
        ("Tile", |_, _| Ok(Operator::Tile)),
        ("TopK", |node, _| {
            Ok(Operator::TopK {
                k: node.some_int("k")?,
                axis: node.int("axis", -1)?,
                largest: node.flag("largest", true)?,
            })
        }),
        ("Transpose", |node, _| Ok(Operator::Transpose(node.some_ints("perm")?))),
        ("Unsqueeze", |node, _| Ok(Operator::Unsqueeze(node.some_ints("axes")?))),
        ("Where", |_, _| Ok(Operator::Where)),
        ("Xor", |_, _| Ok(Operator::Binary(Binary::Xor))),
    ];
    let mut all = [OTHER[0]; 78];
    let mut at = 0;
    while at < 78 {
        all[at] = if at < 20 {
            UNARY[at]
        } else if at < 35 {
            BINARY[at - 20]
        } else {
            OTHER[at - 35]
        };
        at += 1;
    }
    all
};

const LEARNED_OPERATORS: &[(&str, Reader)] = &[
    ("ArrayFeatureExtractor", |_, _| Ok(Operator::ArrayFeatureExtractor)),
    ("Binarizer", |node, _| Ok(Operator::Binarizer(node.float("threshold", 0.0)? as f32))),
    ("CategoryMapper", category_mapper),
    ("FeatureVectorizer", |_, _| Ok(Operator::FeatureVectorizer)),
    ("Imputer", imputer),
    ("LabelEncoder", label_encoder),
    ("LinearClassifier", learned::linear_classifier),
    ("LinearRegressor", learned::linear_regressor),
    ("Normalizer", normalizer),
    ("OneHotEncoder", one_hot),
    ("SVMClassifier", learned::svm_classifier),
    ("SVMRegressor", learned::svm_regressor),
    ("Scaler", |node, _| Ok(Operator::Scaler { offset: node.floats("offset")?, scale: node.floats("scale")? })),
    ("TreeEnsembleClassifier", learned::tree_classifier),
    ("TreeEnsembleRegressor", learned::tree_regressor),
];

const RUNTIME_OPERATORS: &[(&str, Reader)] = &[("CDist", |node, _| match node.text("metric", "sqeuclidean")? {
    "euclidean" => Ok(Operator::CDist { squared: false }),
    "sqeuclidean" => Ok(Operator::CDist { squared: true }),
    metric => Err(format!("metric {metric:?}")),
})];

fn arg(node: &Operation<'_, '_>, largest: bool) -> Found<Operator> {
    let (axis, keep) = (node.int("axis", 0)?, node.flag("keepdims", true)?);
    Ok(Operator::Arg { axis, keep, largest, last: node.flag("select_last_index", false)? })
}

fn cast(node: &Operation<'_, '_>, _: &mut Texts) -> Found<Operator> {
    Ok(Operator::Cast(match node.int("to", 0)? {
        1 => Kind::F32,
        2 => Kind::Int { bits: 8, signed: false },
        3 => Kind::Int { bits: 8, signed: true },
        6 => Kind::Int { bits: 32, signed: true },
        7 | 13 => Kind::Int { bits: 64, signed: true },
        9 => Kind::Bool,
        11 => Kind::F64,
        12 => Kind::Int { bits: 32, signed: false },
        8 => return Err("a cast to text".into()),
        other => return Err(format!("a cast to type {other}")),
    }))
}

fn clip(node: &Operation<'_, '_>, _: &mut Texts) -> Found<Operator> {
    let bound = |name: &'static str| -> Found<Option<Tensor>> {
        let value = node.float(name, f64::NAN)? as f32;
        Ok(node.has(name).then(|| Tensor { shape: vec![], data: Data::F32(vec![value]) }))
    };
    Ok(Operator::Clip { least: bound("min")?, most: bound("max")? })
}

fn constant(node: &Operation<'_, '_>, texts: &mut Texts) -> Found<Operator> {
    let data = if let Some(tensor) = node.tensor("value", texts)? {
        return Ok(Operator::Constant(tensor));
    } else if node.has("value_int") {
        return Ok(Operator::Constant(Tensor { shape: vec![], data: Data::I64(vec![node.int("value_int", 0)?]) }));
    } else if node.has("value_float") {
        let value = node.float("value_float", 0.0)? as f32;
        return Ok(Operator::Constant(Tensor { shape: vec![], data: Data::F32(vec![value]) }));
    } else if node.has("value_ints") {
        Data::I64(node.ints("value_ints")?)
    } else if node.has("value_floats") {
        Data::F32(node.floats("value_floats")?)
    } else if node.has("value_strings") {
        texts.codes(&node.strings("value_strings")?)
    } else {
        return Err("it has no value that is read".into());
    };
    Ok(Operator::Constant(Tensor { shape: vec![data.elements()], data }))
}

fn constant_of_shape(node: &Operation<'_, '_>, texts: &mut Texts) -> Found<Operator> {
    let value = node.tensor("value", texts)?;
    Ok(Operator::ConstantOfShape(value.unwrap_or(Tensor { shape: vec![1], data: Data::F32(vec![0.0]) })))
}

fn gather_nd(node: &Operation<'_, '_>, _: &mut Texts) -> Found<Operator> {
    match node.int("batch_dims", 0)? {
        0 => Ok(Operator::GatherNd),
        more => Err(format!("batch_dims={more}")),
    }
}

fn gemm(node: &Operation<'_, '_>, _: &mut Texts) -> Found<Operator> {
    let (alpha, beta) = (node.float("alpha", 1.0)? as f32, node.float("beta", 1.0)? as f32);
    let (trans_a, trans_b) = (node.flag("transA", false)?, node.flag("transB", false)?);
    Ok(Operator::Gemm(Gemm { alpha, beta, trans_a, trans_b }))
}

fn softmax(node: &Operation<'_, '_>, log: bool) -> Found<Operator> {
    let to_end = node.version < 13;
    Ok(Operator::Softmax { axis: node.int("axis", if to_end { 1 } else { -1 })?, to_end, log })
}

fn reduce(node: &Operation<'_, '_>, how: Reduction) -> Found<Operator> {
    let (axes, keep) = (node.some_ints("axes")?, node.flag("keepdims", true)?);
    Ok(Operator::Reduce { how, axes, keep, none_is_none: node.flag("noop_with_empty_axes", false)? })
}

fn split(node: &Operation<'_, '_>, _: &mut Texts) -> Found<Operator> {
    let parts = node.int("num_outputs", node.outputs as i64)?;
    let parts = usize::try_from(parts).ok().filter(|parts| *parts == node.outputs).ok_or("another number of parts")?;
    Ok(Operator::Split { axis: node.int("axis", 0)?, lengths: node.some_ints("split")?, parts })
}

fn normalizer(node: &Operation<'_, '_>, _: &mut Texts) -> Found<Operator> {
    Ok(Operator::Normalizer(match node.text("norm", "MAX")? {
        "MAX" => Norm::Max,
        "L1" => Norm::L1,
        "L2" => Norm::L2,
        norm => return Err(format!("norm {norm:?}")),
    }))
}

fn imputer(node: &Operation<'_, '_>, _: &mut Texts) -> Found<Operator> {
    let floats = node.doubles("imputed_value_floats")?;
    if !floats.is_empty() {
        return Ok(Operator::Imputer { replaced: node.float("replaced_value_float", 0.0)?, by: floats });
    }
    let by: Vec<f64> = node.ints("imputed_value_int64s")?.into_iter().map(|value| value as f64).collect();
    Ok(Operator::Imputer { replaced: node.int("replaced_value_int64", 0)? as f64, by })
}

fn one_hot(node: &Operation<'_, '_>, texts: &mut Texts) -> Found<Operator> {
    let (ints, strings) = (node.ints("cats_int64s")?, node.strings("cats_strings")?);
    let categories = if strings.is_empty() { Data::I64(ints) } else { texts.codes(&strings) };
    Ok(Operator::OneHot(Box::new(OneHot::new(&categories, node.flag("zeros", true)?))))
}

/// The lists have names of their own for each type; from version 4 on one tensor may stand for a list.
fn label_encoder(node: &Operation<'_, '_>, texts: &mut Texts) -> Found<Operator> {
    if node.has("classes_strings") {
        let classes = texts.codes(&node.strings("classes_strings")?);
        let numbers = Data::I64((0..classes.elements() as i64).collect());
        return table(&classes, &numbers, &Data::I64(vec![node.int("default_int64", -1)?]));
    }
    let mut side = |tensor: &'static str, strings, ints, floats| -> Found<Data> {
        if let Some(tensor) = node.tensor(tensor, texts)? {
            return Ok(tensor.data);
        }
        Ok(if node.has(strings) {
            texts.codes(&node.strings(strings)?)
        } else if node.has(ints) {
            Data::I64(node.ints(ints)?)
        } else {
            Data::F32(node.floats(floats)?)
        })
    };
    let keys = side("keys_tensor", "keys_strings", "keys_int64s", "keys_floats")?;
    let values = side("values_tensor", "values_strings", "values_int64s", "values_floats")?;
    let default = match (node.tensor("default_tensor", texts)?, &values) {
        (Some(tensor), _) => tensor.data,
        (None, Data::Text(_)) => texts.codes(&[node.text("default_string", "_Unused")?.to_owned()]),
        (None, Data::I64(_)) => Data::I64(vec![node.int("default_int64", -1)?]),
        (None, Data::F64(_)) => Data::F64(vec![node.float("default_float", -0.0)?]),
        (None, _) => Data::F32(vec![node.float("default_float", -0.0)? as f32]),
    };
    table(&keys, &values, &default)
}

fn table(keys: &Data, values: &Data, default: &Data) -> Found<Operator> {
    Table::new(keys, values, default).map(|table| Operator::Table(Box::new(table))).map_err(|error| error.to_string())
}

/// The type of the input says which way it goes; from texts, unless its use says otherwise.
fn category_mapper(node: &Operation<'_, '_>, texts: &mut Texts) -> Found<Operator> {
    let strings = texts.codes(&node.strings("cats_strings")?);
    table(&strings, &Data::I64(node.ints("cats_int64s")?), &Data::I64(vec![node.int("default_int64", -1)?]))
}
