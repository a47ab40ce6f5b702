//! What clients have met.

use std::fmt;
use std::time::Duration;

use batchyard::batch::TaskId;

/// What one client has met, or all of them.
#[derive(Debug, Default)]
pub struct Report {
    /// How long each request took that was answered.
    pub latencies: Vec<Duration>,
    /// How many of them changed something.
    pub writes: usize,
    /// Answers that are not what the client knows to be true.
    pub wrong: Vec<String>,
    /// Acknowledged writes of which nothing is left.
    pub lost: Vec<String>,
    /// Requests that got no answer because the emulator was killed, and of which it then turned out whether they were done.
    pub settled: usize,
    /// How often the emulator was away.
    pub outages: usize,
    /// The tasks that were added to run, each with the exit code that it has to end with.
    pub started: Vec<(TaskId, i32)>,
    /// How many tasks ran.
    pub runs: usize,
    /// How long all of it took.
    pub elapsed: Duration,
}

impl Report {
    /// Adds the report of one more client.
    pub fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.writes += other.writes;
        self.wrong.extend(other.wrong);
        self.lost.extend(other.lost);
        self.settled += other.settled;
        self.outages += other.outages;
        self.started.extend(other.started);
    }
}

/// The latency that so many of a thousand requests stay below.
fn percentile(sorted: &[Duration], of_a_thousand: usize) -> Duration {
    let position = sorted.len() * of_a_thousand / 1_000;
    sorted.get(position.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let [p50, p99, max] = [500, 990, 1_000].map(|share| percentile(&sorted, share));
        write!(
            f,
            "{} operations ({} writes) in {:.1?}, {} a second, p50 {p50:.1?}, p99 {p99:.1?}, max {max:.1?}, {} tasks run, \
             {} unanswered writes settled, {} wrong answers, {} lost writes",
            sorted.len(),
            self.writes,
            self.elapsed,
            1_000 * sorted.len() as u128 / self.elapsed.as_millis().max(1),
            self.runs,
            self.settled,
            self.wrong.len(),
            self.lost.len(),
        )
    }
}
