//! The attributes of a node, by name and type, and the texts of a graph, each with its code.

use crate::model::onnx::{Data, Tensor};
use crate::value::{ArrayData, DType, ScalarKind, View};
use std::collections::HashMap;

/// What is wrong with a node, without its name.
pub(super) type Found<T> = Result<T, String>;

/// All texts that the graph holds, by their codes.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub list: Vec<String>,
    codes: HashMap<String, i32>,
}

impl Texts {
    pub fn code(&mut self, text: &str) -> i32 {
        let next = self.list.len() as i32;
        let code = *self.codes.entry(text.to_owned()).or_insert(next);
        if code == next {
            self.list.push(text.to_owned());
        }
        code
    }

    pub fn codes(&mut self, texts: &[String]) -> Data {
        Data::Text(texts.iter().map(|text| self.code(text)).collect())
    }
}

/// A node of the graph: its attributes, and the version of the operator set that it is of.
pub(super) struct Operation<'g, 'a> {
    pub attributes: Option<View<'g, 'a>>,
    pub version: i64,
    pub outputs: usize,
}

impl<'g, 'a> Operation<'g, 'a> {
    fn get<T>(
        &self,
        name: &'static str,
        read: impl Fn(&View<'g, 'a>) -> Result<T, crate::value::ValueError>,
    ) -> Found<Option<T>> {
        let Some(value) = self.attributes.as_ref().and_then(|all| all.get(name)) else { return Ok(None) };
        read(&value).map(Some).map_err(|error| format!("attribute {name}: {}", error.problem))
    }

    pub fn int(&self, name: &'static str, default: i64) -> Found<i64> {
        Ok(self.get(name, View::i64)?.unwrap_or(default))
    }

    pub fn flag(&self, name: &'static str, default: bool) -> Found<bool> {
        Ok(self.int(name, i64::from(default))? != 0)
    }

    pub fn float(&self, name: &'static str, default: f64) -> Found<f64> {
        Ok(self.get(name, View::f64)?.unwrap_or(default))
    }

    pub fn text(&self, name: &'static str, default: &'static str) -> Found<&'g str> {
        Ok(self.get(name, View::str)?.unwrap_or(default))
    }

    pub fn has(&self, name: &'static str) -> bool {
        self.attributes.as_ref().is_some_and(|all| all.get(name).is_some())
    }

    /// An integer that may be absent.
    pub fn some_int(&self, name: &'static str) -> Found<Option<i64>> {
        self.get(name, View::i64)
    }

    /// Integers that may be absent.
    pub fn some_ints(&self, name: &'static str) -> Found<Option<Vec<i64>>> {
        self.get(name, View::i64s)
    }

    pub fn ints(&self, name: &'static str) -> Found<Vec<i64>> {
        Ok(self.some_ints(name)?.unwrap_or_default())
    }

    pub fn doubles(&self, name: &'static str) -> Found<Vec<f64>> {
        Ok(self.get(name, View::f64s)?.unwrap_or_default())
    }

    pub fn floats(&self, name: &'static str) -> Found<Vec<f32>> {
        Ok(self.doubles(name)?.into_iter().map(|value| value as f32).collect())
    }

    pub fn strings(&self, name: &'static str) -> Found<Vec<String>> {
        Ok(self.get(name, View::strings)?.unwrap_or_default())
    }

    pub fn tensor(&self, name: &'static str, texts: &mut Texts) -> Found<Option<Tensor>> {
        let value = self.attributes.as_ref().and_then(|all| all.get(name));
        value.map(|value| tensor(&value, texts)).transpose()
    }
}

/// An array of the value graph as a tensor.
pub(super) fn tensor(value: &View<'_, '_>, texts: &mut Texts) -> Found<Tensor> {
    let wrong = |error: crate::value::ValueError| error.problem;
    let array = value.array().ok_or("something else than a tensor")?;
    let data = match (&array.dtype, &array.data) {
        (DType::Object, ArrayData::Objects(_)) => texts.codes(&value.strings().map_err(wrong)?),
        (DType::Scalar { kind: ScalarKind::Float, size: 4, .. }, _) => {
            Data::F32(value.f64s().map_err(wrong)?.into_iter().map(|value| value as f32).collect())
        }
        (DType::Scalar { kind: ScalarKind::Float, .. }, _) => Data::F64(value.f64s().map_err(wrong)?),
        (DType::Scalar { kind: ScalarKind::Bool, .. }, _) => {
            Data::Bool(value.i64s().map_err(wrong)?.into_iter().map(|value| value != 0).collect())
        }
        (DType::Scalar { .. }, _) => Data::I64(value.i64s().map_err(wrong)?),
        (other, _) => return Err(format!("a tensor of {other}")),
    };
    Tensor::new(array.shape.clone(), data).map_err(|error| error.to_string())
}
