//! What became of tasks.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::{Local, Output};

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    pub exit_code: Option<i64>,
    /// The code of its failure.
    pub failure: Option<String>,
    /// Whose fault that is.
    pub category: Option<String>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Fate {
    /// What it printed, as text.
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

impl Local {
    /// What became of the tasks that a command, `apply --format json`, told of; their output byte for byte.
    pub fn fates(&self, applied: &Output) -> BTreeMap<String, Fate> {
        let pools = fs::read_dir(self.sandbox().data().join("nodes")).expect("the folder of nodes");
        let pools = pools.map(|pool| pool.expect("a pool's folder").path());
        let nodes: Vec<_> = pools
            .flat_map(|pool| fs::read_dir(pool).expect("a pool's folder"))
            .map(|node| node.expect("a node's folder").path())
            .collect();
        let output = |task: &Value, name: &str| {
            let (job, id) =
                (task["job"].as_str().unwrap_or_default(), task["task"].as_str().unwrap_or_default());
            let path = format!("workitems/{job}/job-1/{id}/{name}");
            nodes.iter().find_map(|node| fs::read(node.join(&path)).ok()).unwrap_or_default()
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let ended = applied.json_lines().into_iter().filter(|line| line["type"] == "task_ended");
        let fates = ended.map(|task| {
            let fate = Fate {
                exit_code: task["exit_code"].as_i64(),
                failure: text(&task["failure"]["code"]),
                category: text(&task["failure"]["category"]),
                stdout: output(&task, "stdout.txt"),
                stderr: output(&task, "stderr.txt"),
            };
            (text(&task["task"]).unwrap_or_default(), fate)
        });
        fates.collect()
    }
}
