//! `running_job`: the backup or restore of this VM that runs now, with its tasks.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::jobs::Jobs;
use crate::actions::facts::{known, parse, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::base::{Clock, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct RunningJobLooker(pub(super) Reader, pub(super) Clock);

/// The job that runs; all of it null when none does.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunningJob {
    /// Its resource id.
    pub id: Option<String>,
    /// Its name, a GUID.
    pub name: Option<String>,
    /// `Backup` or `Restore`.
    pub operation: Option<String>,
    /// `InProgress` or `Cancelling`.
    pub status: Option<String>,
    /// When it began.
    #[schemars(with = "Option<String>")]
    pub started: Option<Timestamp>,
    /// For how many whole hours it has been running.
    pub hours: Option<i64>,
    /// True while its snapshot is being taken and Azure offers to cancel it.
    pub cancellable: bool,
}

#[async_trait]
impl Looker for RunningJobLooker {
    fn name(&self) -> &'static str {
        "running_job"
    }

    fn schema(&self) -> Value {
        schema::<RunningJob>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::BACKUP_JOBS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("jobs")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let jobs: Jobs = known(facts, "jobs")?;
        let Some(row) = jobs.running else {
            return value(&RunningJob::default());
        };
        let job = self.0.backup_job(&parse(&row.id)?).await?;
        if !job.is_running() {
            return value(&RunningJob::default());
        }
        let since = |at: Timestamp| self.1.now().duration_since(at).as_hours();
        value(&RunningJob {
            cancellable: row.is_backup() && job.can_be_cancelled(),
            hours: job.started.map(since),
            started: job.started,
            status: Some(job.status),
            operation: Some(row.operation),
            name: Some(row.name),
            id: Some(row.id),
        })
    }
}
