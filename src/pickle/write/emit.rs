//! Opcodes of single values: numbers, texts, bytes, references to the memo. Each in its shortest form.

use super::WriteError;

/// BINGET, LONG_BINGET.
pub(super) fn get(number: u32, out: &mut Vec<u8>) {
    match u8::try_from(number) {
        Ok(small) => out.extend([b'h', small]),
        Err(_) => {
            out.push(b'j');
            out.extend(number.to_le_bytes());
        }
    }
}

/// BININT1, BININT, LONG1.
pub(super) fn integer(value: i64, out: &mut Vec<u8>) {
    match (u8::try_from(value), i32::try_from(value)) {
        (Ok(small), _) => out.extend([b'K', small]),
        (_, Ok(int)) => {
            out.push(b'J');
            out.extend(int.to_le_bytes());
        }
        _ => {
            out.extend([0x8a, 8]);
            out.extend(value.to_le_bytes());
        }
    }
}

/// LONG1: little-endian two's complement.
pub(super) fn long(value: &[u8], out: &mut Vec<u8>) -> Result<(), WriteError> {
    let length =
        u8::try_from(value.len()).map_err(|_| WriteError::TooLong { what: "an integer", bytes: value.len() })?;
    out.extend([0x8a, length]);
    out.extend(value);
    Ok(())
}

/// SHORT_BINUNICODE, BINUNICODE.
pub(super) fn text(value: &str, out: &mut Vec<u8>) -> Result<(), WriteError> {
    piece("a text", value.as_bytes(), [0x8c, b'X'], out)
}

/// SHORT_BINBYTES, BINBYTES, BINBYTES8.
pub(super) fn bytes(value: &[u8], out: &mut Vec<u8>) -> Result<(), WriteError> {
    if u32::try_from(value.len()).is_err() {
        out.push(0x8e);
        out.extend((value.len() as u64).to_le_bytes());
        out.extend(value);
        return Ok(());
    }
    piece("bytes", value, [b'C', b'B'], out)
}

fn piece(what: &'static str, value: &[u8], [short, long]: [u8; 2], out: &mut Vec<u8>) -> Result<(), WriteError> {
    match (u8::try_from(value.len()), u32::try_from(value.len())) {
        (Ok(length), _) => out.extend([short, length]),
        (_, Ok(length)) => {
            out.push(long);
            out.extend(length.to_le_bytes());
        }
        _ => return Err(WriteError::TooLong { what, bytes: value.len() }),
    }
    out.extend(value);
    Ok(())
}
