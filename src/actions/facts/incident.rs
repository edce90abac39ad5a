//! `incident`: the failed job that a run answers, and whether it has healed since.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use crate::actions::facts::item::ItemFact;
use crate::actions::facts::jobs::{JobRow, Jobs};
use crate::actions::facts::recovery_points::RecoveryPoints;
use crate::actions::facts::{known, parse, some, value};
use crate::actions::limits;
use crate::actions::words::when;
use crate::azure::reader::{Reader, rights};
use crate::azure::views::backup::Job;
use crate::base::{Clock, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};
use crate::core::incident::{FACT, Incident, IncidentStatus};
use crate::core::runbook::catalogue::normalised;

pub(super) struct IncidentLooker(pub(super) Reader, pub(super) Clock);

#[derive(Debug, Deserialize)]
struct Wanted {
    codes: Vec<String>,
    numbers: Vec<i64>,
    messages: Vec<String>,
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

/// What a failed job says of itself: symbol, number, message, each where it is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symptom {
    /// The symbolic code: `errorTitle`, or the protected item's for the same number.
    pub symbol: Option<String>,
    /// The number.
    pub number: Option<i64>,
    /// The message.
    pub message: Option<String>,
}

/// What the last failed job of a VM says, for finding its runbook.
///
/// # Errors
/// When the job cannot be read.
pub async fn last_symptom(reader: &Reader, facts: &Facts) -> Result<Option<Symptom>, Failure> {
    let jobs: Jobs = known(facts, "jobs")?;
    let item: ItemFact = known(facts, "item")?;
    let Some(row) = jobs.list.iter().find(|row| has_failed(row)) else {
        return Ok(None);
    };
    Ok(Some(read_symptom(reader, row, &item).await?))
}

pub(super) fn has_failed(row: &JobRow) -> bool {
    row.is_backup()
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
        let mut found = Incident {
            running: jobs.running.as_ref().map(|r| r.name.clone()),
            evidence: nothing_found(&jobs, &item),
            ..Incident::default()
        };
        if self
            .healed_by_watched(&mut found, &wanted.known, &jobs, &item)
            .await?
        {
            return value(&found);
        }
        let mut newest: Option<Symptom> = None;
        for row in jobs
            .list
            .iter()
            .filter(|row| has_failed(row))
            .take(limits::JOBS_READ)
        {
            let before = wanted.known.id.as_deref() == Some(row.name.as_str());
            let symptom = if before {
                wanted.known.symptom()
            } else {
                read_symptom(&self.0, row, &item).await?
            };
            if before || matches(&symptom, &wanted) {
                self.describe(&mut found, row, &symptom, &jobs, &item)
                    .await?;
                return value(&found);
            }
            newest.get_or_insert(symptom);
        }
        if let Some(other) = newest.and_then(|s| s.symbol) {
            found.evidence = format!("the last backup failed with `{other}` instead");
            found.code = Some(other);
        }
        value(&found)
    }
}

impl IncidentLooker {
    /// Whether the job that was running when the complaint was looked at first has completed
    /// and left a recovery point: then no failed job has to prove anything.
    async fn healed_by_watched(
        &self,
        found: &mut Incident,
        known: &Known,
        jobs: &Jobs,
        item: &ItemFact,
    ) -> Result<bool, Failure> {
        let Some(watched) = &known.running else {
            return Ok(false);
        };
        let Some(row) = jobs.list.iter().find(|row| row.name == *watched) else {
            return Ok(false);
        };
        if !row.is_backup() || !row.status.eq_ignore_ascii_case("Completed") {
            return Ok(false);
        }
        let Some(point) = self.point_of(row, item).await? else {
            return Ok(false);
        };
        let at = row.ended.map(when).unwrap_or_default();
        found.status = IncidentStatus::Healed;
        found.evidence = format!(
            "backup job {watched}, which was running, completed at {at} and left a recovery point"
        );
        found.healed_by = Some(watched.clone());
        found.recovery_point = Some(point);
        found.id.clone_from(&known.id);
        found.code.clone_from(&known.code);
        Ok(true)
    }

    async fn describe(
        &self,
        found: &mut Incident,
        row: &JobRow,
        symptom: &Symptom,
        jobs: &Jobs,
        item: &ItemFact,
    ) -> Result<(), Failure> {
        found.id = Some(row.name.clone());
        found.code.clone_from(&symptom.symbol);
        found.message.clone_from(&symptom.message);
        found.ended = row.ended;
        let code = symptom
            .symbol
            .clone()
            .or(symptom.number.map(|n| n.to_string()));
        let at = row.ended.or(row.started).map(when).unwrap_or_default();
        found.evidence = format!(
            "backup job {} failed at {at} with `{}`",
            row.name,
            code.unwrap_or_default()
        );
        found.status = IncidentStatus::Open;
        match later_completed(jobs, row) {
            Some(healer) => self.healed_by(found, healer, item).await?,
            None if found.running.is_some() => found.status = IncidentStatus::Running,
            None => {}
        }
        Ok(())
    }

    /// A later job completed. Its recovery point makes the complaint healed; without one nothing
    /// is deleted on the strength of the older failure: it is waited for, then a person looks.
    async fn healed_by(
        &self,
        found: &mut Incident,
        healer: &JobRow,
        item: &ItemFact,
    ) -> Result<(), Failure> {
        let at = healer.ended.map(when).unwrap_or_default();
        let completed = format!("backup job {} has completed since, at {at}", healer.name);
        let since = |ended| self.1.now().duration_since(ended).unsigned_abs();
        if let Some(point) = self.point_of(healer, item).await? {
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

fn later_completed<'a>(jobs: &'a Jobs, failed: &JobRow) -> Option<&'a JobRow> {
    jobs.list.iter().find(|row| {
        row.is_backup()
            && row.status.eq_ignore_ascii_case("Completed")
            // By the end: the backup that ran when another was refused heals that refusal.
            && row.ended.or(row.started) > failed.ended.or(failed.started)
    })
}

fn nothing_found(jobs: &Jobs, item: &ItemFact) -> String {
    if item.id.is_none() {
        return "no vault protects this VM".to_owned();
    }
    match jobs.list.iter().find(|row| row.is_backup()) {
        Some(row) if row.is_running() => {
            let at = row.started.map(when).unwrap_or_default();
            format!("backup job {} has been running since {at}", row.name)
        }
        Some(row) => {
            let at = row.ended.or(row.started).map(when).unwrap_or_default();
            format!("its last backup job ended as {} at {at}", row.status)
        }
        None => "it has no backup job of the last 14 days".to_owned(),
    }
}

impl Known {
    fn symptom(&self) -> Symptom {
        Symptom {
            symbol: self.code.clone(),
            number: None,
            message: self.message.clone(),
        }
    }
}

/// What a failed job says of itself. Where it gives a number and no symbol, the item's health has
/// both for the same failure (azure-api.md 6.5).
async fn read_symptom(reader: &Reader, row: &JobRow, item: &ItemFact) -> Result<Symptom, Failure> {
    let job = reader.backup_job(&parse(&row.id)?).await?;
    let mut symptom = symptom(&job);
    if let (None, Some(number), Some(id)) = (&symptom.symbol, symptom.number, &item.id) {
        let health = reader.protected_item(&parse(id)?).await?.health_details;
        let same = health.into_iter().find(|h| h.code == Some(number));
        symptom.symbol = same.and_then(|h| some(h.title));
    }
    Ok(symptom)
}

fn symptom(job: &Job) -> Symptom {
    let Some(detail) = job.error_details.first() else {
        return Symptom {
            message: job.dynamic_error.clone(),
            ..Symptom::default()
        };
    };
    Symptom {
        symbol: some(detail.title.clone()),
        number: detail.code,
        message: some(detail.message.clone()).or_else(|| job.dynamic_error.clone()),
    }
}

/// Symbol first; the number where there is no symbol; then the message.
fn matches(symptom: &Symptom, wanted: &Wanted) -> bool {
    let by_symbol = |symbol: &String| {
        wanted
            .codes
            .iter()
            .any(|code| code.eq_ignore_ascii_case(symbol))
    };
    if let Some(symbol) = &symptom.symbol
        && looks_like_a_code(symbol)
    {
        return by_symbol(symbol);
    }
    if symptom.number.is_some_and(|n| wanted.numbers.contains(&n)) {
        return true;
    }
    let Some(message) = symptom.message.as_deref().map(normalised) else {
        return false;
    };
    wanted.messages.iter().any(|pattern| {
        let pattern = regex::RegexBuilder::new(pattern)
            .case_insensitive(true)
            .build();
        pattern.is_ok_and(|p| p.is_match(&message))
    })
}

/// `errorTitle` holds the symbol in every recording, but the specification calls it a title.
fn looks_like_a_code(title: &str) -> bool {
    !title.is_empty() && title.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            codes: vec!["UserErrorRpCollectionLimitReached".to_owned()],
            numbers: vec![1234],
            messages: vec![r"cannot exceed \d+".to_owned()],
            known: Known::default(),
        }
    }

    fn symptom(symbol: Option<&str>, number: Option<i64>, message: Option<&str>) -> Symptom {
        Symptom {
            symbol: symbol.map(str::to_owned),
            number,
            message: message.map(str::to_owned),
        }
    }

    #[test]
    fn a_symbol_decides_whatever_its_case_and_whatever_else_is_there() {
        let same = symptom(
            Some("usererrorRPCollectionlimitreached"),
            Some(9),
            Some("x"),
        );
        assert!(matches(&same, &wanted()));
        let other = symptom(Some("UserErrorOther"), Some(1234), Some("cannot exceed 18"));
        assert!(!matches(&other, &wanted()));
    }

    #[test]
    fn without_a_symbol_the_number_and_then_the_message_decide() {
        assert!(matches(&symptom(None, Some(1234), None), &wanted()));
        assert!(matches(
            &symptom(None, None, Some("Points CANNOT exceed 18.")),
            &wanted()
        ));
        assert!(!matches(&symptom(None, Some(1), Some("fine")), &wanted()));
        assert!(matches(
            &symptom(Some("A title"), Some(1234), None),
            &wanted()
        ));
    }
}
