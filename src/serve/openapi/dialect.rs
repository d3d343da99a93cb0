//! What the three specifications spell differently: references, null, alternatives, bodies, parameters, headers.

use super::SpecVersion;
use serde_json::{Map, Value, json};

/// Builds parts of a description in one specification's spelling.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect(pub SpecVersion);

/// A body: its media type, schema and, where there is one, an example.
pub(super) struct Body {
    pub media: &'static str,
    pub schema: Value,
    pub example: Option<Value>,
}

impl Body {
    pub fn new(media: &'static str, schema: Value) -> Body {
        Body { media, schema, example: None }
    }

    pub fn json(schema: Value) -> Body {
        Body::new("application/json", schema)
    }

    pub fn example(self, example: Option<Value>) -> Body {
        Body { example, ..self }
    }
}

/// A header of a reply.
pub(super) struct Header {
    pub name: &'static str,
    pub kind: &'static str,
    pub description: &'static str,
}

impl Dialect {
    pub fn is_v2(self) -> bool {
        self.0 == SpecVersion::V2
    }

    /// A reference to a named schema.
    pub fn schema_ref(self, name: &str) -> Value {
        let home = if self.is_v2() { "definitions" } else { "components/schemas" };
        json!({"$ref": format!("#/{home}/{name}")})
    }

    /// A reference to a named response.
    pub fn response_ref(self, name: &str) -> Value {
        let home = if self.is_v2() { "responses" } else { "components/responses" };
        json!({"$ref": format!("#/{home}/{name}")})
    }

    /// `schema`, an object with a single `type`, or null.
    pub fn nullable(self, mut schema: Value) -> Value {
        match self.0 {
            SpecVersion::V2 => schema["x-nullable"] = json!(true),
            SpecVersion::V3 => schema["nullable"] = json!(true),
            SpecVersion::V31 => schema["type"] = json!([schema["type"], "null"]),
        }
        if let Some(labels) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            labels.push(Value::Null);
        }
        schema
    }

    /// Any of `schemas`. Swagger 2.0 cannot say that: it gets `fallback`, an open schema when there is none.
    pub fn any_of(self, schemas: Vec<Value>, fallback: Option<Value>) -> Value {
        if self.is_v2() { fallback.unwrap_or_else(|| json!({})) } else { json!({"anyOf": schemas}) }
    }

    /// `schema` with an example.
    pub fn with_example(self, mut schema: Value, example: Value) -> Value {
        match self.0 {
            SpecVersion::V31 => schema["examples"] = json!([example]),
            _ => schema["example"] = example,
        }
        schema
    }

    /// A parameter in the query or a header; `schema` must be of a simple type.
    pub fn parameter(self, place: &str, name: &str, required: bool, description: &str, schema: Value) -> Value {
        let mut parameter = json!({"name": name, "in": place, "required": required, "description": description});
        if self.is_v2() {
            // Parameters of Swagger 2.0 are no schemas: they know neither examples nor extensions of JSON Schema.
            for key in ["type", "enum", "maxLength", "x-nullable"] {
                if let Some(value) = schema.get(key) {
                    parameter[key] = value.clone();
                }
            }
            if let Some(example) = schema.get("example") {
                parameter["x-example"] = example.clone();
            }
        } else {
            parameter["schema"] = schema;
        }
        parameter
    }

    /// Puts a request body into `operation`. Swagger 2.0 has one schema for all media types: that of the first.
    pub fn request(self, operation: &mut Value, name: &str, description: &str, bodies: Vec<Body>) {
        if self.is_v2() {
            operation["consumes"] = bodies.iter().map(|body| body.media).collect();
            if let Some(first) = bodies.into_iter().next() {
                let body = json!({
                    "name": name, "in": "body", "required": true, "description": description, "schema": first.schema
                });
                match operation["parameters"].as_array_mut() {
                    Some(parameters) => parameters.push(body),
                    None => operation["parameters"] = json!([body]),
                }
            }
        } else {
            operation["requestBody"] =
                json!({"required": true, "description": description, "content": content(bodies)});
        }
    }

    /// A response.
    pub fn response(self, description: &str, bodies: Vec<Body>, headers: &[Header]) -> Value {
        let mut response = json!({"description": description});
        if !headers.is_empty() {
            response["headers"] = headers.iter().map(|h| (h.name, self.header(h))).collect();
        }
        if bodies.is_empty() {
            return response;
        }
        if !self.is_v2() {
            response["content"] = content(bodies);
            return response;
        }
        let examples: Map<String, Value> = bodies
            .iter()
            .filter_map(|body| body.example.clone().map(|example| (body.media.to_owned(), example)))
            .collect();
        if let Some(first) = bodies.into_iter().next() {
            response["schema"] = first.schema;
        }
        if !examples.is_empty() {
            response["examples"] = Value::Object(examples);
        }
        response
    }

    fn header(self, header: &Header) -> Value {
        if self.is_v2() {
            json!({"type": header.kind, "description": header.description})
        } else {
            json!({"description": header.description, "schema": {"type": header.kind}})
        }
    }
}

/// OpenAPI 3's map from media type to schema and example.
fn content(bodies: Vec<Body>) -> Value {
    let entry = |body: Body| {
        let mut value = json!({"schema": body.schema});
        if let Some(example) = body.example {
            value["example"] = example;
        }
        (body.media.to_owned(), value)
    };
    Value::Object(bodies.into_iter().map(entry).collect())
}
