//! Where events are kept: the port, and what every store promises.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::action::Loan;
use crate::core::facts::Target;
use crate::core::journal::{Event, Record, RunId};
use crate::core::outcome::RunOutcome;

/// How long a lease holds without a sign of life. Every append renews it; the longest silence
/// is one request (two minutes) and one pause between polls.
pub const LEASE: Duration = Duration::from_secs(15 * 60);

/// A run, as the list of runs shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// Its id.
    pub run: RunId,
    /// The target's resource id.
    pub target: String,
    /// The runbook's code.
    pub code: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, if it did.
    pub ended: Option<Timestamp>,
    /// How it ended, if it did.
    pub outcome: Option<RunOutcome>,
    /// How many events it has.
    pub events: u64,
    /// The hash of the last one.
    pub head: String,
}

/// The right to act on one target, until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The run that holds it.
    pub run: RunId,
    /// The target's key.
    pub target: String,
    /// Rises with each holder: an older holder's appends are refused.
    pub epoch: u64,
}

/// Who holds a lease: enough to tell whether the holder is surely gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The host's name.
    pub host: String,
    /// The process on it.
    pub pid: u32,
    /// When the process started, in the host's own count: process ids are used again.
    pub started: u64,
}

/// What a store refuses, or cannot do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another run holds the target.
    #[error("run {run} has held this VM since {since}")]
    Busy {
        /// That run.
        run: RunId,
        /// Since when.
        since: Timestamp,
        /// Who.
        holder: Holder,
    },
    /// The lease is not ours any more; nothing was written.
    #[error("this run's lease on the VM was lost; nothing further was sent")]
    LeaseLost,
    /// The journal cannot be read or written.
    #[error("{attempted}: {why}")]
    Broken {
        /// What was attempted.
        attempted: String,
        /// Why it failed.
        why: String,
    },
    /// There is no such run.
    #[error("there is no run `{0}`")]
    NoSuchRun(String),
    /// A later run of the same VM knows more.
    #[error("run {later} of the same VM came after run {run}")]
    Superseded {
        /// The run that was to go on.
        run: RunId,
        /// The later one.
        later: RunId,
    },
}

/// What became of a wish to borrow.
#[derive(Debug)]
pub enum Borrowed {
    /// It is there to be taken.
    First(Box<Record>),
    /// Another run has it out already, and it is shared.
    Joined(Box<Record>, RunId),
    /// Another run is putting it back just now: nothing was written.
    GoingBack(RunId),
}

/// Something that is borrowed, as the list of loans shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoanRow {
    /// What it is.
    pub loan: Loan,
    /// The run that took it.
    pub run: RunId,
    /// Since when.
    pub since: Timestamp,
    /// Every run that uses it, that one included.
    pub users: Vec<RunId>,
}

/// A store of events. An append returns after it is durable.
#[async_trait]
pub trait Store: Send + Sync {
    /// Takes the lease of `target` for a new run and appends its first event.
    async fn begin(
        &self,
        run: &RunId,
        target: &Target,
        code: &str,
        first: Event,
        at: Timestamp,
    ) -> Result<(Lease, Record), StoreError>;
    /// Takes the lease of a run's target again, so that the run goes on, and gives all its events.
    /// Only the last run of a target goes on.
    async fn reopen(&self, run: &RunId, at: Timestamp) -> Result<(Lease, Vec<Record>), StoreError>;
    /// Asks the run that holds a lease to stop before its next write; false when none holds it.
    async fn ask_to_cancel(&self, run: &RunId, by: &str, at: Timestamp)
    -> Result<bool, StoreError>;
    /// Who asked the holder of this lease to stop, if anybody did.
    async fn cancelled_by(&self, lease: &Lease) -> Result<Option<String>, StoreError>;
    /// Appends an event, if the lease still holds, and renews it.
    async fn append(
        &self,
        lease: &Lease,
        event: Event,
        at: Timestamp,
    ) -> Result<Record, StoreError>;
    /// Renews the lease without an event, in a long pause.
    async fn renew(&self, lease: &Lease, at: Timestamp) -> Result<(), StoreError>;
    /// Gives the lease back.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;
    /// Every event of a run, in order.
    async fn read(&self, run: &RunId) -> Result<Vec<Record>, StoreError>;
    /// Every run, newest first.
    async fn runs(&self) -> Result<Vec<RunRow>, StoreError>;
    /// Appends that the run borrows `loan`, and notes who uses it; in one piece.
    async fn borrow(
        &self,
        lease: &Lease,
        step: &str,
        loan: &Loan,
        at: Timestamp,
    ) -> Result<Borrowed, StoreError>;
    /// Leaves a loan to another run that still uses it and is not over, or notes that this run is
    /// about to put it back.
    async fn give_back(&self, lease: &Lease, key: &str) -> Result<Option<RunId>, StoreError>;
    /// Everything that is borrowed now.
    async fn loans(&self) -> Result<Vec<LoanRow>, StoreError>;
    /// Keeps what an operation is polled with, apart from the events.
    async fn keep_operation(&self, run: &RunId, id: &str, token: &Value) -> Result<(), StoreError>;
    /// What an operation is polled with, while that is kept.
    async fn operation(&self, id: &str) -> Result<Option<Value>, StoreError>;
    /// Erases it.
    async fn erase_operation(&self, id: &str) -> Result<(), StoreError>;
}
