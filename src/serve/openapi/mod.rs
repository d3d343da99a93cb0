//! The API description at `/swagger.json`: Swagger 2.0, OpenAPI 3.0 and 3.1, generated from the loaded bundle.
//!
//! Pure: facts in ([`ApiInfo`]), JSON text out. Never does I/O, never names HTTP's machinery.

mod api;
mod dialect;
mod paths;
#[cfg(test)]
pub(crate) mod sample;
mod schemas;
#[cfg(test)]
mod tests;

pub use api::{ApiInfo, Feature, OutputInfo, Service, Shape};
pub use paths::{ENDPOINTS, Endpoint, Refused, refusals};

use dialect::Dialect;
use serde_json::json;
use std::str::FromStr;

/// The specifications that clients ask for with `?version=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpecVersion {
    /// Swagger 2.0: what Azure Stream Analytics reads, and what Microsoft's server gives when none is named.
    #[default]
    V2,
    /// OpenAPI 3.0.3.
    V3,
    /// OpenAPI 3.1.0.
    V31,
}

/// A version that is none of [`SpecVersion`]; the text is that of Microsoft's server, which answers 404 with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Swagger version [{0}] is not valid. Supported versions: [2, 3, 3.1].")]
pub struct UnknownVersion(pub String);

impl FromStr for SpecVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        match text {
            "2" | "2.0" => Ok(SpecVersion::V2),
            "3" | "3.0" => Ok(SpecVersion::V3),
            "3.1" => Ok(SpecVersion::V31),
            _ => Err(UnknownVersion(text.to_owned())),
        }
    }
}

/// The description of `api` as JSON text.
pub fn document(api: &ApiInfo, version: SpecVersion) -> String {
    let dialect = Dialect(version);
    let info = json!({
        "title": api.service.model_name,
        "description": api.summary(),
        "version": api.service.model_version,
    });
    let paths = paths::all(api, dialect);
    let schemas = schemas::all(api, dialect);
    let responses = paths::responses(api, dialect);
    let bearer = json!({"Bearer": {
        "type": "apiKey", "name": "Authorization", "in": "header",
        "description": "For example: Bearer abc123. Checked by the managed endpoint in front; scorelet itself asks for no key.",
    }});
    let document = match version {
        SpecVersion::V2 => json!({
            "swagger": "2.0", "info": info,
            "schemes": ["https", "http"], "consumes": ["application/json"], "produces": ["application/json"],
            "securityDefinitions": bearer, "paths": paths, "definitions": schemas, "responses": responses,
        }),
        SpecVersion::V3 | SpecVersion::V31 => json!({
            "openapi": if version == SpecVersion::V3 { "3.0.3" } else { "3.1.0" },
            "info": info, "paths": paths,
            "components": {"schemas": schemas, "responses": responses, "securitySchemes": bearer},
        }),
    };
    document.to_string()
}
