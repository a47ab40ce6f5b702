//! One function an operation: from a call to an answer.

pub(super) mod files;
pub(super) mod images;
pub(super) mod jobs;
pub(super) mod nodes;
pub(super) mod pools;
pub(super) mod tasks;
