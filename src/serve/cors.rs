//! CORS with the answers of Microsoft's server (flask-cors). tower-http's layer answers every OPTIONS request itself
//! and writes other headers, so this is by hand.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method};

/// The origins whose pages may read replies; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<HeaderValue>);

/// The headers that a reply gets.
pub(super) struct Grant {
    origin: HeaderValue,
    /// Only for a preflight: the headers that the page may send.
    headers: Option<HeaderValue>,
    preflight: bool,
}

impl Origins {
    /// Reads a comma-separated list; `*` allows every origin.
    ///
    /// # Errors
    /// When an origin cannot stand in a header.
    pub fn parse(list: &str) -> Result<Self, String> {
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        let value = |name: &str| HeaderValue::from_str(name).map_err(|_| format!("{name:?} is not an origin"));
        names.map(value).collect::<Result<_, _>>().map(Origins)
    }

    /// What a request may be told; `None` leaves the reply as it is, and the browser then withholds it.
    pub(super) fn grant(&self, method: &Method, headers: &HeaderMap) -> Option<Grant> {
        let first = self.0.first()?;
        let origin = match headers.get(ORIGIN) {
            // Replies without the header must not be cached for pages that send it.
            None => first,
            Some(origin) => self.0.iter().find(|allowed| *allowed == "*" || *allowed == origin)?,
        };
        let preflight = *method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let asked = headers.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|_| preflight);
        Some(Grant { origin: origin.clone(), headers: asked.and_then(sorted), preflight })
    }
}

impl Grant {
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin);
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(allowed) = self.headers {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        }
        if self.preflight {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        }
    }
}

/// Header names in lower case and alphabetical order.
fn sorted(names: &HeaderValue) -> Option<HeaderValue> {
    let names = names.to_str().ok()?.to_ascii_lowercase();
    let mut names: Vec<&str> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    HeaderValue::from_str(&names.join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(origins: &str, method: Method, sent: &[(&str, &str)], expected: &[(&str, &str)]) {
        let name = |n: &str| n.parse::<axum::http::HeaderName>().unwrap();
        let headers = sent.iter().map(|(n, v)| (name(n), HeaderValue::from_str(v).unwrap())).collect();
        let mut reply = HeaderMap::new();
        if let Some(grant) = Origins::parse(origins).unwrap().grant(&method, &headers) {
            grant.write(&mut reply);
        }
        let mut got: Vec<(&str, &str)> = reply.iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
        got.sort_unstable();
        assert_eq!(got, expected);
    }

    #[test]
    fn grants_follow_microsofts_server() {
        let allowed = [("access-control-allow-origin", "https://x.example"), ("vary", "Origin")];
        check("", Method::POST, &[("origin", "https://x.example")], &[]);
        check("https://x.example", Method::POST, &[("origin", "https://x.example")], &allowed);
        check("https://x.example", Method::POST, &[("origin", "https://evil.example")], &[]);
        check("https://x.example, b", Method::GET, &[], &allowed);
        check("a,  b", Method::GET, &[("origin", "b")], &[("access-control-allow-origin", "b"), ("vary", "Origin")]);
        check("*", Method::GET, &[("origin", "b")], &[("access-control-allow-origin", "*"), ("vary", "Origin")]);
        check(
            "https://x.example",
            Method::OPTIONS,
            &[
                ("origin", "https://x.example"),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "Content-Type,authorization"),
            ],
            &[
                ("access-control-allow-headers", "authorization, content-type"),
                ("access-control-allow-methods", "GET, POST"),
                ("access-control-allow-origin", "https://x.example"),
                ("vary", "Origin"),
            ],
        );
    }
}
