//! The parts of a run's state.

use jiff::Timestamp;
use serde_json::Value;

use crate::core::action::{Decision, Patience};
use crate::core::outcome::StepOutcome;

/// Between two polls when the server does not say (ARM's contract, azure-api.md 2.3, lets a client
/// choose; the Azure SDKs wait 30 s).
const POLL_SECONDS: u64 = 30;

/// Between two polls, whatever the server says: compute answers 15 polls of one operation a minute
/// (azure-api.md 2.5), and a server that says 0 must not be asked without end.
const LEAST_POLL_SECONDS: u64 = 5;

/// The seconds before the next poll of an operation, where the server asked for `after`.
#[must_use]
pub fn poll_seconds(after: Option<u64>) -> u64 {
    after.unwrap_or(POLL_SECONDS).max(LEAST_POLL_SECONDS)
}

/// Where a step stands.
#[derive(Clone, Debug, Default)]
pub struct StepState {
    /// When it was first looked at.
    pub since: Option<Timestamp>,
    /// What it decided last, until that is acted upon.
    pub decision: Option<Decision>,
    /// When it looked and decided that.
    pub decided_at: Option<Timestamp>,
    /// What its first decision to change recorded.
    pub baseline: Value,
    /// What its last wait followed.
    pub following: Value,
    /// How it ended.
    pub outcome: Option<StepOutcome>,
    /// Why, for people.
    pub why: String,
    /// What it gave.
    pub outputs: Value,
}

/// A request that was sent and has not come to an end.
#[derive(Clone, Debug)]
pub struct Flight {
    /// The step.
    pub step: String,
    /// The change's key.
    pub change: String,
    /// The operation, once it was accepted.
    pub operation: Option<String>,
    /// Not polled before.
    pub poll_at: Timestamp,
}

/// A pause.
#[derive(Clone, Debug)]
pub struct Pause {
    /// For what.
    pub what: String,
    /// Until when.
    pub until: Timestamp,
    /// How patient.
    pub patience: Patience,
}

/// A history that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} (`{event}`) cannot be: {why}")]
pub struct Illegal {
    /// The event's number.
    pub seq: u64,
    /// Its name.
    pub event: &'static str,
    /// What is wrong with it.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_polled_as_the_server_asks_and_never_without_a_pause() {
        for (asked, seconds) in [(Some(60), 60), (Some(480), 480), (None, 30), (Some(0), 5)] {
            assert_eq!(poll_seconds(asked), seconds, "{asked:?}");
        }
    }
}
