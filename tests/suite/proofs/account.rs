//! An account in this process, and the library's own way from a recipe to it: no program is started, so a case takes milliseconds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use batchyard::apply::{
    ApplyEvent, ApplyOptions, ApplyReport, Observer, SecretSource, WaitEnd, WaitOptions, apply, wait_for_jobs,
};
use batchyard::batch::JobId;
use batchyard::batch::auth::SharedKey;
use batchyard::batch::model::{BatchJob, BatchJobSchedule, BatchPool};
use batchyard::batch::odata::ListQuery;
use batchyard::batch::operations::{ListJobSchedules, ListJobs, ListPools, ListTasks};
use batchyard::client::{BatchClient, ClientOptions, Credential, HttpTransport, RetryOptions};
use batchyard::clock::{Clock, SystemClock};
use batchyard::diagnostic::Severity;
use batchyard::emulator::{Emulator, EmulatorConfig, FaultRules, Timing};
use batchyard::node::runtime::SimulatedRuntime;
use batchyard::pipeline;
use batchyard::plan::{Plan, Policy, Selection};
use batchyard::recipe::{LoadRequest, load};
use batchyard::resource::{ChangeClass, DesiredJob, DesiredState, OnComplete};
use batchyard::secret::Secret;
use futures::TryStreamExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::recipes;

const NAME: &str = "proofs";
const KEY: &str = "a2V5IG9mIHRoZSB0ZXN0IGFjY291bnQ=";
/// What every secret is here. One of them is the URL of a container.
pub const SECRET_VALUE: &str = "https://proofs.blob.example.com/out?sig=hunter2";
/// How long something may take that takes milliseconds by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// An account whose tasks are simulated and whose state machines run at once.
pub struct Account {
    folder: TempDir,
    emulator: Emulator,
    client: BatchClient,
}

/// Everything that an account has, but nodes and tasks.
pub struct Contents {
    pub pools: Vec<BatchPool>,
    pub jobs: Vec<BatchJob>,
    pub schedules: Vec<BatchJobSchedule>,
}

impl Contents {
    pub fn is_empty(&self) -> bool {
        self.pools.is_empty() && self.jobs.is_empty() && self.schedules.is_empty()
    }
}

struct Silent;

impl Observer for Silent {
    fn on(&self, _: ApplyEvent<'_>) {}
}

/// A client of a service in this process, whose pauses are short.
pub fn client_by(transport: HttpTransport) -> BatchClient {
    let retry = RetryOptions {
        first_pause: Duration::from_millis(2),
        max_pause: Duration::from_millis(20),
        ..RetryOptions::default()
    };
    let options = ClientOptions { transport: Some(transport), retry, ..ClientOptions::default() };
    let key = SharedKey::new(NAME, &Secret::new(KEY)).unwrap();
    BatchClient::new("http://localhost".parse().unwrap(), Credential::SharedKey(key), options).unwrap()
}

/// A client of an account in another process.
pub fn client_at(endpoint: &str, account: &str, key: &str) -> BatchClient {
    let key = SharedKey::new(account, &Secret::new(key)).unwrap();
    let endpoint = endpoint.parse().unwrap();
    BatchClient::new(endpoint, Credential::SharedKey(key), ClientOptions::default()).unwrap()
}

/// How recipes are applied here.
pub fn apply_options() -> ApplyOptions {
    ApplyOptions {
        parallelism: 4,
        step_timeout: PATIENCE,
        deadline: None,
        poll_interval: Duration::from_millis(5),
        secrets: SecretSource::new(|_| Ok(Secret::new(SECRET_VALUE))),
        who: "a test".to_owned(),
        clock: Arc::new(SystemClock),
        grace: Duration::ZERO,
    }
}

impl Account {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let config = EmulatorConfig {
            data: folder.path().join("data"),
            account: NAME.to_owned(),
            key: Secret::new(KEY),
            runtime: Ok(Arc::new(SimulatedRuntime::new(clock.clone()))),
            timing: Timing::Instant,
            clock,
            requests_per_second: None,
            faults: FaultRules::default(),
            issuer: None,
            stand_ins: None,
            applications: None,
            starts_tasks: true,
        };
        let emulator = Emulator::open(config).await.unwrap();
        let client = client_by(HttpTransport::in_process(emulator.router().into_service()));
        Self { folder, emulator, client }
    }

    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// A client to which nothing happens on the way.
    pub fn client(&self) -> &BatchClient {
        &self.client
    }

    /// What a recipe wants.
    #[track_caller]
    pub fn desired(&self, recipe: &Value) -> DesiredState {
        let path = self.folder.path().join("recipe.yaml");
        std::fs::write(&path, recipes::text(recipe)).unwrap();
        match load(&LoadRequest { path, ..LoadRequest::default() }) {
            Ok(loaded) => loaded.desired,
            Err(report) => {
                let errors = report.diagnostics.iter().filter(|it| it.severity() == Severity::Error);
                let errors: Vec<_> = errors.map(|it| format!("{}: {}", it.code.name, it.message)).collect();
                panic!("{}\n{}", errors.join("\n"), recipes::text(recipe));
            }
        }
    }

    pub async fn plan(&self, desired: &DesiredState, policy: &Policy) -> Plan {
        pipeline::plan(&self.client, desired, policy).await.unwrap()
    }

    pub async fn apply(&self, plan: &Plan) -> ApplyReport {
        apply(plan, &self.client, &apply_options(), &Silent, &CancellationToken::new()).await
    }

    /// Removes everything of a recipe.
    pub async fn destroy(&self, desired: &DesiredState) -> ApplyReport {
        let plan = pipeline::plan_destroy(&self.client, desired, &Selection::default()).await.unwrap();
        self.apply(&plan).await
    }

    /// Waits until nothing more happens by itself.
    pub async fn settle(&self, desired: &DesiredState) {
        settle(&self.client, desired).await;
    }

    /// The names of the tasks of a job that have not completed.
    pub async fn waiting_tasks(&self, job: &DesiredJob) -> BTreeSet<String> {
        let query =
            ListQuery { filter: Some("state ne 'completed'".to_owned()), ..ListQuery::select(&["id"]) };
        let tasks = self.client.list(ListTasks { job_id: job.spec.id.clone(), query });
        let waiting: BTreeSet<_> = tasks.map_ok(|task| task.id.key()).try_collect().await.unwrap();
        let wanted = job.tasks.iter().map(Result::unwrap);
        wanted.filter(|task| waiting.contains(&task.id.key())).map(|task| task.name).collect()
    }

    pub async fn contents(&self) -> Contents {
        let query = ListQuery::default;
        let pools = self.client.list(ListPools { query: query() }).try_collect();
        let jobs = self.client.list(ListJobs { query: query() }).try_collect();
        let schedules = self.client.list(ListJobSchedules { query: query() }).try_collect();
        let (pools, jobs, schedules) = (pools.await, jobs.await, schedules.await);
        Contents { pools: pools.unwrap(), jobs: jobs.unwrap(), schedules: schedules.unwrap() }
    }
}

/// Waits until nothing more happens by itself: nodes are there, tasks have ended, jobs that end with them have.
pub async fn settle(client: &BatchClient, desired: &DesiredState) {
    let desired = pipeline::at_generations(client, desired).await.unwrap();
    let jobs: Vec<_> =
        desired.jobs.values().map(|job| (job.spec.id.clone(), job.spec.pool.id().cloned())).collect();
    let pools: BTreeSet<_> = desired.pools.values().map(|pool| pool.spec.id.clone()).collect();
    let options = WaitOptions {
        poll_interval: Duration::from_millis(10),
        timeout: Some(PATIENCE),
        told_tasks: 0,
        ended_before: Default::default(),
        output_limit: 0,
        clock: Arc::new(SystemClock),
    };
    let stop = CancellationToken::new();
    let end = wait_for_jobs(client, &jobs, &pools, &options, &Silent, &stop).await.unwrap();
    assert_eq!(end.end, WaitEnd::NothingMore, "{end:#?}");
    let ending: BTreeSet<&JobId> = desired
        .jobs
        .values()
        .filter(|job| job.spec.on_complete == OnComplete::Terminate)
        .map(|job| &job.spec.id)
        .filter(|id| end.jobs.iter().any(|end| end.job == **id && end.waiting + end.running == 0))
        .collect();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let jobs: Vec<BatchJob> =
            client.list(ListJobs { query: ListQuery::default() }).try_collect().await.unwrap();
        let done = |id: &JobId| {
            jobs.iter()
                .any(|job| job.id == *id && job.state.as_ref().is_some_and(|it| it.as_str() == "completed"))
        };
        if ending.iter().all(|id| done(id)) {
            return;
        }
        assert!(Instant::now() < deadline, "{ending:?} did not end: {jobs:#?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What a plan says, in one line a resource that changes.
pub fn says(plan: &Plan) -> Vec<String> {
    let changed = plan.changes.iter().filter(|change| change.class != ChangeClass::Unchanged);
    changed
        .map(|change| {
            let fields: Vec<_> = change
                .fields
                .iter()
                .map(|it| format!("{}: {} -> {}", it.path, it.before, it.after))
                .collect();
            format!("{} {} ({})", change.class.glyph(), change.address, fields.join(", "))
        })
        .collect()
}
