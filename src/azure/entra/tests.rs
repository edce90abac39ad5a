//! Who is asked for a token, and who runs `az`, in these tests; and what each kind asks.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Output};
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use url::form_urlencoded;

use crate::azure::certificate::tests::{PKCS8, verified};
use crate::azure::cloud::Cloud;
use crate::azure::transport::{Transport, WireError};
use crate::base::clock::wall_now;

use super::*;

pub(in crate::azure) type Reply = Result<http::Response<Bytes>, WireError>;
type Clerk = Box<dyn Fn(&http::Request<Bytes>) -> Option<Reply> + Send + Sync>;

/// Answers requests for tokens and keeps them; `None` is never to answer.
pub(in crate::azure) struct Desk {
    asked: Mutex<Vec<http::Request<Bytes>>>,
    clerk: Clerk,
}

impl Desk {
    pub(in crate::azure) fn of(
        clerk: impl Fn(&http::Request<Bytes>) -> Option<Reply> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            asked: Mutex::default(),
            clerk: Box::new(clerk),
        })
    }

    /// Grants `granted-1`, `granted-2` … for an hour, in the form of whoever is asked.
    pub(in crate::azure) fn granting() -> Arc<Self> {
        let given = Mutex::new(0);
        Self::of(move |request| {
            let mut given = given.lock().unwrap();
            *given += 1;
            Some(granted(request, &format!("granted-{given}")))
        })
    }

    pub(in crate::azure) fn network(self: &Arc<Self>) -> Network {
        Network::Brought(self.clone())
    }

    /// `GET http://host/path` of each request.
    pub(in crate::azure) fn lines(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let line = |request: &http::Request<Bytes>| {
            let url = request.uri().to_string();
            let path = url.split('?').next().unwrap();
            format!("{} {path}", request.method())
        };
        asked.iter().map(line).collect()
    }
}

#[async_trait]
impl Transport for Desk {
    async fn send(&self, request: http::Request<Bytes>) -> Reply {
        self.asked.lock().unwrap().push(request.clone());
        match (self.clerk)(&request) {
            Some(reply) => reply,
            None => std::future::pending().await,
        }
    }
}

pub(in crate::azure) fn answer(status: u16, body: impl Into<String>) -> Reply {
    let answer = http::Response::builder().status(status);
    Ok(answer.body(Bytes::from(body.into())).unwrap())
}

/// The answer of the metadata service to a GET, and that of Entra ID to anything else.
pub(in crate::azure) fn granted(request: &http::Request<Bytes>, token: &str) -> Reply {
    let body = if request.method() == http::Method::GET {
        let ends = wall_now().as_second() + 3_600;
        format!(
            r#"{{"access_token":"{token}","expires_on":"{ends}","resource":"a","token_type":"Bearer"}}"#
        )
    } else {
        format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{token}"}}"#)
    };
    answer(200, body)
}

/// Stands in for the shell that runs `az`, and keeps the commands.
#[derive(Debug, Default)]
pub(in crate::azure) struct Shell(pub(in crate::azure) Mutex<Vec<String>>);

#[async_trait]
impl Executor for Shell {
    async fn run(&self, _: &OsStr, args: &[&OsStr]) -> std::io::Result<Output> {
        let mut commands = self.0.lock().unwrap();
        commands.push(args[1].to_string_lossy().into_owned());
        let (token, ends) = (commands.len(), wall_now().as_second() + 3_600);
        let told = format!(
            r#"{{"accessToken":"granted-{token}","expires_on":{ends},"tokenType":"Bearer"}}"#
        );
        Ok(Output {
            status: ExitStatus::from_raw(0),
            stdout: told.into_bytes(),
            stderr: Vec::new(),
        })
    }
}

/// A credential that asks at `desk`, and whose `az` is `shell`.
pub(in crate::azure) fn entra(
    settings: CredentialSettings,
    desk: &Arc<Desk>,
    shell: &Arc<Shell>,
) -> Entra {
    let authority = Cloud::public().authority;
    Entra {
        shell: shell.clone(),
        ..Entra::new(settings, authority, desk.network())
    }
}

/// An application in `contoso`, with everything that it may be asked for; the files are in
/// `folder`.
pub(in crate::azure) fn application(folder: &std::path::Path) -> CredentialSettings {
    let (certificate, token) = (folder.join("app.pem"), folder.join("federated"));
    std::fs::write(&certificate, PKCS8).unwrap();
    std::fs::write(&token, "federated").unwrap();
    CredentialSettings {
        tenant: Some("contoso".into()),
        client_id: Some("app".into()),
        client_secret: Some(Secret::new("hunter2hunter2")),
        certificate: Some(certificate),
        federated_token_file: Some(token),
        ..CredentialSettings::default()
    }
}

#[tokio::test]
async fn a_token_is_had_for_an_assertion_that_the_certificate_signed() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::granting();
    let entra = entra(application(folder.path()), &desk, &Arc::default());
    let issued = token(&entra, CredentialKind::ClientCertificate, "a").await;
    assert_eq!(issued.unwrap().token.expose(), "granted-1");

    let asked = desk.asked.lock().unwrap();
    let form: HashMap<String, String> = form_urlencoded::parse(asked[0].body())
        .into_owned()
        .collect();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(form["client_assertion_type"], kind);
    assert_eq!(
        (&*form["client_id"], &*form["scope"]),
        ("app", "a/.default")
    );
    let (_, claims) = verified(&form["client_assertion"]);
    let url = asked[0].uri().to_string();
    assert_eq!(
        (&claims["aud"], &claims["iss"]),
        (&url.into(), &"app".into())
    );
}

#[test]
fn a_certificate_that_cannot_be_read_is_named_before_the_first_request() {
    let folder = tempfile::tempdir().unwrap();
    let settings = CredentialSettings {
        certificate: Some("/nowhere/app.pem".into()),
        ..application(folder.path())
    };
    let entra = entra(settings, &Desk::granting(), &Arc::default());
    let failure = entra.checked(CredentialKind::ClientCertificate);
    let failure = failure.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Invalid);
    assert!(failure.message.contains("`/nowhere/app.pem`"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn an_authority_that_cannot_be_reached_is_unreachable_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::of(|_| Some(Err(WireError::NotSent("connection refused".into()))));
    let entra = entra(application(folder.path()), &desk, &Arc::default());
    let failure = token(&entra, CredentialKind::ClientSecret, "a").await;
    let failure = failure.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Unreachable);
    let told = "`https://login.microsoftonline.com` gave no answer: connection refused";
    assert_eq!(failure.message, told);
}

#[tokio::test]
async fn a_page_in_place_of_a_token_is_told_with_who_gave_it() {
    let folder = tempfile::tempdir().unwrap();
    for (status, told) in [
        (200, "gave no token: what came cannot be read"),
        (403, "answered: Sign in to the guest network"),
    ] {
        let page = "<html><title>Sign in to the guest network</title></html>";
        let desk = Desk::of(move |_| Some(answer(status, page)));
        let entra = entra(application(folder.path()), &desk, &Arc::default());
        let failure = token(&entra, CredentialKind::ClientSecret, "a").await;
        let failure = failure.unwrap_err();
        assert_eq!(failure.class, ErrorClass::Auth);
        let origin = "`https://login.microsoftonline.com`";
        assert!(
            failure.message.starts_with(&format!("{origin} {told}")),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn an_explanation_with_line_breaks_in_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = r#"{"error":"invalid_client","error_codes":[7000222],
        "error_description":"AADSTS7000222: The provided client secret keys are expired.\r\nTrace ID: 1"}"#;
    let desk = Desk::of(move |_| Some(answer(401, refusal)));
    let entra = entra(application(folder.path()), &desk, &Arc::default());
    let failure = token(&entra, CredentialKind::ClientSecret, "a").await;
    let failure = failure.unwrap_err();
    let found = (failure.code.as_deref(), failure.status, &*failure.message);
    let told = "AADSTS7000222: The provided client secret keys are expired. Trace ID: 1";
    assert_eq!(found, (Some("AADSTS7000222"), Some(401), told));
}
