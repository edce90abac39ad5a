//! Follows the operation in flight.

use std::time::Duration;

use serde_json::Value;

use crate::base::clock::add;
use crate::base::pace::jittered;
use crate::base::{ErrorClass, Failure};
use crate::core::action::Polled;
use crate::core::execute::drive::{Driver, LOOKS};
use crate::core::execute::ends::plain_end;
use crate::core::execute::engine::DriveError;
use crate::core::journal::state::poll_seconds;
use crate::core::journal::{Event, Sight};
use crate::core::outcome::RunOutcome;

impl Driver<'_> {
    pub(super) async fn poll(&mut self, id: &str) -> Result<(), DriveError> {
        let step = self
            .state
            .flight
            .as_ref()
            .map(|f| f.step.clone())
            .unwrap_or_default();
        let polled = match self.operation.as_ref().filter(|o| o.id == id) {
            Some(operation) => self.engine.actors.poller().poll(operation).await,
            None => Ok(Polled::Gone),
        };
        let end = match polled {
            Ok(Polled::Running(after)) => return self.poll_later(step, after).await,
            Ok(Polled::Succeeded(outputs)) => Some(Ok(outputs)),
            Ok(Polled::Failed(failure)) => Some(Err(failure)),
            Ok(Polled::Gone) => None,
            Err(failure) => return self.poll_failed(step, failure).await,
        };
        self.blind = 0;
        self.operation_ended(step, id.to_owned(), end).await
    }

    /// Polls the operation in flight no more; the world tells what became of it.
    pub(super) async fn let_go(&mut self, id: String) -> Result<(), DriveError> {
        let flight = self.state.flight.as_ref();
        let step = flight.map(|f| f.step.clone()).unwrap_or_default();
        self.operation_ended(step, id, None).await
    }

    async fn operation_ended(
        &mut self,
        step: String,
        operation: String,
        end: Option<Result<Value, Failure>>,
    ) -> Result<(), DriveError> {
        let id = operation.clone();
        let sight = Sight::Operation {
            step,
            operation,
            end,
        };
        self.append(Event::Observed { sight }).await?;
        self.operation = None;
        Ok(self.engine.store.erase_operation(&id).await?)
    }

    async fn poll_later(&mut self, step: String, after: Option<u64>) -> Result<(), DriveError> {
        self.blind = 0;
        let pause = Duration::from_secs(poll_seconds(after));
        let until = add(self.engine.clock.now(), pause);
        let what = "the operation in Azure".to_owned();
        self.append(Event::Waiting { step, what, until }).await
    }

    /// Reading an operation's status failed: that says nothing of the operation.
    async fn poll_failed(&mut self, step: String, failure: Failure) -> Result<(), DriveError> {
        self.blind += 1;
        let hopeless = matches!(failure.class, ErrorClass::Forbidden | ErrorClass::Invalid);
        if hopeless {
            let operation = self.operation.as_ref();
            let id = operation.map(|o| o.id.clone()).unwrap_or_default();
            return self.operation_ended(step, id, None).await;
        }
        if failure.class == ErrorClass::Auth || self.blind > 4 * LOOKS {
            let mut event = plain_end(RunOutcome::Waiting, &failure.to_string());
            if let Event::Ended {
                failure: place,
                due,
                ..
            } = &mut event
            {
                *due = Some(self.engine.clock.now());
                *place = Some(failure);
            }
            return self.end(event).await;
        }
        let pause = Duration::from_secs(poll_seconds(failure.retry_after));
        let until = add(
            self.engine.clock.now(),
            jittered(pause, &self.engine.chance),
        );
        let what = format!("the operation's status ({failure})");
        self.append(Event::Waiting { step, what, until }).await
    }
}
