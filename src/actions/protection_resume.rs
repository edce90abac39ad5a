//! `protection.resume`: turns stopped protection of the VM on again, by a policy of its vault.
//!
//! ```yaml
//! - id: resume
//!   title: Resume the protection of {{vm.name}}
//!   action: protection.resume
//!   with: { policy: "{{params.policy}}" }
//! ```
//!
//! Rules (remediations.md M12): only `ProtectionStopped`, never a deleted item, and with approval:
//! somebody stopped it on purpose. Nothing else about the item is changed.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::facts::protection::Protection;
use crate::actions::facts::vm::VmFact;
use crate::actions::operations::applied;
use crate::azure::permitted::Writer;
use crate::azure::proof::StoppedProtection;
use crate::azure::reader::rights;
use crate::azure::resource_id::ResourceId;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Kind, Past, Permission, Remedy, Repeat,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Turns protection on again.
#[derive(Debug)]
pub struct ProtectionResume;

/// By which policy.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The name of a policy of the vault; by default the one that the item still has.
    #[serde(default)]
    pub policy: String,
}

const TYPE: &str =
    "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems";
const PERMISSION: &str =
    "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/write";

#[async_trait]
impl Remedy for ProtectionResume {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "protection.resume",
            sentence: "Turns the stopped protection of this VM on again",
            ceiling: Ceiling {
                risk: Risk::Reversible,
                approval: Approval::Required,
                kinds: vec![Kind {
                    method: "PUT".to_owned(),
                    resource_type: TYPE.to_owned(),
                    permission: PERMISSION.to_owned(),
                }],
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(_: &Args, _: &Past<'_>) -> Vec<FactKey> {
        vec![FactKey::named("vm"), FactKey::named("protection")]
    }

    fn reads() -> Vec<&'static str> {
        [rights::BACKUP_POLICY, rights::BACKUP_OPERATION].concat()
    }

    fn decide(args: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let (vm, protection): (VmFact, Protection) = (seen.named("vm")?, seen.named("protection")?);
        Ok(decide(args, &vm, &protection, past))
    }

    fn predict(change: &Change, facts: &mut Facts, by: &str) {
        if change.resource.is_empty() {
            return facts.forget("protection", by);
        }
        facts.edit("protection", |protection| {
            protection["state"] = json!("Protected");
            protection["policy"] = change.body["policy"].clone();
        });
    }

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let attempted = change.summary.clone();
        let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
        let parse = |text: Option<&str>| {
            ResourceId::parse(text.unwrap_or_default()).map_err(|e| invalid(e.to_string()))
        };
        let item = parse(Some(&change.resource))?;
        let vm = parse(change.evidence["vm"].as_str())?;
        let policy = parse(change.body["policy"].as_str())?;
        let policy = writer.reader().backup_policy(&policy).await?;
        let item = writer.reader().protected_item(&item).await?;
        let proof =
            StoppedProtection::prove(&item, &vm, &policy).map_err(|e| invalid(e.to_string()))?;
        writer.resume_protection(proof).await.map(applied)
    }
}

fn decide(args: &Args, vm: &VmFact, protection: &Protection, past: &Past<'_>) -> Decision {
    let person = |why: String| Decision::NeedsHuman {
        why,
        evidence: json!({ "protection": protection, "vm": vm.id }),
    };
    let (Some(item), Some(vault)) = (&protection.item, &protection.vault) else {
        return person(format!(
            "no vault protects `{}`: it never was, another vault did, or it was made anew under \
             its old name. Enable its protection, or stop the old one",
            vm.name
        ));
    };
    if protection.soft_deleted {
        return person(format!(
            "the backup item of `{}` is deleted and only kept for a while: undelete it first",
            vm.name
        ));
    }
    let state = protection.state.as_deref().unwrap_or("unknown");
    let on = ["Protected", "IRPending", "ProtectionError"];
    if on.iter().any(|s| state.eq_ignore_ascii_case(s)) {
        let why = if past.last().is_some() {
            "protection is on again"
        } else {
            "protection is on"
        };
        return Decision::Satisfied {
            why: why.to_owned(),
            outputs: json!({ "policy": protection.policy }),
        };
    }
    if !state.eq_ignore_ascii_case("ProtectionStopped") {
        return person(format!(
            "the protection of `{}` is `{state}`, which this tool does not change",
            vm.name
        ));
    }
    let policy = match args.policy.trim() {
        "" => protection.policy.clone(),
        name => Some(format!("{vault}/backupPolicies/{name}")),
    };
    match policy.as_deref().map(ResourceId::parse) {
        Some(Ok(policy)) => Decision::Change {
            changes: vec![change(item, vault, vm, &policy)],
            remaining: 1,
            baseline: Value::Null,
        },
        Some(Err(why)) => person(format!("the policy cannot be named so: {why}")),
        None => person(
            "the item has no policy any more: name one of its vault (`--param policy=NAME`)"
                .to_owned(),
        ),
    }
}

fn change(item: &str, vault: &str, vm: &VmFact, policy: &ResourceId) -> Change {
    Change {
        body: json!({ "policy": policy.as_str() }),
        approval: Approval::Required,
        because: Some("somebody stopped the protection of this VM".to_owned()),
        permission: Some(Permission {
            action: PERMISSION.to_owned(),
            scope: vault.to_owned(),
        }),
        evidence: json!({ "vm": vm.id }),
        ..Change::new(
            "PUT",
            item.to_owned(),
            format!(
                "resume the protection of `{}` by the policy `{}`",
                vm.name,
                policy.name()
            ),
            Risk::Reversible,
            Repeat::LookAfter(60),
        )
    }
}
