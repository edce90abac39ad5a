//! Tokens from Microsoft Entra ID: the one home of azure_identity and azure_core.
//!
//! A credential is made anew for each token: its own cache would hand back a token that ARM has
//! just refused, and [`super::tokens::TokenSource`] keeps tokens anyway. Environment variables
//! that azure_identity reads by itself: `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` (App Service),
//! `SYSTEM_OIDCREQUESTURI` (Pipelines).

use std::sync::Arc;
use std::time::Duration;

use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret as AzureSecret, TokenCredential};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzurePipelinesCredential,
    AzurePipelinesCredentialOptions, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use jiff::Timestamp;
use url::Url;

use crate::base::secret::redact;
use crate::base::{Chance, Clock, ErrorClass, Failure, Secret};

use self::assertion::Assertion;
use super::certificate::Certificate;
use super::client::{self, Route};
use super::credential::{CredentialKind, CredentialSettings, Issued};

mod assertion;

pub(super) const ATTEMPT: &str = "get a token for Azure";

/// The time that one request of a credential may take.
const TIMEOUT: Duration = Duration::from_secs(30);

type Credential = Arc<dyn TokenCredential>;

/// The settings of a credential and who issues its tokens.
pub(super) struct Entra {
    pub(super) settings: CredentialSettings,
    pub(super) authority: Url,
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
    let credential = entra.credential(kind)?;
    let scope = format!("{audience}/.default");
    let given = credential
        .get_token(&[&scope], None)
        .await
        .map_err(|e| refused(&e))?;
    Ok(Issued {
        token: Secret::new(given.token.secret()),
        expires: Timestamp::from_second(given.expires_on.unix_timestamp()).ok(),
        by: kind,
    })
}

impl Entra {
    /// The credential of that kind; sends nothing, fails when a setting is missing.
    pub(super) fn credential(&self, kind: CredentialKind) -> Result<Credential, Failure> {
        match kind {
            CredentialKind::Cli => self.cli(),
            CredentialKind::ManagedIdentity => self.managed_identity(),
            CredentialKind::Workload => self.workload(),
            CredentialKind::ClientSecret => self.client_secret(),
            CredentialKind::Pipelines => self.pipelines(),
            CredentialKind::ClientCertificate => self.client_certificate(self.assertion_options()?),
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
            ..Default::default()
        };
        made(AzureCliCredential::new(Some(options)))
    }

    fn managed_identity(&self) -> Result<Credential, Failure> {
        made(ManagedIdentityCredential::new(Some(
            ManagedIdentityCredentialOptions {
                user_assigned_id: self
                    .settings
                    .client_id
                    .clone()
                    .map(UserAssignedId::ClientId),
                client_options: self.options(Route::Direct)?,
            },
        )))
    }

    fn workload(&self) -> Result<Credential, Failure> {
        let file = self.settings.federated_token_file.as_ref();
        made(WorkloadIdentityCredential::new(Some(
            WorkloadIdentityCredentialOptions {
                client_id: Some(self.client_id()?),
                tenant_id: Some(self.tenant()?),
                token_file_path: Some(required(
                    file,
                    "the federated token file (AZURE_FEDERATED_TOKEN_FILE)",
                )?),
                credential_options: self.assertion_options()?,
            },
        )))
    }

    fn client_secret(&self) -> Result<Credential, Failure> {
        let (tenant, client) = (self.tenant()?, self.client_id()?);
        let secret = self.settings.client_secret.as_ref();
        let secret = required(secret, "the secret (AZURE_CLIENT_SECRET)")?;
        let secret = AzureSecret::new(secret.expose().to_owned());
        let client_options = self.options(Route::Proxied)?;
        let options = ClientSecretCredentialOptions { client_options };
        made(ClientSecretCredential::new(
            &tenant,
            client,
            secret,
            Some(options),
        ))
    }

    /// The file is read for each token, so that a renewed certificate counts at once.
    fn client_certificate(
        &self,
        options: ClientAssertionCredentialOptions,
    ) -> Result<Credential, Failure> {
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
        made(ClientAssertionCredential::new(
            tenant,
            client,
            assertion,
            Some(options),
        ))
    }

    fn pipelines(&self) -> Result<Credential, Failure> {
        let (tenant, client) = (self.tenant()?, self.client_id()?);
        let connection = self.settings.service_connection.as_ref();
        let connection = required(connection, "the id of the service connection")?;
        let token = self.settings.system_access_token.as_ref();
        let token = required(token, "the pipeline's token (SYSTEM_ACCESSTOKEN)")?;
        let token = AzureSecret::new(token.expose().to_owned());
        let credential_options = self.assertion_options()?;
        let options = AzurePipelinesCredentialOptions { credential_options };
        made(AzurePipelinesCredential::new(
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

    fn assertion_options(&self) -> Result<ClientAssertionCredentialOptions, Failure> {
        Ok(ClientAssertionCredentialOptions {
            client_options: self.options(Route::Proxied)?,
        })
    }

    fn options(&self, route: Route) -> Result<ClientOptions, Failure> {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = self.authority.to_string();
        let client = client::client(route, TIMEOUT)?;
        Ok(ClientOptions {
            cloud: Some(Arc::new(cloud.into())),
            transport: Some(Transport::new(Arc::new(client))),
            ..ClientOptions::default()
        })
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

fn made<T: TokenCredential + 'static>(
    credential: azure_core::Result<Arc<T>>,
) -> Result<Credential, Failure> {
    credential.map(|c| c as Credential).map_err(|e| refused(&e))
}

fn refused(error: &azure_core::Error) -> Failure {
    let class = match error.kind() {
        ErrorKind::Connection | ErrorKind::Io => ErrorClass::Unreachable,
        _ => ErrorClass::Auth,
    };
    Failure::new(class, ATTEMPT, redact(&error.to_string()))
}
