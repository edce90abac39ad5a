//! Which credential gives the tokens: the one that was chosen, or the first of a chain.
//!
//! Invariants: the chain is gone through once, and who gave the first token gives all the others,
//! so that nobody becomes somebody else in the middle of a run; the instance metadata service is
//! asked for a token only when it has answered a probe.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;

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
            Ok(Box::new(Chosen::of(entra)))
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

struct Chosen {
    entra: Entra,
    /// Which of the chain gave the first token.
    found: OnceLock<CredentialKind>,
}

#[async_trait]
impl Issuer for Chosen {
    async fn issue(&self, audience: &str) -> Result<Issued, Failure> {
        let kind = match (self.entra.settings.kind, self.found.get()) {
            (CredentialKind::Auto, None) => {
                let issued = first(|kind| self.one(kind, audience)).await?;
                return Ok(self.keep(issued));
            }
            (CredentialKind::Auto, Some(found)) => {
                return self.one(*found, audience).await.map_err(|mut failure| {
                    let name = found.name();
                    failure.message = format!("{name}, as before: {}", failure.message);
                    failure
                });
            }
            (kind, _) => kind,
        };
        self.one(kind, audience).await
    }
}

impl Chosen {
    fn of(entra: Entra) -> Self {
        Self {
            entra,
            found: OnceLock::new(),
        }
    }

    fn keep(&self, issued: Issued) -> Issued {
        self.found.get_or_init(|| issued.by);
        issued
    }

    async fn one(&self, kind: CredentialKind, audience: &str) -> Result<Issued, Failure> {
        if kind == CredentialKind::ManagedIdentity && !self.has_managed_identity().await {
            let message =
                "no managed identity answers here: this is not an Azure VM or App Service";
            return Err(Failure::new(ErrorClass::Auth, ATTEMPT, message));
        }
        entra::token(&self.entra, kind, audience).await
    }

    /// App Service names its endpoint and a header; with only one of the two azure_identity turns
    /// to the metadata service all the same.
    async fn has_managed_identity(&self) -> bool {
        let settings = &self.entra.settings;
        if settings.identity_endpoint.is_some() && settings.identity_header.is_some() {
            return true;
        }
        is_azure(&self.entra.network).await
    }
}

/// Whether Azure's metadata service answers.
///
/// Other clouds have a service at the same address: it refuses this path, and azure_identity
/// would repeat a token's 404 for over a minute. Too many requests and failures of its own are
/// said by Azure's as well.
async fn is_azure(network: &Network) -> bool {
    let probe = http::Request::get(METADATA).header("metadata", "true");
    let (Ok(probe), Ok(transport)) = (probe.body(Bytes::new()), network.transport(Route::Direct))
    else {
        return false;
    };
    let answer = tokio::time::timeout(METADATA_PATIENCE, transport.send(probe)).await;
    answer.is_ok_and(|answer| answer.is_ok_and(|answer| is_metadata(answer.status())))
}

fn is_metadata(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
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
