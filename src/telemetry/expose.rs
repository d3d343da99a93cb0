//! The text of `/metrics`: Prometheus 0.0.4, and OpenMetrics 1.0 for scrapers that ask for it.

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

/// A text format of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposition {
    Prometheus,
    OpenMetrics,
}

impl Exposition {
    /// The format that an `Accept` header prefers.
    pub fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") { Exposition::OpenMetrics } else { Exposition::Prometheus }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Exposition::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Exposition::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    pub(super) fn encode(self, families: &[MetricFamily]) -> String {
        // The encoder refuses families without series or names; registered ones have both once they are gathered.
        let text = TextEncoder::new().encode_to_string(families).unwrap_or_default();
        match self {
            Exposition::Prometheus => text,
            Exposition::OpenMetrics => open_metrics(&text),
        }
    }
}

/// OpenMetrics differs from the older text in two ways that our metrics meet: a counter's family has no `_total`, and
/// the end is marked.
fn open_metrics(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for line in text.lines() {
        match line.strip_prefix("# ").and_then(|comment| comment.split_once("_total ")) {
            // HELP or TYPE, then the name: not a name inside a help text.
            Some((head, rest)) if head.split(' ').count() == 2 => {
                out.extend(["# ", head, " ", rest, "\n"]);
            }
            _ => out.extend([line, "\n"]),
        }
    }
    out.push_str("# EOF\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_names_a_counter_without_its_suffix() {
        let text =
            "# HELP a_total Of a_total things.\n# TYPE a_total counter\na_total{x=\"1\"} 3\n# TYPE b gauge\nb 1\n";
        let expected =
            "# HELP a Of a_total things.\n# TYPE a counter\na_total{x=\"1\"} 3\n# TYPE b gauge\nb 1\n# EOF\n";
        assert_eq!(open_metrics(text), expected);
    }

    #[test]
    fn the_format_follows_the_accept_header() {
        let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Exposition::accepted(prometheus), Exposition::OpenMetrics);
        assert_eq!(Exposition::accepted("*/*"), Exposition::Prometheus);
    }
}
