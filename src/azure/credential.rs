//! Who we are to Azure: the kinds of credential, their settings, and what a token says of us.

use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::base::{Failure, Secret};

/// The kinds of credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// Workload identity, then managed identity, then the Azure CLI: the first that gives a token
    /// gives all of them.
    #[default]
    Auto,
    /// Whoever is logged in to the Azure CLI.
    Cli,
    /// The managed identity of this VM or App Service.
    ManagedIdentity,
    /// A federated token in a file, as in Kubernetes.
    Workload,
    /// An application with a secret.
    ClientSecret,
    /// An application with an RSA certificate.
    ClientCertificate,
    /// An Azure Pipelines service connection.
    Pipelines,
    /// A token that was given as it is.
    Token,
}

impl CredentialKind {
    /// Its name on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cli => "cli",
            Self::ManagedIdentity => "managed-identity",
            Self::Workload => "workload",
            Self::ClientSecret => "client-secret",
            Self::ClientCertificate => "client-certificate",
            Self::Pipelines => "pipelines",
            Self::Token => "token",
        }
    }
}

/// Everything that a credential may need; the caller has read it from wherever it lies.
#[derive(Clone, Debug, Default)]
pub struct CredentialSettings {
    /// Which credential.
    pub kind: CredentialKind,
    /// The tenant (directory) id.
    pub tenant: Option<String>,
    /// The application id, or that of a user-assigned managed identity.
    pub client_id: Option<String>,
    /// The application's secret.
    pub client_secret: Option<Secret>,
    /// The PEM file of the application's certificate and its RSA key
    /// (`AZURE_CLIENT_CERTIFICATE_PATH`).
    pub certificate: Option<PathBuf>,
    /// The file that holds the federated token (`AZURE_FEDERATED_TOKEN_FILE`).
    pub federated_token_file: Option<PathBuf>,
    /// A ready token (`AZURE_ACCESS_TOKEN`).
    pub access_token: Option<Secret>,
    /// The id of the Azure Pipelines service connection.
    pub service_connection: Option<String>,
    /// The token of the running pipeline (`SYSTEM_ACCESSTOKEN`).
    pub system_access_token: Option<Secret>,
    /// `IDENTITY_ENDPOINT`: with [`Self::identity_header`] managed identity is asked there,
    /// without a probe. azure_identity reads both from the environment by itself.
    pub identity_endpoint: Option<String>,
    /// `IDENTITY_HEADER`: what App Service wants to be told.
    pub identity_header: Option<Secret>,
    /// Who issues tokens, instead of the cloud's own authority.
    pub authority: Option<Url>,
}

impl CredentialSettings {
    /// Everything in it that must never be told.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let all = [
            &self.client_secret,
            &self.access_token,
            &self.system_access_token,
            &self.identity_header,
        ];
        all.into_iter().flatten()
    }
}

/// Who a token says that we are; read without verifying, to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The credential that gave the token.
    pub kind: CredentialKind,
    /// The tenant it belongs to.
    pub tenant: Option<String>,
    /// The principal's object id.
    pub object_id: Option<String>,
    /// The application's id.
    pub app_id: Option<String>,
    /// The user's or the application's name.
    pub name: Option<String>,
    /// When the token ends.
    pub expires: Option<Timestamp>,
}

/// One token, as a credential gave it.
#[derive(Clone, Debug)]
pub(super) struct Issued {
    pub(super) token: Secret,
    /// `None`: nothing says so, use it until it is refused.
    pub(super) expires: Option<Timestamp>,
    pub(super) by: CredentialKind,
}

/// Gives a new token every time that it is asked.
#[async_trait]
pub(super) trait Issuer: Send + Sync {
    async fn issue(&self, audience: &str) -> Result<Issued, Failure>;
}
