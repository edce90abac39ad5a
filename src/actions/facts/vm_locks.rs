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
        value(&VmLocks {
            read_only: stops.map(|lock| lock.id.to_string()).collect(),
        })
    }
}
