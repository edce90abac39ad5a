//! `failure`: the VM's last failed backup job in full, in Azure's words.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::incident::last_failed;
use crate::actions::facts::jobs::Jobs;
use crate::actions::facts::{known, parse, schema, some, value};
use crate::azure::reader::{Reader, rights};
use crate::azure::views::backup::Job;
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct FailureLooker(pub(super) Reader);

/// The last backup job that failed or was not wholly well, as a ticket needs it; all null where
/// there is none.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct LastFailure {
    /// The job's name, a GUID.
    pub job: Option<String>,
    /// `Failed` or `CompletedWithWarnings`.
    pub status: Option<String>,
    /// When it began.
    #[schemars(with = "Option<String>")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[schemars(with = "Option<String>")]
    pub ended: Option<Timestamp>,
    /// Its errors, each with number, title, message and what Azure recommends.
    pub errors: Vec<JobError>,
    /// What compute said, where the job quotes it.
    pub details: Option<String>,
    /// Everything that it says, in one text.
    pub text: String,
    /// Its tasks and how each stands.
    pub tasks: Vec<String>,
    /// What support finds the job by.
    pub activity_id: Option<String>,
}

/// One error of a job.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct JobError {
    /// The number.
    pub number: Option<i64>,
    /// The code, which Azure calls the title.
    pub title: Option<String>,
    /// The message.
    pub message: Option<String>,
    /// What Azure recommends.
    pub recommendations: Vec<String>,
}

#[async_trait]
impl Looker for FailureLooker {
    fn name(&self) -> &'static str {
        "failure"
    }

    fn schema(&self) -> Value {
        schema::<LastFailure>()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("jobs")]
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::BACKUP_JOBS.to_vec()
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let jobs: Jobs = known(facts, "jobs")?;
        let Some(row) = last_failed(&jobs) else {
            return value(&LastFailure::default());
        };
        value(&told(self.0.backup_job(&parse(&row.id)?).await?))
    }
}

fn told(job: Job) -> LastFailure {
    let errors = job.error_details.iter().map(|error| JobError {
        number: error.code,
        title: error.title.clone(),
        message: error.message.clone(),
        recommendations: error.recommendations.clone(),
    });
    let mut said = job.error_details.iter().flat_map(|error| {
        [error.title.as_deref(), error.message.as_deref()]
            .into_iter()
            .flatten()
    });
    let first = said.next().into_iter();
    let rest: Vec<&str> = said.chain(job.dynamic_error.as_deref()).collect();
    let said: Vec<String> = first
        .map(str::to_owned)
        .chain(Some(rest.join(" ")).filter(|rest| !rest.is_empty()))
        .collect();
    let tasks = job.tasks.iter();
    LastFailure {
        errors: errors.collect(),
        text: said.join(": "),
        tasks: tasks
            .map(|task| format!("{}: {}", task.name, task.status))
            .collect(),
        job: Some(job.name),
        status: some(job.status),
        started: job.started,
        ended: job.ended,
        details: job.dynamic_error,
        activity_id: job.activity_id,
    }
}
