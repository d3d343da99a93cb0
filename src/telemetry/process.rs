//! What the kernel knows of this process, under the names that all Prometheus clients use. Reads `/proc` at each
//! scrape; where there is none, the metrics are absent.

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge};
use std::fs;

/// Clock ticks a second in `/proc`: fixed at 100 for user space on every Linux architecture that Rust's std supports.
const TICKS: f64 = 100.0;

/// The process metrics at this moment.
pub(super) fn gather() -> Vec<MetricFamily> {
    let mut families = Vec::new();
    let mut gauge = |name: &str, help: &str, value: Option<f64>| {
        if let (Some(value), Ok(gauge)) = (value, Gauge::new(name, help)) {
            gauge.set(value);
            families.extend(gauge.collect());
        }
    };
    let stat = stat();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = |key: &str| field(&status, key).map(|kib| kib * 1024.0);
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", kib("VmRSS:"));
    gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", kib("VmSize:"));
    gauge("process_threads", "Number of OS threads in the process.", field(&status, "Threads:"));
    gauge("process_open_fds", "Number of open file descriptors.", open_fds());
    gauge("process_max_fds", "Maximum number of open file descriptors.", max_fds());
    let start = stat.as_ref().and_then(|s| Some(boot_time()? + s.start));
    gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", start);
    let cpu = Counter::new("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.");
    if let (Some(stat), Ok(counter)) = (stat, cpu) {
        counter.inc_by(stat.cpu);
        families.extend(counter.collect());
    }
    families
}

/// Seconds of CPU used, and seconds from boot to the start of the process.
struct Stat {
    cpu: f64,
    start: f64,
}

fn stat() -> Option<Stat> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some(Stat { cpu: (ticks(11)? + ticks(12)?) / TICKS, start: ticks(19)? / TICKS })
}

/// The first number after `key` at the start of a line.
fn field(text: &str, key: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?.parse().ok()
}

fn boot_time() -> Option<f64> {
    field(&fs::read_to_string("/proc/stat").ok()?, "btime")
}

fn open_fds() -> Option<f64> {
    // One of the entries is the descriptor that reads the folder.
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as f64)
}

fn max_fds() -> Option<f64> {
    field(&fs::read_to_string("/proc/self/limits").ok()?, "Max open files")
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_understood() {
        let families = gather();
        let value = |name: &str| {
            let family = families.iter().find(|f| f.name() == name).unwrap_or_else(|| panic!("no {name}"));
            let metric = &family.get_metric()[0];
            metric.get_gauge().get_value().max(metric.get_counter().get_value())
        };
        assert!(value("process_resident_memory_bytes") > 1e5);
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!(value("process_open_fds") >= 3.0 && value("process_open_fds") <= value("process_max_fds"));
        assert!(value("process_threads") >= 1.0);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        assert!((value("process_start_time_seconds") - now).abs() < 3600.0);
        value("process_cpu_seconds_total");
    }
}
