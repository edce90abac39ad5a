//! Sends one request: its intent is durable before it leaves, and what is borrowed is written down
//! whole before that.

use serde_json::{Value, json};

use crate::base::secret::without_secrets;
use crate::base::{Accepted, ErrorClass, Failure};
use crate::core::action::{Applied, Change, Loan};
use crate::core::execute::drive::Driver;
use crate::core::execute::engine::DriveError;
use crate::core::journal::store::{Borrowed, StoreError};
use crate::core::journal::{Event, RunId};

/// What stands in place of the request.
enum Instead {
    /// Nothing: it is sent.
    Send,
    /// It was done already, with these outputs.
    Done(Value),
    /// It cannot be sent now.
    Refuse(Failure),
}

impl Driver<'_> {
    pub(super) async fn send(
        &mut self,
        index: usize,
        change: Box<Change>,
        remaining: u64,
        attempt: u32,
    ) -> Result<(), DriveError> {
        let planned = &self.state.plan.steps[index];
        let (step, action) = (planned.id.clone(), planned.action.clone());
        let instead = match &change.borrows {
            Some(loan) => self.borrow(&step, loan).await?,
            None => Instead::Send,
        };
        let intended = Event::Intended {
            step: step.clone(),
            change: change.clone(),
            attempt,
            remaining,
        };
        self.append(intended).await?;
        let instead = match (&change.returns, instead) {
            (Some(key), Instead::Send) => self.give_back(key).await?,
            (_, instead) => instead,
        };
        let applied = match instead {
            Instead::Send => self.apply(&action, &change).await,
            Instead::Done(outputs) => Ok(Applied::Done(outputs)),
            Instead::Refuse(failure) => Err(failure),
        };
        let event = self.answered(step, &change, applied).await?;
        self.append(event).await
    }

    async fn apply(&self, action: &str, change: &Change) -> Result<Applied, Failure> {
        match self.engine.actors.get(action) {
            Some(actor) => actor.apply(change).await,
            None => Err(Failure::new(
                ErrorClass::Invalid,
                change.summary.clone(),
                format!("nothing can carry out `{action}`"),
            )),
        }
    }

    /// Writes a loan down, whole, before it is taken; another run may have it out already.
    async fn borrow(&mut self, step: &str, loan: &Loan) -> Result<Instead, DriveError> {
        let broken = |why: serde_json::Error| StoreError::Broken {
            attempted: "cannot take the secrets out of what is borrowed".to_owned(),
            why: why.to_string(),
        };
        let loan = without_secrets(loan).map_err(broken)?;
        let at = self.engine.clock.now();
        let store = &self.engine.store;
        match store.borrow(&self.lease, step, &loan, at).await? {
            Borrowed::First(record) => {
                self.appended(*record)?;
                Ok(Instead::Send)
            }
            Borrowed::Joined(record, run) => {
                self.appended(*record)?;
                Ok(Instead::Done(json!({ "joined": run })))
            }
            Borrowed::GoingBack(run) => Ok(Instead::Refuse(Failure::new(
                ErrorClass::Conflict,
                format!("borrow `{}`", loan.name),
                format!("run {run} is putting it back just now"),
            ))),
        }
    }

    /// What another run still uses is left to it.
    async fn give_back(&self, key: &str) -> Result<Instead, DriveError> {
        let left_to: Option<RunId> = self.engine.store.give_back(&self.lease, key).await?;
        Ok(match left_to {
            Some(run) => Instead::Done(json!({ "left_to": run })),
            None => Instead::Send,
        })
    }

    async fn answered(
        &mut self,
        step: String,
        sent: &Change,
        applied: Result<Applied, Failure>,
    ) -> Result<Event, DriveError> {
        let change = sent.key();
        Ok(match applied {
            Ok(Applied::Done(outputs)) => Event::Accepted {
                step,
                change,
                operation: None,
                poll_after: None,
                outputs,
            },
            Ok(Applied::Accepted(operation)) => {
                let store = &self.engine.store;
                let (run, token) = (&self.lease.run, &operation.token);
                store.keep_operation(run, &operation.id, token).await?;
                let (id, poll_after) = (operation.id.clone(), operation.poll_after);
                self.operation = Some(operation);
                Event::Accepted {
                    step,
                    change,
                    operation: Some(id),
                    poll_after,
                    outputs: Value::Null,
                }
            }
            // A time-out of compute on a deletion is one of the documented retries, which look
            // before they send, whether it was taken or not.
            Err(failure)
                if failure.accepted == Accepted::Maybe
                    && (failure.class != ErrorClass::CrpTimeout || sent.method != "DELETE") =>
            {
                Event::Doubtful {
                    step,
                    change,
                    failure,
                }
            }
            Err(failure) => Event::Refused {
                step,
                change,
                failure,
            },
        })
    }
}
