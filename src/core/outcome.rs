//! How steps and runs end.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// Nothing had to be done.
    Satisfied,
    /// Done, and seen to be done.
    Changed,
    /// It does not apply here.
    Skipped,
    /// Something has to pass first.
    Waiting,
    /// A person has to approve.
    NeedsApproval,
    /// A person has to act.
    NeedsHuman,
    /// It did not work.
    Failed,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// A backup completed and its recovery point was seen.
    Fixed,
    /// Nothing was wrong any more, and nothing was sent.
    NothingToDo,
    /// It goes on later.
    Waiting,
    /// A person has to approve.
    NeedsApproval,
    /// A person has to act.
    NeedsHuman,
    /// Another run holds this target.
    Busy,
    /// It did not work.
    Failed,
    /// Stopped by a person.
    Cancelled,
}

impl RunOutcome {
    /// Its name in JSON, and in text with blanks for underscores.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::NothingToDo => "nothing_to_do",
            Self::Waiting => "waiting",
            Self::NeedsApproval => "needs_approval",
            Self::NeedsHuman => "needs_human",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl StepOutcome {
    /// Its name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Changed => "changed",
            Self::Skipped => "skipped",
            Self::Waiting => "waiting",
            Self::NeedsApproval => "needs_approval",
            Self::NeedsHuman => "needs_human",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for RunOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name().replace('_', " "))
    }
}

impl fmt::Display for StepOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name().replace('_', " "))
    }
}
