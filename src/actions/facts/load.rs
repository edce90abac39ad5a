//! `load`: how busy the VM was while its last failed backup ran, and how busy it is now.
//! Evidence for a person, and for not backing up into the same load again.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::jobs::{JobRow, Jobs};
use crate::actions::facts::{id_of, known, schema, unread, value};
use crate::actions::limits;
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::azure::views::Metric;
use crate::base::{Clock, ErrorClass, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct LoadLooker(pub(super) Reader, pub(super) Clock);

const CPU: &str = "Percentage CPU";

/// A platform metric that some machines and clouds have not got.
const FREE_MEMORY: &str = "Available Memory Percentage";

/// A window longer than this is measured in coarser steps, so that an answer stays small.
const FINE: SignedDuration = SignedDuration::from_hours(4);

/// How busy the VM was and is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LoadFact {
    /// Why some of it could not be read; null when all of it was.
    pub unread: Option<String>,
    /// Percent above which a snapshot is delayed until it times out.
    pub limit: f64,
    /// True when processor or memory was above it while the last failed backup ran.
    pub was_busy: bool,
    /// True when processor or memory is above it now.
    pub is_busy: bool,
    /// While the last failed backup ran; null when none has failed lately.
    pub then: Option<Window>,
    /// In the last quarter of an hour.
    pub now: Option<Window>,
}

/// What was measured over a time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Window {
    /// From when.
    #[schemars(with = "Option<String>")]
    pub from: Option<Timestamp>,
    /// To when.
    #[schemars(with = "Option<String>")]
    pub to: Option<Timestamp>,
    /// Percent of the processor; null when nothing was measured.
    pub cpu: Option<Measured>,
    /// Percent of the memory in use; null where the platform does not measure it.
    pub memory: Option<Measured>,
}

/// A measure over a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Measured {
    /// Over all of it.
    pub average: f64,
    /// The highest mean of one interval.
    pub highest: f64,
}

#[async_trait]
impl Looker for LoadLooker {
    fn name(&self) -> &'static str {
        "load"
    }

    fn schema(&self) -> Value {
        schema::<LoadFact>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::METRICS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("jobs")]
    }

    async fn load(&self, target: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let jobs: Jobs = known(facts, "jobs")?;
        let mut fact = LoadFact {
            limit: limits::BUSY_PERCENT,
            ..LoadFact::default()
        };
        if let Err(failure) = self.look(&id_of(target)?, &jobs, &mut fact).await {
            fact.unread = Some(unread(failure)?);
        }
        fact.was_busy = fact.then.as_ref().is_some_and(Window::is_busy);
        fact.is_busy = fact.now.as_ref().is_some_and(Window::is_busy);
        value(&fact)
    }
}

impl LoadLooker {
    async fn look(&self, vm: &ResourceId, jobs: &Jobs, fact: &mut LoadFact) -> Result<(), Failure> {
        let now = self.1.now();
        let lately = SignedDuration::try_from(limits::LOAD_NOW).unwrap_or_default();
        let from = now.checked_sub(lately).unwrap_or(now);
        fact.now = Some(self.measure(vm, from, now).await?);
        if let Some((from, to)) = jobs.list.iter().find_map(|row| window_of(row, now)) {
            fact.then = Some(self.measure(vm, from, to).await?);
        }
        Ok(())
    }

    /// Processor and memory in one question; the processor alone where the platform does not
    /// measure memory, because one unknown name fails the whole.
    async fn measure(
        &self,
        vm: &ResourceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Window, Failure> {
        let fine = to.duration_since(from) <= FINE;
        let (span, step) = ((from, to), if fine { "PT1M" } else { "PT15M" });
        let both = self.0.vm_metrics(vm, &[CPU, FREE_MEMORY], span, step).await;
        let measured = match both {
            Err(failure) if failure.class == ErrorClass::Invalid => {
                self.0.vm_metrics(vm, &[CPU], span, step).await?
            }
            other => other?,
        };
        let of = |name: &str| measured.iter().find(|m| m.name.eq_ignore_ascii_case(name));
        Ok(Window {
            from: Some(from),
            to: Some(to),
            cpu: of(CPU).and_then(|metric| Measured::of(metric, |percent| percent)),
            memory: of(FREE_MEMORY).and_then(|metric| Measured::of(metric, |free| 100.0 - free)),
        })
    }
}

/// The time of a failed backup; metrics come by the minute, so at least that.
fn window_of(row: &JobRow, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    if !row.is_backup() || !row.status.eq_ignore_ascii_case("Failed") {
        return None;
    }
    let from = row.started?;
    let minute = from.checked_add(SignedDuration::from_mins(1)).ok()?;
    Some((from, row.ended.unwrap_or(now).max(minute)))
}

impl Window {
    fn is_busy(&self) -> bool {
        let over = |measured: &Measured| measured.highest > limits::BUSY_PERCENT;
        self.cpu.as_ref().is_some_and(over) || self.memory.as_ref().is_some_and(over)
    }
}

impl Measured {
    /// None when nothing was measured: no measure is not zero.
    fn of(metric: &Metric, percent: impl Fn(f64) -> f64) -> Option<Self> {
        let all: Vec<f64> = metric.samples.iter().map(|s| percent(s.average)).collect();
        let highest = all.iter().copied().reduce(f64::max)?;
        let count = u32::try_from(all.len()).ok()?;
        Some(Self {
            average: tenth(all.iter().sum::<f64>() / f64::from(count)),
            highest: tenth(highest),
        })
    }
}

fn tenth(percent: f64) -> f64 {
    (percent * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::views::Sample;

    fn metric(averages: &[f64]) -> Metric {
        let sample = |average: &f64| Sample {
            average: *average,
            ..Sample::default()
        };
        Metric {
            samples: averages.iter().map(sample).collect(),
            ..Metric::default()
        }
    }

    #[test]
    fn a_vm_is_busy_above_the_limit_and_not_at_it_and_no_measure_is_not_zero() {
        let window = |cpu: &[f64], free: &[f64]| Window {
            cpu: Measured::of(&metric(cpu), |p| p),
            memory: Measured::of(&metric(free), |p| 100.0 - p),
            ..Window::default()
        };
        assert!(!window(&[10.0, 90.0], &[50.0]).is_busy());
        assert!(window(&[10.0, 90.1], &[50.0]).is_busy());
        assert!(
            window(&[10.0], &[50.0, 9.0]).is_busy(),
            "91 % of memory in use"
        );
        assert!(!window(&[], &[]).is_busy());
        assert_eq!(Measured::of(&metric(&[]), |p| p), None);
        let mean = Measured::of(&metric(&[10.0, 20.0, 33.33]), |p| p);
        assert_eq!(
            mean,
            Some(Measured {
                average: 21.1,
                highest: 33.3
            })
        );
    }

    #[test]
    fn the_window_is_that_of_a_failed_backup_and_of_nothing_else() {
        let now: Timestamp = "2026-11-21T03:10:00Z".parse().unwrap();
        let row = |operation: &str, status: &str| JobRow {
            operation: operation.into(),
            status: status.into(),
            started: "2026-11-21T02:41:00Z".parse().ok(),
            ended: "2026-11-21T02:45:00Z".parse().ok(),
            ..JobRow::default()
        };
        let of = |operation, status| {
            window_of(&row(operation, status), now).map(|(_, to)| to.to_string())
        };
        assert_eq!(
            of("Backup", "Failed").as_deref(),
            Some("2026-11-21T02:45:00Z")
        );
        assert_eq!(
            (of("Restore", "Failed"), of("Backup", "Completed")),
            (None, None)
        );
    }
}
