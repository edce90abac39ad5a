//! The API versions that requests are pinned to.
//!
//! They are the older column of the table in `azure-api.md` section 1: every field we need is in
//! them, and clouds that lag have them. A cloud may override each.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A family of resource types that share an API version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// Microsoft.Compute: VMs, extensions, run commands, restore point collections.
    Compute,
    /// Microsoft.Authorization/locks.
    Locks,
    /// Microsoft.Authorization/permissions.
    Permissions,
    /// Microsoft.Resources: what a group holds.
    Resources,
    /// Microsoft.RecoveryServices/vaults/backup*.
    Backup,
    /// Microsoft.Insights activity log.
    ActivityLog,
    /// Microsoft.Insights/metrics.
    Metrics,
    /// Microsoft.Network: interfaces, effective rules and routes. Assumption: no document of ours
    /// names a version; this one is in public use, and all we read is as old as 2017.
    Network,
    /// Microsoft.Compute disks and disk restore points.
    Disks,
    /// Microsoft.KeyVault/vaults.
    KeyVault,
    /// Microsoft.Authorization/policyAssignments.
    Policies,
    /// Microsoft.Authorization roleAssignments and roleDefinitions.
    Roles,
    /// Microsoft.Resources/subscriptions.
    Subscriptions,
}

const PINNED: [(Api, &str, &str); 13] = [
    (Api::Compute, "compute", "2024-07-01"),
    (Api::Locks, "locks", "2020-05-01"),
    (Api::Permissions, "permissions", "2022-04-01"),
    (Api::Resources, "resources", "2024-07-01"),
    (Api::Backup, "backup", "2024-04-01"),
    (Api::ActivityLog, "activity_log", "2015-04-01"),
    (Api::Metrics, "metrics", "2024-02-01"),
    (Api::Network, "network", "2023-09-01"),
    (Api::Disks, "disks", "2024-03-02"),
    (Api::KeyVault, "key_vault", "2023-07-01"),
    (Api::Policies, "policies", "2023-04-01"),
    (Api::Roles, "roles", "2022-04-01"),
    (Api::Subscriptions, "subscriptions", "2022-12-01"),
];

impl Api {
    /// Its name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        PINNED
            .iter()
            .find(|(api, ..)| *api == self)
            .map_or("", |(_, name, _)| name)
    }

    /// The version that is sent unless a cloud overrides it.
    #[must_use]
    pub fn pinned(self) -> &'static str {
        PINNED
            .iter()
            .find(|(api, ..)| *api == self)
            .map_or("", |(.., version)| version)
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Api {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = PINNED.iter().find(|(_, name, _)| *name == text);
        found.map(|(api, ..)| *api).ok_or_else(|| {
            let names: Vec<_> = PINNED.iter().map(|(_, name, _)| *name).collect();
            format!(
                "unknown API family `{text}`; the families are {}",
                names.join(", ")
            )
        })
    }
}

/// The versions that one cloud wants instead of the pinned ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Versions(BTreeMap<Api, String>);

impl Versions {
    /// Sends `version` for `api` from now on.
    pub fn set(&mut self, api: Api, version: impl Into<String>) {
        self.0.insert(api, version.into());
    }

    /// The version to send for `api`.
    #[must_use]
    pub fn get(&self, api: Api) -> &str {
        self.0.get(&api).map_or(api.pinned(), String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_a_pinned_version_and_can_be_overridden() {
        for (api, name, version) in PINNED {
            assert_eq!((api.name(), api.pinned()), (name, version));
            assert_eq!(name.parse(), Ok(api));
            let mut versions = Versions::default();
            assert_eq!(versions.get(api), version);
            versions.set(api, "2019-01-01");
            assert_eq!(versions.get(api), "2019-01-01");
        }
    }

    #[test]
    fn an_unknown_family_is_named_with_the_known_ones() {
        let error = "snapshots".parse::<Api>().unwrap_err();
        assert!(
            error.contains("snapshots") && error.contains("compute"),
            "{error}"
        );
    }
}
