//! What every page is made of: the one escape of foreign text, numbers as people read them, the style sheet and the
//! mark. Knows nothing of what a page shows.

use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// The style of all pages.
pub const CSS: &str = include_str!("page.css");

/// A small mark as the page's icon; without one a browser asks for `/favicon.ico`.
pub const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
%3Crect width='16' height='16' rx='3.5' fill='%230b63ce'/%3E\
%3Cpath d='M3.5 11.5v-3M8 11.5v-7M12.5 11.5v-5' stroke='white' stroke-width='2.2' stroke-linecap='round'/%3E%3C/svg%3E";

/// The name with its mark, in the page's colours.
pub const BRAND: &str = "<span class=\"brand\"><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\">\
<rect width=\"16\" height=\"16\" rx=\"3.5\"/><path d=\"M3.5 11.5v-3M8 11.5v-7M12.5 11.5v-5\"/></svg>scorelet</span>";

/// Foreign text, made harmless as content and inside a quoted attribute. Control characters are replaced, since a
/// browser would drop them or turn the text's direction around.
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => write!(f, "{c}")?,
                c if c.is_control() || turns_text(c) => f.write_str("\u{fffd}")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// Unicode's marks that change the direction of what follows.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

/// JSON to be shown and copied: what [`Text`] would replace is spelled `\uXXXX`, so that it stays the same JSON.
pub fn json_text(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && (c.is_control() || turns_text(c)) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// JSON inside `<script type="application/json">`, where only `</script` and `<!--` end or change the meaning.
pub fn data(value: &Value) -> String {
    json_text(&value.to_string()).replace('<', "\\u003c")
}

/// At most `max` characters of a text.
pub fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A JSON value as a person would write it: texts without quotes.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `1234567` as `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in the unit that leaves one to three digits before the point.
pub fn bytes(n: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB"];
    let mut size = n as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{n} bytes") } else { format!("{size:.1} {}", units[unit]) }
}

/// A latency, given in seconds: `87 µs`, `1.25 ms`, `2.10 s`.
pub fn latency(seconds: f64) -> String {
    if !seconds.is_finite() {
        "–".to_owned()
    } else if seconds < 1e-3 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.2} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

/// How long something has been running, in its two largest units.
pub fn uptime(since: Duration) -> String {
    let s = since.as_secs();
    let (days, hours, minutes) = (s / 86_400, s / 3_600 % 24, s / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{s} s"),
        (0, 0, _) => format!("{minutes} min {} s", s % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(actual: impl fmt::Display, expected: &str) {
        assert_eq!(actual.to_string(), expected);
    }

    #[test]
    fn foreign_text_cannot_leave_its_place() {
        check(Text("<script>alert('1')</script>"), "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
        check(Text("\" onload=\"x"), "&quot; onload=&quot;x");
        check(Text("a&amp;b"), "a&amp;amp;b");
        check(Text("Größe ∆"), "Größe ∆");
        check(Text("a\0b\u{1b}c\u{202e}d\u{85}"), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}");
        check(data(&json!({"</script><!--": 1})), "{\"\\u003c/script>\\u003c!--\":1}");
    }

    #[test]
    fn numbers_are_readable() {
        for (n, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            check(count(n), expected);
        }
        for (n, expected) in [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (67_108_864, "64.0 MiB")] {
            check(bytes(n), expected);
        }
        for (s, expected) in [(0.0, "0 µs"), (87e-6, "87 µs"), (0.00125, "1.25 ms"), (2.1, "2.10 s"), (f64::NAN, "–")]
        {
            check(latency(s), expected);
        }
        for (s, expected) in [(5, "5 s"), (65, "1 min 5 s"), (3_660, "1 h 1 min"), (90_000, "1 d 1 h")] {
            check(uptime(Duration::from_secs(s)), expected);
        }
        check(shortened("äöü", 2), "äö…");
        check(shortened("äö", 2), "äö");
    }
}
