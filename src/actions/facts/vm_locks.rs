//! `vm_locks`: the management locks that reach the VM. A `ReadOnly` one stops every change of it,
//! POSTs included.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::{id_of, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::azure::views::lock::Lock;
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct VmLocksLooker(pub(super) Reader);

/// The locks that reach the VM.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct VmLocks {
    /// Each lock on the VM, its resource group or its subscription, the nearest first.
    pub list: Vec<VmLockFact>,
    /// The same for people: "`keep` (ReadOnly) on the VM".
    pub told: Vec<String>,
    /// The `ReadOnly` ones among them, by id.
    pub read_only: Vec<String>,
}

/// One lock that reaches the VM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct VmLockFact {
    /// Its resource id.
    pub id: String,
    /// `CanNotDelete` or `ReadOnly`.
    pub level: String,
    /// The id of what it sits on.
    pub scope: String,
    /// What its owner wrote.
    pub notes: Option<String>,
    /// The applications that own it.
    pub owners: Vec<String>,
}

impl VmLocks {
    /// Of all the locks that Azure lists at the VM: those above and those below are among them, and
    /// one below does not stop the VM's own verbs.
    fn of(vm: &ResourceId, mut locks: Vec<Lock>) -> Self {
        locks.retain(|lock| lock.scope().contains(vm));
        locks.sort_by_key(|lock| std::cmp::Reverse(lock.scope().as_str().len()));
        let read_only = |lock: &&Lock| lock.level.eq_ignore_ascii_case("ReadOnly");
        Self {
            list: locks.iter().map(VmLockFact::of).collect(),
            told: locks.iter().map(|lock| told(vm, lock)).collect(),
            read_only: locks
                .iter()
                .filter(read_only)
                .map(|lock| lock.id.to_string())
                .collect(),
        }
    }
}

impl VmLockFact {
    fn of(lock: &Lock) -> Self {
        Self {
            id: lock.id.to_string(),
            level: lock.level.clone(),
            scope: lock.scope().to_string(),
            notes: lock.notes.clone(),
            owners: lock.owners.clone(),
        }
    }
}

fn told(vm: &ResourceId, lock: &Lock) -> String {
    let scope = lock.scope();
    let on = if scope == *vm {
        "on the VM".to_owned()
    } else if scope.resource_group().is_some() {
        format!("on the resource group `{}`", scope.name())
    } else {
        "on the subscription".to_owned()
    };
    format!("`{}` ({}) {on}", lock.name, lock.level)
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
        let locks = self.0.locks(&vm).await?;
        value(&VmLocks::of(&vm, locks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const RG: &str = "/subscriptions/s/resourceGroups/rg";

    fn lock(scope: &str, level: &str) -> Lock {
        let id = format!("{scope}/providers/Microsoft.Authorization/locks/keep");
        Lock::kept(json!({ "id": id, "properties": { "level": level } })).unwrap()
    }

    #[test]
    fn locks_that_reach_the_vm_are_told_with_where_they_sit_and_others_are_not() {
        let vm = format!("{RG}/providers/Microsoft.Compute/virtualMachines/web1");
        let locks = VmLocks::of(
            &ResourceId::parse(&vm).unwrap(),
            vec![
                lock("/subscriptions/s", "CanNotDelete"),
                lock(&RG.to_uppercase(), "readonly"),
                lock(&vm, "ReadOnly"),
                lock(&format!("{vm}/extensions/x"), "ReadOnly"),
                lock(&format!("{vm}0"), "ReadOnly"),
            ],
        );
        assert_eq!(
            locks.told,
            [
                "`keep` (ReadOnly) on the VM",
                "`keep` (readonly) on the resource group `RG`",
                "`keep` (CanNotDelete) on the subscription",
            ]
        );
        assert_eq!((locks.list.len(), locks.read_only.len()), (3, 2));
    }
}
