//! Each cloud asks its own authority for tokens of its own ARM; a custom one says who these are.

use runbook::azure::{
    Arm, Cloud, CredentialKind, CredentialSettings, Reader, ResourceId, TokenSource,
};
use runbook::base::{Chance, Clock, Secret};
use serde_json::{Value, json};

use crate::kit::server::{Reroute, Server, form, header, json};
use crate::kit::wire::{Answer, Request};

use super::office::{CLIENT, Mood, Office, TENANT};

/// Short name, long name, ARM, audience, authority: `azure-api.md` section 11, written down once
/// more. The last two are known from third parties alone.
const CLOUDS: [[&str; 5]; 5] = [
    [
        "public",
        "AzureCloud",
        "management.azure.com",
        "https://management.azure.com",
        "login.microsoftonline.com",
    ],
    [
        "usgov",
        "AzureUSGovernment",
        "management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net",
        "login.microsoftonline.us",
    ],
    [
        "china",
        "AzureChinaCloud",
        "management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "login.chinacloudapi.cn",
    ],
    [
        "usnat",
        "AzureUSNatCloud",
        "management.azure.eaglex.ic.gov",
        "https://management.azure.eaglex.ic.gov/",
        "login.microsoftonline.eaglex.ic.gov",
    ],
    [
        "ussec",
        "AzureUSSecCloud",
        "management.azure.microsoft.scloud",
        "https://management.azure.microsoft.scloud/",
        "login.microsoftonline.microsoft.scloud",
    ],
];

/// Authority and ARM in one: everything that leaves is led here.
fn everybody() -> Server {
    Server::http(|request: &Request| -> Answer {
        let token = json!({"token_type": "Bearer", "expires_in": 3_600, "access_token": "granted"});
        match request.uri().path().ends_with("/token") {
            true => json(200, &token),
            false => json(200, &json!({"value": []})),
        }
    })
}

#[tokio::test]
async fn each_cloud_has_its_own_authority_audience_and_endpoint() {
    for [short, long, arm, audience, authority] in CLOUDS {
        let cloud = Cloud::by_name(short).unwrap();
        assert_eq!(cloud, Cloud::by_name(&long.to_lowercase()).unwrap());
        let settings = CredentialSettings {
            kind: CredentialKind::ClientSecret,
            tenant: Some(TENANT.to_owned()),
            client_id: Some(CLIENT.to_owned()),
            client_secret: Some(Secret::new("a secret")),
            ..CredentialSettings::default()
        };
        let server = everybody();
        let way = Reroute::to(&server);
        let tokens = TokenSource::over(settings, &cloud, way.clone()).unwrap();
        let clock = Clock::system();
        let reader = Reader::new(Arm::new(cloud, way, tokens, clock, Chance::seeded(7)));
        let scope = ResourceId::parse("/subscriptions/s").unwrap();
        reader.locks(&scope).await.unwrap();

        let asked = server.asked();
        let hosts: Vec<_> = asked.iter().map(|r| header(r, "host")).collect();
        assert_eq!(hosts, [authority, arm], "{short}");
        assert_eq!(
            form(&asked[0])["scope"],
            format!("{audience}/.default"),
            "{short}"
        );
        assert_eq!(
            header(&asked[1], "authorization"),
            "Bearer granted",
            "{short}"
        );
    }
}

/// An ARM that describes its cloud, and has nothing else.
fn described(authority: &str, audience: Option<&str>) -> Server {
    let authority = authority.to_owned();
    let audience = audience.map(ToOwned::to_owned);
    Server::http(move |request: &Request| -> Answer {
        let origin = format!("http://{}", header(request, "host"));
        let audience = audience.clone().unwrap_or_else(|| origin.clone());
        match request.uri().path() {
            "/metadata/endpoints" => json(
                200,
                &json!({
                    "name": "Contoso",
                    "authentication": {"loginEndpoint": authority, "audiences": [audience]},
                    "resourceManager": origin,
                }),
            ),
            _ => json(
                403,
                &json!({"error": {"code": "AuthorizationFailed", "message": "no"}}),
            ),
        }
    })
}

fn lines(server: &Server) -> Vec<String> {
    let line = |r: &Request| format!("{} {}", header(r, "authorization"), r.uri().path());
    server.asked().iter().map(line).collect()
}

#[test]
fn a_custom_cloud_is_asked_without_a_token_and_its_authority_for_its_audience() {
    let mut office = Office::new(Mood::Grants(3_600));
    office.arm = described(&office.authority.origin, None);
    let variables = super::office::without(&office.variables(), &["AZURE_AUTHORITY_HOST"]);
    let flags = ["--cloud", "custom", "--credential", "client-secret"];
    let end = office.plan(&variables, &flags);
    assert_eq!(end.code, 77, "the VM cannot be read: {}", end.err);
    let vm = format!("Bearer granted-1 {}", office.vm);
    assert_eq!(
        lines(&office.arm)[..2],
        [" /metadata/endpoints".to_owned(), vm]
    );
    let scope = &form(&office.authority.asked()[0])["scope"];
    assert_eq!(*scope, format!("{}/.default", office.arm.origin));
}

#[test]
fn what_is_given_is_not_asked_for() {
    let mut office = Office::new(Mood::Grants(3_600));
    office.arm = described(
        "https://nobody.invalid",
        Some("https://graph.microsoft.com"),
    );
    for (flags, asks) in [
        (&["--credential", "token"][..], 0),
        (
            &[
                "--credential",
                "client-secret",
                "--arm-audience",
                "https://a",
            ],
            0,
        ),
        (&["--credential", "client-secret"], 1),
    ] {
        let before = office.arm.asked().len();
        let flags = [&["--cloud", "custom"], flags].concat();
        let end = office.plan(&office.variables(), &flags);
        let asked = lines(&office.arm).split_off(before);
        let metadata = asked
            .iter()
            .filter(|line| line.ends_with("/metadata/endpoints"));
        assert_eq!(metadata.count(), asks, "{flags:?}: {asked:?} {}", end.err);
    }
}

#[test]
fn an_endpoint_that_claims_somebody_elses_audience_gets_no_token() {
    let mut office = Office::new(Mood::Grants(3_600));
    office.arm = described(
        &office.authority.origin,
        Some("https://management.azure.com/"),
    );
    let flags = [
        "--cloud",
        "custom",
        "--credential",
        "cli",
        "--output",
        "json",
    ];
    let end = office.plan(&office.variables(), &flags);
    let report: Value = serde_json::from_str(&end.out).unwrap();
    assert_eq!((end.code, &report["exit_code"]), (64, &64.into()));
    let said = report["error"]["message"].to_string();
    let place = format!("{}/metadata/endpoints", office.arm.origin);
    for words in [
        "authentication.audiences[0]",
        "--arm-audience https://management.azure.com/",
    ] {
        assert!(said.contains(words), "{report:#}");
    }
    assert!(end.out.contains(&place), "{report:#}");
    assert_eq!((office.asked(), lines(&office.arm).len()), (0, 1));
}
