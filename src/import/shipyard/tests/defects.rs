//! Defects of Batch Shipyard that a configuration could carry over: mended, or told.

use super::support::{POOL, became, holds, of, of_jobs, of_task, valid};
use crate::import::Fate;

#[test]
fn singularity_on_several_nodes_does_not_crash() {
    let imported = of_jobs(
        "job_specifications:\n- id: j\n  tasks:\n  - singularity_image: docker://busybox:1\n    multi_instance: { num_instances: 2, mpi: { runtime: mpich } }\n    command: run\n",
    );
    holds(&imported, &["default: \"busybox:1\"", "mpirun -hosts $AZ_BATCH_HOST_LIST run"]);
}

#[test]
fn auto_scratch_in_either_form_is_told_and_never_a_crash() {
    for scratch in ["true", "{ setup: dependency, num_instances: pool_specification_vm_count_dedicated }"] {
        let imported = of_jobs(&format!(
            "job_specifications:\n- id: j\n  auto_scratch: {scratch}\n  tasks: [{{ docker_image: busybox:1 }}]\n"
        ));
        valid(&imported);
        let line = imported.report.lines.iter().find(|line| line.key.contains("auto_scratch")).unwrap();
        assert_eq!(line.fate, Fate::Dropped);
        assert!(line.note.contains("mount a share"), "{}", line.note);
        assert!(imported.to_do.iter().any(|line| line.contains("auto_scratch")), "{:?}", imported.to_do);
    }
}

#[test]
fn infiniband_of_a_job_counts() {
    let pool = POOL.replace("STANDARD_D2_V3", "Standard_HB120rs_v3");
    let jobs = |value: bool| {
        format!(
            "job_specifications:\n- {{ id: j, infiniband: {value}, tasks: [{{ docker_image: \"busybox:1\" }}] }}\n"
        )
    };
    let with = of(&[("pool.yaml", &pool), ("jobs.yaml", &jobs(true))]);
    holds(&with, &["--device=/dev/infiniband"]);
    let without = of(&[("pool.yaml", &pool), ("jobs.yaml", &jobs(false))]);
    assert!(!valid(&without).contains("infiniband"));
    let small = of(&[("pool.yaml", POOL), ("jobs.yaml", &jobs(true))]);
    assert!(!valid(&small).contains("infiniband"));
    became(&small, "job_specifications[0].infiniband", Fate::Dropped, "no InfiniBand");
}

#[test]
fn the_path_of_the_launcher_keeps_its_capital_letters() {
    let imported = of_task(
        "command: run\nmulti_instance: { num_instances: 2, mpi: { runtime: openmpi, executable_path: /opt/OpenMPI/bin/mpirun } }",
    );
    holds(&imported, &["/opt/OpenMPI/bin/mpirun --allow-run-as-root"]);
    became(
        &imported,
        "job_specifications[0].tasks[0].multi_instance.mpi.executable_path",
        Fate::Changed,
        "capital letters",
    );
}

#[test]
fn certificates_are_told_to_be_gone_whatever_their_visibility() {
    for visibility in ["node_prep", "start_task", "task"] {
        let pool = format!("{POOL}  certificates: {{ abc: {{ visibility: [{visibility}] }} }}\n");
        let imported = of(&[("pool.yaml", &pool)]);
        valid(&imported);
        became(
            &imported,
            "pool_specification.certificates.abc.visibility",
            Fate::Dropped,
            "no certificates any more",
        );
    }
}

#[test]
fn native_is_never_dropped_in_silence() {
    let pool = POOL.replace("sku: 18.04-LTS", "sku: 18.04-LTS, native: true");
    let imported = of(&[("pool.yaml", &pool)]);
    holds(
        &imported,
        &["image: ubuntu-24.04-container # was Canonical UbuntuServer 18.04-LTS", "container: {}"],
    );
    let (fate, note) =
        super::support::fate(&imported, "pool_specification.vm_configuration.platform_image.native");
    assert!(fate == Fate::Changed && note.contains("ubuntu-24.04-container"), "{note}");
}

#[test]
fn the_preempted_share_is_compared_with_a_share() {
    let pool = format!(
        "{POOL}  autoscale: {{ scenario: {{ name: pending_tasks, maximum_vm_count: {{ dedicated: 4, low_priority: 8 }}, rebalance_preemption_percentage: 50 }} }}\n"
    );
    let imported = of(&[("pool.yaml", &pool)]);
    holds(&imported, &["preempted / all >= 0.5"]);
    became(
        &imported,
        "pool_specification.autoscale.scenario.rebalance_preemption_percentage",
        Fate::Changed,
        "share with percents",
    );
}

#[test]
fn a_weekend_has_two_days() {
    let pool = format!(
        "{POOL}  autoscale: {{ scenario: {{ name: weekend, maximum_vm_count: {{ dedicated: 4 }} }} }}\n"
    );
    let imported = of(&[("pool.yaml", &pool)]);
    holds(&imported, &["isPeak = now.weekday < 1 || now.weekday > 5;"]);
    became(&imported, "pool_specification.autoscale.scenario.name", Fate::Changed, "Saturday and Sunday");
}

#[test]
fn a_virtual_network_needs_no_credentials_to_be_read() {
    let pool =
        format!("{POOL}  virtual_network: {{ name: net, resource_group: g, subnet: {{ name: s }} }}\n");
    let imported = of(&[("pool.yaml", &pool)]);
    holds(&imported, &["/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net/subnets/s"]);
    assert!(imported.to_do.iter().any(|line| line.contains("placeholder")));
}

#[test]
fn the_merge_task_waits_for_all_and_its_stale_key_is_told() {
    let imported = of_jobs(
        "job_specifications:\n- id: j\n  tasks: [{ docker_image: busybox:1 }, { id: other, docker_image: busybox:1 }]\n  merge_task: { docker_image: busybox:1, gpu: true }\n",
    );
    holds(&imported, &["merge-task-00000:", "depends_on: [task-00000, other]"]);
    became(&imported, "job_specifications[0].merge_task.gpu", Fate::Dropped, "never read it");
}

#[test]
fn braces_in_the_command_of_a_factory_stay() {
    let imported = of_task(
        "task_factory: { parametric_sweep: { product: [{ start: 0, stop: 3, step: 1 }] } }\ncommand: /bin/sh -c \"awk '{print $1}' {0}.txt\"",
    );
    holds(&imported, &["{print $1}", "${{ item }}.txt"]);
    became(&imported, "job_specifications[0].tasks[0].command", Fate::Changed, "where Batch Shipyard failed");
}

#[test]
fn a_factory_that_only_names_its_tasks_makes_one() {
    let imported = of_task("task_factory: { autogenerated_task_id: { prefix: x- } }\ncommand: run");
    holds(&imported, &["x-00000:"]);
    became(
        &imported,
        "job_specifications[0].tasks[0].task_factory.autogenerated_task_id.prefix",
        Fate::Changed,
        "made none",
    );
}

#[test]
fn a_task_that_nobody_has_is_not_waited_for() {
    let imported = of_task("depends_on: [zzz]\ncommand: run");
    assert!(!valid(&imported).contains("zzz"));
    became(&imported, "job_specifications[0].tasks[0].depends_on", Fate::Changed, "without `zzz`");
}

#[test]
fn a_length_of_time_that_is_none_is_told() {
    let imported = of_task("max_wall_time: 3 hours\ncommand: run");
    assert!(!valid(&imported).contains("max_wall_time"));
    became(&imported, "job_specifications[0].tasks[0].max_wall_time", Fate::Dropped, "not understood");
}
