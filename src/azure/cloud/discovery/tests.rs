//! Descriptions of clouds, good and bad, and what is asked for them.

use serde_json::json;

use crate::azure::scripted::{self, Stage};

use super::*;

const ARM: &str = "https://arm.example";
const NEWER: &str = "GET https://arm.example/metadata/endpoints?api-version=2022-09-01";
const OLDER: &str = "GET https://arm.example/metadata/endpoints?api-version=2015-01-01";

fn custom() -> Cloud {
    Cloud::public().with_endpoint(ARM, None).unwrap()
}

fn good() -> Value {
    json!({
        "name": "Example",
        "portal": "https://portal.example",
        "authentication": {
            "loginEndpoint": "https://login.example/",
            "audiences": ["https://arm.example/", "https://other.example/"],
            "tenant": "Common",
            "identityProvider": "AAD",
        },
        "resourceManager": "https://arm.example/",
        "suffixes": {"keyVaultDns": "vault.example"},
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut changed = good();
    *changed.pointer_mut(field).unwrap() = value;
    changed
}

async fn discovered(replies: Vec<scripted::Reply>) -> (Result<Metadata, Failure>, Vec<String>) {
    let stage = Stage::new(replies);
    let (clock, chance) = (&stage.arm.clock, &stage.arm.chance);
    let metadata = discover(&custom(), stage.arm.transport.as_ref(), clock, chance).await;
    assert!(stage.is_played());
    let asked = stage.asked();
    assert!(
        asked.iter().all(|a| a.token.is_empty()),
        "no token: {asked:?}"
    );
    (
        metadata,
        asked
            .iter()
            .map(|a| format!("{} {}", a.method, a.url))
            .collect(),
    )
}

async fn said(body: Value) -> Result<Metadata, Failure> {
    discovered(vec![scripted::json(200, body)]).await.0
}

#[tokio::test]
async fn authority_and_audience_are_read_and_no_token_is_sent() {
    for bom in ["", "\u{feff}"] {
        let body = format!("{bom}{}", good());
        let (metadata, asked) = discovered(vec![scripted::reply(200, &[], body)]).await;
        let metadata = metadata.unwrap();
        assert_eq!(
            metadata.authority().unwrap().as_str(),
            "https://login.example/"
        );
        assert_eq!(metadata.audience().unwrap(), "https://arm.example/");
        assert_eq!(asked, [NEWER]);
    }
}

#[tokio::test]
async fn an_endpoint_of_the_older_version_is_asked_in_it() {
    let older = json!({
        "galleryEndpoint": "https://gallery.example",
        "graphEndpoint": "https://graph.example",
        "portalEndpoint": "https://portal.example",
        "authentication": {
            "loginEndpoint": "https://login.example",
            "audiences": ["https://management.contoso.onmicrosoft.com/2f1d"],
        },
    });
    for status in [400, 404] {
        let no = scripted::error(status, "InvalidApiVersionParameter", "no such version");
        let (metadata, asked) = discovered(vec![no, scripted::json(200, older.clone())]).await;
        let audience = metadata.unwrap().audience();
        assert_eq!(
            audience.unwrap(),
            "https://management.contoso.onmicrosoft.com/2f1d"
        );
        assert_eq!(asked, [NEWER, OLDER]);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_place() {
    let place = "https://arm.example/metadata/endpoints?api-version=2022-09-01";
    for (body, words) in [
        (json!([good()]), "not one JSON object"),
        (
            with("/authentication", json!({})),
            "`authentication.audiences[0]` is missing",
        ),
        (
            with("/authentication/audiences", json!([])),
            "`authentication.audiences[0]` is missing",
        ),
        (
            with("/authentication/audiences/0", json!(7)),
            "`authentication.audiences[0]` is missing",
        ),
        (
            with("/authentication/loginEndpoint", json!("")),
            "`authentication.loginEndpoint` is missing",
        ),
        (
            with(
                "/authentication/loginEndpoint",
                json!("http://login.example"),
            ),
            "plain http",
        ),
        (
            with(
                "/authentication/loginEndpoint",
                json!("https://fs.example/adfs"),
            ),
            "more than a host",
        ),
        (
            with("/resourceManager", json!("https://management.azure.com/")),
            "`resourceManager` is `https://management.azure.com/`",
        ),
    ] {
        let failure = match said(body.clone()).await {
            Err(failure) => failure,
            Ok(metadata) => metadata
                .audience()
                .and_then(|_| metadata.authority())
                .expect_err(words),
        };
        assert_eq!(failure.class, ErrorClass::Invalid, "{failure}");
        let text = failure.to_string();
        assert!(text.contains(words) && text.contains(place), "{text}");
        assert!(text.contains("--arm-"), "says what to do: {text}");
    }
    let (metadata, _) = discovered(vec![scripted::reply(200, &[], "<html>")]).await;
    let text = metadata.unwrap_err().to_string();
    assert!(
        text.contains("not JSON (expected value at line 1 column 1)"),
        "{text}"
    );
}

/// A token for somebody else would be sent to whoever answers at the endpoint.
#[tokio::test]
async fn somebody_elses_audience_is_not_taken_from_an_endpoint() {
    for (audience, taken) in [
        ("https://arm.example", true),
        ("https://ARM.example/", true),
        ("https://management.contoso.onmicrosoft.com/2f1d", true),
        ("https://management.azure.com/", false),
        ("https://management.core.windows.net/", false),
        ("https://graph.microsoft.com", false),
        ("https://example", false),
        ("https://arm.example.evil.example/", false),
        ("https://arm.example@graph.microsoft.com/", false),
        ("797f4846-ba00-4fd7-ba43-dac1f8f63013", false),
    ] {
        let body = with("/authentication/audiences", json!([audience]));
        let found = said(body).await.unwrap().audience();
        assert_eq!(found.is_ok(), taken, "{audience}: {found:?}");
        if let Err(failure) = found {
            assert!(
                failure
                    .message
                    .contains(&format!("--arm-audience {audience}")),
                "{failure}"
            );
        }
    }
    let cloud = Cloud::usgov();
    let metadata = Metadata {
        arm: cloud.arm,
        place: String::new(),
        said: Value::Null,
    };
    assert!(
        metadata.may_have(&cloud.audience),
        "the documented form with `core`"
    );
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    let busy = || scripted::error(503, "ServerTimeout", "later");
    let (metadata, asked) = discovered(vec![busy(), scripted::json(200, good())]).await;
    assert!(metadata.is_ok());
    assert_eq!(asked, [NEWER, NEWER]);
    let no = scripted::error(403, "Forbidden", "not from here");
    let (metadata, asked) = discovered(vec![no]).await;
    let failure = metadata.unwrap_err();
    assert_eq!((failure.class, asked.len()), (ErrorClass::Invalid, 1));
    assert!(
        failure.message.contains("not from here (HTTP 403)"),
        "{failure}"
    );
    let lost = || {
        Err(crate::azure::WireError::NotSent(
            "connection refused".to_owned(),
        ))
    };
    let (metadata, asked) = discovered(vec![lost(), lost(), lost(), lost()]).await;
    assert_eq!(metadata.unwrap_err().class, ErrorClass::Unreachable);
    assert_eq!(asked.len(), 4);
}
