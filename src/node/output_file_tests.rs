//! Output files to a storage that keeps in memory what it is sent, from processes that are real.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::test_support::{Failing, NoEngine, TestNode, code, container_task, detail, eventually, host_task};
use crate::batch::model::{BatchErrorSourceCategory, OutputFile};
use crate::clock::SystemClock;
use crate::node::runtime::SimulatedRuntime;
use crate::node::{Standing, TaskAssignment, TaskOutcome};

/// A blob: what it holds, and the headers that it was made with.
type Blobs = BTreeMap<String, (Vec<u8>, BTreeMap<String, String>)>;

/// A storage with the containers `out`, `closed`, which nobody may write to, and `slow`, which never answers.
struct Storage {
    address: String,
    blobs: Arc<Mutex<Blobs>>,
}

impl Storage {
    async fn start() -> Self {
        let blobs: Arc<Mutex<Blobs>> = Arc::default();
        let kept = Arc::clone(&blobs);
        let app = Router::new().fallback(move |request: Request<Body>| put(Arc::clone(&kept), request));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/mine", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app).into_future());
        Self { address, blobs }
    }

    fn keep(&self, pattern: &str, container: &str, path: Option<&str>, condition: &str) -> OutputFile {
        let url = format!("{}/{container}?sv=2021-12-02&sig=hunter2", self.address);
        serde_json::from_value(json!({
            "filePattern": pattern,
            "destination": {"container": {"containerUrl": url, "path": path,
                "uploadHeaders": [{"name": "x-ms-blob-content-type", "value": "text/plain"}, {"name": "x-ms-meta-run", "value": "7"}]}},
            "uploadOptions": {"uploadCondition": condition},
        }))
        .unwrap()
    }

    /// The names of all blobs, with their container.
    fn names(&self) -> Vec<String> {
        self.blobs.lock().unwrap().keys().filter(|name| !name.contains('#')).cloned().collect()
    }

    fn content(&self, name: &str) -> Vec<u8> {
        self.blobs.lock().unwrap().get(name).unwrap().0.clone()
    }
}

async fn put(blobs: Arc<Mutex<Blobs>>, request: Request<Body>) -> Response<Body> {
    let refuse = |status: u16, code: &str| {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>No.</Message></Error>");
        Response::builder().status(status).header("x-ms-error-code", code).body(Body::from(body)).unwrap()
    };
    let query = request.uri().query().unwrap_or_default().to_owned();
    let name = request.uri().path().strip_prefix("/mine/").unwrap().to_owned();
    let headers = request.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-ms-"));
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    if !query.contains("sig=hunter2") {
        return refuse(403, "AuthenticationFailed");
    }
    let content = request.into_body().collect().await.unwrap().to_bytes().to_vec();
    match name.split('/').next().unwrap() {
        "closed" => return refuse(403, "AuthorizationPermissionMismatch"),
        "slow" => std::future::pending().await,
        "out" => {}
        _ => return refuse(404, "ContainerNotFound"),
    }
    let parameter = |name: &str| {
        query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(str::to_owned)
    };
    let mut blobs = blobs.lock().unwrap();
    match parameter("comp").as_deref() {
        Some("block") => {
            let id = percent_encoding::percent_decode_str(&parameter("blockid").unwrap())
                .decode_utf8_lossy()
                .into_owned();
            blobs.insert(format!("{name}#{id}"), (content, headers));
        }
        Some("blocklist") => {
            let list = String::from_utf8(content).unwrap();
            let ids = list.split("<Latest>").skip(1).map(|rest| rest.split_once('<').unwrap().0.to_owned());
            let whole = ids.flat_map(|id| blobs.get(&format!("{name}#{id}")).unwrap().0.clone()).collect();
            blobs.insert(name, (whole, headers));
        }
        _ => drop(blobs.insert(name, (content, headers))),
    }
    Response::builder().status(201).body(Body::empty()).unwrap()
}

async fn node() -> TestNode {
    TestNode::on(Arc::new(NoEngine)).await
}

fn task(files: Vec<OutputFile>, script: &str) -> TaskAssignment {
    let mut assignment = host_task(&format!("/bin/sh -c '{script}'"));
    assignment.task.output_files = Some(files);
    assignment
}

#[tokio::test]
async fn what_matches_is_kept_under_its_name() {
    let (storage, node) = (Storage::start().await, node().await);
    let files = vec![
        storage.keep("../std*.txt", "out", Some("logs"), "taskcompletion"),
        storage.keep("result.txt", "out", Some("runs/7.txt"), "tasksuccess"),
        storage.keep("model/**", "out", None, "tasksuccess"),
        storage.keep("$AZ_BATCH_TASK_WORKING_DIR/m*/[ab].bin", "out", Some("top/"), "tasksuccess"),
        storage.keep("nothing-*", "out", None, "tasksuccess"),
        storage.keep("result.txt", "out", Some("never"), "taskfailure"),
    ];
    let script =
        "echo said; echo 42 >result.txt; mkdir -p model/x; touch model/a.bin model/x/b.bin model/.hidden";
    let task = task(files, script);
    let outcome = node.run(&task).await;
    assert_eq!((outcome.exit_code, code(&outcome)), (Some(0), None), "{outcome:?}");
    let expected = [
        "out/a.bin",
        "out/logs/stderr.txt",
        "out/logs/stdout.txt",
        "out/runs/7.txt",
        "out/top/model/a.bin",
        "out/x/b.bin",
    ];
    assert_eq!(storage.names(), expected);
    assert_eq!(storage.content("out/logs/stdout.txt"), b"said\n");
    assert_eq!(storage.content("out/runs/7.txt"), b"42\n");
    let headers = storage.blobs.lock().unwrap()["out/runs/7.txt"].1.clone();
    assert_eq!(
        (headers["x-ms-blob-content-type"].as_str(), headers["x-ms-meta-run"].as_str()),
        ("text/plain", "7")
    );
    let log = node.read(&task, "fileuploadout.txt");
    assert!(log.contains("no file was uploaded for `nothing-*`") && !log.contains("hunter2"), "{log}");
    assert_eq!(node.read(&task, "fileuploaderr.txt"), "");
}

#[tokio::test]
async fn a_large_file_goes_in_parts_and_comes_together_again() {
    let (storage, node) = (Storage::start().await, node().await);
    let task = task(vec![storage.keep("large", "out", None, "tasksuccess")], "seq 1 2000000 >large");
    assert!(node.run(&task).await.succeeded());
    let parts = storage.blobs.lock().unwrap().keys().filter(|name| name.contains('#')).count();
    let content = std::fs::read(node.file(&task, "wd/large")).unwrap();
    assert!(parts == content.len().div_ceil(4 << 20) && parts > 3, "{parts}");
    assert!(storage.content("out/large") == content);
}

#[tokio::test]
async fn files_are_kept_after_the_ends_that_they_are_asked_for() {
    let (storage, node) = (Storage::start().await, node().await);
    let files = || {
        ["tasksuccess", "taskfailure", "taskcompletion"]
            .map(|condition| storage.keep("a", "out", Some(condition), condition))
            .to_vec()
    };
    let outcome = node.run(&task(files(), "touch a; exit 3")).await;
    assert_eq!((outcome.exit_code, code(&outcome)), (Some(3), Some("FailureExitCode")));
    assert_eq!(storage.names(), ["out/taskcompletion", "out/taskfailure"]);
    let mut missing = host_task("no-such-program");
    missing.task.output_files =
        Some(vec![storage.keep("../std*", "out", Some("unstarted"), "taskcompletion")]);
    assert_eq!(code(&node.run(&missing).await), Some("CommandProgramNotFound"));
    assert_eq!(storage.names().len(), 2, "nothing is kept of what never ran");
}

#[tokio::test]
async fn a_file_that_is_not_kept_fails_a_task_that_succeeded_and_all_others_are_kept() {
    let (storage, node) = (Storage::start().await, node().await);
    for (container, expected) in [("none", "FileUploadContainerNotFound"), ("closed", "FileUploadMiscError")]
    {
        let files = vec![
            storage.keep("a", container, None, "taskcompletion"),
            storage.keep("b", container, None, "taskcompletion"),
            storage.keep("a", "out", None, "taskcompletion"),
        ];
        let task = task(files, "touch a b");
        let outcome = node.run(&task).await;
        let info = outcome.failure_info.clone().unwrap();
        assert_eq!((outcome.exit_code, code(&outcome)), (Some(0), Some(expected)), "{outcome:?}");
        assert_eq!(info.category, BatchErrorSourceCategory::UserError);
        assert_eq!(detail(&info, "Destination"), format!("{}/{container}/a", storage.address));
        assert!(detail(&info, "Message").ends_with("(and 1 more; see fileuploaderr.txt of the task)"));
        assert_eq!(storage.names(), ["out/a"]);
        let errors = node.read(&task, "fileuploaderr.txt");
        assert_eq!(errors.lines().count(), 2, "{errors}");
        assert!(!errors.contains("hunter2") && !format!("{outcome:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn nothing_of_the_machine_is_kept() {
    let (storage, node) = (Storage::start().await, node().await);
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("precious"), "precious").unwrap();
    std::fs::create_dir_all(node.file(&task(vec![], ""), "wd")).unwrap();
    symlink(outside.path().join("precious"), node.file(&task(vec![], ""), "wd/leak")).unwrap();
    symlink(outside.path(), node.file(&task(vec![], ""), "wd/way")).unwrap();
    symlink(outside.path().join("none"), node.file(&task(vec![], ""), "wd/lost")).unwrap();
    symlink("/no/such/folder", node.file(&task(vec![], ""), "wd/astray")).unwrap();
    for pattern in [
        "leak",
        "lost",
        "way/precious",
        "way/none",
        "way/*",
        "astray/**",
        "/etc/passwd",
        "../../../../../../*",
        "/proc/self/environ",
    ] {
        let outcome =
            node.run(&task(vec![storage.keep(pattern, "out", None, "taskcompletion")], "true")).await;
        assert_eq!(code(&outcome), Some("FileUploadMiscError"), "{pattern} {outcome:?}");
    }
    // What nobody has named is passed over, whether or not there is something where it leads to; a folder behind a link is not gone into.
    for pattern in ["l*k", "l*t", "**/*", "**/precious"] {
        let found = task(vec![storage.keep(pattern, "out", None, "taskcompletion")], "true");
        let outcome = node.run(&found).await;
        assert_eq!((code(&outcome), storage.names()), (None, vec![]), "{pattern} {outcome:?}");
        let noted = node.read(&found, "fileuploadout.txt").matches("leads out of the node's folder").count();
        let expected = match pattern {
            "**/precious" => 0,
            "**/*" => 4,
            _ => 1,
        };
        assert_eq!(noted, expected, "{pattern}");
    }
    // What stays on the node is followed.
    let script = "echo new >v2; ln -s v2 latest; ln -s $PWD/v2 also; ln -s gone nowhere; mkfifo pipe";
    let fine = task(
        ["latest", "also", "nowhere", "pipe"]
            .map(|name| storage.keep(name, "out", None, "taskcompletion"))
            .to_vec(),
        script,
    );
    assert_eq!(code(&node.run(&fine).await), None);
    assert_eq!(storage.names(), ["out/also", "out/latest"]);
    assert_eq!(storage.content("out/also"), b"new\n");
}

#[tokio::test]
async fn a_task_can_be_ended_while_its_files_are_uploaded() {
    let (storage, node) = (Storage::start().await, node().await);
    let task = task(vec![storage.keep("a", "slow", None, "taskcompletion")], "touch a");
    let cancel = CancellationToken::new();
    let run = tokio::spawn({
        let (node, task, cancel) = (node.node.clone(), task.clone(), cancel.clone());
        async move { node.run_task(&task, cancel).await }
    });
    let log = node.file(&task, "fileuploadout.txt");
    eventually(|| log.exists()).await;
    cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(10), run).await.unwrap().unwrap();
    assert_eq!((outcome.exit_code, code(&outcome)), (Some(0), Some("TaskEnded")));
}

/// Runs a task until it uploads, to a container that never answers, and ends the program there.
async fn killed_while_uploading(node: TestNode, task: &TaskAssignment) -> TestNode {
    let run = tokio::spawn({
        let (node, task) = (node.node.clone(), task.clone());
        async move { node.run_task(&task, CancellationToken::new()).await }
    });
    let log = node.file(task, "fileuploadout.txt");
    eventually(|| log.exists()).await;
    run.abort();
    let _ = run.await;
    node
}

fn to(task: &TaskAssignment, file: OutputFile) -> TaskAssignment {
    let mut task = task.clone();
    task.task.output_files = Some(vec![file]);
    task
}

#[tokio::test]
async fn a_program_that_is_killed_while_files_are_uploaded_goes_on_with_that_and_runs_nothing_again() {
    let storage = Storage::start().await;
    let run_once = task(vec![storage.keep("runs", "slow", None, "tasksuccess")], "echo ran >>runs");
    let node = killed_while_uploading(node().await, &run_once).await.reborn(Arc::new(NoEngine));
    assert_eq!(node.node.look_at_task(&run_once).await.unwrap(), Standing::Running);
    assert_eq!(storage.names(), Vec::<String>::new(), "looking uploads nothing");
    let reachable = to(&run_once, storage.keep("runs", "out", None, "tasksuccess"));
    let outcome = node.node.resume_task(&reachable, CancellationToken::new()).await.unwrap();
    assert_eq!((outcome.exit_code, code(&outcome)), (Some(0), None));
    assert_eq!(storage.content("out/runs"), b"ran\n");
    assert_eq!(node.node.look_at_task(&reachable).await.unwrap(), Standing::Ended(outcome));
}

#[tokio::test]
async fn a_container_that_ended_while_nobody_watched_has_its_files_kept_by_whoever_goes_on() {
    let (storage, runtime) = (Storage::start().await, Failing::at([]));
    let mut task = container_task("busybox", "--rm", "work");
    task.task.output_files = Some(vec![storage.keep("../stdout.txt", "slow", None, "taskcompletion")]);
    let node =
        killed_while_uploading(TestNode::on(runtime.clone()).await, &task).await.reborn(runtime.clone());
    assert_eq!(runtime.count("remove"), 0, "a container stays until all is kept");
    let reachable = to(&task, storage.keep("../stdout.txt", "out", None, "taskcompletion"));
    let outcome: TaskOutcome = node.node.resume_task(&reachable, CancellationToken::new()).await.unwrap();
    assert_eq!((outcome.exit_code, code(&outcome), runtime.count("remove")), (Some(0), None, 1));
    assert!(storage.content("out/stdout.txt").starts_with(b"simulated"));
}

#[tokio::test]
async fn nothing_is_kept_of_a_task_that_is_only_simulated() {
    let storage = Storage::start().await;
    let node = TestNode::on(Arc::new(SimulatedRuntime::new(Arc::new(SystemClock)))).await;
    assert!(
        node.run(&task(vec![storage.keep("../*", "out", None, "taskcompletion")], "true")).await.succeeded()
    );
    assert_eq!(storage.names(), Vec::<String>::new());
}
