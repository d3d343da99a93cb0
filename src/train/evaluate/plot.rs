//! Plots as inline SVG, coloured by the page's style sheet so that they follow its light and dark. Never prints foreign
//! text unescaped.

use crate::html::Text;
use std::fmt::Write;

/// Size of the drawing, in its own units; the page scales it.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 300.0;
/// Room for the numbers of the axes.
const LEFT: f64 = 58.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 46.0;

/// Two axes and what is drawn between them.
pub(super) struct Plot {
    x: Axis,
    y: Axis,
    body: String,
}

/// An axis from `from` to `to`, which differ.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    label: &'static str,
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis that holds all finite values, widened where they are all the same.
    pub fn around(label: &'static str, values: impl Iterator<Item = f64>) -> Axis {
        let finite = values.filter(|v| v.is_finite());
        let (from, to) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        match (from.is_finite(), to > from) {
            (false, _) => Axis { label, from: 0.0, to: 1.0 },
            (true, false) => Axis { label, from: from - from.abs().max(1.0) / 2.0, to: to + to.abs().max(1.0) / 2.0 },
            (true, true) => Axis { label, from, to },
        }
    }

    pub fn new(label: &'static str, from: f64, to: f64) -> Axis {
        Axis::around(label, [from, to].into_iter())
    }

    /// The same axis, with this share of its length added at both ends.
    pub fn padded(mut self, share: f64) -> Axis {
        let more = (self.to - self.from) * share;
        self.from -= more;
        self.to += more;
        self
    }

    fn share(&self, value: f64) -> f64 {
        (value - self.from) / (self.to - self.from)
    }

    /// About five round numbers on the axis.
    fn ticks(&self) -> Vec<f64> {
        let rough = (self.to - self.from) / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(10.0 * power);
        let (first, last) = ((self.from / step - 1e-9).ceil() as i64, (self.to / step + 1e-9).floor() as i64);
        (first..=last.min(first.saturating_add(12))).map(|i| i as f64 * step).collect()
    }
}

impl Plot {
    pub fn new(x: Axis, y: Axis) -> Plot {
        Plot { x, y, body: String::new() }
    }

    fn px(&self, x: f64) -> f64 {
        LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.share(y) * (HEIGHT - TOP - BOTTOM)
    }

    /// A line through points, in the colour of `class`.
    pub fn line(mut self, class: &str, points: &[(f64, f64)]) -> Plot {
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{:.1} {:.1}", self.px(*x), self.py(*y))).collect();
        if !path.is_empty() {
            let _ = write!(self.body, "<path class=\"{class}\" d=\"M{}\"/>", path.join("L"));
        }
        self
    }

    /// A dot for each point.
    pub fn dots(mut self, class: &str, radius: f64, points: &[(f64, f64)]) -> Plot {
        for (x, y) in points {
            let (x, y) = (self.px(*x), self.py(*y));
            let _ = write!(self.body, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"/>");
        }
        self
    }

    /// A bar from 0 for each (from, to, height); the title stands at the pointer.
    pub fn bars(mut self, class: &str, bars: &[(f64, f64, f64)]) -> Plot {
        for (from, to, height) in bars.iter().filter(|bar| bar.2 > 0.0) {
            let (left, right, top, foot) =
                (self.px(*from), self.px(*to), self.py(*height), self.py(self.y.from.max(0.0)));
            let _ = write!(
                self.body,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
                 <title>{} to {}: {}</title></rect>",
                left + 0.5,
                (right - left - 1.0).max(0.6),
                (foot - top).max(0.0),
                number(*from),
                number(*to),
                number(*height)
            );
        }
        self
    }

    /// The whole drawing; `title` is what a screen reader says.
    pub fn svg(&self, title: &str) -> String {
        let (right, foot) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let mut axes = String::new();
        for tick in self.x.ticks() {
            let x = self.px(tick);
            let _ = write!(
                axes,
                "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{foot}\"/>\
                 <text class=\"tick mid\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                foot + 15.0,
                number(tick)
            );
        }
        for tick in self.y.ticks() {
            let y = self.py(tick);
            let _ = write!(
                axes,
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>\
                 <text class=\"tick end\" x=\"{}\" y=\"{:.1}\">{}</text>",
                LEFT - 6.0,
                y + 4.0,
                number(tick)
            );
        }
        let (middle, center) = ((LEFT + right) / 2.0, (TOP + foot) / 2.0);
        format!(
            "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">{axes}\
             <line class=\"axis\" x1=\"{LEFT}\" y1=\"{foot}\" x2=\"{right}\" y2=\"{foot}\"/>{}\
             <text class=\"label mid\" x=\"{middle}\" y=\"{}\">{}</text>\
             <text class=\"label mid\" transform=\"translate(13 {center}) rotate(-90)\">{}</text></svg>",
            Text(title),
            self.body,
            HEIGHT - 8.0,
            Text(self.x.label),
            Text(self.y.label)
        )
    }
}

/// Rows of a label, a bar and its number, largest first as given; negative bars point left.
pub(super) fn ranking(title: &str, rows: &[(String, f64)]) -> String {
    let (line, names) = (22.0, 176.0);
    let least = rows.iter().map(|row| row.1).fold(0.0, f64::min);
    let most = rows.iter().map(|row| row.1).fold(0.0, f64::max);
    let room = WIDTH - names - 70.0;
    let scale = if most > least { room / (most - least) } else { 0.0 };
    let zero = names - least * scale;
    let mut body = String::new();
    for (at, (name, value)) in rows.iter().enumerate() {
        let y = at as f64 * line;
        let (left, length) = (zero + value.min(0.0) * scale, (value.abs() * scale).max(0.5));
        let _ = write!(
            body,
            "<g><title>{}: {}</title><text class=\"tick end\" x=\"{}\" y=\"{}\">{}</text>\
             <rect class=\"fill-1\" x=\"{left:.1}\" y=\"{}\" width=\"{length:.1}\" height=\"14\" rx=\"2\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{}\">{}</text></g>",
            Text(name),
            number(*value),
            names - 8.0,
            y + 15.0,
            Text(&crate::html::shortened(name, 19)),
            y + 4.0,
            zero + value.max(0.0) * scale + 6.0,
            y + 15.0,
            number(*value)
        );
    }
    let height = rows.len() as f64 * line + 4.0;
    format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">{body}</svg>",
        Text(title)
    )
}

/// Where a column's values lie: a line from 5 % to 95 %, a box from 25 % to 75 %, a mark at the median.
pub(super) fn strip(from: f64, to: f64, quantiles: [f64; 5]) -> String {
    if from.partial_cmp(&to) != Some(std::cmp::Ordering::Less) {
        return String::new();
    }
    let at = |value: f64| 2.0 + ((value - from) / (to - from)).clamp(0.0, 1.0) * 96.0;
    let [low, first, median, third, high] = quantiles.map(at);
    format!(
        "<svg class=\"strip\" viewBox=\"0 0 100 16\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <path class=\"grid\" d=\"M2 8H98\"/><path class=\"axis\" d=\"M{low:.1} 8H{high:.1}\"/>\
         <rect class=\"fill-1 soft\" x=\"{first:.1}\" y=\"3\" width=\"{:.1}\" height=\"10\"/>\
         <path class=\"line-1\" d=\"M{median:.1} 2V14\"/></svg>",
        (third - first).max(0.8)
    )
}

/// A number in at most some four significant digits, as an axis shows it.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => "–".to_owned(),
        0.0 => "0".to_owned(),
        1e6.. => scientific(value),
        1e4.. => format!("{}{}", if value < 0.0 { "-" } else { "" }, crate::html::count(size.round() as u64)),
        1e-3.. => {
            let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
            let text = format!("{value:.digits$}");
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text,
            }
        }
        _ => scientific(value),
    }
}

fn scientific(value: f64) -> String {
    let text = format!("{value:.2e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    format!("{digits}e{exponent}")
}

/// Equal bins over all finite values: (from, to, rows).
pub(super) fn histogram(values: &[f64], axis: &Axis, bins: usize) -> Vec<(f64, f64, f64)> {
    let width = (axis.to - axis.from) / bins as f64;
    let mut counts = vec![0.0; bins];
    for value in values.iter().filter(|v| v.is_finite()) {
        let bin = (axis.share(*value) * bins as f64).floor();
        counts[(bin.max(0.0) as usize).min(bins - 1)] += 1.0;
    }
    let bar =
        |(bin, count): (usize, f64)| (axis.from + bin as f64 * width, axis.from + (bin + 1) as f64 * width, count);
    counts.into_iter().enumerate().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        for (from, to, expected) in [
            (0.0, 1.0, vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            (-3.0, 17.0, vec![0.0, 5.0, 10.0, 15.0]),
            (0.0, 24_000.0, vec![0.0, 5000.0, 10_000.0, 15_000.0, 20_000.0]),
        ] {
            let ticks = Axis::new("x", from, to).ticks();
            assert_eq!(ticks.len(), expected.len(), "{ticks:?}");
            assert!(ticks.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9), "{ticks:?}");
        }
    }

    #[test]
    fn an_axis_is_never_empty() {
        for values in [vec![], vec![f64::NAN], vec![3.0, 3.0], vec![0.0], vec![f64::INFINITY]] {
            let axis = Axis::around("x", values.iter().copied());
            assert!(axis.to > axis.from, "{values:?}");
            assert!(!axis.ticks().is_empty(), "{values:?}");
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (0.25, "0.25"),
            (-0.5, "-0.5"),
            (1234.0, "1234"),
            (12_345.6, "12,346"),
            (-50_000.0, "-50,000"),
            (1.5e9, "1.5e9"),
            (0.000_012, "1.2e-5"),
            (0.123_456, "0.1235"),
            (100.0, "100"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(number(value), expected, "{value}");
        }
    }

    #[test]
    fn every_value_falls_into_a_bin() {
        let axis = Axis::new("x", 0.0, 1.0);
        let bars = histogram(&[0.0, 0.5, 1.0, f64::NAN, -1.0, 2.0], &axis, 4);
        assert_eq!(bars.iter().map(|bar| bar.2).collect::<Vec<_>>(), [2.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn foreign_names_stay_text() {
        assert!(!ranking("t", &[("<script>".to_owned(), 1.0)]).contains("<script"));
    }
}
