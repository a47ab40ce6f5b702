//! One plain struct per REST operation, and the one table of routes.

mod account;
mod files;
mod jobs;
mod nodes;
mod pools;
mod table;
mod tasks;

pub use account::*;
pub use files::*;
pub use jobs::*;
pub use nodes::*;
pub use pools::*;
pub use table::ALL;
pub use tasks::*;
