//! The wire format of protocol buffers: fields one after the other, over bytes that stay where they are.
//!
//! Checks every length against what is left, takes no memory but for the numbers it returns, and never recurses: a
//! message in a message is a slice that the caller may read in turn.

use std::fmt;

/// Where and how a message is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

pub(super) type Wire<T> = Result<T, Malformed>;

/// The value of one field, as the wire has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    /// Text, bytes, a message, or numbers packed together.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub fn bytes(self) -> Wire<&'a [u8]> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed("a number where text or a message belongs")),
        }
    }

    pub fn text(self) -> Wire<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed("text that is no UTF-8"))
    }

    /// A signed integer: negative ones are written in ten bytes.
    pub fn int(self) -> Wire<i64> {
        match self {
            Value::Varint(value) => Ok(value as i64),
            _ => Err(Malformed("something else where an integer belongs")),
        }
    }

    pub fn float(self) -> Wire<f32> {
        match self {
            Value::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err(Malformed("something else where a float belongs")),
        }
    }

    /// Adds the integers of a repeated field, packed or one by one.
    pub fn ints(self, out: &mut Vec<i64>) -> Wire<()> {
        let Value::Bytes(mut packed) = self else {
            out.push(self.int()?);
            return Ok(());
        };
        while !packed.is_empty() {
            out.push(varint(&mut packed)? as i64);
        }
        Ok(())
    }

    /// Adds the bytes of numbers of `N` bytes in a repeated field, packed or one by one.
    pub fn fixed<const N: usize>(self, out: &mut Vec<u8>) -> Wire<()> {
        match self {
            Value::Bytes(packed) if packed.len().is_multiple_of(N) => out.extend_from_slice(packed),
            Value::Fixed32(bytes) if N == 4 => out.extend_from_slice(&bytes),
            Value::Fixed64(bytes) if N == 8 => out.extend_from_slice(&bytes),
            _ => return Err(Malformed("something else where floats belong")),
        }
        Ok(())
    }
}

/// The fields of one message, in the order of the file. Ends after the first error.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn of(message: &'a [u8]) -> Self {
        Fields { rest: message }
    }

    fn field(&mut self) -> Wire<(u32, Value<'a>)> {
        let tag = varint(&mut self.rest)?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or(Malformed("a field with a number that cannot be"))?;
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut self.rest)?),
            1 => Value::Fixed64(self.array()?),
            2 => {
                let length = varint(&mut self.rest)?;
                let length = usize::try_from(length).ok().filter(|length| *length <= self.rest.len());
                let length = length.ok_or(Malformed("a length beyond the end"))?;
                let (bytes, rest) = self.rest.split_at(length);
                self.rest = rest;
                Value::Bytes(bytes)
            }
            5 => Value::Fixed32(self.array()?),
            _ => return Err(Malformed("a field of a kind that ONNX does not use")),
        };
        Ok((number, value))
    }

    fn array<const N: usize>(&mut self) -> Wire<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Malformed("a number cut short"))?;
        self.rest = rest;
        Ok(*bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Wire<(u32, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

fn varint(rest: &mut &[u8]) -> Wire<u64> {
    let mut value = 0;
    for (at, byte) in rest.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        if at == 9 && bits > 1 {
            return Err(Malformed("an integer of more than 64 bits"));
        }
        value |= bits << (7 * at);
        if byte & 0x80 == 0 {
            *rest = &rest[at + 1..];
            return Ok(value);
        }
    }
    Err(Malformed(if rest.len() < 10 { "an integer cut short" } else { "an integer of more than ten bytes" }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(bytes: &[u8], expected: Wire<&[(u32, Value<'_>)]>) {
        let found: Wire<Vec<_>> = Fields::of(bytes).collect();
        assert_eq!(found.as_deref().map_err(|error| *error), expected, "{bytes:02x?}");
    }

    #[test]
    fn fields_come_as_they_were_written() {
        check(b"", Ok(&[]));
        check(b"\x08\x96\x01", Ok(&[(1, Value::Varint(150))]));
        check(b"\x12\x03abc\x08\x00", Ok(&[(2, Value::Bytes(b"abc")), (1, Value::Varint(0))]));
        check(b"\x15\0\0\x80\x3f", Ok(&[(2, Value::Fixed32(1f32.to_le_bytes()))]));
        check(b"\x11\0\0\0\0\0\0\xf0\x3f", Ok(&[(2, Value::Fixed64(1f64.to_le_bytes()))]));
        check(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Ok(&[(1, Value::Varint(u64::MAX))]));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        check(b"\x08", Err(Malformed("an integer cut short")));
        check(b"\x08\x80\x80", Err(Malformed("an integer cut short")));
        check(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", Err(Malformed("an integer of more than 64 bits")));
        check(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Err(Malformed("an integer of more than 64 bits")));
        check(b"\x12\x04abc", Err(Malformed("a length beyond the end")));
        check(b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f", Err(Malformed("a length beyond the end")));
        check(b"\x15\0\0", Err(Malformed("a number cut short")));
        check(b"\x0b", Err(Malformed("a field of a kind that ONNX does not use")));
        check(b"\x00\x00", Err(Malformed("a field with a number that cannot be")));
    }

    fn put(out: &mut Vec<u8>, mut value: u64) {
        while value > 0x7f {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    proptest! {
        #[test]
        fn integers_return_packed_and_single(values in prop::collection::vec(any::<i64>(), 0..20)) {
            let (mut packed, mut single) = (vec![], vec![]);
            for value in &values {
                put(&mut packed, *value as u64);
                single.push(8);
                put(&mut single, *value as u64);
            }
            let mut found = vec![];
            Value::Bytes(&packed).ints(&mut found).expect("varints");
            prop_assert_eq!(&found, &values);
            found.clear();
            for field in Fields::of(&single) {
                field.expect("a field").1.ints(&mut found).expect("a varint");
            }
            prop_assert_eq!(&found, &values);
        }

        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let fields = Fields::of(&bytes).take(bytes.len() + 1).count();
            prop_assert!(fields <= bytes.len());
        }
    }
}
