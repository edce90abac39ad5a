//! Injected faults.

use super::*;

const WORLD: &str = "
vms: [{ name: web1, group: rg-web, extensions: [{ name: VMSnapshot }] }]
restore_point_collections: [{ vm: web1, name: AzureBackup_web1_1, points: 4 }]
locks: [{ name: keep-backups, scope: group AzureBackupRG_westeurope_1, notes: n }]
vaults: [{ name: vault-web, items: [{ vm: web1 }] }]
";

fn points(client: &mut Client) -> usize {
    let body = client.get(&format!(
        "{}?$expand=restorePoints",
        collection("AzureBackup_web1_1")
    ));
    body["properties"]["restorePoints"]
        .as_array()
        .map_or(0, Vec::len)
}

#[test]
fn an_answer_comes_instead_of_acting_so_many_times_after_so_many_others() {
    let faults =
        "[{ on: DELETE /locks/, skip: 1, times: 1, answer: { status: 503, retry_after: 7 } }]";
    let mut client = Client::of(WORLD, faults);
    let none = format!(
        "{}/providers/Microsoft.Authorization/locks/none",
        backup_group()
    );
    assert_eq!(client.status("DELETE", &none), 204);
    let answer = client.ask("DELETE", &lock(), Value::Null);
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "Retry-After")),
        (503, "7".to_owned())
    );
    assert!(answer.body().is_empty());
    assert_eq!(client.status("DELETE", &lock()), 200);
}

#[test]
fn a_connection_dropped_after_the_server_acted_has_done_it_and_one_before_has_not() {
    for (moment, left) in [("after", 204), ("before", 200)] {
        let mut client = Client::of(
            WORLD,
            &format!("[{{ on: DELETE /locks/, drop: {moment} }}]"),
        );
        assert!(client.try_ask("DELETE", &lock(), Value::Null).is_none());
        let entry = client.sim.ledger()[0].clone();
        assert!(entry.dropped && entry.is_write());
        assert_eq!(entry.status, (moment == "after").then_some(200));
        assert_eq!(client.status("DELETE", &lock()), left);
    }
}

#[test]
fn an_operation_fails_after_part_of_the_work_and_a_refused_request_uses_no_fault_up() {
    let faults = "[{ on: DELETE /restorePointCollections/, operation: { code: OperationTimedOut, message: m, after: 5m, partial: 3 } }]";
    let mut client = Client::of(WORLD, faults);
    let one = collection("AzureBackup_web1_1");
    assert_eq!(client.status("DELETE", &one), 409, "the lock refuses");
    assert_eq!(client.status("DELETE", &lock()), 200);
    let answer = client.ask("DELETE", &one, Value::Null);
    let status = header(&answer, "Azure-AsyncOperation");
    assert_eq!(client.wait(4).get(&status)["status"], "InProgress");
    let failed = client.wait(2).get(&status);
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&"Failed".into(), &"OperationTimedOut".into())
    );
    assert_eq!(points(&mut client), 1);
    assert_eq!(client.status("DELETE", &one), 202);
    client.wait(2);
    assert_eq!(client.status("GET", &one), 404);
}

#[test]
fn a_lock_comes_back_and_the_activity_log_says_by_whom() {
    let faults = "[{ on: DELETE /locks/, lock_returns: { after: 30s, by: policy@contoso } }]";
    let mut client = Client::of(WORLD, faults);
    let before = client.get(&lock());
    assert_eq!(client.status("DELETE", &lock()), 200);
    assert_eq!(client.status("GET", &lock()), 404);
    client.wait(1);
    assert_eq!(client.get(&lock()), before);
    let id = before["id"].as_str().unwrap();
    let log = format!(
        "{S}/providers/Microsoft.Insights/eventtypes/management/values?$filter=eventTimestamp%20ge%20'2026-11-21T00:00:00Z'%20and%20resourceUri%20eq%20'{id}'"
    );
    let events = client.get(&log);
    assert_eq!(
        events["value"][0]["operationName"]["value"],
        "Microsoft.Authorization/locks/write"
    );
    assert_eq!(events["value"][0]["caller"], "policy@contoso");
    assert_eq!(
        events["value"][1]["operationName"]["value"],
        "Microsoft.Authorization/locks/delete"
    );
    assert_eq!(list(&events).len(), 2);
}

#[test]
fn a_lock_comes_back_after_a_lost_answer_and_nobody_says_by_whom() {
    let faults = "[{ on: DELETE /locks/, drop: after, lock_returns: { after: 30s } }]";
    let mut client = Client::of(WORLD, faults);
    let id = client.get(&lock())["id"].as_str().unwrap().to_owned();
    assert!(client.try_ask("DELETE", &lock(), Value::Null).is_none());
    assert_eq!(client.status("GET", &lock()), 404);
    client.wait(1);
    assert_eq!(client.status("GET", &lock()), 200);
    let log = format!(
        "{S}/providers/Microsoft.Insights/eventtypes/management/values?$filter=eventTimestamp%20ge%20'2026-11-21T00:00:00Z'%20and%20resourceUri%20eq%20'{id}'"
    );
    let events = client.get(&log);
    assert_eq!(
        events["value"][0]["operationName"]["value"],
        "Microsoft.Authorization/locks/delete"
    );
    assert_eq!(list(&events).len(), 1);
}

#[test]
fn a_polling_url_can_be_gone_while_the_work_goes_on() {
    let mut client = Client::of(
        WORLD,
        "[{ on: DELETE /extensions/, gone_polling_url: true }]",
    );
    let url = format!("{}/extensions/VMSnapshot", vm("web1"));
    let answer = client.ask("DELETE", &url, Value::Null);
    assert_eq!(
        client.status("GET", &header(&answer, "Azure-AsyncOperation")),
        404
    );
    client.wait(1);
    assert_eq!(client.status("GET", &url), 404);
}

#[test]
fn an_operation_can_take_longer() {
    let mut client = Client::of(WORLD, "[{ on: DELETE /extensions/, delay: 10m }]");
    let answer = client.ask(
        "DELETE",
        &format!("{}/extensions/VMSnapshot", vm("web1")),
        Value::Null,
    );
    let status = header(&answer, "Azure-AsyncOperation");
    assert_eq!(client.wait(10).get(&status)["status"], "InProgress");
    assert_eq!(client.wait(1).get(&status)["status"], "Succeeded");
}

#[test]
fn the_next_job_fails_as_scripted_and_the_one_after_it_does_not() {
    let faults = "[{ on: POST /backup, job: { code: ExtensionSnapshotFailedCOM, number: 7, message: m, title: false } }]";
    let mut client = Client::of(WORLD, faults);
    let job = client.back_up("web1");
    let failed = client.wait(5).get(&job);
    let error = &failed["properties"]["errorDetails"][0];
    assert_eq!(
        (&error["errorCode"], &error["errorString"]),
        (&7.into(), &"m".into())
    );
    assert!(error.get("errorTitle").is_none());
    let job = client.back_up("web1");
    assert_eq!(
        client.wait(45).get(&job)["properties"]["status"],
        "Completed"
    );
}

#[test]
fn a_restored_copy_goes_on_as_the_original_would_have() {
    let mut client = Client::scenario("rp-limit");
    assert_eq!(client.status("DELETE", &lock()), 200);
    assert_eq!(client.status("DELETE", &collection(WEB1)), 202);
    client.back_up("web10");
    let kept = serde_json::to_string(&client.sim).unwrap();
    let mut copy = Client {
        sim: serde_json::from_str(&kept).unwrap(),
        now: client.now,
    };
    assert_eq!(copy.sim, client.sim);
    assert_eq!(copy.sim.now_origin(), client.now);
    for client in [&mut client, &mut copy] {
        client.wait(60).status("DELETE", &collection(WEB1));
    }
    assert_eq!(copy.sim, client.sim);
}
