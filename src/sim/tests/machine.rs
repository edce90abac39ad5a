//! What is done to a machine as a whole.

use serde_json::json;

use super::*;

fn world(fields: &str) -> Client {
    let world = format!("vms: [{{ name: web1, group: rg-web, {fields} }}]");
    Client::of(&world, "[]")
}

fn stands(client: &mut Client) -> (Value, Value) {
    let vm = client.get(&format!("{}?$expand=instanceView", vm("web1")));
    let properties = &vm["properties"];
    let agent = &properties["instanceView"]["vmAgent"]["statuses"][0]["displayStatus"];
    (properties["provisioningState"].clone(), agent.clone())
}

#[test]
fn a_rung_is_an_operation_during_which_the_vm_is_updating_and_it_mends_what_it_can() {
    for (verb, mended_by, mended) in [
        ("reapply", "reapply", true),
        ("reapply", "restart", false),
        ("restart", "restart", true),
        ("redeploy", "restart", true),
        ("redeploy", "never", false),
    ] {
        let mut client = world(&format!(
            "agent: not_ready, provisioning: Failed, mended_by: {mended_by}"
        ));
        let answer = client.ask("POST", &format!("{}/{verb}", vm("web1")), Value::Null);
        assert_eq!((answer.status().as_u16(), answer.body().len()), (202, 0));
        let status = header(&answer, "Azure-AsyncOperation");
        assert_eq!(client.get(&status)["status"], "InProgress");
        assert_eq!(stands(&mut client).0, "Updating");
        client.wait(10);
        assert_eq!(client.get(&status)["status"], "Succeeded");
        let (state, agent) = if mended {
            ("Succeeded", "Ready")
        } else {
            ("Failed", "Not Ready")
        };
        assert_eq!(
            stands(&mut client),
            (json!(state), json!(agent)),
            "{verb} {mended_by}"
        );
    }
}

#[test]
fn a_vm_that_is_off_is_not_restarted_and_deallocating_it_releases_it() {
    let mut client = world("power: stopped");
    for verb in ["restart", "redeploy"] {
        let answer = client.ask("POST", &format!("{}/{verb}", vm("web1")), Value::Null);
        assert_eq!(answer.status(), 409, "{verb}");
    }
    assert_eq!(
        client.status("POST", &format!("{}/deallocate", vm("web1"))),
        202
    );
    client.wait(5);
    let statuses = client.get(&format!("{}/instanceView", vm("web1")))["statuses"].to_string();
    assert!(statuses.contains("PowerState/deallocated"), "{statuses}");
}

#[test]
fn a_vm_that_forbids_extensions_allows_them_when_it_is_told_to() {
    let mut client = world("allow_extension_operations: false");
    let body = json!({"properties": {"osProfile": {"allowExtensionOperations": true}}});
    let answer = client.ask("PATCH", &vm("web1"), body);
    assert_eq!(answer.status(), 200);
    let allowed =
        |body: &Value| body["properties"]["osProfile"]["allowExtensionOperations"].clone();
    assert_eq!(allowed(&json(&answer)), true);
    assert_eq!(allowed(&client.get(&vm("web1"))), true);
}
