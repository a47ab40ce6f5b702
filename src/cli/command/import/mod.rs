//! `import`: one file for each place that recipes can come from.

mod configuration_files;
mod from;
mod shipyard;

pub(super) use from::run;
