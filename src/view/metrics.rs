//! Counts for Prometheus, in its text format.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::watch::board::{BUCKETS, Counts, State};
use crate::watch::condition::ConditionKind;

/// The media type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The counts of watching.
///
/// # Errors
/// When the text can't be written, which does not happen to a text in memory.
pub fn of_watch(state: &State) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("batchyard_watch");
    let mut count = |name: &str, help: &str, value: u64| {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    };
    let counts = &state.counts;
    count("passes", "Looks at one recipe", counts.passes);
    count("writes", "Steps that changed the account", counts.writes);
    count("failures", "Steps that failed", counts.failures);
    count("drifts", "Differences that somebody else had made", counts.drifts);
    count("pruned", "Recipes that were destroyed because they left their source", counts.pruned);
    count("source_reads", "Times that sources were read", counts.reads);
    count("source_read_failures", "Times that sources could not be read", counts.read_failures);
    let mut gauge = |name: &str, help: &str, value: usize| {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    };
    gauge("recipes", "Recipes that are known", state.recipes.len());
    gauge("queue_length", "Recipes that wait for their turn", state.queued);
    gauge("running", "Recipes that are being looked at", state.running);
    let holding = Family::<[(&str, &str); 1], Gauge>::default();
    for kind in ConditionKind::ALL {
        let recipes = i64::try_from(state.holding(kind)).unwrap_or(i64::MAX);
        holding.get_or_create(&[("condition", kind.as_str())]).set(recipes);
    }
    registry.register("condition_recipes", "Recipes that a condition holds for", holding);
    let up = Family::<[(&str, String); 1], Gauge>::default();
    for source in &state.sources {
        let is_up = source.was_read && source.error.is_none();
        up.get_or_create(&[("source", source.source.clone())]).set(i64::from(is_up));
    }
    registry.register("source_up", "Whether a source could be read when it was last tried", up);
    registry.register_collector(Box::new(Durations(state.counts.clone())));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

/// How long passes took.
#[derive(Debug)]
struct Durations(Counts);

impl Collector for Durations {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Counts { passes, spent, buckets, .. } = &self.0;
        let mut metric = encoder.encode_descriptor(
            "pass_duration",
            "How long a look at one recipe took",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        // What is counted is at most so long; what is written is between this limit and the one before.
        let mut below = 0;
        let mut between: Vec<(f64, u64)> = Vec::new();
        for (limit, at_most) in BUCKETS.iter().zip(buckets) {
            between.push((*limit, at_most.saturating_sub(below)));
            below = *at_most;
        }
        between.push((f64::INFINITY, passes.saturating_sub(below)));
        metric.encode_histogram::<NoLabelSet>(spent.as_secs_f64(), *passes, &between, None)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::watch::board::SourceState;

    #[test]
    fn counts_are_written_as_prometheus_reads_them() {
        let mut state = State::default();
        state.sources.push(SourceState {
            source: "a \"b\"\\".into(),
            was_read: true,
            ..SourceState::default()
        });
        state.counts.passes = 3;
        state.counts.spent = Duration::from_millis(1_500);
        state.counts.buckets = [1, 1, 2, 2, 3, 3, 3, 3];
        let text = of_watch(&state).unwrap();
        for line in [
            "# TYPE batchyard_watch_passes_total counter",
            "batchyard_watch_passes_total 3",
            "batchyard_watch_queue_length 0",
            "batchyard_watch_condition_recipes{condition=\"Stalled\"} 0",
            "batchyard_watch_source_up{source=\"a \\\"b\\\"\\\\\"} 1",
            "# TYPE batchyard_watch_pass_duration_seconds histogram",
            "batchyard_watch_pass_duration_seconds_sum 1.5",
            "batchyard_watch_pass_duration_seconds_count 3",
            "batchyard_watch_pass_duration_seconds_bucket{le=\"0.05\"} 1",
            "batchyard_watch_pass_duration_seconds_bucket{le=\"0.5\"} 2",
            "batchyard_watch_pass_duration_seconds_bucket{le=\"+Inf\"} 3",
        ] {
            assert!(text.lines().any(|written| written == line), "{line}\n{text}");
        }
    }
}
