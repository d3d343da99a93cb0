//! What scikit-learn itself reads of its objects and scorelet does not: completed before a bundle that `train` made is
//! written for Python.

use crate::sklearn::Version;
use crate::sklearn::derived::passing;
use crate::value::{Array, ArrayData, DType, Graph, Id, Name, Node, Object, View};

/// Completes the objects of a graph. Whether anything was changed.
pub(super) fn complete(graph: &mut Graph<'_>) -> bool {
    let before = graph.nodes.len();
    let passed = pass_through(graph);
    for at in 0..before {
        let view = graph.view(Id(at as u32));
        let Some(class) = view.class() else { continue };
        match (class.module.split('.').next().unwrap_or_default(), class.name.as_ref()) {
            ("sklearn", "ColumnTransformer") => passing_columns(graph, at),
            ("sklearn", "SimpleImputer") => dtypes(graph, at),
            ("sklearn", "OneHotEncoder") => widths(graph, at),
            ("sklearn", "OrdinalEncoder") => missing_indices(graph, at),
            ("xgboost", "Booster") => bytearray(graph, at),
            _ => {}
        }
    }
    passed || graph.nodes.len() > before
}

/// XGBoost reads its model only from bytes that can be written to; the graph knows them as bytes.
fn bytearray(graph: &mut Graph<'_>, at: usize) {
    let Some(handle) = graph.view(Id(at as u32)).some("handle").filter(|handle| handle.object().is_none()) else {
        return;
    };
    let class = Name { module: "builtins".into(), name: "bytearray".into() };
    let args = vec![handle.id()];
    let object = Object { class, args, state: None, items: vec![], entries: vec![], offset: 0 };
    let bytes = add(graph, Node::Object(Box::new(object)));
    set(graph, at, "handle", bytes);
}

/// Puts scikit-learn's `passthrough` in the place of scorelet's own steps that change no column: they are there for requests
/// of nothing but null, whose type pandas cannot tell. Whether there were any.
fn pass_through(graph: &mut Graph<'_>) -> bool {
    let passing: Vec<usize> =
        (0..graph.nodes.len()).filter(|at| changes_nothing(&graph.view(Id(*at as u32)))).collect();
    passing.iter().for_each(|at| graph.nodes[*at] = Node::Str("passthrough".into()));
    !passing.is_empty()
}

fn changes_nothing(value: &View<'_, '_>) -> bool {
    let own = value.class().is_some_and(|class| class.module == "scorelet.features" && class.name == "DerivedColumns");
    let names = || value.some("feature_names_in_")?.strings().ok();
    let expressions = || -> Option<Vec<String>> {
        let text = |pair: &View<'_, '_>| Some(pair.items().ok()?.get(1)?.str().ok()?.to_owned());
        value.get("columns_")?.items().ok()?.iter().map(text).collect()
    };
    let same = |names: Vec<String>| expressions().is_some_and(|given| names.iter().map(|name| passing(name)).eq(given));
    own && names().is_some_and(same)
}

/// From this version on `transformers_` holds a fitted `FunctionTransformer` for what passes.
const FITTED_PASSING: Version = Version(1, 4);

fn passing_columns(graph: &mut Graph<'_>, at: usize) {
    let view = graph.view(Id(at as u32));
    let version = view.some("_sklearn_version").and_then(|version| Version::parse(version.str().ok()?));
    if version.is_some_and(|version| version < FITTED_PASSING) {
        return;
    }
    let entries = view.some("transformers_").and_then(|list| list.items().ok()).unwrap_or_default();
    let parts: Option<Vec<[Id; 3]>> = entries
        .iter()
        .map(|entry| entry.items().ok()?.iter().map(View::id).collect::<Vec<_>>().try_into().ok())
        .collect();
    let Some(mut parts) = parts else { return };
    let passes = |graph: &Graph<'_>, id: Id| matches!(graph.node(id), Node::Str(text) if text == "passthrough");
    if !parts.iter().any(|[_, transformer, _]| passes(graph, *transformer)) {
        return;
    }
    let version = view.some("_sklearn_version").map(|version| version.id());
    for [_, transformer, columns] in &mut parts {
        if passes(graph, *transformer) {
            let count = graph.view(*columns).items().map_or(0, |columns| columns.len());
            *transformer = function_transformer(graph, count, version);
        }
    }
    let tuples = parts.into_iter().map(|part| add(graph, Node::Tuple(part.to_vec()))).collect();
    let list = add(graph, Node::List(tuples));
    set(graph, at, "transformers_", list);
}

/// `FunctionTransformer(accept_sparse=True, check_inverse=False, feature_names_out='one-to-one')`, fitted.
fn function_transformer(graph: &mut Graph<'_>, columns: usize, version: Option<Id>) -> Id {
    let none = add(graph, Node::None);
    let (yes, no) = (add(graph, Node::Bool(true)), add(graph, Node::Bool(false)));
    let one_to_one = add(graph, Node::Str("one-to-one".into()));
    let count = add(graph, Node::Int(columns as i64));
    let mut attributes = vec![
        ("func", none),
        ("inverse_func", none),
        ("validate", no),
        ("accept_sparse", yes),
        ("check_inverse", no),
        ("feature_names_out", one_to_one),
        ("kw_args", none),
        ("inv_kw_args", none),
        ("n_features_in_", count),
    ];
    attributes.extend(version.map(|version| ("_sklearn_version", version)));
    let pairs = attributes.into_iter().map(|(key, value)| (add(graph, Node::Str(key.into())), value)).collect();
    let state = Some(add(graph, Node::Dict(pairs)));
    let class =
        Name { module: "sklearn.preprocessing._function_transformer".into(), name: "FunctionTransformer".into() };
    let object = Object { class, args: vec![], state, items: vec![], entries: vec![], offset: 0 };
    add(graph, Node::Object(Box::new(object)))
}

/// The types of the columns that an imputer was fitted on, and of what it fills in.
fn dtypes(graph: &mut Graph<'_>, at: usize) {
    let view = graph.view(Id(at as u32));
    if view.get("_fit_dtype").is_some() {
        return;
    }
    let objects = view.some("statistics_").is_some_and(|statistics| {
        matches!(statistics.node(), Node::Array(array) if matches!(**array, Array { data: ArrayData::Objects(_), .. }))
    });
    let dtype = if objects { DType::Object } else { DType::F64 };
    let dtype = add(graph, Node::DType(Box::new(dtype)));
    set(graph, at, "_fit_dtype", dtype);
    set(graph, at, "_fill_dtype", dtype);
}

/// How many columns a one-hot encoder gives for each that it gets.
fn widths(graph: &mut Graph<'_>, at: usize) {
    let view = graph.view(Id(at as u32));
    if view.get("_n_features_outs").is_some() || view.some("drop_idx_").is_some() {
        return;
    }
    let items = |name: &'static str| view.some(name).and_then(|list| list.items().ok()).unwrap_or_default();
    let infrequent: Vec<usize> = items("_infrequent_indices").iter().map(length).collect();
    let widths: Vec<i64> = items("categories_")
        .iter()
        .enumerate()
        .map(|(at, known)| {
            // Infrequent categories share a column.
            let shared = infrequent.get(at).copied().unwrap_or_default().saturating_sub(1);
            length(known).saturating_sub(shared) as i64
        })
        .collect();
    let widths = widths.into_iter().map(|width| add(graph, Node::Int(width))).collect();
    let list = add(graph, Node::List(widths));
    set(graph, at, "_n_features_outs", list);
}

/// Of each column that has one, where its missing value stands among the categories: last.
fn missing_indices(graph: &mut Graph<'_>, at: usize) {
    let view = graph.view(Id(at as u32));
    if view.get("_missing_indices").is_some() {
        return;
    }
    let categories = view.some("categories_").and_then(|list| list.items().ok()).unwrap_or_default();
    let is_missing = |known: &View<'_, '_>| match known.f64s() {
        Ok(numbers) => numbers.last().is_some_and(|last| last.is_nan()),
        Err(_) => {
            let items = known.items().unwrap_or_default();
            items.last().is_some_and(|last| matches!(last.node(), Node::Float(x) if x.is_nan()))
        }
    };
    let missing = categories.iter().enumerate().filter(|(_, known)| is_missing(known));
    let missing: Vec<(usize, usize)> =
        missing.map(|(column, known)| (column, length(known).saturating_sub(1))).collect();
    let number = |graph: &mut Graph<'_>, n: usize| add(graph, Node::Int(n as i64));
    let pairs = missing.into_iter().map(|(column, at)| (number(graph, column), number(graph, at))).collect();
    let dict = add(graph, Node::Dict(pairs));
    set(graph, at, "_missing_indices", dict);
}

/// Elements of an array; 0 of anything else.
fn length(value: &View<'_, '_>) -> usize {
    value.array().map_or(0, Array::len)
}

fn add<'a>(graph: &mut Graph<'a>, node: Node<'a>) -> Id {
    graph.nodes.push(node);
    Id(graph.nodes.len() as u32 - 1)
}

/// Sets an attribute of the object, anew or in place of what it was.
fn set(graph: &mut Graph<'_>, at: usize, name: &'static str, value: Id) {
    let Node::Object(object) = &graph.nodes[at] else { return };
    let Some(state) = object.state.map(|state| state.0 as usize) else { return };
    let key = add(graph, Node::Str(name.into()));
    let is_old = |key: &Id| matches!(graph.node(*key), Node::Str(text) if text == name);
    let Node::Dict(pairs) = &graph.nodes[state] else { return };
    let mut pairs: Vec<(Id, Id)> = pairs.iter().filter(|(key, _)| !is_old(key)).copied().collect();
    pairs.push((key, value));
    graph.nodes[state] = Node::Dict(pairs);
}
