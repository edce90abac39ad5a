//! Which credential gives the tokens: the one that was chosen, or the first of a chain.

use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::base::{ErrorClass, Failure, Secret};

use super::claims;
use super::client;
use super::cloud::Cloud;
use super::credential::{CredentialKind, CredentialSettings, Issued, Issuer};
use super::entra::{self, ATTEMPT, Entra, invalid};

/// The instance metadata service; off Azure nothing answers there, and azure_identity would wait
/// for over a minute (`stack.md` section 1).
const METADATA: &str = "http://169.254.169.254/metadata/instance?api-version=2021-02-01";
const METADATA_PATIENCE: Duration = Duration::from_millis(500);

/// The order of [`CredentialKind::Auto`].
const CHAIN: [CredentialKind; 3] = [
    CredentialKind::Workload,
    CredentialKind::ManagedIdentity,
    CredentialKind::Cli,
];

/// Gives the tokens of `settings`; fails when the kind needs something that is missing.
pub(super) fn issuer(
    settings: CredentialSettings,
    cloud: &Cloud,
) -> Result<Box<dyn Issuer>, Failure> {
    let authority = settings
        .authority
        .clone()
        .unwrap_or_else(|| cloud.authority.clone());
    match settings.kind {
        CredentialKind::Token => match settings.access_token {
            Some(token) => Ok(Box::new(Fixed(token))),
            None => Err(invalid("no access token was given; set AZURE_ACCESS_TOKEN")),
        },
        CredentialKind::Auto | CredentialKind::ManagedIdentity => Ok(Box::new(Chosen(Entra {
            settings,
            authority,
        }))),
        kind => {
            let entra = Entra {
                settings,
                authority,
            };
            entra.credential(kind)?;
            Ok(Box::new(Chosen(entra)))
        }
    }
}

/// A token that was given and cannot be renewed.
struct Fixed(Secret);

#[async_trait]
impl Issuer for Fixed {
    async fn issue(&self, _audience: &str) -> Result<Issued, Failure> {
        let expires = claims::expires(self.0.expose());
        Ok(Issued {
            token: self.0.clone(),
            expires,
            by: CredentialKind::Token,
        })
    }
}

struct Chosen(Entra);

#[async_trait]
impl Issuer for Chosen {
    async fn issue(&self, audience: &str) -> Result<Issued, Failure> {
        match self.0.settings.kind {
            CredentialKind::Auto => first(|kind| self.one(kind, audience)).await,
            kind => self.one(kind, audience).await,
        }
    }
}

impl Chosen {
    async fn one(&self, kind: CredentialKind, audience: &str) -> Result<Issued, Failure> {
        if kind == CredentialKind::ManagedIdentity && !self.has_managed_identity().await {
            let message =
                "no managed identity answers here: this is not an Azure VM or App Service";
            return Err(Failure::new(ErrorClass::Auth, ATTEMPT, message));
        }
        entra::token(&self.0, kind, audience).await
    }

    async fn has_managed_identity(&self) -> bool {
        if self.0.settings.identity_endpoint.is_some() {
            return true;
        }
        match Url::parse(METADATA) {
            Ok(url) => client::answers(&url, METADATA_PATIENCE).await,
            Err(_) => false,
        }
    }
}

/// The first token of the chain; when there is none, every credential is named with its reason.
async fn first<F, One>(one: F) -> Result<Issued, Failure>
where
    F: Fn(CredentialKind) -> One,
    One: Future<Output = Result<Issued, Failure>>,
{
    let mut tried = Vec::new();
    for kind in CHAIN {
        match one(kind).await {
            Ok(issued) => return Ok(issued),
            Err(failure) => tried.push(format!("{}: {}", kind.name(), failure.message)),
        }
    }
    let message = format!(
        "no credential gave one; {}; log in with `az login` or choose --credential",
        tried.join("; ")
    );
    Err(Failure::new(ErrorClass::Auth, ATTEMPT, message))
}

#[cfg(test)]
mod tests {
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
        let issued = issuer(settings, &Cloud::public())
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
            let failure = issuer(settings(kind), &Cloud::public()).err().unwrap();
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
        let failure = issuer(settings, &Cloud::public()).err().unwrap();
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
}
