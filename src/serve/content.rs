//! What a request's bytes are: its content type and content encoding.

use super::error::Refusal;
use crate::score::{Form, ReplyStyle};
use crate::zstd::Frames;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::{self, Read};

/// Content types that are read as JSON, beside `application/json`, all `+json` and none at all. Those after the first
/// are what tools send when nobody told them: `curl -d`, `curl --data-binary`, fetch with a string.
const JSON: [&str; 5] =
    ["application/json", "text/json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"];

/// Largest window of a zstd frame in bytes: what RFC 8878 asks every decoder for. Bounds its memory.
const ZSTD_WINDOW: u64 = 8 << 20;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Zstd,
}

/// The form of the body by its content type. Microsoft's server reads everything as JSON.
///
/// # Errors
/// When it is a type that is not understood.
pub(super) fn form(headers: &HeaderMap, style: ReplyStyle) -> Result<Form, Refusal> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(Form::Json) };
    if value == "application/json" || style == ReplyStyle::AzureMl {
        return Ok(Form::Json);
    }
    let shown = shown(value);
    let essence = shown.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "" => Ok(Form::Json),
        "text/csv" => Ok(Form::Csv),
        "application/vnd.apache.arrow.stream" => Err(Refusal::Arrow),
        json if JSON.contains(&json) || json.ends_with("+json") => Ok(Form::Json),
        _ => Err(Refusal::ContentType(shown)),
    }
}

/// How the body is compressed.
///
/// # Errors
/// When it is a way that is not understood, or several.
pub(super) fn encoding(headers: &HeaderMap) -> Result<Encoding, Refusal> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let Some(value) = values.next() else { return Ok(Encoding::Identity) };
    let shown = shown(value);
    match (shown.trim().to_ascii_lowercase().as_str(), values.next()) {
        ("" | "identity", None) => Ok(Encoding::Identity),
        ("gzip" | "x-gzip", None) => Ok(Encoding::Gzip),
        ("deflate", None) => Ok(Encoding::Deflate),
        ("zstd", None) => Ok(Encoding::Zstd),
        _ => Err(Refusal::Encoding(shown)),
    }
}

/// A header's value in an error message: at most 100 characters of it.
fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).chars().take(100).collect()
}

impl Encoding {
    /// The body as it was before it was compressed.
    ///
    /// # Errors
    /// When it is not in this encoding, ends early, or is larger than `limit` bytes; no more than that is ever held.
    pub fn decode(self, body: Bytes, limit: usize) -> Result<Bytes, Refusal> {
        let (name, result) = match self {
            Encoding::Identity => return Ok(body),
            Encoding::Gzip => ("gzip", read(MultiGzDecoder::new(&body[..]), limit)),
            // The standard means zlib's wrapper; some clients send the bare stream.
            Encoding::Deflate if has_zlib_header(&body) => ("deflate", read(ZlibDecoder::new(&body[..]), limit)),
            Encoding::Deflate => ("deflate", read(DeflateDecoder::new(&body[..]), limit)),
            Encoding::Zstd => ("zstd", read(Frames::new(&body[..], ZSTD_WINDOW), limit)),
        };
        match result {
            Ok(plain) if plain.len() > limit => Err(Refusal::InflatedTooLarge { limit }),
            Ok(plain) => Ok(plain.into()),
            Err(error) => Err(Refusal::BadEncoding { encoding: name, why: error.to_string() }),
        }
    }
}

/// Up to one byte more than `limit`.
fn read(decoder: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    decoder.take((limit as u64).saturating_add(1)).read_to_end(&mut plain)?;
    Ok(plain)
}

fn has_zlib_header(body: &[u8]) -> bool {
    matches!(body, [cmf, flags, ..] if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flags)).is_multiple_of(31))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    fn header(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn content_types() {
        let plain = |value: &str| form(&header(CONTENT_TYPE, value), ReplyStyle::Plain);
        for json in ["application/json; charset=utf-8", "Application/JSON", "text/plain", "application/ld+json", ""] {
            assert_eq!(plain(json), Ok(Form::Json), "{json}");
        }
        for json in ["application/x-www-form-urlencoded", "application/octet-stream"] {
            assert_eq!(plain(json), Ok(Form::Json), "{json}");
        }
        assert_eq!(form(&HeaderMap::new(), ReplyStyle::Plain), Ok(Form::Json));
        assert_eq!(plain("text/csv; header=present"), Ok(Form::Csv));
        assert_eq!(plain("application/vnd.apache.arrow.stream"), Err(Refusal::Arrow));
        assert_eq!(plain("text/xml"), Err(Refusal::ContentType("text/xml".into())));
        assert_eq!(form(&header(CONTENT_TYPE, "text/xml"), ReplyStyle::AzureMl), Ok(Form::Json));
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn encodings_round_trip() {
        let plain = br#"{"input_data": []}"#.repeat(100);
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&plain).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(&plain).unwrap();
        for (name, packed) in [
            ("gzip", gzip(&plain)),
            ("x-gzip", gzip(&plain)),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", raw.finish().unwrap()),
            ("zstd", crate::zstd::packed(&plain)),
            ("identity", plain.clone()),
        ] {
            let encoding = encoding(&header(CONTENT_ENCODING, name)).unwrap();
            assert_eq!(encoding.decode(packed.clone().into(), plain.len()).unwrap(), plain, "{name}");
            if encoding == Encoding::Identity {
                continue;
            }
            let small = encoding.decode(packed.clone().into(), plain.len() - 1);
            assert_eq!(small, Err(Refusal::InflatedTooLarge { limit: plain.len() - 1 }), "{name}");
            let cut = encoding.decode(packed[..packed.len() - 1].to_vec().into(), plain.len());
            assert!(matches!(cut, Err(Refusal::BadEncoding { .. })), "{name}: {cut:?}");
        }
        for unknown in ["br", "gzip, gzip"] {
            assert_eq!(super::encoding(&header(CONTENT_ENCODING, unknown)), Err(Refusal::Encoding(unknown.into())));
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gzip(&vec![b' '; 8 << 20]);
        assert!(bomb.len() < 64 << 10);
        let limit = 1 << 20;
        assert_eq!(Encoding::Gzip.decode(bomb.into(), limit), Err(Refusal::InflatedTooLarge { limit }));
    }
}
