//! A certificate with its RSA key, and the assertion that it signs for Microsoft Entra ID.
//!
//! The form is Entra's: a JSON web token signed PS256 that names the certificate by its SHA-256
//! thumbprint (<https://learn.microsoft.com/entra/identity-platform/certificate-credentials>).
//! Invariant: nothing here prints the key, nor anything between the marks of its file.

use std::{fmt, fs, io, path::Path, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::digest;
use ring::error::{KeyRejected, Unspecified};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair};
use serde_json::json;
use uuid::Uuid;

use crate::base::{Secret, clock};

use self::pem::Part;

mod pem;

/// How long an assertion is good for: Entra's page advises 5 to 10 minutes at most.
const LIFETIME: Duration = Duration::from_secs(600);

/// Why a file cannot serve as a certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum CertificateError {
    #[error("{0}; set AZURE_CLIENT_CERTIFICATE_PATH to a PEM file that can be read")]
    Unreadable(#[from] io::Error),
    #[error(
        "it is not PEM; a .pfx becomes PEM with `openssl pkcs12 -in FILE.pfx -out FILE.pem -nodes`"
    )]
    NotPem,
    #[error("its part `{0}` is damaged; export it again")]
    Damaged(String),
    #[error("it holds no certificate; put the certificate and its private key into one file")]
    NoCertificate,
    #[error("it holds no private key; put the certificate and its private key into one file")]
    NoKey,
    #[error("its key is encrypted; decrypt it with `openssl pkey -in KEY.pem -out PLAIN.pem`")]
    Encrypted,
    #[error("its key is not an RSA key, and only RSA is supported; use an RSA certificate")]
    NotRsa,
    #[error("its RSA key is refused ({0}); use an undamaged key of 2048 to 4096 bits")]
    Refused(KeyRejected),
    #[error(
        "its key belongs to none of its certificates; put the two that belong together into it"
    )]
    Strangers,
}

/// A certificate's thumbprint and the key that signs for it.
pub(super) struct Certificate {
    key: RsaKeyPair,
    thumbprint: String,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

impl Certificate {
    /// The certificate and key of a PEM file.
    pub(super) fn read(path: &Path) -> Result<Self, CertificateError> {
        let bytes = fs::read(path)?;
        Self::parse(std::str::from_utf8(&bytes).map_err(|_| CertificateError::NotPem)?)
    }

    /// The first private key of a PEM text, and that of its certificates which belongs to it.
    fn parse(text: &str) -> Result<Self, CertificateError> {
        let (mut key, mut certificates) = (None, Vec::new());
        for part in pem::parts(text) {
            match part.label {
                "CERTIFICATE" => certificates.push(der(&part)?),
                label if label.ends_with("PRIVATE KEY") && key.is_none() => {
                    key = Some(rsa_key(&part)?);
                }
                _ => {}
            }
        }
        if key.is_none() && certificates.is_empty() {
            return Err(CertificateError::NotPem);
        }
        let key = key.ok_or(CertificateError::NoKey)?;
        if certificates.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        // A certificate holds its public key in the very bytes (DER of PKCS#1) that ring gives.
        let public = key.public_key().as_ref();
        let own = certificates
            .iter()
            .find(|der| der.windows(public.len()).any(|bytes| bytes == public))
            .ok_or(CertificateError::Strangers)?;
        let thumbprint = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, own));
        Ok(Self { key, thumbprint })
    }

    /// What proves to `audience`, from `now` on for ten minutes, that we are the application
    /// `client`; `id` tells one assertion from the next. Fails when the system gives no chance.
    pub(super) fn assertion(
        &self,
        audience: &str,
        client: &str,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Secret, Unspecified> {
        let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        let claims = json!({
            "aud": audience,
            "iss": client,
            "sub": client,
            "jti": id,
            "nbf": now.as_second(),
            "iat": now.as_second(),
            "exp": clock::add(now, LIFETIME).as_second(),
        });
        let encoded = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encoded(header), encoded(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        // ring takes the salt of PSS from nobody but the system.
        let chance = SystemRandom::new();
        self.key
            .sign(&RSA_PSS_SHA256, &chance, signed.as_bytes(), &mut signature)?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(Secret::new(format!("{signed}.{signature}")))
    }
}

fn der(part: &Part<'_>) -> Result<Vec<u8>, CertificateError> {
    part.der()
        .ok_or_else(|| CertificateError::Damaged(part.label.to_owned()))
}

fn rsa_key(part: &Part<'_>) -> Result<RsaKeyPair, CertificateError> {
    if part.is_encrypted() {
        return Err(CertificateError::Encrypted);
    }
    let key = match part.label {
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der(part)?),
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der(part)?),
        _ => return Err(CertificateError::NotRsa),
    };
    key.map_err(|why| match why.to_string().as_str() {
        // ring tells its reasons in words only.
        "WrongAlgorithm" => CertificateError::NotRsa,
        _ => CertificateError::Refused(why),
    })
}

#[cfg(test)]
pub(super) mod tests;
