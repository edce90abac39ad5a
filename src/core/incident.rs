//! What a run answers: a failed job, or a state that proves the complaint.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::core::facts::FactKey;
use crate::core::runbook::Runbook;

/// The name of the fact that tells of the incident; a set of lookers provides it.
pub const FACT: &str = "incident";

/// How the complaint stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentStatus {
    /// The complaint stands.
    Open,
    /// A later job completed and left a recovery point.
    Healed,
    /// The complaint stands, and a newer job is running that may heal it.
    Running,
    /// Nothing proves the complaint.
    #[default]
    None,
}

/// The failed job with the runbook's code, or the state that proves it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Incident {
    /// How it stands.
    pub status: IncidentStatus,
    /// The failed job, or `state` when a state proves the complaint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The code it failed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The job that is running now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
    /// What the running job is doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The job that healed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healed_by: Option<String>,
    /// The newest recovery point, when one proves that it is healed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_point: Option<String>,
    /// One sentence for people: what proves it, or what stands in the way of a proof.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub evidence: String,
}

impl Incident {
    /// What of it enters the fingerprint: which job, and nothing that moves.
    #[must_use]
    pub fn identity(&self) -> Value {
        json!({ "id": self.id, "code": self.code, "ended": self.ended })
    }
}

/// The fact that answers whether `runbook`'s complaint stands; a failed job that is `known` is not
/// read again.
#[must_use]
pub fn key(runbook: &Runbook, known: &Incident) -> FactKey {
    FactKey::with(
        FACT,
        &json!({ "code": runbook.code, "match": runbook.matching,
            "known": { "id": known.id, "code": known.code, "message": known.message, "running": known.running },
        }),
    )
}
