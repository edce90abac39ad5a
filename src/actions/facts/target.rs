//! `target`: what the run is about, told even where the VM is gone: then what still protects it.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::recovery_points::{RecoveryPointFact, RecoveryPoints};
use crate::actions::facts::{id_of, schema, some, value};
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::azure::views::ProtectedItem;
use crate::base::{ErrorClass, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct TargetLooker(pub(super) Reader);

/// What the run is about.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TargetFact {
    /// Its resource id, as it was asked for.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
    /// True when Azure says that it does not exist.
    #[schemars(extend("x-yes" = "the VM does not exist any more", "x-no" = "the VM exists"))]
    pub gone: bool,
    /// What still protects a VM that is gone, from all vaults of its subscription.
    pub protection: Vec<LeftProtection>,
}

/// Protection whose VM is gone.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LeftProtection {
    /// The protected item's resource id.
    pub item: String,
    /// The vault's name.
    pub vault: String,
    /// The vault's resource group.
    pub vault_group: String,
    /// `Protected`, `ProtectionStopped` …
    pub state: Option<String>,
    /// The policy's resource id.
    pub policy: Option<String>,
    /// When the newest recovery point was taken.
    #[schemars(with = "Option<String>")]
    pub last_recovery_point: Option<Timestamp>,
    /// What can still be restored, newest first.
    pub recovery_points: Vec<RecoveryPointFact>,
}

#[async_trait]
impl Looker for TargetLooker {
    fn name(&self) -> &'static str {
        "target"
    }

    fn schema(&self) -> Value {
        schema::<TargetFact>()
    }

    fn reads(&self) -> Vec<&'static str> {
        [
            rights::VIRTUAL_MACHINE,
            rights::VAULTS,
            rights::PROTECTED_ITEMS,
            rights::RECOVERY_POINTS,
        ]
        .concat()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, target: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        let id = id_of(target)?;
        let mut fact = TargetFact {
            id: id.to_string(),
            name: id.name().to_owned(),
            resource_group: id.resource_group().unwrap_or_default().to_owned(),
            ..TargetFact::default()
        };
        match self.0.virtual_machine(&id).await {
            Ok(_) => {}
            Err(failure) if failure.class == ErrorClass::NotFound => {
                // Read all the same: that the subscription can be read is what makes a 404 a proof.
                for vault in self.0.vaults(&id, None).await? {
                    self.left(&id, &vault, &mut fact.protection).await?;
                }
                fact.gone = true;
            }
            Err(failure) => return Err(failure),
        }
        value(&fact)
    }
}

impl TargetLooker {
    async fn left(
        &self,
        vm: &ResourceId,
        vault: &ResourceId,
        left: &mut Vec<LeftProtection>,
    ) -> Result<(), Failure> {
        let items = self.0.protected_items(vault).await?;
        let of_it = |item: &&ProtectedItem| item.source_id.as_ref() == Some(vm);
        for item in items.iter().filter(of_it) {
            let points = RecoveryPoints::read(&self.0, &item.id).await?;
            left.push(LeftProtection {
                item: item.id.to_string(),
                vault: vault.name().to_owned(),
                vault_group: vault.resource_group().unwrap_or_default().to_owned(),
                state: some(item.protection_state.clone()),
                policy: item.policy_id.as_ref().map(ToString::to_string),
                last_recovery_point: item.last_recovery_point,
                recovery_points: points.list,
            });
        }
        Ok(())
    }
}
