//! The port: what an action is to the engine.
//!
//! An action is written once, as a [`Remedy`], in four small parts; only `apply` is given a
//! writer. `Bound` and `Armed` turn it into the two object-safe halves that the engine
//! keeps in two tables: one that decides ([`Actions`]), one that acts ([`Actors`]).

mod past;
mod tables;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

pub use past::{Fate, Past, Sent};
pub use tables::{Action, Actions, Actor, Actors, Poller};

/// Whether a change whose fate is in doubt may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Sending twice is the same as sending once.
    Safe,
    /// Look again after so many seconds; no trace of it means that it was not taken.
    LookAfter(u64),
    /// A person decides.
    Never,
}

/// Ends the reason why a machine that is off is left as it is.
pub const NOT_STARTED: &str = "it is not started for this";

/// Begins the reason of a step that could not be tried on the target as it is.
const NOT_ATTEMPTED: &str = "not attempted: ";

/// Why a step that could not be tried on the target as it is does not apply.
#[must_use]
pub fn not_attempted(why: &str) -> String {
    format!("{NOT_ATTEMPTED}{why}")
}

/// What kept a step from being tried, by the reason that [`not_attempted`] gave it.
#[must_use]
pub fn kept_from_trying(reason: &str) -> Option<&str> {
    reason.strip_prefix(NOT_ATTEMPTED)
}

/// Exactly one request that alters something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// HTTP method.
    pub method: String,
    /// The resource that it is sent to, in the casing it was read in; with the verb of a POST.
    pub resource: String,
    /// What it takes to send it, beyond method and resource: declared, never observed.
    #[serde(default)]
    pub body: Value,
    /// One line for people.
    pub summary: String,
    /// What it may cost.
    pub risk: Risk,
    /// Whether a person must approve it.
    pub approval: Approval,
    /// Why approval is required, when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What would be lost for good, by name: an approval covers these and no others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loses: Vec<String>,
    /// The RBAC action it needs, and the scope where the right must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<Permission>,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// What was seen that must not change before it is sent, and what is kept for the journal.
    #[serde(default)]
    pub evidence: Value,
    /// A probe only looks inside the guest; it is journalled like a change and counted apart.
    #[serde(default)]
    pub probe: bool,
    /// An earlier request like it was done and is over, and this is another on purpose: without
    /// it the engine waits for the earlier one's effect instead of sending.
    #[serde(default)]
    pub anew: bool,
    /// It takes something away that is put back by a later step, whatever happens to the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub borrows: Option<Box<Loan>>,
    /// The key of what it puts back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
}

/// Something of somebody else's that is away for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// What it is known by among all runs: its lower-cased id.
    pub key: String,
    /// Its resource id.
    pub resource: String,
    /// Its name, for people.
    pub name: String,
    /// All of it, as it has to be again.
    pub whole: Value,
}

impl Change {
    /// A request with nothing but what each must say of itself: no body, no approval, nothing lost,
    /// borrowed or given back.
    #[must_use]
    pub fn new(
        method: &str,
        resource: String,
        summary: String,
        risk: Risk,
        repeat: Repeat,
    ) -> Self {
        Self {
            method: method.to_owned(),
            resource,
            body: Value::Null,
            summary,
            risk,
            approval: Approval::None,
            because: None,
            loses: Vec::new(),
            permission: None,
            repeat,
            evidence: Value::Null,
            probe: false,
            anew: false,
            borrows: None,
            returns: None,
        }
    }

    /// What makes two changes the same: method and resource, ids compared without case.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.resource.to_lowercase())
    }
}

/// A right at a scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Permission {
    /// Such as `Microsoft.Authorization/locks/delete`.
    pub action: String,
    /// A resource id.
    pub scope: String,
}

/// What an operation is polled with. The token may hold a signed URL: it is kept apart from the
/// events and erased when the operation ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Names the operation in events.
    pub id: String,
    /// Opaque to the engine.
    pub token: Value,
    /// Seconds that the server asked to wait before the first poll.
    pub poll_after: Option<u64>,
}

/// What became of a request that was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// Done at once.
    Done(Value),
    /// Taken; an operation runs.
    Accepted(Operation),
}

/// What a poll found.
#[derive(Clone, Debug, PartialEq)]
pub enum Polled {
    /// Still running; not before so many seconds.
    Running(Option<u64>),
    /// Ended well.
    Succeeded(Value),
    /// Ended badly.
    Failed(Failure),
    /// The operation cannot be polled any more: look at the world instead.
    Gone,
}

/// How patient a wait is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Patience {
    /// A short wait that belongs to the step: always waited out.
    Step,
    /// A wait for a job of minutes to hours: bounded by `--wait`.
    Job,
}

/// What an action makes of what it sees. Pure data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing is left to do.
    Satisfied {
        /// Why, for people.
        why: String,
        /// What later steps and the report may use.
        #[serde(default)]
        outputs: Value,
    },
    /// The step does not apply to this target as it is.
    NotApplicable {
        /// Why, for people.
        why: String,
    },
    /// All that is left; the first is sent, then the action looks again.
    Change {
        /// In the order of sending.
        changes: Vec<Change>,
        /// Falls as work gets done: a retry that made it fall costs no try.
        remaining: u64,
        /// What to compare with later, for actions that do not converge by themselves.
        #[serde(default)]
        baseline: Value,
    },
    /// A read-only look inside the guest is needed before anything can be decided.
    Probe(Box<Change>),
    /// Something must pass first.
    Wait {
        /// What is waited for.
        what: String,
        /// When to look again.
        look_again_at: Timestamp,
        /// When waiting has been long enough.
        give_up_at: Timestamp,
        /// How patient.
        patience: Patience,
        /// What is being followed, handed back in [`Past::following`].
        #[serde(default)]
        following: Value,
        /// The complaint is looked at again before the step: somebody else's job is waited for.
        #[serde(default)]
        recheck_incident: bool,
        /// What would be sent afterwards, as it looks now: planning only.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        then: Vec<Change>,
    },
    /// The step's last request, whose answer was lost, did come through: this is what it came to.
    /// The action looks again with that.
    Found {
        /// The trace of it, for people.
        what: String,
        /// What its answer would have said.
        outputs: Value,
    },
    /// Nothing that can be read tells whether it was done.
    CannotTell {
        /// Why, for people.
        why: String,
    },
    /// A person has to do or decide something.
    NeedsHuman {
        /// What and why, for people.
        why: String,
        /// Facts to paste into a ticket.
        #[serde(default)]
        evidence: Value,
    },
    /// It was done and did not help: the steps that follow are for this very case. Such a run is
    /// fixed only when a later step of the same action is done.
    InVain {
        /// What ended how, for people.
        why: String,
        /// What later steps and the report may use.
        #[serde(default)]
        outputs: Value,
    },
    /// What was waited for ended badly.
    Failed {
        /// What ended how, for people.
        why: String,
        /// The error code it ended with, if any; it may have a runbook of its own.
        code: Option<String>,
        /// Facts to paste into a ticket.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        evidence: Value,
    },
}

/// One kind of request an action may send: its ceiling while it cannot be decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// HTTP method.
    pub method: String,
    /// Resource type, with the verb of a POST: `Microsoft.Compute/virtualMachines/runCommand`.
    pub resource_type: String,
    /// The RBAC action it needs.
    pub permission: String,
}

/// The most that an action may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceiling {
    /// The greatest risk.
    pub risk: Risk,
    /// Whether the greatest needs approval.
    pub approval: Approval,
    /// The kinds of request.
    pub kinds: Vec<Kind>,
}

impl Ceiling {
    /// Whether it can only look, or send nothing at all.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        self.risk == Risk::ReadOnly && self.approval == Approval::None
    }
}

/// How what a change did is put back.
#[derive(Clone, Debug, PartialEq)]
pub enum Undo {
    /// By a step of this action.
    By {
        /// Its name.
        action: &'static str,
        /// Its arguments.
        args: Value,
        /// Its title, for people.
        title: String,
    },
    /// It changed nothing.
    Nothing,
    /// Not at all, and why.
    Never(&'static str),
}

/// What an action is, for people and for the ceiling.
#[derive(Clone, Debug)]
pub struct About {
    /// `lock.delete` …
    pub name: &'static str,
    /// One sentence: what it does.
    pub sentence: &'static str,
    /// The most that it does without a decision that says more.
    pub ceiling: Ceiling,
    /// Hashes of the fixed scripts that it runs; they enter the fingerprint.
    pub scripts: Vec<String>,
    /// The action that puts back what this one borrows; its argument `of` names the step that
    /// borrowed.
    pub put_back: Option<&'static str>,
}

/// An action in its four parts. `needs` and `decide` never write, `decide` is pure, `apply`
/// sends one request and never polls, sleeps or retries.
#[async_trait]
pub trait Remedy: Send + Sync + 'static {
    /// The arguments of a step, as the runbook's `with` gives them.
    type Args: DeserializeOwned + JsonSchema + Send + Sync;
    /// What `apply` writes through.
    type Writer: Send + Sync + 'static;

    /// What it is.
    fn about() -> About;
    /// The facts that it must know.
    fn needs(args: &Self::Args, past: &Past<'_>) -> Vec<FactKey>;
    /// The RBAC actions that it takes besides those of its changes and of what it needs at first:
    /// to follow what it sent, and to look in ways that only a later turn asks for.
    #[must_use]
    fn reads() -> Vec<&'static str> {
        Vec::new()
    }
    /// What is left to do.
    ///
    /// # Errors
    /// When a fact does not have the form it should have: a bug, told as such.
    fn decide(args: &Self::Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String>;
    /// How what was sent is put back, by what the run has kept of it.
    #[must_use]
    fn undo(_: &Sent, _: &Past<'_>) -> Undo {
        Undo::Never("nothing puts it back")
    }
    /// What the facts will say after `change`; what cannot be predicted is forgotten until `by`.
    fn predict(change: &Change, facts: &mut Facts, by: &str);
    /// Sends `change`.
    async fn apply(change: &Change, writer: &Self::Writer) -> Result<Applied, Failure>;
}
