//! What a task cannot do to the machine, though it is root in its container and the node's folders are its own.

use std::path::{Path, PathBuf};

use crate::support::{Local, Output, Runtime, Service};

/// A job of one task: its id, run options, and what the task's shell does.
type Job<'a> = (&'a str, &'a str, &'a str);

/// A local account, and a folder of its machine that no task may touch.
struct Attacked {
    local: Local,
    registry: String,
    runtime: Runtime,
}

impl Attacked {
    fn new(runtime: Runtime) -> Option<Self> {
        let registry = Service::Registry.address()?;
        let local = Local::new(runtime)?;
        local.sandbox().write("victim/precious", "precious\n");
        Some(Self { local, registry, runtime })
    }

    /// Runs jobs whose tasks are root in their containers, in whatever order; jobs that have run before are left alone.
    fn run(&self, jobs: &[Job<'_>]) -> Output {
        let mut recipe = String::from(
            "api_version: batchyard/v1
name: hostile
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
",
        );
        for (job, options, script) in jobs {
            let script = script.replace("VICTIM", &self.victim().display().to_string());
            let (script, registry) = (serde_json::to_string(&script).unwrap(), &self.registry);
            recipe.push_str(&format!(
                r#"  {job}:
    pool: p
    tasks:
      t:
        container: {{ image: "{registry}/busybox:latest", run_options: "--user 0:0 {options}" }}
        command: ["/bin/sh", "-c", {script}]
"#
            ));
        }
        self.local.sandbox().write("recipe.yaml", &recipe);
        self.local.run(["apply", "recipe.yaml", "--auto-approve"])
    }

    fn victim(&self) -> PathBuf {
        self.local.sandbox().path("victim")
    }

    fn destroy(&self) {
        self.local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    }

    /// Nothing is in the folder but what was there before.
    #[track_caller]
    fn is_unharmed(&self) {
        let entries = std::fs::read_dir(self.victim()).unwrap();
        let entries: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(entries, ["precious"], "{:?}", self.runtime);
        assert_eq!(self.local.sandbox().read("victim/precious"), "precious\n", "{:?}", self.runtime);
        let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(self.victim()).unwrap());
        assert_eq!(owner, rustix::process::geteuid().as_raw(), "{:?}", self.runtime);
    }
}

#[test]
fn a_link_that_a_task_planted_leads_no_mount_of_another_one_out_of_the_node() {
    for runtime in [Runtime::Docker, Runtime::Oci] {
        let Some(attacked) = Attacked::new(runtime) else { continue };
        let plant = "ln -s VICTIM $AZ_BATCH_NODE_SHARED_DIR/data; ln -s / $AZ_BATCH_NODE_SHARED_DIR/root";
        let plants = ("plants", "", plant);
        attacked.run(&[plants]).success();
        let applied = attacked.run(&[
            plants,
            ("mounts", "-v $AZ_BATCH_NODE_SHARED_DIR/data:/data", "echo overwritten > /data/precious"),
            ("makes", "-v $AZ_BATCH_NODE_SHARED_DIR/root/made-by-a-task:/made", "echo here > /made/file"),
        ]);
        applied.code(7).stdout_contains("leads out of the node");
        applied.stdout_contains("Job mounts: 0 succeeded, 1 failed");
        applied.stdout_contains("Job makes: 0 succeeded, 1 failed");
        attacked.is_unharmed();
        assert!(!Path::new("/made-by-a-task").exists(), "{runtime:?}");
        attacked.destroy();
    }
}

#[test]
fn folders_that_a_task_replaced_by_links_are_not_written_through() {
    for runtime in [Runtime::Docker, Runtime::Oci] {
        let Some(attacked) = Attacked::new(runtime) else { continue };
        let own = "mv $AZ_BATCH_TASK_DIR $AZ_BATCH_TASK_DIR.old; ln -s VICTIM $AZ_BATCH_TASK_DIR; echo evil; sleep 1";
        let others = "cd $AZ_BATCH_NODE_ROOT_DIR/workitems; ln -s VICTIM next; mkdir -p deep/job-1; ln -s VICTIM deep/job-1/t";
        let attackers = [("others", "", others), ("own", "", own)];
        // How the task ends that took its own folder away is its own affair.
        attacked.run(&attackers).stdout_contains("Job others: 1 succeeded");
        attacked.is_unharmed();
        let overwrite = "echo overwritten";
        let applied =
            attacked.run(&[attackers[0], attackers[1], ("next", "", overwrite), ("deep", "", overwrite)]);
        applied.code(7).stdout_contains("Job next: 0 succeeded, 1 failed");
        applied.stdout_contains("Job deep: 0 succeeded, 1 failed");
        attacked.is_unharmed();
        attacked.destroy();
        attacked.is_unharmed();
    }
}

#[test]
fn what_the_node_notes_of_its_runs_is_out_of_reach() {
    for runtime in [Runtime::Docker, Runtime::Oci] {
        let Some(attacked) = Attacked::new(runtime) else { continue };
        let look = "cd $AZ_BATCH_NODE_ROOT_DIR; find . -name '*.json'; ls -d ../*notes 2>/dev/null; ls volatile/*; echo looked";
        attacked.run(&[("a", "", look)]).success();
        let said = attacked.local.run(["logs", "a/t"]).stdout;
        assert!(said.ends_with("looked\n") && !said.contains("json") && !said.contains("notes"), "{said}");
        attacked.destroy();
    }
}
