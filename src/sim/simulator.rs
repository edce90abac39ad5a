//! The simulator itself: state in, answer out.

use http::{Request, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sim::answer::{Answer, Reply};
use crate::sim::call::Call;
use crate::sim::clockwork::{CleanUp, Returning};
use crate::sim::exchange::Injected;
use crate::sim::fault::{DropMoment, Fault, FaultEffect};
use crate::sim::ids;
use crate::sim::ledger::Entry;
use crate::sim::locks::{self, Settling};
use crate::sim::network::Look;
use crate::sim::operation::{Effect, Operation, PlannedFailure};
use crate::sim::route;
use crate::sim::throttle::Window;
use crate::sim::world::{Lock, World, after};

/// The simulated Azure: all its state, which serde can keep and bring back.
///
/// It reads no clock and rolls no dice: the same requests at the same times get the same
/// answers, and a copy made by serialising it behaves as the original would have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sim {
    pub(in crate::sim) world: World,
    pub(in crate::sim) faults: Vec<Fault>,
    pub(in crate::sim) operations: Vec<Operation>,
    #[serde(default)]
    pub(in crate::sim) looks: Vec<Look>,
    pub(in crate::sim) returning_locks: Vec<Returning>,
    pub(in crate::sim) settling_locks: Vec<Settling>,
    pub(in crate::sim) clean_ups: Vec<CleanUp>,
    pub(in crate::sim) windows: Vec<Window>,
    pub(in crate::sim) ledger: Vec<Entry>,
    pub(in crate::sim) serial: u64,
}

impl Sim {
    /// A simulator of `world` in which `faults` will happen.
    #[must_use]
    pub fn new(mut world: World, faults: Vec<Fault>) -> Self {
        world.settle();
        Self {
            world,
            faults,
            operations: Vec::new(),
            looks: Vec::new(),
            returning_locks: Vec::new(),
            settling_locks: Vec::new(),
            clean_ups: Vec::new(),
            windows: Vec::new(),
            ledger: Vec::new(),
            serial: 0,
        }
    }

    /// The same world, asked with these actions alone wherever its identity has everything; what
    /// was taken away from it stays away.
    #[must_use]
    pub fn with_rights(mut self, actions: &[String]) -> Self {
        for grant in &mut self.world.identity.allowed {
            if grant.actions == ["*"] {
                grant.actions = actions.to_vec();
            }
        }
        self
    }

    /// The time at which a clock for this simulator starts: the world's `now`, or, when it was
    /// restored, the time of its last request.
    #[must_use]
    pub fn now_origin(&self) -> Timestamp {
        self.world.now
    }

    /// Every request so far, in order, those included whose connection was dropped.
    #[must_use]
    pub fn ledger(&self) -> &[Entry] {
        &self.ledger
    }

    /// The world as it is now.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Answers `request` as of `now`: first everything that was due by then happens.
    ///
    /// A `now` before that of an earlier request counts as that request's.
    pub fn handle(&mut self, request: Request<Vec<u8>>, now: Timestamp) -> Answer {
        self.advance(now);
        let call = Call::new(&request, self.world.now);
        let matching = self.matching_faults(&call);
        let chosen = matching
            .iter()
            .copied()
            .find(|&at| self.faults[at].skip == 0);
        let effect = chosen.map(|at| self.faults[at].effect.clone());
        let unheard = chosen.is_some_and(|at| self.faults[at].unheard);

        let (reply, dropped) = self.serve(&call, effect.as_ref());
        let accepted = reply
            .as_ref()
            .is_some_and(|reply| (200..=202).contains(&reply.status));
        let dropped = dropped || unheard && accepted;
        self.count_faults(&matching, chosen, accepted);
        let mut answer = reply.map(|reply| self.finished(reply));
        if let (Some(FaultEffect::Answer(_)), Some(answer)) = (&effect, &mut answer) {
            answer.extensions_mut().insert(Injected);
        }
        self.record(
            &call,
            answer.as_ref().map(|answer| answer.status().as_u16()),
            dropped,
        );
        match answer {
            Some(response) if !dropped => Answer::Response(response),
            _ => Answer::Dropped,
        }
    }

    /// The reply, unless the server never saw the request, and whether the client misses it.
    fn serve(&mut self, call: &Call, effect: Option<&FaultEffect>) -> (Option<Reply>, bool) {
        match effect {
            Some(FaultEffect::Answer(answer)) => (Some(answer.reply()), false),
            Some(FaultEffect::Drop(DropMoment::Before)) => (None, true),
            Some(FaultEffect::Drop(DropMoment::After)) => (Some(route::dispatch(self, call)), true),
            other => {
                let locked = self.lock_at(&call.path);
                let reply = route::dispatch(self, call);
                if let Some(effect) = other {
                    self.disturb(&reply, effect, locked);
                }
                (Some(reply), false)
            }
        }
    }

    /// Does to an accepted request what its fault says.
    fn disturb(&mut self, reply: &Reply, effect: &FaultEffect, locked: Option<Lock>) {
        if let (FaultEffect::LockReturns(returns), Some(lock), 200) = (effect, locked, reply.status)
        {
            let at = after(self.world.now, returns.after.0);
            self.returning_locks.push(Returning {
                lock,
                at,
                by: returns.by.clone(),
            });
        }
        let Some(id) = &reply.operation else { return };
        let Some(operation) = self.operations.iter_mut().find(|one| one.id == *id) else {
            return;
        };
        match effect {
            FaultEffect::Operation(failing) => {
                operation.ends = after(operation.started, failing.after.0);
                operation.failure = Some(PlannedFailure {
                    code: failing.code.clone(),
                    message: failing.message.clone(),
                    partial: failing.partial,
                });
            }
            FaultEffect::Delay(span) => operation.ends = after(operation.ends, span.0),
            FaultEffect::GonePollingUrl => operation.gone = true,
            FaultEffect::Job(planned) => {
                if let Effect::StartJob { fault, .. } = &mut operation.effect {
                    *fault = Some(planned.clone());
                }
            }
            FaultEffect::Answer(_) | FaultEffect::Drop(_) | FaultEffect::LockReturns(_) => {}
        }
    }

    fn lock_at(&self, path: &str) -> Option<Lock> {
        self.world
            .locks
            .iter()
            .find(|lock| ids::same(&locks::id(lock), path))
            .cloned()
    }

    fn matching_faults(&self, call: &Call) -> Vec<usize> {
        let live = |fault: &Fault| fault.times > 0 && fault.is_about(call);
        (0..self.faults.len())
            .filter(|&at| live(&self.faults[at]))
            .collect()
    }

    /// Counts this request against the faults it matched, up to the one that hit.
    fn count_faults(&mut self, matching: &[usize], chosen: Option<usize>, accepted: bool) {
        for &at in matching {
            let fault = &mut self.faults[at];
            let counts = fault.counts_all() || accepted;
            if counts && fault.skip > 0 {
                fault.skip -= 1;
            } else if counts && chosen == Some(at) {
                fault.times -= 1;
            }
        }
    }

    fn finished(&mut self, reply: Reply) -> Response<Vec<u8>> {
        let id = self.next_id("request");
        reply.response(&id, &self.world.location, self.world.now)
    }

    fn record(&mut self, call: &Call, status: Option<u16>, dropped: bool) {
        let is_token = call
            .path
            .to_ascii_lowercase()
            .ends_with("/oauth2/v2.0/token");
        let body = (!is_token && !matches!(call.body, Value::Null)).then(|| call.body.clone());
        self.ledger.push(Entry {
            at: call.at,
            method: call.method.clone(),
            path: call.path.clone(),
            query: call.unsigned_query(),
            body,
            status,
            dropped,
        });
    }

    /// A GUID that this simulator has not given before.
    pub(in crate::sim) fn next_id(&mut self, label: &str) -> String {
        self.serial += 1;
        ids::guid(&format!("{label} {}", self.serial))
    }
}
