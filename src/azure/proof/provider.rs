//! A resource provider that a VM's backup uses and that the subscription is not registered for.

use crate::azure::resource_id::ResourceId;
use crate::azure::views::Provider;

use super::RuleBroken;

/// The providers that a VM's backup uses; no other is ever registered.
pub const NEEDED_PROVIDERS: [&str; 4] = [
    "Microsoft.Compute",
    "Microsoft.Network",
    "Microsoft.RecoveryServices",
    "Microsoft.Storage",
];

/// A provider of [`NEEDED_PROVIDERS`] that is not registered.
#[derive(Clone, Debug)]
pub struct UnregisteredProvider {
    subscription: ResourceId,
    namespace: &'static str,
}

impl UnregisteredProvider {
    /// Checks that `provider`, as it was read in `subscription`, is needed and not registered.
    pub fn prove(provider: &Provider, subscription: &ResourceId) -> Result<Self, RuleBroken> {
        let name = &provider.namespace;
        let needed = NEEDED_PROVIDERS
            .into_iter()
            .find(|needed| needed.eq_ignore_ascii_case(name));
        let Some(namespace) = needed else {
            return Err(RuleBroken(format!(
                "`{name}` is not a provider that a VM's backup uses"
            )));
        };
        let open = ["NotRegistered", "Unregistered"];
        if !open.iter().any(|s| provider.state.eq_ignore_ascii_case(s)) {
            return Err(RuleBroken(format!(
                "`{name}` is `{}`, and not simply unregistered",
                provider.state
            )));
        }
        Ok(Self {
            subscription: subscription.subscription_id(),
            namespace,
        })
    }

    /// The subscription.
    #[must_use]
    pub fn subscription(&self) -> &ResourceId {
        &self.subscription
    }

    /// The provider.
    #[must_use]
    pub fn namespace(&self) -> &'static str {
        self.namespace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unregistered_provider_of_the_four_is_proved() {
        let subscription = ResourceId::parse("/subscriptions/s").unwrap();
        for (namespace, state, proved) in [
            ("microsoft.storage", "NotRegistered", true),
            ("Microsoft.Network", "Unregistered", true),
            ("Microsoft.Network", "Registered", false),
            ("Microsoft.Network", "Registering", false),
            ("Microsoft.KeyVault", "NotRegistered", false),
        ] {
            let provider = Provider {
                namespace: namespace.to_owned(),
                state: state.to_owned(),
            };
            let proof = UnregisteredProvider::prove(&provider, &subscription);
            assert_eq!(proof.is_ok(), proved, "{namespace} {state}");
        }
    }
}
