//! Long-running operations, paging and the casing of ids.

use serde_json::json;

use super::*;

fn unlocked() -> Client {
    let (world, _) = scenarios::yaml("rp-limit").unwrap();
    let mut client = Client::of(world, "[]");
    assert_eq!(client.status("DELETE", &lock()), 200);
    client
}

#[test]
fn a_deletion_is_accepted_runs_and_ends_and_a_second_one_finds_nothing() {
    let mut client = unlocked();
    let answer = client.ask("DELETE", &collection(WEB1), Value::Null);
    assert_eq!((answer.status().as_u16(), answer.body().len()), (202, 0));
    let (status, result) = (
        header(&answer, "Azure-AsyncOperation"),
        header(&answer, "Location"),
    );
    assert!(status.len() > 3_000 && status.starts_with("https://arm.test/"));
    assert_eq!(client.get(&status)["status"], "InProgress");
    assert_eq!(client.ask("GET", &result, Value::Null).status(), 202);
    assert_eq!(
        client.get(&collection(WEB1))["properties"]["provisioningState"],
        "Deleting"
    );
    assert_eq!(
        code(&client.ask("DELETE", &collection(WEB1), Value::Null)),
        "OperationNotAllowed"
    );
    client.wait(2);
    let done = client.get(&status);
    assert_eq!(done["status"], "Succeeded");
    assert!(done["endTime"].as_str().unwrap().ends_with("+00:00"));
    assert_eq!(client.ask("GET", &result, Value::Null).status(), 200);
    assert_eq!(client.status("GET", &collection(WEB1)), 404);
    assert_eq!(client.status("DELETE", &collection(WEB1)), 204);
}

#[test]
fn a_polling_url_must_be_kept_whole() {
    let mut client = unlocked();
    let answer = client.ask("DELETE", &collection(WEB1), Value::Null);
    let url = header(&answer, "Azure-AsyncOperation");
    assert_eq!(client.status("GET", &url[..url.len() - 1]), 403);
}

#[test]
fn an_extension_goes_without_retry_after_and_only_while_the_vm_runs() {
    let world = |power: &str, agent: &str| {
        format!(
            "vms: [{{ name: web1, group: rg-web, power: {power}, agent: {agent}, extensions: [{{ name: VMSnapshot }}] }}]"
        )
    };
    let url = format!("{}/extensions/VMSnapshot", vm("web1"));
    let mut client = Client::of(&world("running", "ready"), "[]");
    let answer = client.ask("DELETE", &url, Value::Null);
    assert_eq!(answer.status(), 202);
    assert!(answer.headers().get("Retry-After").is_none());
    client.wait(1);
    assert_eq!(client.status("DELETE", &url), 204);

    let mut client = Client::of(&world("stopped", "ready"), "[]");
    assert_eq!(
        code(&client.ask("DELETE", &url, Value::Null)),
        "OperationNotAllowed"
    );

    let mut client = Client::of(&world("running", "not_ready"), "[]");
    let answer = client.ask("DELETE", &url, Value::Null);
    let status = header(&answer, "Azure-AsyncOperation");
    assert_eq!(client.wait(24).get(&status)["status"], "InProgress");
    assert_eq!(
        client.wait(2).get(&status)["error"]["code"],
        "VMAgentStatusCommunicationError"
    );
    assert_eq!(client.status("GET", &url), 200);
}

#[test]
fn a_script_runs_alone_answers_in_both_places_and_needs_an_agent() {
    let mut client = Client::scenario("snapshot-sql");
    let url = format!("{}/runCommand", vm("web1"));
    let body = json!({
        "commandId": "RunPowerShellScript",
        "script": ["# runbook-script: win-reg-string", "param()"],
        "parameters": [{"name": "Switch", "value": "UseVssCopy"}, {"name": "Apply", "value": "true"}],
    });
    let answer = client.ask("POST", &url, body.clone());
    let (status, result) = (
        header(&answer, "Azure-AsyncOperation"),
        header(&answer, "Location"),
    );
    assert_eq!(code(&client.ask("POST", &url, body.clone())), "Conflict");
    client.wait(1);
    let done = client.get(&status);
    let out = &done["properties"]["output"]["value"][0];
    assert_eq!(out["code"], "ComponentStatus/StdOut/succeeded");
    assert!(
        out["message"]
            .as_str()
            .unwrap()
            .starts_with("RESULT {\"state\":\"changed\""),
        "{out}"
    );
    assert_eq!(client.get(&result)["value"][0], *out);
    assert_eq!(client.ask("POST", &url, body.clone()).status(), 202);

    let mut client = Client::of(
        "vms: [{ name: web1, group: rg-web, power: deallocated }]",
        "[]",
    );
    assert_eq!(
        code(&client.ask("POST", &url, body.clone())),
        "OperationNotAllowed"
    );
    let mut client = Client::of(
        "vms: [{ name: web1, group: rg-web, agent: stale_ready }]",
        "[]",
    );
    let answer = client.ask("POST", &url, body);
    let status = header(&answer, "Azure-AsyncOperation");
    assert_eq!(client.wait(89).get(&status)["status"], "InProgress");
    assert_eq!(
        client.wait(2).get(&status)["error"]["code"],
        "VMExtensionProvisioningTimeout"
    );
}

#[test]
fn an_unknown_script_leaves_no_result() {
    let world = "vms: [{ name: web1, group: rg-web, os: linux }]";
    let mut client = Client::of(world, "[]");
    let body = json!({"commandId": "RunShellScript", "script": ["echo hello"]});
    let answer = client.ask("POST", &format!("{}/runCommand", vm("web1")), body);
    let done = client.wait(1).get(&header(&answer, "Azure-AsyncOperation"));
    let message = done["properties"]["output"]["value"][0]["message"]
        .as_str()
        .unwrap();
    assert!(message.starts_with("Enable succeeded: \n[stdout]\n") && !message.contains("RESULT"));
}

#[test]
fn pages_follow_each_other_and_a_subscriptions_list_shouts_its_groups() {
    let world = "
vms: [{ name: web1, group: rg-web }]
restore_point_collections: [{ vm: web1, name: a }, { vm: web1, name: b }, { vm: web1, name: c }]
behaviour: { page_size: 2 }
";
    let mut client = Client::of(world, "[]");
    let kind = "providers/Microsoft.Compute/restorePointCollections";
    let first = client.get(&format!("{S}/{kind}"));
    assert_eq!(list(&first).len(), 2);
    let id = first["value"][0]["id"].as_str().unwrap();
    assert!(
        id.contains("/resourceGroups/AZUREBACKUPRG_WESTEUROPE_1/"),
        "{id}"
    );
    let second = client.get(first["nextLink"].as_str().unwrap());
    assert_eq!(list(&second).len(), 1);
    assert!(second.get("nextLink").is_none());
    let in_group = client.get(&format!("{}/{kind}", backup_group()));
    let id = in_group["value"][0]["id"].as_str().unwrap();
    assert!(id.contains("/AzureBackupRG_westeurope_1/"), "{id}");
    assert!(client.get(id)["properties"].get("restorePoints").is_none());
}

#[test]
fn points_come_only_when_asked_for_and_one_can_be_deleted() {
    let mut client = unlocked();
    let expanded = format!("{}?$expand=restorePoints", collection(WEB1));
    let points = client.get(&expanded)["properties"]["restorePoints"].clone();
    assert_eq!(points.as_array().unwrap().len(), 18);
    let oldest = points[0]["id"].as_str().unwrap();
    assert_eq!(client.status("DELETE", oldest), 202);
    client.wait(1);
    assert_eq!(client.status("GET", oldest), 404);
    let left = client.get(&expanded)["properties"]["restorePoints"].clone();
    assert_eq!(left.as_array().unwrap().len(), 17);
}
