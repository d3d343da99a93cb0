//! The graph of a model to steps that are checked: names to numbers, operators to readers, inputs to columns.
//!
//! All that is not computed is said at once. Nodes must stand after what they need, as ONNX has it: so there is no cycle.

use super::attributes::{Operation, Texts, tensor};
use super::inputs::{declared, declared_as, default_names, vocabulary};
use super::operators::{MACHINE_LEARNING, OPSETS, known, reader};
use super::outputs::{Given, Source, answers};
use super::{OnnxError, STANDARD};
use crate::model::onnx::{Data, Input, Operator, Program, Scan, Session, Step, Tensor};
use crate::model::{Estimator, Vocabulary};
use crate::value::{ValueError, View};
use std::collections::HashMap;
use std::sync::Arc;

const NEWEST_IR: i64 = 13;

/// What scores in a model, and what its columns are called where nothing else says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    pub estimator: Estimator,
    pub vocabulary: Vocabulary,
    pub default_names: Vec<String>,
    /// The class that was converted, where the graph's name says it.
    pub name: String,
}

impl From<ValueError> for OnnxError {
    fn from(error: ValueError) -> Self {
        OnnxError::graph(error.path, error.problem)
    }
}

pub(super) type Built<T> = Result<T, OnnxError>;

/// The names of the inputs, where each is one column; `None` where a matrix has no names for its columns.
pub fn names(model: &View<'_, '_>) -> Option<Vec<String>> {
    let inputs = declared(&model.get("graph")?).ok()?;
    let single = |input: &super::inputs::Declared<'_>| (input.width == Some(1)).then(|| input.name.to_owned());
    inputs.iter().map(single).collect()
}

/// What the graph is called, mostly after the estimator that it was made from; `None` where `model` is no ONNX model.
pub fn title(model: &View<'_, '_>) -> Option<String> {
    let name = model.get("graph").filter(|_| super::is_model(model))?.get("name");
    Some(name.and_then(|name| name.str().ok().map(str::to_owned)).unwrap_or_else(|| "ONNX".to_owned()))
}

/// Builds the model. `columns` is how many of them there are, where that is known.
///
/// # Errors
/// Everything that is not computed; or the first contradiction in the graph.
pub fn parts(model: &View<'_, '_>, columns: Option<usize>) -> Built<Parts> {
    let versions = versions(model)?;
    let graph = model.attr("graph")?;
    let inputs = declared_as(&graph, columns).map_err(|error| with_unknown(error, &graph))?;
    let mut builder = Builder { texts: Texts::default(), versions, refused: vec![] };
    let mut scope = Scope::default();
    for input in &inputs {
        scope.input(input.name)?;
    }
    let refused = builder.nodes(&graph, &mut scope);
    if !builder.refused.is_empty() {
        return Err(OnnxError::all(builder.refused));
    }
    refused?;
    let given = outputs(&graph, &mut scope)?;
    let widths = inputs.iter().map(|input| Input { content: input.content, width: input.width.unwrap_or(0) });
    let session = Session::new(scope.program, widths.collect(), builder.texts.list.clone());
    let wrong = |error: crate::model::onnx::OpError| OnnxError::graph("the graph", error.to_string());
    let answers = answers(&session, &given, &builder.texts.list)?;
    let vocabulary = vocabulary(session.program(), &inputs, &builder.texts.list);
    let estimator = Estimator::Onnx(Box::new(session.answer(answers).map_err(wrong)?));
    let name = graph.get("name").and_then(|name| name.str().ok()).and_then(class_of).unwrap_or("ONNX").to_owned();
    Ok(Parts { estimator, vocabulary, default_names: default_names(&inputs), name })
}

/// An error of the inputs, and which operators are not computed: who sees one should see the other.
fn with_unknown(error: OnnxError, graph: &View<'_, '_>) -> OnnxError {
    let nodes: Vec<View<'_, '_>> = graph.attr("node").and_then(|nodes| nodes.items()).unwrap_or_default();
    let nodes = nodes.iter().filter_map(|view| Node::of(view).ok());
    let unknown = nodes.filter(|node| !known(node.domain, node.operator)).map(|node| node.unknown());
    OnnxError::all([error].into_iter().chain(unknown).collect())
}

/// skl2onnx calls a graph `ONNX(StandardScaler)`.
fn class_of(name: &str) -> Option<&str> {
    name.strip_prefix("ONNX(")?.strip_suffix(')').filter(|class| !class.is_empty())
}

/// The version of each domain, all within what is read.
fn versions<'g>(model: &View<'g, '_>) -> Built<HashMap<&'g str, i64>> {
    let found = model.attr("ir_version")?.i64()?;
    if !(3..=NEWEST_IR).contains(&found) {
        return Err(OnnxError::Version { found, newest: NEWEST_IR });
    }
    let mut versions = HashMap::new();
    for (domain, version) in model.attr("opset_import")?.entries()? {
        let found = version.i64()?;
        let known = OPSETS.iter().find(|(known, ..)| *known == domain);
        if let Some((_, oldest, newest)) = known.filter(|(_, oldest, newest)| !(*oldest..=*newest).contains(&found)) {
            let (domain, oldest, newest) = (domain.to_owned(), *oldest, *newest);
            return Err(OnnxError::Opset { domain, found, oldest, newest });
        }
        versions.insert(domain, found);
    }
    Ok(versions)
}

/// The values of one graph while it is built.
#[derive(Default)]
pub(super) struct Scope<'g, 's> {
    values: HashMap<&'g str, Source>,
    program: Program,
    /// The values of the graph around this one.
    around: Option<&'s HashMap<&'g str, Source>>,
    /// Which of them are inputs here, in order.
    captured: Vec<usize>,
}

impl<'g> Scope<'g, '_> {
    fn number(&mut self) -> usize {
        self.program.values += 1;
        self.program.values - 1
    }

    fn name(&mut self, name: &'g str, source: Source) -> Built<()> {
        match self.values.insert(name, source) {
            None => Ok(()),
            Some(_) => Err(OnnxError::graph(format!("{name:?}"), "two values have this name")),
        }
    }

    fn input(&mut self, name: &'g str) -> Built<()> {
        let number = self.number();
        self.program.inputs.push(number);
        self.name(name, Source::Tensor(number))
    }

    fn constant(&mut self, name: &'g str, tensor: Tensor) -> Built<()> {
        let number = self.number();
        self.program.constants.push((number, Arc::new(tensor)));
        self.name(name, Source::Tensor(number))
    }

    fn source(&mut self, name: &str) -> Option<Source> {
        self.values.get(name).cloned()
    }

    /// The number of a tensor that is there already, here or around.
    fn tensor(&mut self, name: &'g str) -> Result<usize, String> {
        match self.source(name) {
            Some(Source::Tensor(number)) => return Ok(number),
            Some(_) => return Err(format!("it takes {name:?}, which is no tensor")),
            None => {}
        }
        let Some(Source::Tensor(outer)) = self.around.and_then(|around| around.get(name)) else {
            return Err(format!("it takes {name:?}, which nothing before it gives"));
        };
        let number = self.number();
        self.program.inputs.push(number);
        self.captured.push(*outer);
        self.values.insert(name, Source::Tensor(number));
        Ok(number)
    }
}

/// One node, with the names of what it takes and gives.
struct Node<'g, 'a> {
    /// What messages call it.
    label: String,
    domain: &'g str,
    operator: &'g str,
    inputs: Vec<&'g str>,
    outputs: Vec<&'g str>,
    attributes: Option<View<'g, 'a>>,
}

impl<'g, 'a> Node<'g, 'a> {
    fn of(view: &View<'g, 'a>) -> Built<Self> {
        let class = view.class().ok_or_else(|| OnnxError::graph(view.path(), "no node"))?;
        let texts = |key| view.attr(key)?.items()?.iter().map(View::str).collect::<Result<Vec<_>, _>>();
        let name = view.get("name").and_then(|name| name.str().ok()).unwrap_or_default();
        let label = if name.is_empty() { class.to_string() } else { format!("{class} {name:.80?}") };
        let (domain, operator) = (class.module.as_ref(), class.name.as_ref());
        Ok(Node {
            label,
            domain,
            operator,
            inputs: texts("input")?,
            outputs: texts("output")?,
            attributes: view.get("attribute"),
        })
    }

    fn error(&self, problem: impl Into<String>) -> OnnxError {
        OnnxError::graph(self.label.clone(), problem)
    }

    fn unknown(&self) -> OnnxError {
        OnnxError::Operator { node: self.label.clone() }
    }
}

struct Builder<'g> {
    texts: Texts,
    versions: HashMap<&'g str, i64>,
    refused: Vec<OnnxError>,
}

impl<'g> Builder<'g> {
    /// Adds the constants and nodes of a graph. What is not computed is noted and the rest is read on.
    fn nodes(&mut self, graph: &View<'g, '_>, scope: &mut Scope<'g, '_>) -> Built<()> {
        for (name, value) in graph.attr("initializer")?.entries()? {
            let made = tensor(&value, &mut self.texts);
            scope.constant(name, made.map_err(|problem| OnnxError::graph(format!("tensor {name:?}"), problem))?)?;
        }
        let mut first = Ok(());
        for view in graph.attr("node")?.items()? {
            let node = Node::of(&view)?;
            // After a refusal its outputs are missing: what follows from that is not worth saying.
            let made = self.node(&node, scope);
            if first.is_ok() {
                first = made;
            }
        }
        first
    }

    fn node(&mut self, node: &Node<'g, '_>, scope: &mut Scope<'g, '_>) -> Built<()> {
        let operation = self.operation(node);
        let operator = match (node.domain, node.operator) {
            (STANDARD, "Scan") => return self.scan(node, scope),
            (MACHINE_LEARNING, "ZipMap") => return self.zip_map(node, &operation, scope),
            (STANDARD, "SequenceConstruct") => {
                let parts = node.inputs.iter().map(|name| scope.tensor(name)).collect::<Result<_, _>>();
                let source = Source::Sequence(parts.map_err(|problem| node.error(problem))?);
                return node.outputs.iter().try_for_each(|name| scope.name(name, source.clone()));
            }
            (domain, name) => match reader(domain, name) {
                None => {
                    self.refused.push(node.unknown());
                    return Ok(());
                }
                Some(_) if !self.versions.contains_key(domain) => {
                    Err(format!("the file imports no operators of {domain}"))
                }
                Some(read) => read(&operation, &mut self.texts),
            },
        };
        let operator = match operator {
            Ok(operator) => operator,
            Err(problem) => {
                self.refused.push(node.error(problem));
                return Ok(());
            }
        };
        let inputs =
            node.inputs.iter().map(|name| if name.is_empty() { Ok(None) } else { scope.tensor(name).map(Some) });
        let inputs: Vec<Option<usize>> = inputs.collect::<Result<_, _>>().map_err(|problem| node.error(problem))?;
        self.step(node, operator, inputs, scope)
    }

    fn operation<'a>(&self, node: &Node<'g, 'a>) -> Operation<'g, 'a> {
        let version = self.versions.get(node.domain).copied().unwrap_or(1);
        Operation { attributes: node.attributes.clone(), version, outputs: node.outputs.len() }
    }

    fn step(
        &self,
        node: &Node<'g, '_>,
        operator: Operator,
        inputs: Vec<Option<usize>>,
        scope: &mut Scope<'g, '_>,
    ) -> Built<()> {
        let mut outputs = vec![];
        for name in &node.outputs {
            if name.is_empty() {
                outputs.push(None);
                continue;
            }
            let number = scope.number();
            scope.name(name, Source::Tensor(number))?;
            outputs.push(Some(number));
        }
        scope.program.steps.push(Step { name: node.label.clone(), operator, inputs, outputs });
        Ok(())
    }

    /// `ZipMap` gives a map for each row: here the table stays, and knows its columns.
    fn zip_map(&mut self, node: &Node<'g, '_>, operation: &Operation<'g, '_>, scope: &mut Scope<'g, '_>) -> Built<()> {
        let wrong = |problem: String| node.error(problem);
        let ([input], [output]) = (&node.inputs[..], &node.outputs[..]) else {
            return Err(wrong("one input and one output belong here".to_owned()));
        };
        let strings = operation.strings("classlabels_strings").map_err(wrong)?;
        let labels = match strings.is_empty() {
            true => Data::I64(operation.ints("classlabels_int64s").map_err(wrong)?),
            false => self.texts.codes(&strings),
        };
        let table = scope.tensor(input).map_err(wrong)?;
        scope.name(output, Source::Maps { table, labels })
    }

    /// A graph that is run for each slice of what it scans, forward along the first axis.
    fn scan(&mut self, node: &Node<'g, '_>, scope: &mut Scope<'g, '_>) -> Built<()> {
        let wrong = |problem: String| node.error(problem);
        let operation = self.operation(node);
        for list in ["scan_input_axes", "scan_input_directions", "scan_output_axes", "scan_output_directions"] {
            if operation.ints(list).map_err(wrong)?.iter().any(|value| *value != 0) {
                self.refused.push(node.error(format!("{list} that are not 0")));
                return Ok(());
            }
        }
        if operation.version < 9 {
            self.refused.push(node.error("a scan with a batch axis, as before version 9"));
            return Ok(());
        }
        let body =
            node.attributes.as_ref().and_then(|all| all.get("body")).ok_or_else(|| node.error("it has no body"))?;
        let scanned = operation.int("num_scan_inputs", 0).map_err(wrong)?;
        let scanned = usize::try_from(scanned).ok().filter(|n| (1..=node.inputs.len()).contains(n));
        let scanned = scanned.ok_or_else(|| node.error("more inputs to scan than there are"))?;
        let states = node.inputs.len() - scanned;
        let mut inputs = vec![];
        for name in &node.inputs {
            inputs.push(Some(scope.tensor(name).map_err(wrong)?));
        }
        let mut inner = Scope { around: Some(&scope.values), ..Scope::default() };
        let formal = body.attr("input")?.items()?;
        for input in &formal {
            inner.input(input.attr("name")?.str()?)?;
        }
        self.nodes(&body, &mut inner)?;
        let given = outputs(&body, &mut inner)?;
        let given: Option<Vec<usize>> = given.into_iter().map(|given| given.source.tensor()).collect();
        let given = given
            .filter(|given| given.len() == node.outputs.len() && given.len() >= states && formal.len() == inputs.len());
        let given = given.ok_or_else(|| node.error("a body whose inputs or outputs are not as many"))?;
        inputs.extend(inner.captured.iter().copied().map(Some));
        let (body, plan) = (inner.program.clone(), inner.program.plan(&given));
        let scan = Scan { body, plan, outputs: given.len(), states, scanned };
        self.step(node, Operator::Scan(Box::new(scan)), inputs, scope)
    }
}

/// What the graph gives, by name.
fn outputs<'g>(graph: &View<'g, '_>, scope: &mut Scope<'g, '_>) -> Built<Vec<Given>> {
    let mut found = vec![];
    for output in graph.attr("output")?.items()? {
        let name = output.attr("name")?.str()?;
        let source = match scope.source(name) {
            Some(source) => source,
            None => Source::Tensor(
                scope.tensor(name).map_err(|_| OnnxError::graph(format!("output {name:?}"), "nothing gives it"))?,
            ),
        };
        found.push(Given { name: name.to_owned(), source });
    }
    Ok(found)
}
