//! `job`: one backup job with its tasks and errors, and the recovery point it left. One request
//! for each look while it runs, because jobs have a small budget of reads.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::actions::facts::jobs::is_running;
use crate::actions::facts::recovery_points::RecoveryPoints;
use crate::actions::facts::{parse, schema, some, value};
use crate::azure::reader::{Reader, rights};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct JobLooker(pub(super) Reader);

/// One backup job.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JobFact {
    /// Its name, a GUID.
    pub name: String,
    /// Its vault's resource id.
    pub vault: String,
    /// `InProgress`, `Completed`, `CompletedWithWarnings`, `Failed`, `Cancelled` …
    pub status: String,
    /// What it is doing: "Transfer data to vault, after Take Snapshot".
    pub task: Option<String>,
    /// When it began.
    #[schemars(with = "Option<String>")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[schemars(with = "Option<String>")]
    pub ended: Option<Timestamp>,
    /// The symbol it failed with.
    pub code: Option<String>,
    /// The number it failed with.
    pub number: Option<i64>,
    /// The service's message.
    pub message: Option<String>,
    /// The recovery point it left, once it is Completed and one can be seen.
    pub recovery_point: Option<String>,
    /// What that holds: `AppConsistent`, `FileSystemConsistent`, `CrashConsistent` …
    pub consistency: Option<String>,
}

/// The fact of the job with this resource id, of this protected item.
#[must_use]
pub fn key(id: &str, item: &str) -> FactKey {
    FactKey::with("job", &json!({ "id": id, "item": item }))
}

#[async_trait]
impl Looker for JobLooker {
    fn name(&self) -> &'static str {
        "job"
    }

    fn schema(&self) -> Value {
        schema::<JobFact>()
    }

    fn reads(&self) -> Vec<&'static str> {
        [rights::BACKUP_JOBS, rights::RECOVERY_POINTS].concat()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, _: &Target, args: &Value, _: &Facts) -> Result<Value, Failure> {
        let id = args["id"].as_str().unwrap_or_default();
        let job = self.0.backup_job(&parse(id)?).await?;
        let detail = job.error_details.first();
        let mut fact = JobFact {
            name: job.name.clone(),
            vault: id
                .rsplit_once("/backupJobs/")
                .map_or(id, |(vault, _)| vault)
                .to_owned(),
            status: job.status.clone(),
            task: task_of(&job),
            started: job.started,
            ended: job.ended,
            code: detail.and_then(|d| d.title.clone()),
            number: detail.and_then(|d| d.code),
            message: detail
                .and_then(|d| some(d.message.clone()))
                .or(job.dynamic_error.clone()),
            recovery_point: None,
            consistency: None,
        };
        if fact.status.eq_ignore_ascii_case("Completed")
            && let (Some(item), Some(started)) = (args["item"].as_str(), fact.started)
        {
            let points = RecoveryPoints::read(&self.0, &parse(item)?).await?;
            if let Some(point) = points.newer_than(started) {
                fact.recovery_point = Some(point.id.clone());
                fact.consistency.clone_from(&point.consistency);
            }
        }
        value(&fact)
    }
}

fn task_of(job: &crate::azure::views::backup::Job) -> Option<String> {
    let done: Vec<&str> = job
        .tasks
        .iter()
        .filter(|t| t.status.eq_ignore_ascii_case("Completed"))
        .map(|t| t.name.as_str())
        .collect();
    let now = job.tasks.iter().find(|t| is_running(&t.status))?;
    Some(match done.last() {
        Some(before) => format!("{} ({before} is done)", now.name),
        None => now.name.clone(),
    })
}
