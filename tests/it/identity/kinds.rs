//! Every kind of credential: what it asks, how often, and what is told when it gets nothing.

use std::sync::Arc;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use runbook::azure::{Arm, Cloud, CredentialKind, CredentialSettings, HttpTransport, TokenSource};
use runbook::base::{Chance, Clock};
use runbook::core::journal::memory::Memory;
use runbook::ops::{Ask, OpsError, World, catalogue, plan};
use serde_json::Value;

use crate::kit::server::{Reroute, form, header, query};
use crate::kit::wire::Request;

use super::office::{
    CLIENT, CLIENT_SECRET, CODE, FEDERATED, IDENTITY_HEADER, Mood, OIDC, Office, SYSTEM_TOKEN,
    TENANT,
};

const HOUR: i64 = 3_600;

/// Less than the five minutes before its end at which a token is replaced.
const MINUTES: i64 = 200;

const SCOPE: &str = "https://management.azure.com/.default";
const RESOURCE: &str = "https://management.azure.com";

struct Kind {
    name: &'static str,
    /// Requests for one token.
    each: usize,
    plan: fn(&Office, &str),
    seen: fn(&Office),
}

const KINDS: [Kind; 9] = [
    Kind {
        name: "client-secret",
        each: 1,
        plan: by_program,
        seen: secret_is_posted,
    },
    Kind {
        name: "client-certificate",
        each: 1,
        plan: by_program,
        seen: own_assertion_is_posted,
    },
    Kind {
        name: "workload",
        each: 1,
        plan: by_program,
        seen: federated_token_is_posted,
    },
    Kind {
        name: "managed-identity",
        each: 1,
        plan: by_program,
        seen: app_service_is_asked,
    },
    Kind {
        name: "managed-identity",
        each: 1,
        plan: by_library,
        seen: metadata_service_is_asked,
    },
    Kind {
        name: "pipelines",
        each: 2,
        plan: by_program,
        seen: pipeline_is_asked_first,
    },
    Kind {
        name: "cli",
        each: 1,
        plan: by_program,
        seen: az_is_run,
    },
    Kind {
        name: "token",
        each: 0,
        plan: by_program,
        seen: nobody_is_asked,
    },
    Kind {
        name: "auto",
        each: 1,
        plan: by_program,
        seen: federated_token_is_posted,
    },
];

#[test]
fn every_kind_asks_in_its_own_form_once_for_many_requests_and_again_near_the_end() {
    let mut requests = 0;
    for kind in &KINDS {
        let office = Office::new(Mood::Grants(HOUR));
        (kind.plan)(&office, kind.name);
        (kind.seen)(&office);
        let bearers = office.bearers();
        assert!(
            bearers.len() > 5,
            "{}: {} requests to ARM",
            kind.name,
            bearers.len()
        );
        assert_eq!(office.distinct_bearers(), 1, "{}", kind.name);
        assert_eq!(office.asked(), kind.each, "{}", kind.name);
        requests += office.asked();

        let office = Office::new(Mood::Grants(MINUTES));
        (kind.plan)(&office, kind.name);
        let (sent, tokens) = (office.bearers().len(), office.distinct_bearers());
        let expected = if kind.each == 0 { 1 } else { sent };
        assert_eq!(tokens, expected, "{}: a new token each time", kind.name);
        assert!(office.asked() >= sent * kind.each, "{}", kind.name);
        requests += office.asked();
    }
    println!(
        "identity: {} credential kinds, {requests} token requests seen",
        KINDS.len()
    );
}

fn by_program(office: &Office, kind: &str) {
    let end = office.plan(&office.variables(), &["--credential", kind]);
    assert_eq!(end.code, 0, "{kind}: {}{}", end.out, end.err);
}

fn by_library(office: &Office, _: &str) {
    over_metadata_service(office).unwrap();
}

/// Plans as the managed identity of a VM: 169.254.169.254 is led to the office's desk.
fn over_metadata_service(office: &Office) -> Result<(), OpsError> {
    let settings = CredentialSettings {
        kind: CredentialKind::ManagedIdentity,
        client_id: Some(CLIENT.to_owned()),
        ..CredentialSettings::default()
    };
    let cloud = Cloud::public().with_endpoint(&office.arm.origin, None);
    let cloud = cloud.unwrap();
    let tokens = TokenSource::over(settings, &cloud, Reroute::to(&office.desk)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let network = Arc::new(HttpTransport::new(Duration::from_secs(20)).unwrap());
        let (clock, chance) = (Clock::system(), Chance::seeded(7));
        let arm = Arm::new(cloud, network, tokens, clock.clone(), chance.clone());
        let runbooks = catalogue(None).unwrap();
        let world = World::of(arm, Arc::new(Memory::default()), runbooks, clock, chance);
        let ask = Ask {
            code: Some(CODE.to_owned()),
            vm: office.vm.clone(),
            ..Ask::default()
        };
        plan(&world, &ask).await.map(drop)
    })
}

fn line(request: &Request) -> String {
    format!("{} {}", request.method(), request.uri().path())
}

/// The form of the one request that the authority was asked.
fn posted(office: &Office) -> std::collections::BTreeMap<String, String> {
    let asked = office.authority.asked();
    let [request] = asked.as_slice() else {
        panic!("one request: {asked:?}");
    };
    assert_eq!(line(request), format!("POST /{TENANT}/oauth2/v2.0/token"));
    let kind = header(request, "content-type");
    assert_eq!(kind, "application/x-www-form-urlencoded");
    assert_eq!(header(request, "authorization"), "");
    let form = form(request);
    assert_eq!(form["client_id"], CLIENT);
    assert_eq!(form["grant_type"], "client_credentials");
    assert_eq!(form["scope"], SCOPE);
    form
}

fn secret_is_posted(office: &Office) {
    assert_eq!(posted(office)["client_secret"], CLIENT_SECRET);
    assert!(office.desk.asked().is_empty() && office.az().is_empty());
}

fn assertion(office: &Office) -> String {
    let form = posted(office);
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(form["client_assertion_type"], kind);
    assert!(!form.contains_key("client_secret") && office.az().is_empty());
    form["client_assertion"].clone()
}

fn own_assertion_is_posted(office: &Office) {
    let assertion = assertion(office);
    let claims = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1).unwrap());
    let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
    let audience = format!("{}/{TENANT}/oauth2/v2.0/token", office.authority.origin);
    assert_eq!(
        (&claims["aud"], &claims["iss"]),
        (&audience.into(), &CLIENT.into())
    );
}

fn federated_token_is_posted(office: &Office) {
    assert_eq!(assertion(office), FEDERATED);
    assert!(office.desk.asked().is_empty());
}

fn pipeline_is_asked_first(office: &Office) {
    let asked = office.desk.asked();
    let oidc = &asked[0];
    assert_eq!((asked.len(), line(oidc).as_str()), (1, "POST /oidc"));
    let query = query(oidc);
    assert_eq!(query["api-version"], "7.1");
    assert_eq!(query["serviceConnectionId"], "connection");
    assert_eq!(
        header(oidc, "authorization"),
        format!("Bearer {SYSTEM_TOKEN}")
    );
    assert_eq!(header(oidc, "x-tfs-fedauthredirect"), "Suppress");
    assert_eq!(assertion(office), OIDC);
}

/// The form that App Service and the metadata service share.
fn managed(request: &Request) {
    let query = query(request);
    assert_eq!(query["api-version"], "2019-08-01");
    assert_eq!(query["resource"], RESOURCE);
    assert_eq!(query["client_id"], CLIENT);
    assert_eq!(header(request, "metadata"), "true");
}

fn app_service_is_asked(office: &Office) {
    let asked = office.desk.asked();
    assert_eq!(
        asked.iter().map(line).collect::<Vec<_>>(),
        ["GET /msi/token"]
    );
    managed(&asked[0]);
    assert_eq!(header(&asked[0], "x-identity-header"), IDENTITY_HEADER);
    assert!(office.authority.asked().is_empty() && office.az().is_empty());
}

fn metadata_service_is_asked(office: &Office) {
    let asked = office.desk.asked();
    let lines: Vec<_> = asked.iter().map(line).collect();
    let token = "GET /metadata/identity/oauth2/token";
    assert_eq!(lines, ["GET /metadata/instance", token]);
    for request in &asked {
        assert_eq!(header(request, "host"), "169.254.169.254");
        assert_eq!(header(request, "metadata"), "true");
    }
    managed(&asked[1]);
    assert_eq!(header(&asked[1], "x-identity-header"), "");
}

fn az_is_run(office: &Office) {
    let command = format!("account get-access-token -o json --scope {SCOPE} --tenant {TENANT}");
    assert_eq!(office.az(), [command]);
    assert!(office.authority.asked().is_empty() && office.desk.asked().is_empty());
}

fn nobody_is_asked(office: &Office) {
    assert_eq!(office.bearers()[0], "given");
}

#[test]
fn a_refusal_is_told_in_the_words_of_who_refused_and_without_a_secret() {
    let entra = ["AADSTS7000215: Invalid client secret provided.", "HTTP 401"];
    for (kind, words) in [
        ("client-secret", entra.as_slice()),
        ("client-certificate", &entra),
        ("workload", &entra),
        ("pipelines", &["answered: /oidc knows you not", "HTTP 400"]),
        (
            "managed-identity",
            &["answered: /msi/token knows you not", "HTTP 400"],
        ),
        ("cli", &["Please run 'az login' to setup account."]),
        (
            "auto",
            &[
                "workload: AADSTS7000215",
                "managed-identity: ",
                "/msi/token knows",
                "cli: ERROR",
            ],
        ),
    ] {
        let office = Office::new(Mood::Refuses);
        let end = office.plan(&office.variables(), &["--credential", kind, "-vv"]);
        let said = end.said();
        assert_eq!(end.code, 77, "{kind}: {said}");
        for word in words {
            assert!(said.contains(word), "{kind}: `{word}` is not in: {said}");
        }
        holds_no_secret(&said);
        assert!(
            office.arm.asked().is_empty(),
            "{kind}: nothing is asked without a token"
        );
    }
    let office = Office::of(Mood::Grants(HOUR), Mood::Refuses);
    let failure = over_metadata_service(&office).unwrap_err().to_string();
    let told = "`http://169.254.169.254` answered: /metadata/identity/oauth2/token knows you not";
    assert!(failure.contains(told), "{failure}");
}

#[test]
fn what_entra_refuses_a_pipeline_is_told_with_its_number() {
    let office = Office::of(Mood::Refuses, Mood::Grants(HOUR));
    let flags = ["--credential", "pipelines", "--output", "json"];
    let end = office.plan(&office.variables(), &flags);
    let report: Value = serde_json::from_str(&end.out).unwrap();
    let error = &report["error"];
    assert_eq!(
        (end.code, &error["class"], &error["code"]),
        (77, &"auth".into(), &"AADSTS7000215".into())
    );
    holds_no_secret(&end.out);
}

fn holds_no_secret(said: &str) {
    let encoded: String = url::form_urlencoded::byte_serialize(CLIENT_SECRET.as_bytes()).collect();
    for secret in [
        CLIENT_SECRET,
        &encoded,
        SYSTEM_TOKEN,
        IDENTITY_HEADER,
        FEDERATED,
        OIDC,
    ] {
        assert!(!said.contains(secret), "`{secret}` is in: {said}");
    }
    // Whatever the certificate has signed.
    assert!(!said.contains("eyJ"), "{said}");
}
