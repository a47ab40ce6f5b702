//! One plain struct per REST operation: those of api-version 2025-06-01, and those that older versions had and it has not; and the one
//! table of routes.

mod applications;
mod certificates;
mod declare;
mod history;
mod job_schedules;
mod jobs;
mod node_agents;
mod node_files;
mod nodes;
mod pools;
mod remote_desktop;
mod table;
mod task_files;
mod tasks;

pub use applications::*;
pub use certificates::*;
pub use job_schedules::*;
pub use jobs::*;
pub use node_agents::*;
pub use node_files::*;
pub use nodes::*;
pub use pools::*;
pub use remote_desktop::*;
pub use table::{FAMILIES, RETIRED, every_operation, retired_operations};
pub use task_files::*;
pub use tasks::*;
