//! What a run has borrowed: it is put back whatever happens.

use jiff::Timestamp;

use super::{State, StepState};
use crate::core::action::{Loan, Patience};

/// Something borrowed that is not back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// The step that borrowed it.
    pub step: String,
    /// What it is.
    pub loan: Loan,
    /// Since when.
    pub since: Timestamp,
    /// It was seen to be back, or was left to another run; that is still to be written down.
    pub seen_back: bool,
}

impl State {
    /// The step that puts back what is out, if anything is.
    #[must_use]
    pub fn return_step(&self) -> Option<usize> {
        let borrower = &self.out.first()?.step;
        let of = |step: &crate::core::plan::PlannedStep| step.returns.as_ref() == Some(borrower);
        self.plan.steps.iter().position(of)
    }

    pub(super) fn borrow(&mut self, step: &str, loan: &Loan, at: Timestamp) -> Result<(), String> {
        self.grounded()?;
        if self.approved.is_none() {
            return Err("nobody approved the plan".to_owned());
        }
        self.at_work(step)?;
        let returns =
            |planned: &crate::core::plan::PlannedStep| planned.returns.as_deref() == Some(step);
        if !self.plan.steps.iter().any(returns) {
            return Err("no step would put it back".to_owned());
        }
        if !self.out.iter().any(|out| out.loan.key == loan.key) {
            self.out.push(Out {
                step: step.to_owned(),
                loan: loan.clone(),
                since: at,
                seen_back: false,
            });
        }
        Ok(())
    }

    /// The step `index` saw that what was borrowed is back. Before its time it is not over with
    /// that: what was borrowed may have to be borrowed again.
    pub(super) fn seen_back(&mut self, index: usize) -> Early {
        let returns = self.plan.steps[index].returns.clone();
        for out in &mut self.out {
            out.seen_back |= Some(&out.step) == returns.as_ref();
        }
        Early(returns.is_some() && !self.is_due(index))
    }

    pub(super) fn put_back(&mut self, step: &str, key: &str) -> Result<(), String> {
        self.grounded()?;
        self.at_work(step)?;
        match self.out.iter().position(|out| out.loan.key == key) {
            Some(at) if self.out[at].seen_back => self.out.remove(at),
            Some(_) => return Err("nobody has seen it back".to_owned()),
            None => return Err("it is not out".to_owned()),
        };
        // It was put back for the length of a wait; after that the work goes on.
        let waits = self
            .pause
            .as_ref()
            .is_some_and(|pause| pause.patience == Patience::Job);
        if waits && self.out.is_empty() {
            self.borrow_again();
        }
        Ok(())
    }

    /// Lets steps begin again whose loans were put back before the step that needs them was over.
    pub(super) fn borrow_again(&mut self) {
        if !self.out.is_empty() {
            return;
        }
        for index in 0..self.plan.steps.len() {
            let Some(borrower) = self.plan.steps[index].returns.clone() else {
                continue;
            };
            let lent =
                |s: &crate::core::action::Sent| s.step == borrower && s.change.borrows.is_some();
            if self.is_due(index) || !self.sent.iter().any(lent) {
                continue;
            }
            let borrower = self.plan.steps.iter().position(|step| step.id == borrower);
            for at in borrower.into_iter().chain([index]) {
                self.steps[at] = StepState::default();
            }
        }
    }

    /// Whether the step that needs what is borrowed is over, so that it goes back for good.
    fn is_due(&self, index: usize) -> bool {
        let borrower = self.plan.steps[index].returns.as_deref();
        let step = borrower.and_then(|id| self.plan.runbook.step(id));
        let until = step.and_then(|step| step.until.as_deref());
        let needs = self
            .plan
            .steps
            .iter()
            .position(|step| Some(step.id.as_str()) == until);
        needs.is_none_or(|at| self.steps[at].outcome.is_some())
    }
}

/// Whether something was put back before its time.
pub(super) struct Early(pub(super) bool);
