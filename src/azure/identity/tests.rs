//! The choice of a credential, the chain, and the probe.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use url::Url;

use crate::azure::entra::tests::{Desk, Shell, answer, application, entra, granted};
use crate::azure::tokens::TokenSource;
use crate::azure::transport::WireError;
use crate::base::clock::{self, wall_now};

use super::*;

fn settings(kind: CredentialKind) -> CredentialSettings {
    CredentialSettings {
        kind,
        ..CredentialSettings::default()
    }
}

#[tokio::test]
async fn a_given_token_is_given_back() {
    let settings = CredentialSettings {
        access_token: Some(Secret::new("opaque")),
        ..settings(CredentialKind::Token)
    };
    let issued = issuer(settings, &Cloud::public(), Network::real())
        .unwrap()
        .issue("a")
        .await
        .unwrap();
    assert_eq!((issued.token.expose(), issued.expires), ("opaque", None));
}

#[test]
fn what_is_missing_is_said_before_the_first_request() {
    for (kind, missing) in [
        (CredentialKind::Token, "AZURE_ACCESS_TOKEN"),
        (CredentialKind::ClientSecret, "AZURE_TENANT_ID"),
        (CredentialKind::Workload, "AZURE_CLIENT_ID"),
        (CredentialKind::Pipelines, "AZURE_TENANT_ID"),
        (CredentialKind::ClientCertificate, "AZURE_TENANT_ID"),
    ] {
        let failure = issuer(settings(kind), &Cloud::public(), Network::real())
            .err()
            .unwrap();
        assert_eq!(failure.class, ErrorClass::Invalid);
        assert!(failure.message.contains(missing), "{failure}");
    }
}

#[test]
fn an_authority_in_the_clear_is_refused() {
    let settings = CredentialSettings {
        tenant: Some("t".into()),
        client_id: Some("c".into()),
        client_secret: Some(Secret::new("hunter2hunter2")),
        authority: Some(Url::parse("http://127.0.0.1:9/").unwrap()),
        ..settings(CredentialKind::ClientSecret)
    };
    let failure = issuer(settings, &Cloud::public(), Network::real())
        .err()
        .unwrap();
    assert_eq!(failure.class, ErrorClass::Auth);
    assert!(
        failure.message.contains("HTTPS") && !failure.to_string().contains("hunter2"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_chain_that_gives_nothing_names_every_credential_that_was_tried() {
    let failure = first(async |kind| {
        Err(Failure::new(
            ErrorClass::Invalid,
            "x",
            format!("no {kind:?}"),
        ))
    })
    .await
    .unwrap_err();
    assert_eq!(failure.class, ErrorClass::Auth);
    let named = "workload: no Workload; managed-identity: no ManagedIdentity; cli: no Cli";
    assert!(failure.message.contains(named), "{failure}");
}

#[tokio::test]
async fn a_chain_stops_at_the_first_token() {
    let issued = first(async |kind| match kind {
        CredentialKind::Workload => Err(Failure::new(ErrorClass::Auth, "x", "no file")),
        by => Ok(Issued {
            token: Secret::new("t"),
            expires: None,
            by,
        }),
    })
    .await;
    assert_eq!(issued.unwrap().by, CredentialKind::ManagedIdentity);
}

/// A source over `desk` and `shell`.
fn source(settings: CredentialSettings, desk: &Arc<Desk>, shell: &Arc<Shell>) -> TokenSource {
    TokenSource::from_issuer(Box::new(Chosen::of(entra(settings, desk, shell))))
}

const PROBE: &str = "GET http://169.254.169.254/metadata/instance";
const ASK: &str = "GET http://169.254.169.254/metadata/identity/oauth2/token";

/// Who answers the probe with `status` and grants tokens; with `None` the probe is never answered.
fn metadata(status: Option<u16>) -> Arc<Desk> {
    Desk::of(move |request| match request.uri().path() {
        "/metadata/instance" => status.map(|status| answer(status, "{}")),
        _ => Some(granted(request, "granted")),
    })
}

#[tokio::test(start_paused = true)]
async fn the_metadata_service_is_asked_for_a_token_only_when_it_answers_a_probe_as_azures() {
    for (status, asks) in [
        (Some(200), true),
        (Some(429), true),
        (Some(503), true),
        (None, false),
        (Some(302), false),
        (Some(401), false),
        (Some(404), false),
    ] {
        let desk = metadata(status);
        let source = source(
            settings(CredentialKind::ManagedIdentity),
            &desk,
            &Arc::default(),
        );
        let token = source.token("a", wall_now()).await;
        let seen: &[&str] = if asks { &[PROBE, ASK] } else { &[PROBE] };
        assert_eq!(desk.lines(), seen, "{status:?}");
        assert_eq!(token.is_ok(), asks, "{status:?}");
    }
}

#[tokio::test]
async fn a_probe_that_finds_nobody_is_one_request_and_says_so() {
    let desk = Desk::of(|_| Some(Err(WireError::NotSent("no route to host".into()))));
    let source = source(
        settings(CredentialKind::ManagedIdentity),
        &desk,
        &Arc::default(),
    );
    let failure = source.token("a", wall_now()).await.unwrap_err();
    assert_eq!(
        (failure.class, desk.lines()),
        (ErrorClass::Auth, vec![PROBE.to_owned()])
    );
    assert!(failure.message.contains("not an Azure VM"), "{failure}");
}

/// azure_identity reads the two variables by itself, and here it finds none of them: what counts
/// is whether anything is probed.
#[tokio::test]
async fn only_app_service_with_both_of_its_variables_is_not_probed() {
    for (endpoint, header, probed) in [
        (Some("http://127.0.0.1:1/"), Some("h"), false),
        (Some("http://127.0.0.1:1/"), None, true),
        (None, Some("h"), true),
    ] {
        let desk = metadata(Some(200));
        let settings = CredentialSettings {
            identity_endpoint: endpoint.map(ToOwned::to_owned),
            identity_header: header.map(Secret::new),
            ..settings(CredentialKind::ManagedIdentity)
        };
        let source = source(settings, &desk, &Arc::default());
        source.token("a", wall_now()).await.unwrap();
        let probes = desk.lines().iter().filter(|line| *line == PROBE).count();
        assert_eq!(probes == 1, probed, "{endpoint:?} {header:?}");
    }
}

#[tokio::test]
async fn off_azure_the_chain_probes_once_and_runs_az_once() {
    let (desk, shell) = (metadata(Some(404)), Arc::<Shell>::default());
    let source = source(settings(CredentialKind::Auto), &desk, &shell);
    for _ in 0..3 {
        let token = source
            .token("https://arm.example", wall_now())
            .await
            .unwrap();
        assert_eq!(token.expose(), "granted-1");
    }
    assert_eq!(desk.lines(), [PROBE]);
    let command =
        "cd /bin && az account get-access-token -o json --scope https://arm.example/.default";
    assert_eq!(*shell.0.lock().unwrap(), [command]);
}

#[tokio::test]
async fn who_gave_the_first_token_of_a_chain_gives_the_others_or_nobody_does() {
    let folder = tempfile::tempdir().unwrap();
    let given = AtomicU32::new(0);
    let desk = Desk::of(move |request| match given.fetch_add(1, Ordering::SeqCst) {
        0 => Some(granted(request, "workload")),
        _ => Some(answer(
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS700024: Expired."}"#,
        )),
    });
    let shell = Arc::<Shell>::default();
    let source = source(application(folder.path()), &desk, &shell);
    let first = source.token("a", wall_now()).await.unwrap();
    assert_eq!(first.expose(), "workload");
    let failure = source.renew("a", &first).await.unwrap_err();
    assert_eq!(
        failure.message,
        "workload, as before: AADSTS700024: Expired."
    );
    assert_eq!((desk.lines().len(), shell.0.lock().unwrap().len()), (2, 0));
}

#[tokio::test]
async fn every_kind_is_asked_once_and_again_five_minutes_before_its_token_ends() {
    let folder = tempfile::tempdir().unwrap();
    for kind in [
        CredentialKind::ClientSecret,
        CredentialKind::ClientCertificate,
        CredentialKind::Workload,
        CredentialKind::ManagedIdentity,
        CredentialKind::Cli,
        CredentialKind::Auto,
    ] {
        let (desk, shell) = (Desk::granting(), Arc::<Shell>::default());
        let settings = CredentialSettings {
            kind,
            ..application(folder.path())
        };
        let source = source(settings, &desk, &shell);
        let asked = || {
            let probes = desk.lines().iter().filter(|line| *line == PROBE).count();
            desk.lines().len() - probes + shell.0.lock().unwrap().len()
        };
        let start = wall_now();
        for (minutes, requests) in [(0, 1), (1, 1), (54, 1), (56, 2)] {
            let now = clock::add(start, Duration::from_secs(60 * minutes));
            source.token("a", now).await.unwrap();
            assert_eq!(asked(), requests, "{kind:?} after {minutes} minutes");
        }
    }
}
