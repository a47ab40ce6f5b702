//! Where in a document a property stands.

use axum::http::Method;

use crate::batch::operation::OperationSpec;

/// What the root object of the documents of an operation is called in the tables: the last fixed segment of its path, such as
/// `pools` or `updateproperties`; for a change of a pool, `PATCH pools`.
pub(super) fn root(operation: &OperationSpec) -> &'static str {
    match operation.subject() {
        "pools" if operation.method == Method::PATCH => "PATCH pools",
        "jobs" if operation.method == Method::PATCH => "PATCH jobs",
        "addtaskcollection" => "tasks",
        segment => segment,
    }
}

/// Objects whose names users or others choose: nothing in them is a property of ours.
pub(super) fn is_opaque(name: &str) -> bool {
    matches!(name, "settings" | "protectedSettings" | "resourceTags" | "tags")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::operation::Operation as _;
    use crate::batch::operations::*;

    #[test]
    fn documents_are_called_after_what_they_are_about() {
        for (operation, name) in [
            (CreatePool::SPEC, "pools"),
            (GetPool::SPEC, "pools"),
            (UpdatePool::SPEC, "PATCH pools"),
            (ReplacePoolProperties::SPEC, "updateproperties"),
            (ListJobsFromSchedule::SPEC, "jobs"),
            (CreateTaskCollection::SPEC, "tasks"),
            (GetJobTaskCounts::SPEC, "taskcounts"),
        ] {
            assert_eq!(root(&operation), name);
        }
    }
}
