//! What a reader of machines, items and jobs sees.

use serde_json::json;

use super::*;

#[test]
fn an_agents_report_depends_on_power_as_recorded() {
    let see = |power: &str, agent: &str| {
        let world =
            format!("vms: [{{ name: web1, group: rg-web, power: {power}, agent: {agent} }}]");
        Client::of(&world, "[]").get(&format!("{}/instanceView", vm("web1")))
    };
    assert_eq!(
        see("running", "ready")["vmAgent"]["statuses"][0]["displayStatus"],
        "Ready"
    );
    let silent = see("running", "not_ready");
    assert_eq!(silent["vmAgent"]["vmAgentVersion"], "Unknown");
    assert_eq!(
        silent["vmAgent"]["statuses"][0]["code"],
        "ProvisioningState/Unavailable"
    );
    assert!(silent.get("computerName").is_none());
    assert!(see("deallocated", "ready").get("vmAgent").is_none());
    assert!(see("running", "absent").get("vmAgent").is_none());
    for view in [see("stopped", "ready"), see("running", "stale_ready")] {
        let agent = &view["vmAgent"]["statuses"][0];
        assert_eq!(agent["displayStatus"], "Ready");
        assert_eq!(agent["time"], "2026-11-21T00:10:00.0000000+00:00");
    }
}

#[test]
fn a_vm_shows_its_instance_view_only_when_asked_and_under_any_casing() {
    let mut client = Client::scenario("healthy");
    let shouted = vm("web1").to_ascii_uppercase();
    assert!(
        client.get(&shouted)["properties"]
            .get("instanceView")
            .is_none()
    );
    let view = client.get(&format!("{shouted}?%24expand=instanceView"));
    assert_eq!(
        view["properties"]["instanceView"]["statuses"][1]["code"],
        "PowerState/running"
    );
    assert_eq!(view["id"], vm("web1"));
    let answer = client.ask("GET", &vm("web2"), Value::Null);
    assert_eq!(code(&answer), "ResourceNotFound");
    let elsewhere = vm("web1").replace("rg-web", "rg-none");
    assert_eq!(
        code(&client.ask("GET", &elsewhere, Value::Null)),
        "ResourceGroupNotFound"
    );
}

#[test]
fn machines_and_what_groups_hold_are_listed_for_a_group_and_for_a_subscription() {
    let mut client = Client::scenario("rp-limit");
    let mut named = |url: &str, field: &str| {
        let body = client.get(&format!("{S}{url}"));
        let named = list(&body).iter().map(|one| one[field].as_str().unwrap());
        named.map(str::to_owned).collect::<Vec<_>>()
    };
    let machines = "/providers/Microsoft.Compute/virtualMachines";
    let both = [vm("web1"), vm("web10")];
    assert_eq!(named(machines, "id"), both);
    assert_eq!(
        named(&format!("/resourceGroups/RG-WEB{machines}"), "id"),
        both
    );
    assert!(named(&format!("/resourceGroups/rg-backup{machines}"), "id").is_empty());
    let held = named("/resourceGroups/rg-backup/resources", "type");
    assert_eq!(held, ["Microsoft.RecoveryServices/vaults"]);
    let asked = "/resources?$filter=resourceGroup+eq+%27RG-BACKUP%27";
    assert_eq!(named(asked, "type"), held);
    assert_eq!(named("/resources", "type").len(), 5);
    let elsewhere = format!("{S}/resourceGroups/rg-none{machines}");
    let answer = client.ask("GET", &elsewhere, Value::Null);
    assert_eq!(code(&answer), "ResourceGroupNotFound");
    let unknown = format!("{S}/resources?$filter=tagName+eq+%27a%27");
    assert_eq!(client.status("GET", &unknown), 400);
}

#[test]
fn a_machine_brings_its_extensions_along() {
    let mut client = Client::scenario("vm-failed");
    let machine = client.get(&vm("web1"));
    let listed = client.get(&format!("{}/extensions", vm("web1")));
    assert_eq!(machine["resources"], listed["value"]);
    let answer = client.ask(
        "DELETE",
        listed["value"][0]["id"].as_str().unwrap(),
        Value::Null,
    );
    assert_eq!(answer.status(), 202);
    assert!(client.wait(1).get(&vm("web1")).get("resources").is_none());
}

#[test]
fn a_list_of_jobs_is_newest_first_filtered_and_without_details() {
    let mut client = Client::scenario("rp-limit");
    let jobs = format!("{}/backupJobs", vault());
    let all = client.get(&jobs);
    let newest = &all["value"][0];
    assert_eq!(
        (list(&all).len(), &newest["properties"]["status"]),
        (3, &json!("Failed"))
    );
    assert!(newest["properties"].get("extendedInfo").is_none());
    assert!(newest["properties"].get("errorDetails").is_none());
    assert!(
        newest["id"]
            .as_str()
            .unwrap()
            .starts_with("/Subscriptions/")
    );

    let whole = client.get(newest["id"].as_str().unwrap());
    let error = &whole["properties"]["errorDetails"][0];
    assert_eq!(error["errorTitle"], "UserErrorRpCollectionLimitReached");
    assert_eq!(
        error["errorString"],
        "The Restore Point collection max limit has reached."
    );
    assert!(whole["properties"]["extendedInfo"]["tasksList"].is_array());

    let since = "%24filter=backupManagementType+eq+%27AzureIaasVM%27+and+status+eq+%27Failed%27+and+startTime+eq+%272026-11-21+12:00:00+AM%27";
    assert_eq!(list(&client.get(&format!("{jobs}?{since}"))).len(), 1);
    let later = "$filter=startTime%20eq%20'2026-11-21%2003:00:00%20AM'";
    assert_eq!(list(&client.get(&format!("{jobs}?{later}"))).len(), 0);
    for bad in [
        "startTime%20eq%20'2026-11-21T03:00:00Z'",
        "colour%20eq%20'red'",
        "status%20ne%20'x'",
    ] {
        assert_eq!(
            client.status("GET", &format!("{jobs}?$filter={bad}")),
            400,
            "{bad}"
        );
    }
}

#[test]
fn the_title_and_the_number_can_be_missing_and_actions_can_be_numbers() {
    let world = "
vms: [{ name: web1, group: rg-web }]
behaviour: { old_actions_info_ints: true }
vaults:
  - name: vault-web
    items: [{ vm: web1 }]
    jobs: [{ id: j1, vm: web1, status: Failed, code: UserErrorGuestAgentStatusUnavailable, title: false, started: 1h ago }]
";
    let mut client = Client::of(world, "[]");
    let job = client.get(&format!("{}/backupJobs/j1", vault()));
    let error = &job["properties"]["errorDetails"][0];
    assert!(error.get("errorTitle").is_none());
    assert_eq!(error["errorCode"], 400_196);
    assert_eq!(job["properties"]["actionsInfo"], json!([1]));
}

#[test]
fn a_vm_finds_its_item_whatever_the_casing_and_namesakes_are_other_vms() {
    let mut client = Client::scenario("rp-limit");
    let url = format!("{S}/providers/Microsoft.RecoveryServices/locations/WestEurope/backupStatus");
    let body = json!({"resourceType": "VM", "resourceId": vm("WEB1")});
    let status = json(&client.ask("POST", &url, body));
    assert_eq!(status["protectionStatus"], "Protected");
    assert_eq!(
        status["protectedItemName"],
        "vm;iaasvmcontainerv2;rg-web;web1"
    );
    let found = format!(
        "{}/backupFabrics/{}/protectionContainers/{}/protectedItems/{}",
        status["vaultId"].as_str().unwrap(),
        status["fabricName"].as_str().unwrap(),
        status["containerName"].as_str().unwrap(),
        status["protectedItemName"]
            .as_str()
            .unwrap()
            .replace(';', "%3B"),
    );
    let item = client.get(&found);
    assert_eq!(item["properties"]["virtualMachineId"], vm("web1"));
    assert_eq!(item["properties"]["lastBackupStatus"], "Failed");
    assert_eq!(item["properties"]["protectionStatus"], "Unhealthy");
    let body = json!({"resourceType": "VM", "resourceId": vm("web")});
    assert_eq!(
        json(&client.ask("POST", &url, body))["protectionStatus"],
        "NotProtected"
    );
}

#[test]
fn recovery_points_show_their_tiers_and_an_active_restore_of_files() {
    let world = "
vms: [{ name: web1, group: rg-web }]
restore_point_collections: [{ vm: web1, points: 3 }, { vm: web1, customer: true, points: 5 }]
vaults: [{ name: vault-web, items: [{ vm: web1, in_vault: 2, ilr_active: true }] }]
";
    let mut client = Client::of(world, "[]");
    let points = client.get(&format!("{}/recoveryPoints", item("web1")));
    let tiers = |at: usize| {
        let details = &points["value"][at]["properties"]["recoveryPointTierDetails"];
        details
            .as_array()
            .unwrap()
            .iter()
            .map(|tier| tier["type"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        list(&points).len(),
        3,
        "a customer's points are none of Azure Backup's"
    );
    assert_eq!(
        (tiers(0), tiers(2)),
        (vec!["InstantRP"], vec!["InstantRP", "HardenedRP"])
    );
    assert_eq!(
        points["value"][0]["properties"]["isInstantIlrSessionActive"],
        true
    );
    assert_eq!(
        points["value"][1]["properties"]["isInstantIlrSessionActive"],
        false
    );
}

#[test]
fn a_group_lists_what_it_holds_and_answers_whether_it_exists() {
    let mut client = Client::scenario("rp-limit");
    let held = client.get(&format!("{}/resources", backup_group()));
    assert_eq!(list(&held).len(), 2);
    assert!(
        list(&held)
            .iter()
            .all(|one| one["type"] == "Microsoft.Compute/restorePointCollections")
    );
    assert_eq!(client.status("HEAD", &backup_group()), 204);
    assert_eq!(
        client.status("HEAD", &format!("{S}/resourceGroups/none")),
        404
    );
    assert_eq!(list(&client.get("/subscriptions")).len(), 1);
    let provider = client.get(&format!("{S}/providers/microsoft.compute"));
    assert_eq!(provider["registrationState"], "Registered");
}
