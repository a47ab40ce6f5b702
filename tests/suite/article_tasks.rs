//! What the article on container workloads says of tasks, in real containers; `docs/container-article.md` maps its sentences.

use std::collections::BTreeMap;

use crate::support::{Fate, Local, Runtime, Sandbox, Service};

const RUNTIMES: [Runtime; 2] = [Runtime::Docker, Runtime::Oci];

/// Runs tasks on a container pool with each runtime of real containers, and hands over what became of them.
#[track_caller]
fn on_real_containers(tasks: &str, check: impl Fn(&Local, &BTreeMap<String, Fate>)) {
    for runtime in RUNTIMES {
        let Some(registry) = Service::Registry.address() else { return };
        let Some(local) = Local::new(runtime) else { continue };
        let recipe = format!(
            "api_version: batchyard/v1
name: article
pools:
  p: {{ vm_size: Standard_D1_v2, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }}, slots_per_node: 4 }}
jobs:
  j:
    pool: p
    tasks:
{}",
            tasks.replace("REGISTRY", &registry)
        );
        local.sandbox().write("recipe.yaml", &recipe);
        let applied = local.run(["apply", "recipe.yaml", "--auto-approve", "--format", "json"]);
        check(&local, &local.fates(&applied));
        local.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
        local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    }
}

#[track_caller]
fn printed(fates: &BTreeMap<String, Fate>, task: &str) -> String {
    let fate = fates.get(task).unwrap_or_else(|| panic!("nothing became of {task}"));
    assert_eq!(fate.exit_code, Some(0), "{task}: {fate:?}");
    fate.printed()
}

#[test]
fn an_empty_command_line_runs_the_entrypoint_and_another_one_follows_or_replaces_it() {
    let tasks = r#"
      default: { container: { image: "REGISTRY/entrypoint:latest" } }
      follows: { container: { image: "REGISTRY/entrypoint:latest" }, command: [and, more] }
      replaces: { container: { image: "REGISTRY/entrypoint:latest", run_options: "--entrypoint /bin/echo" }, command: [another, program] }
      without: { container: { image: "REGISTRY/busybox:latest" }, command: [/bin/sh, -c, "echo none to replace"] }
"#;
    on_real_containers(tasks, |_, fates| {
        assert_eq!(printed(fates, "default"), "hello from the entrypoint\n");
        assert_eq!(printed(fates, "follows"), "hello from the entrypoint and more\n");
        assert_eq!(printed(fates, "replaces"), "another program\n");
        assert_eq!(printed(fates, "without"), "none to replace\n");
    });
}

#[test]
fn a_task_starts_in_its_own_directory_and_neither_in_workdir_nor_in_the_root() {
    let tasks = r#"
      image-has-one: { container: { image: "REGISTRY/entrypoint:latest", run_options: "--entrypoint /bin/pwd" } }
      image-has-none: { container: { image: "REGISTRY/busybox:latest" }, command: [/bin/sh, -c, "pwd; echo $AZ_BATCH_TASK_WORKING_DIR"] }
      option: { container: { image: "REGISTRY/entrypoint:latest", run_options: "--entrypoint /bin/pwd --workdir /srv" } }
      image: { container: { image: "REGISTRY/entrypoint:latest", run_options: "--entrypoint /bin/pwd", working_directory: image } }
"#;
    on_real_containers(tasks, |_, fates| {
        assert!(printed(fates, "image-has-one").ends_with("/workitems/j/job-1/image-has-one/wd\n"));
        let both = printed(fates, "image-has-none");
        let lines: Vec<_> = both.lines().collect();
        assert_eq!(lines[0], lines[1], "the variable says where");
        assert!(lines[0].ends_with("/workitems/j/job-1/image-has-none/wd"), "{both}");
        assert_eq!(printed(fates, "option"), "/srv\n");
        assert_eq!(printed(fates, "image"), "/srv\n");
    });
}

#[test]
fn all_directories_of_the_node_are_in_the_container_at_the_same_path() {
    let tasks = r#"
      looks:
        container: { image: "REGISTRY/busybox:latest" }
        command:
          - /bin/sh
          - -c
          - |
            cd $AZ_BATCH_NODE_ROOT_DIR && ls
            mkdir -p $AZ_BATCH_NODE_SHARED_DIR/deep/er && echo of the task > $AZ_BATCH_NODE_SHARED_DIR/deep/er/file
            echo $AZ_BATCH_NODE_ROOT_DIR
      reads:
        depends_on: [looks]
        container: { image: "REGISTRY/busybox:latest" }
        command: [/bin/sh, -c, "cat $AZ_BATCH_NODE_SHARED_DIR/deep/er/file; cat $AZ_BATCH_NODE_ROOT_DIR/workitems/j/job-1/looks/stdout.txt"]
"#;
    on_real_containers(tasks, |_, fates| {
        let looks = printed(fates, "looks");
        for directory in ["applications", "fsmounts", "shared", "startup", "volatile", "workitems"] {
            assert!(looks.lines().any(|line| line == directory), "{directory}: {looks}");
        }
        // At the same path: what the variable says is a folder of this machine.
        let root = std::path::Path::new(looks.lines().last().unwrap());
        assert!(root.is_absolute() && root.ends_with(root.file_name().unwrap()), "{looks}");
        assert_eq!(printed(fates, "reads"), format!("of the task\n{looks}"));
    });
}

#[test]
fn all_variables_of_the_task_are_in_the_container() {
    let tasks = r#"
      shows:
        container: { image: "REGISTRY/busybox:latest" }
        environment: { OWN: "its own, $AZ_BATCH_TASK_ID" }
        command: [env]
"#;
    on_real_containers(tasks, |_, fates| {
        let shown = printed(fates, "shows");
        let value = |name: &str| shown.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        for name in [
            "AZ_BATCH_ACCOUNT_NAME",
            "AZ_BATCH_ACCOUNT_URL",
            "AZ_BATCH_NODE_ID",
            "AZ_BATCH_NODE_ROOT_DIR",
            "AZ_BATCH_NODE_SHARED_DIR",
            "AZ_BATCH_NODE_STARTUP_DIR",
            "AZ_BATCH_NODE_MOUNTS_DIR",
            "AZ_BATCH_TASK_DIR",
            "AZ_BATCH_TASK_WORKING_DIR",
        ] {
            assert!(value(name).is_some_and(|value| !value.is_empty()), "{name}: {shown}");
        }
        for (name, expected) in [
            ("AZ_BATCH_POOL_ID", "p"),
            ("AZ_BATCH_JOB_ID", "j"),
            ("AZ_BATCH_TASK_ID", "shows"),
            ("AZ_BATCH_NODE_IS_DEDICATED", "true"),
            ("OWN", "its own, shows"),
        ] {
            assert_eq!(value(name), Some(expected), "{name}: {shown}");
        }
    });
}

#[test]
fn files_that_a_task_writes_stay_when_its_container_is_gone() {
    let tasks = r#"
      writes:
        container: { image: "REGISTRY/busybox:latest", run_options: --rm }
        command: [/bin/sh, -c, "echo kept > result; pwd"]
"#;
    on_real_containers(tasks, |_, fates| {
        let folder = printed(fates, "writes");
        let kept = std::fs::read_to_string(format!("{}/result", folder.trim_end())).unwrap();
        assert_eq!(kept, "kept\n");
    });
}

#[test]
fn run_options_are_those_of_docker_create() {
    let tasks = r#"
      options:
        container: { image: "REGISTRY/busybox:latest", run_options: "--rm --env GREETING='good day' --hostname=box --user 4321 -m 64m --read-only" }
        command: [/bin/sh, -c, "echo $GREETING; hostname; id -u; touch /x || echo read-only"]
"#;
    on_real_containers(tasks, |_, fates| {
        assert_eq!(printed(fates, "options"), "good day\nbox\n4321\nread-only\n");
    });
    let of_docker_run = "api_version: batchyard/v1
name: run
jobs:
  j: { pool: { id: p }, tasks: { t: { container: { image: busybox:1, run_options: --detach }, command: [\"true\"] } } }
";
    let validated = Sandbox::new().file("recipe.yaml", of_docker_run).run(["validate", "recipe.yaml"]);
    validated.code(3).stderr_contains("run-options").stderr_contains("--detach");
}

#[test]
fn images_run_as_they_are_with_their_volumes_and_links() {
    let tasks = r#"
      volumes:
        container: { image: "REGISTRY/volumes:latest", run_options: "--read-only --user 0" }
        command: [/bin/sh, -c, "cat /srv/data/file; echo x > /srv/data/new && echo y > /new/f && cat /new/f; cat /etc/resolv.conf > /new/f && echo resolves"]
      again: { container: { image: "REGISTRY/volumes:latest" }, depends_on: [volumes], command: [/bin/sh, -c, "ls /srv/data /new"] }
"#;
    on_real_containers(tasks, |_, fates| {
        assert_eq!(printed(fates, "volumes"), "of the image\ny\nresolves\n");
        assert_eq!(printed(fates, "again"), "/new:\n\n/srv/data:\nfile\n");
    });
}

#[test]
fn what_can_not_be_fails_alike_on_all_runtimes() {
    let refused = [
        "-w /etc/passwd",
        "-w /proc/self/fd/7",
        "--cpuset-cpus 999",
        "--cpus 100000",
        "--ulimit nofile=999999999999",
        "-v /etc/hostname:/etc",
        "-v /etc:/etc/passwd",
        "-v /tmp:/m -v /etc:/m",
    ];
    let of_refused = refused.iter().enumerate().map(|(number, options)| {
        format!(
            "      t{number}: {{ container: {{ image: \"REGISTRY/busybox:latest\", run_options: \"{options}\" }}, command: [\"true\"] }}\n"
        )
    });
    let mut tasks: String = of_refused.collect();
    let long = "x".repeat(140_000);
    for (id, command) in [("bare", "/bin/bare"), ("long", &format!("echo, {long}"))] {
        tasks += &format!(
            "      {id}: {{ container: {{ image: \"REGISTRY/volumes:latest\" }}, command: [{command}] }}\n"
        );
    }
    on_real_containers(&tasks, |_, fates| {
        for (number, options) in refused.iter().enumerate() {
            let fate = &fates[&format!("t{number}")];
            assert_eq!(fate.failure.as_deref(), Some("ContainerInvalidSettings"), "{options}: {fate:?}");
            assert_eq!((fate.exit_code, fate.category.as_deref()), (None, Some("usererror")), "{options}");
        }
        for task in ["bare", "long"] {
            let fate = &fates[task];
            assert_eq!(fate.failure.as_deref(), Some("FailureExitCode"), "{task}");
            assert!(fate.exit_code.is_some_and(|code| code != 0), "{task}: {:?}", fate.exit_code);
            assert!(String::from_utf8_lossy(&fate.stderr).starts_with("exec /bin/"), "{task}");
        }
    });
}

#[test]
fn tasks_and_job_managers_need_container_settings_and_the_others_do_not() {
    let recipe = |task: &str, manager: &str| {
        format!(
            r#"api_version: batchyard/v1
name: settings
pools:
  p: {{ vm_size: Standard_D1_v2, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }}, start_task: {{ command: "true" }} }}
jobs:
  j:
    pool: p
    preparation_task: {{ command: "true" }}
    release_task: {{ command: "true" }}
    manager_task: {{ command: "true", run_exclusive: false{manager} }}
    tasks:
      t: {{ command: "true"{task} }}
"#
        )
    };
    let container = ", container: { image: busybox:1.36 }";
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe(container, container));
    sandbox.run(["validate", "recipe.yaml"]).success();
    for (task, manager) in [("", container), (container, "")] {
        sandbox.write("recipe.yaml", &recipe(task, manager));
        let validated = sandbox.run(["validate", "recipe.yaml"]);
        validated.code(3).stderr_contains("container-required");
    }
}
