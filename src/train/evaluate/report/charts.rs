//! The plots of each task.

use super::Card;
use crate::html::{Text, count};
use crate::train::evaluate::evaluation::Detail;
use crate::train::evaluate::metrics::Confusion;
use crate::train::evaluate::plot::{Axis, Plot, histogram, number, ranking};
use std::fmt::Write;

/// Dots that a plot draws at most; of more rows, every n-th is drawn.
const DOTS: usize = 1_500;
/// Points of a curve that are drawn at most.
const POINTS: usize = 400;
/// Importances that are drawn.
const RANKED: usize = 15;
/// Classes whose curves and confusions are drawn.
const CLASSES: usize = 12;
/// Curves that have a colour of their own.
const COLOURS: usize = 6;
const BINS: usize = 40;

/// All plots, in a grid.
pub(super) fn section(card: &Card<'_>) -> String {
    let mut figures = card.evaluation.map_or_else(Vec::new, |evaluation| of_detail(&evaluation.detail));
    for (source, ranked) in card.importances {
        let shown: Vec<(String, f64)> = ranked.iter().take(RANKED).cloned().collect();
        let rest = ranked.len().saturating_sub(RANKED);
        let more = if rest > 0 { format!(" The {RANKED} of {} with most.", ranked.len()) } else { String::new() };
        let title = if source.contains("shuffled") { "Permutation importance" } else { "Feature importance" };
        figures.push(figure(title, &format!("{source}.{more}"), &ranking(title, &shown)));
    }
    if figures.is_empty() {
        return String::new();
    }
    format!(
        "<section id=\"plots\" aria-label=\"Plots\">\n<div class=\"figures\">\n{}</div>\n</section>\n",
        figures.concat()
    )
}

fn figure(title: &str, caption: &str, drawing: &str) -> String {
    format!("<figure class=\"card\"><h2>{title}</h2>{drawing}<figcaption>{caption}</figcaption></figure>\n")
}

fn of_detail(detail: &Detail) -> Vec<String> {
    match detail {
        Detail::Classification { classes, confusion, roc, calibration, confidence } => {
            let mut figures = vec![figure(
                "Confusion matrix",
                "Rows are true labels, columns predictions; colour is the share of the true label.",
                &matrix(classes, confusion),
            )];
            figures.extend(curves(classes, roc));
            if calibration.len() > 1 {
                figures.push(reliability(&classes[1], calibration));
            }
            if !confidence.is_empty() {
                figures.push(certainty(confidence));
            }
            figures
        }
        Detail::Regression { truth, predicted } => residuals(truth, predicted),
        Detail::Clustering { sizes } if !sizes.is_empty() => vec![clusters(sizes)],
        Detail::Clustering { .. } => Vec::new(),
        Detail::Anomaly { scores, predicted, truth, roc } => {
            let mut figures = vec![scores_of(scores, predicted, truth.as_deref())];
            figures.extend(curves(&["normal".to_owned(), "anomaly".to_owned()], &[(1, roc.clone())]));
            figures
        }
    }
}

/// At most `most` of the items, evenly, the last among them.
fn thinned<T: Copy>(items: &[T], most: usize) -> Vec<T> {
    let step = items.len().div_ceil(most).max(1);
    let mut kept: Vec<T> = items.iter().step_by(step).copied().collect();
    if step > 1 && !(items.len() - 1).is_multiple_of(step) {
        kept.extend(items.last());
    }
    kept
}

fn curves(classes: &[String], roc: &[(usize, Vec<(f64, f64)>)]) -> Option<String> {
    let drawn: Vec<_> = roc.iter().filter(|(_, points)| !points.is_empty()).take(COLOURS).collect();
    if drawn.is_empty() {
        return None;
    }
    let mut plot = Plot::new(Axis::new("False positive rate", 0.0, 1.0), Axis::new("True positive rate", 0.0, 1.0));
    plot = plot.line("chance", &[(0.0, 0.0), (1.0, 1.0)]);
    let mut legend = String::new();
    for (at, (class, points)) in drawn.iter().enumerate() {
        plot = plot.line(&format!("line-{}", at + 1), &thinned(points, POINTS));
        let _ = write!(legend, "<span class=\"key key-{}\">{}</span>", at + 1, Text(&classes[*class]));
    }
    let rest = roc.len() - drawn.len();
    let more = if rest > 0 { format!(" {rest} more classes are not drawn.") } else { String::new() };
    let caption = format!("{legend} against the rest, at every threshold; the dashed line is chance.{more}");
    Some(figure("ROC curve", &caption, &plot.svg("ROC curve")))
}

fn reliability(positive: &str, bins: &[(f64, f64, u64)]) -> String {
    let points: Vec<(f64, f64)> = bins.iter().map(|(p, share, _)| (*p, *share)).collect();
    let plot = Plot::new(Axis::new("Predicted probability", 0.0, 1.0), Axis::new("Share that truly is", 0.0, 1.0))
        .line("chance", &[(0.0, 0.0), (1.0, 1.0)])
        .line("line-1", &points)
        .dots("fill-1", 4.0, &points);
    let caption = format!(
        "How often a row is truly <b>{}</b> when the model says so with this probability; a calibrated model follows the \
         dashed line.",
        Text(positive)
    );
    figure("Calibration", &caption, &plot.svg("Calibration"))
}

fn certainty(confidence: &[(f64, bool)]) -> String {
    let axis = Axis::around("Probability of the predicted label", confidence.iter().map(|row| row.0).chain([1.0]));
    let of = |right: bool| -> Vec<f64> { confidence.iter().filter(|row| row.1 == right).map(|row| row.0).collect() };
    let all: Vec<f64> = confidence.iter().map(|row| row.0).collect();
    let (all, wrong) = (histogram(&all, &axis, BINS / 2), histogram(&of(false), &axis, BINS / 2));
    let most = all.iter().map(|bar| bar.2).fold(1.0, f64::max);
    let plot = Plot::new(axis, Axis::new("Rows", 0.0, most)).bars("fill-1", &all).bars("fill-2", &wrong);
    let caption = "<span class=\"key key-1\">right</span><span class=\"key key-2\">wrong</span> predictions, by how sure the \
                   model was of them.";
    figure("Confidence", caption, &plot.svg("Confidence of predictions"))
}

/// A table whose cells are shaded; more than a page's width of classes are cut.
fn matrix(classes: &[String], confusion: &Confusion) -> String {
    let n = classes.len().min(CLASSES);
    let heads: String = classes[..n].iter().map(|class| format!("<th scope=\"col\">{}</th>", label(class))).collect();
    let mut rows = String::new();
    for (truth, class) in classes[..n].iter().enumerate() {
        let support = confusion.support(truth).max(1) as f64;
        let _ = write!(rows, "<tr><th scope=\"row\">{}</th>", label(class));
        for predicted in 0..n {
            let rows_there = confusion.at(truth, predicted);
            let shade = (rows_there as f64 / support * 10.0).ceil() as u64;
            let kind = if truth == predicted { "hit" } else { "miss" };
            let _ = write!(rows, "<td class=\"{kind} shade-{shade}\">{}</td>", count(rows_there));
        }
        rows.push_str("</tr>");
    }
    let cut = match classes.len() - n {
        0 => String::new(),
        rest => format!("<p class=\"quiet\">{rest} more classes are not shown.</p>"),
    };
    format!(
        "<div class=\"matrix\"><table><thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{cut}"
    )
}

fn label(text: &str) -> String {
    Text(&crate::html::shortened(text, 20)).to_string()
}

fn residuals(truth: &[f64], predicted: &[f64]) -> Vec<String> {
    let pairs: Vec<(f64, f64)> = predicted.iter().copied().zip(truth.iter().copied()).collect();
    let drawn = thinned(&pairs, DOTS);
    let both = || drawn.iter().flat_map(|(p, t)| [*p, *t]);
    let (low, high) = (both().fold(f64::INFINITY, f64::min), both().fold(f64::NEG_INFINITY, f64::max));
    let scatter = Plot::new(Axis::around("Predicted", both()).padded(0.02), Axis::around("True", both()).padded(0.02))
        .line("chance", &[(low, low), (high, high)])
        .dots("dot", 2.2, &drawn);
    let errors: Vec<f64> = truth.iter().zip(predicted).map(|(t, p)| t - p).collect();
    let left: Vec<(f64, f64)> = drawn.iter().map(|(p, t)| (*p, t - p)).collect();
    let against = Plot::new(
        Axis::around("Predicted", drawn.iter().map(|row| row.0)).padded(0.02),
        Axis::around("True − predicted", left.iter().map(|row| row.1)).padded(0.04),
    );
    let (from, to) = (
        drawn.iter().map(|r| r.0).fold(f64::INFINITY, f64::min),
        drawn.iter().map(|r| r.0).fold(f64::NEG_INFINITY, f64::max),
    );
    let against = against.line("chance", &[(from, 0.0), (to, 0.0)]).dots("dot", 2.2, &left);
    let axis = Axis::around("True − predicted", central(&errors).into_iter());
    let bars = histogram(&errors, &axis, BINS);
    let most = bars.iter().map(|bar| bar.2).fold(1.0, f64::max);
    let spread = Plot::new(axis, Axis::new("Rows", 0.0, most)).bars("fill-1", &bars);
    let some = if drawn.len() < pairs.len() {
        format!(" {} of {} rows.", count(drawn.len() as u64), count(pairs.len() as u64))
    } else {
        String::new()
    };
    vec![
        figure(
            "Predicted and true",
            &format!("On the dashed line they are the same.{some}"),
            &scatter.svg("Predicted and true values"),
        ),
        figure(
            "Residuals",
            &format!("What the prediction missed; no shape should be left in it.{some}"),
            &against.svg("Residuals"),
        ),
        figure(
            "Distribution of residuals",
            "The outermost bars hold everything beyond them.",
            &spread.svg("Distribution of residuals"),
        ),
    ]
}

/// The values between the 1st and 99th percentile: a few outliers must not flatten a histogram.
fn central(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let cut = sorted.len() / 100;
    sorted[cut..sorted.len() - cut].to_vec()
}

fn clusters(sizes: &[(i64, u64)]) -> String {
    let rows: Vec<(String, f64)> =
        sizes.iter().take(40).map(|(group, rows)| (format!("cluster {group}"), *rows as f64)).collect();
    figure("Size of clusters", "Rows of each cluster.", &ranking("Size of clusters", &rows))
}

fn scores_of(scores: &[f64], predicted: &[bool], truth: Option<&[bool]>) -> String {
    let axis = Axis::around("score_samples: lower is more abnormal", scores.iter().copied());
    let of = |flags: &[bool]| -> Vec<f64> { scores.iter().zip(flags).filter(|row| *row.1).map(|row| *row.0).collect() };
    let all = histogram(scores, &axis, BINS);
    let (flags, what) = match truth {
        Some(truth) => (truth, "anomalies by the target"),
        None => (predicted, "rows called anomalies"),
    };
    let abnormal = histogram(&of(flags), &axis, BINS);
    let most = all.iter().map(|bar| bar.2).fold(1.0, f64::max);
    let threshold = of(predicted).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let mut plot = Plot::new(axis, Axis::new("Rows", 0.0, most)).bars("fill-1", &all).bars("fill-2", &abnormal);
    let mut caption = format!("<span class=\"key key-1\">all rows</span><span class=\"key key-2\">{what}</span>");
    if threshold.is_finite() {
        plot = plot.line("chance", &[(threshold, 0.0), (threshold, most)]);
        let _ = write!(caption, " Left of the dashed line ({}) a row is called an anomaly.", number(threshold));
    }
    figure("Distribution of scores", &caption, &plot.svg("Distribution of anomaly scores"))
}
