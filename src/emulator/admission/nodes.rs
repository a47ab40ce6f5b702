//! Nodes.

use super::refusals::{invalid, missing, not_done};
use super::refused::RETAINED;
use crate::batch::model::BatchNodeDeallocationOption;
use crate::emulator::refusal::Refusal;

/// The most characters of a user's name.
const MAX_USER_NAME: usize = 20;

/// What happens to the tasks of a node that is emptied. The names are those of all operations that empty nodes; absent means
/// that the tasks are put back in the queue.
pub(crate) fn emptying(property: &str, option: Option<&str>) -> Result<BatchNodeDeallocationOption, Refusal> {
    let option = option.map_or(BatchNodeDeallocationOption::Requeue, BatchNodeDeallocationOption::from);
    match option {
        BatchNodeDeallocationOption::RetainedData => Err(not_done(&format!("{property}: {RETAINED}"))),
        BatchNodeDeallocationOption::Other(other) => {
            Err(invalid(property, other, "expected requeue, terminate or taskcompletion"))
        }
        known => Ok(known),
    }
}

/// Checks a user's name.
pub(crate) fn node_user(name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(missing("name"));
    }
    if name.chars().count() > MAX_USER_NAME {
        return Err(invalid("name", name, "a user's name has at most 20 characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_put_back_unless_something_else_is_asked_for() {
        let emptying = |option| emptying("nodeRebootOption", option);
        assert_eq!(emptying(None), Ok(BatchNodeDeallocationOption::Requeue));
        assert_eq!(emptying(Some("TaskCompletion")), Ok(BatchNodeDeallocationOption::TaskCompletion));
        assert_eq!(emptying(Some("retaineddata")).unwrap_err().status, 501);
        assert_eq!(emptying(Some("later")).unwrap_err().status, 400);
    }

    #[test]
    fn users_have_names_of_reasonable_length() {
        assert_eq!(node_user("alice"), Ok(()));
        assert!(node_user("").is_err() && node_user(&"a".repeat(21)).is_err());
    }
}
