//! The facts of a view that matter, in one line.

use runbook::azure::views::{
    BackupStatus, Collection, Extension, Job, Lock, ProtectedItem, RecoveryPoint, ScriptOutput, Vm,
};
use runbook::azure::{Operation, Polled, Sent};
use runbook::base::Failure;

pub(super) fn failure(failure: &Failure) -> String {
    let mut line = format!("{}", failure.class);
    for (name, value) in [
        ("code", failure.code.clone()),
        ("retry_after", failure.retry_after.map(|s| s.to_string())),
        ("permission", failure.permission.clone()),
        ("scope", failure.scope.as_deref().map(below)),
    ] {
        if let Some(value) = value {
            line += &format!(" {name}={value}");
        }
    }
    line
}

pub(super) fn vm(vm: &Vm) -> String {
    let failed = |code: &str| code.to_lowercase().contains("failed");
    let handlers = vm.extension_handlers.iter();
    let failed: Vec<&str> = handlers
        .filter(|h| h.status.as_ref().is_some_and(|s| failed(&s.code)))
        .map(|h| h.kind.as_str())
        .collect();
    format!(
        "agent {} ({}, {}) power {} provisioning {} os {} handlers {} failed {failed:?}",
        vm.agent.status.name(),
        or_none(vm.agent.version.as_deref()),
        or_none(vm.agent.message.as_deref()),
        or_none(vm.power.as_deref()),
        or_none(vm.provisioning_state.as_deref()),
        vm.os_type.map_or("-", |os| os.name()),
        vm.extension_handlers.len(),
    )
}

pub(super) fn extension(e: &Extension) -> String {
    let state = or_none(e.provisioning_state.as_deref());
    let statuses: Vec<&str> = e.statuses.iter().map(|s| s.code.as_str()).collect();
    format!("{}.{} {state} {statuses:?}", e.publisher, e.kind)
}

pub(super) fn collection(c: &Collection) -> String {
    let points = c.points.as_ref().map(|points| {
        let states = points.iter().map(|p| {
            let made = if p.time_created.is_some() {
                "dated"
            } else {
                "undated"
            };
            format!("{made} {}", or_none(p.provisioning_state.as_deref()))
        });
        format!(
            "{} ({})",
            points.len(),
            states.collect::<Vec<_>>().join(", ")
        )
    });
    format!(
        "group {} {} of {} points {}",
        c.id.resource_group().unwrap_or("-"),
        or_none(c.provisioning_state.as_deref()),
        c.source_id.as_ref().map_or("-", |id| id.name()),
        or_none(points.as_deref())
    )
}

pub(super) fn lock(l: &Lock) -> String {
    let owned = if l.owners.is_empty() { "" } else { " owned" };
    let scope = below(l.scope().as_str());
    format!("{} `{}` on {scope}{owned}", l.level, l.name)
}

pub(super) fn item(item: &ProtectedItem) -> String {
    let details: Vec<String> = item
        .health_details
        .iter()
        .map(|d| format!("{} {}", or_none(d.code.as_ref()), or_none(d.title.as_ref())))
        .collect();
    format!(
        "{}/{}/{} last {} at {} of {} [{}]",
        or_none(item.protection_state.as_deref()),
        or_none(item.protection_status.as_deref()),
        or_none(item.health_status.as_deref()),
        or_none(item.last_backup_status.as_deref()),
        or_none(item.last_backup_time),
        item.source_id.as_ref().map_or("-", |id| id.name()),
        details.join(", ")
    )
}

pub(super) fn job(job: &Job) -> String {
    let end = if job.ended.is_some() { "ended" } else { "open" };
    let mut line = format!("{} {} {end}", job.operation, job.status);
    if job.started.is_none() {
        line += " without a start";
    }
    if !job.tasks.is_empty() {
        let tasks = job.tasks.iter().map(|t| format!("{} {}", t.name, t.status));
        line += &format!(" tasks ({})", tasks.collect::<Vec<_>>().join(", "));
    }
    if let Some(error) = job.error_details.first() {
        let (code, title) = (or_none(error.code), or_none(error.title.as_deref()));
        line += &format!(" error {code} {title}");
    }
    line
}

pub(super) fn recovery_point(point: &RecoveryPoint) -> String {
    let tiers = point
        .tiers
        .iter()
        .map(|t| format!("{} {}", t.kind, t.status));
    let tiers = tiers.collect::<Vec<_>>().join(", ");
    format!("{} tiers ({tiers})", or_none(point.time))
}

pub(super) fn status(status: &BackupStatus) -> String {
    let item = status.item_id();
    let item = or_none(item.as_ref().map(|id| id.name()));
    format!("{} item {item}", status.protection_status)
}

/// Every one of a list, after their number.
pub(super) fn each<T>(items: &[T], tell: fn(&T) -> String) -> String {
    let told: Vec<String> = items.iter().map(tell).collect();
    format!("{} [{}]", items.len(), told.join("; "))
}

pub(super) fn polled(polled: &Polled) -> String {
    match polled {
        Polled::Running { again_after, .. } => {
            format!(
                "running again_after {}",
                or_none(again_after.map(|a| a.as_secs()))
            )
        }
        Polled::Failed(failed) => format!("failed {}", failure(failed)),
        Polled::Gone => "gone".to_owned(),
        Polled::Succeeded(value) => match ScriptOutput::read(value) {
            Some(output) => format!(
                "succeeded with stdout of {} and stderr of {} bytes",
                output.stdout.len(),
                output.stderr.len()
            ),
            None => match value.get("jobId").and_then(|id| id.as_str()) {
                Some(id) => format!("succeeded with job {id}"),
                None => "succeeded".to_owned(),
            },
        },
    }
}

pub(super) fn sent(sent: &Sent) -> String {
    let long = |url: &Option<String>| url.as_ref().map_or(0, String::len);
    match sent {
        Sent::Done(_) => "done".to_owned(),
        Sent::Accepted(Operation {
            status_url,
            result_url,
            poll_after,
            ..
        }) => format!(
            "accepted, status URL {} and result URL {} bytes, poll after {}",
            long(status_url),
            long(result_url),
            or_none(*poll_after)
        ),
    }
}

/// A scope without its subscription, which is of no interest here.
fn below(scope: &str) -> String {
    match scope.strip_prefix("/subscriptions/") {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]).to_owned(),
        None => scope.to_owned(),
    }
}

fn or_none<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
