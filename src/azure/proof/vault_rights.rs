//! Rights at a key vault that Azure Backup lacks: exactly those, by the model the vault uses.

use sha2::{Digest, Sha256};

use crate::azure::resource_id::ResourceId;
use crate::azure::views::KeyVault;

use super::RuleBroken;

/// What Azure Backup may be given, of keys and of secrets (azure-api.md section 7).
const RIGHTS: [&str; 3] = ["get", "list", "backup"];

/// The built-in role "Key Vault Administrator", which the documents name for vaults with roles.
pub const KEY_VAULT_ADMINISTRATOR: &str = "00482a5a-887f-4fb3-b363-3b7fe8e74483";

/// Rights to add to a principal's access policy.
#[derive(Clone, Debug)]
pub struct PolicyDelta {
    vault: ResourceId,
    tenant: String,
    principal: String,
    keys: Vec<&'static str>,
    secrets: Vec<&'static str>,
}

impl PolicyDelta {
    /// Checks that `vault` goes by access policies, and keeps of the rights that are wanted those
    /// that `principal` does not have.
    pub fn prove(
        vault: &KeyVault,
        principal: &str,
        (keys, secrets): (bool, bool),
    ) -> Result<Self, RuleBroken> {
        of_vault(vault, principal)?;
        let name = vault.id.name();
        if vault.uses_roles {
            return Err(RuleBroken(format!(
                "the key vault `{name}` goes by roles, and ignores access policies"
            )));
        }
        let own = vault
            .policies
            .iter()
            .find(|policy| policy.object.eq_ignore_ascii_case(principal));
        let lacking = |wanted: bool, have: Option<&Vec<String>>| -> Vec<&'static str> {
            let has = |right: &&str| {
                have.is_some_and(|have| have.iter().any(|own| own == *right || own == "all"))
            };
            let all = RIGHTS.into_iter().filter(|_| wanted);
            all.filter(|right| !has(right)).collect()
        };
        let delta = Self {
            vault: vault.id.clone(),
            tenant: vault.tenant.clone(),
            principal: principal.to_owned(),
            keys: lacking(keys, own.map(|policy| &policy.keys)),
            secrets: lacking(secrets, own.map(|policy| &policy.secrets)),
        };
        if delta.keys.is_empty() && delta.secrets.is_empty() {
            return Err(RuleBroken(format!(
                "`{principal}` lacks no right at the key vault `{name}`"
            )));
        }
        Ok(delta)
    }

    /// The key vault.
    #[must_use]
    pub fn vault(&self) -> &ResourceId {
        &self.vault
    }

    /// The vault's tenant.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Who is given them.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// The rights with keys, and those with secrets.
    #[must_use]
    pub fn rights(&self) -> (&[&'static str], &[&'static str]) {
        (&self.keys, &self.secrets)
    }
}

/// A role to assign to a principal at a key vault.
#[derive(Clone, Debug)]
pub struct RoleGrant {
    vault: ResourceId,
    principal: String,
    name: String,
}

impl RoleGrant {
    /// Checks that `vault` goes by roles. The assignment's name follows from vault, role and
    /// principal, so that making it twice makes one.
    pub fn prove(vault: &KeyVault, principal: &str) -> Result<Self, RuleBroken> {
        of_vault(vault, principal)?;
        if !vault.uses_roles {
            return Err(RuleBroken(format!(
                "the key vault `{}` goes by access policies",
                vault.id.name()
            )));
        }
        Ok(Self {
            name: assignment_name(&vault.id, principal),
            vault: vault.id.clone(),
            principal: principal.to_owned(),
        })
    }

    /// The key vault.
    #[must_use]
    pub fn vault(&self) -> &ResourceId {
        &self.vault
    }

    /// Who is given the role.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// The assignment's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The name of the assignment of [`KEY_VAULT_ADMINISTRATOR`] to a principal at a vault: a GUID
/// that is always the same for them.
#[must_use]
pub fn assignment_name(vault: &ResourceId, principal: &str) -> String {
    let text = format!(
        "{} {KEY_VAULT_ADMINISTRATOR} {}",
        vault.key(),
        principal.to_lowercase()
    );
    let digest = Sha256::digest(text.as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

fn of_vault(vault: &KeyVault, principal: &str) -> Result<(), RuleBroken> {
    if !vault.id.is_type("Microsoft.KeyVault/vaults") {
        return Err(RuleBroken(format!("`{}` is not a key vault", vault.id)));
    }
    if uuid::Uuid::try_parse(principal).is_err() {
        return Err(RuleBroken(format!(
            "`{principal}` is not the object id of a principal"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WHO: &str = "bac0bac0-0000-4000-8000-00000000000c";

    fn vault(uses_roles: bool, keys: &[&str]) -> KeyVault {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv";
        serde_json::from_value(json!({ "id": id, "tenant": "t", "uses_roles": uses_roles,
            "policies": [{ "object": WHO.to_uppercase(), "keys": keys, "secrets": ["all"] }] }))
        .unwrap()
    }

    #[test]
    fn the_delta_is_what_is_wanted_less_what_is_there() {
        let delta = PolicyDelta::prove(&vault(false, &["get"]), WHO, (true, true)).unwrap();
        assert_eq!(delta.rights(), (&["list", "backup"][..], &[][..]));
        for (vault, who, wanted) in [
            (vault(false, &["get"]), WHO, (false, true)),
            (vault(true, &[]), WHO, (true, true)),
            (vault(false, &[]), "Backup Management Service", (true, true)),
        ] {
            assert!(PolicyDelta::prove(&vault, who, wanted).is_err(), "{who}");
        }
    }

    #[test]
    fn a_role_is_only_for_a_vault_with_roles_and_its_assignment_has_one_name() {
        let grant = RoleGrant::prove(&vault(true, &[]), WHO).unwrap();
        let again = RoleGrant::prove(&vault(true, &[]), &WHO.to_uppercase()).unwrap();
        assert_eq!(grant.name(), again.name());
        assert!(uuid::Uuid::try_parse(grant.name()).is_ok());
        assert!(RoleGrant::prove(&vault(false, &[]), WHO).is_err());
        assert!(RoleGrant::prove(&vault(true, &[]), "").is_err());
    }
}
