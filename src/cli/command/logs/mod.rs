//! `logs`: shows what tasks printed, and where they printed nothing, why.

mod address;
mod follow;
mod lines;
mod show;
mod silence;
mod start;
mod streams;
mod targets;

pub(super) use start::run;
