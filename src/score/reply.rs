//! Predictions to bytes: straight into one buffer, no tree of values.
//!
//! `{"predictions": […], further outputs in the order asked for, "model_version": "…"}`. Floats are written as Python's
//! `repr` does: the shortest digits that read back as the same number.

use super::ReplyStyle;
use crate::model::{Classes, Method, Output};
use ndarray::ArrayView2;

/// Appends the reply to `out`.
pub(super) fn write(out: &mut Vec<u8>, style: ReplyStyle, outputs: &[(Method, Output)], version: &str) {
    let mut pen = Pen { out, style };
    pen.text(match style {
        ReplyStyle::Plain => "{",
        ReplyStyle::AzureMl => "\"{",
    });
    for (method, output) in outputs {
        pen.key(key(*method));
        pen.output(output);
        pen.comma();
    }
    pen.key("model_version");
    pen.string(version);
    pen.text(match style {
        ReplyStyle::Plain => "}",
        ReplyStyle::AzureMl => "}\"",
    });
}

/// The name of an output in the reply.
fn key(method: Method) -> &'static str {
    if method == Method::Predict { "predictions" } else { method.name() }
}

struct Pen<'o> {
    out: &'o mut Vec<u8>,
    style: ReplyStyle,
}

impl Pen<'_> {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn comma(&mut self) {
        self.text(match self.style {
            ReplyStyle::Plain => ",",
            ReplyStyle::AzureMl => ", ",
        });
    }

    fn key(&mut self, name: &str) {
        self.string(name);
        self.text(match self.style {
            ReplyStyle::Plain => ":",
            ReplyStyle::AzureMl => ": ",
        });
    }

    /// Writes `[…]`, one item each.
    fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.out.push(b'[');
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.comma();
            }
            write(self, item);
        }
        self.out.push(b']');
    }

    fn output(&mut self, output: &Output) {
        match output {
            Output::List(matrices) => self.list(matrices, |pen, matrix| pen.matrix(matrix.view())),
            Output::Columns(columns) => {
                let rows = columns.iter().map(rows).min().unwrap_or(0);
                self.list(0..rows, |pen, row| pen.list(columns, |pen, column| pen.item(column, row)));
            }
            Output::Matrix(matrix) => self.matrix(matrix.view()),
            Output::Floats(values) => self.list(values, |pen, value| pen.float(*value)),
            _ => self.list(0..rows(output), |pen, row| pen.item(output, row)),
        }
    }

    fn matrix(&mut self, matrix: ArrayView2<'_, f64>) {
        self.list(matrix.rows(), |pen, row| pen.list(row, |pen, value| pen.float(*value)));
    }

    /// Writes what stands in one row of an output.
    fn item(&mut self, output: &Output, row: usize) {
        match output {
            Output::Labels { indices, classes } => self.label(classes, indices[row] as usize),
            Output::Ints(values) => self.int(values[row]),
            Output::Floats(values) => self.float(values[row]),
            Output::Matrix(matrix) => self.list(matrix.row(row), |pen, value| pen.float(*value)),
            Output::Columns(columns) => self.list(columns, |pen, column| pen.item(column, row)),
            Output::List(matrices) => {
                self.list(matrices, |pen, matrix| pen.list(matrix.row(row), |pen, value| pen.float(*value)));
            }
        }
    }

    fn label(&mut self, classes: &Classes, index: usize) {
        match classes {
            Classes::Int(labels) => self.int(labels[index]),
            Classes::Float(labels) => self.float(labels[index]),
            Classes::Bool(labels) => self.text(if labels[index] { "true" } else { "false" }),
            Classes::Str(labels) => self.string(&labels[index]),
        }
    }

    fn int(&mut self, value: i64) {
        self.text(itoa::Buffer::new().format(value));
    }

    fn float(&mut self, value: f64) {
        if value.is_finite() {
            return python_float(self.out, value);
        }
        self.text(match self.style {
            ReplyStyle::Plain => "null",
            ReplyStyle::AzureMl if value.is_nan() => "NaN",
            ReplyStyle::AzureMl if value > 0.0 => "Infinity",
            ReplyStyle::AzureMl => "-Infinity",
        });
    }

    fn string(&mut self, text: &str) {
        match self.style {
            ReplyStyle::Plain => {
                self.out.push(b'"');
                escape(text, false, |part| self.out.extend_from_slice(part.as_bytes()));
                self.out.push(b'"');
            }
            // the string stands inside a string: what escapes it is escaped once more
            ReplyStyle::AzureMl => {
                self.text("\\\"");
                escape(text, true, |part| escape(part, true, |part| self.out.extend_from_slice(part.as_bytes())));
                self.text("\\\"");
            }
        }
    }
}

/// Number of rows of a one-dimensional output.
fn rows(output: &Output) -> usize {
    match output {
        Output::Labels { indices, .. } => indices.len(),
        Output::Ints(values) => values.len(),
        Output::Floats(values) => values.len(),
        Output::Matrix(matrix) => matrix.nrows(),
        Output::Columns(columns) => columns.iter().map(rows).min().unwrap_or(0),
        Output::List(matrices) => matrices.iter().map(ndarray::Array2::nrows).min().unwrap_or(0),
    }
}

/// Appends Python's `repr` of a finite float: fixed from 1e-4 up to 1e16, else an exponent of two digits or more.
fn python_float(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(value);
    if value == 0.0 || (1e-4..1e16).contains(&value.abs()) {
        out.extend_from_slice(shortest.as_bytes());
        return;
    }
    let (number, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |number| ("-", number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let zeros = i32::try_from(all.len() - digits.len()).unwrap_or_default();
    let point = i32::try_from(whole.len()).unwrap_or_default() + exponent.parse::<i32>().unwrap_or_default();
    let digits = digits.trim_end_matches('0');
    let (first, others) = digits.split_at(1);
    let dot = if others.is_empty() { "" } else { "." };
    let exponent = point - zeros - 1;
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    let text = format!("{sign}{first}{dot}{others}e{exponent_sign}{:02}", exponent.abs());
    out.extend_from_slice(text.as_bytes());
}

/// `text` as Python's `json.dumps` writes it: everything but printable ASCII is escaped.
pub(super) fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    escape(text, true, |part| out.push_str(part));
    out.push('"');
    out
}

/// Gives the parts of a JSON string's inside; with `ascii` all but printable ASCII is escaped, as Python does.
fn escape(text: &str, ascii: bool, mut emit: impl FnMut(&str)) {
    let mut plain = 0;
    let special = |c: char| c < ' ' || c == '"' || c == '\\' || ascii && c > '~';
    for (at, c) in text.char_indices().filter(|(_, c)| special(*c)) {
        emit(text.get(plain..at).unwrap_or_default());
        plain = at + c.len_utf8();
        match c {
            '"' => emit("\\\""),
            '\\' => emit("\\\\"),
            '\n' => emit("\\n"),
            '\r' => emit("\\r"),
            '\t' => emit("\\t"),
            '\u{8}' => emit("\\b"),
            '\u{c}' => emit("\\f"),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| emit(&format!("\\u{unit:04x}"))),
        }
    }
    emit(text.get(plain..).unwrap_or_default());
}
