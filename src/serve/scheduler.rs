//! Who is scored when, and where: small requests at once on the thread that read them, large ones on scoring threads.
//!
//! Only complete requests come here, so a slow sender takes no place. A large request waits for a thread before it
//! takes one of the places, so any number of them leaves room for small ones.

use super::error::Refusal;
use crate::telemetry::{Held, Metrics};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A request that is expected to take no longer is scored on the thread that read it. Handing it to another thread
/// costs about 10 µs of CPU; keeping it delays the requests of other connections on this thread by as much as it takes.
const INLINE: Duration = Duration::from_millis(1);

/// Decides, waits and runs.
pub(super) struct Scheduler {
    metrics: Arc<Metrics>,
    /// One permit for each scoring thread.
    threads: Arc<Semaphore>,
    /// One permit for each request that may be scored at the same time, wherever.
    places: Arc<Semaphore>,
    /// Requests that wait for a permit.
    waiting: AtomicUsize,
    max_waiting: usize,
    timeout: Duration,
    costs: Costs,
}

/// A place in the queue, until it is dropped.
struct Waiting<'a>(&'a Scheduler);

impl Scheduler {
    pub fn new(workers: usize, places: usize, max_waiting: usize, timeout: Duration, metrics: Arc<Metrics>) -> Self {
        Scheduler {
            metrics,
            threads: Arc::new(Semaphore::new(workers)),
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            max_waiting,
            timeout,
            costs: Costs::default(),
        }
    }

    /// Runs `job`, whose request has `bytes` bytes (`None` when that says nothing of its cost), and says how long it took.
    ///
    /// # Errors
    /// When the queue is full, when it takes longer than the timeout (a job that runs on then keeps its thread until it
    /// ends), or when it panics.
    pub async fn run<T, F>(&self, bytes: Option<usize>, job: F) -> Result<(T, Duration), Refusal>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let inline = bytes.is_some_and(|bytes| self.costs.expected(bytes).is_some_and(|cost| cost <= INLINE));
        if inline && let Ok(_place) = self.places.try_acquire() {
            return self.in_time(self.timed(bytes, job), Duration::ZERO);
        }
        let started = Instant::now();
        if inline {
            let _place = self.wait(&self.places, started).await?;
            let waited = started.elapsed();
            return self.in_time(self.timed(bytes, job), waited);
        }
        let thread = self.wait(&self.threads, started).await?;
        let place = self.wait(&self.places, started).await?;
        self.on_thread(started, bytes, (thread, place), job).await
    }

    /// Runs `job` here and now.
    fn timed<T>(&self, bytes: Option<usize>, job: impl FnOnce() -> T) -> Result<(T, Duration), Refusal> {
        let _scoring = Held::new(&self.metrics.families.scoring);
        let (result, took) = guarded(job, &self.metrics);
        if let Some(bytes) = bytes {
            self.costs.record(bytes, took);
        }
        Ok((result?, took))
    }

    /// The result, unless it came too late for a request that had `waited` before.
    fn in_time<T>(&self, result: Result<(T, Duration), Refusal>, waited: Duration) -> Result<(T, Duration), Refusal> {
        match result {
            Ok((_, took)) if waited + took > self.timeout => Err(Refusal::Timeout(self.timeout)),
            result => result,
        }
    }

    async fn on_thread<T, F>(
        &self,
        started: Instant,
        bytes: Option<usize>,
        permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
        job: F,
    ) -> Result<(T, Duration), Refusal>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let metrics = self.metrics.clone();
        let work = tokio::task::spawn_blocking(move || {
            let _permits = permits;
            let _scoring = Held::new(&metrics.families.scoring);
            guarded(job, &metrics)
        });
        let done = tokio::time::timeout(self.left(started), work).await;
        let (result, took) = done.map_err(|_| Refusal::Timeout(self.timeout))?.map_err(|_| Refusal::Panic)?;
        if let Some(bytes) = bytes {
            self.costs.record(bytes, took);
        }
        Ok((result?, took))
    }

    /// A permit of `semaphore`, waited for in the queue.
    async fn wait(&self, semaphore: &Arc<Semaphore>, started: Instant) -> Result<OwnedSemaphorePermit, Refusal> {
        if let Ok(permit) = semaphore.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let _waiting = self.enqueue()?;
        let turn = tokio::time::timeout(self.left(started), semaphore.clone().acquire_owned());
        // The semaphores are never closed.
        turn.await.map_err(|_| Refusal::Timeout(self.timeout))?.map_err(|_| Refusal::ShuttingDown)
    }

    fn enqueue(&self) -> Result<Waiting<'_>, Refusal> {
        let full = |n: usize| if n < self.max_waiting { Some(n + 1) } else { None };
        let added = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, full);
        added.map_err(|_| Refusal::Overloaded)?;
        self.metrics.families.queued.inc();
        Ok(Waiting(self))
    }

    fn left(&self, started: Instant) -> Duration {
        self.timeout.saturating_sub(started.elapsed())
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        self.0.metrics.families.queued.dec();
    }
}

/// Runs `job` and takes its time. A panic ends the request and nothing else: scoring has no state that could be left
/// half changed.
pub(super) fn guarded<T>(job: impl FnOnce() -> T, metrics: &Metrics) -> (Result<T, Refusal>, Duration) {
    let started = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(job)).map_err(|panic| {
        metrics.families.panics.inc();
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        tracing::error!(panic = text, "scoring panicked: this is a defect of scorelet");
        Refusal::Panic
    });
    (result, started.elapsed())
}

/// What requests of about the same size have cost of late: one figure for each power of two of their bytes. The same
/// model takes the same requests again and again, so this knows more than any constant.
#[derive(Default)]
struct Costs([AtomicU32; 32]);

impl Costs {
    /// `None` before the first of its size.
    fn expected(&self, bytes: usize) -> Option<Duration> {
        match self.class(bytes).load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(u64::from(nanos))),
        }
    }

    /// Rises fourfold at most and falls by an eighth at most: a few requests that were slow by their content keep the next
    /// away from here, one that the system interrupted does not.
    fn record(&self, bytes: usize, took: Duration) {
        let took = u32::try_from(took.as_nanos()).unwrap_or(u32::MAX).max(1);
        let class = self.class(bytes);
        let before = class.load(Ordering::Relaxed);
        let most = if before == 0 { took } else { before.saturating_mul(4) };
        class.store(took.clamp(before - before / 8, most), Ordering::Relaxed);
    }

    fn class(&self, bytes: usize) -> &AtomicU32 {
        &self.0[(bytes.max(1).ilog2() as usize).min(self.0.len() - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_rise_soon_and_fall_slowly() {
        let costs = Costs::default();
        assert_eq!(costs.expected(1000), None);
        costs.record(1000, Duration::from_micros(10));
        assert_eq!(costs.expected(600), Some(Duration::from_micros(10)));
        assert_eq!(costs.expected(1024), None);
        costs.record(800, Duration::from_millis(20));
        assert_eq!(costs.expected(1000), Some(Duration::from_micros(40)));
        costs.record(800, Duration::from_micros(80));
        assert_eq!(costs.expected(1000), Some(Duration::from_micros(80)));
        costs.record(800, Duration::from_micros(10));
        assert_eq!(costs.expected(1000), Some(Duration::from_micros(70)));
        for _ in 0..3 {
            costs.record(800, Duration::from_millis(20));
        }
        assert!(costs.expected(1000).is_some_and(|cost| cost > INLINE));
        costs.record(0, Duration::MAX);
        assert!(costs.expected(1).is_some_and(|cost| cost > INLINE));
    }
}
