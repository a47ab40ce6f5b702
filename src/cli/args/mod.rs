//! What can be said on the command line: one file a command.

mod apply;
mod command_line;
mod destroy;
mod doctor;
mod duration;
mod emulator;
mod explain;
mod fmt;
mod global;
mod logs;
mod new;
mod plan;
mod recipe;
mod render;
mod schema;
mod status;
mod validate;
mod watch;

pub(super) use apply::ApplyArgs;
pub(super) use command_line::{Cli, Command};
pub(super) use destroy::DestroyArgs;
pub(super) use doctor::{DoctorArgs, DoctorImageArgs, DoctorSubject};
pub(super) use emulator::EmulatorArgs;
pub(super) use explain::ExplainArgs;
pub(super) use fmt::FmtArgs;
pub(super) use global::{Color, Format, Global, RuntimeChoice, TimingChoice};
pub(super) use logs::LogsArgs;
pub(super) use new::NewArgs;
pub(super) use plan::{PlanArgs, PolicyArgs};
pub(super) use recipe::{ParameterArgs, RecipeArgs};
pub(super) use render::RenderArgs;
pub(super) use schema::{SchemaArgs, SchemaName};
pub(super) use status::StatusArgs;
pub(super) use validate::ValidateArgs;
pub(super) use watch::WatchArgs;
