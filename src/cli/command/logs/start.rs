//! From the arguments to the tasks that are shown or followed.

use super::super::execute::stop_on_signal;
use super::follow::Follow;
use super::show::Show;
use super::streams::Stream;
use super::targets::{Wanted, for_each_target, wanted};
use crate::cli::account::Account;
use crate::cli::args::LogsArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;
use crate::view::json;

/// How many tasks can be followed at once: each is asked about again and again.
const MOST_FOLLOWED: usize = 64;

pub(in super::super) async fn run(context: &Context, args: &LogsArgs) -> Result<ExitCode, CommandError> {
    context.printer.begin("logs")?;
    let wanted = wanted(context, args)?;
    let account = Account::open(context).await?;
    let result = if args.follow {
        follow(context, args, &account, &wanted).await
    } else {
        show(context, args, &account, &wanted).await.map(|code| (code, None))
    };
    account.close().await;
    let (code, reason) = result?;
    if context.printer.is_json() {
        context.printer.line(&json::ended(code.number(), reason))?;
    }
    Ok(code)
}

async fn show(
    context: &Context,
    args: &LogsArgs,
    account: &Account,
    wanted: &Wanted,
) -> Result<ExitCode, CommandError> {
    let streams = Stream::chosen(args);
    let titles = streams.len() > 1 || args.failed || !wanted.is_one_task();
    let show = Show { context, client: account.client(), streams: &streams, titles };
    let (mut shown, mut lost) = (0_u64, false);
    for_each_target(account.client(), wanted, args.failed, async |target| {
        shown += 1;
        lost |= show.task(&target).await?;
        Ok(())
    })
    .await?;
    if shown == 0 {
        return nothing(context, args);
    }
    Ok(if lost { ExitCode::Error } else { ExitCode::Success })
}

/// Nothing to show is what one hopes for of failures, and a mistake otherwise.
fn nothing(context: &Context, args: &LogsArgs) -> Result<ExitCode, CommandError> {
    if !args.failed {
        let named = args.named.as_deref().unwrap_or(".");
        return Err(CommandError::new(ExitCode::Error, format!("there are no tasks at `{named}`"))
            .hint(Some("`status` shows what there is; `apply` makes it".to_owned())));
    }
    if !context.printer.is_quiet() {
        context.printer.err("No task failed.\n");
    }
    Ok(ExitCode::Success)
}

async fn follow(
    context: &Context,
    args: &LogsArgs,
    account: &Account,
    wanted: &Wanted,
) -> Result<(ExitCode, Option<&'static str>), CommandError> {
    let mut targets = Vec::new();
    for_each_target(account.client(), wanted, args.failed, async |target| {
        targets.push(target);
        if targets.len() > MOST_FOLLOWED {
            let message = format!("more than {MOST_FOLLOWED} tasks can't be followed at once");
            return Err(CommandError::new(ExitCode::Usage, message)
                .hint(Some("name fewer, for example 'sweep/estimate-1?'".to_owned())));
        }
        Ok(())
    })
    .await?;
    if targets.is_empty() {
        return nothing(context, args).map(|code| (code, None));
    }
    let streams = Stream::chosen(args);
    let follow = Follow { context, account, streams: &streams, stop: stop_on_signal() };
    follow.run(targets).await
}
