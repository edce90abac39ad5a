//! The assertion of an application with a certificate, signed anew for each request of a token.

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;

use crate::azure::certificate::Certificate;
use crate::base::{Chance, Clock};

/// What signs, for whom, and to whom it is told.
#[derive(Debug)]
pub(super) struct Assertion {
    pub(super) certificate: Certificate,
    pub(super) client: String,
    /// The address that the token is asked from.
    pub(super) audience: String,
    /// Of the wall, never a scaled one: Entra ID holds the times against its own.
    pub(super) clock: Clock,
    pub(super) chance: Chance,
}

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let (id, now) = (self.chance.uuid(), self.clock.now());
        self.certificate
            .assertion(&self.audience, &self.client, id, now)
            .map(|secret| secret.expose().to_owned())
            .map_err(|_| {
                let message = "the certificate's key could not sign; look at the system's \
                               source of random numbers";
                Error::with_message(ErrorKind::Credential, message)
            })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex};

    use azure_core::http::headers::Headers;
    use azure_core::http::{
        AsyncRawResponse, Body, ClientOptions, HttpClient, Request, StatusCode, Transport,
    };
    use azure_identity::ClientAssertionCredentialOptions;
    use url::{Url, form_urlencoded};

    use crate::azure::certificate::tests::{PKCS8, verified};
    use crate::azure::cloud::Cloud;
    use crate::azure::credential::CredentialSettings;
    use crate::azure::entra::Entra;
    use crate::base::ErrorClass;

    use super::*;

    /// Gives one token to whoever asks, and keeps what it was asked.
    #[derive(Debug, Default)]
    struct Authority(Mutex<Vec<(Url, HashMap<String, String>)>>);

    #[async_trait]
    impl HttpClient for Authority {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            let Body::Bytes(body) = request.body() else {
                panic!("a form is expected");
            };
            let form = form_urlencoded::parse(body).into_owned().collect();
            let mut asked = self.0.lock().unwrap();
            asked.push((request.url().clone(), form));
            let answer = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"granted"}"#;
            let headers = Headers::new();
            Ok(AsyncRawResponse::from_bytes(
                StatusCode::Ok,
                headers,
                answer,
            ))
        }
    }

    fn entra(file: &std::path::Path) -> Entra {
        let settings = CredentialSettings {
            tenant: Some("contoso".into()),
            client_id: Some("app".into()),
            certificate: Some(file.to_owned()),
            ..CredentialSettings::default()
        };
        let authority = Cloud::public().authority;
        Entra {
            settings,
            authority,
        }
    }

    #[tokio::test]
    async fn a_token_is_had_for_an_assertion_that_the_certificate_signed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app.pem");
        std::fs::write(&file, PKCS8).unwrap();
        let authority = Arc::new(Authority::default());
        let client_options = ClientOptions {
            transport: Some(Transport::new(authority.clone())),
            ..ClientOptions::default()
        };
        let options = ClientAssertionCredentialOptions { client_options };
        let credential = entra(&file).client_certificate(options).unwrap();
        let given = credential.get_token(&["a/.default"], None).await.unwrap();
        assert_eq!(given.token.secret(), "granted");

        let asked = authority.0.lock().unwrap();
        let [(url, form)] = asked.as_slice() else {
            panic!("one request: {asked:?}");
        };
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        assert_eq!(form["client_assertion_type"], kind);
        assert_eq!(
            (&*form["client_id"], &*form["scope"]),
            ("app", "a/.default")
        );
        let (_, claims) = verified(&form["client_assertion"]);
        assert_eq!(
            (&claims["aud"], &claims["iss"]),
            (&url.as_str().into(), &"app".into())
        );
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_named_before_the_first_request() {
        let entra = entra(std::path::Path::new("/nowhere/app.pem"));
        let options = ClientAssertionCredentialOptions::default();
        let failure = entra.client_certificate(options).err().unwrap();
        assert_eq!(failure.class, ErrorClass::Invalid);
        assert!(failure.message.contains("`/nowhere/app.pem`"), "{failure}");
    }
}
