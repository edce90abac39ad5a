//! `wait`: lets time pass since the last backup ended, and since this run last changed something.
//!
//! ```yaml
//! - id: let-it-settle
//!   title: Let the rights take effect
//!   action: wait
//!   with: { minutes: 10 }
//! ```
//!
//! Measured from what happened, and not from when the step began: a failure of last night is not
//! waited for again in the morning.

use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::actions::facts::jobs::Jobs;
use crate::actions::facts::restore_points::RestorePoints;
use crate::actions::limits;
use crate::actions::words::{minutes as spelled, when};
use crate::azure::permitted::Writer;
use crate::base::clock::add;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{About, Applied, Ceiling, Change, Decision, Past, Patience, Remedy};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Lets time pass.
#[derive(Debug)]
pub struct Wait;

/// How long.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// Minutes, up to two days.
    #[schemars(range(min = 1, max = 2880))]
    pub minutes: u64,
    /// True to wait, besides, until Azure has finished deleting the VM's restore point collections.
    #[serde(default)]
    pub while_collections_go: bool,
    /// True to measure from when the step begins: what it waits for was done just before, by a
    /// person.
    #[serde(default)]
    pub from_now: bool,
    /// The outcome of the step whose effect is waited for, so that a plan decides this after it.
    #[serde(default)]
    pub after: Option<String>,
}

/// A wait of so many minutes or fewer belongs to the step; a longer one is bounded by `--wait`.
const SHORT: u64 = 15;

#[async_trait]
impl Remedy for Wait {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "wait",
            sentence: "Lets time pass since the last backup ended or the run changed something",
            ceiling: Ceiling {
                risk: Risk::ReadOnly,
                approval: Approval::None,
                kinds: Vec::new(),
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(args: &Args, _: &Past<'_>) -> Vec<FactKey> {
        let points = args.while_collections_go.then_some("restore_points");
        let names = std::iter::once("jobs").chain(points);
        names.map(FactKey::named).collect()
    }

    fn decide(args: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let jobs: Jobs = seen.named("jobs")?;
        if args.while_collections_go {
            let points: RestorePoints = seen.named("restore_points")?;
            if let Some(going) = points.ours.iter().find(|one| one.is_going()) {
                return Ok(Decision::Wait {
                    what: format!("Azure to finish deleting `{}`", going.name),
                    look_again_at: add(past.now, limits::JOB_POLL),
                    give_up_at: add(past.since, limits::CLEAN_UP_ENDS),
                    patience: Patience::Job,
                    following: Value::Null,
                    recheck_incident: false,
                    then: Vec::new(),
                });
            }
        }
        let ended = jobs.list.iter().filter(|job| job.is_backup());
        let ended = ended.filter_map(|job| job.ended).max();
        let changed = past.sent.iter().filter(|sent| !sent.change.probe);
        let changed = changed.map(|sent| sent.settled_at.unwrap_or(sent.at)).max();
        let minutes = args.minutes;
        let begun = args.from_now.then_some(past.since);
        let last = ended.max(changed).max(begun).unwrap_or(past.since);
        let until = add(last, Duration::from_secs(minutes * 60));
        if past.now >= until {
            let waited = until
                .duration_since(past.since)
                .as_secs()
                .max(0)
                .unsigned_abs();
            return Ok(Decision::Satisfied {
                why: match waited.div_ceil(60) {
                    0 => format!("{} had passed already", spelled(minutes)),
                    waited => format!("waited {}, until {}", spelled(waited), when(until)),
                },
                outputs: Value::Null,
            });
        }
        Ok(Decision::Wait {
            what: format!("{} to pass", spelled(minutes)),
            look_again_at: until,
            // A wait cannot fail: it ends.
            give_up_at: add(until, Duration::from_secs(24 * 3600)),
            patience: if minutes <= SHORT {
                Patience::Step
            } else {
                Patience::Job
            },
            following: Value::Null,
            recheck_incident: false,
            then: Vec::new(),
        })
    }

    fn predict(_: &Change, _: &mut Facts, _: &str) {}

    async fn apply(_: &Change, _: &Writer) -> Result<Applied, Failure> {
        Err(Failure::new(
            ErrorClass::Invalid,
            "let time pass",
            "`wait` never sends anything",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn decide(ended: &str, now: &str, from_now: bool) -> Decision {
        let mut facts = Facts::default();
        let job = json!({ "operation": "Backup", "status": "Failed", "ended": ended });
        facts.know("jobs", json!({ "list": [job] }));
        let now = now.parse().unwrap();
        let args = serde_json::from_value(json!({ "minutes": 10, "from_now": from_now })).unwrap();
        let past = Past {
            now,
            step: "s",
            sent: &[],
            planned: &[],
            baseline: &Value::Null,
            following: &Value::Null,
            since: now,
            until: None,
            codes: &[],
        };
        Wait::decide(&args, Seen(&facts), &past).unwrap()
    }

    #[test]
    fn what_ended_long_ago_is_not_waited_for() {
        let Decision::Wait { look_again_at, .. } =
            decide("2026-11-21T03:05:00Z", "2026-11-21T03:10:00Z", false)
        else {
            panic!("five minutes are left");
        };
        assert_eq!(look_again_at.to_string(), "2026-11-21T03:15:00Z");
        let decision = decide("2026-11-21T03:00:00Z", "2026-11-21T03:10:00Z", false);
        assert!(matches!(decision, Decision::Satisfied { .. }));
    }

    #[test]
    fn what_a_person_has_just_done_is_given_all_of_its_time() {
        let decision = decide("2026-11-20T03:00:00Z", "2026-11-21T03:10:00Z", true);
        let Decision::Wait { look_again_at, .. } = decision else {
            panic!("ten minutes are left");
        };
        assert_eq!(look_again_at.to_string(), "2026-11-21T03:20:00Z");
    }
}
