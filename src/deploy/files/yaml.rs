//! YAML as a tree whose values know their line. Bounded: a hostile file is refused, never expanded.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::fmt;

/// Bytes of a file. Azure's examples have a few hundred.
pub const MAX_BYTES: usize = 1 << 20;
/// How deep values may lie in one another.
const MAX_DEPTH: usize = 32;
/// Values in a file, those behind aliases counted as often as they are used.
const MAX_NODES: usize = 20_000;

/// Why a text is no YAML, or not YAML that is read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct YamlError {
    /// From 1; 0 for the file as a whole.
    pub line: u64,
    pub what: String,
}

/// A value, and the line on which it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub line: u64,
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// The name of a field, and its line.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub line: u64,
    pub name: String,
}

/// Reads one document.
///
/// # Errors
/// When it is no YAML, holds more than is read, or a key twice.
pub fn parse(text: &str) -> Result<Node, YamlError> {
    if text.len() > MAX_BYTES {
        let what = format!("{} bytes are no endpoint or deployment file; at most {MAX_BYTES} are read", text.len());
        return Err(YamlError { line: 0, what });
    }
    let mut budget = serde_saphyr::budget::Budget::default();
    budget.max_depth = MAX_DEPTH;
    budget.max_nodes = MAX_NODES;
    let options = serde_saphyr::options! { budget: Some(budget) };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line());
        let text = error.without_snippet().to_string();
        // Its own place follows the message, and advice for programmers; the line stands before ours.
        let what = [" at line ", ", set ", "\n"]
            .iter()
            .fold(text.as_str(), |text, end| text.split_once(end).map_or(text, |(before, _)| before));
        YamlError { line, what: what.to_owned() }
    })
}

impl Node {
    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Node> {
        let Kind::Map(entries) = &self.kind else { return None };
        entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// Puts a text in the place of what stands at `path`, making maps on the way where nothing stands. Where something
    /// else stands than a map, nothing is done: that is for whoever reads the file to complain of.
    pub fn set(&mut self, path: &[&str], text: &str) {
        let Some((name, rest)) = path.split_first() else {
            self.kind = Kind::Text(text.to_owned());
            return;
        };
        let line = self.line;
        let Kind::Map(entries) = &mut self.kind else { return };
        let at = entries.iter().position(|(key, _)| key.name == *name).unwrap_or_else(|| {
            let kind = Kind::Map(Vec::new());
            entries.push((Key { line, name: (*name).to_owned() }, Node { line, kind }));
            entries.len() - 1
        });
        entries[at].1.set(rest, text);
    }

    /// Takes a field away.
    pub fn remove(&mut self, name: &str) {
        if let Kind::Map(entries) = &mut self.kind {
            entries.retain(|(key, _)| key.name != name);
        }
    }

    /// The same as JSON, which is YAML too.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::from(*value),
            Kind::Integer(value) => Value::from(*value),
            Kind::Float(value) => Value::from(*value),
            Kind::Text(text) => Value::from(text.as_str()),
            Kind::List(items) => items.iter().map(Node::to_json).collect(),
            Kind::Map(entries) => {
                Value::Object(entries.iter().map(|(key, node)| (key.name.clone(), node.to_json())).collect())
            }
        }
    }

    /// What it is, for messages.
    pub fn what(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Integer(_) | Kind::Float(_) => "a number",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    /// Calls `see` with the path and line of every text in it.
    pub fn texts(&self, path: &str, see: &mut impl FnMut(&str, u64, &str)) {
        match &self.kind {
            Kind::Text(text) => see(path, self.line, text),
            Kind::List(items) => items.iter().for_each(|item| item.texts(path, see)),
            Kind::Map(entries) => {
                for (key, node) in entries {
                    let dot = if path.is_empty() { "" } else { "." };
                    node.texts(&format!("{path}{dot}{}", key.name), see);
                }
            }
            _ => {}
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Kind>::deserialize(deserializer)?;
        Ok(Node { line: spanned.referenced.line(), kind: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Kind, E> {
        i64::try_from(value).map(Kind::Integer).map_err(|_| E::custom(format!("the number {value} is too large")))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Kind, E> {
        Ok(Kind::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kind, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Kind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Kind, A::Error> {
        let mut map: Vec<(Key, Node)> = Vec::new();
        while let Some((key, node)) = entries.next_entry::<Spanned<String>, Node>()? {
            map.push((Key { line: key.referenced.line(), name: key.value }, node));
        }
        Ok(Kind::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree as JSON.
    fn check(text: &str, expected: &str) {
        let node = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(node.to_json().to_string(), expected, "{text:?}");
    }

    fn refused(text: &str, line: u64, what: &str) {
        let error = parse(text).expect_err(text);
        assert_eq!(error.line, line, "{text:?}: {error}");
        assert!(error.what.contains(what), "{text:?}: {error}");
        assert_eq!(error.to_string().lines().count(), 1, "{text:?}: {error}");
    }

    #[test]
    fn values_are_what_yaml_says() {
        check("a: 1\nb: [x, 2.5, true, null]\nc: {d: '5'}\n", r#"{"a":1,"b":["x",2.5,true,null],"c":{"d":"5"}}"#);
        check("a: &x {b: 1}\nc: *x\n", r#"{"a":{"b":1},"c":{"b":1}}"#);
        check("# only a comment\n", "null");
        check("text: |\n  two\n  lines\n", r#"{"text":"two\nlines\n"}"#);
    }

    #[test]
    fn values_and_keys_know_their_line() {
        let node = parse("a: 1\nb:\n  c: x\n  d: [1,\n    2]\n").unwrap();
        let b = node.get("b").unwrap();
        assert_eq!((node.get("a").unwrap().line, b.get("c").unwrap().line), (1, 3));
        let Kind::Map(entries) = &b.kind else { panic!("{b:?}") };
        assert_eq!(entries[1].0.line, 4);
        let Kind::List(items) = &entries[1].1.kind else { panic!("{b:?}") };
        assert_eq!((items[0].line, items[1].line), (4, 5));
    }

    #[test]
    fn texts_are_put_into_the_tree() {
        let mut node = parse("a: {b: x}\nc: 1\n").unwrap();
        node.set(&["a", "b"], "y");
        node.set(&["d", "e"], "z");
        node.set(&["c", "no"], "z");
        node.remove("nothing");
        assert_eq!(node.to_json().to_string(), r#"{"a":{"b":"y"},"c":1,"d":{"e":"z"}}"#);
    }

    #[test]
    fn what_is_no_yaml_or_too_much_is_refused() {
        refused("a: 1\nb: [\n", 2, "unclosed bracket");
        refused("a: 1\nb: 2\na: 3\n", 3, "duplicate mapping key: a");
        refused(&" ".repeat(MAX_BYTES + 1), 0, "at most 1048576");
        // A billion laughs.
        let level = |n: usize| format!("l{}: &l{} [{}]\n", n + 1, n + 1, format!("*l{n},").repeat(9));
        let bomb = format!("l0: &l0 [x]\n{}", (0..9).map(level).collect::<String>());
        let deep = format!("a: {}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        for text in [bomb, deep, "- 1\n".repeat(MAX_NODES), "a: 1\n---\nb: 2\n".to_owned()] {
            let error = parse(&text).expect_err("too much");
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
    }
}
