//! What protects a VM: the answer to `backupStatus`, and the protected item.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::azure::resource_id::ResourceId;

use crate::azure::views::wire::{Moment, Text, filled, id, list};

/// Whether and where a VM is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackupStatus {
    /// `NotProtected`, `Protecting`, `Protected` or `ProtectionFailed`.
    pub protection_status: String,
    /// The vault.
    pub vault_id: Option<ResourceId>,
    /// The fabric; `Azure` for VMs.
    pub fabric_name: Option<String>,
    /// The container, with its first prefix.
    pub container_name: Option<String>,
    /// The protected item.
    pub item_name: Option<String>,
    /// The policy.
    pub policy_name: Option<String>,
}

impl BackupStatus {
    /// The id of the protected item; `None` when nothing protects the VM.
    #[must_use]
    pub fn item_id(&self) -> Option<ResourceId> {
        let (vault, container, item) = (
            self.vault_id.as_ref()?,
            self.container_name.as_ref()?,
            self.item_name.as_ref()?,
        );
        let fabric = self.fabric_name.as_deref().unwrap_or("Azure");
        Some(vault.child(&format!(
            "backupFabrics/{fabric}/protectionContainers/{container}/protectedItems/{item}"
        )))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::azure) struct WireBackupStatus {
    protection_status: Option<Text>,
    vault_id: Option<Text>,
    fabric_name: Option<Text>,
    container_name: Option<Text>,
    protected_item_name: Option<Text>,
    policy_name: Option<Text>,
}

impl From<WireBackupStatus> for BackupStatus {
    fn from(wire: WireBackupStatus) -> Self {
        Self {
            protection_status: wire.protection_status.unwrap_or_default().0,
            vault_id: id(wire.vault_id),
            fabric_name: filled(wire.fabric_name),
            container_name: filled(wire.container_name),
            item_name: filled(wire.protected_item_name),
            policy_name: filled(wire.policy_name),
        }
    }
}

/// One finding about a protected item: number and symbol of the same event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HealthDetail {
    /// Its number.
    pub code: Option<i64>,
    /// Its symbol: `UserErrorGuestAgentStatusUnavailable`.
    pub title: Option<String>,
    /// Its words, in the language of the request.
    pub message: String,
    /// What Azure recommends.
    pub recommendations: Vec<String>,
}

/// A VM as a vault protects it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectedItem {
    /// Its id.
    pub id: ResourceId,
    /// Its name: `VM;iaasvmcontainerv2;group;vm`.
    pub name: String,
    /// The vault, cut from its id.
    #[serde(default)]
    pub vault: Option<ResourceId>,
    /// The VM.
    #[serde(default)]
    pub source_id: Option<ResourceId>,
    /// `Protected`, `IRPending`, `ProtectionStopped` …
    #[serde(default)]
    pub protection_state: Option<String>,
    /// `Healthy` or `Unhealthy`.
    #[serde(default)]
    pub protection_status: Option<String>,
    /// `Passed`, `ActionRequired`, `ActionSuggested`: of the check before a backup, not of the
    /// last failure.
    #[serde(default)]
    pub health_status: Option<String>,
    /// `Completed`, `Failed` …; `None` when no backup ever ran.
    #[serde(default)]
    pub last_backup_status: Option<String>,
    /// `None` when no backup ever ran.
    #[serde(default)]
    pub last_backup_time: Option<Timestamp>,
    /// The time of the last recovery point.
    #[serde(default)]
    pub last_recovery_point: Option<Timestamp>,
    /// Its policy.
    #[serde(default)]
    pub policy_id: Option<ResourceId>,
    /// Whether it is deleted and only kept for a while: the soft delete of the vault.
    #[serde(default)]
    pub soft_deleted: bool,
    /// What the check before a backup found.
    #[serde(default)]
    pub health_details: Vec<HealthDetail>,
    /// What was found of each side of its health (`BackupOperationStatusKPI` …); nothing where
    /// it never failed.
    #[serde(default)]
    pub kpis: BTreeMap<String, Vec<HealthDetail>>,
}

impl ProtectedItem {
    /// From an answer of Azure's that somebody kept.
    ///
    /// # Errors
    /// When it is none.
    pub fn of_json(answer: Value) -> Result<Self, serde_json::Error> {
        Ok(serde_json::from_value::<WireItem>(answer)?.into())
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::azure) struct WireItem {
    id: ResourceId,
    name: Option<Text>,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    source_resource_id: Option<Text>,
    virtual_machine_id: Option<Text>,
    protection_state: Option<Text>,
    protection_status: Option<Text>,
    health_status: Option<Text>,
    last_backup_status: Option<Text>,
    last_backup_time: Option<Moment>,
    last_recovery_point: Option<Moment>,
    policy_id: Option<Text>,
    is_scheduled_for_deferred_delete: Option<bool>,
    #[serde(deserialize_with = "list")]
    health_details: Vec<WireHealth>,
    kpis_healths: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireHealth {
    code: Option<Text>,
    title: Option<Text>,
    message: Option<Text>,
    #[serde(deserialize_with = "list")]
    recommendations: Vec<Text>,
}

impl From<WireItem> for ProtectedItem {
    fn from(wire: WireItem) -> Self {
        let p = wire.properties.unwrap_or_default();
        Self {
            name: filled(wire.name).unwrap_or_else(|| wire.id.name().to_owned()),
            vault: vault_of(&wire.id),
            id: wire.id,
            source_id: id(p.source_resource_id).or_else(|| id(p.virtual_machine_id)),
            protection_state: filled(p.protection_state),
            protection_status: filled(p.protection_status),
            health_status: filled(p.health_status),
            last_backup_status: filled(p.last_backup_status),
            last_backup_time: p.last_backup_time.unwrap_or_default().0,
            last_recovery_point: p.last_recovery_point.unwrap_or_default().0,
            policy_id: id(p.policy_id),
            health_details: p.health_details.into_iter().map(Into::into).collect(),
            kpis: kpis(&p.kpis_healths),
            soft_deleted: p.is_scheduled_for_deferred_delete.unwrap_or_default(),
        }
    }
}

impl From<WireHealth> for HealthDetail {
    fn from(wire: WireHealth) -> Self {
        Self {
            code: wire.code.and_then(|code| code.0.parse().ok()),
            title: filled(wire.title),
            message: wire.message.unwrap_or_default().0,
            recommendations: wire.recommendations.into_iter().map(|r| r.0).collect(),
        }
    }
}

/// The sides of its health; those in another form than was ever seen are left out.
fn kpis(healths: &Value) -> BTreeMap<String, Vec<HealthDetail>> {
    let sides = healths.as_object().into_iter().flatten();
    let details = sides.map(|(name, side)| {
        let details = side["resourceHealthDetails"]
            .as_array()
            .into_iter()
            .flatten();
        let read = |one: &Value| serde_json::from_value::<WireHealth>(one.clone()).ok();
        let details = details.filter_map(read).map(Into::into).collect();
        (name.clone(), details)
    });
    details
        .filter(|(_, details): &(_, Vec<_>)| !details.is_empty())
        .collect()
}

fn vault_of(item: &ResourceId) -> Option<ResourceId> {
    let at = item.as_str().to_ascii_lowercase().find("/backupfabrics/")?;
    ResourceId::parse(&item.as_str()[..at]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const VAULT: &str =
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v";

    fn item(properties: Value) -> ProtectedItem {
        let id = format!(
            "{VAULT}/backupFabrics/Azure/protectionContainers/IaasVMContainer;iaasvmcontainerv2;rg;web1/protectedItems/VM;iaasvmcontainerv2;rg;web1"
        );
        serde_json::from_value::<WireItem>(json!({ "id": id, "properties": properties }))
            .unwrap()
            .into()
    }

    #[test]
    fn the_item_of_a_protected_vm_has_an_id() {
        let status: BackupStatus = serde_json::from_value::<WireBackupStatus>(json!({
            "protectionStatus": "Protected", "vaultId": format!("https://management.azure.com{VAULT}"), "fabricName": "Azure",
            "containerName": "iaasvmcontainer;iaasvmcontainerv2;rg;web1", "protectedItemName": "vm;iaasvmcontainerv2;rg;web1",
            "policyName": "p", "errorCode": "Success" }))
        .unwrap()
        .into();
        assert_eq!(
            status.item_id(),
            Some(item(json!({})).id),
            "ids of list and status differ in casing alone"
        );
    }

    #[test]
    fn a_vm_that_nothing_protects_has_no_item() {
        for body in [
            json!({ "protectionStatus": "NotProtected" }),
            json!({ "protectionStatus": "NotProtected", "vaultId": "", "containerName": null }),
        ] {
            let status: BackupStatus = serde_json::from_value::<WireBackupStatus>(body)
                .unwrap()
                .into();
            assert_eq!(
                (status.item_id(), status.protection_status.as_str()),
                (None, "NotProtected")
            );
        }
    }

    #[test]
    fn a_vm_that_was_never_backed_up_has_no_last_backup() {
        let item = item(
            json!({ "protectionState": "IRPending", "lastBackupStatus": "", "lastBackupTime": "2001-01-01T00:00:00Z",
            "virtualMachineId": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web1", "sourceSideScanning": 0 }),
        );
        assert_eq!(
            (item.last_backup_time, item.last_backup_status),
            (None, None)
        );
        assert_eq!(item.source_id.unwrap().name(), "web1");
        assert_eq!(item.vault.unwrap().as_str(), VAULT);
    }

    #[test]
    fn health_details_carry_number_and_symbol() {
        let item = item(
            json!({ "healthDetails": [{ "code": 400196, "title": "UserErrorGuestAgentStatusUnavailable", "message": "m", "recommendations": ["restart it"] }],
            "policyId": "/Subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupPolicies/DefaultPolicy" }),
        );
        assert_eq!(item.health_details[0].code, Some(400_196));
        assert_eq!(
            item.health_details[0].title.as_deref(),
            Some("UserErrorGuestAgentStatusUnavailable")
        );
        assert_eq!(item.health_details[0].recommendations, ["restart it"]);
        assert_eq!(item.policy_id.unwrap().name(), "DefaultPolicy");
    }
}
