//! From a plan, from the events of a run, or from an error, to a [`Report`].

use serde_json::Value;

use crate::base::{ErrorClass, Failure};
use crate::core::journal::state::{Illegal, State};
use crate::core::journal::{Event, Record};
use crate::core::outcome::RunOutcome;
use crate::core::plan::Plan;
use crate::core::plan::consent::Refusal;
use crate::core::report::exit::Exit;
use crate::core::report::{Command, Problem, Report, Requests, Run, run, steps, words};

impl Report {
    /// What a plan says, before anything was done about it.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Self {
        let (outcome, reason, failure) = match &plan.verdict {
            Some(verdict) => (
                Some(verdict.outcome),
                verdict.reason.clone(),
                verdict.failure.clone(),
            ),
            None if plan.has_changes() => (None, words::totals(plan), None),
            None => (Some(RunOutcome::NothingToDo), words::totals(plan), None),
        };
        Self {
            exit: Exit::of_plan(plan),
            outcome,
            problem: failure.map(Problem::of),
            reason,
            incident: Some(plan.incident.clone()),
            job: run::job_of_incident(&plan.incident),
            recovery_point: plan.incident.recovery_point.clone(),
            steps: plan.steps.iter().map(steps::planned).collect(),
            warnings: plan.warned(),
            evidence: plan
                .stop()
                .map_or(Value::Null, |step| step.evidence.clone()),
            plan: Some(Box::new(plan.clone())),
            ..Self::empty(Exit::Success)
        }
    }

    /// What became of a run, by its events; one that has not ended has no outcome.
    ///
    /// # Errors
    /// When the events cannot be a run's history.
    pub fn of_run(records: &[Record]) -> Result<Self, Illegal> {
        let state = State::fold(records)?;
        let end = End::of(records);
        let locks_out = run::locks_out(&state);
        let plan = &state.plan;
        let exit = match (end.outcome, locks_out.is_empty()) {
            (_, false) => Exit::LockOut,
            (Some(outcome), true) => Exit::of(outcome, end.failure.as_ref().map(|f| f.class)),
            (None, true) => Exit::Waiting,
        };
        let steps = steps::of_run(records, &state, end.outcome, &end.reason);
        let goes_on = matches!(end.outcome, None | Some(RunOutcome::Waiting));
        Ok(Self {
            exit,
            outcome: end.outcome,
            problem: end.problem(),
            job: run::job(&state),
            recovery_point: run::recovery_point(&state),
            due: end.due,
            resume: goes_on.then(|| Command::resume(&records[0].run, plan)),
            locks_out,
            requests: run::requests(&end.requests, &state),
            run: Some(run_of(records, &state)),
            warnings: plan.warnings.clone(),
            reason: words::reason_of(end.outcome, &end.reason, &steps),
            steps,
            evidence: end.evidence,
            incident: Some(state.incident),
            plan: Some(Box::new(state.plan)),
            moved: Vec::new(),
        })
    }

    /// An error before there was a plan.
    #[must_use]
    pub fn of_error(message: &str, failure: Option<&Failure>, exit: Exit) -> Self {
        Self {
            outcome: Some(exit.outcome()),
            reason: message.to_owned(),
            problem: Some(Problem {
                code: failure.and_then(|f| f.code.clone()),
                failure: failure.cloned(),
                message: message.to_owned(),
            }),
            ..Self::empty(exit)
        }
    }

    /// A plan that was not applied, because the consent given does not cover it; nothing was
    /// sent.
    #[must_use]
    pub fn of_refusal(plan: &Plan, refused: &Refusal) -> Self {
        Self {
            exit: Exit::NeedsApproval,
            outcome: Some(RunOutcome::NeedsApproval),
            reason: words::refusal(refused),
            ..Self::of_plan(plan)
        }
    }

    /// A plan that there is nothing to apply of: it ends as a run would.
    #[must_use]
    pub fn of_unapplied(plan: &Plan) -> Self {
        let report = Self::of_plan(plan);
        let class = report
            .problem
            .as_ref()
            .and_then(|p| Some(p.failure.as_ref()?.class));
        let exit = report
            .outcome
            .map_or(report.exit, |outcome| Exit::of(outcome, class));
        Self { exit, ..report }
    }

    /// A plan that was not applied, because the identity lacks rights; nothing was sent.
    #[must_use]
    pub fn of_missing_rights(plan: &Plan) -> Self {
        let first = plan.missing_permissions.first();
        let failure = first.map(|right| Failure {
            permission: Some(right.action.clone()),
            scope: Some(right.scope.clone()),
            ..Failure::new(
                ErrorClass::Forbidden,
                "apply the plan",
                format!(
                    "`{}` is missing at `{}`; nothing was sent",
                    right.action, right.scope
                ),
            )
        });
        Self {
            exit: Exit::NotAuthorised,
            outcome: Some(RunOutcome::Failed),
            reason: "rights are missing, so nothing was sent; have them granted, then apply again"
                .to_owned(),
            problem: failure.map(Problem::of),
            ..Self::of_plan(plan)
        }
    }

    /// A plan that a person declined at the prompt; nothing was sent.
    #[must_use]
    pub fn of_declined(plan: &Plan) -> Self {
        Self {
            exit: Exit::Cancelled,
            outcome: Some(RunOutcome::Cancelled),
            reason: "declined at the prompt; nothing was sent".to_owned(),
            ..Self::of_plan(plan)
        }
    }

    fn empty(exit: Exit) -> Self {
        Self {
            exit,
            plan: None,
            outcome: None,
            reason: String::new(),
            problem: None,
            incident: None,
            job: None,
            recovery_point: None,
            due: None,
            resume: None,
            locks_out: Vec::new(),
            steps: Vec::new(),
            requests: Requests::default(),
            evidence: Value::Null,
            run: None,
            warnings: Vec::new(),
            moved: Vec::new(),
        }
    }
}

impl Problem {
    fn of(failure: Failure) -> Self {
        Self {
            code: failure.code.clone(),
            message: failure.to_string(),
            failure: Some(failure),
        }
    }
}

/// What the last `ended` event says; nothing when there is none.
#[derive(Default)]
struct End {
    outcome: Option<RunOutcome>,
    reason: String,
    due: Option<jiff::Timestamp>,
    failure: Option<Failure>,
    code: Option<String>,
    evidence: Value,
    requests: Value,
}

impl End {
    fn of(records: &[Record]) -> Self {
        // A run that went on after an end has not that end any more.
        let goes_on = |record: &&Record| !matches!(record.event, Event::Approved { .. });
        let last = records.iter().rev().take_while(goes_on);
        let ended = last.into_iter().find_map(|record| match &record.event {
            Event::Ended {
                outcome,
                reason,
                due,
                failure,
                code,
                evidence,
                ..
            } => Some(Self {
                outcome: Some(*outcome),
                reason: reason.clone(),
                due: *due,
                failure: failure.clone(),
                code: code.clone(),
                evidence: evidence.clone(),
                requests: all_requests(records),
            }),
            _ => None,
        });
        ended.unwrap_or_else(|| Self {
            reason: "the run has not ended: it is still at work, or it was interrupted".to_owned(),
            ..Self::default()
        })
    }

    fn problem(&self) -> Option<Problem> {
        if self.failure.is_none() && self.code.is_none() {
            return None;
        }
        let of_failure = self
            .failure
            .as_ref()
            .and_then(|failure| failure.code.clone());
        Some(Problem {
            code: self.code.clone().or(of_failure),
            message: self
                .failure
                .as_ref()
                .map_or_else(|| self.reason.clone(), Failure::to_string),
            failure: self.failure.clone(),
        })
    }
}

/// What every process that was at work on the run has counted, added up.
fn all_requests(records: &[Record]) -> Value {
    let mut sum = serde_json::Map::new();
    for record in records {
        let Event::Ended { requests, .. } = &record.event else {
            continue;
        };
        for (name, count) in requests.as_object().into_iter().flatten() {
            let before = sum.get(name).and_then(Value::as_u64).unwrap_or_default();
            let count = count.as_u64().unwrap_or_default();
            sum.insert(name.clone(), before.saturating_add(count).into());
        }
    }
    if sum.is_empty() {
        Value::Null
    } else {
        sum.into()
    }
}

fn run_of(records: &[Record], state: &State) -> Run {
    // A folded state proves that there is a first record.
    let first = &records[0];
    let last = records.last().unwrap_or(first);
    let approved_by = records.iter().find_map(|record| match &record.event {
        Event::Approved { by, .. } => Some(by.clone()),
        _ => None,
    });
    Run {
        id: first.run.clone(),
        started: first.at,
        finished: state.ended.map(|_| last.at),
        events: last.seq,
        head: last.hash.clone(),
        approved_by,
    }
}

#[cfg(test)]
mod tests;
