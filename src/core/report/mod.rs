//! What a person or a machine is told: the plan and its events as one value.
//!
//! Invariant: everything here comes from a [`Plan`] and its events, never from the executor, so
//! that a run of last year reads like the run that has just ended. What came from Azure is data:
//! each renderer escapes it for its own medium.

pub mod catalogue;
pub mod checked;
mod command;
mod deed;
pub mod exit;
pub mod export;
mod fold;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod matched;
mod moved;
mod names;
mod page;
mod roles;
mod run;
pub mod runbook;
mod sentence;
mod steps;
mod tell_answer;
mod tell_plan;
mod tell_run;
pub mod text;
mod ticket;
pub mod triage;
mod words;

#[cfg(test)]
pub(crate) mod samples;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::Failure;
use crate::core::incident::Incident;
use crate::core::journal::RunId;
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::rest::Moved;
use crate::core::plan::{ApprovalNeeded, Plan};
use crate::core::report::exit::Exit;
use crate::core::runbook::risk::{Approval, Risk};

pub use command::Command;
pub use page::clean;
pub use roles::holding as role_with;
pub use words::refusal;

/// A plan, what became of it, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What the process ends with.
    pub exit: Exit,
    /// The plan, unless an error came before it.
    pub plan: Option<Box<Plan>>,
    /// How it ended; none for a plan that waits to be applied, and for a run that has not ended.
    pub outcome: Option<RunOutcome>,
    /// Why, for people.
    pub reason: String,
    /// What went wrong, if anything did.
    pub problem: Option<Problem>,
    /// How the complaint stands, as last seen.
    pub incident: Option<Incident>,
    /// The backup job that the run started or follows, or that is in its way.
    pub job: Option<Job>,
    /// The recovery point that proves that backups work again.
    pub recovery_point: Option<String>,
    /// When it goes on, when it waits.
    pub due: Option<Timestamp>,
    /// What goes on with it, when it waits.
    pub resume: Option<Command>,
    /// Resource ids of borrowed locks that are still out.
    pub locks_out: Vec<String>,
    /// One for each step of the plan.
    pub steps: Vec<StepReport>,
    /// What was sent.
    pub requests: Requests,
    /// Facts to paste into a ticket; null when there are none.
    pub evidence: Value,
    /// The run, when there was one.
    pub run: Option<Run>,
    /// What a person should know besides.
    pub warnings: Vec<String>,
    /// What is not as it was when the plan was saved.
    pub moved: Vec<Moved>,
}

/// Something that went wrong: a failure of Azure's, a job's error code, or our own words.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The failure behind it, if one is.
    pub failure: Option<Failure>,
    /// The error code, of the failure or of the job.
    pub code: Option<String>,
    /// For people.
    pub message: String,
}

/// One application of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// When its first event was appended.
    pub started: Timestamp,
    /// When its last event was appended, if it has ended.
    pub finished: Option<Timestamp>,
    /// How many events it has.
    pub events: u64,
    /// The hash of the last one: whoever knows it can tell whether the journal was altered.
    pub head: String,
    /// Who agreed to the plan.
    pub approved_by: Option<String>,
}

/// A backup job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    /// Its id, as the vault names it.
    pub id: String,
    /// The vault's resource id.
    #[serde(default)]
    pub vault: Option<String>,
    /// Its status, in Azure's words.
    #[serde(default)]
    pub status: Option<String>,
    /// What it is doing, or did last: the snapshot may be done while the transfer runs.
    #[serde(default)]
    pub task: Option<String>,
}

/// One step, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The step's id.
    pub id: String,
    /// Its title, expressions filled in.
    pub title: String,
    /// Its action.
    pub action: String,
    /// How it ended; none when it was not reached or only planned.
    pub outcome: Option<StepOutcome>,
    /// Why, for people.
    pub reason: String,
    /// Each request that was sent, oldest first; looks inside the guest are marked.
    pub attempts: Vec<Attempt>,
    /// What was sent, each once; before a run, what would be sent.
    pub changes: Vec<ChangeReport>,
    /// What it did can be put back by undoing the run.
    pub undoable: bool,
}

/// One request that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// What was sent, for people.
    pub summary: String,
    /// HTTP method.
    pub method: String,
    /// The resource that it was sent to.
    pub resource: String,
    /// When it was sent.
    pub at: Timestamp,
    /// When its fate was known.
    pub settled_at: Option<Timestamp>,
    /// What it came to.
    pub fate: FateReport,
    /// True for a read-only look inside the guest.
    pub probe: bool,
    /// Azure took it, and named an operation; one that could not be followed is in doubt.
    pub accepted: bool,
    /// When the world showed that one whose fate is in doubt was done.
    pub seen_done: Option<Timestamp>,
    /// The lock as it was, when the request deleted one.
    pub lock: Option<Value>,
    /// That lock was borrowed, and is back.
    pub put_back: bool,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq)]
pub enum FateReport {
    /// Done.
    Done,
    /// Refused, or taken and ended badly.
    Failed(Box<Failure>),
    /// Taken, and not over when the run stopped: Azure goes on with it.
    Running,
    /// Its answer was lost, and this showed that it was done.
    Found(String),
    /// Nobody knows.
    InDoubt,
}

/// One change, without its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeReport {
    /// One line for people.
    pub summary: String,
    /// HTTP method.
    pub method: String,
    /// The resource that it is sent to, in Azure's casing; with the verb of a POST.
    pub resource: String,
    /// What it may cost.
    pub risk: Risk,
    /// Whether a person must approve it.
    pub approval: Approval,
}

/// How many requests were sent to Azure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Requests {
    /// GET.
    pub reads: u64,
    /// POST that only reads.
    pub queries: u64,
    /// Read-only looks inside the guest.
    pub probes: u64,
    /// Requests that change something.
    pub writes: u64,
    /// Repetitions by the client, after an answer that said "not now".
    pub retries: u64,
    /// Answers that said "too many requests".
    pub throttled: u64,
}

impl Report {
    /// What a person must approve, one line each; empty when there is no plan.
    #[must_use]
    pub fn approvals_needed(&self) -> Vec<ApprovalNeeded> {
        self.plan
            .as_ref()
            .map(|plan| plan.approvals_needed())
            .unwrap_or_default()
    }

    /// True when the world was the embedded simulator's.
    #[must_use]
    pub fn simulated(&self) -> bool {
        self.plan
            .as_ref()
            .is_some_and(|plan| plan.context.simulated)
    }
}
