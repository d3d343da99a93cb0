//! How much memory there is, and whether a table will fit, said before the machine dies of it.

use super::{DataError, Progress, ReadOptions};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// What training holds at its peak, as a multiple of the table: the table, the matrix made of it, and working space.
pub const PEAK: f64 = 2.5;

/// Bytes of a source, from which on its share says how large the table will be.
const ENOUGH: u64 = 1 << 20;

/// Bytes that this process may still take: what the machine has, or the container that it runs in, if that is less.
/// `None` where neither is known.
pub fn available() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| mem_available(&text));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let container = [
        (Path::new("/sys/fs/cgroup"), "", ["memory.max", "memory.current"]),
        (Path::new("/sys/fs/cgroup/memory"), "memory", ["memory.limit_in_bytes", "memory.usage_in_bytes"]),
    ]
    .into_iter()
    .filter_map(|(root, controller, files)| in_groups(root, group(&groups, controller)?, files))
    .min();
    machine.into_iter().chain(container).min()
}

fn mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// The group of a controller in `/proc/self/cgroup`: lines are `number:controllers:path`, version 2's has no name.
fn group<'a>(groups: &'a str, controller: &str) -> Option<&'a str> {
    groups.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (names, path) = rest.split_once(':')?;
        names.split(',').any(|name| name == controller).then_some(path)
    })
}

/// The least that is left in a group and those around it. In a container the path is often that of the host, and the
/// root stands for the group.
fn in_groups(root: &Path, group: &str, [limit, usage]: [&str; 2]) -> Option<u64> {
    let inside = root.join(group.trim_start_matches('/'));
    let number = |folder: &Path, file: &str| fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
    let left = |folder: &Path| {
        let limit = number(folder, limit)?;
        // Cached files are given up when memory is asked for.
        let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
        let cache = stat.lines().find_map(|line| line.split_once("inactive_file ")?.1.parse::<u64>().ok());
        Some(limit.saturating_sub(number(folder, usage)?.saturating_sub(cache.unwrap_or(0))))
    };
    inside.ancestors().take_while(|folder| folder.starts_with(root)).filter_map(left).min()
}

/// Follows a read: tells how far it is, and stops it when the table will not fit.
pub(super) struct Meter<'a> {
    progress: Option<&'a (dyn Fn(Progress) + Sync)>,
    /// Bytes that the table may take.
    limit: Option<u64>,
    available: u64,
    /// Bytes of all sources, as they lie.
    total: u64,
    read: AtomicU64,
}

impl<'a> Meter<'a> {
    /// For one pass over sources of `total` bytes.
    pub fn new(options: &ReadOptions<'a>, total: u64) -> Meter<'a> {
        let available = options.memory.or_else(available);
        let limit = available.map(|bytes| (bytes as f64 / PEAK) as u64);
        Meter { progress: options.progress, limit, available: available.unwrap_or(u64::MAX), total, read: 0.into() }
    }

    /// Counts bytes of a source.
    pub fn count(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// After `rows` rows, which take `held` bytes: reports, and refuses what will be too large. With a sample, `share`
    /// says which part of the wanted rows is there; without, the part of the bytes that was read does.
    ///
    /// # Errors
    /// [`DataError::TooLarge`].
    pub fn check(&self, rows: usize, held: u64, share: Option<f64>) -> Result<(), DataError> {
        let read = self.read.load(Ordering::Relaxed);
        if let Some(progress) = self.progress {
            progress(Progress { bytes: read.min(self.total), total: self.total, rows });
        }
        let share = share.or((read >= ENOUGH && self.total > 0).then(|| read as f64 / self.total as f64));
        let whole = share.filter(|share| *share > 0.0).map_or(held, |share| (held as f64 / share.min(1.0)) as u64);
        self.expect(whole.max(held))
    }

    /// Refuses a table of that many bytes if it will not fit.
    ///
    /// # Errors
    /// [`DataError::TooLarge`].
    pub fn expect(&self, bytes: u64) -> Result<(), DataError> {
        match self.limit {
            Some(limit) if bytes > limit => {
                Err(DataError::TooLarge { needed: (bytes as f64 * PEAK) as u64, available: self.available })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel_are_understood() {
        assert_eq!(mem_available("MemTotal: 9 kB\nMemAvailable:   1024 kB\n"), Some(1 << 20));
        assert_eq!(mem_available(""), None);
        assert_eq!(group("0::/a/b\n", ""), Some("/a/b"));
        assert_eq!(group("3:cpu,memory:/x\n0::/\n", "memory"), Some("/x"));
        assert_eq!(group("3:cpu:/x\n", "memory"), None);
    }

    #[test]
    fn the_tightest_group_counts() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        let write = |folder: &Path, file: &str, text: &str| fs::write(folder.join(file), text).unwrap();
        let left = |group| in_groups(root.path(), group, ["memory.max", "memory.current"]);
        assert_eq!(left("/a/b"), None);
        write(&inner, "memory.max", "max\n");
        write(&inner, "memory.current", "100\n");
        assert_eq!(left("/a/b"), None);
        write(&inner, "memory.max", "1000\n");
        assert_eq!(left("/a/b"), Some(900));
        write(&inner, "memory.stat", "anon 5\ninactive_file 60\nx 1\n");
        assert_eq!(left("/a/b"), Some(960));
        write(root.path(), "memory.max", "500\n");
        write(root.path(), "memory.current", "450\n");
        assert_eq!(left("/a/b"), Some(50));
        assert_eq!(left("/elsewhere"), Some(50));
    }

    #[test]
    fn a_table_that_will_not_fit_is_refused_early() {
        let options = ReadOptions { memory: Some(250_000_000), ..ReadOptions::default() };
        let check = |read: u64, held: u64, share: Option<f64>, expected: Option<u64>| {
            let meter = Meter::new(&options, 100 << 20);
            meter.count(read);
            let needed = match meter.check(1, held, share) {
                Err(DataError::TooLarge { needed, .. }) => Some(needed),
                _ => None,
            };
            assert_eq!(needed, expected, "{read} {held} {share:?}");
        };
        check(10, 90_000_000, None, None);
        check(10, 110_000_000, None, Some(275_000_000));
        check(10 << 20, 20_000_000, None, Some(500_000_000));
        check(10 << 20, 9_000_000, None, None);
        check(10 << 20, 20_000_000, Some(0.5), None);
        check(10 << 20, 20_000_000, Some(0.1), Some(500_000_000));
    }
}
