//! The one driver: performs an act, appends its events, asks for the next.
//!
//! Run, resume, cancel and undo are this same loop. Crash points are exactly before and after
//! each act and each append.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::base::clock::add;
use crate::base::pace::jittered;
use crate::base::secret::without_secrets;
use crate::base::{ErrorClass, Failure};
use crate::core::action::Operation;
use crate::core::execute::ends::plain_end;
use crate::core::execute::engine::{DriveError, Engine, Order};
use crate::core::execute::leave::leave;
use crate::core::execute::look::{look, told};
use crate::core::execute::next::next;
use crate::core::execute::once::{end_at_once, used_meanwhile};
use crate::core::execute::{Act, Limits, Stop};
use crate::core::journal::state::State;
use crate::core::journal::store::{Lease, StoreError};
use crate::core::journal::{Event, Record, RunId, Sight};
use crate::core::outcome::RunOutcome;
use crate::core::plan::Plan;
use crate::core::plan::build::find_incident;

/// How often in a row a look may fail for a passing reason before the run waits for another day.
pub(super) const LOOKS: u32 = 5;

/// The longest silence in a long pause: the lease is renewed at least so often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5 * 60);

/// How often a pause sees whether somebody asked through the journal to cancel the run.
const ATTENTION: Duration = Duration::from_secs(15);

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
    (engine.listener)(&record);
    let begun = vec![record];
    match used_meanwhile(engine, &lease, &begun).await {
        Ok(None) => drive(engine, lease, begun, order).await,
        Ok(Some(end)) => end_at_once(engine, &lease, begun, end).await,
        Err(error) => {
            engine.store.release(&lease).await?;
            Err(error)
        }
    }
}

/// Goes on with a run that waits or was interrupted, and returns its whole journal.
///
/// What was accepted is polled, what is in doubt is looked at, and what is done is not done again.
///
/// # Errors
/// When the run is at work, is over, or a later one of its target exists; when the journal fails.
pub async fn resume(engine: &Engine, run: &RunId, order: Order) -> Result<Vec<Record>, DriveError> {
    let now = engine.clock.now();
    let (lease, records) = engine.store.reopen(run, now).await?;
    drive(engine, lease, records, order).await
}

async fn drive(
    engine: &Engine,
    lease: Lease,
    records: Vec<Record>,
    order: Order,
) -> Result<Vec<Record>, DriveError> {
    let end = match driver(engine, &lease, records).await {
        Ok(mut driver) => driver.perform(order).await.map(|()| driver.records),
        Err(error) => Err(error),
    };
    let released = engine.store.release(&lease).await;
    let records = end?;
    released?;
    Ok(records)
}

async fn driver<'a>(
    engine: &'a Engine,
    lease: &Lease,
    records: Vec<Record>,
) -> Result<Driver<'a>, DriveError> {
    let state = State::fold(&records)?;
    let mut driver = Driver {
        engine,
        lease: lease.clone(),
        state,
        records,
        blind: 0,
        operation: None,
        signed: engine.clock.now(),
        end: None,
    };
    let flight = driver.state.flight.as_ref();
    if let Some(id) = flight.and_then(|flight| flight.operation.clone()) {
        let token = engine.store.operation(&id).await?;
        driver.operation = token.map(|token| Operation {
            id,
            token,
            poll_after: None,
        });
    }
    Ok(driver)
}

pub(super) struct Driver<'a> {
    pub(super) engine: &'a Engine,
    pub(super) lease: Lease,
    pub(super) state: State,
    records: Vec<Record>,
    /// Looks that failed in a row.
    pub(super) blind: u32,
    /// What the operation in flight is polled with.
    pub(super) operation: Option<Operation>,
    /// When the lease was renewed last.
    signed: Timestamp,
    /// How the run ends, once what it borrowed is back.
    end: Option<Event>,
}

impl Driver<'_> {
    async fn perform(&mut self, mut order: Order) -> Result<(), DriveError> {
        let (by, consent) = (order.by.clone(), order.consent.clone());
        self.append(Event::Approved { by, consent }).await?;
        loop {
            let limits = Limits {
                wait: order.wait,
                stop: self.stop(&order).await?,
            };
            let now = self.engine.clock.now();
            let act = match &self.end {
                None => next(&self.state, now, &limits),
                Some(end) => leave(&self.state, now, &limits, end),
            };
            match act {
                Act::Over => return Ok(()),
                Act::LetGo { operation } => self.let_go(operation).await?,
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

    /// Whether somebody asked to stop: at this process, or through the journal.
    async fn stop(&self, order: &Order) -> Result<Stop, DriveError> {
        let cancelled = self.engine.store.cancelled_by(&self.lease).await?.is_some();
        Ok(match (order.cancel || cancelled, *order.stop.borrow()) {
            (true, _) => Stop::Cancel,
            (false, true) => Stop::Pause,
            (false, false) => Stop::No,
        })
    }

    /// Ends the run so, as soon as nothing is borrowed any more. A second such end is the end.
    pub(super) async fn end(&mut self, event: Event) -> Result<(), DriveError> {
        if self.state.out.is_empty() || self.end.is_some() {
            return self.append(self.with_requests(event)).await;
        }
        self.end = Some(event);
        Ok(())
    }

    pub(super) async fn append(&mut self, event: Event) -> Result<(), DriveError> {
        let at = self.engine.clock.now();
        let store = &self.engine.store;
        let record = store.append(&self.lease, clean(&event)?, at).await?;
        self.appended(record)
    }

    pub(super) fn appended(&mut self, record: Record) -> Result<(), DriveError> {
        self.signed = record.at;
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
        until: Timestamp,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), DriveError> {
        let clock = &self.engine.clock;
        let piece = until.min(add(clock.now(), ATTENTION));
        tokio::select! {
            () = clock.sleep_until(piece) => {}
            stopped = stop.wait_for(|stop| *stop) => {
                if stopped.is_err() {
                    // Nobody is left who could ask to stop.
                    clock.sleep_until(piece).await;
                }
            }
        }
        let now = clock.now();
        if now >= add(self.signed, SIGN_OF_LIFE) {
            self.engine.store.renew(&self.lease, now).await?;
            self.signed = now;
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
        self.end(event).await
    }
}

/// An event without tokens and signatures: what a server said is kept in events. One that cannot
/// be cleaned is not kept, and the run stops there as it does when the journal fails.
pub(super) fn clean(event: &Event) -> Result<Event, StoreError> {
    without_secrets(event).map_err(|e| StoreError::Broken {
        attempted: "cannot take the secrets out of an event".to_owned(),
        why: e.to_string(),
    })
}
