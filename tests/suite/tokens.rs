//! Tasks that reach their own job with the token they asked for, from real containers.

use std::time::{Duration, Instant};

use batchyard::batch::DateTime;
use batchyard::batch::auth::{SharedKey, SignedRequest};
use batchyard::clock::{Clock as _, SystemClock};
use batchyard::secret::Secret;
use serde_json::{Value, json};

use crate::support::{Emulator, Runtime, Sandbox, Service};

/// The last version whose tasks can ask for a token.
const VERSION: &str = "2024-07-01.20.0";
const PATIENCE: Duration = Duration::from_secs(90);

/// An account that is served, and talked to with its key.
struct Account<'a> {
    emulator: &'a Emulator<'a>,
    key: SharedKey,
    http: reqwest::Client,
}

impl<'a> Account<'a> {
    fn new(emulator: &'a Emulator<'a>) -> Self {
        // Without TLS, reqwest wants to know all the same who would do it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = SharedKey::new(emulator.account(), &Secret::new(emulator.key())).unwrap();
        Self { emulator, key, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let (date, length) = (DateTime(SystemClock.now()).to_rfc1123(), body.len().to_string());
        let query = format!("api-version={VERSION}");
        let headers = [("ocp-date", date.as_str()), ("content-length", length.as_str())];
        let signed = SignedRequest { method, path, query: &query, headers: &headers };
        let url = format!("{}{path}?{query}", self.emulator.endpoint());
        let request = self.http.request(method.parse().unwrap(), url);
        let request = request.header("ocp-date", &date).header("content-length", &length);
        let request = request.header("authorization", self.key.authorize(&signed)).body(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn post(&self, path: &str, body: Value) {
        let (status, text) = self.send("POST", path, Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {status} {text}");
    }

    async fn get(&self, path: &str) -> Value {
        let (status, text) = self.send("GET", path, None).await;
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {status} {text}"))
    }

    async fn until_completed(&self, path: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let object = self.get(path).await;
            if object["state"] == "completed" {
                return object;
            }
            assert!(Instant::now() < deadline, "{path} stayed {object:#}\n{}", self.emulator.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn output(&self, task: &str) -> String {
        let mut said = String::new();
        for file in ["stdout.txt", "stderr.txt"] {
            said += &self.send("GET", &format!("{task}/files/{file}"), None).await.1;
        }
        said
    }
}

/// What the tasks' scripts ask with: the account answers at the variable's URL, whatever network they have.
const ASK: &str = r#"
ask() { path=$1; shift; wget -q -O - --header "Authorization: Bearer ${TOKEN:-$AZ_BATCH_AUTHENTICATION_TOKEN}" --header "Content-Type: application/json" "$@" "$AZ_BATCH_ACCOUNT_URL$path?api-version=2024-07-01.20.0"; }
"#;

fn task(id: &str, registry: &str, script: &str) -> Value {
    let settings = json!({"imageName": format!("{registry}/busybox:latest")});
    json!({
        "id": id,
        "commandLine": format!("/bin/sh -c '{}'", ASK.to_owned() + script),
        "containerSettings": settings,
        "authenticationTokenSettings": {"access": ["job"]},
    })
}

async fn with_pool<'a>(emulator: &'a Emulator<'a>) -> Account<'a> {
    let account = Account::new(emulator);
    let pool = json!({"id": "p", "vmSize": "Standard_D2s_v3", "targetDedicatedNodes": 1, "taskSlotsPerNode": 4,
        "virtualMachineConfiguration": {
            "imageReference": {"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204"},
            "nodeAgentSKUId": "batch.node.ubuntu 22.04",
            "containerConfiguration": {"type": "dockerCompatible"}}});
    account.post("/pools", pool).await;
    account
}

async fn manage(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let sandbox = Sandbox::new();
    let Some(emulator) = Emulator::start(&sandbox, runtime) else { return };
    let account = with_pool(&emulator).await;
    // It adds a task and sees it through; another job, the pools and the account are not for it.
    let added = json!({
        "id": "added",
        "commandLine": "/bin/echo added by the manager",
        "containerSettings": {"imageName": format!("{registry}/busybox:latest")},
    });
    let script = format!(
        r#"
set -e
ask /jobs/j/tasks --post-data "{}"
until ask /jobs/j/tasks/added | grep -q "\"state\":\"completed\""; do sleep 0.2; done
for path in /jobs/other/tasks /pools /pools/p /jobs; do
    if ask $path > /dev/null 2> why; then echo "$path answers"; exit 8; fi
    cat why
done
echo managed
"#,
        added.to_string().replace('"', "\\\"")
    );
    account.post("/jobs", json!({"id": "other", "poolInfo": {"poolId": "p"}})).await;
    let manager = task("manager", &registry, &script);
    let job = json!({"id": "j", "poolInfo": {"poolId": "p"}, "jobManagerTask": manager});
    let mut job = job;
    job["jobManagerTask"]["runExclusive"] = json!(false);
    account.post("/jobs", job).await;
    let ended = account.until_completed("/jobs/j").await;
    let said = account.output("/jobs/j/tasks/manager").await;
    assert_eq!(ended["executionInfo"]["terminateReason"], "JMComplete", "{said}");
    let manager = account.get("/jobs/j/tasks/manager").await;
    assert_eq!(manager["executionInfo"]["exitCode"], 0, "{manager:#}\n{said}");
    assert!(said.contains("managed") && said.matches("403").count() == 4, "{said}");
    let added = account.get("/jobs/j/tasks/added").await;
    assert_eq!(added["executionInfo"]["result"], "success", "{added:#}");
    assert!(account.output("/jobs/j/tasks/added").await.contains("added by the manager"));
}

#[tokio::test]
async fn a_job_manager_adds_tasks_with_its_token_with_docker() {
    manage(Runtime::Docker).await;
}

#[tokio::test]
async fn a_job_manager_adds_tasks_with_its_token_without_a_daemon() {
    manage(Runtime::Oci).await;
}

async fn outlive(runtime: Runtime) {
    let Some(registry) = Service::Registry.address() else { return };
    let sandbox = Sandbox::new();
    let Some(mut emulator) = Emulator::start(&sandbox, runtime) else { return };
    let token = {
        let account = with_pool(&emulator).await;
        account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await;
        let script = r#"
echo $AZ_BATCH_AUTHENTICATION_TOKEN > token; ask /jobs/j > /dev/null && echo before
until [ -e go ]; do sleep 0.2; done
ask /jobs/j > /dev/null && echo after
TOKEN=batchyard-task.0123456789abcdef; ask /jobs/j || echo refused; exit 3"#;
        account.post("/jobs/j/tasks", task("t", &registry, script)).await;
        let deadline = Instant::now() + PATIENCE;
        while !account.output("/jobs/j/tasks/t").await.contains("before") {
            assert!(
                Instant::now() < deadline,
                "{}\n{}",
                account.get("/jobs/j/tasks/t").await,
                emulator.log()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let (_, token) = account.send("GET", "/jobs/j/tasks/t/files/wd%2Ftoken", None).await;
        token.trim().to_owned()
    };
    assert!(token.starts_with("batchyard-task."), "{token}");
    emulator.kill();
    emulator.restart();
    let account = Account::new(&emulator);
    let bearer = async |path: &str| {
        let url = format!("{}{path}?api-version={VERSION}", emulator.endpoint());
        let answer = account.http.get(url).bearer_auth(&token).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!((bearer("/jobs/j").await, bearer("/pools/p").await), (200, 403));
    let data = walk(&sandbox.data().join("store.db"));
    assert!(!data.contains(&token), "the account keeps no token");
    std::fs::write(working_directory(&sandbox.data()).join("go"), "").unwrap();
    let ended = account.until_completed("/jobs/j/tasks/t").await;
    let said = account.output("/jobs/j/tasks/t").await;
    assert_eq!(ended["executionInfo"]["exitCode"], 3, "{ended:#}\n{said}");
    assert!(said.contains("after") && said.contains("refused") && said.contains("401"), "{said}");
    assert_eq!(bearer("/jobs/j").await, 401, "it ends with its task");

    // What the task's command could not be run for is said as of any other task.
    let mut missing = task("missing", &registry, "");
    missing["commandLine"] = json!("/no/such/program");
    account.post("/jobs/j/tasks", missing).await;
    let ended = account.until_completed("/jobs/j/tasks/missing").await;
    let info = &ended["executionInfo"];
    assert_eq!(info["failureInfo"]["code"], "CommandProgramNotFound", "{ended:#}");
    assert!(info["exitCode"].is_null(), "{ended:#}");
}

fn walk(store: &std::path::Path) -> String {
    let wal = store.with_extension("db-wal");
    let files = [store.to_owned(), wal];
    let read = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
    files.into_iter().map(read).collect()
}

fn working_directory(data: &std::path::Path) -> std::path::PathBuf {
    let node = std::fs::read_dir(data.join("nodes/p")).unwrap().filter_map(Result::ok);
    let node = node.map(|entry| entry.path()).find(|path| path.join("workitems").is_dir()).unwrap();
    node.join("workitems/j/job-1/t/wd")
}

#[tokio::test]
async fn a_token_lives_as_long_as_its_task_also_when_the_emulator_is_killed_with_docker() {
    outlive(Runtime::Docker).await;
}

#[tokio::test]
async fn a_token_lives_as_long_as_its_task_also_when_the_emulator_is_killed_without_a_daemon() {
    outlive(Runtime::Oci).await;
}
