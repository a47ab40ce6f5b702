//! The end of a run: its files are kept, then its outcome is written down.

use crate::node::context::NodeContext;
use crate::node::failure::TaskOutcome;
use crate::node::output_files;
use crate::node::record::RunRecord;
use crate::node::run::{Run, Watch};

/// Concludes a run whose program has ended. That it has is written down before its files are uploaded, which may take long: a
/// restart meanwhile uploads them, and runs nothing again.
pub(super) async fn conclude(
    node: &NodeContext,
    run: &Run<'_>,
    record: &mut RunRecord,
    mut outcome: TaskOutcome,
    watch: &Watch<'_>,
) -> TaskOutcome {
    // What only counts as run has made no files.
    if !run.output_files.is_empty() && node.keeps_records() {
        record.exited = Some(outcome.clone());
        node.note(&run.record, record).await;
        outcome = output_files::upload(node, run, outcome, watch).await;
    }
    node.settle(&run.record, record, outcome).await
}
