//! Which credential gives the tokens: the one that was chosen, or the first of a chain.
//!
//! Invariant: the instance metadata service is asked for a token only when it has answered a probe.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::base::{ErrorClass, Failure, Secret};

use super::claims;
use super::client::{Network, Route};
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
    network: Network,
) -> Result<Box<dyn Issuer>, Failure> {
    let authority = settings.authority.as_ref().unwrap_or(&cloud.authority);
    let authority = authority.clone();
    match settings.kind {
        CredentialKind::Token => match settings.access_token {
            Some(token) => Ok(Box::new(Fixed(token))),
            None => Err(invalid("no access token was given; set AZURE_ACCESS_TOKEN")),
        },
        kind => {
            let entra = Entra::new(settings, authority, network);
            if !matches!(kind, CredentialKind::Auto | CredentialKind::ManagedIdentity) {
                entra.checked(kind)?;
            }
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
        let settings = &self.0.settings;
        if settings.identity_endpoint.is_some() {
            return true;
        }
        is_azure(&self.0.network).await
    }
}

/// Whether a metadata service answers.
async fn is_azure(network: &Network) -> bool {
    let probe = http::Request::get(METADATA).header("metadata", "true");
    let (Ok(probe), Ok(transport)) = (probe.body(Bytes::new()), network.transport(Route::Direct))
    else {
        return false;
    };
    let answer = tokio::time::timeout(METADATA_PATIENCE, transport.send(probe)).await;
    answer.is_ok_and(|answer| answer.is_ok())
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
mod tests;
