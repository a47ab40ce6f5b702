//! `doctor`: this machine, and the account that commands work on.

use std::path::PathBuf;

use super::account;
use crate::cli::account::image_budget;
use crate::cli::args::RuntimeChoice;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::patience::Patience;
use crate::doctor::{Need, State, check_machine};
use crate::env_vars;
use crate::exit_code::ExitCode;
use crate::node::runtime::RuntimeKind;
use crate::view::{human, json};

pub(super) async fn run(context: &Context) -> Result<ExitCode, CommandError> {
    let patience = Patience::with(&context.printer, "looking");
    let account = account::look(context).await;
    let mut checks = Vec::new();
    let need = match (account.data.is_some(), context.global.runtime) {
        (false, _) => Need::Nothing,
        (true, RuntimeChoice::Auto) => Need::Any,
        (true, RuntimeChoice::Docker) => Need::One(RuntimeKind::Docker),
        (true, RuntimeChoice::Oci) => Need::One(RuntimeKind::Oci),
        (true, RuntimeChoice::Simulated) => Need::One(RuntimeKind::Simulated),
    };
    let data = account.data.clone().or_else(|| context.variables.data_folder());
    let data = data.unwrap_or_else(|| PathBuf::from("."));
    let docker_host = context.variables.get(env_vars::DOCKER_HOST);
    checks.extend(check_machine(need, docker_host, &data, image_budget(context)?).await);
    checks.extend(account.checks);
    drop(patience);
    let is_well = checks.iter().all(|check| check.state != State::Bad);
    if context.printer.is_json() {
        context.printer.json(&json::machine(&checks))?;
    } else {
        human::machine(&mut *context.printer.news(is_well), &checks)?;
    }
    Ok(if is_well { ExitCode::Success } else { ExitCode::Unhealthy })
}
