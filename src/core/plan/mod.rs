//! What would happen: a value to show, save, approve and apply.

pub mod build;
pub mod consent;
pub mod fingerprint;
mod loans;
mod permissions;
pub mod rest;
pub mod rights;
pub mod sealed;
pub(in crate::core) mod step;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::Failure;
use crate::core::action::{Ceiling, Change, Permission};
use crate::core::facts::Target;
use crate::core::incident::{Incident, IncidentStatus};
use crate::core::outcome::RunOutcome;
use crate::core::runbook::Runbook;
use crate::core::runbook::answer::Answer;
use crate::core::runbook::risk::{Approval, Risk};

/// The version of the stored form of a plan, and of what its fingerprint covers.
pub const FORMAT: u32 = 1;

/// Under whose name and where; shown first, and not part of the fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// `public`, `usgov` …, or `simulated`.
    pub cloud: String,
    /// The endpoint that is spoken to.
    pub endpoint: String,
    /// The directory of the identity, when the token tells.
    pub tenant: Option<String>,
    /// Who acts, when the token tells.
    pub identity: Option<String>,
    /// `cli`, `managed-identity` …
    pub credential: String,
    /// True when the world is the embedded simulator's.
    pub simulated: bool,
    /// Which of its scenarios.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
}

/// A plan: runbook, target, facts and steps with their changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`FORMAT`].
    pub format: u32,
    /// The runbook, with its procedures written out.
    pub runbook: Runbook,
    /// SHA-256 of the runbook.
    pub runbook_hash: String,
    /// What it is about.
    pub target: Target,
    /// The target's own name.
    pub target_name: String,
    /// Under whose name and where.
    pub context: Context,
    /// The run that it undoes, when that is what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// What it answers.
    pub incident: Incident,
    /// Why this runbook, when nobody named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<Answer>,
    /// What things are called, read once: see [`crate::core::facts::Looker::lasting`].
    #[serde(default)]
    pub names: BTreeMap<String, Value>,
    /// The parameters, defaults filled in.
    pub params: BTreeMap<String, Value>,
    /// True when it goes on without an incident; counts as needing approval.
    pub forced: bool,
    /// One for each step of the runbook.
    pub steps: Vec<PlannedStep>,
    /// Set when the run must not begin, and why.
    pub verdict: Option<Verdict>,
    /// Rights that the identity lacks.
    pub missing_permissions: Vec<Permission>,
    /// What a person should know besides.
    pub warnings: Vec<String>,
    /// The saved plan that it is, or is the rest of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_file: Option<FromFile>,
    /// When it was made.
    pub made: Timestamp,
    /// SHA-256 over what is approved; see [`fingerprint`].
    pub fingerprint: String,
}

/// The file that a plan was saved in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromFile {
    /// Names the file's content; a copy has the same.
    pub id: String,
    /// Where it lay, as it was given.
    pub path: String,
    /// From when it is not applied any more.
    pub expires: Timestamp,
    /// The fingerprint of the plan as it was saved: approving that approves what is left of it.
    pub fingerprint: String,
    /// The runs of it that were known when it was opened: id, and how many events.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runs: BTreeMap<String, u64>,
}

/// Why a plan is not to be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// How the run ends without beginning.
    pub outcome: RunOutcome,
    /// One sentence or more, for people.
    pub reason: String,
    /// The failure behind it, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// What is expected of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forecast {
    /// Nothing to do.
    Satisfied,
    /// Its guard is false, or it does not apply.
    Skipped,
    /// It will change something.
    Change,
    /// Decided when something is known, within its ceiling.
    Deferred,
    /// It waits for something first.
    Waits,
    /// A person has to act: nothing is sent.
    NeedsHuman,
    /// It cannot be decided: nothing is sent.
    Failed,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// The step's id.
    pub id: String,
    /// Its title, expressions filled in.
    pub title: String,
    /// Its action.
    pub action: String,
    /// Its arguments; null where they are not known yet.
    pub arguments: Value,
    /// What is expected.
    pub forecast: Forecast,
    /// Why, for people: "decided after step 1" …
    pub why: String,
    /// The requests, where they are known.
    pub changes: Vec<Change>,
    /// The most it may do, where they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Ceiling>,
    /// The step whose loans this one puts back, when that is what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    /// Hashes of the fixed scripts that it may run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<String>,
    /// The failure to look that stands in the way, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Facts for whoever has to act, when a person has to.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub evidence: Value,
}

impl Plan {
    /// The greatest risk in it, ceilings included; none when nothing would be sent.
    #[must_use]
    pub fn risk(&self) -> Option<Risk> {
        let changes = self
            .steps
            .iter()
            .flat_map(|s| s.changes.iter().map(|c| c.risk));
        changes
            .chain(
                self.steps
                    .iter()
                    .filter_map(|s| Some(s.ceiling.as_ref()?.risk)),
            )
            .max()
    }

    /// True when something would, or might, be sent.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.verdict.is_none()
            && self
                .steps
                .iter()
                .any(|s| !s.changes.is_empty() || s.ceiling.is_some())
    }

    /// The step that stands in the way, when one does. Of a runbook that answers anything, which
    /// only looks, what could not be looked at stands in nobody's way.
    #[must_use]
    pub fn stop(&self) -> Option<&PlannedStep> {
        let asks = |s: &&PlannedStep| s.forecast == Forecast::NeedsHuman;
        let stops = |s: &&PlannedStep| asks(s) || s.forecast == Forecast::Failed;
        let only_looks = self.runbook.matching.anything;
        let asked = only_looks.then(|| self.steps.iter().find(asks)).flatten();
        asked.or_else(|| self.steps.iter().find(stops))
    }

    /// True when it first waits for a job that runs anyway: unless its first step is about that
    /// very job.
    #[must_use]
    pub fn attaches(&self) -> bool {
        let mut left = self.steps.iter();
        let first = left.find(|step| step.forecast != Forecast::Skipped);
        let step = first.and_then(|planned| self.runbook.step(&planned.id));
        self.incident.status == IncidentStatus::Running && !step.is_some_and(|s| s.meanwhile)
    }

    /// What a person must approve, one line each.
    #[must_use]
    pub fn approvals_needed(&self) -> Vec<ApprovalNeeded> {
        let forced = self.forced.then(|| ApprovalNeeded {
            step: String::new(),
            resource: self.target_name.clone(),
            why: "there is no failed job to answer (--force)".to_owned(),
        });
        forced
            .into_iter()
            .chain(self.steps.iter().flat_map(PlannedStep::approvals_needed))
            .collect()
    }
}

impl PlannedStep {
    fn approvals_needed(&self) -> Vec<ApprovalNeeded> {
        let ceiling = self
            .ceiling
            .iter()
            .filter(|c| c.approval == Approval::Required);
        let ceilings = ceiling.map(|c| ApprovalNeeded {
            step: self.id.clone(),
            resource: self.id.clone(),
            why: format!("it may need a {} change that has to be approved", c.risk),
        });
        let changes = self
            .changes
            .iter()
            .filter(|c| c.approval == Approval::Required);
        let changes = changes.map(|c| ApprovalNeeded {
            step: self.id.clone(),
            resource: last_name(&c.resource).to_owned(),
            why: c.because.clone().unwrap_or_else(|| c.summary.clone()),
        });
        changes.chain(ceilings).collect()
    }
}

/// One approval that a plan needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalNeeded {
    /// The step, empty for the whole plan.
    pub step: String,
    /// What a person types to approve it.
    pub resource: String,
    /// Why it needs one.
    pub why: String,
}

/// The last segment of a resource id.
#[must_use]
pub fn last_name(id: &str) -> &str {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or(id)
}
