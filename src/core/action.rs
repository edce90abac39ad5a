//! The port: what an action is to the engine.
//!
//! An action is written once, as a [`Remedy`], in four small parts; only `apply` is given a
//! writer. [`Bound`] and [`Armed`] turn it into the two object-safe halves that the engine
//! keeps in two tables: one that decides ([`Actions`]), one that acts ([`Actors`]).

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

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
}

impl Change {
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
    /// What was waited for ended badly.
    Failed {
        /// What ended how, for people.
        why: String,
        /// The error code it ended with, if any; it may have a runbook of its own.
        code: Option<String>,
    },
}

/// What one request of a run came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Sent, and nothing is known of it yet.
    InDoubt,
    /// Done, with outputs.
    Done(Value),
    /// Refused, or taken and ended badly.
    Failed(Failure),
}

/// One request of a run, as the journal tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The step that sent it.
    pub step: String,
    /// What was sent.
    pub change: Change,
    /// What was left to do when it was sent.
    pub remaining: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// When its fate was known, or it came into doubt.
    pub settled_at: Option<Timestamp>,
    /// What it came to.
    pub fate: Fate,
}

/// What `decide` may know of the run so far; folded from the journal.
#[derive(Clone, Debug)]
pub struct Past<'a> {
    /// The time of this decision.
    pub now: Timestamp,
    /// The step that decides.
    pub step: &'a str,
    /// Every request of the run, oldest first.
    pub sent: &'a [Sent],
    /// What was planned and approved for this step; empty while planning.
    pub planned: &'a [Change],
    /// The baseline that the step's first decision to change recorded.
    pub baseline: &'a Value,
    /// What the step's last wait followed.
    pub following: &'a Value,
    /// When the step was first looked at in this run.
    pub since: Timestamp,
    /// The runbook's code and aliases.
    pub codes: &'a [String],
}

impl Past<'_> {
    /// The requests of this step, oldest first.
    pub fn own(&self) -> impl DoubleEndedIterator<Item = &Sent> {
        self.sent.iter().filter(|s| s.step == self.step)
    }

    /// The last request of this step.
    #[must_use]
    pub fn last(&self) -> Option<&Sent> {
        self.own().next_back()
    }
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
    /// What is left to do.
    ///
    /// # Errors
    /// When a fact does not have the form it should have: a bug, told as such.
    fn decide(args: &Self::Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String>;
    /// What the facts will say after `change`; what cannot be predicted is forgotten until `by`.
    fn predict(change: &Change, facts: &mut Facts, by: &str);
    /// Sends `change`.
    async fn apply(change: &Change, writer: &Self::Writer) -> Result<Applied, Failure>;
}

/// The deciding half of an action; object-safe.
pub trait Action: Send + Sync {
    /// What it is.
    fn about(&self) -> About;
    /// JSON Schema of its arguments.
    fn arguments(&self) -> Value;
    /// As [`Remedy::needs`].
    ///
    /// # Errors
    /// When the arguments do not fit.
    fn needs(&self, args: &Value, past: &Past<'_>) -> Result<Vec<FactKey>, String>;
    /// As [`Remedy::decide`].
    ///
    /// # Errors
    /// When the arguments or a fact do not fit.
    fn decide(&self, args: &Value, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String>;
    /// As [`Remedy::predict`].
    fn predict(&self, change: &Change, facts: &mut Facts, by: &str);
}

struct Bound<R>(PhantomData<fn() -> R>);

impl<R: Remedy> Action for Bound<R> {
    fn about(&self) -> About {
        R::about()
    }

    fn arguments(&self) -> Value {
        schemars::schema_for!(R::Args).to_value()
    }

    fn needs(&self, args: &Value, past: &Past<'_>) -> Result<Vec<FactKey>, String> {
        Ok(R::needs(&read::<R>(args)?, past))
    }

    fn decide(&self, args: &Value, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        R::decide(&read::<R>(args)?, seen, past)
    }

    fn predict(&self, change: &Change, facts: &mut Facts, by: &str) {
        R::predict(change, facts, by);
    }
}

fn read<R: Remedy>(args: &Value) -> Result<R::Args, String> {
    serde_json::from_value(args.clone())
        .map_err(|e| format!("the arguments of `{}` do not fit: {e}", R::about().name))
}

/// The acting half of an action; object-safe.
#[async_trait]
pub trait Actor: Send + Sync {
    /// As [`Remedy::apply`].
    async fn apply(&self, change: &Change) -> Result<Applied, Failure>;
}

struct Armed<R: Remedy>(Arc<R::Writer>);

#[async_trait]
impl<R: Remedy> Actor for Armed<R> {
    async fn apply(&self, change: &Change) -> Result<Applied, Failure> {
        R::apply(change, &self.0).await
    }
}

/// Follows operations that were accepted.
#[async_trait]
pub trait Poller: Send + Sync {
    /// One poll.
    async fn poll(&self, operation: &Operation) -> Result<Polled, Failure>;
}

/// The table of the deciding halves.
#[derive(Clone, Default)]
pub struct Actions(BTreeMap<&'static str, Arc<dyn Action>>);

impl Actions {
    /// Adds an action; one of the same name is replaced.
    #[must_use]
    pub fn with<R: Remedy>(mut self) -> Self {
        self.0
            .insert(R::about().name, Arc::new(Bound::<R>(PhantomData)));
        self
    }

    /// One action.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn Action> {
        self.0.get(name).map(AsRef::as_ref)
    }

    /// Every action, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &dyn Action)> {
        self.0.iter().map(|(name, action)| (*name, action.as_ref()))
    }
}

impl fmt::Debug for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The table of the acting halves, and what polls for them.
#[derive(Clone)]
pub struct Actors {
    table: BTreeMap<&'static str, Arc<dyn Actor>>,
    poller: Arc<dyn Poller>,
}

impl Actors {
    /// An empty table.
    #[must_use]
    pub fn new(poller: Arc<dyn Poller>) -> Self {
        Self {
            table: BTreeMap::new(),
            poller,
        }
    }

    /// Arms an action with a writer.
    #[must_use]
    pub fn with<R: Remedy>(mut self, writer: &Arc<R::Writer>) -> Self {
        self.table
            .insert(R::about().name, Arc::new(Armed::<R>(Arc::clone(writer))));
        self
    }

    /// One actor.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn Actor> {
        self.table.get(name).map(AsRef::as_ref)
    }

    /// What polls.
    #[must_use]
    pub fn poller(&self) -> &dyn Poller {
        self.poller.as_ref()
    }
}

impl fmt::Debug for Actors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.table.keys()).finish()
    }
}
