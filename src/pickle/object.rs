//! What GLOBAL, REDUCE, NEWOBJ and BUILD mean: names are looked up in the allow-lists, calls are recorded or rebuilt
//! as plain values, and nothing is ever run.

use super::allow::{self, Call, Role};
use super::error::{PickleError, Refusal};
use super::machine::Machine;
use super::opcode::*;
use super::text;
use crate::value::{Id, Name, Node, Object};
use std::borrow::Cow;
use std::fmt;

/// What a node waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pending {
    /// numpy's `_reconstruct`.
    Array,
    /// joblib's `NumpyArrayWrapper`: its BUILD is followed by the array's bytes.
    Wrapper,
    /// `functools.partial`.
    Partial,
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pending::Array => "an array",
            Pending::Wrapper => "a joblib array",
            Pending::Partial => "a functools.partial",
        })
    }
}

impl<'a> Machine<'a> {
    /// Opcodes of names and objects. False when `code` is none of them.
    pub(super) fn object(&mut self, code: u8) -> Result<bool, PickleError> {
        match code {
            GLOBAL => {
                let (module, name) = (self.input.line()?, self.input.line()?);
                let (Ok(module), Ok(name)) = (std::str::from_utf8(module), std::str::from_utf8(name)) else {
                    return Err(self.malformed("its name is not valid text"));
                };
                let id = self.global(module, name)?;
                self.push(id)?;
            }
            STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Node::Str(module), Node::Str(name)) = (self.arena.node(module), self.arena.node(name)) else {
                    return Err(self.malformed("its name is no text"));
                };
                let (module, name) = (module.clone(), name.clone());
                let id = self.global(&module, &name)?;
                self.push(id)?;
            }
            REDUCE => {
                let (args, function) = (self.pop()?, self.pop()?);
                let made = self.reduce(function, args)?;
                self.push(made)?;
            }
            NEWOBJ => {
                let (args, class) = (self.pop()?, self.pop()?);
                let made = self.new_object(class, args)?;
                self.push(made)?;
            }
            NEWOBJ_EX => {
                let (kwargs, args, class) = (self.pop()?, self.pop()?, self.pop()?);
                if !matches!(self.arena.node(kwargs), Node::Dict(pairs) if pairs.is_empty()) {
                    return Err(self.malformed("keyword arguments are not supported"));
                }
                let made = self.new_object(class, args)?;
                self.push(made)?;
            }
            BUILD => {
                let state = self.pop()?;
                let target = self.top()?;
                self.build(target, state)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Calls nothing: makes the value that the allowed call would have made, or records it.
    fn reduce(&mut self, function: Id, args: Id) -> Result<Id, PickleError> {
        let (class, role) = self.named(function)?;
        let args = self.tuple(args)?;
        let Some(Role::Call(call)) = role else {
            self.refuse(class.to_string(), Refusal::Called)?;
            return self.record(class, args);
        };
        match call {
            Call::Record => self.record(class, args),
            Call::NumpyReconstruct => self.numpy_reconstruct(class, &args),
            Call::NumpyFromBuffer => self.numpy_from_buffer(&args),
            Call::NumpyScalar => self.numpy_scalar(class, args),
            Call::NumpyDType => self.numpy_dtype(&args),
            Call::Encode => self.encode(class, &args),
            Call::Bytes => self.bytes(class, &args),
            Call::Set => self.set(class, &args),
            Call::Reconstructor => self.reconstructor(class, &args),
            Call::Partial => self.partial(class, &args),
        }
    }

    /// NEWOBJ: an instance of an allowed class.
    fn new_object(&mut self, class: Id, args: Id) -> Result<Id, PickleError> {
        let (class, role) = self.named(class)?;
        let args = self.tuple(args)?;
        self.instance(class, role, args)
    }

    fn instance(&mut self, class: Name<'a>, role: Option<Role>, args: Vec<Id>) -> Result<Id, PickleError> {
        if role != Some(Role::Class) {
            self.refuse(class.to_string(), Refusal::Instantiated)?;
        }
        if class.module == "joblib.numpy_pickle" && class.name == "NumpyArrayWrapper" {
            return self.reserve(Pending::Wrapper);
        }
        self.record(class, args)
    }

    /// `copyreg._reconstructor(class, base, state)`: the bases are those of an object, a dict or a list.
    fn reconstructor(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
        let [class, base, state] = args else {
            return Err(self.arguments(&function));
        };
        let (class, role) = self.named(*class)?;
        let (base, _) = self.named(*base)?;
        let object = self.instance(class, role, Vec::new())?;
        let builtin = matches!(&*base.module, "builtins" | "__builtin__");
        match (&*base.name, self.arena.node(*state)) {
            ("object", Node::None) if builtin => {}
            ("dict", Node::Dict(pairs)) if builtin => {
                let items: Vec<Id> = pairs.iter().flat_map(|(key, value)| [*key, *value]).collect();
                self.set_items(object, &items)?;
            }
            _ => return Err(self.arguments(&function)),
        }
        Ok(object)
    }

    /// `functools.partial(check_array)`, whose BUILD must bring what HistGradientBoosting binds.
    fn partial(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
        match args {
            [bound] if self.is_check_array(*bound) => self.reserve(Pending::Partial),
            _ => {
                self.refuse(function.to_string(), Refusal::Arguments)?;
                self.record(function, args.to_vec())
            }
        }
    }

    fn is_check_array(&self, id: Id) -> bool {
        matches!(self.arena.node(id), Node::Global(name)
            if name.module == "sklearn.utils.validation" && name.name == "check_array")
    }

    /// The state of the partial: `(check_array, (), {'dtype': [float64], 'force_all_finite': False}, None)`.
    fn build_partial(&mut self, target: Id, state: Id) -> Result<(), PickleError> {
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
    fn encode(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
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
    fn bytes(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
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
    fn set(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
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

    fn build(&mut self, target: Id, state: Id) -> Result<(), PickleError> {
        match self.pending.remove(&target) {
            Some(Pending::Array) => return self.build_array(target, state),
            Some(Pending::Wrapper) => return self.build_wrapper(target, state),
            Some(Pending::Partial) => return self.build_partial(target, state),
            None => {}
        }
        match self.arena.node_mut(target) {
            Node::DType(_) => self.build_dtype(target, state),
            Node::Object(object) if object.state.is_none() => {
                object.state = Some(state);
                Ok(())
            }
            Node::Object(object) => {
                let class = object.class.to_string();
                Err(self.malformed(format!("the state of {class} is set twice")))
            }
            _ => Err(self.malformed("its target is no object")),
        }
    }

    /// An object that records a call or an instance.
    pub(super) fn record(&mut self, class: Name<'a>, args: Vec<Id>) -> Result<Id, PickleError> {
        let offset = self.input.offset().byte;
        let object = Object { class, args, state: None, items: vec![], entries: vec![], offset };
        self.add(Node::Object(Box::new(object)))
    }

    /// A node that a BUILD must fill.
    pub(super) fn reserve(&mut self, pending: Pending) -> Result<Id, PickleError> {
        let reserved = self.arena.reserve();
        let id = self.paid(reserved)?;
        let charged = self.arena.charge_items::<(Id, Pending)>(2);
        self.paid(charged)?;
        self.pending.insert(id, pending);
        Ok(id)
    }

    /// The class or function of a node, and what it may be used for.
    fn named(&self, id: Id) -> Result<(Name<'a>, Option<Role>), PickleError> {
        match self.arena.node(id) {
            Node::Global(name) => {
                Ok(((**name).clone(), allow::find(&name.module, &name.name).map(|(_, _, role)| role)))
            }
            _ => Err(self.malformed("its target is no class or function")),
        }
    }

    /// The items of a tuple of arguments.
    fn tuple(&self, id: Id) -> Result<Vec<Id>, PickleError> {
        match self.arena.node(id) {
            Node::Tuple(items) => Ok(items.clone()),
            _ => Err(self.malformed("its arguments are no tuple")),
        }
    }

    /// The items of a tuple of exactly `N`.
    pub(super) fn tuple_of<const N: usize>(&self, id: Id) -> Result<[Id; N], PickleError> {
        match self.arena.node(id) {
            Node::Tuple(items) => items.as_slice().try_into().ok(),
            _ => None,
        }
        .ok_or_else(|| self.malformed(format!("its state is no tuple of {N}")))
    }

    pub(super) fn arguments(&self, function: &Name<'_>) -> PickleError {
        self.input.refused(function.to_string(), Refusal::Arguments)
    }
}
