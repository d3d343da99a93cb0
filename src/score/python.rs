//! Texts as Python, pandas 3.1.1 and `json` print them, for clients that compare messages.

/// `repr` of a string.
pub(super) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            _ if c == quote => out.extend(['\\', c]),
            _ if printable(c) => out.push(c),
            _ => match u32::from(c) {
                code @ ..0x100 => out.push_str(&format!("\\x{code:02x}")),
                code @ ..0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
    out
}

/// `repr` of a list of strings.
pub(super) fn repr_list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", texts.map(repr).collect::<Vec<_>>().join(", "))
}

/// `repr` of `pd.Index(names)`: `Index.__repr__`, without a terminal.
pub(super) fn repr_index(names: &[String]) -> String {
    let mut data = index_data(names);
    let mut line = match data.rsplit_once('\n') {
        Some((_, last)) => length(last),
        None => INDENT + length(&data),
    };
    let mut attributes = vec!["dtype='str'".to_owned()];
    if names.len() > MAX_ITEMS {
        attributes.push(format!("length={}", names.len()));
    }
    let mut out = String::new();
    let last = attributes.len() - 1;
    for (i, attribute) in attributes.iter().enumerate() {
        let (separator, comma) = (if i == 0 { "" } else { ", " }, usize::from(i < last));
        if line + separator.len() + attribute.len() + comma > WIDTH {
            out.push_str(separator.trim_end());
            out.push('\n');
            out.push_str(&" ".repeat(INDENT));
            line = INDENT;
        } else {
            out.push_str(separator);
            line += separator.len();
        }
        out.push_str(attribute);
        line += attribute.len();
    }
    if out.starts_with('\n') {
        data.truncate(data.trim_end().len());
    }
    format!("Index({data}{out})")
}

/// pandas' `display.width`, `display.max_seq_items`, and the indent below `Index(`.
const WIDTH: usize = 80;
const MAX_ITEMS: usize = 100;
const INDENT: usize = 6;

/// `pandas.io.formats.printing.format_object_summary` of strings, which are not justified.
fn index_data(names: &[String]) -> String {
    let quoted = |name: &String| {
        let escaped = name.replace('\t', "\\t").replace('\r', "\\r").replace('\n', "\\n");
        format!("'{escaped}'")
    };
    let (head, tail) = match names {
        [] => return "[], ".to_owned(),
        [only] => return format!("[{}], ", quoted(only)),
        _ if names.len() > MAX_ITEMS => (&names[..10], &names[names.len() - 10..]),
        _ => (&names[..0], names),
    };
    let mut lines = Lines::new();
    head.iter().for_each(|name| lines.extend(&format!("{}, ", quoted(name)), WIDTH));
    if !head.is_empty() {
        lines.ellipsis();
    }
    if let Some((last, others)) = tail.split_last() {
        others.iter().for_each(|name| lines.extend(&format!("{}, ", quoted(name)), WIDTH));
        lines.extend(&quoted(last), WIDTH - 2);
    }
    let mut out = lines.done + &lines.line + "],";
    if length(&out) > WIDTH {
        out.push('\n');
        out.push_str(&" ".repeat(INDENT));
    } else {
        out.push(' ');
    }
    format!("[{}", out.get(PREFIX.len()..).unwrap_or_default())
}

const PREFIX: &str = "\n       ";

/// Words filled into lines of [`WIDTH`].
struct Lines {
    done: String,
    line: String,
}

impl Lines {
    fn new() -> Self {
        Lines { done: String::new(), line: PREFIX.to_owned() }
    }

    fn extend(&mut self, word: &str, width: usize) {
        if length(self.line.trim_end()) + length(word.trim_end()) >= width {
            self.done.push_str(self.line.trim_end());
            self.line = PREFIX.to_owned();
        }
        self.line.push_str(word);
    }

    fn ellipsis(&mut self) {
        self.done.push_str(self.line.trim_end());
        self.done.push_str(PREFIX);
        self.done.push_str("...");
        self.line = PREFIX.to_owned();
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Python's `str.isprintable`. Rust's tables hold the same categories; combining marks are escaped only at the start.
fn printable(c: char) -> bool {
    let mut text = String::from("a");
    text.push(c);
    let mut escaped = text.escape_debug().skip(1);
    matches!(c, '"' | '\'' | '\\') || (escaped.next() == Some(c) && escaped.next().is_none())
}

/// What Python's `bytes.decode("utf-8")` says of bytes that are not UTF-8.
pub(super) fn decode_error(bytes: &[u8], error: std::str::Utf8Error) -> String {
    let start = error.valid_up_to();
    let first = bytes.get(start).copied().unwrap_or_default();
    let (len, reason) = match error.error_len() {
        None => (bytes.len() - start, "unexpected end of data"),
        Some(len) if matches!(first, 0xc2..=0xf4) => (len, "invalid continuation byte"),
        Some(len) => (len, "invalid start byte"),
    };
    let what = match len {
        1 => format!("byte {first:#04x} in position {start}"),
        _ => format!("bytes in position {start}-{}", start + len - 1),
    };
    format!("'utf-8' codec can't decode {what}: {reason}")
}
