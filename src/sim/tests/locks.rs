//! Inheritance of locks, both ways.

use serde_json::json;

use super::*;

fn locked(scope: &str, level: &str) -> Client {
    let world = format!(
        "
vms: [{{ name: web1, group: rg-web, extensions: [{{ name: VMSnapshot }}] }}]
restore_point_collections: [{{ vm: web1, name: AzureBackup_web1_1, points: 1 }}]
vaults: [{{ name: vault-web, items: [{{ vm: web1 }}] }}]
locks: [{{ name: l, scope: '{scope}', level: {level} }}]
"
    );
    Client::of(&world, "[]")
}

#[test]
fn a_deletion_is_stopped_by_a_lock_at_above_or_below_and_by_no_other() {
    let one = collection("AzureBackup_web1_1");
    for (scope, stopped) in [
        ("subscription".to_owned(), true),
        ("group azurebackuprg_WESTEUROPE_1".to_owned(), true),
        (one.to_ascii_uppercase(), true),
        (format!("{one}/restorePoints/p"), true),
        (format!("{one}0"), false),
        ("group rg-web".to_owned(), false),
        ("group AzureBackupRG_westeurope_10".to_owned(), false),
    ] {
        for level in ["CanNotDelete", "ReadOnly"] {
            let answer = locked(&scope, level).ask("DELETE", &one, Value::Null);
            let wanted = if stopped { 409 } else { 202 };
            assert_eq!(answer.status(), wanted, "{scope} {level}");
        }
    }
}

#[test]
fn the_refusal_names_the_locked_scope_in_arms_sentence() {
    let mut client = Client::scenario("rp-limit");
    let answer = client.ask("DELETE", &collection(WEB1), Value::Null);
    assert_eq!(code(&answer), "ScopeLocked");
    assert_eq!(header(&answer, "x-ms-failure-cause"), "gateway");
    let expected = format!(
        "The scope '{}' cannot perform delete operation because following scope(s) are locked: \
         '{S}/resourcegroups/AzureBackupRG_westeurope_1'. Please remove the lock and try again.",
        collection(WEB1)
    );
    assert_eq!(json(&answer)["error"]["message"], expected);
}

#[test]
fn only_a_read_only_lock_at_or_above_stops_actions() {
    let run = format!("{}/runCommand", vm("web1"));
    let body = json!({"commandId": "RunPowerShellScript", "script": ["x"]});
    for (scope, level, wanted) in [
        ("group rg-web", "ReadOnly", 409),
        ("subscription", "ReadOnly", 409),
        ("group rg-web", "CanNotDelete", 202),
        ("group rg-backup", "ReadOnly", 202),
    ] {
        let answer = locked(scope, level).ask("POST", &run, body.clone());
        assert_eq!(answer.status(), wanted, "{scope} {level}");
    }
    let below = format!("{}/extensions/VMSnapshot", vm("web1"));
    assert_eq!(
        locked(&below, "ReadOnly").ask("POST", &run, body).status(),
        202
    );
    let status =
        format!("{S}/providers/Microsoft.RecoveryServices/locations/westeurope/backupStatus");
    let asked = json!({"resourceType": "VM", "resourceId": vm("web1")});
    assert_eq!(
        locked("subscription", "ReadOnly")
            .ask("POST", &status, asked)
            .status(),
        200
    );
}

#[test]
fn a_list_shows_locks_at_above_and_below_and_with_at_scope_not_below() {
    let world = format!(
        "
vms: [{{ name: web1, group: rg-web }}]
locks:
  - {{ name: top, scope: subscription }}
  - {{ name: mid, scope: group rg-web }}
  - {{ name: low, scope: '{}' }}
  - {{ name: beside, scope: group rg-web2 }}
",
        vm("web1")
    );
    let mut client = Client::of(&world, "[]");
    let mut names = |scope: &str, filter: &str| {
        let url = format!("{scope}/providers/Microsoft.Authorization/locks?{filter}");
        let body = client.get(&url);
        let names = list(&body)
            .iter()
            .map(|lock| lock["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    let group = format!("{S}/resourceGroups/RG-WEB");
    assert_eq!(names(&group, ""), "top mid low");
    assert_eq!(names(&group, "%24filter=atScope()"), "top mid");
    assert_eq!(names(&vm("web1"), "$filter=atScope()"), "top mid low");
    assert_eq!(names(S, ""), "top mid low beside");
}

#[test]
fn a_lock_is_read_deleted_and_put_back_whole() {
    let mut client = Client::scenario("rp-limit");
    let before = client.get(&lock());
    assert!(before["id"].as_str().unwrap().contains("/resourcegroups/"));
    let answer = client.ask("DELETE", &lock(), Value::Null);
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
    assert_eq!(client.status("DELETE", &lock()), 204);
    assert_eq!(
        code(&client.ask("GET", &lock(), Value::Null)),
        "LockNotFound"
    );
    let body = json!({"properties": before["properties"]});
    assert_eq!(client.ask("PUT", &lock(), body.clone()).status(), 201);
    assert_eq!(client.ask("PUT", &lock(), body).status(), 200);
    assert_eq!(client.get(&lock())["properties"], before["properties"]);
}

#[test]
fn with_a_delay_a_deleted_lock_goes_on_stopping_although_no_list_shows_it() {
    let world = "
vms: [{ name: web1, group: rg-web }]
restore_point_collections: [{ vm: web1, name: AzureBackup_web1_1, points: 1 }]
locks: [{ name: keep-backups, scope: group AzureBackupRG_westeurope_1 }]
behaviour: { lock_delay_seconds: 90 }
";
    let mut client = Client::of(world, "[]");
    let one = collection("AzureBackup_web1_1");
    assert_eq!(client.status("DELETE", &lock()), 200);
    assert_eq!(client.status("GET", &lock()), 404);
    assert_eq!(client.status("DELETE", &one), 409);
    client.wait(2);
    assert_eq!(client.status("DELETE", &one), 202);
}
