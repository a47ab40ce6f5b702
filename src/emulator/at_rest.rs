//! The account at rest: read by a process that runs nothing of it.
//!
//! Between the commands that run it, an account is files. What they say of pools and jobs stays true; what they say of running
//! tasks may not be, as containers outlive the process that started them, and end. So before anything is read, every run is
//! looked for, and how it ended is written down. What would follow, such as the next task on a free node, waits for a process that
//! runs the account.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use futures::{FutureExt as _, StreamExt as _, stream};

use super::account::Account;
use super::data_folder::DataFolder;
use super::effect::Event;
use super::faults::Faults;
use super::open_error::{OpenError, take_folder};
use super::refusal::Refusal;
use super::router::{Entrance, router};
use super::service::{Activity, Failure, Rules, Service, UnsettledRun};
use super::timing::Timing;
use crate::batch::auth::SharedKey;
use crate::clock::Clock;
use crate::node::runtime::{ContainerRuntime, RuntimeKind};
use crate::node::{Applications, Standing};
use crate::secret::Secret;

/// How many runs are looked for at the same time.
const LOOKS: usize = 16;

/// The URL of an account that nobody serves. No task is told, as none is started.
const NOWHERE: &str = "batchyard://at-rest";

/// An account that is about to be read. It is held as long as this value lives: nobody else can run it meanwhile.
#[derive(Debug)]
pub struct AtRest {
    account: Arc<Account>,
    unsettled: Vec<UnsettledRun>,
    _folder: DataFolder,
}

impl AtRest {
    /// Opens the account whose data is in `data`; made if there is none.
    ///
    /// # Errors
    /// When the folder is in use, or can't be.
    pub async fn open(
        data: PathBuf,
        account: &str,
        key: &Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let key = SharedKey::new(account, key)
            .map_err(|source| OpenError::Key { account: account.to_owned(), source })?;
        let folder = take_folder(&data)?;
        let rules = Rules {
            timing: Timing::Instant,
            runtime: String::new(),
            stand_ins: folder.stand_ins(),
            activity: Activity::AtRest,
        };
        // Nobody carries out effects: whoever runs the account next derives them again.
        let (service, _) = Service::open(&folder.store(), rules, Arc::clone(&clock))
            .map_err(|source| OpenError::store(&data, source))?;
        let unsettled = service
            .write(|unit| unit.unsettled_runs())
            .await
            .map_err(|failure: Failure| OpenError::store(&data, Refusal::from(failure)))?;
        let opened = clock.now();
        let account = Account {
            key,
            issuer: None,
            opened,
            clock,
            service,
            nodes: folder.nodes(),
            applications: Applications::at(folder.applications()),
            door: folder.door(),
            throttle: None,
            faults: Faults::default(),
            is_at_rest: true,
        };
        Ok(Self { account: Arc::new(account), unsettled, _folder: folder })
    }

    /// The runtimes that know how the tasks stand that are stored as running.
    pub fn runtimes(&self) -> BTreeSet<RuntimeKind> {
        self.unsettled.iter().filter_map(|run| run.runtime).collect()
    }

    /// Looks for the runs in `runtime`, and writes down how those stand that run no more. Gives the reasons why some could not be
    /// looked for: those are still stored as running.
    pub async fn settle(&self, runtime: &Arc<dyn ContainerRuntime>) -> Vec<String> {
        let kind = Some(runtime.kind());
        let looks: Vec<_> = self
            .unsettled
            .iter()
            .filter(|run| run.runtime == kind)
            .map(|run| self.look(run, runtime).boxed())
            .collect();
        let reasons: Vec<_> = stream::iter(looks).buffer_unordered(LOOKS).collect().await;
        let distinct: BTreeSet<String> = reasons.into_iter().flatten().collect();
        distinct.into_iter().collect()
    }

    async fn look(&self, run: &UnsettledRun, runtime: &Arc<dyn ContainerRuntime>) -> Option<String> {
        let node = self.account.machine(&run.node, runtime, NOWHERE);
        let outcome = match node.look_at_task(&run.assignment).await {
            Ok(Standing::Running) => return None,
            Ok(Standing::Ended(outcome)) => Some(outcome),
            Ok(Standing::Lost) => None,
            Err(error) => return Some(error.to_string()),
        };
        self.account.service.report(Event::RunEnded { run: run.row, outcome }).await;
        None
    }

    /// The account as a tower service of HTTP requests that only read. Lets go of the data folder: somebody may run the account from
    /// now on, and what is read then is what they write.
    pub fn router(self) -> Router {
        router(self.account, Entrance::IN_PROCESS)
    }
}
