//! One file a command: `run` takes the arguments and returns the exit code.

mod apply;
mod destroy;
mod dispatch;
mod doctor;
mod emulator;
mod execute;
mod explain;
mod fmt;
mod history;
mod import;
mod logs;
mod new;
mod plan;
mod refuse;
mod render;
mod schema;
mod show;
mod status;
mod validate;
mod watch;

pub(super) use dispatch::run;
