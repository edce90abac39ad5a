//! Which cloud is spoken to: one of the table, or what an endpoint says of itself.

use crate::azure::credential::{CredentialKind, CredentialSettings};
use crate::azure::{Cloud, Transport, discover};
use crate::base::{Chance, Clock};
use crate::ops::{OpsError, Settings};

/// A cloud whose endpoint is known.
pub(super) struct Named {
    pub(super) cloud: Cloud,
    /// What has yet to be learnt from the endpoint itself.
    unknown: Unknown,
}

#[derive(Default)]
struct Unknown {
    audience: bool,
    authority: bool,
}

/// The cloud that the settings name; asks nobody.
pub(super) fn named(settings: &Settings) -> Result<Named, OpsError> {
    let audience = settings.arm_audience.as_deref();
    if settings.cloud.eq_ignore_ascii_case("custom") {
        let Some(endpoint) = settings.arm_endpoint.as_deref() else {
            return Err(OpsError::Usage(
                "--cloud custom needs --arm-endpoint".to_owned(),
            ));
        };
        return custom(endpoint, audience, &settings.credential);
    }
    let Some(mut cloud) = Cloud::by_name(&settings.cloud) else {
        return Err(OpsError::Usage(format!(
            "there is no cloud `{}`; known are public, usgov, china, usnat, ussec and custom",
            settings.cloud
        )));
    };
    if let Some(endpoint) = &settings.arm_endpoint {
        cloud = at(cloud, endpoint)?;
    }
    if let Some(audience) = audience {
        audience.clone_into(&mut cloud.audience);
    }
    let unknown = Unknown::default();
    Ok(Named { cloud, unknown })
}

/// A cloud of another endpoint, on this machine or elsewhere, whose tokens nobody looks into.
pub(super) fn unnamed(endpoint: &str) -> Result<Cloud, OpsError> {
    let mut cloud = at(Cloud::public(), endpoint)?;
    "custom".clone_into(&mut cloud.name);
    Ok(cloud)
}

fn custom(
    endpoint: &str,
    audience: Option<&str>,
    credential: &CredentialSettings,
) -> Result<Named, OpsError> {
    let mut cloud = unnamed(endpoint)?;
    let mut unknown = needed(credential);
    if let Some(known) = Cloud::at(&cloud.arm) {
        (cloud.audience, cloud.authority) = (known.audience, known.authority);
        unknown = Unknown::default();
    }
    if let Some(audience) = audience {
        audience.clone_into(&mut cloud.audience);
        unknown.audience = false;
    }
    Ok(Named { cloud, unknown })
}

/// What a credential has to know of a cloud: a ready token is for whom it is for, and the Azure
/// CLI and managed identities know their authority.
fn needed(credential: &CredentialSettings) -> Unknown {
    let own_authority = matches!(
        credential.kind,
        CredentialKind::Token | CredentialKind::Cli | CredentialKind::ManagedIdentity
    );
    Unknown {
        audience: credential.kind != CredentialKind::Token,
        authority: !own_authority && credential.authority.is_none(),
    }
}

fn at(cloud: Cloud, endpoint: &str) -> Result<Cloud, OpsError> {
    let named = cloud.with_endpoint(endpoint, None);
    named.map_err(|why| OpsError::Usage(why.to_string()))
}

impl Named {
    /// The cloud with all that a credential has to know; asks its endpoint when something is
    /// missing.
    pub(super) async fn whole(
        self,
        transport: &dyn Transport,
        clock: &Clock,
        chance: &Chance,
    ) -> Result<Cloud, OpsError> {
        let Self { mut cloud, unknown } = self;
        if !unknown.audience && !unknown.authority {
            return Ok(cloud);
        }
        let metadata = discover(&cloud, transport, clock, chance).await?;
        if unknown.audience {
            cloud.audience = metadata.audience()?;
        }
        if unknown.authority {
            cloud.authority = metadata.authority()?;
        }
        let (audience, authority) = (&cloud.audience, cloud.authority.as_str());
        tracing::info!(arm = %cloud.arm, audience, authority, "the endpoint told of its cloud");
        Ok(cloud)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use CredentialKind as K;

    use crate::core::journal::store::Holder;

    use super::*;

    fn settings(cloud: &str, endpoint: Option<&str>, kind: K) -> Settings {
        Settings {
            cloud: cloud.to_owned(),
            arm_endpoint: endpoint.map(ToOwned::to_owned),
            arm_audience: None,
            credential: CredentialSettings {
                kind,
                ..CredentialSettings::default()
            },
            sim: None,
            runbooks: None,
            state: PathBuf::new(),
            time_scale: None,
            seal_key: None,
            holder: Holder {
                host: "h".to_owned(),
                pid: 1,
                started: 1,
            },
        }
    }

    fn asks(settings: &Settings) -> (bool, bool) {
        let unknown = named(settings).unwrap().unknown;
        (unknown.audience, unknown.authority)
    }

    #[test]
    fn a_custom_endpoint_is_asked_for_what_the_credential_needs_and_nobody_has_said() {
        let arm = Some("https://arm.example");
        for (kind, needs) in [
            (K::Auto, (true, true)),
            (K::Workload, (true, true)),
            (K::ClientSecret, (true, true)),
            (K::ClientCertificate, (true, true)),
            (K::Pipelines, (true, true)),
            (K::Cli, (true, false)),
            (K::ManagedIdentity, (true, false)),
            (K::Token, (false, false)),
        ] {
            let mut settings = settings("custom", arm, kind);
            assert_eq!(asks(&settings), needs, "{kind:?}");
            settings.arm_audience = Some("https://a.example".to_owned());
            assert_eq!(
                asks(&settings),
                (false, needs.1),
                "{kind:?} with an audience"
            );
            settings.credential.authority = Some("https://l.example".parse().unwrap());
            assert_eq!(asks(&settings), (false, false), "{kind:?} with both");
        }
    }

    #[test]
    fn an_endpoint_of_a_known_cloud_and_a_named_cloud_are_asked_nothing() {
        let arm = Some("https://westeurope.management.azure.com");
        let custom = settings("custom", arm, K::ClientSecret);
        assert_eq!(asks(&custom), (false, false));
        let cloud = named(&custom).unwrap().cloud;
        assert_eq!(cloud.audience, "https://management.azure.com");
        assert_eq!(
            (&*cloud.name, cloud.arm.host_str()),
            ("custom", Some("westeurope.management.azure.com"))
        );
        for name in ["public", "usgov", "china", "usnat", "ussec"] {
            assert_eq!(
                asks(&settings(name, None, K::Auto)),
                (false, false),
                "{name}"
            );
        }
    }

    #[test]
    fn an_audience_counts_with_and_without_an_endpoint() {
        for endpoint in [None, Some("https://arm.example")] {
            let mut settings = settings("usgov", endpoint, K::Auto);
            settings.arm_audience = Some("https://a.example".to_owned());
            let cloud = named(&settings).unwrap().cloud;
            assert_eq!(cloud.audience, "https://a.example");
            assert_eq!(
                cloud.authority.as_str(),
                "https://login.microsoftonline.us/"
            );
        }
    }

    #[test]
    fn a_cloud_that_cannot_be_is_a_usage_error() {
        for (name, endpoint, word) in [
            ("moon", None, "there is no cloud `moon`"),
            ("custom", None, "needs --arm-endpoint"),
            ("custom", Some("http://arm.example"), "plain http"),
            (
                "custom",
                Some("https://arm.example/path"),
                "more than a host",
            ),
        ] {
            let refused = named(&settings(name, endpoint, K::Auto)).err().unwrap();
            assert!(
                matches!(&refused, OpsError::Usage(text) if text.contains(word)),
                "{refused}"
            );
        }
    }
}
