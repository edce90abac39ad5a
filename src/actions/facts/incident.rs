//! `incident`: the failed job that a run answers, and whether it has healed since.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use crate::actions::facts::item::ItemFact;
use crate::actions::facts::jobs::{JobRow, Jobs};
use crate::actions::facts::recovery_points::RecoveryPoints;
use crate::actions::facts::{known, parse, value};
use crate::actions::limits;
use crate::actions::symptom;
use crate::actions::words::when;
use crate::azure::reader::{Reader, rights};
use crate::base::{Clock, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};
use crate::core::incident::{FACT, Incident, IncidentStatus};
use crate::core::runbook::claim::Claim;
use crate::core::runbook::model::{Matching, Operation};
use crate::core::symptom::Symptom;

pub(super) struct IncidentLooker(pub(super) Reader, pub(super) Clock);

#[derive(Debug, Deserialize)]
struct Wanted {
    code: String,
    #[serde(rename = "match")]
    matching: Matching,
    known: Known,
}

/// The failed job that was found before.
#[derive(Debug, Default, Deserialize)]
struct Known {
    id: Option<String>,
    code: Option<String>,
    message: Option<String>,
    /// The job that was running then.
    running: Option<String>,
}

/// What the last failed job of a VM says, and which it is.
///
/// # Errors
/// When the job cannot be read.
pub async fn last_symptom(
    reader: &Reader,
    facts: &Facts,
) -> Result<Option<(JobRow, Symptom)>, Failure> {
    let jobs: Jobs = known(facts, "jobs")?;
    let item: ItemFact = known(facts, "item")?;
    let Some(row) = last_failed(&jobs) else {
        return Ok(None);
    };
    let symptom = read_symptom(reader, row, &item).await?;
    Ok(Some((row.clone(), symptom)))
}

/// The last backup that failed, or was not wholly well.
pub(super) fn last_failed(jobs: &Jobs) -> Option<&JobRow> {
    let mut rows = jobs.list.iter();
    rows.find(|row| has_failed(row, Operation::Backup))
}

fn has_failed(row: &JobRow, operation: Operation) -> bool {
    row.concerns(operation)
        && ["Failed", "CompletedWithWarnings"]
            .iter()
            .any(|s| row.status.eq_ignore_ascii_case(s))
}

#[async_trait]
impl Looker for IncidentLooker {
    fn name(&self) -> &'static str {
        FACT
    }

    fn schema(&self) -> Value {
        serde_json::json!({ "type": "object" })
    }

    fn reads(&self) -> Vec<&'static str> {
        [
            rights::BACKUP_JOBS,
            rights::PROTECTED_ITEM,
            rights::RECOVERY_POINTS,
        ]
        .concat()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("jobs"), FactKey::named("item")]
    }

    async fn load(&self, _: &Target, args: &Value, facts: &Facts) -> Result<Value, Failure> {
        let wanted: Wanted = serde_json::from_value(args.clone()).map_err(|e| {
            Failure::new(
                crate::base::ErrorClass::Invalid,
                "look for the incident",
                e.to_string(),
            )
        })?;
        let jobs: Jobs = known(facts, "jobs")?;
        let item: ItemFact = known(facts, "item")?;
        let operation = wanted.matching.operation;
        let mut found = Incident {
            running: running(&jobs, operation).map(|r| r.name.clone()),
            evidence: nothing_found(&jobs, &item, operation),
            ..Incident::default()
        };
        let told = Told {
            jobs: &jobs,
            item: &item,
            operation,
        };
        if self
            .healed_by_watched(&mut found, &wanted.known, &told)
            .await?
        {
            return value(&found);
        }
        let claim = Claim::new(&wanted.code, &wanted.matching);
        let mut newest: Option<Symptom> = None;
        let failed = jobs.list.iter().filter(|row| has_failed(row, operation));
        for row in failed.take(limits::JOBS_READ) {
            if wanted.known.id.as_deref() == Some(row.name.as_str()) {
                let said = wanted.known.said();
                self.describe(&mut found, row, said, &told).await?;
                return value(&found);
            }
            let symptom = read_symptom(&self.0, row, &item).await?;
            if claim.answers(&symptom).is_some() {
                self.describe(&mut found, row, said(&symptom), &told)
                    .await?;
                return value(&found);
            }
            newest.get_or_insert(symptom);
        }
        if let Some(other) = newest.as_ref().and_then(Symptom::symbol) {
            let noun = operation.noun();
            found.evidence = format!("the last {noun} failed with `{other}` instead");
            found.code = Some(other.to_owned());
        }
        value(&found)
    }
}

/// What an incident is told from.
struct Told<'a> {
    jobs: &'a Jobs,
    item: &'a ItemFact,
    operation: Operation,
}

/// Code and message of a failure, for people.
type Said = (Option<String>, Option<String>);

fn said(symptom: &Symptom) -> Said {
    let number = || symptom.number().map(|number| number.to_string());
    let code = symptom.symbol().map(str::to_owned).or_else(number);
    (code, symptom.message())
}

impl IncidentLooker {
    /// Whether the job that was running when the complaint was looked at first has completed
    /// and left a recovery point: then no failed job has to prove anything.
    async fn healed_by_watched(
        &self,
        found: &mut Incident,
        known: &Known,
        told: &Told<'_>,
    ) -> Result<bool, Failure> {
        let Some(watched) = &known.running else {
            return Ok(false);
        };
        let Some(row) = told.jobs.list.iter().find(|row| row.name == *watched) else {
            return Ok(false);
        };
        if !row.concerns(told.operation) || !row.status.eq_ignore_ascii_case("Completed") {
            return Ok(false);
        }
        let at = row.ended.map(when).unwrap_or_default();
        let noun = row.kind().noun();
        found.evidence = format!("{noun} job {watched}, which was running, completed at {at}");
        if row.is_backup() {
            let Some(point) = self.point_of(row, told.item).await? else {
                return Ok(false);
            };
            found.evidence.push_str(" and left a recovery point");
            found.recovery_point = Some(point);
        }
        found.status = IncidentStatus::Healed;
        found.healed_by = Some(watched.clone());
        found.id.clone_from(&known.id);
        found.code.clone_from(&known.code);
        Ok(true)
    }

    async fn describe(
        &self,
        found: &mut Incident,
        row: &JobRow,
        (code, message): Said,
        told: &Told<'_>,
    ) -> Result<(), Failure> {
        let at = row.ended.or(row.started).map(when).unwrap_or_default();
        let with = match &code {
            Some(code) => format!("with `{code}`"),
            None => "without a code".to_owned(),
        };
        let noun = row.kind().noun();
        found.evidence = format!("{noun} job {} failed at {at} {with}", row.name);
        found.id = Some(row.name.clone());
        found.code = code;
        found.message = message;
        found.ended = row.ended;
        found.status = IncidentStatus::Open;
        match later_completed(told, row) {
            Some(healer) => self.healed_by(found, healer, told).await?,
            None if found.running.is_some() => found.status = IncidentStatus::Running,
            None => {}
        }
        Ok(())
    }

    /// A later job of the same kind completed. Of a backup, its recovery point makes the complaint
    /// healed; without one nothing is deleted on the strength of the older failure: it is waited for,
    /// then a person looks.
    async fn healed_by(
        &self,
        found: &mut Incident,
        healer: &JobRow,
        told: &Told<'_>,
    ) -> Result<(), Failure> {
        let at = healer.ended.map(when).unwrap_or_default();
        let noun = healer.kind().noun();
        let completed = format!("{noun} job {} has completed since, at {at}", healer.name);
        if !healer.is_backup() {
            found.status = IncidentStatus::Healed;
            found.evidence = format!("{}; {completed}", found.evidence);
            found.healed_by = Some(healer.name.clone());
            return Ok(());
        }
        let since = |ended| self.1.now().duration_since(ended).unsigned_abs();
        if let Some(point) = self.point_of(healer, told.item).await? {
            found.status = IncidentStatus::Healed;
            found.evidence = format!("{}; {completed}, and left a recovery point", found.evidence);
            found.healed_by = Some(healer.name.clone());
            found.recovery_point = Some(point);
        } else if healer
            .ended
            .is_some_and(|e| since(e) < limits::RECOVERY_POINT_APPEARS)
        {
            found.status = IncidentStatus::Running;
            found.evidence = format!(
                "{}; {completed}; its recovery point cannot be seen yet",
                found.evidence
            );
            found.running = Some(healer.name.clone());
        } else {
            found.status = IncidentStatus::None;
            found.evidence =
                format!("{completed}, yet no recovery point newer than its start can be seen");
        }
        Ok(())
    }

    /// The recovery point that a completed job left. Where the points cannot be read, none.
    async fn point_of(&self, job: &JobRow, item: &ItemFact) -> Result<Option<String>, Failure> {
        let (Some(item), Some(started)) = (&item.id, job.started) else {
            return Ok(None);
        };
        let points = RecoveryPoints::read(&self.0, &parse(item)?).await?;
        Ok(points.newer_than(started).map(|p| p.id.clone()))
    }
}

/// The job that stands in the way of judging: any that touches the disks, for a backup.
fn running(jobs: &Jobs, operation: Operation) -> Option<&JobRow> {
    let mut rows = jobs.list.iter();
    match operation {
        Operation::Backup => jobs.running.as_ref(),
        _ => rows.find(|row| row.is_running() && row.concerns(operation)),
    }
}

/// A backup that completes does not heal a restore that failed.
fn later_completed<'a>(told: &Told<'a>, failed: &JobRow) -> Option<&'a JobRow> {
    told.jobs.list.iter().find(|row| {
        row.kind() == failed.kind()
            && row.status.eq_ignore_ascii_case("Completed")
            // By the end: the backup that ran when another was refused heals that refusal.
            && row.ended.or(row.started) > failed.ended.or(failed.started)
    })
}

fn nothing_found(jobs: &Jobs, item: &ItemFact, operation: Operation) -> String {
    let noun = operation.noun();
    if item.id.is_none() {
        return "no vault protects this VM".to_owned();
    }
    match jobs.list.iter().find(|row| row.concerns(operation)) {
        Some(row) if row.is_running() => {
            let at = row.started.map(when).unwrap_or_default();
            format!("{noun} job {} has been running since {at}", row.name)
        }
        Some(row) => {
            let at = row.ended.or(row.started).map(when).unwrap_or_default();
            format!("its last {noun} job ended as {} at {at}", row.status)
        }
        None => format!("it has no {noun} job of the last 14 days"),
    }
}

impl Known {
    fn said(&self) -> Said {
        (self.code.clone(), self.message.clone())
    }
}

/// What a failed job says of itself, and its item where the job leaves its code open.
async fn read_symptom(reader: &Reader, row: &JobRow, item: &ItemFact) -> Result<Symptom, Failure> {
    let job = reader.backup_job(&parse(&row.id)?).await?;
    let of_job = symptom::of_job(&job);
    match &item.id {
        Some(id) if symptom::wants_the_item(&of_job) => {
            let item = reader.protected_item(&parse(id)?).await?;
            Ok(symptom::of_job_and_item(&job, &item))
        }
        _ => Ok(of_job),
    }
}
