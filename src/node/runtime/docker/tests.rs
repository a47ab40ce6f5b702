//! Nodes with containers in a real engine, at `BATCHYARD_TEST_DOCKER_HOST`; without one these tests do nothing but say so.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::query_parameters::{PushImageOptionsBuilder, TagImageOptionsBuilder};
use futures::TryStreamExt;
use ring::digest::{SHA256, digest};
use serde_json::json;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::DockerRuntime;
use super::connect::Engine;
use crate::batch::model::{
    BatchContainerConfiguration, BatchTaskConstraints, Confidential, ContainerHostBatchBindMountEntry,
    ContainerHostDataPath, ContainerRegistryReference, ContainerWorkingDirectory, EnvironmentSetting,
};
use crate::node::TaskAssignment;
use crate::node::runtime::{ContainerId, ContainerRuntime, ContainerSpec, ContainerState};
use crate::node::test_support::{TestNode, admin, code, container_task, detail, eventually, with_containers};

const BUSYBOX: &str = "batchyard-test/node-busybox";
/// An image with ENTRYPOINT, CMD and WORKDIR of its own.
const SPEAKING: &str = "batchyard-test/node-speaking";

#[expect(clippy::disallowed_methods, reason = "tests/run tells the tests by the environment what it started")]
#[expect(clippy::print_stderr, reason = "a test that does nothing says so")]
fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        eprintln!("skipped: {name} is not set; tests/run starts what it names");
    }
    value
}

fn engine_address() -> Option<String> {
    variable("BATCHYARD_TEST_DOCKER_HOST")
}

/// The engine, with the images of these tests in it.
async fn engine() -> Option<Arc<DockerRuntime>> {
    static LOADED: OnceCell<()> = OnceCell::const_new();
    let address = engine_address()?;
    assert!(Path::new("/bin/busybox").exists(), "these tests make their images from busybox-static");
    let runtime = DockerRuntime::connect(Some(&address)).await.unwrap();
    LOADED
        .get_or_init(|| async {
            let plain = json!({ "Env": ["PATH=/bin"], "Cmd": ["/bin/sh"] });
            load(&runtime, BUSYBOX, &plain).await;
            let speaking = json!({
                "Env": ["PATH=/bin"], "Entrypoint": ["/bin/echo", "I say"], "Cmd": ["nothing"], "WorkingDir": "/data"
            });
            load(&runtime, SPEAKING, &speaking).await;
        })
        .await;
    Some(Arc::new(runtime))
}

async fn load(runtime: &DockerRuntime, name: &str, config: &serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("image.tar");
    std::fs::write(&archive, image(config)).unwrap();
    let loaded = runtime.load(name, &archive).await.unwrap();
    assert_eq!(runtime.find_image(name).await.unwrap(), Some(loaded));
}

/// An archive in the format of `docker save`: busybox under the names that these tests call it by.
fn image(config: &serde_json::Value) -> Vec<u8> {
    let mut layer = tar::Builder::new(Vec::new());
    layer.append_path_with_name("/bin/busybox", "bin/busybox").unwrap();
    for name in ["sh", "echo", "cat", "sleep", "printf", "id", "env", "pwd", "seq", "head", "tail"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        layer.append_link(&mut header, format!("bin/{name}"), "busybox").unwrap();
    }
    let layer = layer.into_inner().unwrap();
    let hex: String = digest(&SHA256, &layer).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let config = json!({
        "architecture": crate::node::platform::architecture(), "os": "linux", "config": config,
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{hex}")] },
    });
    let manifest = json!([{ "Config": "config.json", "RepoTags": [], "Layers": ["layer.tar"] }]);
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in [
        ("config.json", config.to_string().as_bytes()),
        ("manifest.json", manifest.to_string().as_bytes()),
        ("layer.tar", &layer),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content).unwrap();
    }
    archive.into_inner().unwrap()
}

async fn node() -> Option<TestNode> {
    Some(TestNode::on(engine().await?).await)
}

fn container_id(outcome: &crate::node::TaskOutcome) -> ContainerId {
    ContainerId(outcome.container_info.as_ref().unwrap().container_id.clone().unwrap())
}

fn message(outcome: &crate::node::TaskOutcome) -> String {
    detail(outcome.failure_info.as_ref().unwrap(), "Message")
}

#[tokio::test]
async fn the_sample_of_the_container_article_writes_its_file_on_the_node() {
    let Some(node) = node().await else { return };
    let command = r#"/bin/sh -c "echo 'hello world' > $AZ_BATCH_TASK_WORKING_DIR/output.txt""#;
    let task = container_task(BUSYBOX, "--rm --workdir /", command);
    let outcome = node.run(&task).await;
    assert!(outcome.succeeded(), "{outcome:?}");
    assert_eq!(node.read(&task, "wd/output.txt"), "hello world\n");
    assert_eq!(outcome.container_info.as_ref().unwrap().state.as_deref(), Some("exited"));
    let engine = engine().await.unwrap();
    assert_eq!(engine.state(&container_id(&outcome)).await.unwrap(), None, "--rm removes it");
    node.node.shut_down().await;
}

#[tokio::test]
async fn output_arrives_byte_for_byte_and_exit_codes_as_they_are() {
    let Some(node) = node().await else { return };
    let task = container_task(BUSYBOX, "", r#"/bin/sh -c 'printf "a\nb\377\000c"; printf oops >&2; exit 3'"#);
    let outcome = node.run(&task).await;
    assert_eq!((outcome.exit_code, code(&outcome)), (Some(3), Some("FailureExitCode")));
    assert_eq!(std::fs::read(node.file(&task, "stdout.txt")).unwrap(), b"a\nb\xff\0c");
    assert_eq!(node.read(&task, "stderr.txt"), "oops");
    let engine = engine().await.unwrap();
    let state = engine.state(&container_id(&outcome)).await.unwrap();
    assert!(matches!(state, Some(ContainerState::Exited(_))), "without --rm it stays: {state:?}");
    node.node.remove_task_directory(&task.job_id, &task.task.id).await.unwrap();
    assert_eq!(engine.state(&container_id(&outcome)).await.unwrap(), None, "and goes with the directory");
    node.node.shut_down().await;
}

#[tokio::test]
async fn long_output_is_complete() {
    let Some(node) = node().await else { return };
    let task = container_task(BUSYBOX, "--rm", "seq 1 200000");
    assert!(node.run(&task).await.succeeded());
    let expected: String = (1..=200_000).map(|number| format!("{number}\n")).collect();
    assert!(node.stdout(&task) == expected, "{} bytes", node.stdout(&task).len());
    node.node.shut_down().await;
}

#[tokio::test]
async fn entrypoint_command_and_working_directory_follow_docker() {
    let Some(node) = node().await else { return };
    let mut task = container_task(SPEAKING, "--rm", "");
    assert!(node.run(&task).await.succeeded());
    assert_eq!(node.stdout(&task), "I say nothing\n");
    task.task.command_line = "hello 'big world'".to_owned();
    node.run(&task).await;
    assert_eq!(node.stdout(&task), "I say hello big world\n");

    let mut task = container_task(SPEAKING, "--rm --entrypoint /bin/pwd", "");
    node.run(&task).await;
    let own = node.file(&task, "wd");
    assert_eq!(node.stdout(&task).trim(), own.to_string_lossy());
    let settings = task.task.container_settings.as_mut().unwrap();
    settings.working_directory = Some(ContainerWorkingDirectory::ContainerImageDefault);
    node.run(&task).await;
    assert_eq!(node.stdout(&task), "/data\n");
    node.node.shut_down().await;
}

#[tokio::test]
async fn the_environment_is_the_task_s_and_only_chosen_parts_are_mounted() {
    let Some(node) = node().await else { return };
    let mut task =
        container_task(BUSYBOX, "--rm -e FROM_OPTIONS=$AZ_BATCH_TASK_ID", "/bin/sh -c 'env; echo x > made'");
    let setting = |name: &str, value: &str| EnvironmentSetting {
        name: name.to_owned(),
        value: Some(Confidential::value(value)),
    };
    task.common_environment = vec![setting("FROM_JOB", "job"), setting("MODE", "job")];
    task.task.environment_settings = Some(vec![setting("MODE", "task")]);
    let entry = |source| ContainerHostBatchBindMountEntry { source: Some(source), is_read_only: None };
    task.task.container_settings.as_mut().unwrap().container_host_batch_bind_mounts =
        Some(vec![entry(ContainerHostDataPath::Task)]);
    assert!(node.run(&task).await.succeeded(), "{}", node.read(&task, "stderr.txt"));
    let said = node.stdout(&task);
    let has = |line: &str| said.lines().any(|said| said == line);
    for line in
        ["FROM_JOB=job", "MODE=task", "FROM_OPTIONS=task", "AZ_BATCH_JOB_ID=job", "AZ_BATCH_POOL_ID=Pool"]
    {
        assert!(has(line), "{line} is missing in {said}");
    }
    assert!(!said.contains("AZ_BATCH_NODE_SHARED_DIR") && said.contains("AZ_BATCH_TASK_DIR"), "{said}");
    assert_eq!(node.read(&task, "wd/made"), "x\n");
    node.node.shut_down().await;
}

#[tokio::test]
async fn tasks_run_without_privileges_unless_they_ask() {
    let Some(node) = node().await else { return };
    let mut task = container_task(BUSYBOX, "--rm", "/bin/sh -c 'id -u; echo x > made'");
    assert!(node.run(&task).await.succeeded(), "{}", node.read(&task, "stderr.txt"));
    assert_ne!(node.stdout(&task).trim(), "0");
    task.task.user_identity = Some(admin());
    node.run(&task).await;
    assert_eq!(node.stdout(&task).trim(), "0");
    node.node.shut_down().await;
}

#[tokio::test]
async fn limits_and_mounts_of_run_options_hold() {
    let Some(node) = node().await else { return };
    let options =
        "--rm --tmpfs /t:size=64k --shm-size=1m -v $AZ_BATCH_NODE_SHARED_DIR/new:/in:ro --init --read-only";
    let command =
        "/bin/sh -c 'head -c 100000 /dev/zero > /t/x; echo $?; echo x > /in/y; echo $?; cat /proc/1/cmdline'";
    let task = container_task(BUSYBOX, options, command);
    assert!(node.run(&task).await.succeeded());
    let said = node.stdout(&task);
    assert!(said.starts_with("1\n1\n"), "{said} {}", node.read(&task, "stderr.txt"));
    assert!(said.contains("init"), "{said}");
    let greedy = container_task(BUSYBOX, "-m 8m", "tail /dev/zero");
    let outcome = node.run(&greedy).await;
    assert_eq!(outcome.exit_code, Some(137), "{outcome:?}");
    let said = outcome.container_info.unwrap().error.unwrap_or_default();
    assert!(said.contains("memory limit"), "{said}");
    node.node.shut_down().await;
}

#[tokio::test]
async fn what_can_t_start_says_why_and_has_no_exit_code() {
    let Some(node) = node().await else { return };
    for (options, command, expected) in [
        ("", "no-such-program", "CommandProgramNotFound"),
        ("", "/no/such/program", "CommandProgramNotFound"),
        ("", "/etc", "CommandLaunchFailed"),
        ("--network no-such-network", "echo", "ContainerInvalidSettings"),
        ("--memory 1k", "echo", "ContainerInvalidSettings"),
        ("--mount type=bind,src=/no/such/folder,dst=/in", "echo", "ContainerInvalidSettings"),
        ("--user nobody-knows", "echo", "ContainerInvalidSettings"),
    ] {
        let task = container_task(BUSYBOX, options, command);
        let outcome = node.run(&task).await;
        assert_eq!(
            (outcome.exit_code, code(&outcome)),
            (None, Some(expected)),
            "{options} {command} {outcome:?}"
        );
    }
    node.node.shut_down().await;
}

#[tokio::test]
async fn cancelling_and_time_limits_end_a_container() {
    let Some(node) = node().await else { return };
    let task = container_task(BUSYBOX, "--rm --stop-timeout 1", "/bin/sh -c 'echo up; sleep 61'");
    let cancel = CancellationToken::new();
    let run = tokio::spawn({
        let (node, task, cancel) = (node.node.clone(), task.clone(), cancel.clone());
        async move { node.run_task(&task, cancel).await }
    });
    // Output is there while the task runs.
    eventually(|| node.stdout(&task) == "up\n").await;
    cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(20), run).await.unwrap().unwrap();
    assert_eq!((outcome.exit_code, code(&outcome)), (Some(137), Some("TaskEnded")));
    assert_eq!(node.stdout(&task), "up\n");

    let mut task = task;
    let limit = Some(Duration::from_secs(1).into());
    task.task.constraints =
        Some(BatchTaskConstraints { max_wall_clock_time: limit, ..BatchTaskConstraints::default() });
    let outcome = node.run(&task).await;
    assert_eq!(code(&outcome), Some("TaskEnded"));
    assert!(message(&outcome).contains("PT1S"), "{outcome:?}");
    node.node.shut_down().await;
}

/// Starts a task and abandons it as soon as it has said its first words, as a program does that is killed.
async fn abandoned(node: &TestNode, task: &TaskAssignment) {
    let run = tokio::spawn({
        let (node, task) = (node.node.clone(), task.clone());
        async move { node.run_task(&task, CancellationToken::new()).await }
    });
    eventually(|| !node.stdout(task).is_empty()).await;
    run.abort();
    let _ = run.await;
}

#[tokio::test]
async fn a_run_goes_on_in_the_next_life_of_the_program() {
    let Some(node) = node().await else { return };
    let counting = "/bin/sh -c 'for i in $(seq 1 30); do echo line $i; sleep 0.1; done; printf end; exit 4'";
    let task = container_task(BUSYBOX, "--rm", counting);
    abandoned(&node, &task).await;
    let node = node.reborn(engine().await.unwrap());
    let outcome = node.node.resume_task(&task, CancellationToken::new()).await.unwrap();
    assert_eq!(outcome.exit_code, Some(4));
    let expected: String = (1..=30).map(|i| format!("line {i}\n")).collect();
    assert_eq!(node.stdout(&task), expected + "end");
    // And once more, as if the outcome had not been stored: the container is gone, its result is not.
    let again = node.reborn(engine().await.unwrap());
    assert_eq!(again.node.resume_task(&task, CancellationToken::new()).await, Some(outcome));
    again.node.shut_down().await;
}

#[tokio::test]
async fn a_run_that_ended_while_nobody_watched_has_its_true_result() {
    let Some(node) = node().await else { return };
    let task = container_task(BUSYBOX, "", "/bin/sh -c 'echo begin; sleep 1; echo end; exit 6'");
    abandoned(&node, &task).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let node = node.reborn(engine().await.unwrap());
    let outcome = node.node.resume_task(&task, CancellationToken::new()).await.unwrap();
    assert_eq!(outcome.exit_code, Some(6));
    assert_eq!(node.stdout(&task), "begin\nend\n");
    node.node.shut_down().await;
}

#[tokio::test]
async fn a_lost_run_has_no_result() {
    let Some(node) = node().await else { return };
    let engine = engine().await.unwrap();
    let mut task = container_task(BUSYBOX, "", "/bin/sh -c 'echo up; sleep 61'");
    abandoned(&node, &task).await;
    let node = node.reborn(engine.clone());
    task.attempt = 1;
    let resume = async || node.node.resume_task(&task, CancellationToken::new()).await;
    assert_eq!(resume().await, None, "it is another attempt's");
    task.attempt = 0;
    let api = api().await;
    for (container, _) in engine.list(&owner(&node)).await.unwrap() {
        let force = bollard::query_parameters::RemoveContainerOptionsBuilder::new().force(true).build();
        api.remove_container(&container.0, Some(force)).await.unwrap();
    }
    let resume = async || node.node.resume_task(&task, CancellationToken::new()).await;
    assert_eq!(resume().await, None, "it is gone");
    node.node.shut_down().await;
}

fn owner(node: &TestNode) -> String {
    node.node.owner().to_owned()
}

#[tokio::test]
async fn leftovers_make_way_and_leaving_the_pool_leaves_nothing() {
    let Some(node) = node().await else { return };
    let engine = engine().await.unwrap();
    let mut task = container_task(BUSYBOX, "", "/bin/sh -c 'echo up; sleep 61'");
    abandoned(&node, &task).await;
    // The next run of the task replaces what the last one left.
    let second = container_task(BUSYBOX, "", "echo second");
    assert!(node.run(&second).await.succeeded());
    assert_eq!(engine.list(&owner(&node)).await.unwrap().len(), 1);
    // So does one that nobody wrote down.
    std::fs::remove_dir_all(node.node.root().with_extension("notes")).unwrap();
    assert!(node.run(&second).await.succeeded());
    task.task.id = crate::batch::TaskId::new("other").unwrap();
    abandoned(&node, &task).await;
    assert_eq!(engine.list(&owner(&node)).await.unwrap().len(), 2);
    node.node.shut_down().await;
    assert!(engine.list(&owner(&node)).await.unwrap().is_empty());
    assert!(!node.node.root().exists());
}

#[tokio::test]
async fn an_image_that_can_t_be_had_is_named_with_its_registry() {
    let Some(node) = node().await else { return };
    let task = container_task("127.0.0.1:9/app", "", "");
    let outcome = node.run(&task).await;
    assert_eq!(code(&outcome), Some("ContainerInvalidImage"));
    let info = outcome.failure_info.as_ref().unwrap();
    assert_eq!(detail(info, "ContainerImage"), "127.0.0.1:9/app");
    assert_eq!(detail(info, "Registry"), "127.0.0.1:9");
    assert!(message(&outcome).contains("refused"), "{outcome:?}");
    let pool = BatchContainerConfiguration {
        container_image_names: Some(vec![
            BUSYBOX.to_owned(),
            "127.0.0.1:9/a".to_owned(),
            "127.0.0.1:9/b".to_owned(),
        ]),
        ..BatchContainerConfiguration::default()
    };
    let errors = node.node.prepare(&with_containers(pool)).await.unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].message.as_ref().unwrap().contains("127.0.0.1:9/a"));
    node.node.shut_down().await;
}

#[tokio::test]
async fn a_private_registry_opens_to_the_right_password_only() {
    let (Some(_), Some(server)) = (engine().await, variable("BATCHYARD_TEST_PRIVATE_REGISTRY")) else {
        return;
    };
    let (Some(user), Some(password)) = (
        variable("BATCHYARD_TEST_PRIVATE_REGISTRY_USER"),
        variable("BATCHYARD_TEST_PRIVATE_REGISTRY_PASSWORD"),
    ) else {
        return;
    };
    let image = format!("{server}/node/busybox:1");
    push(&server, &user, &password).await;
    let node = node().await.unwrap();
    let pool = |password: &str| BatchContainerConfiguration {
        container_image_names: Some(vec![image.clone()]),
        container_registries: Some(vec![ContainerRegistryReference {
            registry_server: Some(server.clone()),
            username: Some(user.clone()),
            password: Some(Confidential::value(password)),
            identity_reference: None,
        }]),
        ..BatchContainerConfiguration::default()
    };
    node.node.prepare(&with_containers(pool(&password))).await.unwrap();
    let mut task = container_task(&image, "--rm", "echo from a private registry");
    task.container_configuration = Some(pool(&password));
    assert!(node.run(&task).await.succeeded());
    assert_eq!(node.stdout(&task), "from a private registry\n");

    // Although the image is there: only the registry knows whether the login is good.
    let errors = node.node.prepare(&with_containers(pool("wrong?~>"))).await.unwrap_err();
    assert_eq!(errors[0].code.as_deref(), Some("ContainerInvalidImage"));
    let message = errors[0].message.as_ref().unwrap();
    for part in [server.as_str(), "node/busybox", "401"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!message.contains("wrong?"), "{message}");
    node.node.shut_down().await;
}

/// The engine's own interface.
async fn api() -> Docker {
    Engine::find(engine_address().as_deref()).await.unwrap().api
}

async fn push(server: &str, user: &str, password: &str) {
    let api = api().await;
    let repository = format!("{server}/node/busybox");
    let tag = TagImageOptionsBuilder::new().repo(&repository).tag("1").build();
    api.tag_image(BUSYBOX, Some(tag)).await.unwrap();
    let login = DockerCredentials {
        username: Some(user.to_owned()),
        password: Some(password.to_owned()),
        serveraddress: Some(server.to_owned()),
        ..DockerCredentials::default()
    };
    let options = PushImageOptionsBuilder::new().tag("1").build();
    api.push_image(&repository, Some(options), Some(login)).try_for_each(async |_| Ok(())).await.unwrap();
}

#[tokio::test]
async fn starting_twice_or_waiting_for_nothing_is_told() {
    let Some(engine) = engine().await else { return };
    let nothing = ContainerId("batchyard-no-such-container".to_owned());
    assert!(engine.wait(&nothing).await.unwrap_err().to_string().contains("no container"));
    assert!(engine.start(&nothing).await.unwrap_err().to_string().contains("no container"));
    engine.stop(&nothing, Duration::ZERO).await.unwrap();
    engine.remove(&nothing).await.unwrap();
    assert_eq!(engine.state(&nothing).await.unwrap(), None);
    assert!(engine.describe().await.unwrap().contains("unix://"));

    let folder = tempfile::tempdir().unwrap();
    let spec = ContainerSpec {
        name: "batchyard-test-never-started".to_owned(),
        owner: "batchyard-test".to_owned(),
        image: BUSYBOX.to_owned(),
        stdout: folder.path().join("out"),
        stderr: folder.path().join("err"),
        ..ContainerSpec::default()
    };
    let id = engine.create(&spec).await.unwrap();
    assert_eq!(engine.state(&id).await.unwrap(), Some(ContainerState::Created));
    assert!(engine.wait(&id).await.unwrap_err().to_string().contains("never started"));
    assert!(engine.create(&spec).await.unwrap_err().to_string().contains("already in use"));
    engine.remove(&id).await.unwrap();
}
