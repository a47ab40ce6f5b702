//! Jobs and tasks.

use super::support::{POOL, became, holds, of, of_jobs, of_task, valid};
use crate::import::Fate;

#[test]
fn what_a_job_says_is_kept() {
    let imported = of_jobs(
        "\
job_specifications:
- id: nightly
  auto_complete: true
  priority: 5
  max_task_retries: 2
  max_wall_time: 1.00:00:00
  retention_time: 02:00:00
  force_enable_task_dependencies: true
  environment_variables: { LEVEL: info }
  exit_conditions: { default: { exit_options: { job_action: terminate, dependency_action: satisfy } } }
  job_preparation: { command: echo hello > $AZ_BATCH_NODE_SHARED_DIR/x }
  job_release: { command: rm -f /tmp/x }
  user_identity: { default_pool_admin: true }
  restrict_default_bind_mounts: true
  default_working_dir: container
  shm_size: 256m
  tasks:
  - id: one
    docker_image: busybox:1
    command: run
",
    );
    holds(
        &imported,
        &[
            "on_complete: terminate",
            "priority: 5",
            "retries: 2",
            "max_wall_time: \"1d\"",
            "retention: 2h",
            "uses_task_dependencies: true",
            "LEVEL: info",
            "on_task_failure: perform_exit_options_job_action",
            "exit_conditions: { default: { job_action: terminate, dependency_action: satisfy } }",
            "command: [/bin/sh, -c, \"echo hello > $AZ_BATCH_NODE_SHARED_DIR/x\"]",
            "command: rm -f /tmp/x",
            "user_scope: pool",
            "mounts: [task]",
            "working_directory: image",
            "--rm --shm-size=256m",
        ],
    );
}

#[test]
fn what_a_task_says_is_kept() {
    let imported = of_task(
        "\
id: one
name: my container
command: /bin/bash -c \"run --x\"
entrypoint: /bin/entry
ports: ['8080:80']
labels: [a=b, 'c d']
remove_container_after_exit: false
additional_docker_run_options: [--cap-add=SYS_NICE, --cpus 2]
max_task_retries: -1
max_wall_time: 00:30:00
retention_time: 1.00:00:00
gpus: device=0
environment_variables: { N: 3 }
resource_files: [{ blob_source: 'https://example.org/x.bin' }]
exit_conditions: { default: { exit_options: { dependency_action: block } } }",
    );
    holds(
        &imported,
        &[
            "      one:\n",
            "display_name: my container",
            "--entrypoint /bin/entry --gpus device=0 -p 8080:80 --label a=b --label 'c d' --cap-add=SYS_NICE --cpus 2",
            "command: [/bin/bash, -c, run --x]",
            "retries: -1",
            "max_wall_time: 30m",
            "retention: \"1d\"",
            "file_path: x.bin",
            "dependency_action: block",
        ],
    );
    assert!(!valid(&imported).contains("--rm"));
}

#[test]
fn options_that_no_node_takes_are_left_out_and_told() {
    let imported =
        of_task("command: run\nadditional_docker_run_options: [-d, --restart always, --cpus 2, --wrokdir x]");
    holds(&imported, &["run_options: --rm --cpus 2"]);
    became(
        &imported,
        "job_specifications[0].tasks[0].additional_docker_run_options",
        Fate::Changed,
        "belongs to `docker run`",
    );
}

#[test]
fn every_launcher_is_written_as_it_was() {
    for (runtime, per_node, expected) in [
        (
            "openmpi",
            "4",
            "mpirun --allow-run-as-root --mca plm_rsh_args '-p 23' --oversubscribe --host $AZ_BATCH_HOST_LIST -np ${{ params.nodes * 4 }} --map-by ppr:4:node -x A run",
        ),
        (
            "mpich",
            "nproc",
            "mpirun -hosts $AZ_BATCH_HOST_LIST -np $((${{ params.nodes }} * $(nproc))) -ppn $(nproc) -x A run",
        ),
        ("mvapich", "1", "mpirun -hosts $AZ_BATCH_HOST_LIST -np ${{ params.nodes }} -ppn 1 -x A run"),
        ("intelmpi", "2", "-perhost 2 -x A run"),
        ("intelmpi-ofa", "2", "-env I_MPI_FABRICS shm:ofa -x A run"),
    ] {
        let imported = of_task(&format!(
            "command: run\nmulti_instance: {{ num_instances: pool_current_dedicated, pre_execution_command: source env.sh, coordination_command: /start.sh $X, mpi: {{ runtime: {runtime}, processes_per_node: {per_node}, options: [-x A] }} }}"
        ));
        holds(
            &imported,
            &[
                expected,
                "source env.sh && ",
                "coordination_command: [/bin/sh, -c, /start.sh $X]",
                "number_of_instances: \"${{ params.nodes }}\"",
                "nodes: { type: integer, default: 2, minimum: 1 }",
                "--network=host",
            ],
        );
    }
}

#[test]
fn tasks_on_several_nodes_have_what_they_need_of_the_pool() {
    let pool = POOL.replace("  inter_node_communication_enabled: true\n", "  max_tasks_per_node: 4\n");
    let jobs = "job_specifications: [{ id: j, tasks: [{ docker_image: \"busybox:1\", command: run, multi_instance: { num_instances: pool_current_low_priority } }] }]\n";
    let imported = of(&[
        ("pool.yaml", &pool.replace("dedicated: 2, low_priority: 0", "low_priority: 3")),
        ("jobs.yaml", jobs),
    ]);
    holds(
        &imported,
        &[
            "inter_node_communication: true # tasks on several nodes need it",
            "nodes: { spot: \"${{ params.spot_nodes }}\" }",
            "coordination_command: /usr/sbin/sshd -p 23",
        ],
    );
    became(&imported, "pool_specification.max_tasks_per_node", Fate::Dropped, "to themselves");
    let scenario =
        "  autoscale: { scenario: { name: active_tasks, maximum_vm_count: { low_priority: 8 } } }\n";
    let imported = of(&[("pool.yaml", &format!("{pool}{scenario}")), ("jobs.yaml", jobs)]);
    holds(&imported, &["wanted = tasks / 1;"]);
}

#[test]
fn jobs_without_a_pool_run_on_one_that_is_named() {
    let jobs = "job_specifications: [{ id: j, tasks: [{ docker_image: \"busybox:1\", command: curl https://ada:hunter2@example.org/x }] }]\n";
    let imported = of(&[("jobs.yaml", jobs)]);
    holds(
        &imported,
        &[
            "pool: { type: string, default: shared } # the configuration has no pool",
            "command: curl $COMMAND_SECRET_1",
        ],
    );
    assert!(imported.to_do.iter().any(|line| line.contains("-p pool=ID")), "{:?}", imported.to_do);
}

#[test]
fn singularity_images_become_container_images_or_a_parameter_that_is_told() {
    let jobs = |image: &str| {
        format!(
            "job_specifications: [{{ id: j, tasks: [{{ singularity_image: \"{image}\", command: run }}] }}]\n"
        )
    };
    holds(&of_jobs(&jobs("docker://team/tool:2")), &["default: \"team/tool:2\""]);
    let imported = of_jobs(&jobs("library://team/tool:2"));
    assert!(
        imported
            .recipe
            .as_deref()
            .unwrap()
            .contains("description: \"A container image in place of library://team/tool:2")
    );
    let report = super::support::loaded(&imported).unwrap_err();
    assert_eq!(
        report.diagnostics.iter().map(|finding| finding.code.name).collect::<Vec<_>>(),
        ["missing-parameter"]
    );
    let told: Vec<&String> =
        imported.to_do.iter().filter(|line| line.contains("library://team/tool:2")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn one_image_is_a_parameter_and_several_are_not() {
    let one = of_jobs(
        "job_specifications: [{ id: j, tasks: [{ docker_image: \"a/b:1\" }, { docker_image: \"a/b:1\" }] }]\n",
    );
    holds(&one, &["image: { type: string, default: \"a/b:1\" }", "prefetch: [\"${{ params.image }}\"]"]);
    let two = of_jobs(
        "job_specifications: [{ id: j, tasks: [{ docker_image: \"a/b:1\" }, { docker_image: \"c:1\" }] }]\n",
    );
    holds(&two, &["prefetch: [\"a/b:1\", \"c:1\"]"]);
    assert!(!valid(&two).contains("params.image"));
}

#[test]
fn a_recurrent_job_of_one_task_is_a_schedule_and_of_several_it_is_told() {
    let jobs = |tasks: &str| {
        format!(
            "job_specifications:\n- id: j\n  auto_pool: {{ pool_lifetime: job_schedule }}\n  recurrence: {{ schedule: {{ recurrence_interval: 1.00:00:00, start_window: 01:00:00, do_not_run_until: '2027-01-01 02:30:00' }}, job_manager: {{ run_exclusive: true }} }}\n  tasks: [{tasks}]\n"
        )
    };
    let task = "{ docker_image: \"busybox:1\", command: run, output_data: { azure_storage: [{ storage_account_settings: link, remote_path: out, local_path: $AZ_BATCH_TASK_WORKING_DIR/a.txt, condition: taskcompletion }] } }";
    let one = of_jobs(&jobs(task));
    holds(
        &one,
        &[
            "schedules:\n  j:\n    recurrence:\n      interval: \"1d\"\n      start_window: 1h\n      do_not_run_until: \"2027-01-01T02:30:00Z\"",
            "manager_task:",
            "run_exclusive: true",
            "pool_lifetime_option: job_schedule",
            "upload_options: { upload_condition: task_completion }",
        ],
    );
    let two = of_jobs(&jobs(&format!("{task}, {task}")));
    holds(&two, &["jobs:\n  j:"]);
    became(&two, "job_specifications[0].recurrence.schedule.recurrence_interval", Fate::Dropped, "from cron");
}

#[test]
fn jobs_of_one_id_in_two_files_are_one_job() {
    let of_file = |task: &str| {
        format!(
            "job_specifications: [{{ id: j, tasks: [{{ docker_image: \"busybox:1\", command: {task} }}] }}]\n"
        )
    };
    let imported =
        of(&[("pool.yaml", POOL), ("jobs-a.yaml", &of_file("first")), ("jobs-b.yaml", &of_file("second"))]);
    holds(&imported, &["task-00000:", "task-00001:"]);
    assert_eq!(valid(&imported).matches("  j:\n").count(), 1);
    let second = imported.report.lines.iter().filter(|line| line.file == "jobs-b.yaml");
    assert!(second.clone().count() > 2 && second.clone().all(|line| !line.key.contains('#')), "{second:#?}");
}

#[test]
fn names_that_batch_does_not_take_are_changed_and_told() {
    let imported = of_jobs(
        "job_specifications: [{ id: <job id>, tasks: [{ id: 'a b', docker_image: \"busybox:1\" }] }]\n",
    );
    holds(&imported, &["  job-id:\n", "      a-b:\n"]);
    became(&imported, "job_specifications[0].id", Fate::Changed, "`job-id`");
    assert!(imported.to_do.iter().any(|line| line.contains("placeholder")));
}

#[test]
fn files_of_other_features_are_answered() {
    for (root, part) in [
        ("remote_fs", "file servers"),
        ("slurm", "Slurm"),
        ("monitoring", "Prometheus"),
        ("federation", "federations"),
    ] {
        let imported = of(&[("pool.yaml", POOL), ("other.yaml", &format!("{root}: {{ a: {{ b: 1 }} }}\n"))]);
        valid(&imported);
        became(&imported, root, Fate::Dropped, part);
    }
    let imported = of(&[("fs.yaml", "remote_fs: { a: 1 }\n")]);
    assert_eq!(imported.recipe, None);
    assert!(imported.to_do[0].contains("neither a pool nor a job"));
}
