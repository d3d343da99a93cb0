//! The few calls of Python's own functions that files of scikit-learn make: each is replaced by the value it gives.

use super::error::{PickleError, Refusal};
use super::machine::Machine;
use super::object::Pending;
use super::text;
use crate::value::{Id, Name, Node, Object};
use std::borrow::Cow;

impl<'a> Machine<'a> {
    /// `copyreg._reconstructor(class, base, state)`: the base is that of an object, a dict or a (named) tuple.
    pub(super) fn reconstructor(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
        let [class, base, state] = args else {
            return Err(self.arguments(&function));
        };
        let (class, role) = self.named(*class)?;
        let (base, _) = self.named(*base)?;
        let builtin = matches!(&*base.module, "builtins" | "__builtin__");
        let parts = match self.arena.node(*state) {
            Node::Tuple(parts) if builtin && base.name == "tuple" => parts.clone(),
            _ => Vec::new(),
        };
        let object = self.instance(class, role, parts)?;
        match (&*base.name, self.arena.node(*state)) {
            ("object", Node::None) | ("tuple", Node::Tuple(_)) if builtin => {}
            ("dict", Node::Dict(pairs)) if builtin => {
                let items: Vec<Id> = pairs.iter().flat_map(|(key, value)| [*key, *value]).collect();
                self.set_items(object, &items)?;
            }
            _ => return Err(self.arguments(&function)),
        }
        Ok(object)
    }

    /// `functools.partial(check_array)`, whose BUILD must bring what HistGradientBoosting binds.
    pub(super) fn partial(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
        match args {
            [bound] if self.is_check_array(*bound) => self.reserve(Pending::Partial),
            _ => {
                self.refuse(function.to_string(), Refusal::Arguments)?;
                self.record(function, args.to_vec())
            }
        }
    }

    /// `getattr(object, name)` of what keeps methods of itself: nothing reads them, and their owner would contain itself.
    pub(super) fn method(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
        let keeps_own = |id: &Id| match self.arena.node(*id) {
            Node::Object(object) => {
                object.class.module.starts_with("scipy.stats.") || object.class.name.starts_with("HistGradientBoosting")
            }
            _ => false,
        };
        match args {
            [object, name] if keeps_own(object) && matches!(self.arena.node(*name), Node::Str(_)) => {
                self.add(Node::None)
            }
            _ => {
                self.refuse(function.to_string(), Refusal::Arguments)?;
                self.record(function, args.to_vec())
            }
        }
    }

    /// Requests of metadata refer to the estimator that holds them since scikit-learn 1.9; to 1.8 its name stood there,
    /// and so it does again.
    pub(super) fn name_owner(&mut self, state: Id) -> Result<(), PickleError> {
        let Node::Dict(pairs) = self.arena.node(state) else { return Ok(()) };
        let is_owner = |key: &Id| matches!(self.arena.node(*key), Node::Str(key) if key == "owner");
        let Some(at) = pairs.iter().position(|(key, _)| is_owner(key)) else { return Ok(()) };
        let Node::Object(owner) = self.arena.node(pairs[at].1) else { return Ok(()) };
        let name = self.add(Node::Str(owner.class.name.clone()))?;
        if let Node::Dict(pairs) = self.arena.node_mut(state) {
            pairs[at].1 = name;
        }
        Ok(())
    }

    fn is_check_array(&self, id: Id) -> bool {
        matches!(self.arena.node(id), Node::Global(name)
            if name.module == "sklearn.utils.validation" && name.name == "check_array")
    }

    /// The state of the partial: `(check_array, (), {'dtype': [float64], 'force_all_finite': False}, None)`.
    pub(super) fn build_partial(&mut self, target: Id, state: Id) -> Result<(), PickleError> {
        let name = Name { module: Cow::Borrowed("functools"), name: Cow::Borrowed("partial") };
        let known = match self.arena.node(state) {
            Node::Tuple(parts) => match **parts {
                [function, args, keywords, dict] => {
                    self.is_check_array(function)
                        && matches!(self.arena.node(args), Node::Tuple(args) if args.is_empty())
                        && self.is_check_array_keywords(keywords)
                        && matches!(self.arena.node(dict), Node::None)
                }
                _ => false,
            },
            _ => false,
        };
        if !known {
            return Err(self.arguments(&name));
        }
        let offset = self.input.offset().byte;
        let object = Object { class: name, args: vec![], state: Some(state), items: vec![], entries: vec![], offset };
        let set = self.arena.set(target, Node::Object(Box::new(object)));
        self.paid(set)
    }

    fn is_check_array_keywords(&self, id: Id) -> bool {
        let Node::Dict(pairs) = self.arena.node(id) else { return false };
        let is_dtype = |id: &Id| matches!(self.arena.node(*id), Node::Global(name) if name.module == "numpy");
        pairs.len() <= 2
            && pairs.iter().all(|(key, value)| match (self.arena.node(*key), self.arena.node(*value)) {
                (Node::Str(key), Node::List(dtypes)) => key == "dtype" && matches!(&**dtypes, [one] if is_dtype(one)),
                (Node::Str(key), Node::Global(_)) => key == "dtype" && is_dtype(value),
                (Node::Str(key), Node::Bool(false)) => matches!(&**key, "force_all_finite" | "ensure_all_finite"),
                _ => false,
            })
    }

    /// `_codecs.encode(text, 'latin1')`.
    pub(super) fn encode(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
        let [text, encoding] = args else { return Err(self.arguments(&function)) };
        let (Node::Str(text), Node::Str(encoding)) = (self.arena.node(*text), self.arena.node(*encoding)) else {
            return Err(self.arguments(&function));
        };
        if encoding != "latin1" {
            return Err(self.arguments(&function));
        }
        let bytes = text::to_latin1(text).ok_or_else(|| self.malformed("bytes spelt as text beyond latin1"))?;
        self.add(Node::Bytes(Cow::Owned(bytes)))
    }

    /// `bytes()` and `bytearray(…)`.
    pub(super) fn bytes(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
        match args {
            [] => self.add(Node::Bytes(Cow::Borrowed(&[]))),
            [bytes] => match self.arena.node(*bytes) {
                Node::Bytes(bytes) => {
                    let copy = Node::Bytes(bytes.clone());
                    self.add(copy)
                }
                _ => Err(self.arguments(&function)),
            },
            _ => Err(self.arguments(&function)),
        }
    }

    /// `set([…])` and `frozenset([…])`.
    pub(super) fn set(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
        let items = match args {
            [] => Vec::new(),
            [items] => match self.arena.node(*items) {
                Node::List(items) | Node::Tuple(items) => items.clone(),
                _ => return Err(self.arguments(&function)),
            },
            _ => return Err(self.arguments(&function)),
        };
        self.add(Node::Set(items))
    }
}
