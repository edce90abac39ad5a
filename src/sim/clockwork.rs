//! What happens by itself as time passes, in the order in which it is due.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sim::activity_log;
use crate::sim::backup::{items, lifecycle, trigger};
use crate::sim::compute;
use crate::sim::extensions;
use crate::sim::guest;
use crate::sim::ids;
use crate::sim::locks;
use crate::sim::machine;
use crate::sim::operation::{Effect, State};
use crate::sim::restore_points::{self, Deleted};
use crate::sim::simulator::Sim;
use crate::sim::world::{Collection, Lock};

/// A lock that somebody will put back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sim) struct Returning {
    pub(in crate::sim) lock: Lock,
    pub(in crate::sim) at: Timestamp,
    pub(in crate::sim) by: Option<String>,
}

/// The automatic clean-up that follows a restore point limit failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sim) struct CleanUp {
    pub(in crate::sim) vm: String,
    pub(in crate::sim) at: Timestamp,
}

/// Points that the clean-up leaves: a standard policy keeps two days (remediations.md 4.1).
const KEPT: usize = 2;

/// The next thing to happen.
#[derive(Clone, Copy)]
enum Due {
    Operation(usize),
    Job { vault: usize, job: usize },
    Lock(usize),
    CleanUp(usize),
}

impl Sim {
    /// Lets everything happen that is due by `now`; time never goes back.
    pub(in crate::sim) fn advance(&mut self, now: Timestamp) {
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= now) {
            self.world.now = self.world.now.max(at);
            match due {
                Due::Operation(index) => self.end_operation(index),
                Due::Job { vault, job } => lifecycle::advance(self, vault, job, at),
                Due::Lock(index) => self.return_lock(index),
                Due::CleanUp(index) => self.clean_up(index),
            }
        }
        self.world.now = self.world.now.max(now);
        let shown = self.world.now;
        self.settling_locks.retain(|one| one.until > shown);
    }

    fn next_due(&self) -> Option<(Timestamp, Due)> {
        let operations = self.operations.iter().enumerate();
        let operations = operations
            .filter(|(_, operation)| operation.state == State::Running)
            .map(|(index, operation)| (operation.ends, Due::Operation(index)));
        let jobs = self
            .world
            .vaults
            .iter()
            .enumerate()
            .flat_map(|(vault, held)| {
                let jobs = held.jobs.iter().enumerate();
                jobs.filter_map(move |(job, one)| {
                    Some((lifecycle::due(self, one)?, Due::Job { vault, job }))
                })
            });
        let locks = self.returning_locks.iter().enumerate();
        let locks = locks.map(|(index, one)| (one.at, Due::Lock(index)));
        let clean_ups = self.clean_ups.iter().enumerate();
        let clean_ups = clean_ups.map(|(index, one)| (one.at, Due::CleanUp(index)));
        operations
            .chain(jobs)
            .chain(locks)
            .chain(clean_ups)
            .min_by_key(|(at, _)| *at)
    }

    fn end_operation(&mut self, index: usize) {
        let operation = self.operations[index].clone();
        let state = match &operation.failure {
            Some(failure) => {
                self.leave_half_done(&operation.effect, failure.partial);
                State::Failed {
                    code: failure.code.clone(),
                    message: failure.message.clone(),
                }
            }
            None => self.apply(&operation.effect),
        };
        self.operations[index].state = state;
    }

    /// What a failed operation leaves behind.
    fn leave_half_done(&mut self, effect: &Effect, partial: usize) {
        match effect {
            Effect::DeleteCollection { id } => {
                restore_points::deleted(self, id, Deleted::Oldest(partial));
                // Assumption: a collection whose deletion timed out shows as `Failed` and can be
                // deleted again, as the documents' "two or three retries" imply.
                self.mark_collection(id, None);
            }
            Effect::DeletePoint { collection, point } => {
                self.mark_collection(collection, Some(point));
            }
            Effect::Machine { vm, was, .. } => machine::undone(self, vm, was),
            _ => {}
        }
    }

    fn mark_collection(&mut self, id: &str, point: Option<&str>) {
        let is_it = |one: &&mut Collection| {
            ids::same(&one.group, ids::group_of(id)) && ids::same(&one.name, ids::name_of(id))
        };
        let Some(found) = self.world.restore_point_collections.iter_mut().find(is_it) else {
            return;
        };
        match point {
            None => found.provisioning = "Failed".to_owned(),
            Some(name) => {
                let points = found.list_mut().iter_mut();
                for point in points.filter(|point| ids::same(&point.name, name)) {
                    point.provisioning = "Failed".to_owned();
                }
            }
        }
    }

    fn apply(&mut self, effect: &Effect) -> State {
        match effect {
            Effect::Nothing => {}
            Effect::DeleteCollection { id } => restore_points::deleted(self, id, Deleted::Whole),
            Effect::DeletePoint { collection, point } => {
                restore_points::deleted(self, collection, Deleted::Named(point.clone()));
            }
            Effect::DeleteExtension { vm, name } => extensions::deleted(self, vm, name),
            Effect::RunScript {
                vm,
                script,
                parameters,
            } => {
                if let Some(vm) = compute::by_id(&mut self.world, vm) {
                    return State::Succeeded(guest::run(vm, script, parameters));
                }
            }
            Effect::Machine { vm, verb, was } => machine::done(self, vm, *verb, was),
            Effect::StartJob {
                vault,
                vm,
                activity,
                fault,
            } => {
                return trigger::begin(self, vault, vm, activity.clone(), fault.clone());
            }
            Effect::RegisterProvider { namespace } => {
                self.world.providers.remove(namespace);
            }
            Effect::Protect { vault, vm, policy } => items::protect(self, vault, vm, policy),
            Effect::EndAccess { collection, point } => {
                restore_points::access_ended(self, collection, point);
            }
            Effect::EndCancelledJob { vault, job } => lifecycle::cancelled(self, vault, job),
        }
        State::Succeeded(Value::Null)
    }

    fn return_lock(&mut self, index: usize) {
        let Returning { lock, by, .. } = self.returning_locks.remove(index);
        let id = locks::id(&lock);
        if !self
            .world
            .locks
            .iter()
            .any(|one| ids::same(&locks::id(one), &id))
        {
            self.world.locks.push(lock);
            if let Some(by) = by {
                activity_log::note(self, "Microsoft.Authorization/locks/write", &id, &by);
            }
        }
    }

    /// Removes the oldest points of Azure Backup's collections, where no lock stops it.
    fn clean_up(&mut self, index: usize) {
        let CleanUp { vm, .. } = self.clean_ups.remove(index);
        let own = self.world.restore_point_collections.iter();
        let own: Vec<(String, usize)> = own
            .filter(|one| ids::same(&one.vm, &vm) && one.is_azure_backups())
            .map(|one| (restore_points::id(&self.world, one), one.list().len()))
            .collect();
        for (id, points) in own {
            if !locks::stops_deletion(self, &id) {
                restore_points::deleted(self, &id, Deleted::Oldest(points.saturating_sub(KEPT)));
            }
        }
    }
}
