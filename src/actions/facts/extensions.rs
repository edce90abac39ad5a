//! `extensions`: the extensions of the VM, Azure Backup's apart from the others.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::{id_of, schema, some, value};
use crate::azure::proof::BackupExtension;
use crate::azure::reader::{Reader, rights};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct ExtensionsLooker(pub(super) Reader);

/// The extensions of the VM, as ARM lists them. Those of VMs with managed disks usually do not
/// list VMSnapshot at all.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Extensions {
    /// VMSnapshot or VMSnapshotLinux of `Microsoft.Azure.RecoveryServices`.
    pub backup: Vec<ExtensionFact>,
    /// All others.
    pub others: Vec<ExtensionFact>,
    /// Names of the others that have failed.
    #[schemars(extend("x-yes" = "other extensions have failed", "x-no" = "no other extension has failed"))]
    pub others_failed: Vec<String>,
    /// What these say of themselves, ready for a ticket.
    pub others_messages: Vec<String>,
}

/// One extension.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExtensionFact {
    /// Its resource id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its publisher.
    pub publisher: String,
    /// Its type.
    pub kind: String,
    /// `Succeeded`, `Failed`, `Deleting` …
    pub state: Option<String>,
    /// What it says of itself.
    pub message: Option<String>,
    /// True when it failed, or hangs in being deleted.
    pub sick: bool,
}

#[async_trait]
impl Looker for ExtensionsLooker {
    fn name(&self) -> &'static str {
        "extensions"
    }

    fn schema(&self) -> Value {
        schema::<Extensions>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::EXTENSIONS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, target: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        let mut fact = Extensions::default();
        for extension in self.0.extensions(&id_of(target)?).await? {
            let state = some(extension.provisioning_state.clone());
            let ends = |s: &str| {
                state
                    .as_deref()
                    .is_some_and(|is| is.eq_ignore_ascii_case(s))
            };
            let failed = ends("Failed")
                || extension.statuses.iter().any(|s| {
                    s.code
                        .to_lowercase()
                        .starts_with("provisioningstate/failed")
                });
            let row = ExtensionFact {
                id: extension.id.to_string(),
                name: extension.name.clone(),
                publisher: extension.publisher.clone(),
                kind: extension.kind.clone(),
                sick: failed || ends("Deleting"),
                message: extension.message.clone(),
                state: state.clone(),
            };
            if BackupExtension::prove(&extension).is_ok() {
                fact.backup.push(row);
                continue;
            }
            if failed {
                fact.others_failed.push(row.name.clone());
                let said = row
                    .message
                    .clone()
                    .unwrap_or_else(|| "it says nothing".to_owned());
                fact.others_messages
                    .push(format!("{} ({}): {said}", row.name, row.publisher));
            }
            fact.others.push(row);
        }
        value(&fact)
    }
}
