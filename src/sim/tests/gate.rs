//! What ARM refuses before a provider sees the request.

use super::*;

fn bare(url: &str, authorization: Option<&str>) -> Request<Vec<u8>> {
    let mut request = Request::get(format!("https://arm.test{url}"));
    if let Some(value) = authorization {
        request = request.header("Authorization", value);
    }
    request.body(Vec::new()).unwrap()
}

#[test]
fn a_request_needs_a_token_that_has_not_expired_and_an_api_version() {
    let mut client = Client::scenario("healthy");
    let url = format!("{}?api-version=2024-07-01", vm("web1"));
    for (authorization, wanted) in [
        (None, "AuthenticationFailed"),
        (Some("Bearer "), "AuthenticationFailed"),
        (Some("Bearer expired"), "ExpiredAuthenticationToken"),
    ] {
        let answer = client.send(bare(&url, authorization)).unwrap();
        assert_eq!(
            (answer.status().as_u16(), code(&answer).as_str()),
            (401, wanted)
        );
        assert!(header(&answer, "WWW-Authenticate").starts_with("Bearer "));
    }
    let answer = client.send(bare(&vm("web1"), Some("Bearer t"))).unwrap();
    assert_eq!(
        (answer.status().as_u16(), code(&answer).as_str()),
        (400, "MissingApiVersionParameter")
    );
    let wrong = format!("{}?api-version=latest", vm("web1"));
    assert_eq!(
        code(&client.send(bare(&wrong, Some("Bearer t"))).unwrap()),
        "InvalidApiVersionParameter"
    );
}

#[test]
fn an_unknown_path_and_another_subscription_are_404_with_an_error() {
    let mut client = Client::scenario("healthy");
    let answer = client.ask(
        "GET",
        &format!("{S}/providers/Microsoft.Web/sites"),
        Value::Null,
    );
    assert_eq!(
        (answer.status().as_u16(), code(&answer).is_empty()),
        (404, false)
    );
    let answer = client.ask("GET", "/subscriptions/other/resourceGroups", Value::Null);
    assert_eq!(code(&answer), "SubscriptionNotFound");
}

#[test]
fn an_identity_without_the_right_is_told_action_and_scope_and_nothing_happens() {
    let world = "
vms: [{ name: web1, group: rg-web, extensions: [{ name: VMSnapshot }] }]
identity:
  object_id: oid
  name: app
  allowed: ['*/read', { scope: group other, actions: ['*'] }]
";
    let mut client = Client::of(world, "[]");
    let url = format!("{}/extensions/VMSnapshot", vm("web1"));
    let answer = client.ask("DELETE", &url, Value::Null);
    assert_eq!(
        (answer.status().as_u16(), code(&answer).as_str()),
        (403, "AuthorizationFailed")
    );
    let expected = format!(
        "The client 'app' with object id 'oid' does not have authorization to perform action \
         'Microsoft.Compute/virtualMachines/extensions/delete' over scope '{url}' or the scope is \
         invalid. If access was recently granted, please refresh your credentials."
    );
    assert_eq!(json(&answer)["error"]["message"], expected);
    assert_eq!(header(&answer, "x-ms-failure-cause"), "gateway");
    client.wait(60);
    assert_eq!(client.status("GET", &url), 200);
}

#[test]
fn permissions_are_those_granted_at_or_above_the_scope() {
    let world = "
vms: [{ name: web1, group: rg-web }]
identity:
  allowed: ['*/read', { scope: group other, actions: ['*'], not_actions: ['x/*'] }]
";
    let mut client = Client::of(world, "[]");
    let at = |scope: &str| format!("{scope}/providers/Microsoft.Authorization/permissions");
    let here = client.get(&at(&vm("web1")));
    assert_eq!(list(&here).len(), 1);
    assert_eq!(here["value"][0]["actions"][0], "*/read");
    let there = client.get(&at(&format!("{S}/resourceGroups/Other")));
    assert_eq!(list(&there).len(), 2);
    assert_eq!(there["value"][1]["notActions"][0], "x/*");
}

#[test]
fn budgets_answer_429_in_both_shapes_and_recover() {
    let world = "
vms: [{ name: web1, group: rg-web, extensions: [{ name: a }, { name: b }] }]
vaults: [{ name: vault-web, items: [{ vm: web1 }] }]
behaviour: { throttle: { job_reads_per_hour: 1, vm_changes_per_minute: 1 } }
";
    let mut client = Client::of(world, "[]");
    let jobs = format!("{}/backupJobs", vault());
    assert_eq!(client.status("GET", &jobs), 200);
    let answer = client.ask("GET", &jobs, Value::Null);
    assert_eq!(
        (answer.status().as_u16(), code(&answer).as_str()),
        (429, "ResourceRequestsThrottled")
    );
    assert!(answer.headers().get("Retry-After").is_none());
    let text = json(&answer)["error"]["message"].to_string();
    assert!(text.contains("try again after '3600' seconds"), "{text}");

    assert_eq!(
        client.status("DELETE", &format!("{}/extensions/a", vm("web1"))),
        202
    );
    let answer = client.ask(
        "DELETE",
        &format!("{}/extensions/b", vm("web1")),
        Value::Null,
    );
    assert_eq!(json(&answer)["code"], "OperationNotAllowed");
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "Retry-After")),
        (429, "60".to_owned())
    );
    client.wait(61);
    assert_eq!(client.status("GET", &jobs), 200);
}

#[test]
fn tokens_are_handed_out_without_one_and_kept_out_of_the_ledger() {
    let mut client = Client::scenario("healthy");
    let request = Request::post("https://arm.test/t/oauth2/v2.0/token").body(b"secret".to_vec());
    let answer = client.send(request.unwrap()).unwrap();
    let token = json(&answer)["access_token"].as_str().unwrap().to_owned();
    assert_eq!(token.split('.').count(), 3);
    assert_eq!(client.sim.ledger()[0].body, None);
    let request = Request::get("https://arm.test/metadata/endpoints?api-version=2022-09-01");
    let answer = client.send(request.body(Vec::new()).unwrap()).unwrap();
    assert!(json(&answer).is_object());
}
