//! The state of a run: a fold over its events, through one function.
//!
//! Invariant: [`State::next`] is the only way forward, and an event that cannot follow the ones
//! before it is an error, not a guess.

mod loans;
mod looks;
mod parts;

use jiff::Timestamp;
use serde_json::Value;

use crate::base::clock::add;
use crate::core::action::{Change, Decision, Fate, Patience, Sent};
use crate::core::incident::Incident;
use crate::core::journal::{Event, Record};
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::Plan;
use crate::core::plan::consent::Consent;

use loans::Early;
pub use loans::Out;
pub use parts::{Flight, Illegal, Pause, StepState, poll_seconds};

/// Where a run stands.
#[derive(Clone, Debug)]
pub struct State {
    /// The plan it began with.
    pub plan: Plan,
    /// What somebody agreed to, once somebody has.
    pub approved: Option<Consent>,
    /// How the complaint stands, as last seen.
    pub incident: Incident,
    /// The complaint is to be looked at before the next step.
    pub recheck_incident: bool,
    /// One for each step of the plan.
    pub steps: Vec<StepState>,
    /// Every request, oldest first.
    pub sent: Vec<Sent>,
    /// The request whose fate is not known yet.
    pub flight: Option<Flight>,
    /// The pause that is running.
    pub pause: Option<Pause>,
    /// How many requests there were when a failure was last paused for.
    pub paused_at: usize,
    /// When waiting for a job began.
    pub job_wait_since: Option<Timestamp>,
    /// When the run last went on after it had waited or was interrupted.
    pub reopened: Option<Timestamp>,
    /// How many requests there were when it did.
    pub sent_before: usize,
    /// Set when the run is over.
    pub ended: Option<RunOutcome>,
    /// What is borrowed and not put back.
    pub out: Vec<Out>,
    /// The last event's number.
    pub seq: u64,
}

impl State {
    /// Folds a whole history.
    ///
    /// # Errors
    /// When an event cannot follow the ones before it, or there is none.
    pub fn fold(records: &[Record]) -> Result<Self, Illegal> {
        let Some((first, rest)) = records.split_first() else {
            return Err(Illegal {
                seq: 0,
                event: "none",
                why: "the run has no events".to_owned(),
            });
        };
        let mut state = Self::begin(first)?;
        for record in rest {
            state.next(record)?;
        }
        Ok(state)
    }

    /// The state after the first event, which must be `planned`.
    ///
    /// # Errors
    /// When it is another.
    pub fn begin(record: &Record) -> Result<Self, Illegal> {
        let illegal = |why: &str| Illegal {
            seq: record.seq,
            event: record.event.name(),
            why: why.to_owned(),
        };
        let Event::Planned { plan } = &record.event else {
            return Err(illegal("a run begins with its plan"));
        };
        if record.seq != 1 {
            return Err(illegal("the first event has number 1"));
        }
        Ok(Self {
            approved: None,
            incident: plan.incident.clone(),
            recheck_incident: plan.attaches(),
            steps: plan.steps.iter().map(|_| StepState::default()).collect(),
            plan: (**plan).clone(),
            sent: Vec::new(),
            flight: None,
            pause: None,
            paused_at: 0,
            job_wait_since: None,
            reopened: None,
            sent_before: 0,
            out: Vec::new(),
            ended: None,
            seq: 1,
        })
    }

    /// The step that is at work: the first without an outcome.
    #[must_use]
    pub fn current(&self) -> Option<usize> {
        self.steps.iter().position(|s| s.outcome.is_none())
    }

    /// The only way forward.
    ///
    /// # Errors
    /// When the event cannot follow the ones before it; the state is then as before.
    pub fn next(&mut self, record: &Record) -> Result<(), Illegal> {
        let refused = |why: String| Illegal {
            seq: record.seq,
            event: record.event.name(),
            why,
        };
        if record.seq != self.seq + 1 {
            return Err(refused(format!("it should have number {}", self.seq + 1)));
        }
        // A run that is over goes on only to put back what it has out.
        let goes_on = matches!(record.event, Event::Approved { .. })
            && (self.ended == Some(RunOutcome::Waiting) || !self.out.is_empty());
        if self.ended.is_some() && !goes_on {
            return Err(refused("the run has ended".to_owned()));
        }
        self.take(&record.event, record.at).map_err(refused)?;
        self.seq = record.seq;
        Ok(())
    }

    fn take(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
        match event {
            Event::Planned { .. } => Err("a run is planned once".to_owned()),
            Event::Approved { consent, .. } => {
                self.approve(consent, at);
                Ok(())
            }
            Event::Observed { sight } => self.observe(sight, at),
            Event::Intended {
                step,
                change,
                remaining,
                ..
            } => self.intend(step, change, *remaining, at),
            Event::Accepted {
                step,
                change,
                operation,
                poll_after,
                outputs,
            } => {
                let flight = self.in_flight(step, change)?;
                if flight.operation.is_some() {
                    return Err("it was accepted already".to_owned());
                }
                match operation {
                    Some(id) => {
                        flight.operation = Some(id.clone());
                        flight.poll_at = after(at, poll_seconds(*poll_after));
                    }
                    None => self.settle(Fate::Done(outputs.clone()), at),
                }
                Ok(())
            }
            Event::Refused {
                step,
                change,
                failure,
            } => {
                self.not_accepted(step, change)?;
                self.settle(Fate::Failed(failure.clone()), at);
                Ok(())
            }
            Event::Doubtful { step, change, .. } => {
                self.not_accepted(step, change)?;
                self.settle(Fate::InDoubt, at);
                Ok(())
            }
            Event::LockBorrowed { step, loan, .. } => self.borrow(step, loan, at),
            Event::LockReturned { step, key, .. } => self.put_back(step, key),
            Event::Verified {
                step,
                outcome,
                why,
                outputs,
            } => self.verify(step, *outcome, why, outputs),
            Event::Waiting { step, what, until } => self.wait(step, what, *until),
            Event::Ended { outcome, .. } => {
                self.ended = Some(*outcome);
                Ok(())
            }
        }
    }

    /// Agreed to for the first time, or again by whoever lets the run go on: what was decided but
    /// not acted upon is looked at again, and patience begins anew.
    fn approve(&mut self, consent: &Consent, at: Timestamp) {
        if self.approved.replace(consent.clone()).is_none() {
            return;
        }
        self.ended = None;
        self.reopened = Some(at);
        self.sent_before = self.sent.len();
        self.borrow_again();
        if let Some(index) = self.current() {
            self.steps[index].decision = None;
        }
        if self.job_wait_since.is_some() {
            self.job_wait_since = Some(at);
        }
    }

    fn intend(
        &mut self,
        step: &str,
        change: &Change,
        remaining: u64,
        at: Timestamp,
    ) -> Result<(), String> {
        self.grounded()?;
        if self.approved.is_none() {
            return Err("nobody approved the plan".to_owned());
        }
        let index = self.at_work(step)?;
        let decided = match &self.steps[index].decision {
            Some(Decision::Change { changes, .. }) => changes.first().map(Change::key),
            Some(Decision::Probe(probe)) => Some(probe.key()),
            _ => None,
        };
        if decided != Some(change.key()) {
            return Err("it is not what the step decided".to_owned());
        }
        self.steps[index].decision = None;
        self.flight = Some(Flight {
            step: step.to_owned(),
            change: change.key(),
            operation: None,
            poll_at: at,
        });
        self.sent.push(Sent {
            step: step.to_owned(),
            change: change.clone(),
            remaining,
            at,
            settled_at: None,
            fate: Fate::InDoubt,
            found: None,
        });
        Ok(())
    }

    fn verify(
        &mut self,
        step: &str,
        outcome: StepOutcome,
        why: &str,
        outputs: &Value,
    ) -> Result<(), String> {
        self.grounded()?;
        let index = self.at_work(step)?;
        self.steps[index].decision = None;
        if let Early(true) = self.seen_back(index) {
            return Ok(());
        }
        let state = &mut self.steps[index];
        state.outcome = Some(outcome);
        why.clone_into(&mut state.why);
        state.outputs = outputs.clone();
        self.pause = None;
        Ok(())
    }

    fn wait(&mut self, step: &str, what: &str, until: Timestamp) -> Result<(), String> {
        if let Some(flight) = &mut self.flight {
            if flight.step != step || flight.operation.is_none() {
                return Err("only an accepted operation is waited for".to_owned());
            }
            flight.poll_at = until;
            return Ok(());
        }
        let index = self.at_work(step)?;
        self.steps[index].decision = None;
        self.paused_at = self.sent.len();
        self.pause = Some(Pause {
            what: what.to_owned(),
            until,
            patience: Patience::Step,
        });
        Ok(())
    }

    /// The step at work, or one that puts back what is out: its turn may come at any time.
    fn at_work(&self, step: &str) -> Result<usize, String> {
        if let Some(index) = self
            .return_step()
            .filter(|at| self.plan.steps[*at].id == step)
        {
            return Ok(index);
        }
        let index = self.current().ok_or("every step is over")?;
        let id = &self.plan.steps[index].id;
        if id == step {
            Ok(index)
        } else {
            Err(format!("the step at work is `{id}`"))
        }
    }

    fn grounded(&self) -> Result<(), String> {
        match &self.flight {
            Some(flight) => Err(format!("`{}` is in flight", flight.change)),
            None => Ok(()),
        }
    }

    fn in_flight(&mut self, step: &str, change: &str) -> Result<&mut Flight, String> {
        match &mut self.flight {
            Some(flight) if flight.step == step && flight.change == change => Ok(flight),
            _ => Err("it is not what is in flight".to_owned()),
        }
    }

    fn not_accepted(&mut self, step: &str, change: &str) -> Result<(), String> {
        match self.in_flight(step, change)?.operation {
            Some(_) => Err("it was accepted".to_owned()),
            None => Ok(()),
        }
    }

    fn settle(&mut self, fate: Fate, at: Timestamp) {
        self.flight = None;
        if let Some(sent) = self.sent.last_mut() {
            sent.fate = fate;
            sent.settled_at = Some(at);
        }
    }
}

/// Seconds between two looks at a backup job: `backupJobs/read` was limited to 150 an hour
/// (azure-api.md 2.5).
pub const JOB_SECONDS: u64 = 60;

fn after(at: Timestamp, seconds: u64) -> Timestamp {
    add(at, std::time::Duration::from_secs(seconds))
}
