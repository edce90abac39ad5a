//! The one driver: performs an act, appends its events, asks for the next.
//!
//! Run, resume, cancel and undo are this same loop. Crash points are exactly before and after
//! each act and each append.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::base::clock::add;
use crate::base::pace::jittered;
use crate::base::secret::without_secrets;
use crate::base::{Accepted, ErrorClass, Failure};
use crate::core::action::{Applied, Change, Operation, Polled};
use crate::core::execute::ends::plain_end;
use crate::core::execute::engine::{DriveError, Engine, Order};
use crate::core::execute::look::{look, told};
use crate::core::execute::next::next;
use crate::core::execute::{Act, Limits};
use crate::core::journal::state::{State, poll_seconds};
use crate::core::journal::store::{Lease, StoreError};
use crate::core::journal::{Event, Record, RunId, Sight};
use crate::core::outcome::RunOutcome;
use crate::core::plan::Plan;
use crate::core::plan::build::find_incident;

/// How often in a row a look may fail for a passing reason before the run waits for another day.
const LOOKS: u32 = 5;

/// The longest silence in a long pause: the lease is renewed at least so often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5 * 60);

/// Applies `plan`, which `order.consent` covers, and returns the whole journal of the run.
///
/// # Errors
/// When another run holds the target (nothing was sent), or the journal fails.
pub async fn run(engine: &Engine, plan: Plan, order: Order) -> Result<Vec<Record>, DriveError> {
    let now = engine.clock.now();
    let id = RunId::new(now, &engine.chance);
    let (target, code) = (plan.target.clone(), plan.runbook.code.clone());
    let first = clean(&Event::Planned {
        plan: Box::new(plan),
    })?;
    let (lease, record) = engine.store.begin(&id, &target, &code, first, now).await?;
    let state = State::begin(&record)?;
    let mut driver = Driver {
        engine,
        lease,
        state,
        records: Vec::new(),
        blind: 0,
        operation: None,
    };
    driver.told(record);
    let end = driver.perform(order).await;
    let released = engine.store.release(&driver.lease).await;
    end?;
    released?;
    Ok(driver.records)
}

struct Driver<'a> {
    engine: &'a Engine,
    lease: Lease,
    state: State,
    records: Vec<Record>,
    /// Looks that failed in a row.
    blind: u32,
    /// What the operation in flight is polled with.
    operation: Option<Operation>,
}

impl Driver<'_> {
    async fn perform(&mut self, mut order: Order) -> Result<(), DriveError> {
        let (by, consent) = (order.by.clone(), order.consent.clone());
        self.append(Event::Approved { by, consent }).await?;
        loop {
            let limits = Limits {
                wait: order.wait,
                stop: *order.stop.borrow(),
            };
            match next(&self.state, self.engine.clock.now(), &limits) {
                Act::Over => return Ok(()),
                Act::Append(event) => self.append(self.with_requests(*event)).await?,
                Act::Sleep(until) => self.sleep(until, &mut order.stop).await?,
                Act::Pause {
                    step,
                    what,
                    from,
                    floor,
                } => {
                    let until = add(from, jittered(floor, &self.engine.chance));
                    let step = self.state.plan.steps[step].id.clone();
                    self.append(Event::Waiting { step, what, until }).await?;
                }
                Act::LookAtIncident => self.look_at_incident().await?,
                Act::Look(step) => self.look(step).await?,
                Act::Send {
                    step,
                    change,
                    remaining,
                    attempt,
                } => {
                    self.send(step, change, remaining, attempt).await?;
                }
                Act::Poll { operation } => self.poll(&operation).await?,
            }
        }
    }

    async fn append(&mut self, event: Event) -> Result<(), DriveError> {
        let at = self.engine.clock.now();
        let record = self
            .engine
            .store
            .append(&self.lease, clean(&event)?, at)
            .await?;
        self.state.next(&record)?;
        self.told(record);
        Ok(())
    }

    fn told(&mut self, record: Record) {
        (self.engine.listener)(&record);
        self.records.push(record);
    }

    fn with_requests(&self, mut event: Event) -> Event {
        if let Event::Ended { requests, .. } = &mut event {
            *requests = (self.engine.requests)();
        }
        event
    }

    async fn sleep(
        &mut self,
        until: jiff::Timestamp,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), DriveError> {
        let clock = &self.engine.clock;
        let piece = until.min(add(clock.now(), SIGN_OF_LIFE));
        tokio::select! {
            () = clock.sleep_until(piece) => {}
            stopped = stop.wait_for(|stop| *stop) => {
                if stopped.is_err() {
                    // Nobody is left who could ask to stop.
                    clock.sleep_until(piece).await;
                }
            }
        }
        if piece < until {
            self.engine.store.renew(&self.lease, clock.now()).await?;
        }
        Ok(())
    }

    async fn look_at_incident(&mut self) -> Result<(), DriveError> {
        let plan = &self.state.plan;
        let mut facts = told(&self.state);
        let known = &plan.incident;
        let (runbook, target) = (&plan.runbook, &plan.target);
        match find_incident(runbook, target, known, &self.engine.lookers, &mut facts).await {
            Ok(incident) => {
                self.blind = 0;
                self.append(Event::Observed {
                    sight: Sight::Incident(incident),
                })
                .await
            }
            Err(failure) => self.blinded(failure).await,
        }
    }

    async fn look(&mut self, index: usize) -> Result<(), DriveError> {
        let (actions, lookers) = (&self.engine.actions, &self.engine.lookers);
        match look(
            &self.state,
            index,
            actions,
            lookers,
            self.engine.clock.now(),
        )
        .await
        {
            Ok(decision) => {
                self.blind = 0;
                let step = self.state.plan.steps[index].id.clone();
                let sight = Sight::Step {
                    step,
                    decision: Box::new(decision),
                };
                self.append(Event::Observed { sight }).await
            }
            Err(failure) => self.blinded(failure).await,
        }
    }

    /// A look failed. Passing reasons are waited out a few times; what was begun then waits for
    /// another day, and a credential that expires does not make a run fail.
    async fn blinded(&mut self, failure: Failure) -> Result<(), DriveError> {
        use ErrorClass as C;
        self.blind += 1;
        let passing = matches!(
            failure.class,
            C::Throttled | C::Transient | C::Unreachable | C::Conflict | C::CrpTimeout
        );
        let begun = !self.state.sent.is_empty() || self.state.job_wait_since.is_some();
        // What was just made may not be listed yet.
        let passing = passing || (begun && failure.class == C::NotFound);
        let now = self.engine.clock.now();
        let pause = failure.retry_after().unwrap_or(Duration::from_secs(60));
        if let (true, true, Some(index)) = (passing, self.blind <= LOOKS, self.state.current()) {
            let step = self.state.plan.steps[index].id.clone();
            let until = add(now, jittered(pause, &self.engine.chance));
            return self
                .append(Event::Waiting {
                    step,
                    what: format!("Azure ({failure})"),
                    until,
                })
                .await;
        }
        let outcome = match failure.class {
            C::NotFound => RunOutcome::NeedsHuman,
            _ if begun && (passing || failure.class == C::Auth) => RunOutcome::Waiting,
            _ => RunOutcome::Failed,
        };
        let mut event = plain_end(outcome, &failure.to_string());
        if let Event::Ended {
            failure: place,
            due,
            ..
        } = &mut event
        {
            *place = Some(failure);
            *due = (outcome == RunOutcome::Waiting).then(|| add(now, pause));
        }
        self.append(self.with_requests(event)).await
    }

    async fn send(
        &mut self,
        index: usize,
        change: Box<Change>,
        remaining: u64,
        attempt: u32,
    ) -> Result<(), DriveError> {
        let planned = &self.state.plan.steps[index];
        let (step, action, key) = (planned.id.clone(), planned.action.clone(), change.key());
        let intended = Event::Intended {
            step: step.clone(),
            change: change.clone(),
            attempt,
            remaining,
        };
        self.append(intended).await?;
        let applied = match self.engine.actors.get(&action) {
            Some(actor) => actor.apply(&change).await,
            None => Err(Failure::new(
                ErrorClass::Invalid,
                change.summary.clone(),
                format!("nothing can carry out `{action}`"),
            )),
        };
        let event = match applied {
            Ok(Applied::Done(outputs)) => Event::Accepted {
                step,
                change: key,
                operation: None,
                poll_after: None,
                outputs,
            },
            Ok(Applied::Accepted(operation)) => {
                self.engine
                    .store
                    .keep_operation(&self.lease.run, &operation.id, &operation.token)
                    .await?;
                let (id, poll_after) = (operation.id.clone(), operation.poll_after);
                self.operation = Some(operation);
                let operation = Some(id);
                Event::Accepted {
                    step,
                    change: key,
                    operation,
                    poll_after,
                    outputs: Value::Null,
                }
            }
            // A time-out of compute on a deletion is one of the documented retries, which look
            // before they send, whether it was taken or not.
            Err(failure)
                if failure.accepted == Accepted::Maybe
                    && (failure.class != ErrorClass::CrpTimeout || change.method != "DELETE") =>
            {
                Event::Doubtful {
                    step,
                    change: key,
                    failure,
                }
            }
            Err(failure) => Event::Refused {
                step,
                change: key,
                failure,
            },
        };
        self.append(event).await
    }

    async fn poll(&mut self, id: &str) -> Result<(), DriveError> {
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
        let sight = Sight::Operation {
            step,
            operation: id.to_owned(),
            end,
        };
        self.append(Event::Observed { sight }).await?;
        self.operation = None;
        Ok(self.engine.store.erase_operation(id).await?)
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
            let id = self
                .operation
                .as_ref()
                .map(|o| o.id.clone())
                .unwrap_or_default();
            let sight = Sight::Operation {
                step,
                operation: id.clone(),
                end: None,
            };
            self.append(Event::Observed { sight }).await?;
            self.operation = None;
            return Ok(self.engine.store.erase_operation(&id).await?);
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
            return self.append(self.with_requests(event)).await;
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

/// An event without tokens and signatures: what a server said is kept in events. One that cannot
/// be cleaned is not kept, and the run stops there as it does when the journal fails.
fn clean(event: &Event) -> Result<Event, StoreError> {
    without_secrets(event).map_err(|e| StoreError::Broken {
        attempted: "cannot take the secrets out of an event".to_owned(),
        why: e.to_string(),
    })
}
