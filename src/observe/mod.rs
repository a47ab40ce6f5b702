//! Reading an account: the client's answers become [`LiveState`](crate::resource::LiveState), and what people want to know: how pools
//! and jobs are doing, how tasks ended, why they wait.

mod blocked;
mod cause;
mod hold;
mod inventory;
mod last_words;
mod node_trouble;
mod pool_status;
mod preparation;
mod queue;
mod reader;
mod status;
mod task_end;
mod waiting;

pub use cause::Cause;
pub use hold::{Held, Hold, Problem};
pub use inventory::{inventory, whole_tasks};
pub use last_words::hear;
pub use node_trouble::{Detail, NodeTrouble};
pub use pool_status::{PoolStatus, pool_status};
pub use preparation::{awaits_release, waits_for_preparation};
pub use reader::{Scope, contents, counts, failed_tasks, for_each_task, generations, read, tasks};
pub use status::{JobStatus, ScheduleStatus, Status, status};
pub use task_end::TaskEnd;
pub use waiting::{WaitingJob, held_tasks, hold_of_task};
