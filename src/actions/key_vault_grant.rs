//! `key_vault.grant`: gives Azure Backup the rights that it lacks at the key vaults of the VM's
//! encrypted disks.
//!
//! ```yaml
//! - id: grant
//!   title: Give Azure Backup the rights that it lacks
//!   action: key_vault.grant
//!   with: { principal: "{{params.principal}}" }
//! ```
//!
//! Rules (remediations.md M15): exactly what is missing, by the model that the vault goes by,
//! never both; with approval. ARM cannot tell which object id is Azure Backup's: a person names
//! it.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::facts::key_vault::{KeyVaultFact, KeyVaults, key};
use crate::actions::operations::applied;
use crate::actions::words::names;
use crate::azure::permitted::Writer;
use crate::azure::proof::{PolicyDelta, RoleGrant, assignment_name};
use crate::azure::resource_id::ResourceId;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Kind, Past, Permission, Remedy, Repeat,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Gives rights at key vaults.
#[derive(Debug)]
pub struct KeyVaultGrant;

/// To whom.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The object id of the Backup Management Service in this tenant.
    pub principal: String,
}

const POLICIES: (&str, &str) = (
    "Microsoft.KeyVault/vaults/accessPolicies",
    "Microsoft.KeyVault/vaults/accessPolicies/write",
);
const ROLES: (&str, &str) = (
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Authorization/roleAssignments/write",
);

#[async_trait]
impl Remedy for KeyVaultGrant {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        let kind = |(resource_type, permission): (&str, &str)| Kind {
            method: "PUT".to_owned(),
            resource_type: resource_type.to_owned(),
            permission: permission.to_owned(),
        };
        About {
            name: "key_vault.grant",
            sentence: "Gives Azure Backup the rights that it lacks at the VM's key vaults",
            ceiling: Ceiling {
                risk: Risk::Sensitive,
                approval: Approval::Required,
                kinds: vec![kind(POLICIES), kind(ROLES)],
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(args: &Args, _: &Past<'_>) -> Vec<FactKey> {
        vec![key(&args.principal)]
    }

    fn decide(args: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let vaults: KeyVaults = seen.get(&key(&args.principal))?;
        if !vaults.gone.is_empty() {
            return Ok(Decision::NeedsHuman {
                why: format!(
                    "the key vault {} is gone: recover it (az keyvault recover --name NAME), then \
                     apply this again",
                    names(vaults.gone.iter().map(String::as_str))
                ),
                evidence: json!({ "key_vault": vaults }),
            });
        }
        let changes: Result<Vec<Change>, String> = vaults
            .list
            .iter()
            .filter_map(|vault| change(vault, &vaults, &args.principal).transpose())
            .collect();
        let changes = match changes {
            Ok(changes) => changes,
            Err(why) => {
                let evidence = json!({ "principal": args.principal });
                return Ok(Decision::NeedsHuman { why, evidence });
            }
        };
        if changes.is_empty() {
            let why = match (past.last(), vaults.list.is_empty()) {
                (Some(_), _) => "Azure Backup has the rights that it needs now",
                (None, true) => "no disk of this VM has its key in a key vault",
                (None, false) => "it has the rights that Azure Backup needs",
            };
            return Ok(Decision::Satisfied {
                why: why.to_owned(),
                outputs: Value::Null,
            });
        }
        Ok(Decision::Change {
            remaining: changes.len() as u64,
            changes,
            baseline: Value::Null,
        })
    }

    fn predict(change: &Change, facts: &mut Facts, by: &str) {
        if change.resource.is_empty() {
            return facts.forget("key_vault", by);
        }
        facts.edit("key_vault", |value| {
            let Ok(mut vaults) = serde_json::from_value::<KeyVaults>(value.clone()) else {
                return;
            };
            let (vault, who) = (&change.evidence["vault"], &change.body["principal"]);
            for one in vaults.list.iter_mut().filter(|one| *vault == json!(one.id)) {
                one.missing_keys.clear();
                one.missing_secrets.clear();
                one.missing_actions.clear();
                one.holders.extend(who.as_str().map(str::to_owned));
            }
            vaults.granted = vaults.list.iter().all(|one| !one.holders.is_empty());
            if let Ok(predicted) = serde_json::to_value(vaults) {
                *value = predicted;
            }
        });
    }

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let attempted = change.summary.clone();
        let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
        let id = change.evidence["vault"].as_str().unwrap_or_default();
        let id = ResourceId::parse(id).map_err(|e| invalid(e.to_string()))?;
        let vault = writer.reader().key_vault(&id).await?;
        let principal = change.body["principal"].as_str().unwrap_or_default();
        if change.body["model"] == json!("roles") {
            let proof = RoleGrant::prove(&vault, principal).map_err(|e| invalid(e.to_string()))?;
            return writer.assign_vault_role(proof).await.map(applied);
        }
        let wanted = |of: &str| change.body[of].as_array().is_some_and(|a| !a.is_empty());
        let wanted = (wanted("keys"), wanted("secrets"));
        let proof =
            PolicyDelta::prove(&vault, principal, wanted).map_err(|e| invalid(e.to_string()))?;
        writer.add_vault_rights(proof).await.map(applied)
    }
}

/// What whoever approves it has to know: what that lets be done, and what nobody has checked.
fn because(vault: &KeyVaultFact, all: &KeyVaults, principal: &str) -> String {
    let name = &vault.name;
    let lets = match vault.mode.as_deref() {
        Some("roles") => format!(
            "the role Key Vault Administrator lets `{principal}` read, change, delete and purge all \
             that the key vault `{name}` holds (a custom role of only {} would do, and is a \
             person's to make)",
            vault.missing_actions.join(", ")
        ),
        _ => format!("it lets `{principal}` read what the key vault `{name}` holds"),
    };
    let application = match &all.application {
        Some(id) => format!("has to tell {id}"),
        None => "tells its application".to_owned(),
    };
    format!(
        "{lets}; nobody has checked that `{principal}` is the Backup Management Service: \
         `az ad sp show --id {principal} --query appId` {application}"
    )
}

/// What a vault lacks, as one request; an error when the principal cannot be one.
fn change(
    vault: &KeyVaultFact,
    all: &KeyVaults,
    principal: &str,
) -> Result<Option<Change>, String> {
    let none = vault.missing_keys.is_empty()
        && vault.missing_secrets.is_empty()
        && vault.missing_actions.is_empty();
    if none {
        return Ok(None);
    }
    if uuid::Uuid::try_parse(principal).is_err() {
        return Err(format!(
            "`{principal}` is not an object id: give that of the Backup Management Service in \
             this tenant (`--param principal=…`)"
        ));
    }
    let id = ResourceId::parse(&vault.id).map_err(|e| e.to_string())?;
    let by_roles = vault.mode.as_deref() == Some("roles");
    let (resource, body, what, permission) = if by_roles {
        (
            id.child(&format!(
                "providers/Microsoft.Authorization/roleAssignments/{}",
                assignment_name(&id, principal)
            )),
            json!({ "model": "roles", "principal": principal }),
            "the role Key Vault Administrator".to_owned(),
            ROLES.1,
        )
    } else {
        let of = |kind: &str, rights: &[String]| match rights {
            [] => None,
            rights => Some(format!("{kind} {}", rights.join(", "))),
        };
        let keys = of("keys", &vault.missing_keys);
        let secrets = of("secrets", &vault.missing_secrets);
        let what: Vec<String> = keys.into_iter().chain(secrets).collect();
        (
            id.child("accessPolicies/add"),
            json!({ "model": "access_policy", "principal": principal,
                "keys": vault.missing_keys, "secrets": vault.missing_secrets }),
            what.join(" and "),
            POLICIES.1,
        )
    };
    Ok(Some(Change {
        body,
        approval: Approval::Required,
        because: Some(because(vault, all, principal)),
        permission: Some(Permission {
            action: permission.to_owned(),
            scope: vault.id.clone(),
        }),
        evidence: json!({ "vault": vault.id }),
        ..Change::new(
            "PUT",
            resource.to_string(),
            format!(
                "give `{principal}` at the key vault `{}`: {what}",
                vault.name
            ),
            Risk::Sensitive,
            Repeat::Safe,
        )
    }))
}
