//! A plan and the events of runs, for the tests of this folder.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::base::{ErrorClass, Failure};
use crate::core::action::{Ceiling, Change, Decision, Kind, Patience, Permission, Repeat};
use crate::core::facts::Target;
use crate::core::incident::{Incident, IncidentStatus};
use crate::core::journal::{Event, Record, RunId, Sight};
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::consent::Consent;
use crate::core::plan::{Context, FORMAT, Forecast, Plan, PlannedStep};
use crate::core::runbook::Runbook;
use crate::core::runbook::risk::{Approval, Risk};

pub(crate) const VM: &str =
    "/subscriptions/0000/resourceGroups/Prod/providers/Microsoft.Compute/virtualMachines/vm1";
const GROUP: &str = "/subscriptions/0000/resourceGroups/AzureBackupRG_westeurope_1";

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_322_800 + second).expect("a time")
}

pub(crate) fn lock_id() -> String {
    format!("{GROUP}/providers/Microsoft.Authorization/locks/keep")
}

pub(crate) fn lock() -> Value {
    json!({ "id": lock_id(), "name": "keep", "properties": { "level": "CanNotDelete", "notes": "it's ours" } })
}

pub(crate) fn permission() -> Permission {
    Permission {
        action: "Microsoft.Authorization/locks/delete".to_owned(),
        scope: GROUP.to_owned(),
    }
}

fn runbook() -> Runbook {
    serde_json::from_value(json!({
        "version": 1,
        "code": "UserErrorRpCollectionLimitReached",
        "title": "Restore point collection limit reached",
        "summary": "A VM keeps at most 18 instant restore points.",
        "references": [{
            "title": "Restore point collection limit reached",
            "url": "https://learn.microsoft.com/azure/backup/backup-azure-troubleshoot-vm-backup-fails-snapshot-timeout",
            "section": "usererrorrpcollectionlimitreached",
            "reviewed": "2022-05-05",
        }],
        "parameters": { "cleanup": { "type": "string", "default": "delete", "description": "how" } },
        "steps": [
            { "id": "unlock", "title": "Remove the lock", "action": "lock.delete" },
            { "id": "clean-up", "title": "Delete the collection", "action": "restore_points.delete" },
            { "id": "back-up", "title": "Back up now", "action": "backup.now" },
        ],
    }))
    .expect("a runbook")
}

pub(crate) fn change(method: &str, resource: &str, summary: &str, risk: Risk) -> Change {
    serde_json::from_value(json!({
        "method": method,
        "resource": resource,
        "summary": summary,
        "risk": risk,
        "approval": Approval::None,
        "repeat": Repeat::Safe,
    }))
    .expect("a change")
}

fn unlock() -> Change {
    let mut change = change(
        "DELETE",
        &lock_id(),
        "delete the lock `keep`",
        Risk::Reversible,
    );
    change.evidence = json!({ "lock": lock() });
    change.permission = Some(permission());
    change
}

fn clean_up() -> Change {
    let id =
        format!("{GROUP}/providers/Microsoft.Compute/restorePointCollections/AzureBackup_vm1_1");
    change(
        "DELETE",
        &id,
        "delete the collection `AzureBackup_vm1_1`",
        Risk::Destructive,
    )
}

fn back_up() -> Change {
    let item = "/subscriptions/0000/resourceGroups/Prod/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/protectionContainers/c/protectedItems/i/backup";
    change("POST", item, "start a backup", Risk::Reversible)
}

fn step(id: &str, title: &str, action: &str, changes: Vec<Change>) -> PlannedStep {
    PlannedStep {
        id: id.to_owned(),
        title: title.to_owned(),
        action: action.to_owned(),
        arguments: json!({}),
        forecast: if changes.is_empty() {
            Forecast::Deferred
        } else {
            Forecast::Change
        },
        why: String::new(),
        changes,
        ceiling: None,
        returns: None,
        scripts: Vec::new(),
        failure: None,
        evidence: Value::Null,
    }
}

/// Two changes without approval, one of which deletes, and a step that is decided later.
pub(crate) fn plan() -> Plan {
    let mut later = step("back-up", "Back up now", "backup.now", Vec::new());
    later.why = "decided after step 2".to_owned();
    later.ceiling = Some(Ceiling {
        risk: Risk::Reversible,
        approval: Approval::None,
        kinds: vec![Kind {
            method: "POST".to_owned(),
            resource_type: "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/backup".to_owned(),
            permission: String::new(),
        }],
    });
    Plan {
        format: FORMAT,
        runbook: runbook(),
        runbook_hash: "hash".to_owned(),
        target: Target { id: VM.to_owned() },
        target_name: "vm1".to_owned(),
        context: Context {
            cloud: "public".to_owned(),
            endpoint: "https://management.azure.com/".to_owned(),
            tenant: Some("tenant-1".to_owned()),
            identity: Some("ann".to_owned()),
            credential: "cli".to_owned(),
            simulated: false,
            scenario: None,
        },
        incident: Incident {
            status: IncidentStatus::Open,
            id: Some("job-1".to_owned()),
            code: Some("UserErrorRpCollectionLimitReached".to_owned()),
            message: Some("The number of restore points cannot exceed 18.".to_owned()),
            ended: Some(at(-3600)),
            evidence: "the last backup job of vm1 failed".to_owned(),
            ..Incident::default()
        },
        matched: None,
        names: BTreeMap::new(),
        params: BTreeMap::from([("cleanup".to_owned(), json!("delete"))]),
        forced: false,
        steps: vec![
            step("unlock", "Remove the lock", "lock.delete", vec![unlock()]),
            step(
                "clean-up",
                "Delete the collection",
                "restore_points.delete",
                vec![clean_up()],
            ),
            later,
        ],
        verdict: None,
        missing_permissions: Vec::new(),
        warnings: vec!["the VM is stopped".to_owned()],
        undoes: None,
        from_file: None,
        made: at(0),
        fingerprint: "f1".repeat(32),
    }
}

/// The same, but the points are not shown in the vault.
pub(crate) fn plan_needing_approval() -> Plan {
    let mut plan = plan();
    let change = &mut plan.steps[1].changes[0];
    change.approval = Approval::Required;
    change.because = Some("3 points are not shown in the vault".to_owned());
    plan
}

/// Ends waiting for the backup job.
pub(crate) fn waiting_run() -> Vec<Record> {
    let mut events = until_the_backup_runs();
    events.push((
        1800,
        ended(
            RunOutcome::Waiting,
            "still waiting for backup job job-2",
            Some(at(1900)),
        ),
    ));
    records(events)
}

/// Ends fixed, after one failure that was retried.
pub(crate) fn fixed_run() -> Vec<Record> {
    let mut events = until_the_backup_runs();
    let outputs = json!({
        "job": { "id": "job-2", "vault": "/subscriptions/0000/v", "status": "Completed" },
        "recovery_point": "rp-7",
    });
    events.push((
        3590,
        verified(
            "back-up",
            "recovery point rp-7 is newer than the job",
            outputs,
        ),
    ));
    events.push((
        3600,
        ended(RunOutcome::Fixed, "recovery point rp-7 exists", None),
    ));
    records(events)
}

fn until_the_backup_runs() -> Vec<(i64, Event)> {
    let mut refused = Failure::new(ErrorClass::CrpTimeout, "delete the collection", "timed out");
    refused.correlation_id = Some("corr-1".to_owned());
    refused.code = Some("OperationTimedOut".to_owned());
    refused.status = Some(504);
    vec![
        (
            0,
            Event::Planned {
                plan: Box::new(plan_with_backup()),
            },
        ),
        (
            1,
            Event::Approved {
                by: "ann".to_owned(),
                consent: Consent::Yes {
                    max_risk: Risk::Destructive,
                },
            },
        ),
        (2, decided("unlock", unlock())),
        (3, intended("unlock", unlock(), 1)),
        (4, accepted("unlock", &unlock(), None)),
        (5, verified("unlock", "the lock is gone", Value::Null)),
        (6, decided("clean-up", clean_up())),
        (7, intended("clean-up", clean_up(), 1)),
        (
            67,
            Event::Refused {
                step: "clean-up".to_owned(),
                change: clean_up().key(),
                failure: refused,
            },
        ),
        (
            67,
            Event::Waiting {
                step: "clean-up".to_owned(),
                what: "the next try".to_owned(),
                until: at(127),
            },
        ),
        (128, decided("clean-up", clean_up())),
        (128, intended("clean-up", clean_up(), 2)),
        (129, accepted("clean-up", &clean_up(), Some("op-1"))),
        (
            160,
            Event::Observed {
                sight: Sight::Operation {
                    step: "clean-up".to_owned(),
                    operation: "op-1".to_owned(),
                    end: Some(Ok(Value::Null)),
                },
            },
        ),
        (
            161,
            verified("clean-up", "the collection is gone", Value::Null),
        ),
        (162, decided("back-up", back_up())),
        (163, intended("back-up", back_up(), 1)),
        (164, accepted("back-up", &back_up(), None)),
        (
            165,
            Event::Observed {
                sight: Sight::Step {
                    step: "back-up".to_owned(),
                    decision: Box::new(following()),
                },
            },
        ),
    ]
}

fn plan_with_backup() -> Plan {
    let mut plan = plan();
    plan.steps[2].changes = vec![back_up()];
    plan
}

fn following() -> Decision {
    serde_json::from_value(json!({ "wait": {
        "what": "backup job job-2",
        "look_again_at": at(225),
        "give_up_at": at(90_000),
        "patience": Patience::Job,
        "following": {
            "job": { "id": "job-2", "status": "InProgress", "task": "Take Snapshot" },
        },
    } }))
    .expect("a decision")
}

fn decided(step: &str, change: Change) -> Event {
    let decision = Decision::Change {
        changes: vec![change],
        remaining: 1,
        baseline: Value::Null,
    };
    Event::Observed {
        sight: Sight::Step {
            step: step.to_owned(),
            decision: Box::new(decision),
        },
    }
}

fn intended(step: &str, change: Change, attempt: u32) -> Event {
    Event::Intended {
        step: step.to_owned(),
        change: Box::new(change),
        attempt,
        remaining: 1,
    }
}

fn accepted(step: &str, change: &Change, operation: Option<&str>) -> Event {
    Event::Accepted {
        step: step.to_owned(),
        change: change.key(),
        operation: operation.map(str::to_owned),
        poll_after: None,
        outputs: Value::Null,
    }
}

fn verified(step: &str, why: &str, outputs: Value) -> Event {
    Event::Verified {
        step: step.to_owned(),
        outcome: StepOutcome::Changed,
        why: why.to_owned(),
        outputs,
    }
}

fn ended(outcome: RunOutcome, reason: &str, due: Option<Timestamp>) -> Event {
    Event::Ended {
        outcome,
        reason: reason.to_owned(),
        due,
        failure: None,
        code: None,
        evidence: Value::Null,
        requests: json!({ "reads": 20, "queries": 1, "writes": 4, "retries": 1 }),
    }
}

fn records(events: Vec<(i64, Event)>) -> Vec<Record> {
    let last = events.len();
    let record = |(index, (second, event)): (usize, (i64, Event))| Record {
        run: RunId("20260102-030000-abcdef01".to_owned()),
        seq: index as u64 + 1,
        at: at(second),
        event,
        hash: if index + 1 == last {
            "head".to_owned()
        } else {
            format!("h{index}")
        },
    };
    events.into_iter().enumerate().map(record).collect()
}
