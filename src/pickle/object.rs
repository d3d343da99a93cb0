//! What GLOBAL, REDUCE, NEWOBJ and BUILD mean: names are looked up in the allow-lists, calls are recorded or rebuilt
//! as plain values, and nothing is ever run.

use super::allow::{self, Call, Role};
use super::error::{PickleError, Refusal};
use super::machine::Machine;
use super::opcode::*;
use crate::value::{Id, Name, Node, Object};
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
            Call::Method => self.method(class, &args),
        }
    }

    /// NEWOBJ: an instance of an allowed class.
    fn new_object(&mut self, class: Id, args: Id) -> Result<Id, PickleError> {
        let (class, role) = self.named(class)?;
        let args = self.tuple(args)?;
        self.instance(class, role, args)
    }

    pub(super) fn instance(&mut self, class: Name<'a>, role: Option<Role>, args: Vec<Id>) -> Result<Id, PickleError> {
        if role != Some(Role::Class) {
            self.refuse(class.to_string(), Refusal::Instantiated)?;
        }
        if class.module == "joblib.numpy_pickle" && class.name == "NumpyArrayWrapper" {
            return self.reserve(Pending::Wrapper);
        }
        self.record(class, args)
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
                let requests = object.class.module == "sklearn.utils._metadata_requests";
                if requests { self.name_owner(state) } else { Ok(()) }
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
    pub(super) fn named(&self, id: Id) -> Result<(Name<'a>, Option<Role>), PickleError> {
        match self.arena.node(id) {
            Node::Global(name) => {
                Ok(((**name).clone(), allow::find(&name.module, &name.name).map(|(_, _, role)| role)))
            }
            _ => Err(self.malformed("its target is no class or function")),
        }
    }

    /// A copy of a tuple of arguments, charged even if it is not kept: one tuple may be the argument of many calls.
    fn tuple(&mut self, id: Id) -> Result<Vec<Id>, PickleError> {
        let Node::Tuple(items) = self.arena.node(id) else {
            return Err(self.malformed("its arguments are no tuple"));
        };
        let items = items.clone();
        let charged = self.arena.charge(size_of_val(&*items));
        self.paid(charged)?;
        Ok(items)
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
