//! What planning and applying promise, put to the test by chance: random recipes with random edits, `kill -9` at random instants,
//! two that apply at once, a pool that is drained under its tasks, and a service that fails.
//!
//! `tests/README.md` says how to run more of it than a test run does.

mod account;
mod crashes;
mod drains;
mod dump;
mod edits;
mod faults;
mod faulty;
mod properties;
mod recipes;
mod rivals;
