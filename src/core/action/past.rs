//! What a run has done so far, as `decide` may know it; folded from the journal.

use jiff::Timestamp;
use serde_json::Value;

use crate::base::Failure;
use crate::core::action::Change;

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
    /// What showed that it was done, where its answer was lost.
    pub found: Option<String>,
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
    /// What was planned and approved for this step; empty when it is planned for the first time.
    pub planned: &'a [Change],
    /// The baseline that the step's first decision to change recorded.
    pub baseline: &'a Value,
    /// What the step's last wait followed.
    pub following: &'a Value,
    /// When the step was first looked at in this run.
    pub since: Timestamp,
    /// The later step that this one's loans are for, when the runbook names one.
    pub until: Option<&'a str>,
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
