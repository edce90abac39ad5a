//! `key_vault`: where the keys lie that the VM's disks are encrypted with inside the guest, and
//! whether Azure Backup can get at them.
//!
//! ARM names principals by object id and never by application, so whether one of them is Azure
//! Backup cannot be told without that id: with the argument `principal` its rights are judged,
//! without it only whether anybody at all has enough.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::actions::facts::{disks, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::azure::views::{AccessPolicy, KeyPlace, KeyVault, Role};
use crate::base::{ErrorClass, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct KeyVaultLooker(pub(super) Reader);

/// The application "Backup Management Service" by cloud (azure-api.md section 7). Others are not
/// documented.
const APPLICATIONS: [(&str, &str); 2] = [
    ("AzureCloud", "262044b1-e2ce-469f-a196-69ab7ada62d3"),
    ("AzureUSGovernment", "ff281ffe-705c-4f53-9f37-a40e6f2c68f3"),
];

/// What Azure Backup needs to do with keys and with secrets, as access policies have it.
pub const RIGHTS: [&str; 3] = ["get", "list", "backup"];

/// The same as data actions (Back up encrypted VMs, 2022-12).
const OF_SECRETS: [&str; 3] = [
    "Microsoft.KeyVault/vaults/secrets/backup/action",
    "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
];
const OF_KEYS: [&str; 2] = [
    "Microsoft.KeyVault/vaults/keys/backup/action",
    "Microsoft.KeyVault/vaults/keys/read",
];

/// The key vaults of the VM's disks.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeyVaults {
    /// True when a disk is encrypted inside the guest, which is what the rights are for.
    #[schemars(extend("x-yes" = "a disk is encrypted inside the guest", "x-no" = "no disk is encrypted inside the guest"))]
    pub encrypted: bool,
    /// The application id of the Backup Management Service; null where it is not documented.
    pub application: Option<String>,
    /// The vaults that hold its secrets and keys.
    pub list: Vec<KeyVaultFact>,
    /// True when in each of them somebody has all the rights that Azure Backup needs; whether that
    /// is Azure Backup, Azure does not say.
    #[schemars(extend("x-yes" = "the rights to the keys that Azure Backup needs are given", "x-no" = "nobody has all the rights to the keys that Azure Backup needs"))]
    pub granted: bool,
    /// Who has them all: "OBJECT-ID in kv1".
    pub holders: Vec<String>,
    /// What the named principal lacks: "secrets backup in kv1".
    pub missing: Vec<String>,
    /// Those whose firewall keeps Azure Backup out.
    #[schemars(extend("x-yes" = "a firewall keeps Azure Backup out of a key vault", "x-no" = "no firewall keeps Azure Backup out of a key vault"))]
    pub closed: Vec<String>,
    /// Those that are gone.
    #[schemars(extend("x-yes" = "key vaults are gone", "x-no" = "no key vault is gone"))]
    pub gone: Vec<String>,
}

/// One key vault.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeyVaultFact {
    /// Its resource id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `access_policy` or `roles`; null when it is gone.
    pub mode: Option<String>,
    /// True when it holds a secret of a disk.
    pub holds_secrets: bool,
    /// True when it holds a key of a disk.
    pub holds_keys: bool,
    /// What Azure Backup needs here: "secrets get".
    pub needed: Vec<String>,
    /// Object ids of those that have all the rights that Azure Backup needs here.
    pub holders: Vec<String>,
    /// The rights with keys that the named principal lacks, by access policy.
    pub missing_keys: Vec<String>,
    /// The rights with secrets that it lacks, by access policy.
    pub missing_secrets: Vec<String>,
    /// The data actions that it lacks, by role.
    pub missing_actions: Vec<String>,
    /// The URLs of the secrets and keys.
    pub urls: Vec<String>,
}

impl KeyVaultFact {
    /// What the named principal lacks, for people.
    fn missing(&self) -> impl Iterator<Item = String> {
        let of = |kind: &str, right: &String| format!("{kind} {right} in {}", self.name);
        let keys = self.missing_keys.iter().map(move |r| of("keys", r));
        let secrets = self.missing_secrets.iter().map(move |r| of("secrets", r));
        let actions = self.missing_actions.iter();
        let actions = actions.map(|a| format!("{a} in {}", self.name));
        keys.chain(secrets).chain(actions)
    }
}

/// The fact that judges one principal's rights.
#[must_use]
pub fn key(principal: &str) -> FactKey {
    FactKey::with("key_vault", &json!({ "principal": principal }))
}

#[async_trait]
impl Looker for KeyVaultLooker {
    fn name(&self) -> &'static str {
        "key_vault"
    }

    fn schema(&self) -> Value {
        schema::<KeyVaults>()
    }

    fn reads(&self) -> Vec<&'static str> {
        [
            rights::ATTACHED_DISKS,
            rights::DISK,
            rights::KEY_VAULT,
            rights::ROLES,
        ]
        .concat()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, target: &Target, args: &Value, _: &Facts) -> Result<Value, Failure> {
        let principal = args["principal"].as_str();
        let read = disks::read(&self.0, target).await?;
        let mut places: BTreeMap<String, Places> = BTreeMap::new();
        for (_, disk) in &read {
            for (place, is_key) in of_disk(&disk.secrets, false).chain(of_disk(&disk.keys, true)) {
                places
                    .entry(place.vault.key())
                    .or_insert_with(|| Places::of(&place.vault))
                    .add(place, is_key);
            }
        }
        let cloud = &self.0.arm().cloud().name;
        let known = APPLICATIONS.iter().find(|(name, _)| name == cloud);
        let mut all = KeyVaults {
            encrypted: read.iter().any(|(_, disk)| disk.guest_encrypted),
            application: known.map(|(_, id)| (*id).to_owned()),
            ..KeyVaults::default()
        };
        for places in places.into_values() {
            self.judge(places, principal, &mut all).await?;
        }
        let held = |one: &KeyVaultFact| -> Vec<String> {
            let in_it = |who: &String| format!("{who} in {}", one.name);
            one.holders.iter().map(in_it).collect()
        };
        all.holders = all.list.iter().flat_map(held).collect();
        all.granted = !all.list.is_empty() && all.list.iter().all(|one| !one.holders.is_empty());
        all.missing = all.list.iter().flat_map(KeyVaultFact::missing).collect();
        value(&all)
    }
}

impl KeyVaultLooker {
    async fn judge(
        &self,
        places: Places,
        principal: Option<&str>,
        all: &mut KeyVaults,
    ) -> Result<(), Failure> {
        let mut fact = places.fact;
        fact.needed = needed(&fact);
        match self.0.key_vault(&places.vault).await {
            Ok(vault) => {
                let shut = vault
                    .public_network_access
                    .as_deref()
                    .is_some_and(|access| access.eq_ignore_ascii_case("Disabled"));
                if (vault.denies_by_default || shut) && !vault.lets_azure_through {
                    all.closed.push(fact.name.clone());
                }
                if vault.uses_roles {
                    self.by_roles(&vault, &mut fact, principal).await?;
                } else {
                    by_policies(&vault, &mut fact, principal);
                }
            }
            Err(failure) if failure.class == ErrorClass::NotFound => {
                all.gone.push(fact.name.clone());
            }
            Err(failure) => return Err(failure),
        }
        all.list.push(fact);
        Ok(())
    }

    /// Role assignments decide, and access policies are ignored.
    async fn by_roles(
        &self,
        vault: &KeyVault,
        fact: &mut KeyVaultFact,
        principal: Option<&str>,
    ) -> Result<(), Failure> {
        fact.mode = Some("roles".to_owned());
        let wanted = wanted_actions(fact);
        let mut roles: BTreeMap<String, Role> = BTreeMap::new();
        let mut held: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for one in self.0.role_assignments(&vault.id).await? {
            if !roles.contains_key(&one.role) {
                let role = self.0.role(&vault.id, &one.role).await?;
                roles.insert(one.role.clone(), role);
            }
            let role = &roles[&one.role];
            let allowed = wanted.iter().filter(|action| role.allows_data(action));
            held.entry(one.principal.to_lowercase())
                .or_default()
                .extend(allowed.cloned());
        }
        let has_all = |own: &&Vec<String>| wanted.iter().all(|action| own.contains(action));
        let holders = held.iter().filter(|(_, own)| has_all(own));
        fact.holders = holders.map(|(who, _)| who.clone()).collect();
        if let Some(principal) = principal {
            let own = held.remove(&principal.to_lowercase()).unwrap_or_default();
            fact.missing_actions = wanted.into_iter().filter(|a| !own.contains(a)).collect();
        }
        Ok(())
    }
}

fn of_disk(places: &[KeyPlace], is_key: bool) -> impl Iterator<Item = (&KeyPlace, bool)> {
    places.iter().map(move |place| (place, is_key))
}

/// A vault, and what of the disks lies in it.
struct Places {
    vault: ResourceId,
    fact: KeyVaultFact,
}

impl Places {
    fn of(vault: &ResourceId) -> Self {
        Self {
            fact: KeyVaultFact {
                id: vault.to_string(),
                name: vault.name().to_owned(),
                ..KeyVaultFact::default()
            },
            vault: vault.clone(),
        }
    }

    fn add(&mut self, place: &KeyPlace, is_key: bool) {
        self.fact.holds_keys |= is_key;
        self.fact.holds_secrets |= !is_key;
        if !self.fact.urls.contains(&place.url) {
            self.fact.urls.push(place.url.clone());
        }
    }
}

fn needed(fact: &KeyVaultFact) -> Vec<String> {
    let of = |held: bool, kind: &'static str| {
        let rights = RIGHTS.iter().filter(move |_| held);
        rights.map(move |right| format!("{kind} {right}"))
    };
    let secrets = of(fact.holds_secrets, "secrets");
    secrets.chain(of(fact.holds_keys, "keys")).collect()
}

fn wanted_actions(fact: &KeyVaultFact) -> Vec<String> {
    let secrets = OF_SECRETS.iter().filter(|_| fact.holds_secrets);
    let keys = OF_KEYS.iter().filter(|_| fact.holds_keys);
    secrets.chain(keys).map(|a| (*a).to_owned()).collect()
}

fn by_policies(vault: &KeyVault, fact: &mut KeyVaultFact, principal: Option<&str>) {
    fact.mode = Some("access_policy".to_owned());
    let lacking = |wanted: bool, have: &[String]| -> Vec<String> {
        let all = have.iter().any(|right| right == "all");
        let missing = RIGHTS
            .iter()
            .filter(|right| wanted && !all && !have.iter().any(|have| have == *right));
        missing.map(|right| (*right).to_owned()).collect()
    };
    let (keys, secrets) = (fact.holds_keys, fact.holds_secrets);
    let has_all = |policy: &&AccessPolicy| {
        lacking(keys, &policy.keys).is_empty() && lacking(secrets, &policy.secrets).is_empty()
    };
    let holders = vault.policies.iter().filter(has_all);
    fact.holders = holders.map(|policy| policy.object.clone()).collect();
    let Some(principal) = principal else { return };
    let own = vault
        .policies
        .iter()
        .find(|policy| policy.object.eq_ignore_ascii_case(principal));
    let none = AccessPolicy::default();
    let own = own.unwrap_or(&none);
    fact.missing_keys = lacking(keys, &own.keys);
    fact.missing_secrets = lacking(secrets, &own.secrets);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(keys: &[&str], secrets: &[&str]) -> KeyVault {
        let own = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv";
        let mut vault: KeyVault = serde_json::from_value(json!({ "id": id })).unwrap();
        vault.policies = vec![AccessPolicy {
            object: "OBJ".to_owned(),
            keys: own(keys),
            secrets: own(secrets),
        }];
        vault
    }

    #[test]
    fn only_what_is_missing_of_what_lies_in_the_vault_is_named() {
        let mut fact = KeyVaultFact {
            name: "kv".to_owned(),
            holds_secrets: true,
            ..KeyVaultFact::default()
        };
        by_policies(&vault(&[], &["get", "list"]), &mut fact, Some("obj"));
        assert_eq!(
            (fact.missing_secrets.as_slice(), fact.missing_keys.len()),
            (&["backup".to_owned()][..], 0)
        );
        assert!(fact.holders.is_empty());
        fact.holds_keys = true;
        by_policies(
            &vault(&["all"], &["backup", "get", "list"]),
            &mut fact,
            Some("obj"),
        );
        assert_eq!(fact.missing().count(), 0);
        assert_eq!(fact.holders, ["OBJ"]);
        by_policies(&vault(&["all"], &["all"]), &mut fact, Some("another"));
        assert_eq!(fact.missing().count(), 6);
    }
}
