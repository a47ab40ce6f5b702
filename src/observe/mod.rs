//! Reading an account: the client's answers become [`LiveState`](crate::resource::LiveState).

mod reader;
mod status;

pub use reader::{Scope, contents, failed_tasks, for_each_task, read, tasks};
pub use status::{JobStatus, PoolStatus, Status, status};
