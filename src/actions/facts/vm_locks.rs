//! `vm_locks`: the `ReadOnly` locks that stop every change of the VM, POSTs included.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::{id_of, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct VmLocksLooker(pub(super) Reader);

/// The locks that stop every change of the VM.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct VmLocks {
    /// `ReadOnly` locks on the VM, its resource group or its subscription, by id.
    pub read_only: Vec<String>,
    /// The same, for people.
    pub told: Vec<VmLock>,
}

/// One lock, for people.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct VmLock {
    /// Its name.
    pub name: String,
    /// What it hangs on.
    pub scope: String,
    /// `ReadOnly`.
    pub level: String,
    /// Why it is there, in the words of whoever put it.
    pub notes: Option<String>,
}

impl VmLocks {
    /// "the ReadOnly lock `keep` on `rg-web`".
    #[must_use]
    pub fn words(&self) -> String {
        let each = self.told.iter().map(|lock| {
            let on = lock.scope.rsplit('/').next().unwrap_or_default();
            match lock.scope.matches('/').count() {
                0..=2 => format!("`{}` on the subscription", lock.name),
                _ => format!("`{}` on `{on}`", lock.name),
            }
        });
        let each: Vec<String> = each.collect();
        let noun = if each.len() == 1 { "lock" } else { "locks" };
        format!("the ReadOnly {noun} {}", each.join(", "))
    }
}

#[async_trait]
impl Looker for VmLocksLooker {
    fn name(&self) -> &'static str {
        "vm_locks"
    }

    fn schema(&self) -> Value {
        schema::<VmLocks>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::LOCKS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, target: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        let vm = id_of(target)?;
        // The list has those above and those below; one below does not stop the VM's own verbs.
        let stops = self.0.locks(&vm).await?.into_iter().filter(|lock| {
            lock.level.eq_ignore_ascii_case("ReadOnly") && lock.scope().contains(&vm)
        });
        let stops: Vec<_> = stops.collect();
        value(&VmLocks {
            read_only: stops.iter().map(|lock| lock.id.to_string()).collect(),
            told: stops
                .into_iter()
                .map(|lock| VmLock {
                    scope: lock.scope().to_string(),
                    name: lock.name,
                    level: lock.level,
                    notes: lock.notes,
                })
                .collect(),
        })
    }
}
