//! The failed backups of a vault, each with its runbook, worst first. Reads only.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::actions::facts::item::container_of;
use crate::actions::facts::jobs::bare;
use crate::actions::limits;
use crate::actions::symptom;
use crate::azure::reader::Reader;
use crate::azure::resource_id::ResourceId;
use crate::azure::views::{Job, ProtectedItem};
use crate::base::Failure;
use crate::core::report::triage::{FailedVm, VaultTriage};
use crate::core::runbook::catalogue::Catalogue;
use crate::core::symptom::Symptom;

/// How a vault's backups stand since a time: two lists, and one read for each VM whose last
/// backup did not end well.
///
/// # Errors
/// When the vault cannot be read.
pub async fn triage(
    reader: &Reader,
    catalogue: &Catalogue,
    vault: &ResourceId,
    since: Timestamp,
) -> Result<VaultTriage, Failure> {
    let jobs = reader.backup_jobs(vault, since).await?;
    let items = reader.protected_items(vault).await?;
    let mut told = VaultTriage {
        vault: vault.to_string(),
        ..VaultTriage::default()
    };
    let mut failing = Vec::new();
    for jobs in by_vm(&jobs).into_values() {
        match Standing::of(&jobs) {
            Standing::Failing { last, times } => failing.push(Failing {
                item: items.iter().find(|item| protects(item, last)),
                last,
                times,
            }),
            Standing::Healed => told.healed += 1,
            Standing::Well => {}
        }
    }
    failing.sort_by_key(Failing::rank);
    told.unread = failing.len().saturating_sub(limits::JOBS_OF_A_VAULT);
    for one in failing.iter().take(limits::JOBS_OF_A_VAULT) {
        let job = reader.backup_job(&one.last.id).await?;
        told.failed.push(one.told(&job, catalogue));
    }
    Ok(told)
}

/// A VM whose last backup did not end well.
struct Failing<'a> {
    item: Option<&'a ProtectedItem>,
    last: &'a Job,
    times: usize,
}

impl Failing<'_> {
    /// Nothing to go back to comes first, then the oldest, then what fails most; by name among
    /// equals.
    fn rank(&self) -> (Option<Timestamp>, std::cmp::Reverse<usize>, String) {
        let point = self.item.and_then(|item| item.last_recovery_point);
        (point, std::cmp::Reverse(self.times), self.name())
    }

    fn name(&self) -> String {
        let of_item = self.item.and_then(|item| item.source_id.as_ref());
        let name = of_item.map(|id| id.name().to_owned());
        name.or_else(|| self.last.entity_name.clone())
            .unwrap_or_else(|| self.last.name.clone())
    }

    fn told(&self, job: &Job, catalogue: &Catalogue) -> FailedVm {
        let symptom: Symptom = match self.item {
            Some(item) => symptom::of_job_and_item(job, item),
            None => symptom::of_job(job),
        };
        let number = || symptom.number().map(|number| number.to_string());
        FailedVm {
            name: self.name(),
            vm: self
                .item
                .and_then(|item| item.source_id.as_ref())
                .map(ToString::to_string),
            job: job.name.clone(),
            status: job.status.clone(),
            ended: job.ended.or(job.started),
            failures: self.times,
            failed_with: symptom.symbol().map(str::to_owned).or_else(number),
            message: symptom.message(),
            last_recovery_point: self.item.and_then(|item| item.last_recovery_point),
            answer: catalogue.answer(&symptom),
        }
    }
}

/// How the backups of one VM stand.
enum Standing<'a> {
    /// The last did not end well.
    Failing {
        last: &'a Job,
        times: usize,
    },
    /// One did not, and a later one completed.
    Healed,
    Well,
}

impl<'a> Standing<'a> {
    /// Of the jobs of one VM, newest first. What runs or was cancelled decides nothing.
    fn of(jobs: &[&'a Job]) -> Self {
        let is = |job: &Job, status: &str| job.status.eq_ignore_ascii_case(status);
        let bad = |job: &Job| is(job, "Failed") || is(job, "CompletedWithWarnings");
        let all = jobs.iter().copied();
        let ended: Vec<&'a Job> = all.filter(|job| bad(job) || is(job, "Completed")).collect();
        let times = ended.iter().filter(|job| bad(job)).count();
        match ended.first() {
            Some(&last) if bad(last) => Self::Failing { last, times },
            _ if times > 0 => Self::Healed,
            _ => Self::Well,
        }
    }
}

/// The backup jobs, newest first, by the container of their VM: two groups can hold a VM of the
/// same name.
fn by_vm(jobs: &[Job]) -> BTreeMap<String, Vec<&Job>> {
    let mut all: BTreeMap<String, Vec<&Job>> = BTreeMap::new();
    let backups = jobs
        .iter()
        .filter(|job| job.operation.eq_ignore_ascii_case("Backup"));
    for job in backups {
        let name = job
            .container
            .as_deref()
            .map(bare)
            .or(job.entity_name.as_deref());
        let key = name.unwrap_or(&job.name).to_lowercase();
        all.entry(key).or_default().push(job);
    }
    all
}

fn protects(item: &ProtectedItem, job: &Job) -> bool {
    let of_item = container_of(item.id.as_str());
    let of_job = job.container.as_deref().map(bare);
    of_item
        .zip(of_job)
        .is_some_and(|(of_item, of_job)| of_item.eq_ignore_ascii_case(of_job))
}
