//! `backup_policy`: the policy that the VM is backed up by.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::protection::Protection;
use crate::actions::facts::vm::VmFact;
use crate::actions::facts::{known, parse, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct BackupPolicyLooker(pub(super) Reader);

/// The backup policy of the VM; nothing of it is known while protection is stopped.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BackupPolicy {
    /// Its resource id; null when the VM has none.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// `V1` (standard) or `V2` (enhanced).
    pub kind: Option<String>,
    /// The group that Azure Backup keeps the first restore points of this VM's region in.
    pub group: Option<String>,
    /// How many days instant restore points are kept.
    pub instant_days: Option<u32>,
    /// `OnlyCrashConsistent`, when that was chosen.
    pub consistency: Option<String>,
}

#[async_trait]
impl Looker for BackupPolicyLooker {
    fn name(&self) -> &'static str {
        "backup_policy"
    }

    fn schema(&self) -> Value {
        schema::<BackupPolicy>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::BACKUP_POLICY.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("protection"), FactKey::named("vm")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let protection: Protection = known(facts, "protection")?;
        let Some(id) = &protection.policy else {
            return value(&BackupPolicy::default());
        };
        let vm: VmFact = known(facts, "vm")?;
        let policy = self.0.backup_policy(&parse(id)?).await?;
        let prefix = policy.group_prefix.filter(|p| !p.is_empty());
        let group = match prefix {
            Some(prefix) => format!("{prefix}1{}", policy.group_suffix.unwrap_or_default()),
            None => format!("AzureBackupRG_{}_1", vm.location),
        };
        value(&BackupPolicy {
            id: Some(policy.id.to_string()),
            name: Some(policy.name),
            kind: policy.policy_type,
            group: Some(group),
            instant_days: policy.instant_rp_days,
            consistency: policy.consistency,
        })
    }
}
