//! What a process ends with: the one table of exit codes.

use crate::base::ErrorClass;
use crate::core::outcome::RunOutcome;
use crate::core::plan::Plan;

/// The exit codes of DESIGN section 9; those from 64 are of BSD's `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// 0: fixed, or nothing to do; a plan was made.
    Success,
    /// 1: it did not work.
    Failed,
    /// 2: `plan --detailed-exitcode` found changes to make.
    Pending,
    /// 3: it goes on later.
    Waiting,
    /// 4: a person has to approve; nothing was sent.
    NeedsApproval,
    /// 5: a person has to act.
    NeedsHuman,
    /// 6: another run holds this VM.
    Busy,
    /// 7: a borrowed lock is still out, whatever else succeeded.
    LockOut,
    /// 8: cancelled, or refused at the prompt.
    Cancelled,
    /// 64: the command line is wrong, or there is no such code.
    Usage,
    /// 65: a runbook or a configuration is wrong.
    BadRunbook,
    /// 69: Azure cannot be reached.
    Unreachable,
    /// 70: our bug.
    Bug,
    /// 74: the journal cannot be read or written.
    Journal,
    /// 77: a right is missing, or no token could be had.
    NotAuthorised,
    /// 130: a second signal, as shells count an interrupt.
    Interrupted,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Pending => 2,
            Self::Waiting => 3,
            Self::NeedsApproval => 4,
            Self::NeedsHuman => 5,
            Self::Busy => 6,
            Self::LockOut => 7,
            Self::Cancelled => 8,
            Self::Usage => 64,
            Self::BadRunbook => 65,
            Self::Unreachable => 69,
            Self::Bug => 70,
            Self::Journal => 74,
            Self::NotAuthorised => 77,
            Self::Interrupted => 130,
        }
    }

    /// The one of two that a person has to know of first.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        const WORST_FIRST: [Exit; 15] = [
            Exit::Interrupted,
            Exit::LockOut,
            Exit::Bug,
            Exit::Journal,
            Exit::Usage,
            Exit::BadRunbook,
            Exit::NotAuthorised,
            Exit::Unreachable,
            Exit::Failed,
            Exit::NeedsHuman,
            Exit::NeedsApproval,
            Exit::Busy,
            Exit::Cancelled,
            Exit::Waiting,
            Exit::Success,
        ];
        let first = WORST_FIRST
            .into_iter()
            .find(|exit| *exit == self || *exit == other);
        first.unwrap_or(self)
    }

    /// What a run with this outcome ends with; the class of the failure behind it says more
    /// about a run that failed.
    #[must_use]
    pub fn of(outcome: RunOutcome, class: Option<ErrorClass>) -> Self {
        match outcome {
            RunOutcome::Fixed | RunOutcome::NothingToDo => Self::Success,
            RunOutcome::Waiting => Self::Waiting,
            RunOutcome::NeedsApproval => Self::NeedsApproval,
            RunOutcome::NeedsHuman => Self::NeedsHuman,
            RunOutcome::Busy => Self::Busy,
            RunOutcome::Cancelled => Self::Cancelled,
            RunOutcome::Failed => class.map_or(Self::Failed, Self::of_class),
        }
    }

    /// What a failure of this class ends with, when nothing else is known.
    #[must_use]
    pub fn of_class(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Forbidden | ErrorClass::Auth => Self::NotAuthorised,
            ErrorClass::Unreachable => Self::Unreachable,
            _ => Self::Failed,
        }
    }

    /// What `plan` ends with: 0 whatever it found, unless looking itself failed.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Self {
        match (&plan.verdict, failure_class(plan)) {
            (Some(verdict), Some(class)) if verdict.outcome == RunOutcome::Failed => {
                Self::of_class(class)
            }
            _ => Self::Success,
        }
    }

    /// What `plan --detailed-exitcode` ends with: the first thing that stands between the plan
    /// and its application, else 2 when there is something to apply.
    #[must_use]
    pub fn detailed(plan: &Plan) -> Self {
        if let Some(verdict) = &plan.verdict {
            return Self::of(verdict.outcome, failure_class(plan));
        }
        if !plan.has_changes() {
            return Self::Success;
        }
        if !plan.missing_permissions.is_empty() {
            return Self::NotAuthorised;
        }
        if !plan.approvals_needed().is_empty() {
            return Self::NeedsApproval;
        }
        Self::Pending
    }

    /// How it ended, for a process that has no run to tell of.
    #[must_use]
    pub fn outcome(self) -> RunOutcome {
        match self {
            Self::Success => RunOutcome::NothingToDo,
            Self::Waiting => RunOutcome::Waiting,
            Self::NeedsApproval => RunOutcome::NeedsApproval,
            Self::NeedsHuman => RunOutcome::NeedsHuman,
            Self::Busy => RunOutcome::Busy,
            Self::Cancelled | Self::Interrupted => RunOutcome::Cancelled,
            _ => RunOutcome::Failed,
        }
    }
}

fn failure_class(plan: &Plan) -> Option<ErrorClass> {
    plan.verdict
        .as_ref()?
        .failure
        .as_ref()
        .map(|failure| failure.class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::Verdict;
    use crate::core::report::samples;

    #[test]
    fn the_class_of_a_failure_matters_only_to_a_run_that_failed() {
        let forbidden = Some(ErrorClass::Forbidden);
        assert_eq!(Exit::of(RunOutcome::Failed, forbidden).code(), 77);
        assert_eq!(
            Exit::of(RunOutcome::Failed, Some(ErrorClass::Auth)).code(),
            77
        );
        assert_eq!(
            Exit::of(RunOutcome::Failed, Some(ErrorClass::Unreachable)).code(),
            69
        );
        assert_eq!(
            Exit::of(RunOutcome::Failed, Some(ErrorClass::Invalid)).code(),
            1
        );
        assert_eq!(Exit::of(RunOutcome::Failed, None).code(), 1);
        assert_eq!(Exit::of(RunOutcome::NeedsHuman, forbidden).code(), 5);
        assert_eq!(
            Exit::of(RunOutcome::Waiting, Some(ErrorClass::Auth)).code(),
            3
        );
    }

    #[test]
    fn a_plan_ends_with_0_and_a_detailed_one_says_what_it_found() {
        let pending = samples::plan();
        assert_eq!(Exit::of_plan(&pending).code(), 0);
        assert_eq!(Exit::detailed(&pending).code(), 2);

        let asking = samples::plan_needing_approval();
        assert_eq!(
            (
                Exit::of_plan(&asking).code(),
                Exit::detailed(&asking).code()
            ),
            (0, 4)
        );

        let mut without_rights = samples::plan();
        without_rights
            .missing_permissions
            .push(samples::permission());
        assert_eq!(Exit::of_plan(&without_rights).code(), 0);
        assert_eq!(Exit::detailed(&without_rights).code(), 77);

        let mut healed = samples::plan();
        healed.verdict = Some(Verdict {
            outcome: RunOutcome::NothingToDo,
            reason: String::new(),
            failure: None,
        });
        assert_eq!(Exit::detailed(&healed).code(), 0);
    }

    #[test]
    fn a_plan_that_could_not_look_says_so_in_both_ways() {
        let mut blind = samples::plan();
        let failure = crate::base::Failure::new(ErrorClass::Forbidden, "read the locks", "no");
        blind.verdict = Some(crate::core::plan::build::from_failure(failure));
        assert_eq!(
            (Exit::of_plan(&blind).code(), Exit::detailed(&blind).code()),
            (77, 77)
        );
    }
}
