//! What follows from how a task ended. Source: REST reference, `ExitConditions` and `ExitOptions`.

use super::model::{
    BatchJobActionKind, BatchTaskExecutionInfo, BatchTaskExecutionResult, DependencyAction, ExitConditions,
    ExitOptions,
};

/// The code of a task that was ended from outside: it had started.
const TASK_ENDED: &str = "TaskEnded";

/// How the codes begin of failures to upload a file.
const FILE_UPLOAD: &str = "FileUpload";

/// What follows for others from how a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitConsequences {
    /// What happens to its job, if that acts on how its tasks end.
    pub job: BatchJobActionKind,
    /// Whether tasks that depend on it may run.
    pub satisfies: bool,
}

impl ExitConsequences {
    /// What follows for a task with these conditions that has completed. The first that fits counts: a single exit code, a range of
    /// them, an error before the start, a file that could not be uploaded, any other failure. What nobody said is: success satisfies and leaves the job alone; failure
    /// blocks and ends the job.
    pub fn of(conditions: Option<&ExitConditions>, ended: &BatchTaskExecutionInfo) -> Self {
        let succeeded = ended.result == Some(BatchTaskExecutionResult::Success);
        let options = conditions.and_then(|conditions| fitting(conditions, ended, succeeded));
        let by_default = if succeeded { BatchJobActionKind::None } else { BatchJobActionKind::Terminate };
        Self {
            job: options.and_then(|options| options.job_action.clone()).unwrap_or(by_default),
            satisfies: match options.and_then(|options| options.dependency_action.as_ref()) {
                Some(action) => *action == DependencyAction::Satisfy,
                None => succeeded,
            },
        }
    }
}

fn fitting<'a>(
    conditions: &'a ExitConditions,
    ended: &BatchTaskExecutionInfo,
    succeeded: bool,
) -> Option<&'a ExitOptions> {
    let is = |code: i32| ended.exit_code == Some(code);
    let mut codes = conditions.exit_codes.iter().flatten();
    let mut ranges = conditions.exit_code_ranges.iter().flatten();
    let code = codes.find(|mapping| is(mapping.code)).map(|mapping| &mapping.exit_options);
    let range = || {
        let within = |start, end| ended.exit_code.is_some_and(|code| (start..=end).contains(&code));
        ranges.find(|mapping| within(mapping.start, mapping.end)).map(|mapping| &mapping.exit_options)
    };
    let before = || conditions.pre_processing_error.as_ref().filter(|_| never_started(ended));
    // Exit code 0 is told to be something else by its number only.
    let other = || conditions.default.as_ref().filter(|_| !succeeded);
    let upload = || conditions.file_upload_error.as_ref().filter(|_| could_not_upload(ended));
    code.or_else(range).or_else(before).or_else(upload).or_else(other)
}

fn failure_code(ended: &BatchTaskExecutionInfo) -> Option<&str> {
    ended.failure_info.as_ref().and_then(|failure| failure.code.as_deref())
}

fn could_not_upload(ended: &BatchTaskExecutionInfo) -> bool {
    failure_code(ended).is_some_and(|code| code.starts_with(FILE_UPLOAD))
}

fn never_started(ended: &BatchTaskExecutionInfo) -> bool {
    let is_later = |code: &str| code == TASK_ENDED || code.starts_with(FILE_UPLOAD);
    ended.exit_code.is_none() && failure_code(ended).is_some_and(|code| !is_later(code))
}

/// Every option of some conditions, with the name of the property that it stands in.
pub fn exit_options(conditions: &ExitConditions) -> impl Iterator<Item = (&'static str, &ExitOptions)> {
    let codes = conditions.exit_codes.iter().flatten().map(|code| ("exitCodes", &code.exit_options));
    let ranges = conditions.exit_code_ranges.iter().flatten();
    let ranges = ranges.map(|range| ("exitCodeRanges", &range.exit_options));
    let others = [
        ("preProcessingError", &conditions.pre_processing_error),
        ("fileUploadError", &conditions.file_upload_error),
        ("default", &conditions.default),
    ];
    let others = others.into_iter().filter_map(|(name, options)| Some((name, options.as_ref()?)));
    codes.chain(ranges).chain(others)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What follows, as the job's action and whether dependents may run, from an exit code or the code of a failure.
    fn follows(conditions: &Value, exit_code: Option<i32>, failure: Option<&str>) -> (String, bool) {
        let conditions: ExitConditions = serde_json::from_value(conditions.clone()).unwrap();
        let result = if exit_code == Some(0) && failure.is_none() { "success" } else { "failure" };
        let failure = failure.or((result == "failure").then_some("FailureExitCode"));
        let ended: BatchTaskExecutionInfo = serde_json::from_value(json!({
            "exitCode": exit_code, "result": result, "retryCount": 0, "requeueCount": 0,
            "failureInfo": failure.map(|code| json!({ "category": "usererror", "code": code })),
        }))
        .unwrap();
        let found = ExitConsequences::of(Some(&conditions), &ended);
        (found.job.as_str().to_owned(), found.satisfies)
    }

    #[test]
    fn success_satisfies_and_failure_blocks_and_ends_the_job_unless_something_else_is_said() {
        assert_eq!(follows(&json!({}), Some(0), None), ("none".into(), true));
        assert_eq!(follows(&json!({}), Some(1), None), ("terminate".into(), false));
        let said = json!({ "default": { "dependencyAction": "satisfy" } });
        assert_eq!(follows(&said, Some(1), None), ("terminate".into(), true));
        let said = json!({ "default": { "jobAction": "disable" } });
        assert_eq!(follows(&said, Some(1), None), ("disable".into(), false));
    }

    #[test]
    fn the_first_condition_that_fits_counts() {
        let said = json!({
            "exitCodes": [{ "code": 3, "exitOptions": { "jobAction": "none" } }],
            "exitCodeRanges": [{ "start": 2, "end": 5, "exitOptions": { "jobAction": "disable" } }],
            "preProcessingError": { "dependencyAction": "satisfy", "jobAction": "none" },
            "default": { "jobAction": "terminate", "dependencyAction": "block" },
        });
        let job = |code| follows(&said, Some(code), None).0;
        assert_eq!([job(2), job(3), job(5), job(6)], ["disable", "none", "disable", "terminate"]);
        assert_eq!(follows(&said, None, Some("ContainerInvalidImage")), ("none".into(), true));
        assert_eq!(follows(&said, None, Some("TaskEnded")), ("terminate".into(), false));
    }

    #[test]
    fn a_file_that_could_not_be_uploaded_counts_unless_the_exit_code_is_listed() {
        let said = json!({
            "exitCodes": [{ "code": 3, "exitOptions": { "jobAction": "disable" } }],
            "preProcessingError": { "jobAction": "disable" },
            "fileUploadError": { "jobAction": "none", "dependencyAction": "satisfy" },
        });
        let upload = Some("FileUploadMiscError");
        for code in [Some(0), Some(1), None] {
            assert_eq!(follows(&said, code, upload), ("none".into(), true), "{code:?}");
        }
        assert_eq!(follows(&said, Some(3), upload), ("disable".into(), false));
    }

    #[test]
    fn exit_code_0_blocks_only_if_it_is_listed() {
        let block = json!({ "dependencyAction": "block" });
        assert!(follows(&json!({ "default": block }), Some(0), None).1);
        let listed = json!({ "exitCodes": [{ "code": 0, "exitOptions": block }] });
        assert!(!follows(&listed, Some(0), None).1);
        let listed = json!({ "exitCodeRanges": [{ "start": -1, "end": 0, "exitOptions": block }] });
        assert!(!follows(&listed, Some(0), None).1);
    }
}
