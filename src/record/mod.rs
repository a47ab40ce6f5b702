//! The record: what those who work on an account share beside it, in a container of Blob storage.
//!
//! Who works on a recipe holds its [`Lock`]; what was done stands in its history, one [`Entry`] each time. The record is no state:
//! what is in an account, the account says, and a record that is lost loses nothing but the history.

mod container;
mod entry;
mod error;
mod history;
mod holder;
mod lock;

pub use container::Record;
pub use entry::{Changed, Ended, Entry, NodeTreated, TaskCounts};
pub use error::RecordError;
pub use history::History;
pub use holder::{Holder, Operation};
pub use lock::{Lock, Patience};
