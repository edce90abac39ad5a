//! `backup_policies`: the policies for VMs that the VM's vault has.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::protection::Protection;
use crate::actions::facts::{known, parse, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct BackupPoliciesLooker(pub(super) Reader);

/// The policies that a VM of this vault may be backed up by.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BackupPolicies {
    /// Their names; none where no vault protects the VM.
    pub names: Vec<String>,
}

#[async_trait]
impl Looker for BackupPoliciesLooker {
    fn name(&self) -> &'static str {
        "backup_policies"
    }

    fn schema(&self) -> Value {
        schema::<BackupPolicies>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::BACKUP_POLICY.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("protection")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let protection: Protection = known(facts, "protection")?;
        let Some(vault) = &protection.vault else {
            return value(&BackupPolicies::default());
        };
        let policies = self.0.backup_policies(&parse(vault)?).await?;
        let names = policies.into_iter().map(|policy| policy.name).collect();
        value(&BackupPolicies { names })
    }
}
