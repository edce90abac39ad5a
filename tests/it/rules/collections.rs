//! Rule 2: which restore point collections are deleted, and when.

use runbook::core::action::Change;
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::Plan;
use runbook::core::plan::consent::{Consent, Refusal};
use runbook::core::runbook::risk::{Approval, Risk};
use runbook::ops::OpsError;
use serde_json::json;

use super::{LIMIT, LIMIT_JOB, apply, left_to_a_person, meanwhile, plan, run, stage, writes};
use crate::kit::in_virtual_time;

const COLLECTIONS: &str = "/restorePointCollections/";

fn deletion(plan: &Plan) -> &Change {
    let mut changes = plan.steps.iter().flat_map(|s| &s.changes);
    changes
        .find(|c| c.resource.contains(COLLECTIONS))
        .expect("the plan deletes a collection")
}

#[test]
fn a_collection_belongs_to_the_vm_that_its_source_names_in_full_and_not_to_a_name_that_begins_so() {
    in_virtual_time(async {
        let others = "[
            { vm: web1, points: 18 },
            { vm: web10, name: AzureBackup_web1_777, points: 2 },
            { vm: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-web2/providers/Microsoft.Compute/virtualMachines/web1, name: AzureBackup_web1_888, points: 2 }]";
        let stage = stage(&[("restore_point_collections", others)]);
        assert_eq!(run(&stage, LIMIT).await.0, RunOutcome::Fixed);
        let deleted = writes(&stage, COLLECTIONS);
        assert_eq!(deleted.len(), 1, "{deleted:?}");
        assert!(
            !deleted[0].ends_with("777") && !deleted[0].ends_with("888"),
            "{deleted:?}"
        );
    });
}

#[test]
fn a_collection_that_azure_backup_did_not_name_is_left_alone_and_told_of() {
    in_virtual_time(async {
        let with = "[{ vm: web1, points: 12 }, { vm: web1, name: AzureBackupOfMine, customer: true, points: 6 }]";
        let stage = stage(&[("restore_point_collections", with)]);
        let plan = plan(&stage, LIMIT).await;
        assert_eq!(apply(&stage, plan).await.0, RunOutcome::Fixed);
        assert_eq!(writes(&stage, "AzureBackupOfMine"), Vec::<String>::new());
        assert_eq!(writes(&stage, COLLECTIONS).len(), 1);
    });
}

#[test]
fn no_collections_of_the_vm_means_that_none_is_deleted() {
    in_virtual_time(async {
        let stage = stage(&[("restore_point_collections", "[{ vm: web10, points: 18 }]")]);
        assert_eq!(run(&stage, LIMIT).await.0, RunOutcome::Fixed);
        assert_eq!(writes(&stage, "").len(), 1, "the backup alone");
    });
}

#[test]
fn a_collection_that_is_not_in_the_approved_plan_stops_the_run() {
    in_virtual_time(async {
        let before = stage(&[]);
        let plan = plan(&before, LIMIT).await;
        let after = meanwhile(&before, |world| {
            let mut second = world["restore_point_collections"][0].clone();
            second["name"] = json!("AzureBackup_aaa_1");
            let list = world["restore_point_collections"].as_array_mut().unwrap();
            list.insert(0, second);
        });
        let (outcome, why) = apply(&after, plan).await;
        assert_eq!(outcome, RunOutcome::NeedsApproval, "{why}");
        assert!(why.contains("AzureBackup_aaa_1"), "{why}");
        assert_eq!(writes(&after, "AzureBackup_aaa_1"), Vec::<String>::new());
    });
}

#[test]
fn a_collection_that_has_gained_a_newer_point_since_is_kept() {
    in_virtual_time(async {
        let before = stage(&[]);
        let plan = plan(&before, LIMIT).await;
        let after = meanwhile(&before, |world| {
            let points = &mut world["restore_point_collections"][0]["points"];
            points.as_array_mut().unwrap().push(json!({
                "name": "AzureBackup_new", "time": "2026-11-21T03:09:00Z", "provisioning": "Succeeded"
            }));
        });
        let (outcome, why) = apply(&after, plan).await;
        assert_eq!(outcome, RunOutcome::NeedsHuman, "{why}");
        assert!(why.contains("newer restore point"), "{why}");
        assert_eq!(writes(&after, COLLECTIONS), Vec::<String>::new());
    });
}

#[test]
fn nothing_is_deleted_while_a_backup_or_a_restore_of_the_vm_runs() {
    for operation in ["Backup", "Restore"] {
        in_virtual_time(async {
            let running = json!({ "id": "", "vm": "web1", "operation": operation, "status": "InProgress",
                "title": true, "started": "2026-11-21T03:08:00Z", "recovery_point": false, "user_triggered": false });
            // It began after the plan was made.
            let before = stage(&[]);
            let plan = plan(&before, LIMIT).await;
            let vm = before.vm("web1");
            let after = meanwhile(&before, |world| {
                let mut job = running.clone();
                job["vm"] = json!(vm);
                job["id"] = json!("0b1ec7ed-1111-4000-8000-00000000000a");
                world["vaults"][0]["jobs"].as_array_mut().unwrap().push(job);
            });
            let first = deletion(&plan).resource.clone();
            apply(&after, plan).await;
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
                    "{first} was deleted during the {operation}"
                );
            }
        });
    }
}

#[test]
fn nothing_is_deleted_while_files_are_restored_from_a_point() {
    in_virtual_time(async {
        let stage = stage(&[("items", "[{ vm: web1, ilr_active: true }]")]);
        let why = left_to_a_person(&stage, LIMIT).await;
        assert!(why.contains("files are being restored"), "{why}");
    });
}

#[test]
fn points_that_are_not_shown_in_the_vault_need_an_approval_that_names_them() {
    let unreadable = "{ allowed: [{ actions: ['*'], not_actions: [Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/read] }] }";
    for (named, changes) in [
        (18, ("items", "[{ vm: web1, in_vault: none }]")),
        (1, ("items", "[{ vm: web1, in_vault: 17 }]")),
        (18, ("identity", unreadable)),
    ] {
        in_virtual_time(async {
            let stage = stage(&[changes]);
            let plan = plan(&stage, LIMIT).await;
            let change = deletion(&plan);
            assert_eq!(change.approval, Approval::Required, "{changes:?}");
            let because = change.because.as_deref().unwrap();
            assert_eq!(
                because.matches("`AzureBackup_2026").count(),
                named,
                "{because}"
            );
            let yes = Consent::Yes {
                max_risk: Risk::Sensitive,
            };
            match stage.apply_with(plan.clone(), yes).await {
                Err(OpsError::Refused(Refusal::Approvals(needed), _)) => {
                    assert!(needed.iter().any(|a| a.why == because), "{needed:?}");
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(writes(&stage, ""), Vec::<String>::new());
        });
    }
}

#[test]
fn points_that_leave_the_vault_after_the_approval_stop_the_run() {
    in_virtual_time(async {
        let before = stage(&[]);
        let plan = plan(&before, LIMIT).await;
        let after = meanwhile(&before, |world| {
            let points = &mut world["vaults"][0]["items"][0]["recovery_points"];
            for point in points.as_array_mut().unwrap() {
                point["hardened"] = json!(false);
            }
        });
        let (outcome, why) = apply(&after, plan).await;
        assert_eq!(outcome, RunOutcome::NeedsApproval, "{why}");
        assert_eq!(writes(&after, COLLECTIONS), Vec::<String>::new());
    });
}

#[test]
fn points_in_the_vault_are_deleted_without_an_approval_of_their_own() {
    in_virtual_time(async {
        let stage = stage(&[]);
        let plan = plan(&stage, LIMIT).await;
        assert_eq!(deletion(&plan).approval, Approval::None);
        assert_eq!(deletion(&plan).risk, Risk::Destructive);
    });
}

#[test]
fn all_of_it_is_read_again_right_before_each_delete() {
    in_virtual_time(async {
        let faults = "- { on: DELETE /restorePointCollections/, times: 2, operation: { code: OperationTimedOut, after: 5m, partial: 6 } }";
        let stage = crate::kit::Stage::yaml(&super::world(&[]), faults);
        assert_eq!(run(&stage, LIMIT).await.0, RunOutcome::Fixed);
        let ledger = stage.ledger();
        let deletes: Vec<usize> = (0..ledger.len())
            .filter(|&n| ledger[n].method == "DELETE" && ledger[n].path.contains(COLLECTIONS))
            .collect();
        assert_eq!(deletes.len(), 3);
        for &at in &deletes {
            let decided = ledger[..at]
                .iter()
                .rev()
                .take_while(|e| e.at == ledger[at].at && !e.is_write());
            let read: Vec<String> = decided.map(|e| e.path.to_lowercase()).collect();
            assert_eq!(
                read[0],
                ledger[at].path.to_lowercase(),
                "the collection comes last"
            );
            for part in [
                "/backupjobs",
                "/locks",
                "/recoverypoints",
                "/restorepointcollections",
            ] {
                assert!(
                    read.iter().any(|p| p.ends_with(part)),
                    "{part} is not read again: {read:?}"
                );
            }
        }
    });
}

#[test]
fn no_step_sends_more_than_eight_deletes() {
    in_virtual_time(async {
        let faults = "- { on: DELETE /restorePointCollections/, times: 30, operation: { code: OperationTimedOut, after: 5m, partial: 1 } }";
        let stage = crate::kit::Stage::yaml(
            &super::world(&[("jobs", &format!("[{LIMIT_JOB}]"))]),
            faults,
        );
        let (outcome, why) = run(&stage, LIMIT).await;
        assert_eq!(outcome, RunOutcome::NeedsHuman, "{why}");
        assert_eq!(writes(&stage, COLLECTIONS).len(), 8);
        assert_eq!(writes(&stage, "/backup"), Vec::<String>::new());
    });
}
