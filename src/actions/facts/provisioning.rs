//! `provisioning`: whether the VM's last operation failed.
//!
//! A fact of its own beside `vm`: what may mend it, or may not, makes only this one unknown while
//! planning.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::vm::VmFact;
use crate::actions::facts::{known, schema, value};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct ProvisioningLooker;

/// The provisioning state of the VM.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Provisioning {
    /// `Succeeded`, `Failed`, `Updating` …
    pub state: Option<String>,
    /// True when it is `Failed`.
    #[schemars(extend(
        "x-yes" = "the VM is in the provisioning state Failed",
        "x-no" = "the VM is not in the provisioning state Failed"
    ))]
    pub failed: bool,
}

impl Provisioning {
    /// From what the VM says.
    #[must_use]
    pub fn of(vm: &VmFact) -> Self {
        Self {
            state: vm.provisioning.clone(),
            failed: vm.is_failed(),
        }
    }
}

#[async_trait]
impl Looker for ProvisioningLooker {
    fn name(&self) -> &'static str {
        "provisioning"
    }

    fn schema(&self) -> Value {
        schema::<Provisioning>()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("vm")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let vm: VmFact = known(facts, "vm")?;
        value(&Provisioning::of(&vm))
    }
}
