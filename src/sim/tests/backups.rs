//! Backups: from the trigger to the recovery point, and what makes them fail.

use serde_json::json;

use super::*;

fn outcome(client: &mut Client) -> (String, Value) {
    let job = client.back_up("web1");
    let job = client.wait(45).get(&job)["properties"].clone();
    let title = job["errorDetails"][0]["errorTitle"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (title, job)
}

#[test]
fn a_backup_takes_its_snapshot_then_transfers_it_and_leaves_a_recovery_point() {
    let mut client = Client::scenario("healthy");
    let began = client.now;
    let job = client.back_up("web1");
    let tasks = |job: &Value| {
        let tasks = &job["properties"]["extendedInfo"]["tasksList"];
        (
            tasks[0]["status"].as_str().unwrap().to_owned(),
            tasks[1]["status"].as_str().unwrap().to_owned(),
        )
    };
    let running = client.get(&job);
    assert_eq!(
        tasks(&running),
        ("InProgress".to_owned(), "NotStarted".to_owned())
    );
    assert_eq!(
        running["properties"]["extendedInfo"]["tasksList"][0]["endTime"],
        "0001-01-01T00:00:00"
    );
    let moving = client.wait(5).get(&job);
    assert_eq!(
        tasks(&moving),
        ("Completed".to_owned(), "InProgress".to_owned())
    );
    let done = client.wait(40).get(&job);
    assert_eq!(done["properties"]["status"], "Completed");
    assert_eq!(done["properties"]["duration"], "PT41M0S");
    let newest = client.get(&format!("{}/recoveryPoints", item("web1")))["value"][0].clone();
    let time: Timestamp = newest["properties"]["recoveryPointTime"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(time > began);
    assert_eq!(
        newest["properties"]["recoveryPointTierDetails"][1]["type"],
        "HardenedRP"
    );
    let item = client.get(&item("web1"));
    assert_eq!(item["properties"]["lastBackupStatus"], "Completed");
    assert_eq!(
        item["properties"]["lastRecoveryPoint"],
        newest["properties"]["recoveryPointTime"]
    );
}

#[test]
fn a_trigger_is_a_202_whose_operation_names_the_job_in_every_place() {
    let mut client = Client::scenario("healthy");
    let body = json!({"properties": {"objectType": "IaasVMBackupRequest"}});
    let url = format!("{}/backup", item("web1").replace(';', "%3B"));
    let answer = client.ask("POST", &url, body);
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "Retry-After")),
        (202, "60".to_owned())
    );
    let (status, result) = (
        header(&answer, "Azure-AsyncOperation"),
        header(&answer, "Location"),
    );
    assert!(status.contains(";") && status.len() > 3_000);
    assert_eq!(client.get(&status)["endTime"], "0001-01-01T00:00:00");
    let running = client.ask("GET", &result, Value::Null);
    assert_eq!(
        (json(&running), header(&running, "Location")),
        (json!({}), result.clone())
    );
    client.wait(1);
    let seen = client.get(&status);
    let operation = seen["name"].as_str().unwrap();
    assert_eq!(
        client.get(&format!("{}/backupOperations/{operation}", vault())),
        seen
    );
    assert_eq!(client.ask("GET", &result, Value::Null).status(), 204);
    let refused = client.ask("POST", &url, json!({"properties": {}}));
    assert_eq!(refused.status(), 400);
}

#[test]
fn a_second_backup_of_the_same_vm_is_a_failed_operation_until_the_first_ends() {
    let mut client = Client::scenario("backup-running");
    let body = json!({"properties": {"objectType": "IaasVMBackupRequest"}});
    let answer = client.ask("POST", &format!("{}/backup", item("web1")), body);
    let failed = client.wait(1).get(&header(&answer, "Azure-AsyncOperation"));
    assert_eq!(
        failed["error"]["code"],
        "UserErrorBackupOperationInProgress"
    );
    client.wait(25);
    let (title, job) = outcome(&mut client);
    assert_eq!((title.as_str(), &job["status"]), ("", &json!("Completed")));
}

#[test]
fn a_backup_that_ran_before_the_world_began_leaves_its_point_in_the_vault_too() {
    let mut client = Client::scenario("backup-running");
    let jobs = client.get(&format!("{}/backupJobs", vault()));
    let running = list(&jobs)
        .iter()
        .find(|job| job["properties"]["status"] == "InProgress")
        .unwrap();
    let job = format!(
        "{}/backupJobs/{}",
        vault(),
        running["name"].as_str().unwrap()
    );
    let taken = client.get(&job)["properties"]["extendedInfo"]["tasksList"][0]["endTime"].clone();
    client.wait(25);
    assert_eq!(client.get(&job)["properties"]["status"], "Completed");
    let newest = client.get(&format!("{}/recoveryPoints", item("web1")))["value"][0].clone();
    assert_eq!(newest["properties"]["recoveryPointTime"], taken);
    assert_eq!(
        newest["properties"]["recoveryPointTierDetails"][1]["type"],
        "HardenedRP"
    );
}

#[test]
fn every_scenario_but_the_sound_ones_fails_again_when_nothing_is_mended() {
    for (name, wanted) in [
        ("rp-limit", "UserErrorRpCollectionLimitReached"),
        ("vm-failed", "UserErrorVmProvisioningStateFailed"),
        ("extension-stuck", "ExtensionStuckInDeletionState"),
        ("snapshot-sql", "GuestAgentSnapshotTaskStatusError"),
        ("healthy", ""),
    ] {
        assert_eq!(outcome(&mut Client::scenario(name)).0, wanted, "{name}");
    }
    assert_eq!(scenarios::names().next(), Some("rp-limit"));
    assert_eq!(scenarios::names().count(), 6);
}

#[test]
fn sick_machines_fail_with_their_own_codes() {
    for (vm, wanted) in [
        ("agent: not_ready", "UserErrorGuestAgentStatusUnavailable"),
        ("agent: not_ready, power: deallocated", ""),
        ("os: linux, guest: { sql: true }", ""),
        (
            "guest: { sql: true, registry: { usevsscopybackup: 'true' } }",
            "",
        ),
        (
            "guest: { sql: true, registry: { USEVSSCOPYBACKUP: 1 } }",
            "GuestAgentSnapshotTaskStatusError",
        ),
        ("guest: { sql: true }, power: stopped", ""),
    ] {
        let world = format!(
            "{{ vms: [{{ name: web1, group: rg-web, {vm} }}], vaults: [{{ name: vault-web, items: [{{ vm: web1 }}] }}] }}"
        );
        assert_eq!(outcome(&mut Client::of(&world, "[]")).0, wanted, "{vm}");
    }
    let gone = format!(
        "vaults: [{{ name: vault-web, items: [{{ vm: '{}' }}] }}]",
        vm("web1")
    );
    assert_eq!(
        outcome(&mut Client::of(&gone, "[]")).0,
        "UserErrorVmNotFoundV2"
    );
}

#[test]
fn a_stopped_protection_is_refused() {
    let world = "{ vms: [{ name: web1, group: rg-web }], vaults: [{ name: vault-web, items: [{ vm: web1, state: ProtectionStopped }] }] }";
    let mut client = Client::of(world, "[]");
    let body = json!({"properties": {"objectType": "IaasVMBackupRequest"}});
    let answer = client.ask("POST", &format!("{}/backup", item("web1")), body);
    let failed = client.wait(1).get(&header(&answer, "Azure-AsyncOperation"));
    assert_eq!(failed["error"]["code"], "UserErrorBcmDatasourceNotPresent");
}

#[test]
fn the_documented_remedy_heals_the_limit_and_its_neighbour_keeps_its_points() {
    let mut client = Client::scenario("rp-limit");
    assert_eq!(client.status("DELETE", &lock()), 200);
    for wanted in ["Failed", "Failed", "Succeeded"] {
        let answer = client.ask("DELETE", &collection(WEB1), Value::Null);
        let status = header(&answer, "Azure-AsyncOperation");
        assert_eq!(client.wait(6).get(&status)["status"], wanted);
    }
    let (title, job) = outcome(&mut client);
    assert_eq!((title.as_str(), &job["status"]), ("", &json!("Completed")));
    let left = client.get(&format!(
        "{S}/providers/Microsoft.Compute/restorePointCollections"
    ));
    let sources = list(&left)
        .iter()
        .map(|one| one["properties"]["source"]["id"].as_str().unwrap());
    assert_eq!(sources.collect::<Vec<_>>(), [vm("web10"), vm("web1")]);
}

#[test]
fn the_clean_up_comes_by_itself_only_when_no_lock_stops_it() {
    let count = |client: &mut Client| {
        let body = client.get(&format!("{}?$expand=restorePoints", collection(WEB1)));
        body["properties"]["restorePoints"]
            .as_array()
            .unwrap()
            .len()
    };
    let mut client = Client::scenario("rp-limit");
    outcome(&mut client);
    assert_eq!(client.status("DELETE", &lock()), 200);
    client.wait(5 * 60);
    assert_eq!(
        count(&mut client),
        18,
        "the failure under the lock began no clean-up"
    );
    let again = outcome(&mut client).0;
    assert_eq!(
        again, "UserErrorRpCollectionLimitReached",
        "expected once more"
    );
    client.wait(5 * 60);
    assert_eq!(count(&mut client), 2);
    assert_eq!(outcome(&mut client).0, "");

    let mut client = Client::scenario("rp-limit");
    assert_eq!(client.status("DELETE", &lock()), 200);
    outcome(&mut client);
    let body = json!({"properties": {"level": "CanNotDelete"}});
    assert_eq!(client.ask("PUT", &lock(), body).status(), 201);
    client.wait(5 * 60);
    assert_eq!(
        count(&mut client),
        18,
        "a lock that came back stops the clean-up"
    );
}

#[test]
fn a_deleted_extension_heals_the_vm_and_is_installed_again_by_the_next_backup() {
    for name in ["vm-failed", "extension-stuck"] {
        let mut client = Client::scenario(name);
        let url = format!("{}/extensions/VMSnapshot", vm("web1"));
        assert_eq!(client.status("DELETE", &url), 202);
        client.wait(1);
        assert_eq!(client.status("GET", &url), 404);
        assert_eq!(
            client.get(&vm("web1"))["properties"]["provisioningState"],
            "Succeeded"
        );
        assert_eq!(outcome(&mut client).0, "");
        assert_eq!(
            client.get(&url)["properties"]["provisioningState"],
            "Succeeded"
        );
    }
}

#[test]
fn deleting_points_forgets_what_was_not_in_the_vault() {
    let world = "
vms: [{ name: web1, group: rg-web }]
restore_point_collections: [{ vm: web1, name: AzureBackup_web1_1, points: 3 }]
vaults: [{ name: vault-web, items: [{ vm: web1, in_vault: 1 }] }]
behaviour: { rp_collection_deleted_once: true }
";
    let mut client = Client::of(world, "[]");
    assert_eq!(
        client.status("DELETE", &collection("AzureBackup_web1_1")),
        202
    );
    client.wait(5);
    let points = client.get(&format!("{}/recoveryPoints", item("web1")));
    assert_eq!(list(&points).len(), 1);
    let tiers = &points["value"][0]["properties"]["recoveryPointTierDetails"];
    assert_eq!(*tiers, json!([{"type": "HardenedRP", "status": "Valid"}]));
    let (title, job) = outcome(&mut client);
    assert_eq!(title, "UserErrorRpCollectionDeleted");
    assert_eq!(job["errorDetails"][0]["errorCode"], 400_288);
    assert_eq!(outcome(&mut client).0, "", "only the first backup fails so");
}

#[test]
fn a_cancelled_job_is_cancelling_for_a_minute_and_only_its_snapshot_can_be() {
    let mut client = Client::scenario("healthy");
    let job = client.back_up("web1");
    let answer = client.ask("POST", &format!("{job}/cancel"), Value::Null);
    assert_eq!(answer.status(), 202);
    assert!(header(&answer, "Azure-AsyncOperation").contains("api-version=2019-05-13-preview"));
    assert_eq!(client.get(&job)["properties"]["status"], "Cancelling");
    let ended = client.wait(2).get(&job);
    assert_eq!(ended["properties"]["status"], "Cancelled");
    assert_eq!(
        client
            .ask("GET", &header(&answer, "Location"), Value::Null)
            .status(),
        204
    );
    let job = client.back_up("web1");
    client.wait(5);
    assert_eq!(client.status("POST", &format!("{job}/cancel")), 400);
}
