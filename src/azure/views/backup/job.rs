//! A backup job.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::azure::resource_id::ResourceId;

use crate::azure::views::wire::{Moment, Text, filled, list};

/// One error of a job. Any of its fields may be missing: match by symbol, then number, then text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorDetail {
    /// Its number.
    pub code: Option<i64>,
    /// Its symbol, which Azure calls the title.
    pub title: Option<String>,
    /// Its words, in the language of the request.
    pub message: Option<String>,
    /// What Azure advises.
    pub recommendations: Vec<String>,
}

/// One task of a job: `Take Snapshot`, then `Transfer data to vault`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// `NotStarted`, `InProgress`, `Completed`, `Failed` …
    pub status: String,
}

/// A job of a vault. A list leaves out tasks and errors; read the job itself for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: ResourceId,
    /// Its name: the job id that operations and alerts give.
    pub name: String,
    /// `Backup`, `Restore`, `ConfigureBackup` …
    #[serde(default)]
    pub operation: String,
    /// `InProgress`, `Completed`, `CompletedWithWarnings`, `Failed`, `Cancelling`, `Cancelled`.
    #[serde(default)]
    pub status: String,
    /// When it began.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// When it ended; `None` while it runs.
    #[serde(default)]
    pub ended: Option<Timestamp>,
    /// The VM's name, which two groups may both have.
    #[serde(default)]
    pub entity_name: Option<String>,
    /// The container without its first prefix: `iaasvmcontainerv2;group;vm`.
    #[serde(default)]
    pub container: Option<String>,
    /// Whether a person or a tool asked for it, when Azure says.
    #[serde(default)]
    pub user_triggered: Option<bool>,
    /// What may be done to it: `Cancellable`, `Retriable`, or their numbers 1 and 2.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Why it failed, or what it warns of.
    #[serde(default)]
    pub error_details: Vec<ErrorDetail>,
    /// Its tasks.
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// More words on the error, those of compute for instance.
    #[serde(default)]
    pub dynamic_error: Option<String>,
    /// The `x-ms-client-request-id` of the request that started it.
    #[serde(default)]
    pub activity_id: Option<String>,
}

impl Job {
    /// From an answer of Azure's that somebody kept.
    ///
    /// # Errors
    /// When it is none.
    pub fn of_json(answer: Value) -> Result<Self, serde_json::Error> {
        Ok(serde_json::from_value::<WireJob>(answer)?.into())
    }

    /// Whether it still runs; `Cancelling` does.
    #[must_use]
    pub fn is_running(&self) -> bool {
        ["InProgress", "Cancelling"]
            .iter()
            .any(|s| self.status.eq_ignore_ascii_case(s))
    }

    /// Whether it can be cancelled: Azure says so, it is not being cancelled yet, and the
    /// snapshot is not done. `Cancellable` alone stays after the end (azure-api.md 6.4).
    #[must_use]
    pub fn can_be_cancelled(&self) -> bool {
        let offered = self
            .actions
            .iter()
            .any(|a| a == "1" || a.eq_ignore_ascii_case("Cancellable"));
        let in_snapshot = self.tasks.iter().any(|task| {
            task.name.eq_ignore_ascii_case("Take Snapshot")
                && task.status.eq_ignore_ascii_case("InProgress")
        });
        offered && in_snapshot && self.status.eq_ignore_ascii_case("InProgress")
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::azure) struct WireJob {
    id: ResourceId,
    name: Option<Text>,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    operation: Option<Text>,
    status: Option<Text>,
    start_time: Option<Moment>,
    end_time: Option<Moment>,
    entity_friendly_name: Option<Text>,
    container_name: Option<Text>,
    is_user_triggered: Option<bool>,
    #[serde(deserialize_with = "list")]
    actions_info: Vec<Text>,
    #[serde(deserialize_with = "list")]
    error_details: Vec<WireError>,
    extended_info: Option<Extended>,
    activity_id: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireError {
    error_code: Option<Text>,
    error_title: Option<Text>,
    error_string: Option<Text>,
    #[serde(deserialize_with = "list")]
    recommendations: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Extended {
    #[serde(deserialize_with = "list")]
    tasks_list: Vec<WireTask>,
    dynamic_error_message: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireTask {
    task_id: Option<Text>,
    status: Option<Text>,
}

impl From<WireJob> for Job {
    fn from(wire: WireJob) -> Self {
        let p = wire.properties.unwrap_or_default();
        let extended = p.extended_info.unwrap_or_default();
        let tasks = extended.tasks_list.into_iter().map(|task| Task {
            name: task.task_id.unwrap_or_default().0,
            status: task.status.unwrap_or_default().0,
        });
        Self {
            name: filled(wire.name).unwrap_or_else(|| wire.id.name().to_owned()),
            id: wire.id,
            operation: p.operation.unwrap_or_default().0,
            status: p.status.unwrap_or_default().0,
            started: p.start_time.unwrap_or_default().0,
            ended: p.end_time.unwrap_or_default().0,
            entity_name: filled(p.entity_friendly_name),
            container: filled(p.container_name),
            user_triggered: p.is_user_triggered,
            actions: p.actions_info.into_iter().map(|action| action.0).collect(),
            error_details: p.error_details.into_iter().map(Into::into).collect(),
            tasks: tasks.collect(),
            dynamic_error: filled(extended.dynamic_error_message),
            activity_id: filled(p.activity_id),
        }
    }
}

impl From<WireError> for ErrorDetail {
    fn from(wire: WireError) -> Self {
        let code = filled(wire.error_code);
        let number = code.as_deref().and_then(|code| code.parse().ok());
        // A code that is no number is the symbol, wherever it was put.
        let symbol = code.filter(|_| number.is_none());
        Self {
            code: number,
            title: filled(wire.error_title).or(symbol),
            message: filled(wire.error_string),
            recommendations: wire
                .recommendations
                .into_iter()
                .map(|text| text.0)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(properties: Value) -> Job {
        let id = "/Subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupJobs/j1";
        serde_json::from_value::<WireJob>(
            json!({ "id": id, "name": "j1", "properties": properties }),
        )
        .unwrap()
        .into()
    }

    #[test]
    fn a_running_job_has_tasks_and_no_end() {
        let job = job(
            json!({ "actionsInfo": ["Cancellable"], "containerName": "iaasvmcontainerv2;rg;vm", "operation": "Backup",
            "status": "InProgress", "startTime": "2024-05-13T10:18:05.7330616Z", "endTime": "0001-01-01T00:00:00", "entityFriendlyName": "vm",
            "activityId": "149386d3", "extendedInfo": { "tasksList": [
                { "taskId": "Take Snapshot", "endTime": "0001-01-01T00:00:00", "status": "InProgress", "taskType": "Normal" }] } }),
        );
        assert!(job.is_running());
        assert_eq!(
            (job.ended, job.tasks[0].name.as_str()),
            (None, "Take Snapshot")
        );
        assert_eq!(
            (job.error_details.len(), job.activity_id.as_deref()),
            (0, Some("149386d3"))
        );
    }

    #[test]
    fn a_failed_job_gives_number_symbol_and_advice() {
        let job = job(
            json!({ "actionsInfo": [1], "status": "Failed", "errorDetails": [
            { "errorCode": 320001, "errorTitle": "ResourceNotFound", "errorString": "gone", "recommendations": ["stop"] },
            { "errorCode": 1073871825, "errorString": "no title" },
            { "errorCode": "UserErrorX", "errorString": "symbol as code" }],
            "extendedInfo": { "dynamicErrorMessage": "CRP said no" } }),
        );
        let pairs: Vec<_> = job
            .error_details
            .iter()
            .map(|d| (d.code, d.title.as_deref()))
            .collect();
        assert_eq!(
            pairs,
            [
                (Some(320_001), Some("ResourceNotFound")),
                (Some(1_073_871_825), None),
                (None, Some("UserErrorX"))
            ]
        );
        assert_eq!(job.error_details[0].recommendations, ["stop"]);
        assert_eq!(job.dynamic_error.as_deref(), Some("CRP said no"));
    }

    #[test]
    fn a_listed_job_without_details_is_read() {
        let job =
            job(json!({ "status": "Completed", "errorDetails": null, "isUserTriggered": true }));
        assert!(!job.is_running());
        assert_eq!((job.user_triggered, job.container), (Some(true), None));
    }
}
