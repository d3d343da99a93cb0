//! Fitted steps as the values that scikit-learn 1.9 would have pickled, and scorelet's own step beside them.

use super::categories::{Categories, Known};
use super::plan::{Encoding, EncodingKind, Fill, Missing, Unknown};
use crate::sklearn::derived::Kind;
use crate::train::fit::SKLEARN_VERSION;
use crate::value::{Builder, Id, Name, Node};

type Attributes<'n> = Vec<(&'n str, Id)>;

/// `scorelet.features.DerivedColumns`; `columns` are names and expressions.
pub(super) fn derived_columns(b: &mut Builder, inputs: &[(String, Kind)], columns: &[(&str, &str)]) -> Id {
    let names: Vec<&String> = inputs.iter().map(|(name, _)| name).collect();
    let kinds = inputs.iter().map(|(_, kind)| b.str(kind.name())).collect();
    let pairs = columns.iter().map(|(name, expression)| {
        let pair = vec![b.str(name), b.str(expression)];
        b.tuple(pair)
    });
    let columns = pairs.collect();
    let mut attributes = vec![("kinds_", b.list(kinds)), ("columns_", b.list(columns))];
    features(b, &names, &mut attributes);
    b.object("scorelet.features", "DerivedColumns", attributes)
}

/// `ColumnTransformer` of parts: a transformer (none passes through), and the positions of its columns, of `names`.
pub(super) fn column_transformer(b: &mut Builder, names: &[String], parts: Vec<(Option<Id>, Vec<usize>)>) -> Id {
    let (mut transformers, mut indices) = (vec![], vec![]);
    for (at, (transformer, columns)) in parts.into_iter().enumerate() {
        let name = format!("features-{at}");
        let list: Vec<Id> = columns.iter().map(|column| b.int(*column)).collect();
        let list = b.list(list);
        let transformer = transformer.unwrap_or_else(|| b.str("passthrough"));
        let entry = vec![b.str(&name), transformer, list];
        transformers.push(b.tuple(entry));
        indices.push((name, list));
    }
    let transformers = b.list(transformers);
    let indices = b.dict(indices.iter().map(|(name, list)| (name.as_str(), *list)).collect());
    let mut attributes = vec![
        ("transformers", transformers),
        ("remainder", b.str("drop")),
        ("sparse_threshold", b.int(0)),
        ("n_jobs", b.none()),
        ("transformer_weights", b.none()),
        ("verbose", no(b)),
        ("verbose_feature_names_out", no(b)),
        ("transformers_", transformers),
        ("_transformer_to_input_indices", indices),
        ("sparse_output_", no(b)),
    ];
    features(b, names, &mut attributes);
    sklearn(b, "sklearn.compose._column_transformer", "ColumnTransformer", attributes)
}

/// `Pipeline`.
pub(super) fn pipeline(b: &mut Builder, steps: &[(&str, Id)]) -> Id {
    let steps = steps.iter().map(|(name, step)| {
        let pair = vec![b.str(name), *step];
        b.tuple(pair)
    });
    let steps = steps.collect();
    let attributes =
        vec![("steps", b.list(steps)), ("transform_input", b.none()), ("memory", b.none()), ("verbose", no(b))];
    sklearn(b, "sklearn.pipeline", "Pipeline", attributes)
}

/// `SimpleImputer` that fills in one value for each of the columns.
pub(super) fn simple_imputer(b: &mut Builder, names: &[&String], missing: &Missing, fill: &[Fill]) -> Id {
    let strategy = match missing {
        Missing::Mean => "mean",
        Missing::Median => "median",
        Missing::MostFrequent => "most_frequent",
        Missing::Constant(_) | Missing::Keep | Missing::Drop => "constant",
    };
    let numbers: Option<Vec<f64>> =
        fill.iter().map(|fill| if let Fill::Number(number) = fill { Some(*number) } else { None }).collect();
    let statistics = match numbers {
        Some(numbers) => b.f64s(&[numbers.len()], &numbers),
        None => {
            let values = fill.iter().map(|fill| value(b, fill)).collect();
            b.objects(values)
        }
    };
    let constant = match missing {
        Missing::Constant(fill) => value(b, fill),
        _ => b.none(),
    };
    let mut attributes = vec![
        ("missing_values", b.float(f64::NAN)),
        ("add_indicator", no(b)),
        ("keep_empty_features", no(b)),
        ("strategy", b.str(strategy)),
        ("fill_value", constant),
        ("copy", yes(b)),
        ("indicator_", b.none()),
        ("statistics_", statistics),
    ];
    features(b, names, &mut attributes);
    sklearn(b, "sklearn.impute._base", "SimpleImputer", attributes)
}

/// `OneHotEncoder` or `OrdinalEncoder` of columns with these categories.
pub(super) fn encoder(b: &mut Builder, names: &[&String], encoding: &Encoding, columns: &[Categories]) -> Id {
    let is_grouped = encoding.min_frequency.is_some() || encoding.max_categories.is_some();
    let lists = columns.iter().map(|column| categories(b, column)).collect();
    let float64 = Name { module: "numpy".into(), name: "float64".into() };
    let mut attributes = vec![
        ("categories", b.str("auto")),
        ("dtype", b.push(Node::Global(Box::new(float64)))),
        ("min_frequency", optional(b, encoding.min_frequency)),
        ("max_categories", optional(b, encoding.max_categories)),
        ("_infrequent_enabled", b.push(Node::Bool(is_grouped))),
        ("categories_", b.list(lists)),
    ];
    if is_grouped {
        groups(b, encoding, columns, &mut attributes);
    }
    features(b, names, &mut attributes);
    let (class, own) = match encoding.kind {
        EncodingKind::OneHot => {
            let handling = match encoding.unknown {
                Unknown::Error => "error",
                Unknown::Ignore if is_grouped => "infrequent_if_exist",
                Unknown::Ignore => "ignore",
            };
            let own = vec![
                ("handle_unknown", b.str(handling)),
                ("sparse_output", no(b)),
                ("drop", b.none()),
                ("drop_idx_", b.none()),
                ("_drop_idx_after_grouping", b.none()),
                ("feature_name_combiner", b.str("concat")),
            ];
            ("OneHotEncoder", own)
        }
        EncodingKind::Ordinal => {
            let (handling, unknown) = match encoding.unknown {
                Unknown::Error => ("error", b.none()),
                Unknown::Ignore => ("use_encoded_value", b.float(-1.0)),
            };
            let own = vec![
                ("handle_unknown", b.str(handling)),
                ("unknown_value", unknown),
                ("encoded_missing_value", b.float(f64::NAN)),
            ];
            ("OrdinalEncoder", own)
        }
    };
    attributes.extend(own);
    sklearn(b, "sklearn.preprocessing._encoders", class, attributes)
}

/// `_infrequent_indices` and `_default_to_infrequent_mappings`; an ordinal encoder leaves the missing value out of them.
fn groups(b: &mut Builder, encoding: &Encoding, columns: &[Categories], attributes: &mut Attributes<'_>) {
    let (mut indices, mut mappings) = (vec![], vec![]);
    for column in columns {
        if column.infrequent.is_empty() {
            indices.push(b.none());
            mappings.push(b.none());
            continue;
        }
        let n = column.len() - usize::from(column.missing && encoding.kind == EncodingKind::Ordinal);
        let frequent = n - column.infrequent.len();
        let mut next = 0;
        let mapping: Vec<i64> = (0..n)
            .map(|at| match column.infrequent.contains(&at) {
                true => frequent as i64,
                false => {
                    next += 1;
                    next - 1
                }
            })
            .collect();
        let infrequent: Vec<i64> = column.infrequent.iter().map(|at| *at as i64).collect();
        indices.push(b.i64s(&infrequent));
        mappings.push(b.i64s(&mapping));
    }
    attributes.push(("_infrequent_indices", b.list(indices)));
    attributes.push(("_default_to_infrequent_mappings", b.list(mappings)));
}

/// One entry of `categories_`.
fn categories(b: &mut Builder, column: &Categories) -> Id {
    match &column.known {
        Known::Numbers(known) => {
            let mut known = known.clone();
            known.extend(column.missing.then_some(f64::NAN));
            b.f64s(&[known.len()], &known)
        }
        Known::Texts(known) => {
            let mut ids: Vec<Id> = known.iter().map(|text| b.str(text)).collect();
            ids.extend(column.missing.then(|| b.float(f64::NAN)));
            b.objects(ids)
        }
    }
}

fn features<S: AsRef<str>>(b: &mut Builder, names: &[S], attributes: &mut Attributes<'_>) {
    attributes.push(("feature_names_in_", b.strings(names)));
    attributes.push(("n_features_in_", b.int(names.len())));
}

fn sklearn(b: &mut Builder, module: &'static str, class: &'static str, mut attributes: Attributes<'_>) -> Id {
    attributes.push(("_sklearn_version", b.str(SKLEARN_VERSION)));
    b.object(module, class, attributes)
}

fn value(b: &mut Builder, fill: &Fill) -> Id {
    match fill {
        Fill::Number(number) => b.float(*number),
        Fill::Text(text) => b.str(text),
    }
}

fn optional(b: &mut Builder, number: Option<usize>) -> Id {
    match number {
        Some(number) => b.int(number),
        None => b.none(),
    }
}

fn yes(b: &mut Builder) -> Id {
    b.push(Node::Bool(true))
}

fn no(b: &mut Builder) -> Id {
    b.push(Node::Bool(false))
}
