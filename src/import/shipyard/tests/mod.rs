//! Whole configurations: what becomes of them, and that nothing makes the importer stumble.

mod data_and_volumes;
mod defects;
mod every_key;
mod factories;
mod hostile;
mod jobs;
mod page;
mod pools;
mod secrets;
mod support;
