//! What happened: the events of a run, the state that they fold to, and where they are kept.

pub mod evidence;
pub mod memory;
pub mod sqlite;
pub mod state;
pub mod store;
pub mod uses;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::base::Failure;
use crate::core::action::{Change, Decision, Loan};
use crate::core::incident::Incident;
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::Plan;
use crate::core::plan::consent::Consent;

/// Names a run; sorts by the time of its beginning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId(pub String);

impl RunId {
    /// A new id: the time of its beginning to the second, and eight characters of chance.
    #[must_use]
    pub fn new(now: Timestamp, chance: &crate::base::Chance) -> Self {
        let time = now.strftime("%Y%m%d-%H%M%S");
        let tail = chance.uuid().simple().to_string();
        Self(format!("{time}-{}", &tail[..8]))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run began with this plan.
    Planned {
        /// The plan, whole.
        plan: Box<Plan>,
    },
    /// Somebody agreed to it.
    Approved {
        /// Who.
        by: String,
        /// To what, and how.
        consent: Consent,
    },
    /// Something was looked at.
    Observed {
        /// What was seen.
        sight: Sight,
    },
    /// A request is about to leave; durable before it does.
    Intended {
        /// The step that sends it.
        step: String,
        /// What is sent.
        change: Box<Change>,
        /// 1 for the first.
        attempt: u32,
        /// What was left to do.
        remaining: u64,
    },
    /// The request was taken.
    Accepted {
        /// The step.
        step: String,
        /// The change's key.
        change: String,
        /// The operation that now runs, or none when it is done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
        /// Seconds before the first poll.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        poll_after: Option<u64>,
        /// What it gave, when it is done.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        outputs: Value,
    },
    /// The request was refused.
    Refused {
        /// The step.
        step: String,
        /// The change's key.
        change: String,
        /// Why.
        failure: Failure,
    },
    /// Nobody knows whether the request was taken.
    Doubtful {
        /// The step.
        step: String,
        /// The change's key.
        change: String,
        /// What is known.
        failure: Failure,
    },
    /// Something of somebody else's is about to be taken away for a while.
    LockBorrowed {
        /// The step that takes it.
        step: String,
        /// What it is, whole.
        loan: Loan,
        /// The run that has it out already, and shares it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        joins: Option<RunId>,
    },
    /// It is back.
    LockReturned {
        /// The step that saw to it.
        step: String,
        /// Its key.
        key: String,
        /// The run that still uses it, and puts it back in this one's place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left_to: Option<RunId>,
    },
    /// A step is over.
    Verified {
        /// The step.
        step: String,
        /// How.
        outcome: StepOutcome,
        /// Why, for people.
        why: String,
        /// What it gave.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        outputs: Value,
    },
    /// The run pauses.
    Waiting {
        /// The step.
        step: String,
        /// For what.
        what: String,
        /// Until when.
        until: Timestamp,
    },
    /// The run is over, or goes on another day.
    Ended {
        /// How.
        outcome: RunOutcome,
        /// Why, for people.
        reason: String,
        /// When to go on, when it waits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
        /// The failure behind it, if one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        /// An error code that has, or may have, a runbook of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Facts to paste into a ticket.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        evidence: Value,
        /// What was sent in all.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        requests: Value,
    },
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// How the complaint stands.
    Incident(Incident),
    /// What a step makes of the facts.
    Step {
        /// The step.
        step: String,
        /// What is left to do.
        decision: Box<Decision>,
    },
    /// How an operation ended; `None` when it cannot be polled any more.
    Operation {
        /// The step.
        step: String,
        /// The operation.
        operation: String,
        /// Its end.
        end: Option<Result<Value, Failure>>,
    },
}

/// An event in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The run.
    pub run: RunId,
    /// From 1, without gaps.
    pub seq: u64,
    /// When it was appended.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// SHA-256 over the record before and this one.
    pub hash: String,
}

/// The hash of a record: over the hash before it, its place and its text.
#[must_use]
pub fn chain(before: &str, run: &RunId, seq: u64, at: Timestamp, event: &str) -> String {
    chain_of_text(before, &run.0, seq, &at.to_string(), event)
}

/// The same over what is written, before any of it is believed.
fn chain_of_text(before: &str, run: &str, seq: impl fmt::Display, at: &str, event: &str) -> String {
    let text = format!("{before}\n{run}\n{seq}\n{at}\n{event}");
    hex::encode(Sha256::digest(text.as_bytes()))
}

impl Event {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Planned { .. } => "planned",
            Self::Approved { .. } => "approved",
            Self::Observed { .. } => "observed",
            Self::Intended { .. } => "intended",
            Self::Accepted { .. } => "accepted",
            Self::Refused { .. } => "refused",
            Self::Doubtful { .. } => "doubtful",
            Self::LockBorrowed { .. } => "lock_borrowed",
            Self::LockReturned { .. } => "lock_returned",
            Self::Verified { .. } => "verified",
            Self::Waiting { .. } => "waiting",
            Self::Ended { .. } => "ended",
        }
    }
}
