//! `jobs`: the jobs that back this VM up, restore it or configure its protection, newest first,
//! from one list of its vault.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::item::ItemFact;
use crate::actions::facts::{id_of, known, parse, schema, some, value};
use crate::actions::limits;
use crate::azure::reader::{Reader, rights};
use crate::azure::views::backup::Job;
use crate::base::{Clock, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};
use crate::core::runbook::model::Operation;

pub(super) struct JobsLooker(pub(super) Reader, pub(super) Clock);

/// The jobs of this VM.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Jobs {
    /// Newest first.
    pub list: Vec<JobRow>,
    /// The backup or restore that runs now.
    pub running: Option<JobRow>,
    /// True when one runs.
    #[schemars(extend("x-yes" = "a backup or restore runs", "x-no" = "no backup or restore runs"))]
    pub is_running: bool,
    /// Backups started within a day.
    pub started_within_a_day: usize,
}

/// One job, as a list shows it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JobRow {
    /// Its resource id.
    pub id: String,
    /// Its name, a GUID.
    pub name: String,
    /// `Backup`, `Restore` or `ConfigureBackup`.
    pub operation: String,
    /// `InProgress`, `Completed`, `Failed` …
    pub status: String,
    /// When it began.
    #[schemars(with = "Option<String>")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[schemars(with = "Option<String>")]
    pub ended: Option<Timestamp>,
}

impl JobRow {
    /// True while it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        is_running(&self.status)
    }

    /// True for a backup.
    #[must_use]
    pub fn is_backup(&self) -> bool {
        self.does(Operation::Backup)
    }

    /// True when that is what it does.
    #[must_use]
    pub fn does(&self, operation: Operation) -> bool {
        self.operation.eq_ignore_ascii_case(called(operation))
    }

    /// What it does.
    #[must_use]
    pub fn kind(&self) -> Operation {
        let kinds = [Operation::Restore, Operation::Configure];
        let mut known = kinds.into_iter().filter(|kind| self.does(*kind));
        known.next().unwrap_or_default()
    }

    /// Whether a runbook about that answers its failures. What was configured wrong is met when it
    /// is configured, or by the next backup.
    #[must_use]
    pub fn concerns(&self, operation: Operation) -> bool {
        self.does(operation) || operation == Operation::Configure && self.is_backup()
    }
}

/// What Azure calls the operation (azure-api.md section 6.4).
fn called(operation: Operation) -> &'static str {
    match operation {
        Operation::Backup => "Backup",
        Operation::Restore => "Restore",
        Operation::Configure => "ConfigureBackup",
    }
}

/// True for the statuses of a job that has not ended.
#[must_use]
pub fn is_running(status: &str) -> bool {
    ["InProgress", "Cancelling"]
        .iter()
        .any(|s| s.eq_ignore_ascii_case(status))
}

impl Jobs {
    /// From rows, newest first, at a time.
    #[must_use]
    pub fn of(mut list: Vec<JobRow>, now: Timestamp) -> Self {
        list.sort_by_key(|row| std::cmp::Reverse(row.started));
        let day = jiff::SignedDuration::from_hours(24);
        let recent = |row: &&JobRow| row.started.is_some_and(|s| now.duration_since(s) < day);
        // Configuring protection touches no disk, and nothing waits for it.
        let in_the_way = |row: &&JobRow| row.is_running() && !row.does(Operation::Configure);
        let running = list.iter().find(in_the_way).cloned();
        Self {
            is_running: running.is_some(),
            running,
            started_within_a_day: list.iter().filter(|r| r.is_backup()).filter(recent).count(),
            list,
        }
    }
}

#[async_trait]
impl Looker for JobsLooker {
    fn name(&self) -> &'static str {
        "jobs"
    }

    fn schema(&self) -> Value {
        schema::<Jobs>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::BACKUP_JOBS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("item")]
    }

    async fn load(&self, target: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let item: ItemFact = known(facts, "item")?;
        let Some(vault) = &item.vault else {
            return value(&Jobs::default());
        };
        let now = self.1.now();
        let back = jiff::SignedDuration::try_from(limits::JOBS_BACK).unwrap_or_default();
        let since = now.checked_sub(back).unwrap_or(Timestamp::MIN);
        let name = id_of(target)?.name().to_owned();
        let jobs = self.0.backup_jobs(&parse(vault)?, since).await?;
        let ours = jobs
            .iter()
            .filter(|job| is_of(job, item.container.as_deref(), &name));
        let wanted = ours.filter(|job| {
            [Operation::Backup, Operation::Restore, Operation::Configure]
                .iter()
                .any(|o| job.operation.eq_ignore_ascii_case(called(*o)))
        });
        value(&Jobs::of(wanted.map(row).collect(), now))
    }
}

/// Two groups can hold a VM of the same name: the container decides; the name only where the
/// job has no container (answers before October 2019).
pub(super) fn is_of(job: &Job, container: Option<&str>, name: &str) -> bool {
    match (&job.container, container) {
        (Some(of_job), Some(ours)) => bare(of_job).eq_ignore_ascii_case(bare(ours)),
        _ => some(job.entity_name.clone()).is_some_and(|n| n.eq_ignore_ascii_case(name)),
    }
}

/// A container's name without its first prefix, as jobs carry it.
#[must_use]
pub fn bare(container: &str) -> &str {
    match container.split_once(';') {
        Some((first, rest)) if first.eq_ignore_ascii_case("IaasVMContainer") => rest,
        _ => container,
    }
}

pub(super) fn row(job: &Job) -> JobRow {
    JobRow {
        id: job.id.to_string(),
        name: job.name.clone(),
        operation: job.operation.clone(),
        status: job.status.clone(),
        started: job.started,
        ended: job.ended,
    }
}
