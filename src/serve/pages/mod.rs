//! Pages for people: `/docs` and the status page on `/`. Whole HTML texts; all assets embedded, nothing from outside.
//!
//! Pure: never does I/O. Feature names and metadata come from untrusted bundles: all text passes through one escape.

mod docs;
mod frame;
mod status;
#[cfg(test)]
mod tests;

pub use docs::docs;
pub use status::{Quantiles, RouteCount, StatusView, status};

use crate::html;

/// Headers that both pages are sent with: nothing but their own two assets and this server can be loaded or asked.
pub const HEADERS: [(&str, &str); 5] = [
    ("content-type", "text/html; charset=utf-8"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
];

/// A file that the pages load from `/docs/NAME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    pub content_type: &'static str,
    pub body: &'static str,
}

const CSS: &str = html::CSS;
const JS: &str = include_str!("page.js");

/// Changes when an asset does (FNV-1a), computed by the compiler.
const ASSETS: u64 = hash(hash(0xcbf2_9ce4_8422_2325, CSS.as_bytes()), JS.as_bytes());

const fn hash(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    hash
}

/// The asset at `/docs/NAME`, if there is one. Pages ask for it with a `?v=` of its own, so it may be cached for good.
pub fn asset(name: &str) -> Option<Asset> {
    match name {
        "page.css" => Some(Asset { content_type: "text/css; charset=utf-8", body: CSS }),
        "page.js" => Some(Asset { content_type: "text/javascript; charset=utf-8", body: JS }),
        _ => None,
    }
}
