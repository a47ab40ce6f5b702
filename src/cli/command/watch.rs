//! `watch`: brings an account to what the recipes of folders and repositories ask for, and keeps it there.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use serde_json::json;

use super::execute::{patient_options, stop_on_signal};
use super::plan::policy;
use crate::batch::DateTime;
use crate::cli::account::Account;
use crate::cli::args::{ParameterArgs, WatchArgs};
use crate::cli::clones::{Clones, IgnoredRecord};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::printer::Printer;
use crate::cli::project::account_choice;
use crate::cli::recipe::request;
use crate::cli::record;
use crate::cli::status_server::StatusServer;
use crate::clock::{Clock as _, SystemClock};
use crate::exit_code::ExitCode;
use crate::recipe::{LoadRequest, Loaded, load};
use crate::settings::{AccountSettings, SettingsError};
use crate::view::{human, json as documents};
use crate::watch::address::SourceAddress;
use crate::watch::board::Board;
use crate::watch::outcome::Verdict;
use crate::watch::{
    InventoryError, RepairOptions, Tools, Unloadable, WatchEvent, WatchObserver, WatchOptions, WatchedSource,
    watch,
};

/// How many steps of one recipe run at once.
const STEPS_AT_ONCE: usize = 8;
/// How long what was applied has to settle before it is looked at again: here, and elsewhere.
const LOCAL_SETTLE: Duration = Duration::from_millis(300);
const REMOTE_SETTLE: Duration = Duration::from_secs(2);

pub(super) async fn run(context: &Context, args: &WatchArgs) -> Result<ExitCode, CommandError> {
    context.printer.begin("watch")?;
    refuse_what_is_done_once(args)?;
    let addresses = addresses(args)?;
    let stop = stop_on_signal();
    let account = Arc::new(Account::open(context).await?);
    let sources = watched(context, &account, addresses)?;
    if !args.once && !args.dry_run {
        // Tasks go on for as long as their recipes are watched, whether anything changes or not.
        account.run().await?;
    }
    // A record that can't be used is told now, and not at the first change.
    record::open_unless(args.no_lock, context, &account)?;
    let tools = tools(context, args, &account, Clones::of(&sources));
    let options = options(args, &account);
    let board = Board::default();
    let served = stop.child_token();
    if let Some(address) = args.listen {
        let server = StatusServer::bind(address, args.listen_remote).await?;
        announce(context, server.address())?;
        server.start(board.clone(), served.clone());
    }
    let ended = watch(sources, &options, &tools, &board, &stop).await;
    served.cancel();
    drop(tools);
    if args.once && account.serves_itself() {
        writeln!(
            context.printer.narration(),
            "The local account rests from now on: its tasks go on while a command uses it, such as `batchyard emulator`, or `watch` without --once."
        )?;
    }
    if let Ok(account) = Arc::try_unwrap(account) {
        account.close().await;
    }
    let report = ended.map_err(unusable)?;
    let code = match report.verdict() {
        _ if report.interrupted && args.once => ExitCode::Interrupted,
        _ if report.interrupted => ExitCode::Success,
        Verdict::Ready => ExitCode::Success,
        Verdict::Pending if args.detailed_exitcode => ExitCode::ChangesPresent,
        Verdict::Drifted if args.dry_run && !args.detailed_exitcode => ExitCode::Success,
        Verdict::Drifted => ExitCode::ChangesPresent,
        Verdict::Pending => ExitCode::Success,
        Verdict::Degraded => ExitCode::Unhealthy,
        Verdict::Failed => ExitCode::Error,
        Verdict::PartlyApplied => ExitCode::PartlyApplied,
        Verdict::Conflict => ExitCode::StaleOrConflict,
        Verdict::NotPermitted => ExitCode::BlockedByPolicy,
        Verdict::Invalid => ExitCode::InvalidRecipe,
    };
    human::watch_summary(&mut *context.printer.news(code == ExitCode::Success), &report)?;
    if context.printer.is_json() {
        context.printer.line(&documents::watched(&report, code.number()))?;
    }
    Ok(code)
}

/// Says where what is known can be asked for.
fn announce(context: &Context, address: SocketAddr) -> Result<(), CommandError> {
    writeln!(context.printer.narration(), "Status at http://{address}/")?;
    if context.printer.is_json() {
        context.printer.line(&json!({ "type": "listening", "address": address.to_string() }))?;
    }
    Ok(())
}

/// What is asked for once would be done again at every look.
fn refuse_what_is_done_once(args: &WatchArgs) -> Result<(), CommandError> {
    let flag = match (args.policy.replace.is_empty(), args.policy.rerun.is_empty()) {
        (true, true) => return Ok(()),
        (false, _) => "--replace",
        (true, false) => "--rerun",
    };
    let message = format!("{flag} is for once, and watching goes on and on");
    Err(CommandError::new(ExitCode::Usage, message)
        .hint(Some(format!("use it with `batchyard apply`: watching takes no notice of what {flag} did"))))
}

fn addresses(args: &WatchArgs) -> Result<Vec<SourceAddress>, CommandError> {
    let (branch, subfolder) = (args.branch.as_deref(), args.subfolder.as_deref());
    let mut addresses: Vec<SourceAddress> = Vec::new();
    for text in &args.sources {
        let address = SourceAddress::parse(text, branch, subfolder)
            .map_err(|error| CommandError::from_error(error).code(ExitCode::Usage))?;
        if addresses.iter().all(|known| place(known) != place(&address)) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// What tells a source from others, however it is spelled.
fn place(address: &SourceAddress) -> PathBuf {
    match address {
        SourceAddress::Folder(path) => path.canonicalize().unwrap_or_else(|_| path.clone()),
        SourceAddress::Git(_) => PathBuf::from(address.to_string()),
    }
}

/// The sources, each with a folder for what is remembered of it: one for each source and account.
fn watched(
    context: &Context,
    account: &Account,
    addresses: Vec<SourceAddress>,
) -> Result<Vec<WatchedSource>, CommandError> {
    let data = match AccountSettings::resolve(&account_choice(context)?, &context.variables)? {
        AccountSettings::Local { data } => Some(data),
        AccountSettings::Remote { .. } => {
            context.global.data.clone().or_else(|| context.variables.data_folder())
        }
    };
    let data = data.ok_or(SettingsError::NoDataFolder)?;
    let ssh_is_chosen =
        ["GIT_SSH_COMMAND", "GIT_SSH"].iter().any(|name| context.variables.get(name).is_some());
    let mut sources = Vec::new();
    for address in addresses {
        let place = match &address {
            SourceAddress::Folder(path) => std::path::absolute(path)?.display().to_string(),
            SourceAddress::Git(_) => address.to_string(),
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(account.name().as_bytes()).update(b"\0").update(place.as_bytes());
        let name: String = hasher.finalize().to_hex().chars().take(16).collect();
        sources.push(WatchedSource { address, folder: data.join("watch").join(name), ssh_is_chosen });
    }
    Ok(sources)
}

fn options(args: &WatchArgs, account: &Account) -> WatchOptions {
    WatchOptions {
        interval: args.interval,
        fetch_interval: args.fetch_interval.unwrap_or(args.interval),
        parallelism: usize::from(args.parallelism),
        on_drift: args.on_drift.into(),
        dry_run: args.dry_run,
        policy: policy(&args.policy),
        force: args.force,
        prune_share: args.prune_share,
        suspended: args.suspend.iter().cloned().collect(),
        repair: args.repair_nodes.then_some(RepairOptions { budget: args.repair_budget }),
        once: args.once,
        most_pause: args.max_backoff,
        settle: if account.is_local() { LOCAL_SETTLE } else { REMOTE_SETTLE },
    }
}

fn tools(context: &Context, args: &WatchArgs, account: &Arc<Account>, clones: Clones) -> Tools {
    let (variables, poll_interval) = (context.variables.clone(), account.poll_interval());
    let (loader, parameters) = (context.anew(), args.parameters.clone());
    let woken = account.clone();
    let clones = Arc::new(clones);
    let observer = Arc::new(Told { printer: Mutex::new(context.printer.clone()) });
    let has_record = !args.no_lock && account.host().is_some();
    Tools {
        client: account.client().clone(),
        load: Arc::new({
            let (clones, observer) = (clones.clone(), observer.clone());
            move |paths| {
                let context = loader.anew();
                let load = |path: &PathBuf| {
                    if let Some(event) = clones.record_of(&context, path).filter(|_| has_record) {
                        let IgnoredRecord { source, file } = &event;
                        observer.on(WatchEvent::RecordIgnored { source, file });
                    }
                    load_one(&context, path, &parameters, clones.around(path))
                };
                paths.iter().map(load).collect()
            }
        }),
        apply: Arc::new(move |folder: &Path| {
            patient_options(&variables, STEPS_AT_ONCE, folder.to_owned(), poll_interval)
        }),
        record: Arc::new({
            let (context, account) = (context.anew(), account.clone());
            move |folder| {
                if !has_record {
                    return Ok(None);
                }
                // A repository does not choose where secrets are sent.
                let start = match clones.around(folder) {
                    Some(_) => context.start.clone(),
                    None => nearest_that_is_there(folder),
                };
                let context = Context { start, ..context.anew() };
                record::open(&context, &account).map_err(|error| error.in_one_line())
            }
        }),
        wake: Arc::new(move || {
            let account = woken.clone();
            async move { account.run().await.map_err(|error| error.in_one_line()) }.boxed()
        }),
        observer,
        clock: Arc::new(SystemClock),
    }
}

fn load_one(
    context: &Context,
    path: &Path,
    parameters: &ParameterArgs,
    within: Option<&Path>,
) -> Result<Loaded, Unloadable> {
    let request = request(context, PathBuf::from(path), parameters);
    let request = request.map_err(|error| Unloadable::Settings(error.in_one_line()))?;
    let request = LoadRequest { within: within.map(Path::to_owned), ..request };
    load(&request).map_err(|report| Unloadable::Errors(Box::new(report)))
}

/// A folder, or the nearest above it if it is gone: the recipes of it may have left.
fn nearest_that_is_there(folder: &Path) -> PathBuf {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new(".")).to_owned()
}

fn unusable(error: InventoryError) -> CommandError {
    let hint = match &error {
        InventoryError::Held { .. } => Some("stop that one, or watch something else"),
        InventoryError::Damaged { .. } => Some(
            "remove the file if that may be forgotten: recipes that left the source since are not pruned then",
        ),
        InventoryError::Io { .. } => None,
    };
    CommandError::from_error(error).hint(hint.map(str::to_owned))
}

/// Tells what happens: to people line by line, to programs as documents.
struct Told {
    /// Several recipes are reconciled at once; their lines don't mix.
    printer: Mutex<Printer>,
}

impl WatchObserver for Told {
    fn on(&self, event: WatchEvent<'_>) {
        let printer = self.printer.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody can be told that the reader has gone away, and the work must go on.
        let mut out = printer.news(!human::is_bad_watch_event(&event));
        let _ = human::watch_event(&mut *out, &event).and_then(|()| out.flush());
        if let Some(line) =
            documents::watch_event(&event, DateTime(SystemClock.now())).filter(|_| printer.is_json())
        {
            let _ = printer.line(&line);
        }
    }
}
