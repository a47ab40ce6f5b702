//! The items that a `for_each` goes over: how many there are, and each by its position, without those before it.

mod build;
mod choice;
mod empty;
mod exclusion;
mod item_set;
mod matrix;
mod random;

pub(super) use build::ItemBuilder;
pub use item_set::ItemSet;
