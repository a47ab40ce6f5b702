//! Whole nodes: with simulated containers, and with processes of their own.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::test_support::{
    Failing, NoEngine, TestNode, admin, code, container_task, detail, eventually, host_task, node_in,
    start_task, with_containers,
};
use crate::batch::model::{
    BatchContainerConfiguration, BatchErrorSourceCategory, BatchTaskConstraints, Confidential,
    EnvironmentSetting,
};
use crate::batch::{TaskId, Thumbprint};
use crate::clock::{ManualClock, SystemClock};
use crate::node::account::Account;
use crate::node::runtime::{RuntimeError, RuntimeKind, SimulatedRuntime};
use crate::node::{NodeCertificate, NodeSetup, StartTaskAssignment, TaskAssignment};

async fn simulated() -> TestNode {
    TestNode::on(Arc::new(SimulatedRuntime::new(Arc::new(SystemClock)))).await
}

/// A node whose processes are real; it has no use for containers.
async fn real() -> TestNode {
    TestNode::on(Arc::new(NoEngine)).await
}

fn set(assignment: &mut TaskAssignment, name: &str, value: &str) {
    let setting = EnvironmentSetting { name: name.to_owned(), value: Some(Confidential::value(value)) };
    assignment.task.environment_settings.get_or_insert_default().push(setting);
}

fn limit(assignment: &mut TaskAssignment, seconds: u64) {
    assignment.task.constraints = Some(BatchTaskConstraints {
        max_wall_clock_time: Some(Duration::from_secs(seconds).into()),
        ..BatchTaskConstraints::default()
    });
}

mod simulated_containers {
    use super::*;

    #[tokio::test]
    async fn a_task_ends_as_its_script_says() {
        let node = simulated().await;
        let mut task = container_task("busybox", "--rm", "echo hello");
        let outcome = node.run(&task).await;
        assert!(outcome.succeeded());
        assert_eq!(outcome.exit_code, Some(0));
        assert!(
            node.stdout(&task)
                .starts_with("simulated: `echo hello` of image docker.io/library/busybox:latest")
        );
        set(&mut task, "BATCHYARD_SIMULATE", "exit=3");
        task.attempt = 1;
        let outcome = node.run(&task).await;
        assert_eq!((outcome.exit_code, code(&outcome)), (Some(3), Some("FailureExitCode")));
        assert_eq!(node.stdout(&task).lines().count(), 1, "a retry starts with empty output");
    }

    #[tokio::test]
    async fn no_process_of_the_node_runs_either() {
        let node = simulated().await;
        let outcome = node.start(&start_task("touch /nonexistent/file")).await;
        assert!(outcome.succeeded());
        let said = std::fs::read_to_string(node.node.root().join("startup/stdout.txt")).unwrap();
        assert!(said.starts_with("simulated: "), "{said}");
    }

    #[tokio::test]
    async fn a_task_may_run_as_long_as_it_may_and_no_longer() {
        let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
        let node = TestNode::new(Arc::new(SimulatedRuntime::new(clock.clone())), clock.clone()).await;
        let mut task = container_task("busybox", "", "sleep 100");
        set(&mut task, "BATCHYARD_SIMULATE", "seconds=100");
        limit(&mut task, 60);
        let run = tokio::spawn({
            let (node, task) = (node.node.clone(), task.clone());
            async move { node.run_task(&task, CancellationToken::new()).await }
        });
        let stdout = node.file(&task, "stdout.txt");
        eventually(|| std::fs::metadata(&stdout).is_ok_and(|file| file.len() > 0)).await;
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!run.is_finished());
        clock.advance(Duration::from_secs(1));
        let outcome = run.await.unwrap();
        assert_eq!(code(&outcome), Some("TaskEnded"));
        assert!(detail(outcome.failure_info.as_ref().unwrap(), "Message").contains("PT1M"));
    }

    #[tokio::test]
    async fn a_cancelled_task_ends_and_says_so() {
        let node = simulated().await;
        let mut task = container_task("busybox", "", "");
        set(&mut task, "BATCHYARD_SIMULATE", "seconds=1000");
        let cancel = CancellationToken::new();
        cancel.cancel();
        let outcome = node.node.run_task(&task, cancel).await;
        assert_eq!(code(&outcome), Some("TaskEnded"));
    }

    #[tokio::test]
    async fn a_simulated_run_is_lost_with_the_program() {
        let runtime = Arc::new(SimulatedRuntime::new(Arc::new(SystemClock)));
        let node = TestNode::on(runtime.clone()).await;
        let task = container_task("busybox", "", "");
        node.run(&task).await;
        let node = node.reborn(runtime);
        assert_eq!(node.node.resume_task(&task, CancellationToken::new()).await, None);
    }

    #[tokio::test]
    async fn settings_that_can_t_work_fail_with_the_service_s_codes() {
        let node = simulated().await;
        let mut task = container_task("busybox", "--gpus all", "");
        assert_eq!(code(&node.run(&task).await), Some("ContainerInvalidSettings"));
        task = container_task("Busy Box", "", "");
        assert_eq!(code(&node.run(&task).await), Some("ContainerInvalidImage"));
        task = container_task("busybox", "", "");
        task.container_configuration = None;
        assert_eq!(code(&node.run(&task).await), Some("ContainerPoolNotSupported"));
        task = host_task("echo");
        task.container_configuration = Some(BatchContainerConfiguration::default());
        assert_eq!(code(&node.run(&task).await), Some("ContainerInvalidSettings"));
    }

    #[tokio::test]
    async fn directories_go_when_they_are_told_to() {
        let node = simulated().await;
        let task = container_task("busybox", "", "");
        node.run(&task).await;
        let directory = node.node.task_directory(&task.job_id, &task.task.id);
        assert!(directory.join("stderr.txt").exists());
        node.node.remove_task_directory(&task.job_id, &task.task.id).await.unwrap();
        assert!(!directory.exists());
        node.run(&task).await;
        node.node.remove_job_directory(&task.job_id).await.unwrap();
        assert!(!directory.exists() && node.node.root().join("workitems").is_dir());
        node.node.shut_down().await;
        assert!(!node.node.root().exists());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn thousands_of_tasks_take_seconds() {
        use futures::StreamExt;
        let node = simulated().await;
        let begin = std::time::Instant::now();
        let runs = (0..2000).map(|number| {
            let mut task = container_task("busybox", "--rm", "true");
            task.task.id = TaskId::new(format!("t{number}")).unwrap();
            let node = node.node.clone();
            async move { node.run_task(&task, CancellationToken::new()).await.succeeded() }
        });
        let good =
            futures::stream::iter(runs).buffer_unordered(64).filter(|good| std::future::ready(*good)).count();
        assert_eq!(good.await, 2000);
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    }
}

mod a_full_disk {
    use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

    use super::*;

    #[tokio::test]
    async fn makes_a_node_unusable() {
        let folder = tempfile::tempdir().unwrap();
        // Smaller than what is kept free of any disk.
        let size = Some(c"size=16m");
        if mount("none", folder.path(), "tmpfs", MountFlags::empty(), size).is_err() {
            // Only root mounts a small disk.
            return;
        }
        let node = node_in(folder.path(), Arc::new(NoEngine), Arc::new(SystemClock));
        let errors = node.prepare(&NodeSetup::default()).await;
        unmount(folder.path(), UnmountFlags::DETACH).unwrap();
        assert_eq!(errors.unwrap_err()[0].code.as_deref(), Some("DiskFull"));
    }
}

mod a_missing_engine {
    use super::*;

    #[tokio::test]
    async fn makes_a_container_pool_s_node_unusable_and_a_task_fail_by_no_fault_of_its_own() {
        let node = TestNode::on(Arc::new(NoEngine)).await;
        let errors =
            node.node.prepare(&with_containers(BatchContainerConfiguration::default())).await.unwrap_err();
        assert_eq!(errors[0].code.as_deref(), Some("ContainerEngineUnavailable"));
        assert!(errors[0].message.as_ref().unwrap().contains("it is away"));
        let outcome = node.run(&container_task("busybox", "", "")).await;
        assert_eq!(code(&outcome), Some("Unknown"));
        assert_eq!(outcome.failure_info.unwrap().category, BatchErrorSourceCategory::ServerError);
    }
}

mod an_engine_under_load {
    use super::*;

    fn passing(reason: &str) -> RuntimeError {
        RuntimeError::Passing(Box::new(RuntimeError::InvalidSettings { reason: reason.to_owned() }))
    }

    fn away() -> RuntimeError {
        RuntimeError::Unavailable { kind: RuntimeKind::Docker, reason: "it is away".to_owned() }
    }

    fn taken() -> RuntimeError {
        RuntimeError::NameTaken { name: "n".to_owned(), reason: "in use".to_owned() }
    }

    #[tokio::test]
    async fn is_asked_again_until_it_does_what_it_can_do() {
        let runtime = Failing::at([
            ("find_image", away()),
            ("create", passing("busy")),
            ("start", passing("busy")),
            ("start", away()),
        ]);
        let node = TestNode::on(runtime.clone()).await;
        let outcome = node.run(&container_task("busybox", "", "true")).await;
        assert!(outcome.succeeded(), "{outcome:?}");
        assert_eq!((runtime.count("create"), runtime.count("start")), (2, 3));
    }

    #[tokio::test]
    async fn is_believed_in_the_end() {
        let runtime = Failing::at((0..20).map(|_| ("start", passing("never"))));
        let node = TestNode::on(runtime.clone()).await;
        let outcome = node.run(&container_task("busybox", "", "true")).await;
        assert_eq!(code(&outcome), Some("ContainerInvalidSettings"));
        assert_eq!(runtime.count("start"), 4);
    }

    #[tokio::test]
    async fn may_still_be_making_what_an_earlier_life_asked_for() {
        // The name is taken before there is a container of that name that could be removed.
        let runtime = Failing::at([("create", taken()), ("create", taken()), ("create", taken())]);
        let node = TestNode::on(runtime.clone()).await;
        assert!(node.run(&container_task("busybox", "", "true")).await.succeeded());
        assert_eq!((runtime.count("create"), runtime.count("remove")), (4, 3));
    }

    #[tokio::test]
    async fn is_waited_for_before_a_run_is_given_up() {
        let runtime = Failing::at([("state", away())]);
        let node = TestNode::on(runtime.clone()).await;
        let mut task = container_task("busybox", "", "true");
        set(&mut task, "BATCHYARD_SIMULATE", "seconds=1 exit=4");
        abandoned(&node, &task).await;
        let resumed = node.reborn(runtime).node.resume_task(&task, CancellationToken::new()).await;
        assert_eq!(resumed.unwrap().exit_code, Some(4));
    }

    /// Starts a task and forgets it, as a program that is killed.
    async fn abandoned(node: &TestNode, task: &TaskAssignment) {
        let run = tokio::spawn({
            let (node, task) = (node.node.clone(), task.clone());
            async move { node.run_task(&task, CancellationToken::new()).await }
        });
        let stdout = node.file(task, "stdout.txt");
        eventually(|| std::fs::metadata(&stdout).is_ok_and(|file| file.len() > 0)).await;
        run.abort();
        let _ = run.await;
    }

    #[tokio::test]
    async fn a_run_that_ended_in_time_while_nobody_watched_is_not_called_late() {
        let runtime = Failing::at([]);
        let node = TestNode::on(runtime.clone()).await;
        let mut task = container_task("busybox", "", "true");
        set(&mut task, "BATCHYARD_SIMULATE", "seconds=1");
        limit(&mut task, 2);
        abandoned(&node, &task).await;
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let resumed = node.reborn(runtime).node.resume_task(&task, CancellationToken::new()).await;
        assert_eq!(resumed.as_ref().and_then(|outcome| outcome.exit_code), Some(0));
        assert!(resumed.unwrap().succeeded());
    }

    #[tokio::test]
    async fn a_start_that_failed_while_nobody_listened_gives_no_exit_code() {
        let missing = RuntimeError::StartFailed { reason: "the program `nosuch` was not found".to_owned() };
        let runtime = Failing::at([]);
        let node = TestNode::on(runtime.clone()).await;
        let mut task = container_task("busybox", "", "nosuch -v");
        set(&mut task, "BATCHYARD_SIMULATE", "seconds=1");
        abandoned(&node, &task).await;
        runtime.fail_at("wait", missing);
        let resumed = node.reborn(runtime).node.resume_task(&task, CancellationToken::new()).await.unwrap();
        assert_eq!((resumed.exit_code, code(&resumed)), (None, Some("CommandProgramNotFound")));
        assert_eq!(detail(resumed.failure_info.as_ref().unwrap(), "Program"), "nosuch");
        let info = resumed.container_info.unwrap();
        assert!(info.container_id.is_some() && info.error.unwrap().contains("was not found"));
    }

    #[tokio::test]
    async fn a_run_that_is_overdue_when_it_is_found_again_is_ended_at_once() {
        let runtime = Failing::at([]);
        let node = TestNode::on(runtime.clone()).await;
        let mut task = container_task("busybox", "", "true");
        set(&mut task, "BATCHYARD_SIMULATE", "seconds=600");
        limit(&mut task, 1);
        abandoned(&node, &task).await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let resumed = node.reborn(runtime).node.resume_task(&task, CancellationToken::new()).await.unwrap();
        assert_eq!((resumed.exit_code, code(&resumed)), (Some(143), Some("TaskEnded")));
        assert!(detail(resumed.failure_info.as_ref().unwrap(), "Message").contains("PT1S"));
    }
}

mod processes {
    use super::*;

    #[tokio::test]
    async fn a_start_task_has_its_directory_environment_and_output() {
        let node = real().await;
        let mut task = start_task(
            r#"/bin/sh -c "pwd; echo $AZ_BATCH_POOL_ID ${GREETING} ${AZ_BATCH_JOB_ID:-none} $HOME; echo oops >&2; echo x > made""#,
        );
        task.environment_settings = Some(vec![EnvironmentSetting {
            name: "GREETING".to_owned(),
            value: Some(Confidential::value("hello-$AZ_BATCH_NODE_ID")),
        }]);
        let outcome = node.start(&task).await;
        assert!(outcome.succeeded(), "{outcome:?}");
        let startup = node.node.root().join("startup");
        let wd = startup.join("wd");
        let said = std::fs::read_to_string(startup.join("stdout.txt")).unwrap();
        assert_eq!(said, format!("{0}\nPool hello-node-1 none {0}\n", wd.display()));
        assert_eq!(std::fs::read_to_string(startup.join("stderr.txt")).unwrap(), "oops\n");
        assert!(wd.join("made").exists());
        assert_eq!(outcome.container_info, None);
    }

    #[tokio::test]
    async fn a_task_finds_the_certificates_of_its_node() {
        use std::os::unix::fs::PermissionsExt as _;
        let node = real().await;
        let certificate = |format: &str, thumbprint, password: Option<&str>| NodeCertificate {
            thumbprint: Thumbprint::parse("sha1", thumbprint).unwrap(),
            format: format.into(),
            data: Confidential::value("YWJj"),
            password: password.map(Confidential::value),
        };
        let certificates = [certificate("pfx", "0A", Some("sesame")), certificate("cer", "0b", None)];
        let task = start_task(
            r#"/bin/sh -c "cd $AZ_BATCH_CERTIFICATES_DIR && for f in *; do echo $f $(cat $f); done""#,
        );
        let look =
            StartTaskAssignment { task, certificates: certificates.into(), ..StartTaskAssignment::default() };
        assert!(node.node.run_start_task(&look).await.succeeded());
        let startup = node.node.root().join("startup");
        let said = std::fs::read_to_string(startup.join("stdout.txt")).unwrap();
        assert_eq!(said, "sha1-0a.pfx abc\nsha1-0a.pfx.pw sesame\nsha1-0b.cer abc\n");
        for (path, mode) in [("certs", 0o700), ("certs/sha1-0a.pfx", 0o600), ("certs/sha1-0a.pfx.pw", 0o600)]
        {
            let found = startup.join(path).metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{path}");
        }
        let none = start_task(r#"/bin/sh -c "echo ${AZ_BATCH_CERTIFICATES_DIR:-none}""#);
        assert!(node.start(&none).await.succeeded());
        assert_eq!(std::fs::read_to_string(startup.join("stdout.txt")).unwrap(), "none\n");
        assert!(!startup.join("certs").exists(), "what the pool has no more is gone");
    }

    #[tokio::test]
    async fn nothing_of_this_program_s_environment_gets_through() {
        let node = real().await;
        let task = host_task("/usr/bin/env");
        node.run(&task).await;
        let said = node.stdout(&task);
        assert!(said.contains("AZ_BATCH_TASK_ID=task") && said.contains("PATH=/usr/local/sbin:"), "{said}");
        assert!(!said.contains("CARGO"), "{said}");
    }

    #[tokio::test]
    async fn exit_codes_and_signals_are_told() {
        let node = real().await;
        let outcome = node.run(&host_task("/bin/sh -c 'exit 7'")).await;
        assert_eq!((outcome.exit_code, code(&outcome)), (Some(7), Some("FailureExitCode")));
        let outcome = node.run(&host_task("/bin/sh -c 'kill -9 $$'")).await;
        assert_eq!(outcome.exit_code, Some(137));
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_has_no_exit_code() {
        let node = real().await;
        let outcome = node.run(&host_task("no-such-program --x")).await;
        assert_eq!((outcome.exit_code, code(&outcome)), (None, Some("CommandProgramNotFound")));
        let outcome = node.run(&host_task("/etc/passwd")).await;
        assert_eq!((outcome.exit_code, code(&outcome)), (None, Some("CommandLaunchFailed")));
        assert_eq!(code(&node.run(&host_task("")).await), Some("CommandLaunchFailed"));
    }

    #[tokio::test]
    async fn who_runs_it_is_who_was_asked_for() {
        let node = real().await;
        let mut task = host_task("id -u");
        let me = Account::current();
        assert!(node.run(&task).await.succeeded());
        assert_eq!(node.stdout(&task).trim(), Account::automatic(me).uid.to_string());
        task.task.user_identity = Some(admin());
        let outcome = node.run(&task).await;
        if me.is_root() {
            assert_eq!(node.stdout(&task).trim(), "0");
        } else {
            assert!(detail(outcome.failure_info.as_ref().unwrap(), "Message").contains("as root"));
        }
    }

    #[tokio::test]
    async fn nothing_that_it_runs_gives_it_privileges() {
        let node = real().await;
        let mut task = host_task("grep NoNewPrivs /proc/self/status");
        assert!(node.run(&task).await.succeeded());
        assert_eq!(node.stdout(&task).trim(), "NoNewPrivs:\t1");
        if Account::current().is_root() {
            task.task.user_identity = Some(admin());
            assert!(node.run(&task).await.succeeded());
            assert!(node.stdout(&task).ends_with("NoNewPrivs:\t0\n"), "{}", node.stdout(&task));
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_closed_to_the_task_is_named() {
        use std::os::unix::fs::PermissionsExt;
        if !Account::current().is_root() {
            return;
        }
        let node = real().await;
        let parent = node.node.root().parent().unwrap();
        std::fs::set_permissions(parent, std::fs::Permissions::from_mode(0o700)).unwrap();
        let outcome = node.run(&host_task("true")).await;
        assert_eq!(code(&outcome), Some("CommandLaunchFailed"));
        let message = detail(outcome.failure_info.as_ref().unwrap(), "Message");
        assert!(message.contains(&*parent.to_string_lossy()) && message.contains("chmod"), "{message}");
    }

    /// A shell that starts another process and waits for it; both would run for a minute.
    const FAMILY: &str = r#"/bin/sh -c "sleep 61 & echo $! > child; wait""#;

    fn runs(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // A zombie has ended; nobody has asked for its exit code yet.
        !stat.is_empty() && !stat.contains(") Z ")
    }

    #[tokio::test]
    async fn ending_a_task_ends_all_of_its_processes() {
        let node = real().await;
        let task = host_task(FAMILY);
        let cancel = CancellationToken::new();
        let run = tokio::spawn({
            let (node, task, cancel) = (node.node.clone(), task.clone(), cancel.clone());
            async move { node.run_task(&task, cancel).await }
        });
        eventually(|| node.read(&task, "wd/child").ends_with('\n')).await;
        let child = node.read(&task, "wd/child").trim().to_owned();
        assert!(runs(&child));
        cancel.cancel();
        let outcome = run.await.unwrap();
        assert_eq!(code(&outcome), Some("TaskEnded"));
        eventually(|| !runs(&child)).await;
    }

    #[tokio::test]
    async fn a_time_limit_ends_a_process() {
        let node = real().await;
        let mut task = host_task("sleep 61");
        limit(&mut task, 1);
        let outcome = node.run(&task).await;
        assert_eq!(code(&outcome), Some("TaskEnded"));
    }

    #[tokio::test]
    async fn an_outcome_that_was_written_down_is_found_again_and_only_by_its_own_attempt() {
        let node = real().await;
        let mut task = host_task("/bin/sh -c 'exit 5'");
        task.attempt = 3;
        let outcome = node.run(&task).await;
        let node = node.reborn(Arc::new(NoEngine));
        let resumed = node.node.resume_task(&task, CancellationToken::new()).await;
        assert_eq!(resumed, Some(outcome));
        task.attempt = 4;
        assert_eq!(node.node.resume_task(&task, CancellationToken::new()).await, None);
    }
}
