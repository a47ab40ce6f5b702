//! An instance of a task that runs on several nodes at once.
//!
//! An instance is one container, in the private network of its pool. Its first process is [`first_process`], which is this very
//! program: it runs the coordination command, stays so that what that left in the background goes on, and in the primary instance
//! runs the task's command once it is told. It and the node talk by files (`control`).

mod control;
pub mod first_process;
mod plan;
mod run;

pub(super) use run::{run, see_out};
