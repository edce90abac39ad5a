//! `elsewhere`: what runs for this VM in other vaults, where it may have been protected before.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::item::ItemFact;
use crate::actions::facts::jobs::{is_of, is_running};
use crate::actions::facts::vm::VmFact;
use crate::actions::facts::{id_of, known, parse, schema, value};
use crate::actions::limits;
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::base::{Clock, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct ElsewhereLooker(pub(super) Reader, pub(super) Clock);

/// Jobs of this VM in the other vaults of its subscription and region.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Elsewhere {
    /// The other vaults that were looked into, by name.
    pub vaults: Vec<String>,
    /// The jobs that run: "job … in the vault …".
    #[schemars(extend("x-yes" = "another vault works on this VM", "x-no" = "no other vault works on this VM"))]
    pub running: Vec<String>,
}

#[async_trait]
impl Looker for ElsewhereLooker {
    fn name(&self) -> &'static str {
        "elsewhere"
    }

    fn schema(&self) -> Value {
        schema::<Elsewhere>()
    }

    fn reads(&self) -> Vec<&'static str> {
        [rights::VAULTS, rights::BACKUP_JOBS].concat()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("vm"), FactKey::named("item")]
    }

    async fn load(&self, target: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let (vm, item): (VmFact, ItemFact) = (known(facts, "vm")?, known(facts, "item")?);
        let own = item.vault.as_deref().map(parse).transpose()?;
        let id = id_of(target)?;
        let vaults = self.0.vaults(&id, Some(&vm.location)).await?;
        let others = vaults.iter().filter(|vault| own.as_ref() != Some(*vault));
        let others: Vec<&ResourceId> = others.collect();
        // Without an item here, the container is what enrolment would call it.
        let container = item
            .container
            .unwrap_or_else(|| format!("iaasvmcontainerv2;{};{}", vm.resource_group, vm.name));
        let read = others
            .iter()
            .map(|vault| self.running(vault, &container, &vm.name));
        let running = try_join_all(read).await?;
        value(&Elsewhere {
            vaults: others.iter().map(|v| v.name().to_owned()).collect(),
            running: running.into_iter().flatten().collect(),
        })
    }
}

impl ElsewhereLooker {
    async fn running(
        &self,
        vault: &ResourceId,
        container: &str,
        vm: &str,
    ) -> Result<Vec<String>, Failure> {
        let back = jiff::SignedDuration::try_from(limits::JOBS_BACK).unwrap_or_default();
        let since = self.1.now().checked_sub(back);
        let since = since.unwrap_or(jiff::Timestamp::MIN);
        let jobs = self.0.backup_jobs(vault, since).await?;
        let ours = jobs
            .iter()
            .filter(|job| is_running(&job.status) && is_of(job, Some(container), vm));
        let told = ours.map(|job| {
            let what = job.operation.to_lowercase();
            format!("{what} job {} in the vault {}", job.name, vault.name())
        });
        Ok(told.collect())
    }
}
