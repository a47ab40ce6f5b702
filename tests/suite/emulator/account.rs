//! An account for a test, and the words to talk to it.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use batchyard::batch::DateTime;
use batchyard::batch::auth::{SharedKey, SignedRequest};
use batchyard::clock::{Clock, SystemClock};
use batchyard::emulator::{Emulator, EmulatorConfig, FaultRules, OpenError, Timing};
use batchyard::node::runtime::{ContainerRuntime, SimulatedRuntime};
use batchyard::secret::Secret;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub const NAME: &str = "testaccount";
pub const KEY: &str = "a2V5IG9mIHRoZSB0ZXN0IGFjY291bnQ=";
pub const HOST: &str = "localhost:10100";
const PATIENCE: Duration = Duration::from_secs(30);

/// A pool with one node of four slots, whose tasks run in containers.
pub fn pool(id: &str) -> Value {
    json!({"id": id, "vmSize": "Standard_D2s_v3", "targetDedicatedNodes": 1, "taskSlotsPerNode": 4,
        "virtualMachineConfiguration": {
            "imageReference": {"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204"},
            "nodeAgentSKUId": "batch.node.ubuntu 22.04",
            "containerConfiguration": {"type": "dockerCompatible"}}})
}

/// A task whose container ends as `script` says; see the simulated runtime.
pub fn task(id: &str, script: &str) -> Value {
    json!({"id": id, "commandLine": "work", "containerSettings": {"imageName": "busybox"},
        "environmentSettings": [{"name": "BATCHYARD_SIMULATE", "value": script}]})
}

/// The value, with more properties.
pub fn with(mut value: Value, more: Value) -> Value {
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

/// An account in a folder of its own.
pub struct Account {
    folder: TempDir,
    clock: Arc<dyn Clock>,
    pub emulator: Emulator,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A refusal with that status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.json()["code"].as_str()), (status, Some(code)), "{}", self.text);
        self
    }

    /// The value of a refusal's detail.
    pub fn detail(&self, key: &str) -> String {
        let body = self.json();
        let details = body["values"].as_array().cloned().unwrap_or_default();
        let found = details.iter().find(|detail| detail["key"] == key);
        found.and_then(|detail| detail["value"].as_str()).unwrap_or_default().to_owned()
    }
}

pub fn config(
    folder: &Path,
    runtime: Result<Arc<dyn ContainerRuntime>, String>,
    clock: Arc<dyn Clock>,
) -> EmulatorConfig {
    EmulatorConfig {
        data: folder.to_owned(),
        account: NAME.to_owned(),
        key: Secret::new(KEY),
        runtime,
        timing: Timing::Instant,
        clock,
        requests_per_second: None,
        faults: FaultRules::default(),
        issuer: None,
        stand_ins: None,
        applications: None,
        starts_tasks: true,
    }
}

pub fn simulated(clock: &Arc<dyn Clock>) -> Result<Arc<dyn ContainerRuntime>, String> {
    Ok(Arc::new(SimulatedRuntime::new(Arc::clone(clock))))
}

impl Account {
    /// An account whose tasks are simulated, and whose state machines run at once.
    pub async fn new() -> Self {
        Self::timed(Arc::new(SystemClock), Timing::Instant).await
    }

    /// An account with that clock and timing.
    pub async fn timed(clock: Arc<dyn Clock>, timing: Timing) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = EmulatorConfig { timing, ..config(folder.path(), simulated(&clock), clock.clone()) };
        let emulator = Emulator::open(config).await.unwrap();
        Self { folder, clock, emulator }
    }

    /// An account that answers so many requests a second of that clock.
    pub async fn throttled(clock: Arc<dyn Clock>, requests_per_second: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), simulated(&clock), clock.clone());
        let requests_per_second = NonZeroU32::new(requests_per_second);
        let emulator = Emulator::open(EmulatorConfig { requests_per_second, ..config }).await.unwrap();
        Self { folder, clock, emulator }
    }

    /// The folder of its data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens the same data again, with that runtime, after a stop in order.
    pub async fn reopen(self, runtime: Result<Arc<dyn ContainerRuntime>, String>) -> Self {
        self.emulator.shut_down().await;
        let Self { folder, clock, emulator } = self;
        drop(emulator);
        let emulator = Emulator::open(config(folder.path(), runtime, clock.clone())).await.unwrap();
        Self { folder, clock, emulator }
    }

    /// Opens the same data again, to end what runs.
    pub async fn wound_down(self) -> Self {
        self.emulator.shut_down().await;
        let Self { folder, clock, emulator } = self;
        drop(emulator);
        let config = config(folder.path(), simulated(&clock), clock.clone());
        let emulator = Emulator::open(EmulatorConfig { starts_tasks: false, ..config }).await.unwrap();
        Self { folder, clock, emulator }
    }

    /// The folder of the data, which lives on, and the account.
    pub fn into_folder(self) -> (TempDir, Emulator) {
        (self.folder, self.emulator)
    }

    /// The account of that folder.
    pub async fn in_folder(folder: TempDir) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let emulator = Emulator::open(config(folder.path(), simulated(&clock), clock.clone())).await.unwrap();
        Self { folder, clock, emulator }
    }

    /// Opens the same data again after a stop in order, with tasks that are simulated.
    pub async fn reopen_simulated(self) -> Self {
        let runtime = self.simulated();
        self.reopen(runtime).await
    }

    /// Opens the same data again while it is open.
    pub async fn open_twice(&self) -> OpenError {
        let config = config(self.folder(), simulated(&self.clock), self.clock.clone());
        Emulator::open(config).await.unwrap_err()
    }

    /// The clock's runtime without processes.
    pub fn simulated(&self) -> Result<Arc<dyn ContainerRuntime>, String> {
        simulated(&self.clock)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, &[], Some(body.to_string())).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, &[], Some(body.to_string())).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], None).await
    }

    /// Sends a signed request of the present version.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Reply {
        let separator = if path.contains('?') { '&' } else { '?' };
        let target = if path.contains("api-version") {
            path.to_owned()
        } else {
            format!("{path}{separator}api-version=2025-06-01")
        };
        let date = DateTime(self.clock.now()).to_rfc1123();
        let mut headers = headers.to_vec();
        if !headers.iter().any(|(name, _)| *name == "ocp-date") {
            headers.push(("ocp-date", &date));
        }
        self.send_signed(method, &target, &headers, body, KEY).await
    }

    /// Sends a request as it is, signed with `key`.
    pub async fn send_signed(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
        key: &str,
    ) -> Reply {
        let length = body.as_ref().map_or(0, String::len).to_string();
        let mut headers = headers.to_vec();
        headers.push(("content-length", &length));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let signed = SignedRequest { method, path, query, headers: &headers };
        let authorization = SharedKey::new(NAME, &Secret::new(key)).unwrap().authorize(&signed);
        headers.push(("authorization", &authorization));
        self.send_raw(method, target, &headers, body).await
    }

    /// Sends a request as it is.
    pub async fn send_raw(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Reply {
        let mut request = http::Request::builder().method(method).uri(target).header("host", HOST);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        let response = self.emulator.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Reads an object until it is as wanted.
    #[track_caller]
    pub fn until<'a>(
        &'a self,
        path: &'a str,
        wanted: impl Fn(&Value) -> bool + 'a,
    ) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let object = self.get(path).await.json();
                if wanted(&object) {
                    return object;
                }
                assert!(Instant::now() < deadline, "{caller}: {path} stayed {object:#}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// Reads an object until its state is `state`.
    #[track_caller]
    pub fn until_state<'a>(&'a self, path: &'a str, state: &'a str) -> impl Future<Output = Value> + 'a {
        self.until(path, move |object| object["state"] == state)
    }

    /// Asks for an object until it is gone.
    pub async fn until_gone(&self, path: &str) -> Reply {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let reply = self.get(path).await;
            if reply.status == 404 {
                return reply;
            }
            assert!(Instant::now() < deadline, "{path} stayed {}", reply.text);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The only node of a pool, once it is in that state.
    #[track_caller]
    pub fn node<'a>(&'a self, pool: &'a str, state: &'a str) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let list = self.get(&format!("/pools/{pool}/nodes")).await.json();
                if list["value"][0]["state"] == state {
                    return list["value"][0].clone();
                }
                assert!(Instant::now() < deadline, "{caller}: nodes stayed {list:#}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// Makes the pool `p` and the job `j` on it, with more properties.
    pub async fn with_job(self, more: Value) -> Self {
        self.post("/pools", pool("p")).await.expect(201);
        let job = with(json!({"id": "j", "poolInfo": {"poolId": "p"}}), more);
        self.post("/jobs", job).await.expect(201);
        self
    }
}
