//! Job schedules.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{DurationText, Entries, Field, Job, ScheduleProperty, Text};
use crate::batch::DateTime;

/// A job schedule: makes a job again and again.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["BatchJobScheduleCreateOptions"]))]
pub struct Schedule {
    /// Id of the schedule in the Batch account; the schedule's key in the recipe if absent. Its jobs are called
    /// `<id>:job-1`, `<id>:job-2` and so on.
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"),
        extend("patternErrorMessage" = "an id has 1 to 64 letters, digits, hyphens and underscores")
    )]
    pub id: Option<Field<String>>,
    /// A name for people.
    #[schemars(length(max = 1024))]
    pub display_name: Option<Field<String>>,
    /// When jobs are made.
    pub recurrence: Field<Recurrence>,
    /// The jobs.
    pub job: Field<ScheduledJob>,
    /// Names and values that Batch keeps and does not look into.
    #[schemars(extend("propertyNames" = super::job::metadata_names()))]
    pub metadata: Option<Field<Entries<Text>>>,
    /// What others may change: once the schedule is there, a plan does not compare these properties.
    pub ignore_changes: Option<Field<Vec<Field<ScheduleProperty>>>>,
}

/// When the jobs of a schedule are made. A job is made only when the one before has ended.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchJobScheduleConfiguration"]))]
pub struct Recurrence {
    /// The time from the start of one job to the start of the next, at least a minute. Only one job is made if absent.
    #[serde(rename(serialize = "recurrenceInterval"))]
    pub interval: Option<Field<DurationText>>,
    /// How late a job may start before it is left out, at least a minute; without limit if absent.
    pub start_window: Option<Field<DurationText>>,
    /// No job is made earlier.
    pub do_not_run_until: Option<Field<TimeText>>,
    /// No job is made later.
    pub do_not_run_after: Option<Field<TimeText>>,
}

/// A job without what its schedule decides.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct ScheduledJob(pub Job);

impl JsonSchema for ScheduledJob {
    fn schema_name() -> Cow<'static, str> {
        "ScheduledJob".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A job without `id`, which Batch chooses, and without `tasks`: Batch starts the job's \
                            `manager_task`, which does the work or adds the tasks that do.",
            "allOf": [
                generator.subschema_for::<Job>(),
                { "propertyNames": {
                    "pattern": "^(?!(?:id|tasks|defaults|ignore_changes)$)",
                    "x-no-place": "Batch makes the job, gives it an id, and starts its `manager_task`, which may add others",
                } },
            ],
        })
    }
}

/// A point in time: `2026-01-31T02:30:00Z`, or with an offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TimeText(pub DateTime);

impl<'de> Deserialize<'de> for TimeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = text.parse::<DateTime>();
        time.map(Self).map_err(|_| D::Error::custom("expected a point in time such as 2026-01-31T02:30:00Z"))
    }
}

impl JsonSchema for TimeText {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A point in time: `2026-01-31T02:30:00Z`, or with an offset from UTC.",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})$",
            "patternErrorMessage": "expected a point in time such as 2026-01-31T02:30:00Z",
            "examples": ["2026-01-31T02:30:00Z", "2026-01-31T02:30:00+01:00"],
        })
    }
}
