//! What moved since a plan was saved: each kind is found, told, and stops it; less work does not.

use runbook::base::Chance;
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::{Forecast, Plan};
use runbook::ops::{OpsError, World, catalogue};
use serde_json::{Value, json};

use super::{Saved, moved};
use crate::kit::{Stage, in_virtual_time, seal_key};
use crate::rules::{LIMIT, meanwhile, stage, writes};

const GROUP: &str = "group AzureBackupRG_westeurope_1";
const UNLOCK: usize = 0;

/// A world with these locks; a plan is saved there, and opened after `edit`.
fn after(locks: &str, edit: impl FnOnce(&mut Value)) -> (Stage, Result<Plan, OpsError>) {
    in_virtual_time(async {
        let before = stage(&[("locks", locks)]);
        let saved = Saved::of(&before, LIMIT).await;
        let after = meanwhile(&before, edit);
        let opened = saved.open(&after).await;
        assert_eq!(writes(&after, ""), Vec::<String>::new());
        (after, opened)
    })
}

fn is_told(locks: &str, edit: impl FnOnce(&mut Value), words: &[&str]) {
    let told = moved(after(locks, edit).1);
    for word in words {
        assert!(told.iter().any(|t| t.contains(word)), "`{word}`: {told:?}");
    }
}

fn one_lock() -> String {
    format!("[{{ name: keep, scope: {GROUP}, notes: ours }}]")
}

#[test]
fn a_lock_that_came_meanwhile_is_a_change_that_nobody_approved() {
    let add = |world: &mut Value| {
        let locks = world["locks"].as_array_mut().unwrap();
        let mut second = locks[0].clone();
        second["name"] = json!("new");
        locks.push(second);
    };
    let words = ["unlock: ", "`new`", "not in the approved plan"];
    is_told(&one_lock(), add, &words);
}

#[test]
fn a_lock_of_the_same_name_with_other_notes_or_level_is_another_lock() {
    for (name, value) in [("notes", "legal hold"), ("level", "ReadOnly")] {
        let edit = |world: &mut Value| world["locks"][0][name] = json!(value);
        is_told(
            &one_lock(),
            edit,
            &["unlock: the lock has other properties", value],
        );
    }
}

#[test]
fn points_that_left_the_vault_meanwhile_need_an_approval_that_was_not_given() {
    let leave = |world: &mut Value| {
        let points = &mut world["vaults"][0]["items"][0]["recovery_points"];
        points[0]["hardened"] = json!(false);
    };
    is_told("[]", leave, &["clean-up: ", "would be lost"]);
}

#[test]
fn an_approved_loss_covers_the_points_that_were_named_and_no_others() {
    in_virtual_time(async {
        let before = stage(&[("items", "[{ vm: web1, in_vault: 17 }]")]);
        let saved = Saved::of(&before, LIMIT).await;
        let leave = |at: usize| {
            move |world: &mut Value| {
                let points = &mut world["vaults"][0]["items"][0]["recovery_points"];
                points[at]["hardened"] = json!(false);
            }
        };
        assert!(saved.open(&meanwhile(&before, |_| {})).await.is_ok());
        let told = moved(saved.open(&meanwhile(&before, leave(0))).await);
        assert!(told[0].contains("would now lose"), "{told:?}");
    });
}

#[test]
fn another_failed_job_is_another_incident() {
    let fail = |world: &mut Value| {
        let jobs = world["vaults"][0]["jobs"].as_array_mut().unwrap();
        let mut later = jobs[0].clone();
        later["id"] = json!("0b1ec7ed-1111-4000-8000-00000000000a");
        later["started"] = json!("2026-11-21T03:00:00Z");
        later["ended"] = json!("2026-11-21T03:04:00Z");
        jobs.push(later);
    };
    is_told("[]", fail, &["would now answer job 0b1ec7ed-1111"]);
}

#[test]
fn another_tenant_or_identity_does_not_apply_what_was_planned_by_one() {
    let tenant =
        |world: &mut Value| world["tenant"] = json!("00000000-1111-4222-8333-444444444444");
    is_told("[]", tenant, &["the tenant was", "`00000000-1111-"]);
    let who = |world: &mut Value| {
        world["identity"]["object_id"] = json!("0b1ec7ed-0000-4000-8000-0000000000ff");
    };
    is_told("[]", who, &["the identity was", "0000000000ff`"]);
}

/// The same stage, in a program that knows other runbooks.
fn with_runbook(stage: &Stage, code: &str, text: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(format!("{code}.yaml")), text).unwrap();
    let known = catalogue(Some(folder.path())).unwrap();
    let (arm, clock) = (stage.arm.clone(), stage.world.clock().clone());
    World::of(arm, stage.store.clone(), known, clock, Chance::seeded(1)).sealing_with(seal_key())
}

#[test]
fn a_runbook_that_was_changed_or_is_gone_is_not_the_one_that_was_planned_with() {
    let text = include_str!("../../../runbooks/UserErrorRpCollectionLimitReached.yaml");
    let edited = text.replace("{{vm.name}}", "this VM");
    let own = text
        .replace(LIMIT, "OwnCode")
        .replace("UserErrorResourceGroup", "Own");
    in_virtual_time(async {
        let mut stage = stage(&[]);
        let saved = Saved::of(&stage, LIMIT).await;
        stage.world = with_runbook(&stage, LIMIT, text);
        assert!(saved.open(&stage).await.is_ok(), "the same text elsewhere");
        stage.world = with_runbook(&stage, LIMIT, &edited);
        let told = moved(saved.open(&stage).await);
        assert!(
            told[0].contains("is not the one that was planned"),
            "{told:?}"
        );
    });
    in_virtual_time(async {
        let job = "[{ vm: web1, status: Failed, code: OwnCode, started: 29m ago, ended: 25m ago }]";
        let mut stage = stage(&[("jobs", job)]);
        let theirs = with_runbook(&stage, "OwnCode", &own);
        let without = std::mem::replace(&mut stage.world, theirs);
        let saved = Saved::of(&stage, "OwnCode").await;
        stage.world = without;
        let told = moved(saved.open(&stage).await);
        assert!(told[0].contains("no runbook `OwnCode`"), "{told:?}");
    });
}

#[test]
fn a_collection_that_gained_a_newer_point_is_handed_to_a_person_before_anything_is_sent() {
    let gain = |world: &mut Value| {
        let points = &mut world["restore_point_collections"][0]["points"];
        points.as_array_mut().unwrap().push(json!({
            "name": "AzureBackup_new", "time": "2026-11-21T03:09:00Z", "provisioning": "Succeeded"
        }));
    };
    let verdict = after("[]", gain).1.unwrap().verdict.unwrap();
    assert_eq!(verdict.outcome, RunOutcome::NeedsHuman);
    assert!(
        verdict
            .reason
            .contains("newer restore point since it was planned")
    );
}

#[test]
fn a_healed_vm_leaves_nothing_to_do_of_a_saved_plan() {
    let heal = |world: &mut Value| {
        let jobs = world["vaults"][0]["jobs"].as_array_mut().unwrap();
        let mut later = jobs[0].clone();
        later["id"] = json!("0b1ec7ed-1111-4000-8000-00000000000a");
        (later["status"], later["code"]) = (json!("Completed"), Value::Null);
        (later["started"], later["ended"]) =
            (json!("2026-11-21T03:00:00Z"), json!("2026-11-21T03:09:00Z"));
        later["recovery_point"] = json!(true);
        jobs.push(later);
        let item = &mut world["vaults"][0]["items"][0];
        let mut point = item["recovery_points"][0].clone();
        point["time"] = json!("2026-11-21T03:01:00Z");
        item["recovery_points"].as_array_mut().unwrap().push(point);
    };
    let verdict = after("[]", heal).1.unwrap().verdict.unwrap();
    assert_eq!(
        verdict.outcome,
        RunOutcome::NothingToDo,
        "{}",
        verdict.reason
    );
}

#[test]
fn what_somebody_else_has_done_meanwhile_is_no_reason_to_stop() {
    let unlock = |world: &mut Value| world["locks"] = json!([]);
    let (_, opened) = after(&one_lock(), unlock);
    let plan = opened.unwrap();
    assert!(plan.steps[UNLOCK].changes.is_empty());
    assert_eq!(plan.steps[UNLOCK].forecast, Forecast::Satisfied);
    let file = plan.from_file.as_ref().unwrap();
    assert_ne!(plan.fingerprint, file.fingerprint);
    let warned = plan.warnings.last().unwrap();
    assert!(
        warned.contains("nothing is left to do for `unlock`"),
        "{warned}"
    );
}
