//! Operations of Recovery Services: status, and result.

use serde_json::json;

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::{Call, path_encoded};
use crate::sim::ids;
use crate::sim::operation::{self, Operation, Service, State};
use crate::sim::route::Found;
use crate::sim::simulator::Sim;

/// `Retry-After` of a trigger, a cancellation and a running result.
const RETRY_AFTER: &str = "60";

/// Starts an operation whose URLs are below `base`; `status_version` is the api-version of the
/// status URL, which need not be the caller's.
pub(in crate::sim) fn start(
    sim: &mut Sim,
    call: &Call,
    operation: Operation,
    base: &str,
    status_version: &str,
) -> Reply {
    let style = sim.world.behaviour.polling_urls;
    let base = path_encoded(base);
    let url = |kind: &str, version: &str| {
        let query = operation::polling_query(style, &operation.id, version, sim.world.now);
        format!("{}{base}/{kind}/{}?{query}", call.origin, operation.id)
    };
    let status_url = url("operationsStatus", status_version);
    let result_url = url("operationResults", call.version());
    let reply = operation::accepted(&operation.id, &status_url, &result_url)
        .with("Retry-After", RETRY_AFTER);
    sim.operations.push(operation);
    reply
}

/// The operation, unless a fault took its URL away. The vault's own, unsigned `backupOperations`
/// is another URL: it is never gone.
fn named<'a>(sim: &'a Sim, call: &Call, found: &Found) -> Option<&'a Operation> {
    let unsigned = call.path.to_ascii_lowercase().contains("/backupoperation");
    sim.operations.iter().find(|one| {
        one.service == Service::Backup
            && (unsigned || !one.gone)
            && ids::same(&one.id, found.get("o"))
    })
}

/// `GET …/operationsStatus/{id}` and `GET {V}/backupOperations/{id}`.
pub(in crate::sim) fn status(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    match named(sim, call, found) {
        Some(operation) if !operation::is_whole(call, &operation.id) => broken(),
        Some(operation) => Reply::ok(&operation.status_body()),
        None => {
            let message = format!("The operation '{}' was not found.", found.get("o"));
            Reply::error(Cause::Service, 404, "ResourceNotFound", &message)
        }
    }
}

/// `GET …/operationResults/{id}`: 202 with `{}`, then 204; 204 too for an unknown id, as recorded.
///
/// Assumption: the result of a failed operation is a 400 with its error.
pub(in crate::sim) fn result(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let Some(operation) = named(sim, call, found) else {
        return Reply::empty(204);
    };
    if !operation::is_whole(call, &operation.id) {
        return broken();
    }
    match &operation.state {
        State::Running => Reply::json(202, &json!({}))
            .with("Retry-After", RETRY_AFTER)
            .with("Location", &call.again(&[])),
        State::Succeeded(_) => Reply::empty(204),
        State::Failed { code, message } => Reply::error(Cause::Service, 400, code, message),
    }
}

fn broken() -> Reply {
    let message = "The signature of the operation's URL is not valid.";
    Reply::error(Cause::Gateway, 403, "InvalidOperationUrl", message)
}
