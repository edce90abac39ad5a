//! Rules 3, 7 and 9: which locks are deleted, and when.

use runbook::core::outcome::RunOutcome;

use super::{LIMIT, left_to_a_person, plan, run, stage, world, writes};
use crate::kit::{Stage, in_virtual_time};

const GROUP: &str = "group AzureBackupRG_westeurope_1";
const LOCKS: &str = "/Microsoft.Authorization/locks/";

fn lock(name: &str, scope: &str, more: &str) -> String {
    format!("{{ name: {name}, scope: {scope}{more} }}")
}

#[test]
fn a_lock_that_does_not_block_the_collection_stays() {
    in_virtual_time(async {
        let sibling = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/AzureBackupRG_westeurope_1/providers/Microsoft.Compute/restorePointCollections/AzureBackup_web10_2";
        let locks = [
            lock("documented", GROUP, ""),
            lock("elsewhere", "group AzureBackupRG_westeurope_10", ""),
            lock("vms", "group rg-web", ""),
            lock("sibling", sibling, ""),
        ];
        let stage = stage(&[("locks", &format!("[{}]", locks.join(", ")))]);
        assert_eq!(run(&stage, LIMIT).await.0, RunOutcome::Fixed);
        assert_eq!(writes(&stage, LOCKS), ["DELETE documented"]);
    });
}

#[test]
fn the_documented_lock_goes_whatever_its_level() {
    for level in ["CanNotDelete", "ReadOnly"] {
        in_virtual_time(async {
            let locks = lock("keep", GROUP, &format!(", level: {level}"));
            let stage = stage(&[("locks", &format!("[{locks}]"))]);
            assert_eq!(run(&stage, LIMIT).await.0, RunOutcome::Fixed);
            assert_eq!(writes(&stage, LOCKS), ["DELETE keep"]);
        });
    }
}

/// Each lock that only a person may remove stands beside one that may go: all can go, or none.
fn is_left_to_a_person(scope: &str, name: &str, more: &str, changes: &[(&str, &str)], why: &str) {
    in_virtual_time(async {
        let locks = format!(
            "[{}, {}]",
            lock("a-documented", GROUP, ""),
            lock(name, scope, more)
        );
        let mut changes = changes.to_vec();
        changes.push(("locks", &locks));
        let reason = left_to_a_person(&stage(&changes), LIMIT).await;
        assert!(reason.contains(why), "{reason}");
    });
}

/// Each lock that protects more than restore points is borrowed: approved by a person, and back
/// before the next step.
fn is_only_borrowed(scope: &str, name: &str, changes: &[(&str, &str)], why: &str) {
    in_virtual_time(async {
        let locks = format!("[{}]", lock(name, scope, ", notes: Ours."));
        let mut changes = changes.to_vec();
        changes.push(("locks", &locks));
        let stage = stage(&changes);
        let before = stage.simulated.with(|sim| sim.world().locks.clone());
        let plan = plan(&stage, LIMIT).await;
        let needed = plan.approvals_needed();
        assert_eq!(needed.len(), 1, "{needed:?}");
        assert!(
            needed[0].resource == name && needed[0].why.contains(why),
            "{needed:?}"
        );
        assert_eq!(super::apply(&stage, plan).await.0, RunOutcome::Fixed);
        let sent = writes(&stage, "");
        assert_eq!(sent.first(), Some(&format!("DELETE {name}")));
        assert_eq!(
            writes(&stage, LOCKS),
            [format!("DELETE {name}"), format!("PUT {name}")]
        );
        assert_eq!(sent.last().map(String::as_str), Some("POST backup"));
        stage
            .simulated
            .with(|sim| assert_eq!(sim.world().locks, before));
    });
}

#[test]
fn a_lock_on_the_subscription_is_only_borrowed() {
    is_only_borrowed("subscription", "wide", &[], "whole subscription");
}

#[test]
fn a_lock_on_the_vms_own_group_is_only_borrowed() {
    let there = "[{ vm: web1, group: rg-web, points: 18 }, { vm: web1, points: 1, name: AzureBackup_web1_2 }]";
    let changes = [("restore_point_collections", there)];
    is_only_borrowed(
        "group rg-web",
        "own",
        &changes,
        "the VM's own resource group",
    );
}

#[test]
fn a_lock_on_a_group_that_is_not_azure_backups_is_only_borrowed() {
    let there = "[{ vm: web1, group: rg-else, points: 18 }, { vm: web1, points: 1, name: AzureBackup_web1_2 }]";
    let changes = [("restore_point_collections", there)];
    is_only_borrowed("group rg-else", "else", &changes, "not Azure Backup's");
}

#[test]
fn a_lock_on_a_group_that_holds_anything_else_is_only_borrowed() {
    let more = "[{ name: precious, group: AzureBackupRG_westeurope_1, type: Microsoft.Storage/storageAccounts }]";
    is_only_borrowed(
        GROUP,
        "shared",
        &[("resources", more)],
        "holds more than restore points",
    );
}

#[test]
fn a_lock_that_an_application_owns_is_left_and_so_is_every_other() {
    is_left_to_a_person(
        GROUP,
        "owned",
        ", owners: [app-1]",
        &[],
        "belongs to an application",
    );
}

#[test]
fn locks_of_azure_backups_own_are_left_and_so_is_every_other() {
    for name in ["AzureBackupProtectionLock", "azurebackuplock-donotdelete"] {
        is_left_to_a_person(GROUP, name, "", &[], "Azure Backup made");
    }
}

#[test]
fn a_lock_that_comes_back_is_not_deleted_twice_and_whoever_put_it_back_is_named() {
    in_virtual_time(async {
        let faults =
            "- { on: DELETE /locks/, lock_returns: { after: 30s, by: policy@contoso.com } }";
        let locks = format!("[{}]", lock("keep", GROUP, ""));
        let stage = Stage::yaml(&world(&[("locks", &locks)]), faults);
        let (outcome, why) = run(&stage, LIMIT).await;
        assert_eq!(outcome, RunOutcome::NeedsHuman, "{why}");
        assert!(
            why.contains("came back") && why.contains("policy@contoso.com"),
            "{why}"
        );
        assert_eq!(writes(&stage, ""), ["DELETE keep"]);
    });
}

#[test]
fn a_lock_that_comes_back_during_the_clean_up_ends_it_before_the_next_delete() {
    in_virtual_time(async {
        let faults = "
- { on: DELETE /locks/, lock_returns: { after: 3m, by: policy@contoso.com } }
- { on: DELETE /restorePointCollections/AzureBackup_web1, operation: { code: OperationTimedOut, after: 5m, partial: 6 } }";
        let locks = format!("[{}]", lock("keep", GROUP, ""));
        let stage = Stage::yaml(&world(&[("locks", &locks)]), faults);
        let (outcome, why) = run(&stage, LIMIT).await;
        assert_eq!(outcome, RunOutcome::NeedsHuman, "{why}");
        assert!(
            why.contains("came back") && why.contains("policy@contoso.com"),
            "{why}"
        );
        assert_eq!(writes(&stage, LOCKS), ["DELETE keep"]);
        assert_eq!(
            writes(&stage, "/restorePointCollections/AzureBackup_web1").len(),
            1
        );
        assert_eq!(writes(&stage, "").len(), 2);
    });
}

#[test]
fn the_locks_are_read_again_a_minute_after_one_was_deleted_and_before_anything_else() {
    in_virtual_time(async {
        let locks = format!("[{}]", lock("keep", GROUP, ""));
        let stage = stage(&[("locks", &locks)]);
        assert_eq!(run(&stage, LIMIT).await.0, RunOutcome::Fixed);
        let ledger = stage.ledger();
        let writes: Vec<usize> = (0..ledger.len())
            .filter(|&n| ledger[n].is_write())
            .collect();
        let (unlocked, next) = (writes[0], writes[1]);
        let settled = ledger[unlocked].at + jiff::SignedDuration::from_secs(60);
        let read = ledger[unlocked..next]
            .iter()
            .find(|e| e.path.to_lowercase().ends_with("/locks") && e.at >= settled);
        assert!(read.is_some(), "the locks are not read again");
    });
}

/// What the clean-up decides of one collection while this lock is in the way.
fn clean_up_beside(blocking: serde_json::Value) -> runbook::core::action::Decision {
    use runbook::core::action::Past;
    use runbook::core::facts::{Facts, Seen};
    use serde_json::{Value, json};
    let group = "/subscriptions/s/resourceGroups/AzureBackupRG_westeurope_1";
    let mut facts = Facts::default();
    facts.know(
        "restore_points",
        json!({ "count": 1, "limit": 18, "others": [], "ours": [{
            "id": format!("{group}/providers/Microsoft.Compute/restorePointCollections/AzureBackup_web1_1"),
            "name": "AzureBackup_web1_1", "group": group, "points": [{ "name": "p" }],
        }]}),
    );
    facts.know("locks", json!({ "blocking": blocking }));
    facts.know("jobs", json!({}));
    facts.know("recovery_points", json!({}));
    let now = jiff::Timestamp::from_second(1_000_000).unwrap();
    let past = Past {
        now,
        step: "clean-up",
        sent: &[],
        planned: &[],
        baseline: &Value::Null,
        following: &Value::Null,
        since: now,
        until: None,
        codes: &[],
    };
    let actions = runbook::actions::actions();
    let action = actions.get("restore_points.delete").unwrap();
    action.decide(&json!({}), Seen(&facts), &past).unwrap()
}

#[test]
fn no_collection_is_deleted_while_any_lock_is_in_the_way_whoever_put_it_there() {
    use runbook::core::action::Decision;
    let lock = serde_json::json!([{ "id": "/x/locks/l", "name": "l", "scope": "/x" }]);
    assert!(matches!(clean_up_beside(lock), Decision::NeedsHuman { .. }));
    let none = serde_json::json!([]);
    assert!(matches!(clean_up_beside(none), Decision::Change { .. }));
}
