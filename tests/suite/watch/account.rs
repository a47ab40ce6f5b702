//! An emulator, and a proxy before it that counts what changes the account.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use batchyard::batch::auth::SharedKey;
use batchyard::batch::model::{
    BatchJobDisableOptions, BatchPoolResizeOptions, BatchPoolState, DisableBatchJobOption,
};
use batchyard::batch::odata::ListQuery;
use batchyard::batch::operations::{DisableJob, ListPools, ResizePool};
use batchyard::batch::{Conditions, JobId, PoolId};
use batchyard::client::{BatchClient, ClientOptions, Credential};
use batchyard::secret::Secret;
use futures::TryStreamExt as _;
use serde_json::Value;

use crate::support::{Command, Emulator, Output, Sandbox};

/// An account that is reached through a proxy, which counts requests that are no reading.
pub struct Account<'a> {
    emulator: Emulator<'a>,
    sandbox: &'a Sandbox,
    proxy: String,
    counted: Arc<Counted>,
}

#[derive(Default)]
struct Counted {
    writes: Mutex<Vec<String>>,
    reads: AtomicUsize,
}

impl<'a> Account<'a> {
    pub fn before(sandbox: &'a Sandbox, emulator: Emulator<'a>) -> Self {
        let target = emulator.endpoint().trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the proxy");
        let proxy = format!("http://{}", listener.local_addr().expect("the proxy's address"));
        let counted = Arc::new(Counted::default());
        thread::spawn({
            let counted = counted.clone();
            move || {
                for client in listener.incoming().flatten() {
                    let Ok(server) = TcpStream::connect(&target) else { continue };
                    let both = (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
                    let counted = counted.clone();
                    thread::spawn(move || pass(client, server, Some(&counted)));
                    thread::spawn(move || pass(both.1, both.0, None));
                }
            }
        });
        Self { emulator, sandbox, proxy, counted }
    }

    /// `batchyard` on this account, with these arguments.
    pub fn command(&self, args: &[&str]) -> Command {
        self.sandbox
            .command(["--account", &self.proxy])
            .args(args)
            .env("AZURE_BATCH_ACCOUNT", self.emulator.account())
            .env("AZURE_BATCH_ACCESS_KEY", self.emulator.key())
    }

    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).run()
    }

    /// The requests since the last call that were to change something.
    pub fn writes(&self) -> Vec<String> {
        std::mem::take(&mut self.counted.writes.lock().expect("the writes"))
    }

    /// How many requests were only to read.
    pub fn reads(&self) -> usize {
        self.counted.reads.load(Ordering::Relaxed)
    }

    /// A client that knows nothing of recipes. Not through the proxy.
    fn stranger(&self) -> (tokio::runtime::Runtime, BatchClient) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let key = SharedKey::new(self.emulator.account(), &Secret::new(self.emulator.key())).expect("a key");
        let endpoint = self.emulator.endpoint().parse().expect("a URL");
        let client = BatchClient::new(endpoint, Credential::SharedKey(key), ClientOptions::default());
        (runtime, client.expect("a client"))
    }

    /// Changes the number of nodes of a pool, as somebody else does.
    #[track_caller]
    pub fn resize_pool(&self, pool: &str, nodes: i32) {
        let (runtime, client) = self.stranger();
        let resize = BatchPoolResizeOptions {
            target_dedicated_nodes: Some(nodes),
            ..BatchPoolResizeOptions::default()
        };
        let pool_id = PoolId::new(pool).expect("an id");
        let request = ResizePool { pool_id, resize, conditions: Conditions::default() };
        runtime.block_on(client.send(&request)).expect("a resize");
    }

    /// Disables a job, as somebody else does.
    #[track_caller]
    pub fn disable_job(&self, job: &str) {
        let (runtime, client) = self.stranger();
        let disable = BatchJobDisableOptions { disable_tasks: DisableBatchJobOption::Requeue };
        let job_id = JobId::new(job).expect("an id");
        let request = DisableJob { job_id, disable, conditions: Conditions::default() };
        runtime.block_on(client.send(&request)).expect("a disabled job");
    }

    /// The pools of the account, with how many nodes each should have. Not through the proxy.
    #[track_caller]
    pub fn pools(&self) -> BTreeMap<String, u64> {
        let (runtime, client) = self.stranger();
        let listed = runtime.block_on(async {
            client.list(ListPools { query: ListQuery::default() }).try_collect::<Vec<_>>().await
        });
        let pools = listed.expect("a list of pools").into_iter();
        pools
            .filter(|pool| pool.state != Some(BatchPoolState::Deleting))
            .map(|pool| {
                let nodes = pool.target_dedicated_nodes.unwrap_or(0);
                (pool.id.to_string(), u64::try_from(nodes).expect("a number of nodes"))
            })
            .collect()
    }

    /// The status of a recipe, as JSON.
    #[track_caller]
    pub fn status(&self, recipe: &str) -> Value {
        self.run(&["status", recipe, "--format", "json"]).json()
    }
}

/// Copies what comes until it ends, and counts the requests in it.
fn pass(mut from: TcpStream, mut to: TcpStream, counted: Option<&Counted>) {
    let mut buffer = [0; 64 * 1024];
    let mut kept = String::new();
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let bytes = &buffer[..length];
        if let Some(counted) = counted {
            kept.push_str(&String::from_utf8_lossy(bytes));
            let complete = kept.rfind('\n').map_or(0, |end| end + 1);
            let lines: String = kept.drain(..complete).collect();
            lines.lines().for_each(|line| count(line, counted));
        }
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

fn count(line: &str, counted: &Counted) {
    // A body is JSON on one line without its end: a request line may stand behind it.
    let Some((before, _)) = line.split_once(" HTTP/1.1") else { return };
    let Some((method, path)) = before.split_once(" /") else { return };
    let write = ["POST", "PUT", "PATCH", "DELETE"].iter().any(|word| method.ends_with(word));
    if write {
        let path = path.split('?').next().unwrap_or_default();
        let word = method.rsplit(|c: char| !c.is_ascii_uppercase()).next().unwrap_or_default();
        counted.writes.lock().expect("the writes").push(format!("{word} /{path}"));
    } else if method.ends_with("GET") {
        counted.reads.fetch_add(1, Ordering::Relaxed);
    }
}
