//! Every metric of the server: a field whose doc comment is the help text. Series that requests touch are looked up
//! once and kept, so that counting a request hashes no label.

use super::expose::Exposition;
use super::process;
use prometheus::core::Collector;
use prometheus::{Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use prometheus::{Opts, Registry};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Upper bounds in seconds: from a one-row request of a small model to a batch that takes a minute.
const SECONDS: &[f64] = &[
    1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 60.0,
];

/// Statuses that have a cached counter; all that `serve` sends.
const STATUSES: [u16; 15] = [200, 204, 400, 404, 405, 408, 413, 414, 415, 422, 429, 431, 500, 503, 504];

macro_rules! metrics {
    ($(#[$about:meta])* pub struct $Struct:ident {
        $( #[doc = $help:literal] $field:ident : $Type:ident = $name:literal $([$($label:literal),+])?, )+
    }) => {
        $(#[$about])*
        pub struct $Struct { $( #[doc = $help] pub $field: $Type, )+ }

        impl $Struct {
            fn register(registry: &Registry) -> Self {
                $Struct { $( $field: register(registry, $name, $help.trim(), &[$($($label),+)?]), )+ }
            }
        }
    };
}

metrics! {
    /// The metrics as Prometheus sees them, one family for each field.
    pub struct Families {
        /// Requests answered, by matched route and status.
        requests: IntCounterVec = "scorelet_requests_total" ["route", "status"],
        /// Seconds from the end of a request's headers to its complete reply, by matched route.
        request_duration: HistogramVec = "scorelet_request_duration_seconds" ["route"],
        /// Seconds spent on turning scored request bodies into matrices.
        decode_duration: Histogram = "scorelet_decode_duration_seconds",
        /// Seconds spent on computing predictions.
        score_duration: Histogram = "scorelet_score_duration_seconds",
        /// Rows scored.
        rows: IntCounter = "scorelet_rows_total",
        /// Requests whose headers have arrived and whose reply is not complete.
        in_flight: IntGauge = "scorelet_requests_in_flight",
        /// Requests being scored at this moment.
        scoring: IntGauge = "scorelet_requests_scoring",
        /// Complete requests that wait for their turn to be scored.
        queued: IntGauge = "scorelet_requests_queued",
        /// Requests that were not served as asked, by the error code of the reply.
        rejected: IntCounterVec = "scorelet_requests_rejected_total" ["code"],
        /// Panics caught while scoring; each is a defect of scorelet.
        panics: IntCounter = "scorelet_panics_total",
        /// Open connections.
        connections: IntGauge = "scorelet_connections_open",
        /// 1 when every model is loaded and warm and the server is not shutting down.
        ready: IntGauge = "scorelet_ready",
        /// The model that is served; always 1.
        model_info: IntGaugeVec = "scorelet_model_info" ["name", "version", "estimator", "trained_at"],
        /// Seconds that loading and warming the model took.
        model_load: Gauge = "scorelet_model_load_seconds",
        /// Models that were to take over while the server ran, by outcome: done, or refused because they cannot be loaded.
        takeovers: IntCounterVec = "scorelet_model_takeovers_total" ["outcome"],
        /// The running build; always 1.
        build_info: IntGaugeVec = "scorelet_build_info" ["version"],
        /// Unix time at which the server started.
        start_time: Gauge = "scorelet_start_time_seconds",
        /// Log lines dropped because the reader of standard output was too slow.
        log_lines_dropped: IntCounter = "scorelet_log_lines_dropped_total",
    }
}

/// What identifies the served model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelLabels {
    pub name: String,
    pub version: String,
    pub estimator: String,
    pub trained_at: String,
}

impl ModelLabels {
    fn labels(&self) -> [&str; 4] {
        [&self.name, &self.version, &self.estimator, &self.trained_at]
    }
}

/// The server's metrics. Shared by reference; every method is safe to call from any thread.
pub struct Metrics {
    pub families: Families,
    registry: Registry,
    routes: Vec<RequestSeries>,
    started: Instant,
}

/// The cached series of one route. A series appears in the exposition when it is first used.
pub struct RequestSeries {
    route: &'static str,
    statuses: [OnceLock<IntCounter>; STATUSES.len()],
    duration: OnceLock<Histogram>,
}

/// Latencies in seconds below which that part of the requests stayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
}

/// Keeps a gauge one higher until it is dropped.
pub struct Held<'a>(&'a IntGauge);

impl<'a> Held<'a> {
    pub fn new(gauge: &'a IntGauge) -> Self {
        gauge.inc();
        Held(gauge)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Metrics of a server with these routes, at zero. A route is later named by its place in `routes`.
    pub fn new(routes: &[&'static str], version: &str) -> Self {
        let registry = Registry::new();
        let families = Families::register(&registry);
        families.build_info.with_label_values(&[version]).set(1);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        families.start_time.set(now.as_secs_f64());
        let routes = routes.iter().map(|route| RequestSeries::new(route)).collect();
        Metrics { families, registry, routes, started: Instant::now() }
    }

    /// Counts a finished request of the route at place `route`.
    pub fn request(&self, route: usize, status: u16, duration: Duration) {
        let series = &self.routes[route];
        series.duration(&self.families).observe(duration.as_secs_f64());
        match STATUSES.iter().position(|&s| s == status) {
            Some(at) => series.status(&self.families, at).inc(),
            None => self.families.requests.with_label_values(&[series.route, &status.to_string()]).inc(),
        }
    }

    /// Says what is served in place of what, and how long it took to get ready.
    pub fn loaded(&self, before: Option<&ModelLabels>, model: &ModelLabels, took: Duration) {
        if let Some(before) = before.filter(|before| *before != model) {
            // It has the labels that it was counted under.
            let _ = self.families.model_info.remove_label_values(&before.labels());
        }
        self.families.model_info.with_label_values(&model.labels()).set(1);
        self.families.model_load.set(took.as_secs_f64());
    }

    /// Since these metrics were made, when the server started.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Finished requests by route and status, most common routes in the order they were given, statuses ascending.
    pub fn counts(&self) -> Vec<(&'static str, u16, u64)> {
        let known = |series: &RequestSeries| {
            let counts = series.statuses.iter().zip(STATUSES);
            counts.filter_map(|(c, status)| Some((status, c.get()?.get()))).collect::<Vec<_>>()
        };
        self.routes.iter().flat_map(|s| known(s).into_iter().map(|(status, n)| (s.route, status, n))).collect()
    }

    /// Latencies of the route at place `route`; `None` before its first request.
    pub fn latency(&self, route: usize) -> Option<Quantiles> {
        quantiles(self.routes[route].duration.get()?)
    }

    /// Latencies of decoding and of scoring; `None` before the first scored request.
    pub fn phases(&self) -> (Option<Quantiles>, Option<Quantiles>) {
        (quantiles(&self.families.decode_duration), quantiles(&self.families.score_duration))
    }

    /// All metrics as text, with those of the process.
    pub fn expose(&self, format: Exposition) -> String {
        let mut families = self.registry.gather();
        families.extend(process::gather());
        format.encode(&families)
    }
}

impl RequestSeries {
    fn new(route: &'static str) -> Self {
        RequestSeries { route, statuses: Default::default(), duration: OnceLock::new() }
    }

    fn status(&self, families: &Families, at: usize) -> &IntCounter {
        self.statuses[at].get_or_init(|| families.requests.with_label_values(&[self.route, &STATUSES[at].to_string()]))
    }

    fn duration(&self, families: &Families) -> &Histogram {
        self.duration.get_or_init(|| families.request_duration.with_label_values(&[self.route]))
    }
}

/// Linear interpolation inside the bucket, as PromQL's `histogram_quantile` does it.
fn quantiles(histogram: &Histogram) -> Option<Quantiles> {
    let families = histogram.collect();
    let metric = families.first()?.get_metric().first()?;
    let histogram = metric.get_histogram();
    let total = histogram.get_sample_count();
    if total == 0 {
        return None;
    }
    let at = |q: f64| {
        let rank = q * total as f64;
        let (mut below, mut floor) = (0, 0.0);
        for bucket in histogram.get_bucket() {
            let count = bucket.cumulative_count();
            if count as f64 >= rank {
                let inside = (rank - below as f64) / (count - below).max(1) as f64;
                return floor + (bucket.upper_bound() - floor) * inside;
            }
            (below, floor) = (count, bucket.upper_bound());
        }
        floor
    };
    Some(Quantiles { p50: at(0.5), p90: at(0.9), p99: at(0.99) })
}

/// A kind of metric that [`Families`] can hold.
trait Family: Collector + Clone + Sized + 'static {
    fn build(opts: Opts, labels: &[&str]) -> prometheus::Result<Self>;
}

macro_rules! family {
    ($($Type:ident: |$opts:ident, $labels:ident| $build:expr;)+) => {
        $(impl Family for $Type {
            fn build($opts: Opts, $labels: &[&str]) -> prometheus::Result<Self> { $build }
        })+
    };
}

family! {
    IntCounter: |opts, _labels| IntCounter::with_opts(opts);
    IntGauge: |opts, _labels| IntGauge::with_opts(opts);
    Gauge: |opts, _labels| Gauge::with_opts(opts);
    IntCounterVec: |opts, labels| IntCounterVec::new(opts, labels);
    IntGaugeVec: |opts, labels| IntGaugeVec::new(opts, labels);
    Histogram: |opts, _labels| Histogram::with_opts(HistogramOpts::from(opts).buckets(SECONDS.to_vec()));
    HistogramVec: |opts, labels| HistogramVec::new(HistogramOpts::from(opts).buckets(SECONDS.to_vec()), labels);
}

/// # Panics
/// When a name is used twice or is no metric name: a defect in the list above that any test finds.
fn register<F: Family>(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> F {
    let family = F::build(Opts::new(name, help), labels).expect("a valid metric");
    registry.register(Box::new(family.clone())).expect("a metric of its own name");
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_appears_when_it_is_used() {
        let metrics = Metrics::new(&["/score", "other"], "1.2.3");
        assert!(!metrics.expose(Exposition::Prometheus).contains("scorelet_requests_total{"));
        metrics.request(0, 200, Duration::from_micros(30));
        metrics.request(1, 418, Duration::from_micros(30));
        let text = metrics.expose(Exposition::Prometheus);
        for line in [
            "# HELP scorelet_requests_total Requests answered, by matched route and status.",
            "# TYPE scorelet_requests_total counter",
            "scorelet_requests_total{route=\"/score\",status=\"200\"} 1",
            "scorelet_requests_total{route=\"other\",status=\"418\"} 1",
            "scorelet_request_duration_seconds_bucket{route=\"/score\",le=\"0.00005\"} 1",
            "scorelet_build_info{version=\"1.2.3\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert_eq!(metrics.counts(), [("/score", 200, 1)]);
    }

    #[test]
    fn quantiles_interpolate_as_promql_does() {
        let metrics = Metrics::new(&["/score"], "");
        assert_eq!(metrics.latency(0), None);
        for _ in 0..100 {
            metrics.request(0, 200, Duration::from_micros(1500));
        }
        let Quantiles { p50, p90, p99 } = metrics.latency(0).unwrap();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(close(p50, 0.00175) && close(p90, 0.00235) && close(p99, 0.002485), "{p50} {p90} {p99}");
    }

    #[test]
    fn a_held_gauge_comes_back() {
        let metrics = Metrics::new(&[], "");
        let held = Held::new(&metrics.families.in_flight);
        assert_eq!(metrics.families.in_flight.get(), 1);
        drop(held);
        assert_eq!(metrics.families.in_flight.get(), 0);
    }
}
