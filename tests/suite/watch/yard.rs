//! Recipes for watching, and a `watch` that is being run.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Output, Running};

/// How long something that is waited for may take, on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A recipe with a pool of two nodes and a job of `tasks` tasks.
pub fn recipe(name: &str, tasks: u32) -> String {
    recipe_with(name, tasks, 2, "")
}

/// The same, with so many nodes and more lines in the pool.
pub fn recipe_with(name: &str, tasks: u32, nodes: u32, pool: &str) -> String {
    format!(
        "api_version: batchyard/v1
name: {name}
pools:
  p:
    id: {name}-pool
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {{}}
    nodes: {{ dedicated: {nodes} }}
{pool}jobs:
  j:
    id: {name}-job
    pool: p
    tasks:
      work:
        for_each: {{ n: {{ range: [1, {tasks}] }} }}
        container: {{ image: \"docker.io/library/busybox:1.36\" }}
        command: [echo, \"${{{{ item.n }}}}\"]
"
    )
}

/// A `watch --format json` that is being run.
pub struct Watch {
    running: Running,
    seen: usize,
}

impl Watch {
    pub fn of(running: Running) -> Self {
        Self { running, seen: 0 }
    }

    /// Waits for a line, after those that were waited for before, that fits.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lines = self.running.stdout_lines();
            for (index, line) in lines.iter().enumerate().skip(self.seen) {
                let line: Value =
                    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                if fits(&line) {
                    self.seen = index + 1;
                    return line;
                }
            }
            let told = || lines.iter().skip(self.seen).map(String::as_str).collect::<Vec<_>>().join("\n");
            assert!(Instant::now() < deadline, "no line: {what}\n{}\n{}", told(), self.running.stderr());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Waits until a condition of a recipe turned, or its reason changed.
    #[track_caller]
    pub fn wait_until(&mut self, recipe: &str, kind: &str, status: bool) -> Value {
        self.wait_for(&format!("{recipe} {kind} {status}"), |line| {
            let condition = &line["condition"];
            line["type"] == "condition"
                && line["recipe"] == recipe
                && condition["type"] == kind
                && condition["status"] == status
        })
    }

    /// Has it begin from the next line: what was told so far is not looked at again.
    pub fn skip_to_now(&mut self) {
        self.seen = self.running.stdout_lines().len();
    }

    /// What it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        self.running.stderr()
    }

    /// Stops it in order.
    #[track_caller]
    pub fn stop(self) -> Output {
        self.running.signal(Signal::TERM);
        self.running.wait(PATIENCE)
    }

    /// Ends it at once.
    pub fn kill(mut self) {
        self.running.kill();
    }
}

/// A pool of so many nodes whose start task fails.
pub fn ailing(nodes: u32) -> String {
    let start_task = "    start_task:
      container: { image: \"docker.io/library/busybox:1.36\" }
      command: [prepare]
      environment: { BATCHYARD_SIMULATE: exit=3 }
";
    recipe_with("a", 1, nodes, start_task)
}
