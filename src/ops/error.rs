//! What can go wrong before, around or instead of a run.

use jiff::Timestamp;

use crate::base::{ErrorClass, Failure};
use crate::core::execute::engine::DriveError;
use crate::core::journal::RunId;
use crate::core::journal::store::{Holder, StoreError};
use crate::core::outcome::RunOutcome;
use crate::core::plan::Plan;
use crate::core::plan::consent::Refusal;
use crate::core::plan::rest::Moved;
use crate::core::plan::sealed::Unfit;
use crate::core::report::role_with;

/// Why something that was asked for was not done.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    /// It was asked for in a way that cannot be.
    #[error("{0}")]
    Usage(String),
    /// No runbook has this code.
    #[error("there is no runbook for `{code}`{}", did_you_mean.as_ref().map(|d| format!("; did you mean `{d}`?")).unwrap_or_default())]
    NoSuchCode {
        /// What was asked for.
        code: String,
        /// What may have been meant.
        did_you_mean: Option<String>,
    },
    /// There is no failure to answer.
    #[error("{0}")]
    NoFailure(String),
    /// Runbooks, worlds or faults that cannot be used; the text draws each mistake.
    #[error("{0}")]
    BadRunbook(String),
    /// Azure refused, or cannot be reached.
    #[error("{failure}{}", advice(.failure))]
    Azure {
        /// What failed.
        failure: Failure,
    },
    /// The journal cannot be read or written.
    #[error(
        "{0}. Nothing is sent without a journal: mend or move that file, or give another --state folder"
    )]
    Journal(StoreError),
    /// A later run of the same VM exists.
    #[error("run {run} cannot go on: run {later} of the same VM came after it")]
    Superseded {
        /// The run.
        run: RunId,
        /// The later one.
        later: RunId,
    },
    /// There is no such run.
    #[error("there is no run `{0}`; `runbook runs list` lists them")]
    NoSuchRun(String),
    /// A run cannot be exported.
    #[error("cannot export run `{run}`: {why}")]
    NotExported {
        /// The run.
        run: String,
        /// Why.
        why: String,
    },
    /// An exported run cannot be read.
    #[error("cannot read the export `{place}`: {why}")]
    UnreadableExport {
        /// The folder.
        place: String,
        /// Why.
        why: String,
    },
    /// Another run holds the VM.
    #[error("busy: run {run} has held this VM since {since} (process {} on {})", holder.pid, holder.host)]
    Busy {
        /// That run.
        run: RunId,
        /// Since when.
        since: Timestamp,
        /// Who.
        holder: Holder,
    },
    /// The consent does not cover the plan; nothing was sent.
    #[error("the plan needs more consent than was given")]
    Refused(Refusal, Box<Plan>),
    /// The identity lacks rights that the plan needs; nothing was sent.
    #[error("this identity lacks rights that the plan needs")]
    MissingPermissions(Box<Plan>),
    /// The plan cannot be kept in a file.
    #[error("cannot save the plan in `{0}`: {1}")]
    Unsaved(String, Unfit),
    /// The file cannot be believed, or not any more; nothing was sent.
    #[error("cannot apply `{0}`: {1}")]
    Unfit(String, Unfit),
    /// The saved plan was applied, and nothing is left of it; nothing was sent.
    #[error(
        "cannot apply `{file}`: run {run} applied it already and ended {outcome}; a saved plan is applied once, so plan again if something is wrong still"
    )]
    Spent {
        /// The file.
        file: String,
        /// That run.
        run: RunId,
        /// How it ended.
        outcome: RunOutcome,
    },
    /// An earlier run of the saved plan has something borrowed still; nothing was sent.
    #[error(
        "run {run} of `{file}` still has {out} borrowed: if it is not at work any more, `runbook resume {run}` goes on with it, and `runbook locks return {run}` gives it up and puts back what is out"
    )]
    StillOut {
        /// The file.
        file: String,
        /// That run.
        run: RunId,
        /// What is out.
        out: String,
    },
    /// The world is another one than the saved plan was made for; nothing was sent.
    #[error("the world has moved since `{file}` was saved")]
    Moved {
        /// The file.
        file: String,
        /// What moved.
        moved: Vec<Moved>,
        /// The plan as it would be now; as it was saved where it could not be made again.
        plan: Box<Plan>,
    },
    /// A state that our own code should have made impossible.
    #[error("our bug: {0}")]
    Bug(String),
}

impl From<Failure> for OpsError {
    fn from(failure: Failure) -> Self {
        Self::Azure { failure }
    }
}

impl From<StoreError> for OpsError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy { run, since, holder } => Self::Busy { run, since, holder },
            StoreError::NoSuchRun(run) => Self::NoSuchRun(run),
            StoreError::Superseded { run, later } => Self::Superseded { run, later },
            other => Self::Journal(other),
        }
    }
}

impl From<DriveError> for OpsError {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Store(error) => error.into(),
            DriveError::Illegal(illegal) => Self::Bug(illegal.to_string()),
        }
    }
}

/// What to do next about a failure, where its class says.
fn advice(failure: &Failure) -> String {
    let next = match failure.class {
        ErrorClass::Unreachable => {
            "check --cloud and --arm-endpoint, the network, and whether a proxy is in the way"
        }
        ErrorClass::Auth => {
            "the token is missing, expired or for another audience: sign in again (az login), \
             renew it, or choose another --credential"
        }
        ErrorClass::Forbidden => {
            return match (&failure.permission, &failure.scope) {
                (Some(action), Some(scope)) => format!(
                    ". This identity needs `{action}` at `{scope}`: a role that has it is {}; \
                     `runbook role` prints roles with all that the runbooks need",
                    role_with(action)
                ),
                _ => ". This identity lacks a right; Reader at the subscription and Backup \
                      Reader at the vault let it plan"
                    .to_owned(),
            };
        }
        ErrorClass::Throttled => "Azure asks to slow down: try again later",
        _ => return String::new(),
    };
    format!(". What to do: {next}")
}
