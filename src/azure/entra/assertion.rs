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
