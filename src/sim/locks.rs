//! Management locks: their routes, and what they refuse.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Level, Lock, World, after};

/// A lock whose deletion or making has no effect yet (`lock_delay_seconds`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sim) struct Settling {
    pub(in crate::sim) lock: Lock,
    pub(in crate::sim) until: Timestamp,
    /// Whether it still counts although it is gone, or does not count yet although it is there.
    pub(in crate::sim) counts: bool,
}

/// What a request does to its target, as far as locks care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Does {
    /// Looks, or does something that locks never stop.
    Look,
    /// Changes: PUT, PATCH, POST.
    Change,
    /// Deletes.
    Delete,
}

/// ARM's refusal when a lock forbids what the request does to `target`.
///
/// A deletion is stopped by every lock at, above or below the target, a change by a `ReadOnly`
/// lock at or above it.
pub(in crate::sim) fn refusal(sim: &Sim, does: Does, target: &str) -> Option<Reply> {
    let inherits = |lock: &&Lock| ids::within(&lock.scope, target);
    let below = |lock: &&Lock| ids::within(target, &lock.scope);
    let locks = effective(sim);
    let (verb, scopes): (_, Vec<&str>) = match does {
        Does::Look => return None,
        Does::Delete => {
            let stops = locks.iter().filter(|lock| inherits(lock) || below(lock));
            ("delete", stops.map(|lock| lock.scope.as_str()).collect())
        }
        Does::Change => {
            let stops = locks
                .iter()
                .filter(|lock| lock.level == Level::ReadOnly)
                .filter(inherits);
            ("write", stops.map(|lock| lock.scope.as_str()).collect())
        }
    };
    if scopes.is_empty() {
        return None;
    }
    // Assumption: several locked scopes stand in one pair of quotes; only one was ever recorded.
    let message = format!(
        "The scope '{target}' cannot perform {verb} operation because following scope(s) are \
         locked: '{}'. Please remove the lock and try again.",
        scopes.join(",")
    );
    Some(Reply::error(Cause::Gateway, 409, "ScopeLocked", &message))
}

/// Whether a lock stops deletions of `target`; clean-up asks.
pub(in crate::sim) fn stops_deletion(sim: &Sim, target: &str) -> bool {
    refusal(sim, Does::Delete, target).is_some()
}

/// The locks that count now.
fn effective(sim: &Sim) -> Vec<Lock> {
    let now = sim.world.now;
    let settling = || sim.settling_locks.iter().filter(|one| one.until > now);
    let not_yet = |lock: &Lock| settling().any(|one| !one.counts && is_same(&one.lock, lock));
    let mut locks: Vec<Lock> = sim
        .world
        .locks
        .iter()
        .filter(|lock| !not_yet(lock))
        .cloned()
        .collect();
    locks.extend(
        settling()
            .filter(|one| one.counts)
            .map(|one| one.lock.clone()),
    );
    locks
}

fn is_same(one: &Lock, other: &Lock) -> bool {
    ids::same(&one.scope, &other.scope) && ids::same(&one.name, &other.name)
}

/// The id of a lock.
pub(in crate::sim) fn id(lock: &Lock) -> String {
    format!(
        "{}/providers/Microsoft.Authorization/locks/{}",
        lock.scope, lock.name
    )
}

fn view(lock: &Lock) -> Value {
    let mut properties = json!({"level": format!("{:?}", lock.level)});
    if let Some(notes) = &lock.notes {
        properties["notes"] = json!(notes);
    }
    if !lock.owners.is_empty() {
        let owners = lock
            .owners
            .iter()
            .map(|owner| json!({"applicationId": owner}));
        properties["owners"] = owners.collect();
    }
    json!({
        "properties": properties,
        "id": id(lock),
        "type": "Microsoft.Authorization/locks",
        "name": lock.name,
    })
}

/// `GET {scope}/providers/Microsoft.Authorization/locks`: at, above and below the scope, or with
/// `$filter=atScope()` at and above it.
pub(in crate::sim) fn list(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let scope = format!("/{}", found.get("scope"));
    let at_scope = match call.query("$filter") {
        None | Some("") => false,
        Some(filter) if ids::same(filter.trim(), "atScope()") => true,
        Some(other) => {
            let message = format!("The filter '{other}' is not supported.");
            return Reply::error(Cause::Gateway, 400, "InvalidFilterInQueryString", &message);
        }
    };
    let shown = |lock: &&Lock| {
        ids::within(&lock.scope, &scope) || (!at_scope && ids::within(&scope, &lock.scope))
    };
    let value: Vec<Value> = sim.world.locks.iter().filter(shown).map(view).collect();
    Reply::ok(&json!({"value": value}))
}

fn position(world: &World, found: &Found) -> Option<usize> {
    let scope = format!("/{}", found.get("scope"));
    let name = found.get("name");
    world
        .locks
        .iter()
        .position(|lock| ids::same(&lock.scope, &scope) && ids::same(&lock.name, name))
}

/// `GET …/locks/{name}`.
pub(in crate::sim) fn get(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    match position(&sim.world, found) {
        Some(at) => Reply::ok(&view(&sim.world.locks[at])),
        None => {
            let message = format!("The lock '{}' could not be found.", found.get("name"));
            Reply::error(Cause::Gateway, 404, "LockNotFound", &message)
        }
    }
}

/// `DELETE …/locks/{name}`: 200 without a body, or 204 when there is none.
pub(in crate::sim) fn delete(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let Some(at) = position(&sim.world, found) else {
        return Reply::empty(204);
    };
    let lock = sim.world.locks.remove(at);
    settle_later(sim, lock, true);
    Reply::empty(200)
}

/// `PUT …/locks/{name}`: 201 when new, 200 when it replaces one.
pub(in crate::sim) fn put(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let properties = &call.body["properties"];
    let level = match properties["level"].as_str() {
        Some(level) if ids::same(level, "CanNotDelete") => Level::CanNotDelete,
        Some(level) if ids::same(level, "ReadOnly") => Level::ReadOnly,
        _ => {
            let message = "The lock level is missing or unknown.";
            return Reply::error(Cause::Gateway, 400, "InvalidLockLevel", message);
        }
    };
    let notes = properties["notes"].as_str().map(str::to_owned);
    if notes
        .as_ref()
        .is_some_and(|notes| notes.chars().count() > 512)
    {
        let message = "The lock notes exceed 512 characters.";
        return Reply::error(Cause::Gateway, 400, "InvalidLockNotes", message);
    }
    let owners = properties["owners"].as_array().into_iter().flatten();
    let owners = owners.filter_map(|owner| owner["applicationId"].as_str());
    let lock = Lock {
        name: found.get("name").to_owned(),
        scope: format!("/{}", found.get("scope")),
        level,
        notes,
        owners: owners.map(str::to_owned).collect(),
    };
    let body = view(&lock);
    match position(&sim.world, found) {
        Some(at) => {
            sim.world.locks[at] = lock;
            Reply::json(200, &body)
        }
        None => {
            sim.world.locks.push(lock.clone());
            settle_later(sim, lock, false);
            Reply::json(201, &body)
        }
    }
}

fn settle_later(sim: &mut Sim, lock: Lock, counts: bool) {
    sim.settling_locks.retain(|one| !is_same(&one.lock, &lock));
    let delay = i64::from(sim.world.behaviour.lock_delay_seconds);
    if delay > 0 {
        let until = after(sim.world.now, jiff::SignedDuration::from_secs(delay));
        sim.settling_locks.push(Settling {
            lock,
            until,
            counts,
        });
    }
}
