//! The parts of a run's state.

use jiff::Timestamp;
use serde_json::Value;

use crate::core::action::{Decision, Patience};
use crate::core::outcome::StepOutcome;

/// Where a step stands.
#[derive(Clone, Debug, Default)]
pub struct StepState {
    /// When it was first looked at.
    pub since: Option<Timestamp>,
    /// What it decided last, until that is acted upon.
    pub decision: Option<Decision>,
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
