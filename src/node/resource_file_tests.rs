//! Resource files from a server that does what a test tells it, for processes that are real.

use std::collections::HashMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use tokio_util::sync::CancellationToken;

use super::test_support::{NoEngine, TestNode, code, detail, eventually, host_task, start_task};
use crate::batch::model::{BatchErrorSourceCategory, Confidential, ResourceFile};
use crate::clock::SystemClock;
use crate::node::account::Account;
use crate::node::runtime::SimulatedRuntime;
use crate::node::{Standing, TaskAssignment};

/// A server of files. Paths say what happens: `/plain`, `/busy-twice`, …
struct Server {
    address: String,
    requests: Arc<Mutex<HashMap<String, usize>>>,
}

impl Server {
    async fn start() -> Self {
        let requests: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
        let seen = Arc::clone(&requests);
        let app = Router::new().fallback(move |request: Request<Body>| {
            let path = request.uri().path().to_owned();
            let number = {
                let mut seen = seen.lock().unwrap();
                let count = seen.entry(path.clone()).or_default();
                *count += 1;
                *count
            };
            async move { answer(&path, number) }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app).into_future());
        Self { address, requests }
    }

    fn file(&self, path: &str, to: &str) -> ResourceFile {
        ResourceFile {
            http_url: Some(Confidential::value(format!("{}{path}?token=hunter2", self.address))),
            file_path: Some(to.to_owned()),
            ..ResourceFile::default()
        }
    }

    fn count(&self, path: &str) -> usize {
        self.requests.lock().unwrap().get(path).copied().unwrap_or_default()
    }
}

fn answer(path: &str, number: usize) -> Response<Body> {
    let status = |status: u16| Response::builder().status(status).body(Body::from("no")).unwrap();
    match path {
        "/plain" => Response::new(Body::from("content")),
        "/busy-twice" if number <= 2 => status(503),
        "/busy-twice" => Response::new(Body::from("at last")),
        "/moved" => Response::builder()
            .status(302)
            .header("location", "/plain?token=hunter2")
            .body(Body::empty())
            .unwrap(),
        "/broken-once" if number == 1 => {
            let pieces: [Result<&'static str, std::io::Error>; 2] =
                [Ok("half"), Err(std::io::Error::other("gone"))];
            Response::new(Body::from_stream(futures::stream::iter(pieces)))
        }
        "/broken-once" => Response::new(Body::from("whole")),
        "/large" => {
            let pieces = (0..64_u8).map(|n| Ok::<_, std::io::Error>(vec![n; 64 * 1024]));
            Response::new(Body::from_stream(futures::stream::iter(pieces)))
        }
        "/huge" => Response::builder()
            .header("content-length", "4611686018427387904")
            .body(Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>()))
            .unwrap(),
        "/endless" => {
            let first = futures::stream::iter([Ok::<_, std::io::Error>("begin")]);
            Response::new(Body::from_stream(futures::StreamExt::chain(first, futures::stream::pending())))
        }
        "/secret" => status(403),
        "/busy" => status(500),
        _ => status(404),
    }
}

async fn node() -> TestNode {
    TestNode::on(Arc::new(NoEngine)).await
}

fn task(files: Vec<ResourceFile>, command_line: &str) -> TaskAssignment {
    let mut assignment = host_task(command_line);
    assignment.task.resource_files = Some(files);
    assignment
}

#[tokio::test]
async fn a_task_finds_its_files_as_its_own() {
    let (server, node) = (Server::start().await, node().await);
    let mut script = server.file("/plain", "bin/deep/run");
    script.file_mode = Some("0750".to_owned());
    let files = vec![
        server.file("/plain", "a.txt"),
        script,
        server.file("/moved", "b.txt"),
        server.file("/large", "large"),
    ];
    // Whatever user the task is, the files are its own to read and change, and so are their folders.
    let task = task(
        files,
        "/bin/sh -c 'cat a.txt b.txt bin/deep/run; echo more >>a.txt; touch bin/deep/new; wc -c <large'",
    );
    let outcome = node.run(&task).await;
    assert_eq!(
        (outcome.exit_code, code(&outcome)),
        (Some(0), None),
        "{outcome:?} {}",
        node.read(&task, "stderr.txt")
    );
    assert_eq!(node.stdout(&task), "contentcontentcontent4194304\n");
    let user = Account::automatic(Account::current());
    for (name, mode) in [("wd/a.txt", 0o770), ("wd/bin/deep/run", 0o750)] {
        let metadata = std::fs::metadata(node.file(&task, name)).unwrap();
        assert_eq!((metadata.permissions().mode() & 0o7777, metadata.uid()), (mode, user.uid), "{name}");
    }
    assert_eq!(std::fs::metadata(node.file(&task, "wd/bin")).unwrap().uid(), user.uid);
}

#[tokio::test]
async fn a_start_task_finds_its_files_too() {
    let (server, node) = (Server::start().await, node().await);
    let mut task = start_task("cat setup.sh");
    task.resource_files = Some(vec![server.file("/plain", "setup.sh")]);
    assert!(node.start(&task).await.succeeded());
    let said = std::fs::read_to_string(node.node.root().join("startup/stdout.txt")).unwrap();
    assert_eq!(said, "content");
    task.resource_files = Some(vec![server.file("/none", "setup.sh")]);
    let outcome = node.start(&task).await;
    assert_eq!((outcome.exit_code, code(&outcome)), (None, Some("BlobNotFound")));
}

#[tokio::test]
async fn what_hinders_for_a_moment_is_waited_out() {
    let (server, node) = (Server::start().await, node().await);
    let task = task(vec![server.file("/busy-twice", "a"), server.file("/broken-once", "b")], "cat a b");
    assert!(node.run(&task).await.succeeded());
    assert_eq!(node.stdout(&task), "at lastwhole");
    assert_eq!((server.count("/busy-twice"), server.count("/broken-once")), (3, 2));
}

#[tokio::test]
async fn a_file_that_does_not_come_fails_the_task_before_it_runs() {
    let (server, node) = (Server::start().await, node().await);
    for (path, expected, category, tries) in [
        ("/none", "BlobNotFound", BatchErrorSourceCategory::UserError, 1),
        ("/secret", "BlobAccessDenied", BatchErrorSourceCategory::UserError, 1),
        ("/busy", "BlobDownloadMiscError", BatchErrorSourceCategory::ServerError, 4),
        ("/huge", "DiskFull", BatchErrorSourceCategory::ServerError, 1),
    ] {
        let task = task(vec![server.file("/plain", "fine"), server.file(path, "in/a.txt")], "touch ran");
        let outcome = node.run(&task).await;
        let info = outcome.failure_info.clone().unwrap();
        assert_eq!(
            (outcome.exit_code, code(&outcome), &info.category),
            (None, Some(expected), &category),
            "{path}"
        );
        assert_eq!(detail(&info, "BlobSource"), format!("{}{path}", server.address));
        assert_eq!(detail(&info, "FilePath"), "in/a.txt");
        assert!(!format!("{info:?}").contains("hunter2"), "{info:?}");
        assert_eq!(server.count(path), tries, "{path}");
        assert!(!node.file(&task, "wd/ran").exists() && !node.file(&task, "wd/in/a.txt").exists(), "{path}");
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let silent = Server { address, requests: Arc::default() };
    let outcome = node.run(&task(vec![silent.file("/a", "a")], "true")).await;
    assert_eq!(code(&outcome), Some("BlobDownloadMiscError"));
    let said = detail(outcome.failure_info.as_ref().unwrap(), "Message");
    assert!(
        said.contains("refused") && said.contains(&silent.address) && !said.contains("hunter2"),
        "{said}"
    );
}

#[tokio::test]
async fn what_an_earlier_attempt_left_leads_nowhere() {
    let (server, node) = (Server::start().await, node().await);
    let outside = tempfile::tempdir().unwrap();
    let precious = outside.path().join("precious");
    std::fs::write(&precious, "precious").unwrap();
    let task = task(vec![server.file("/plain", "a.txt")], "cat a.txt");
    assert!(node.run(&task).await.succeeded());
    std::fs::remove_file(node.file(&task, "wd/a.txt")).unwrap();
    symlink(&precious, node.file(&task, "wd/a.txt")).unwrap();
    assert!(node.run(&task).await.succeeded());
    assert_eq!(
        (node.stdout(&task).as_str(), std::fs::read_to_string(&precious).unwrap().as_str()),
        ("content", "precious")
    );

    symlink(outside.path(), node.file(&task, "wd/in")).unwrap();
    for path in ["in/new/a.txt", "in/a.txt"] {
        let through = self::task(vec![server.file("/plain", path)], "true");
        assert_eq!(code(&node.run(&through).await), Some("ResourceDirectoryCreateFailed"), "{path}");
    }
    std::fs::create_dir(node.file(&task, "wd/folder")).unwrap();
    let instead = self::task(vec![server.file("/plain", "folder")], "true");
    assert_eq!(code(&node.run(&instead).await), Some("ResourceFileCreateFailed"));
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_task_that_is_ended_while_its_files_come_never_runs_and_its_run_is_lost_with_the_program() {
    let (server, node) = (Server::start().await, node().await);
    let task = task(vec![server.file("/endless", "a")], "touch ran");
    let cancel = CancellationToken::new();
    let run = tokio::spawn({
        let (node, task, cancel) = (node.node.clone(), task.clone(), cancel.clone());
        async move { node.run_task(&task, cancel).await }
    });
    let part = node.file(&task, "wd/a");
    eventually(|| part.exists()).await;
    // As a restart would find it: nothing is known of a run whose program has not begun.
    assert_eq!(node.node.look_at_task(&task).await.unwrap(), Standing::Lost);
    assert_eq!(node.node.resume_task(&task, CancellationToken::new()).await, None);
    cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(10), run).await.unwrap().unwrap();
    assert_eq!((outcome.exit_code, code(&outcome)), (None, Some("TaskEnded")));
    assert!(!node.file(&task, "wd/ran").exists());
    let again = self::task(vec![server.file("/plain", "a")], "cat a");
    assert!(node.run(&again).await.succeeded());
    assert_eq!(node.stdout(&again), "content");
}

#[tokio::test]
async fn nothing_is_fetched_for_a_task_that_is_only_simulated() {
    let server = Server::start().await;
    let node = TestNode::on(Arc::new(SimulatedRuntime::new(Arc::new(SystemClock)))).await;
    assert!(node.run(&task(vec![server.file("/none", "a")], "cat a")).await.succeeded());
    assert_eq!(server.count("/none"), 0);
}
