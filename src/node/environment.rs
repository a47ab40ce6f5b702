//! The environment of a task: the variables that the service gives it, and those of its author.

use crate::batch::model::{Confidential, EnvironmentSetting};
use crate::batch::{JobId, TaskId};
use crate::node::assignment::NodeIdentity;
use crate::node::certificates::NodeCertificate;
use crate::node::layout::{NodeLayout, TaskDirectory};

/// The longest value that Linux hands to a process. Values may refer to earlier ones, so that a few short lines could
/// otherwise grow without bounds.
const LONGEST_VALUE: usize = 128 * 1024;

/// Why an environment can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidEnvironment {
    /// The name can't be a variable's.
    #[error("`{name}` can't be the name of an environment variable")]
    Name { name: String },
    /// The value holds a NUL character.
    #[error("the value of environment variable `{name}` holds a NUL character")]
    Nul { name: String },
    /// The value is too long, with the variables in it replaced.
    #[error("the value of `{name}` grows beyond {LONGEST_VALUE} bytes when the variables in it are replaced")]
    TooLong { name: String },
}

/// Variables in the order in which they were set; later ones may refer to earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Environment {
    variables: Vec<(String, String)>,
    /// How many of them are the service's; those can't be changed by settings.
    given: usize,
}

impl Environment {
    /// What the service gives to a task that has this directory.
    pub(super) fn of_task(
        node: &NodeIdentity,
        layout: &NodeLayout,
        directory: &TaskDirectory,
        job: &JobId,
        task: &TaskId,
    ) -> Self {
        let mut environment = Self::of_node(node, layout, directory);
        environment.give("AZ_BATCH_JOB_ID", job.as_str());
        environment.give("AZ_BATCH_TASK_ID", task.as_str());
        environment
    }

    /// Tells where the job's preparation task worked.
    pub(super) fn give_preparation(&mut self, directory: &TaskDirectory) {
        self.give("AZ_BATCH_JOB_PREP_DIR", &directory.path().to_string_lossy());
        self.give("AZ_BATCH_JOB_PREP_WORKING_DIR", &directory.working().to_string_lossy());
    }

    /// What the service gives to a start task: no job, no task.
    pub(super) fn of_start_task(node: &NodeIdentity, layout: &NodeLayout) -> Self {
        Self::of_node(node, layout, &layout.startup())
    }

    /// Tells a task where its certificates are, if it has any.
    pub(super) fn give_certificates(&mut self, certificates: &[NodeCertificate], directory: &TaskDirectory) {
        if !certificates.is_empty() {
            self.give("AZ_BATCH_CERTIFICATES_DIR", &directory.certificates().to_string_lossy());
        }
    }

    /// Tells a task where its application packages are.
    pub(super) fn give_packages(&mut self, variables: Vec<(String, String)>) {
        for (name, value) in variables {
            self.give(&name, &value);
        }
    }

    fn of_node(node: &NodeIdentity, layout: &NodeLayout, directory: &TaskDirectory) -> Self {
        let mut environment = Self::default();
        environment.give("AZ_BATCH_ACCOUNT_NAME", &node.account_name);
        environment.give("AZ_BATCH_ACCOUNT_URL", &node.account_url);
        environment.give("AZ_BATCH_POOL_ID", node.pool_id.as_str());
        environment.give("AZ_BATCH_NODE_ID", node.node_id.as_str());
        environment.give("AZ_BATCH_NODE_IS_DEDICATED", if node.is_dedicated { "true" } else { "false" });
        for (name, path) in [
            ("AZ_BATCH_NODE_ROOT_DIR", layout.root().to_owned()),
            ("AZ_BATCH_NODE_SHARED_DIR", layout.shared()),
            ("AZ_BATCH_NODE_STARTUP_DIR", layout.startup().path().to_owned()),
            ("AZ_BATCH_NODE_STARTUP_WORKING_DIR", layout.startup().working()),
            ("AZ_BATCH_NODE_MOUNTS_DIR", layout.mounts()),
            ("AZ_BATCH_TASK_DIR", directory.path().to_owned()),
            ("AZ_BATCH_TASK_WORKING_DIR", directory.working()),
        ] {
            environment.give(name, &path.to_string_lossy());
        }
        // The service stops giving tasks to a node with less free space than this; the nodes here never do.
        environment.give("AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES", "0");
        environment
    }

    /// Adds a variable of the service.
    pub(super) fn give(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
        self.given += 1;
    }

    /// Adds settings in their order: each may refer to what was set before it, also to an earlier value of its own name.
    /// Variables that the service gives keep their values.
    pub(super) fn add(&mut self, settings: &[EnvironmentSetting]) -> Result<(), InvalidEnvironment> {
        for EnvironmentSetting { name, value } in settings {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(InvalidEnvironment::Name { name: name.clone() });
            }
            let value = value.as_ref().and_then(Confidential::expose).unwrap_or_default();
            if value.contains('\0') {
                return Err(InvalidEnvironment::Nul { name: name.clone() });
            }
            let value = self.expand(name, value)?;
            match self.variables.iter_mut().enumerate().find(|(_, (present, _))| present == name) {
                Some((index, _)) if index < self.given => {}
                Some((_, (_, present))) => *present = value,
                None => self.variables.push((name.clone(), value)),
            }
        }
        Ok(())
    }

    /// Replaces `$NAME` and `${NAME}` by the variables that are set; all else stays as it is. What is put in is not looked
    /// at again, so nothing goes in circles. `place` is named in errors.
    pub(super) fn expand(&self, place: &str, text: &str) -> Result<String, InvalidEnvironment> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            let (value, tail) = match reference(after) {
                Some((name, tail)) if self.get(name).is_some() => (self.get(name).unwrap_or_default(), tail),
                _ => ("$", after),
            };
            expanded.push_str(value);
            if expanded.len() > LONGEST_VALUE {
                return Err(InvalidEnvironment::TooLong { name: place.to_owned() });
            }
            rest = tail;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    /// Sets a variable that settings may refer to and may change.
    pub(super) fn set_default(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The variables, without those of the service whose values `keep` does not keep.
    pub(super) fn into_variables(self, keep: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let given = self.given;
        let kept = self
            .variables
            .into_iter()
            .enumerate()
            .filter(|(index, (_, value))| *index >= given || keep(value));
        kept.map(|(_, variable)| variable).collect()
    }
}

/// The name behind a `$`, and what follows it.
fn reference(text: &str) -> Option<(&str, &str)> {
    if let Some(braced) = text.strip_prefix('{') {
        return braced.split_once('}');
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.split_at_checked(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::batch::{NodeId, PoolId};

    fn node() -> NodeIdentity {
        NodeIdentity {
            account_name: "local".to_owned(),
            account_url: "http://127.0.0.1:1/".to_owned(),
            pool_id: PoolId::new("gpu").unwrap(),
            node_id: NodeId::new("node-1").unwrap(),
            is_dedicated: true,
            account_door: "/door".into(),
        }
    }

    fn task_environment() -> Environment {
        let layout = NodeLayout::new("/node".into());
        let (job, task) = (JobId::new("j").unwrap(), TaskId::new("t").unwrap());
        Environment::of_task(&node(), &layout, &layout.task(&job, &task), &job, &task)
    }

    fn set(name: &str, value: &str) -> EnvironmentSetting {
        EnvironmentSetting { name: name.to_owned(), value: Some(Confidential::value(value)) }
    }

    #[test]
    fn a_task_gets_the_variables_of_the_service() {
        let environment = task_environment();
        for (name, value) in [
            ("AZ_BATCH_ACCOUNT_NAME", "local"),
            ("AZ_BATCH_ACCOUNT_URL", "http://127.0.0.1:1/"),
            ("AZ_BATCH_POOL_ID", "gpu"),
            ("AZ_BATCH_NODE_ID", "node-1"),
            ("AZ_BATCH_NODE_IS_DEDICATED", "true"),
            ("AZ_BATCH_NODE_ROOT_DIR", "/node"),
            ("AZ_BATCH_NODE_SHARED_DIR", "/node/shared"),
            ("AZ_BATCH_NODE_STARTUP_DIR", "/node/startup"),
            ("AZ_BATCH_NODE_MOUNTS_DIR", "/node/fsmounts"),
            ("AZ_BATCH_JOB_ID", "j"),
            ("AZ_BATCH_TASK_ID", "t"),
            ("AZ_BATCH_TASK_DIR", "/node/workitems/j/job-1/t"),
            ("AZ_BATCH_TASK_WORKING_DIR", "/node/workitems/j/job-1/t/wd"),
        ] {
            assert_eq!(environment.get(name), Some(value), "{name}");
        }
    }

    #[test]
    fn a_start_task_belongs_to_no_job() {
        let environment = Environment::of_start_task(&node(), &NodeLayout::new("/node".into()));
        assert_eq!(environment.get("AZ_BATCH_TASK_WORKING_DIR"), Some("/node/startup/wd"));
        assert_eq!(environment.get("AZ_BATCH_JOB_ID"), None);
        assert_eq!(environment.get("AZ_BATCH_TASK_ID"), None);
    }

    #[test]
    fn settings_of_the_task_win_over_those_of_the_job_and_never_over_the_service() {
        let mut environment = task_environment();
        environment.add(&[set("MODE", "job"), set("KEPT", "job")]).unwrap();
        environment.add(&[set("MODE", "$MODE-task"), set("AZ_BATCH_TASK_ID", "forged")]).unwrap();
        assert_eq!(environment.get("MODE"), Some("job-task"));
        assert_eq!(environment.get("KEPT"), Some("job"));
        assert_eq!(environment.get("AZ_BATCH_TASK_ID"), Some("t"));
    }

    #[test]
    fn values_refer_to_what_was_set_before() {
        let mut environment = task_environment();
        environment
            .add(&[
                set("A", "${AZ_BATCH_TASK_ID}/$AZ_BATCH_JOB_ID.txt"),
                set("B", "<$A>"),
                set("C", "$LATER $ $$A ${A $1 100$"),
                set("LATER", "x"),
            ])
            .unwrap();
        assert_eq!(environment.get("A"), Some("t/j.txt"));
        assert_eq!(environment.get("B"), Some("<t/j.txt>"));
        assert_eq!(environment.get("C"), Some("$LATER $ $t/j.txt ${A $1 100$"));
    }

    #[test]
    fn nothing_goes_in_circles_or_grows_without_bounds() {
        let mut environment = task_environment();
        environment.add(&[set("X", "$X"), set("Y", "$Y$X")]).unwrap();
        assert_eq!(environment.get("Y"), Some("$Y$X"));
        let mut settings = vec![set("V0", "aaaaaaaaaa")];
        for level in 1..40 {
            settings.push(set(&format!("V{level}"), &format!("$V{0}$V{0}$V{0}", level - 1)));
        }
        assert!(matches!(environment.add(&settings), Err(InvalidEnvironment::TooLong { .. })));
    }

    #[test]
    fn names_that_no_variable_can_have_are_refused() {
        for name in ["", "a=b", "a\0"] {
            assert!(matches!(task_environment().add(&[set(name, "")]), Err(InvalidEnvironment::Name { .. })));
        }
    }

    proptest! {
        #[test]
        fn expanding_never_panics_and_keeps_text_without_variables(text in "[^$]*") {
            prop_assert_eq!(task_environment().expand("text", &text).unwrap(), text);
        }

        #[test]
        fn expanding_any_text_never_panics(text in ".*") {
            let _ = task_environment().expand("text", &text);
        }
    }
}
