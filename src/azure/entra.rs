//! Tokens from Microsoft Entra ID: the one home of azure_identity and azure_core.
//!
//! A credential is made anew for each token: its own cache would hand back a token that ARM has
//! just refused, and [`super::tokens::TokenSource`] keeps tokens anyway. Environment variables
//! that azure_identity reads by itself: `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` (App Service),
//! `SYSTEM_OIDCREQUESTURI` (Pipelines).

use std::sync::Arc;

use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret as AzureSecret, TokenCredential};
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzurePipelinesCredential,
    AzurePipelinesCredentialOptions, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions, Executor, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use jiff::Timestamp;
use url::Url;

use crate::base::{Chance, Clock, ErrorClass, Failure, Secret};

use self::assertion::Assertion;
use self::carrier::Carrier;
use super::certificate::Certificate;
use super::client::{Network, Route};
use super::credential::{CredentialKind, CredentialSettings, Issued};

mod assertion;
mod carrier;
mod refused;
#[cfg(test)]
pub(super) mod tests;

pub(super) const ATTEMPT: &str = "get a token for Azure";

type Credential = Arc<dyn TokenCredential>;

/// The settings of a credential, who issues its tokens, and how they are asked for.
pub(super) struct Entra {
    pub(super) settings: CredentialSettings,
    pub(super) authority: Url,
    pub(super) network: Network,
    /// What runs `az`.
    shell: Arc<dyn Executor>,
}

/// A new token of the credential of that kind.
///
/// The scope is the audience with `/.default` after it, even where the audience ends in a slash:
/// Entra ID then issues for the audience exactly as it is written.
pub(super) async fn token(
    entra: &Entra,
    kind: CredentialKind,
    audience: &str,
) -> Result<Issued, Failure> {
    let carrier = entra.carrier(kind);
    let credential = entra.credential(kind, &carrier)?;
    let scope = format!("{audience}/.default");
    let given = credential
        .get_token(&[&scope], None)
        .await
        .map_err(|error| refused::failure(&entra.settings, &error, carrier.last()))?;
    Ok(Issued {
        token: Secret::new(given.token.secret()),
        expires: Timestamp::from_second(given.expires_on.unix_timestamp()).ok(),
        by: kind,
    })
}

impl Entra {
    pub(super) fn new(settings: CredentialSettings, authority: Url, network: Network) -> Self {
        Self {
            settings,
            authority,
            network,
            shell: azure_identity::new_executor(),
        }
    }

    /// Fails when a setting is missing that the credential of that kind needs; sends nothing.
    pub(super) fn checked(&self, kind: CredentialKind) -> Result<(), Failure> {
        self.credential(kind, &self.carrier(kind)).map(drop)
    }

    fn carrier(&self, kind: CredentialKind) -> Arc<Carrier> {
        let route = match kind {
            CredentialKind::ManagedIdentity => Route::Direct,
            _ => Route::Proxied,
        };
        Carrier::new(self.network.clone(), route)
    }

    fn credential(
        &self,
        kind: CredentialKind,
        carrier: &Arc<Carrier>,
    ) -> Result<Credential, Failure> {
        match kind {
            CredentialKind::Cli => self.cli(),
            CredentialKind::ManagedIdentity => self.managed_identity(carrier),
            CredentialKind::Workload => self.workload(carrier),
            CredentialKind::ClientSecret => self.client_secret(carrier),
            CredentialKind::Pipelines => self.pipelines(carrier),
            CredentialKind::ClientCertificate => self.client_certificate(carrier),
            CredentialKind::Auto | CredentialKind::Token => Err(invalid(&format!(
                "`{}` is not a credential of Entra ID",
                kind.name()
            ))),
        }
    }

    fn cli(&self) -> Result<Credential, Failure> {
        let tenant_id = self.settings.tenant.clone();
        let options = AzureCliCredentialOptions {
            tenant_id,
            executor: Some(Arc::clone(&self.shell)),
            ..Default::default()
        };
        self.made(AzureCliCredential::new(Some(options)))
    }

    fn managed_identity(&self, carrier: &Arc<Carrier>) -> Result<Credential, Failure> {
        self.made(ManagedIdentityCredential::new(Some(
            ManagedIdentityCredentialOptions {
                user_assigned_id: self
                    .settings
                    .client_id
                    .clone()
                    .map(UserAssignedId::ClientId),
                client_options: self.options(carrier),
            },
        )))
    }

    fn workload(&self, carrier: &Arc<Carrier>) -> Result<Credential, Failure> {
        let file = self.settings.federated_token_file.as_ref();
        self.made(WorkloadIdentityCredential::new(Some(
            WorkloadIdentityCredentialOptions {
                client_id: Some(self.client_id()?),
                tenant_id: Some(self.tenant()?),
                token_file_path: Some(required(
                    file,
                    "the federated token file (AZURE_FEDERATED_TOKEN_FILE)",
                )?),
                credential_options: self.assertion_options(carrier),
            },
        )))
    }

    fn client_secret(&self, carrier: &Arc<Carrier>) -> Result<Credential, Failure> {
        let (tenant, client) = (self.tenant()?, self.client_id()?);
        let secret = self.settings.client_secret.as_ref();
        let secret = required(secret, "the secret (AZURE_CLIENT_SECRET)")?;
        let secret = AzureSecret::new(secret.expose().to_owned());
        let client_options = self.options(carrier);
        let options = ClientSecretCredentialOptions { client_options };
        self.made(ClientSecretCredential::new(
            &tenant,
            client,
            secret,
            Some(options),
        ))
    }

    /// The file is read for each token, so that a renewed certificate counts at once.
    fn client_certificate(&self, carrier: &Arc<Carrier>) -> Result<Credential, Failure> {
        let (tenant, client) = (self.tenant()?, self.client_id()?);
        let file = self.settings.certificate.as_ref();
        let file = required(file, "the certificate (AZURE_CLIENT_CERTIFICATE_PATH)")?;
        let unusable = |why| format!("the certificate `{}` cannot be used: {why}", file.display());
        let certificate = Certificate::read(&file).map_err(|why| invalid(&unusable(why)))?;
        // azure_identity asks at the address that it makes of the authority in this same way.
        let endpoint = self.authority.join(&format!("/{tenant}/oauth2/v2.0/token"));
        let endpoint =
            endpoint.map_err(|why| invalid(&format!("the tenant `{tenant}` is no id: {why}")))?;
        let assertion = Assertion {
            certificate,
            client: client.clone(),
            audience: endpoint.into(),
            clock: Clock::system(),
            chance: Chance::from_entropy(),
        };
        self.made(ClientAssertionCredential::new(
            tenant,
            client,
            assertion,
            Some(self.assertion_options(carrier)),
        ))
    }

    fn pipelines(&self, carrier: &Arc<Carrier>) -> Result<Credential, Failure> {
        let (tenant, client) = (self.tenant()?, self.client_id()?);
        let connection = self.settings.service_connection.as_ref();
        let connection = required(connection, "the id of the service connection")?;
        let token = self.settings.system_access_token.as_ref();
        let token = required(token, "the pipeline's token (SYSTEM_ACCESSTOKEN)")?;
        let token = AzureSecret::new(token.expose().to_owned());
        let credential_options = self.assertion_options(carrier);
        let options = AzurePipelinesCredentialOptions { credential_options };
        self.made(AzurePipelinesCredential::new(
            tenant,
            client,
            &connection,
            token,
            Some(options),
        ))
    }

    fn tenant(&self) -> Result<String, Failure> {
        required(
            self.settings.tenant.as_ref(),
            "the tenant (AZURE_TENANT_ID)",
        )
    }

    fn client_id(&self) -> Result<String, Failure> {
        required(
            self.settings.client_id.as_ref(),
            "the application id (AZURE_CLIENT_ID)",
        )
    }

    fn assertion_options(&self, carrier: &Arc<Carrier>) -> ClientAssertionCredentialOptions {
        ClientAssertionCredentialOptions {
            client_options: self.options(carrier),
        }
    }

    fn options(&self, carrier: &Arc<Carrier>) -> ClientOptions {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = self.authority.to_string();
        ClientOptions {
            cloud: Some(Arc::new(cloud.into())),
            transport: Some(Transport::new(carrier.clone())),
            ..ClientOptions::default()
        }
    }

    fn made<T: TokenCredential + 'static>(
        &self,
        credential: azure_core::Result<Arc<T>>,
    ) -> Result<Credential, Failure> {
        credential
            .map(|c| c as Credential)
            .map_err(|error| refused::failure(&self.settings, &error, None))
    }
}

/// A failure of class `invalid` to get a token.
pub(super) fn invalid(message: &str) -> Failure {
    Failure::new(ErrorClass::Invalid, ATTEMPT, message)
}

fn required<T: Clone>(value: Option<&T>, what: &str) -> Result<T, Failure> {
    value
        .cloned()
        .ok_or_else(|| invalid(&format!("{what} is missing")))
}
