//! Containers whose first process is this very program ([`first_process`]): instances of a task that runs on several nodes at once,
//! and tasks that use the account.
//!
//! An instance is one container, in the private network of its pool. Its first process runs the coordination command, stays so that
//! what that left in the background goes on, and in the primary instance runs the task's command once it is told. It and the node
//! talk by files (`control`).
//!
//! For a task that uses the account it opens the `way_out` before it runs the task's command.

mod control;
pub mod first_process;
mod plan;
mod run;
mod way_out;

pub(super) use run::{run, run_with_account, see_out, see_out_with_account};
