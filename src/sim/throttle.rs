//! Request budgets: 429 in both of Azure's shapes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::sim::answer::{Cause, Reply};
use crate::sim::ids;
use crate::sim::simulator::Sim;

/// How many requests of one kind came since a window began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sim) struct Window {
    key: String,
    began: Timestamp,
    count: u32,
}

/// The refusal of a request that exceeds its budget; one that does not is counted.
pub(in crate::sim) fn refusal(sim: &mut Sim, action: &str, target: &str) -> Option<Reply> {
    let budget = sim.world.behaviour.throttle;
    let jobs = "Microsoft.RecoveryServices/Vaults/backupJobs/read";
    if let (true, Some(limit)) = (ids::same(action, jobs), budget.job_reads_per_hour) {
        let left = exceeded(sim, "jobs", limit, 3600)?;
        // Only the text says how long: the recorded answer has no Retry-After.
        let message = format!(
            "Number of requests for action 'Microsoft.RecoveryServices/vaults/backupJobs/read' \
             exceeded the limit of '{limit}' for time interval '01:00:00'. Please try again after \
             '{left}' seconds."
        );
        return Some(Reply::error(
            Cause::Gateway,
            429,
            "ResourceRequestsThrottled",
            &message,
        ));
    }
    let changes_vm = action.starts_with("Microsoft.Compute/virtualMachines/")
        && !action.to_ascii_lowercase().ends_with("/read");
    let limit = budget.vm_changes_per_minute.filter(|_| changes_vm)?;
    let vm: Vec<&str> = target.split('/').take(9).collect();
    let left = exceeded(sim, &vm.join("/"), limit, 60)?;
    let detail = json!({
        "operationGroup": "UpdateVM", "allowedRequestCount": limit, "measuredRequestCount": limit + 1,
    });
    let body = json!({
        "code": "OperationNotAllowed",
        "message": "The server rejected the request because too many requests have been received \
                    for this subscription.",
        "details": [
            {"code": "TooManyRequests", "target": "UpdateVM", "message": detail.to_string()},
        ],
    });
    Some(Reply::json(429, &body).with("Retry-After", &left.to_string()))
}

/// Counts one request; the seconds until the window ends when it was one too many.
fn exceeded(sim: &mut Sim, key: &str, limit: u32, length: i64) -> Option<i64> {
    let now = sim.world.now;
    let key = key.to_ascii_lowercase();
    sim.windows
        .retain(|window| window.key != key || now.duration_since(window.began).as_secs() < length);
    match sim.windows.iter_mut().find(|window| window.key == key) {
        None => {
            sim.windows.push(Window {
                key,
                began: now,
                count: 1,
            });
            (limit == 0).then_some(length)
        }
        Some(window) if window.count < limit => {
            window.count += 1;
            None
        }
        Some(window) => Some(length - now.duration_since(window.began).as_secs()),
    }
}
