//! Data that comes and goes, and volumes.

use super::support::{CREDENTIALS, POOL, became, holds, of, of_jobs, of_task, valid};
use crate::import::Fate;
use crate::import::shipyard::Imported;

fn of_volumes(config: &str, job: &str) -> Imported {
    let jobs = format!(
        "job_specifications:\n- id: j\n{job}  tasks: [{{ docker_image: \"busybox:1\", command: run }}]\n"
    );
    let config = format!("global_resources:\n  docker_images: [\"busybox:1\"]\n  volumes:\n{config}");
    of(&[
        ("credentials.yaml", CREDENTIALS),
        ("config.yaml", &config),
        ("pool.yaml", POOL),
        ("jobs.yaml", &jobs),
    ])
}

#[test]
fn shared_volumes_are_mounts_that_tasks_see_where_they_did() {
    let imported = of_volumes(
        "    shared_data_volumes:
      blob: { volume_driver: azureblob, storage_account_settings: link, azure_blob_container_name: c, container_path: /blob, mount_options: [-o ro], bind_options: ro }
      share: { volume_driver: azurefile, storage_account_settings: link, azure_file_share_name: s, container_path: /share, mount_options: [file_mode=0777] }
      nfs: { volume_driver: custom_linux_mount, container_path: /nfs, fstab_entry: { fs_spec: \"10.0.0.4:/data\", fs_vfstype: nfs, fs_mntops: \"noatime,ro\" } }
      lustre: { volume_driver: custom_linux_mount, container_path: /l, fstab_entry: { fs_spec: \"10.0.0.5@tcp:/l\", fs_vfstype: lustre } }
",
        "  shared_data_volumes: [blob, share, nfs, lustre, none]\n",
    );
    holds(
        &imported,
        &[
            "account_name: mystore\n          account_key: { env: LINK_KEY }\n          container_name: c\n          blobfuse_options: -o ro",
            "azure_file_url: https://mystore.file.core.windows.net/s\n          mount_options: -o file_mode=0777",
            "source: 10.0.0.4:/data\n          mount_options: \"-o noatime,ro\"",
            "mount -t 'lustre' '10.0.0.5@tcp:/l' \"$AZ_BATCH_NODE_MOUNTS_DIR/lustre\"",
            "-v $AZ_BATCH_NODE_MOUNTS_DIR/blob:/blob:ro -v $AZ_BATCH_NODE_MOUNTS_DIR/share:/share -v $AZ_BATCH_NODE_MOUNTS_DIR/nfs:/nfs",
        ],
    );
    became(&imported, "job_specifications[0].shared_data_volumes", Fate::Changed, "without `none`");
}

#[test]
fn volumes_that_nothing_mounts_are_told_in_recipe_and_report() {
    for (driver, part) in [("glusterfs_on_compute", "GlusterFS"), ("storage_cluster", "file server")] {
        let imported = of_volumes(
            &format!("    shared_data_volumes: {{ v: {{ volume_driver: {driver}, container_path: /v }} }}\n"),
            "  shared_data_volumes: [v]\n",
        );
        holds(&imported, &["  # `v` was a "]);
        became(
            &imported,
            "global_resources.volumes.shared_data_volumes.v.volume_driver",
            Fate::Dropped,
            part,
        );
        assert!(imported.to_do.iter().any(|line| line.contains(part)), "{:?}", imported.to_do);
        assert!(!valid(&imported).contains("-v "));
    }
}

#[test]
fn data_volumes_are_options_of_their_tasks() {
    let imported = of_volumes(
        "    data_volumes: { host: { host_path: /mnt/x, container_path: /x, bind_options: ro }, own: { container_path: /own } }\n",
        "  data_volumes: [host, own]\n",
    );
    holds(&imported, &["--rm -v /mnt/x:/x:ro -v /own"]);
}

#[test]
fn the_password_of_a_mount_is_a_reference() {
    let imported = of_volumes(
        "    shared_data_volumes: { s: { volume_driver: custom_linux_mount, container_path: /s, fstab_entry: { fs_spec: //host/share, fs_vfstype: cifs, fs_mntops: \"username=me,password=hunter22,vers=3.0\" } } }\n",
        "",
    );
    holds(
        &imported,
        &["username: me\n          password: { env: S_PASSWORD }\n          mount_options: -o vers=3.0"],
    );
    assert!(!format!("{imported:?}").contains("hunter22"));
}

#[test]
fn input_data_comes_as_resource_files() {
    let task = of_task(
        "command: run\ninput_data: { azure_storage: [{ storage_account_settings: link, remote_path: box/a/b, local_path: $AZ_BATCH_TASK_WORKING_DIR/in, blobxfer_extra_options: --strip-components 2 }, { storage_account_settings: link, remote_path: box, include: [\"x*.txt\"] }] }",
    );
    holds(
        &task,
        &[
            "{ storage_container_url: { env: LINK_BOX_URL }, blob_prefix: a/b, file_path: in }",
            "{ storage_container_url: { env: LINK_BOX_URL }, blob_prefix: x }",
            "cp -R in/a/b/. in && run",
        ],
    );
    let job = of_jobs(
        "job_specifications:\n- id: j\n  input_data: { azure_storage: [{ storage_account_settings: link, remote_path: box/a, local_path: $AZ_BATCH_NODE_SHARED_DIR/data }] }\n  tasks: [{ docker_image: \"busybox:1\" }]\n",
    );
    holds(
        &job,
        &[
            "preparation_task:",
            "mkdir -p \"$AZ_BATCH_NODE_SHARED_DIR/data\" && cp -R a \"$AZ_BATCH_NODE_SHARED_DIR/data\"",
            "blob_prefix: a }",
        ],
    );
    let pool = format!(
        "{POOL}  input_data: {{ azure_storage: [{{ storage_account_settings: link, remote_path: box/a, local_path: /data }}], azure_batch: [{{ job_id: j, task_id: t, destination: /d }}] }}\n"
    );
    let pool = of(&[("credentials.yaml", CREDENTIALS), ("pool.yaml", &pool)]);
    holds(&pool, &["mkdir -p \"/data\"\n          cp -R a \"/data\"", "blob_prefix: a }"]);
    became(
        &pool,
        "pool_specification.input_data.azure_batch[0].job_id",
        Fate::Dropped,
        "copies no files between tasks",
    );
}

#[test]
fn output_data_is_kept_as_outputs() {
    let imported = of_task(
        "command: run\noutput_data:\n  azure_storage:\n  - { storage_account_settings: link, remote_path: box/out, local_path: $AZ_BATCH_TASK_WORKING_DIR, include: [\"*.bin\", a.txt], condition: taskfailure, exclude: [x] }\n  - { storage_account_settings: link, remote_path: box }\n  - { storage_account_settings: link, remote_path: share/out, is_file_share: true }\n",
    );
    holds(
        &imported,
        &[
            "{ pattern: \"*.bin\", to: out, container_url: { env: LINK_BOX_URL }, when: failure }",
            "{ pattern: a.txt, to: out/a.txt, container_url: { env: LINK_BOX_URL }, when: failure }",
            "{ pattern: \"../**/*\", container_url: { env: LINK_BOX_URL } }",
        ],
    );
    let place = "job_specifications[0].tasks[0].output_data.azure_storage";
    became(&imported, &format!("{place}[0].exclude"), Fate::Dropped, "by a pattern alone");
    became(&imported, &format!("{place}[2].remote_path"), Fate::Dropped, "blobs only");
    assert!(imported.variables.iter().any(|variable| variable.name == "LINK_BOX_URL"
        && variable.holds.contains("az storage container generate-sas --account-name mystore")));
}

#[test]
fn files_of_ones_own_are_answered() {
    let config = "global_resources:\n  files: [{ source: { path: /home/me/data }, destination: { shared_data_volume: v, data_transfer: { method: scp } } }]\n";
    let imported = of(&[("config.yaml", config), ("pool.yaml", POOL)]);
    became(
        &imported,
        "global_resources.files[0].destination.data_transfer.method",
        Fate::Dropped,
        "`inputs` of a task",
    );
}
