//! Pools.

use super::support::{POOL, became, holds, of, of_jobs, valid};
use crate::import::Fate;
use crate::import::shipyard::Imported;

fn of_pool(more: &str) -> Imported {
    of(&[("pool.yaml", &format!("{POOL}{more}"))])
}

#[test]
fn images_without_an_engine_or_without_support_are_replaced_and_others_stay() {
    for (publisher, offer, sku, expected) in [
        (
            "Canonical",
            "UbuntuServer",
            "16.04-LTS",
            "image: ubuntu-24.04-container # was Canonical UbuntuServer 16.04-LTS",
        ),
        ("OpenLogic", "CentOS-HPC", "'7.6'", "image: ubuntu-24.04-container # was OpenLogic CentOS-HPC 7.6"),
        ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", "image: ubuntu-22.04-container # was"),
        (
            "microsoft-azure-batch",
            "ubuntu-server-container",
            "20-04-lts",
            "image: ubuntu-24.04-container # was",
        ),
        ("nobody", "nothing", "x", "it is not known to bring a container engine"),
        ("microsoft-dsvm", "ubuntu-hpc", "'2204'", "offer: ubuntu-hpc, sku: \"2204\""),
        (
            "MicrosoftWindowsServer",
            "WindowsServer",
            "2019-Datacenter-with-Containers",
            "node_agent_sku: batch.node.windows amd64",
        ),
        (
            "MicrosoftWindowsServer",
            "WindowsServer",
            "2019-Datacenter",
            "sku: 2019-datacenter-with-containers-smalldisk",
        ),
        (
            "MicrosoftWindowsServer",
            "WindowsServerSemiAnnual",
            "1809",
            "node_agent_sku: batch.node.windows amd64",
        ),
    ] {
        let image = format!("publisher: {publisher}, offer: {offer}, sku: {sku}");
        let pool = POOL.replace("publisher: Canonical, offer: UbuntuServer, sku: 18.04-LTS", &image);
        holds(&of(&[("pool.yaml", &pool)]), &[expected]);
    }
}

#[test]
fn sizes_that_azure_retired_are_replaced() {
    for (size, expected) in [
        (
            "STANDARD_NC6",
            "vm_size: Standard_NC4as_T4_v3 # was STANDARD_NC6, which Azure retired on 2023-09-06",
        ),
        ("STANDARD_NC24", "vm_size: Standard_NC64as_T4_v3"),
        ("STANDARD_D2_V2", "vm_size: Standard_D2_v2\n"),
    ] {
        let imported = of(&[("pool.yaml", &POOL.replace("STANDARD_D2_V3", size))]);
        holds(&imported, &[expected]);
    }
}

#[test]
fn an_image_of_ones_own_stays_with_its_agent() {
    let pool = POOL.replace(
        "platform_image: { publisher: Canonical, offer: UbuntuServer, sku: 18.04-LTS }",
        "custom_image: { arm_image_id: /subscriptions/x/images/y, node_agent: batch.node.ubuntu 22.04, native: true }",
    );
    let imported = of(&[("pool.yaml", &pool)]);
    holds(
        &imported,
        &["image: { id: /subscriptions/x/images/y }", "node_agent_sku: batch.node.ubuntu 22.04"],
    );
    let both = POOL.replace(
        "vm_configuration: { ",
        "vm_configuration: { custom_image: { arm_image_id: <arm image id>, node_agent: <agent> }, ",
    );
    holds(&of(&[("pool.yaml", &both)]), &["image: ubuntu-24.04-container"]);
}

#[test]
fn what_a_pool_says_of_its_nodes_is_kept() {
    let imported = of_pool(
        "  max_tasks_per_node: 2\n  node_fill_type: spread\n  resize_timeout: 00:20:00\n  public_ips: [/subscriptions/x/ip]\n  virtual_network: { arm_subnet_id: /subscriptions/x/s }\n",
    );
    holds(
        &imported,
        &[
            "nodes: { dedicated: 2 }",
            "slots_per_node: 2",
            "scheduling_policy: { node_fill_type: spread }",
            "resize_timeout: 20m",
            "subnet_id: /subscriptions/x/s",
            "provision: user_managed",
            "inter_node_communication: true",
        ],
    );
    let spot =
        of(&[("pool.yaml", &POOL.replace("dedicated: 2, low_priority: 0", "dedicated: 0, low_priority: 3"))]);
    holds(&spot, &["nodes: { spot: 3 }"]);
}

#[test]
fn every_scenario_is_a_formula_that_batch_understands() {
    let names = [
        "active_tasks",
        "pending_tasks",
        "workday",
        "workday_with_offpeak_max_low_priority",
        "weekday",
        "weekend",
    ];
    for name in names {
        for bias in ["auto", "dedicated", "low_priority"] {
            for more in [
                "",
                ", bias_last_sample: false",
                ", rebalance_preemption_percentage: 25",
                ", maximum_vm_increment_per_evaluation: { dedicated: 2, low_priority: 3 }, node_deallocation_option: requeue, sample_lookback_interval: 00:05:00",
            ] {
                let imported = of_pool(&format!(
                    "  autoscale: {{ evaluation_interval: 00:10:00, scenario: {{ name: {name}, bias_node_type: {bias}, maximum_vm_count: {{ dedicated: 5, low_priority: -1 }}{more} }} }}\n"
                ));
                holds(
                    &imported,
                    &["leastDedicated = 2;", "mostSpot = 16777216;", "evaluation_interval: 10m"],
                );
            }
        }
    }
    let formula =
        of_pool("  autoscale: { formula: \"$TargetDedicatedNodes = 3;\", scenario: { name: weekday } }\n");
    holds(&formula, &["formula: $TargetDedicatedNodes = 3;"]);
    became(&formula, "pool_specification.autoscale.scenario.name", Fate::Dropped, "wins");
}

#[test]
fn commands_of_the_node_are_the_start_task() {
    let imported = of_pool(
        "  additional_node_prep: { commands: { pre: [apt-get update, apt-get install -y x], post: [echo done] }, environment_variables: { A: 1 } }\n  resource_files: [{ blob_source: \"https://example.org/a/b.txt\", file_path: c.txt, file_mode: \"0755\" }]\n",
    );
    holds(
        &imported,
        &[
            "elevation: admin",
            "          set -e\n          apt-get update\n          apt-get install -y x\n          echo done\n",
            "A: \"1\"",
            "file_path: c.txt, file_mode: \"0755\"",
        ],
    );
    let files = of_pool("  resource_files: [{ blob_source: \"https://example.org/a\", file_path: a }]\n");
    holds(&files, &["command: /bin/true # nothing to run"]);
}

#[test]
fn a_job_with_a_pool_of_its_own_brings_it() {
    let imported = of_jobs(
        "job_specifications:\n- { id: j, auto_pool: { keep_alive: true, pool_lifetime: job_schedule }, tasks: [{ docker_image: \"busybox:1\" }] }\n",
    );
    holds(
        &imported,
        &["      auto:\n        auto_pool_id_prefix: cluster\n        keep_alive: true\n        pool:\n"],
    );
    assert!(!valid(&imported).contains("\npools:"));
    became(&imported, "job_specifications[0].auto_pool.pool_lifetime", Fate::Changed, "no schedule");
}

#[test]
fn jobs_without_a_pool_run_on_one_that_is_there() {
    let jobs = "job_specifications: [{ id: j, tasks: [{ docker_image: \"busybox:1\" }] }]\n";
    holds(
        &of(&[("jobs.yaml", jobs)]),
        &["pool: { id: \"${{ params.pool }}\" }", "pool: { type: string, default: shared }"],
    );
}
