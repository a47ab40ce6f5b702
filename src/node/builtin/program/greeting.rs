//! The greeting.

use std::collections::BTreeMap;
use std::io::{self, Write};

/// What there is to say about where the program runs.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) environment: &'a BTreeMap<String, String>,
    pub(super) host: String,
    pub(super) process: u32,
    pub(super) user: u32,
    pub(super) folder: String,
}

impl<'a> Surroundings<'a> {
    /// Looks around.
    pub(super) fn look(environment: &'a BTreeMap<String, String>) -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let folder = std::env::current_dir().map(|path| path.display().to_string());
        Self {
            environment,
            host: host.trim().to_owned(),
            process: std::process::id(),
            user: rustix::process::getuid().as_raw(),
            folder: folder.unwrap_or_else(|error| format!("unknown: {error}")),
        }
    }
}

/// Writes the greeting.
pub(super) fn greet(surroundings: &Surroundings<'_>, output: &mut dyn Write) -> io::Result<()> {
    let variable = |name: &str| surroundings.environment.get(name).map(String::as_str);
    writeln!(output, "  ╔═╤═╤═╤═╤═╗")?;
    writeln!(output, "  ║ │ │ │ │ ║  Hello from a real container!")?;
    writeln!(output, "  ╚═╧═╧═╧═╧═╝")?;
    writeln!(output)?;
    let part = |name: &str, of: &str, whole: Option<&str>| match whole {
        Some(whole) => format!("{name}, {of} {whole}"),
        None => name.to_owned(),
    };
    match variable("AZ_BATCH_TASK_ID") {
        Some(task) => {
            writeln!(output, "  task     {}", part(task, "of job", variable("AZ_BATCH_JOB_ID")))?;
        }
        None => writeln!(output, "  task     none: Azure Batch did not start me")?,
    }
    if let Some(node) = variable("AZ_BATCH_NODE_ID") {
        writeln!(output, "  node     {}", part(node, "of pool", variable("AZ_BATCH_POOL_ID")))?;
    }
    writeln!(output, "  machine  {}", surroundings.host)?;
    writeln!(output, "  process  {}, as user {}", surroundings.process, surroundings.user)?;
    writeln!(output, "  folder   {}", surroundings.folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(variables: &[(&str, &str)]) -> String {
        let environment = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let surroundings = Surroundings {
            environment: &environment,
            host: "3f2a9c81d0aa".into(),
            process: 1,
            user: 0,
            folder: "/mnt/batch/tasks/hello/wd".into(),
        };
        let mut output = Vec::new();
        greet(&surroundings, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn a_task_says_where_it_runs() {
        let text = greeting(&[
            ("AZ_BATCH_TASK_ID", "greet"),
            ("AZ_BATCH_JOB_ID", "hello"),
            ("AZ_BATCH_NODE_ID", "tvm-1"),
            ("AZ_BATCH_POOL_ID", "small"),
        ]);
        insta::assert_snapshot!(text, @r"
          ╔═╤═╤═╤═╤═╗
          ║ │ │ │ │ ║  Hello from a real container!
          ╚═╧═╧═╧═╧═╝

          task     greet, of job hello
          node     tvm-1, of pool small
          machine  3f2a9c81d0aa
          process  1, as user 0
          folder   /mnt/batch/tasks/hello/wd
        ");
    }

    #[test]
    fn without_batch_it_says_so() {
        assert!(greeting(&[]).contains("task     none: Azure Batch did not start me\n"));
        assert!(!greeting(&[]).contains("node"));
    }
}
