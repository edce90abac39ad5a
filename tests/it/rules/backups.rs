//! Rules about backups, extensions and the VM itself.

use std::collections::BTreeSet;

use runbook::core::outcome::RunOutcome;

use super::{LIMIT, LIMIT_JOB, left_to_a_person, run, stage, writes};
use crate::kit::{CASES, Stage, in_virtual_time};

const FAILED: &str = "UserErrorVmProvisioningStateFailed";

#[test]
fn only_the_five_kinds_of_request_are_ever_sent() {
    let mut kinds = BTreeSet::new();
    for (scenario, code) in CASES {
        in_virtual_time(async {
            let stage = Stage::scenario(scenario);
            assert_eq!(run(&stage, code).await.0, RunOutcome::Fixed);
            for entry in stage.ledger().iter().filter(|e| e.is_write()) {
                let path = entry.path.to_lowercase();
                let types: Vec<&str> = path
                    .rsplit("/providers/")
                    .next()
                    .unwrap()
                    .split('/')
                    .collect();
                let kind: Vec<&str> = types.iter().skip(1).step_by(2).copied().collect();
                kinds.insert(format!("{} {}/{}", entry.method, types[0], kind.join("/")));
            }
        });
    }
    let vault = "vaults/backupfabrics/protectioncontainers/protecteditems/backup";
    let allowed = [
        "DELETE microsoft.authorization/locks".to_owned(),
        "DELETE microsoft.compute/restorepointcollections".to_owned(),
        "DELETE microsoft.compute/virtualmachines/extensions".to_owned(),
        "POST microsoft.compute/virtualmachines/runcommand".to_owned(),
        format!("POST microsoft.recoveryservices/{vault}"),
    ];
    assert_eq!(kinds, BTreeSet::from(allowed));
}

#[test]
fn a_stopped_vm_is_never_started() {
    for (scenario, code) in CASES {
        for power in ["stopped", "deallocated"] {
            in_virtual_time(async {
                let running = Stage::scenario(scenario);
                let stage = super::meanwhile(&running, |world| {
                    for vm in world["vms"].as_array_mut().unwrap() {
                        vm["power"] = serde_json::json!(power);
                    }
                });
                let plan = stage.plan(code, "web1").await.unwrap();
                if plan.verdict.is_none() {
                    super::applied(&stage, plan).await;
                }
                let states = stage
                    .simulated
                    .with(|sim| serde_json::to_value(&sim.world().vms).unwrap());
                for vm in states.as_array().unwrap() {
                    assert_eq!(vm["power"], power, "{scenario}");
                }
                // Reapplying the model starts nothing (remediations.md, M8).
                let mut sent = writes(&stage, "/virtualMachines/");
                sent.retain(|sent| sent != "POST reapply");
                assert_eq!(sent, Vec::<String>::new(), "{scenario}, {power}");
            });
        }
    }
}

fn failed_extension(vm: &str, job: &str) -> Stage {
    let vms = format!("[{{ name: web1, group: rg-web, provisioning: Failed{vm} }}]");
    let jobs = LIMIT_JOB.replace(LIMIT, FAILED);
    let jobs = format!("[{jobs}{job}]");
    stage(&[
        ("vms", &vms),
        ("jobs", &jobs),
        ("items", "[{ vm: web1 }]"),
        ("restore_point_collections", "[]"),
    ])
}

#[test]
fn only_azure_backups_own_extension_is_removed() {
    in_virtual_time(async {
        let extensions = ", extensions: [
            { name: VMSnapshot, publisher: Contoso, state: Succeeded },
            { name: SnapshotOfMine, publisher: microsoft.azure.recoveryservices, type: vmsnapshot, state: Failed },
            { name: Workload, publisher: Microsoft.Azure.RecoveryServices.WorkloadBackup, type: AzureBackupWindowsWorkload }]";
        let stage = failed_extension(extensions, "");
        assert_eq!(run(&stage, FAILED).await.0, RunOutcome::Fixed);
        assert_eq!(writes(&stage, "/extensions/"), ["DELETE SnapshotOfMine"]);
    });
}

#[test]
fn a_failed_extension_of_somebody_else_is_left_to_its_owner() {
    in_virtual_time(async {
        let extensions = ", extensions: [{ name: VMSnapshot, state: Failed }, { name: Antivirus, publisher: Contoso, type: AV, state: Failed }]";
        let stage = failed_extension(extensions, "");
        let (outcome, why) = run(&stage, FAILED).await;
        assert_eq!(outcome, RunOutcome::NeedsHuman);
        assert!(why.contains("Antivirus"), "{why}");
        // Reapplying the VM's model clears a stale failure, and is all that is tried.
        assert_eq!(writes(&stage, "/extensions/"), Vec::<String>::new());
        assert_eq!(writes(&stage, ""), ["POST reapply"]);
    });
}

#[test]
fn a_healthy_backup_extension_is_left_alone() {
    in_virtual_time(async {
        let vms =
            "[{ name: web1, group: rg-web, extensions: [{ name: VMSnapshot, state: Succeeded }] }]";
        let jobs = format!(
            "[{}]",
            LIMIT_JOB.replace(LIMIT, "ExtensionStuckInDeletionState")
        );
        let stage = stage(&[
            ("vms", vms),
            ("jobs", &jobs),
            ("items", "[{ vm: web1 }]"),
            ("restore_point_collections", "[]"),
        ]);
        assert_eq!(
            run(&stage, "ExtensionStuckInDeletionState").await.0,
            RunOutcome::Fixed
        );
        assert_eq!(writes(&stage, "/extensions/"), Vec::<String>::new());
    });
}

#[test]
fn an_extension_is_not_removed_without_a_running_vm_and_a_ready_agent() {
    let failed = |state: &str| {
        let vm = format!(", {state}, extensions: [{{ name: VMSnapshot, state: Failed }}]");
        failed_extension(&vm, "")
    };
    for state in ["agent: not_ready", "agent: absent"] {
        in_virtual_time(async {
            let why = left_to_a_person(&failed(state), FAILED).await;
            assert!(why.contains("would hang without it"), "{state}: {why}");
        });
    }
    for state in ["power: stopped", "power: deallocated"] {
        in_virtual_time(async {
            let stage = failed(state);
            run(&stage, FAILED).await;
            assert_eq!(
                writes(&stage, "/extensions/"),
                Vec::<String>::new(),
                "{state}"
            );
        });
    }
}

#[test]
fn an_extension_is_not_removed_while_a_job_runs() {
    in_virtual_time(async {
        let before = failed_extension(", extensions: [{ name: VMSnapshot, state: Failed }]", "");
        let plan = super::plan(&before, FAILED).await;
        let vm = before.vm("web1");
        let after = super::meanwhile(&before, |world| {
            world["vaults"][0]["jobs"]
                .as_array_mut()
                .unwrap()
                .push(serde_json::json!({
                "id": "0b1ec7ed-1111-4000-8000-00000000000a", "vm": vm, "operation": "Restore",
                "status": "InProgress", "started": "2026-11-21T03:08:00Z" }));
        });
        super::applied(&after, plan).await;
        let sim = after.simulated.with(Clone::clone);
        let job = sim.world().vaults[0]
            .jobs
            .iter()
            .find(|j| j.id.starts_with("0b1ec7ed"));
        let ended = job
            .and_then(|j| j.ended.as_ref())
            .map(|e| e.time(sim.now_origin()));
        for delete in sim.ledger().iter().filter(|e| e.method == "DELETE") {
            assert!(
                ended.is_some_and(|e| e <= delete.at),
                "removed during the restore"
            );
        }
    });
}

#[test]
fn a_running_backup_is_attached_to_and_never_doubled() {
    in_virtual_time(async {
        let stage = Stage::scenario("backup-running");
        let (outcome, why) = run(&stage, "UserErrorBackupOperationInProgress").await;
        assert_eq!(outcome, RunOutcome::Fixed, "{why}");
        assert_eq!(writes(&stage, ""), Vec::<String>::new());
    });
}

#[test]
fn a_run_starts_at_most_two_backups() {
    in_virtual_time(async {
        let faults = "- { on: POST /backup, times: 5, job: { code: UserErrorRpCollectionDeleted, number: 400288 } }";
        let stage = Stage::yaml(&super::world(&[]), faults);
        let (outcome, why) = run(&stage, LIMIT).await;
        assert_eq!(outcome, RunOutcome::Failed, "{why}");
        assert_eq!(writes(&stage, "/protectedItems/").len(), 2);
    });
}

#[test]
fn no_backup_is_started_when_seven_were_within_a_day() {
    for (earlier, started) in [(5, 1), (6, 0)] {
        in_virtual_time(async {
            let job = |n: usize| {
                format!(
                    "{{ vm: web1, status: Failed, code: {LIMIT}, started: {}h ago, ended: {}h ago }}",
                    n + 2,
                    n + 2
                )
            };
            let mut jobs: Vec<String> = (0..earlier).map(job).collect();
            jobs.push(LIMIT_JOB.to_owned());
            let stage = stage(&[("jobs", &format!("[{}]", jobs.join(", ")))]);
            let plan = stage.plan(LIMIT, "web1").await.unwrap();
            match &plan.verdict {
                None => {
                    super::applied(&stage, plan).await;
                }
                Some(verdict) => assert!(
                    verdict.reason.contains("nine are the hard cap"),
                    "{}",
                    verdict.reason
                ),
            }
            assert_eq!(
                writes(&stage, "/protectedItems/").len(),
                started,
                "{earlier}"
            );
        });
    }
}

#[test]
fn protection_that_is_off_is_not_turned_on_and_nothing_else_is_begun() {
    for state in ["ProtectionStopped", "ProtectionPaused", "BackupsSuspended"] {
        in_virtual_time(async {
            let stage = stage(&[("items", &format!("[{{ vm: web1, state: {state} }}]"))]);
            let why = left_to_a_person(&stage, LIMIT).await;
            assert!(why.contains(state), "{why}");
        });
    }
}
