//! `providers`: whether the subscription is registered for what a VM's backup uses.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::{id_of, schema, value};
use crate::azure::proof::NEEDED_PROVIDERS;
use crate::azure::reader::{Reader, rights};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct ProvidersLooker(pub(super) Reader);

/// The resource providers that a VM's backup uses.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Providers {
    /// Each with its state.
    pub list: Vec<ProviderFact>,
    /// Those that are not `Registered`.
    #[schemars(extend("x-yes" = "resource providers are not registered", "x-no" = "every resource provider is registered"))]
    pub missing: Vec<String>,
}

/// One resource provider.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProviderFact {
    /// `Microsoft.RecoveryServices` …
    pub namespace: String,
    /// `Registered`, `NotRegistered`, `Registering` …
    pub state: String,
}

impl ProviderFact {
    /// True when nothing is left to do.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.state.eq_ignore_ascii_case("Registered")
    }
}

impl Providers {
    /// Names anew which are missing.
    #[must_use]
    pub fn of(list: Vec<ProviderFact>) -> Self {
        let missing = list.iter().filter(|one| !one.is_registered());
        Self {
            missing: missing.map(|one| one.namespace.clone()).collect(),
            list,
        }
    }
}

#[async_trait]
impl Looker for ProvidersLooker {
    fn name(&self) -> &'static str {
        "providers"
    }

    fn schema(&self) -> Value {
        schema::<Providers>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::PROVIDER.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, target: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        let vm = id_of(target)?;
        let read = NEEDED_PROVIDERS.iter().map(|namespace| {
            let (reader, vm) = (&self.0, &vm);
            async move {
                let state = reader.provider(vm, namespace).await?.state;
                Ok(ProviderFact {
                    namespace: (*namespace).to_owned(),
                    state,
                })
            }
        });
        value(&Providers::of(try_join_all(read).await?))
    }
}
