//! One plain struct per REST operation of api-version 2025-06-01, and the one table of routes.

mod applications;
mod declare;
mod history;
mod job_schedules;
mod jobs;
mod node_files;
mod nodes;
mod pools;
mod table;
mod task_files;
mod tasks;

pub use applications::*;
pub use history::{RETIRED, RetiredOperation, since};
pub use job_schedules::*;
pub use jobs::*;
pub use node_files::*;
pub use nodes::*;
pub use pools::*;
pub use table::{FAMILIES, every_operation};
pub use task_files::*;
pub use tasks::*;
