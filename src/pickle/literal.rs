//! Opcodes that push a plain value: numbers, text, bytes, empty containers.

use super::cursor::Cursor;
use super::error::PickleError;
use super::machine::Machine;
use super::opcode::*;
use super::text;
use crate::value::Node;
use std::borrow::Cow;

impl<'a> Machine<'a> {
    /// The value of an opcode that pushes one.
    pub(super) fn literal(&mut self, code: u8) -> Result<Option<Node<'a>>, PickleError> {
        let input = &mut self.input;
        Ok(Some(match code {
            NONE => Node::None,
            NEWTRUE => Node::Bool(true),
            NEWFALSE => Node::Bool(false),
            BININT => Node::Int(i64::from(input.array().map(i32::from_le_bytes)?)),
            BININT1 => Node::Int(i64::from(input.u8()?)),
            BININT2 => Node::Int(i64::from(input.u16()?)),
            BINFLOAT => Node::Float(input.array().map(f64::from_be_bytes)?),
            LONG1 => return self.integer(|input| input.counted(1).map(text::binary_integer)).map(Some),
            LONG4 => return self.integer(|input| input.counted(4).map(text::binary_integer)).map(Some),
            INT => match input.line()? {
                b"00" => Node::Bool(false),
                b"01" => Node::Bool(true),
                line => return self.integer(|_| Ok(text::decimal_integer(line))).map(Some),
            },
            LONG => {
                let line = input.line()?;
                let digits = line.strip_suffix(b"L").unwrap_or(line);
                return self.integer(|_| Ok(text::decimal_integer(digits))).map(Some);
            }
            FLOAT => {
                let line = input.line()?;
                Node::Float(text::float(line).ok_or_else(|| input.malformed("not a float"))?)
            }
            BINBYTES => Node::Bytes(Cow::Borrowed(input.counted(4)?)),
            SHORT_BINBYTES => Node::Bytes(Cow::Borrowed(input.counted(1)?)),
            BINBYTES8 | BYTEARRAY8 => Node::Bytes(Cow::Borrowed(input.counted(8)?)),
            EMPTY_TUPLE => Node::Tuple(Vec::new()),
            EMPTY_LIST => Node::List(Vec::new()),
            EMPTY_DICT => Node::Dict(Vec::new()),
            EMPTY_SET => Node::Set(Vec::new()),
            _ => return self.string(code),
        }))
    }

    fn integer(
        &mut self,
        read: impl FnOnce(&mut Cursor<'a>) -> Result<Option<text::Integer>, PickleError>,
    ) -> Result<Node<'a>, PickleError> {
        match read(&mut self.input)? {
            Some(text::Integer::Small(value)) => Ok(Node::Int(value)),
            Some(text::Integer::Big(bytes)) => Ok(Node::BigInt(bytes)),
            None => Err(self.malformed(format!("not an integer of at most {} digits", text::MAX_DIGITS))),
        }
    }

    fn string(&mut self, code: u8) -> Result<Option<Node<'a>>, PickleError> {
        let input = &mut self.input;
        let read = match code {
            SHORT_BINUNICODE => std::str::from_utf8(input.counted(1)?).ok().map(Cow::Borrowed),
            BINUNICODE => std::str::from_utf8(input.counted(4)?).ok().map(Cow::Borrowed),
            BINUNICODE8 => std::str::from_utf8(input.counted(8)?).ok().map(Cow::Borrowed),
            UNICODE => text::raw_unicode(input.line()?),
            STRING => text::quoted(input.line()?),
            SHORT_BINSTRING => Some(text::latin1(input.counted(1)?)),
            BINSTRING => Some(text::latin1(input.counted(4)?)),
            _ => return Ok(None),
        };
        let text = read.ok_or_else(|| input.malformed("not valid text"))?;
        Ok(Some(Node::Str(text)))
    }
}
