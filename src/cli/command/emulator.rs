//! `emulator`: serves the embedded Azure Batch to SDKs and other programs.

use std::io::Write;
use std::path::PathBuf;

use tokio::net::TcpListener;

use super::execute::stop_on_signal;
use crate::batch::auth::DEVELOPMENT_KEY;
use crate::cli::account::{LocalSettings, open_error, open_or_wait};
use crate::cli::args::EmulatorArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::project::account_choice;
use crate::emulator::EmulatorConfig;
use crate::exit_code::ExitCode;
use crate::secret::Secret;
use crate::settings::{AccountSettings, SettingsError};

pub(super) async fn run(context: &Context, args: &EmulatorArgs) -> Result<ExitCode, CommandError> {
    let key = key(args)?;
    if !args.listen.ip().is_loopback() {
        let message =
            format!("{} is reachable from other machines, and this emulator has no TLS", args.listen.ip());
        return Err(CommandError::new(ExitCode::Usage, message)
            .hint(Some("listen on a loopback address, for example 127.0.0.1:10100".to_owned())));
    }
    let data = data_folder(context)?;
    let shown_data = data.display().to_string();
    let settings = LocalSettings::with_key(context, data, &args.account_name, key.clone());
    let config = EmulatorConfig { requests_per_second: args.throttle, ..settings.emulator(true).await };
    let emulator = open_or_wait(config).await.map_err(open_error)?;
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        CommandError::new(ExitCode::Error, format!("can't listen on {}: {error}", args.listen))
            .hint(Some("another program may use that port; --listen 127.0.0.1:0 takes a free one".to_owned()))
    })?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    announce(context, &endpoint, args, &key, &shown_data)?;
    emulator.serve(listener, stop_on_signal()).await?;
    emulator.shut_down().await;
    Ok(ExitCode::Success)
}

/// The data of the account that is served: of the one that was named, else of the default one if that is on this machine, else of
/// the usual one.
fn data_folder(context: &Context) -> Result<PathBuf, CommandError> {
    if let Some(data) = &context.global.data {
        return Ok(data.clone());
    }
    let choice = account_choice(context)?;
    match (AccountSettings::resolve(&choice, &context.variables), choice.flag) {
        (Ok(AccountSettings::Local { data }), _) => Ok(data),
        (Ok(AccountSettings::Remote { endpoint, .. }), Some(name)) => {
            let message = format!("the account `{name}` is at {endpoint}, so it can't be served here");
            let hint = "name an account with `data`, or none".to_owned();
            Err(CommandError::new(ExitCode::Usage, message).hint(Some(hint)))
        }
        (Err(error), Some(_)) => Err(error.into()),
        (_, None) => context.variables.data_folder().ok_or_else(|| SettingsError::NoDataFolder.into()),
    }
}

fn key(args: &EmulatorArgs) -> Result<Secret, CommandError> {
    let Some(file) = &args.key_file else { return Ok(Secret::new(DEVELOPMENT_KEY)) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        CommandError::new(ExitCode::Usage, format!("the key file {} can't be read: {error}", file.display()))
            .hint(Some(format!("`head -c 32 /dev/urandom | base64 > {}` makes a key", file.display())))
    })?;
    Ok(Secret::new(text.trim()))
}

/// The one line that says that requests are taken. A key of the user's own is never shown.
fn announce(
    context: &Context,
    endpoint: &str,
    args: &EmulatorArgs,
    key: &Secret,
    data: &str,
) -> Result<(), CommandError> {
    let own_key = args.key_file.is_some();
    if context.printer.is_json() {
        let shown = if own_key { serde_json::Value::Null } else { key.expose().into() };
        let ready = serde_json::json!({ "ready": {
            "endpoint": endpoint, "account": args.account_name, "key": shown, "data": data,
        }});
        context.printer.line(&ready)?;
    } else {
        let shown = args.key_file.as_ref().map_or_else(
            || format!("{} (published: for development only)", key.expose()),
            |file| format!("as in {}", file.display()),
        );
        let mut out = context.printer.stdout();
        writeln!(
            out,
            "Azure Batch is ready at {endpoint}\n  account  {}\n  key      {shown}\n  data     {data}\nCtrl-C stops it.",
            args.account_name
        )?;
        out.flush()?;
    }
    Ok(())
}
