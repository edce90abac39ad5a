//! What a look makes of a run's state.

use jiff::Timestamp;
use serde_json::Value;

use super::{JOB_SECONDS, Pause, State, after};
use crate::core::action::{Decision, Fate, Patience};
use crate::core::incident::IncidentStatus;
use crate::core::journal::Sight;

impl State {
    pub(super) fn observe(&mut self, sight: &Sight, at: Timestamp) -> Result<(), String> {
        match sight {
            Sight::Incident(incident) => {
                self.grounded()?;
                let running = incident.status == IncidentStatus::Running;
                self.pause = running.then(|| Pause {
                    what: format!("backup job {}", incident.running.as_deref().unwrap_or("?")),
                    until: after(at, JOB_SECONDS),
                    patience: Patience::Job,
                });
                if running {
                    self.job_wait_since.get_or_insert(at);
                }
                self.recheck_incident = running;
                self.incident = incident.clone();
                Ok(())
            }
            Sight::Step { step, decision } => self.decided(step, decision, at),
            Sight::Operation {
                step,
                operation,
                end,
            } => {
                let flight = self.flight.as_ref().ok_or("nothing is in flight")?;
                if flight.step != *step || flight.operation.as_deref() != Some(operation) {
                    return Err("another operation is in flight".to_owned());
                }
                let fate = match end {
                    Some(Ok(outputs)) => Fate::Done(outputs.clone()),
                    Some(Err(failure)) => Fate::Failed(failure.clone()),
                    None => Fate::InDoubt,
                };
                self.settle(fate, at);
                Ok(())
            }
        }
    }

    pub(super) fn decided(
        &mut self,
        step: &str,
        decision: &Decision,
        at: Timestamp,
    ) -> Result<(), String> {
        self.grounded()?;
        let index = self.at_work(step)?;
        if let Decision::Found { what, outputs } = decision {
            self.found(step, what, outputs, at)?;
        }
        let state = &mut self.steps[index];
        state.since.get_or_insert(at);
        match decision {
            Decision::Change { baseline, .. } if state.baseline.is_null() => {
                state.baseline = baseline.clone();
            }
            Decision::Wait {
                what,
                look_again_at,
                patience,
                following,
                recheck_incident,
                ..
            } => {
                if !following.is_null() {
                    state.following = following.clone();
                }
                self.pause = Some(Pause {
                    what: what.clone(),
                    until: *look_again_at,
                    patience: *patience,
                });
                if *patience == Patience::Job {
                    self.job_wait_since.get_or_insert(at);
                }
                self.recheck_incident |= *recheck_incident;
            }
            _ => {}
        }
        state.decision = Some(decision.clone());
        state.decided_at = Some(at);
        Ok(())
    }

    /// The step's last request, which is in doubt, came through.
    fn found(
        &mut self,
        step: &str,
        what: &str,
        outputs: &Value,
        at: Timestamp,
    ) -> Result<(), String> {
        let last = self.sent.iter_mut().rfind(|sent| sent.step == step);
        let last = last.filter(|sent| sent.fate == Fate::InDoubt);
        let last = last.ok_or("no request of the step is in doubt")?;
        last.fate = Fate::Done(outputs.clone());
        last.found = Some(what.to_owned());
        last.settled_at = Some(at);
        Ok(())
    }
}
