//! `activity`: who restarted, redeployed or changed the VM or its locks lately, by the activity
//! log. Evidence for a person.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::{id_of, schema, some, unread, value};
use crate::actions::limits;
use crate::azure::reader::{Reader, rights};
use crate::azure::views::ActivityEvent;
use crate::base::{Clock, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct ActivityLooker(pub(super) Reader, pub(super) Clock);

/// What was done to the VM and what belongs to it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ActivityFact {
    /// Why it could not be read; null when it was.
    pub unread: Option<String>,
    /// From when on.
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// When it was last restarted, redeployed, stopped or started by somebody.
    pub power: Option<DoneFact>,
    /// Changes, newest first.
    pub changes: Vec<DoneFact>,
    /// Changes that are older than those told.
    pub more: usize,
}

/// One thing that somebody did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DoneFact {
    /// When.
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
    /// `Microsoft.Compute/virtualMachines/restart/action` …
    pub operation: String,
    /// A user's name, or an application's object id.
    pub by: Option<String>,
    /// `Succeeded`, `Failed` …
    pub status: String,
    /// What it was done to.
    pub resource: Option<String>,
}

/// Ends of operations that change whether the VM runs.
const POWER: [&str; 6] = [
    "/restart/action",
    "/redeploy/action",
    "/start/action",
    "/poweroff/action",
    "/deallocate/action",
    "/reapply/action",
];

#[async_trait]
impl Looker for ActivityLooker {
    fn name(&self) -> &'static str {
        "activity"
    }

    fn schema(&self) -> Value {
        schema::<ActivityFact>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::ACTIVITY_LOG.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, target: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        let now = self.1.now();
        let back = SignedDuration::try_from(limits::ACTIVITY_BACK).unwrap_or_default();
        let since = now.checked_sub(back).unwrap_or(Timestamp::MIN);
        let mut fact = match self.0.activity(&id_of(target)?, since).await {
            Ok(events) => ActivityFact::of(&events),
            Err(failure) => ActivityFact {
                unread: Some(unread(failure)?),
                ..ActivityFact::default()
            },
        };
        fact.since = Some(since);
        value(&fact)
    }
}

impl ActivityFact {
    /// From events, newest first. An operation begins, goes on and ends, each with an event of its
    /// own: only the ends are told.
    fn of(events: &[ActivityEvent]) -> Self {
        let ended = |event: &&ActivityEvent| {
            !["Started", "Accepted", ""]
                .iter()
                .any(|s| event.status.eq_ignore_ascii_case(s))
        };
        let changed = |event: &&ActivityEvent| {
            let operation = event.operation.to_lowercase();
            !operation.contains("runcommand")
                && ["/write", "/delete", "/action"]
                    .iter()
                    .any(|end| operation.ends_with(end))
        };
        let all: Vec<DoneFact> = events
            .iter()
            .filter(ended)
            .filter(changed)
            .map(done)
            .collect();
        let is_power = |done: &&DoneFact| {
            let operation = done.operation.to_lowercase();
            POWER.iter().any(|end| operation.ends_with(end))
        };
        Self {
            power: all.iter().find(is_power).cloned(),
            more: all.len().saturating_sub(limits::ACTIVITY_TOLD),
            changes: all.into_iter().take(limits::ACTIVITY_TOLD).collect(),
            ..Self::default()
        }
    }
}

fn done(event: &ActivityEvent) -> DoneFact {
    DoneFact {
        at: event.at,
        operation: event.operation.clone(),
        by: some(event.caller.clone()),
        status: event.status.clone(),
        resource: some(event.resource.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(operation: &str, status: &str, second: i64) -> ActivityEvent {
        ActivityEvent {
            operation: operation.to_owned(),
            status: status.to_owned(),
            caller: Some("ann@contoso.com".to_owned()),
            at: Timestamp::from_second(second).ok(),
            resource: None,
        }
    }

    #[test]
    fn ends_of_changes_are_told_and_the_last_restart_apart() {
        let fact = ActivityFact::of(&[
            event("Microsoft.Compute/virtualMachines/write", "Succeeded", 9),
            event(
                "Microsoft.Compute/virtualMachines/restart/action",
                "Succeeded",
                8,
            ),
            event(
                "Microsoft.Compute/virtualMachines/restart/action",
                "Started",
                7,
            ),
            event(
                "Microsoft.Compute/virtualMachines/redeploy/action",
                "Failed",
                6,
            ),
            event("Microsoft.Compute/virtualMachines/read", "Succeeded", 5),
            event("Microsoft.Authorization/locks/write", "Succeeded", 4),
        ]);
        let operations: Vec<&str> = fact
            .changes
            .iter()
            .map(|c| c.operation.rsplit('/').nth(1).unwrap())
            .collect();
        assert_eq!(
            operations,
            ["virtualMachines", "restart", "redeploy", "locks"]
        );
        assert_eq!(
            fact.power.and_then(|p| p.at).map(Timestamp::as_second),
            Some(8)
        );
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let many: Vec<ActivityEvent> = (0..50)
            .rev()
            .map(|n| event("Microsoft.Compute/virtualMachines/write", "Succeeded", n))
            .collect();
        let fact = ActivityFact::of(&many);
        assert_eq!(
            (fact.changes.len(), fact.more),
            (limits::ACTIVITY_TOLD, 50 - limits::ACTIVITY_TOLD)
        );
        assert_eq!(
            fact.changes[0].at.map(Timestamp::as_second),
            Some(49),
            "the newest are told"
        );
    }
}
