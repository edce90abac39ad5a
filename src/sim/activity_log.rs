//! The activity log: who changed what, when.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply, backup_time};
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::odata::{self, Term};
use crate::sim::paging;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Event, When};

/// Writes an event.
pub(in crate::sim) fn note(sim: &mut Sim, operation: &str, resource: &str, caller: &str) {
    sim.world.events.push(Event {
        at: When::At(sim.world.now),
        operation: operation.to_owned(),
        resource: resource.to_owned(),
        caller: caller.to_owned(),
        status: "Succeeded".to_owned(),
    });
}

/// `GET {S}/providers/Microsoft.Insights/eventtypes/management/values`, newest first.
///
/// Assumption: `resourceUri eq` finds the resource and what is below it.
pub(in crate::sim) fn values(sim: &mut Sim, call: &Call, _: &Found) -> Reply {
    let terms = match odata::parse(call.query("$filter").unwrap_or_default()) {
        Ok(terms) => terms,
        Err(why) => return Reply::error(Cause::Service, 400, "BadRequest", &why),
    };
    if !terms
        .iter()
        .any(|term| ids::same(&term.key, "eventTimestamp"))
    {
        let why = "The $filter must contain eventTimestamp.";
        return Reply::error(Cause::Service, 400, "BadRequest", why);
    }
    let world = &sim.world;
    let mut events: Vec<&Event> = world
        .events
        .iter()
        .filter(|event| terms.iter().all(|term| holds(term, event, world.now)))
        .collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.at.time(world.now)));
    let value = events
        .iter()
        .enumerate()
        .map(|(index, event)| view(event, index, world.now));
    paging::page(call, value.collect(), world.behaviour.page_size)
}

fn holds(term: &Term, event: &Event, now: Timestamp) -> bool {
    let at = event.at.time(now);
    match (
        term.key.to_ascii_lowercase().as_str(),
        term.operator.as_str(),
    ) {
        ("eventtimestamp", "ge") => term.value.parse().is_ok_and(|from: Timestamp| at >= from),
        ("eventtimestamp", "le") => term.value.parse().is_ok_and(|to: Timestamp| at <= to),
        ("resourceuri" | "resourceid", "eq") => ids::within(&term.value, &event.resource),
        ("resourcegroupname", "eq") => ids::same(ids::group_of(&event.resource), &term.value),
        ("status", "eq") => ids::same(&event.status, &term.value),
        _ => false,
    }
}

fn view(event: &Event, index: usize, now: Timestamp) -> Value {
    let id = ids::guid(&format!(
        "event {index} {} {}",
        event.operation, event.resource
    ));
    json!({
        "authorization": {"action": event.operation, "scope": event.resource},
        "caller": event.caller,
        "correlationId": id,
        "eventDataId": id,
        "eventName": {"value": "EndRequest", "localizedValue": "End request"},
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "id": format!("{}/events/{id}", event.resource),
        "resourceGroupName": ids::group_of(&event.resource),
        "resourceId": event.resource,
        "operationId": id,
        "operationName": {"value": event.operation, "localizedValue": event.operation},
        "status": {"value": event.status, "localizedValue": event.status},
        "eventTimestamp": backup_time(event.at.time(now)),
        "submissionTimestamp": backup_time(event.at.time(now)),
        "level": "Informational",
    })
}
