//! `overview`: all that Resource Manager shows of the VM and its backups, for a ticket. A part that
//! cannot be read says so in its place and stops nothing.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use crate::base::Failure;
use crate::core::facts::{Fact, FactKey, Facts, Looker, Lookers, Target};

/// The facts that belong to it: each is read without arguments. A new fact that tells why backups
/// fail is added here, and nothing else has to know.
const PARTS: &[&str] = &[
    "backup_policy",
    "disks",
    "extensions",
    "failure",
    "jobs",
    "key_vault",
    "locks",
    "network",
    "policy_denials",
    "protection",
    "providers",
    "restore_points",
    "vm",
    "vm_locks",
];

/// Reads the parts by the lookers of the others.
pub(super) struct OverviewLooker(pub(super) Lookers);

fn parts() -> Vec<FactKey> {
    PARTS.iter().map(|part| FactKey::named(part)).collect()
}

#[async_trait]
impl Looker for OverviewLooker {
    fn name(&self) -> &'static str {
        "overview"
    }

    fn schema(&self) -> Value {
        json!({ "type": "object" })
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    fn reads(&self) -> Vec<&'static str> {
        self.0.reads(&parts()).into_iter().collect()
    }

    async fn load(&self, target: &Target, _: &Value, seen: &Facts) -> Result<Value, Failure> {
        let keys = parts();
        let mut facts = seen.clone();
        self.0.load(target, &keys, &mut facts).await;
        let parts = keys.iter().map(|key| {
            let part = match facts.get(key) {
                Some(Fact::Known(value)) => value.clone(),
                Some(Fact::Failed(failure)) => json!({ "unreadable": failure.to_string() }),
                Some(Fact::Unknown(by)) => json!({ "unreadable": format!("known after {by}") }),
                None => json!({ "unreadable": "it was not read" }),
            };
            (key.name.clone(), part)
        });
        Ok(Value::Object(parts.collect::<Map<_, _>>()))
    }
}
