//! The command line: words, exit codes, and nothing that decides.

mod account;
mod args;
mod blobs;
mod clones;
mod command;
mod confirm;
mod context;
mod error;
mod patience;
mod plan_file;
mod printer;
mod progress;
mod project;
mod project_finder;
mod recipe;
mod record;
mod rewrite;
mod run;
mod status_server;

pub use run::run;
