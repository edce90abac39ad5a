//! `provider.register`: registers the subscription for the resource providers that a VM's backup
//! uses.
//!
//! ```yaml
//! - id: register
//!   title: Register the resource providers that are missing
//!   action: provider.register
//! ```

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::facts::providers::Providers;
use crate::actions::facts::vm::VmFact;
use crate::actions::limits;
use crate::actions::operations::applied;
use crate::actions::words::names;
use crate::azure::permitted::Writer;
use crate::azure::proof::{NEEDED_PROVIDERS, UnregisteredProvider};
use crate::azure::resource_id::ResourceId;
use crate::base::clock::add;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Kind, Past, Patience, Permission, Remedy, Repeat,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Registers providers.
#[derive(Debug)]
pub struct ProviderRegister;

/// It takes no arguments: only the four that a VM's backup uses are ever registered.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

#[async_trait]
impl Remedy for ProviderRegister {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "provider.register",
            sentence: "Registers the resource providers that a VM's backup uses",
            ceiling: Ceiling {
                risk: Risk::Reversible,
                approval: Approval::None,
                kinds: NEEDED_PROVIDERS
                    .iter()
                    .map(|namespace| Kind {
                        method: "POST".to_owned(),
                        resource_type: format!("{namespace}/register"),
                        permission: permission(namespace),
                    })
                    .collect(),
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(_: &Args, _: &Past<'_>) -> Vec<FactKey> {
        vec![FactKey::named("vm"), FactKey::named("providers")]
    }

    fn decide(_: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let (vm, providers): (VmFact, Providers) = (seen.named("vm")?, seen.named("providers")?);
        let under_way = |state: &str| state.eq_ignore_ascii_case("Registering");
        let left = providers.list.iter();
        let left: Vec<Change> = left
            .filter(|one| !one.is_registered() && !under_way(&one.state))
            .map(|one| change(&one.namespace, &vm))
            .collect();
        if !left.is_empty() {
            return Ok(Decision::Change {
                remaining: left.len() as u64,
                changes: left,
                baseline: Value::Null,
            });
        }
        if providers.missing.is_empty() {
            let why = if past.last().is_some() {
                "the resource providers are registered now"
            } else {
                "the resource providers are registered"
            };
            return Ok(Decision::Satisfied {
                why: why.to_owned(),
                outputs: Value::Null,
            });
        }
        let missing = names(providers.missing.iter().map(String::as_str));
        Ok(Decision::Wait {
            what: format!("the registration of {missing}"),
            look_again_at: add(past.now, std::time::Duration::from_secs(30)),
            give_up_at: add(past.since, limits::REGISTRATION_ENDS),
            patience: Patience::Step,
            following: Value::Null,
            recheck_incident: false,
            then: Vec::new(),
        })
    }

    fn predict(change: &Change, facts: &mut Facts, by: &str) {
        if change.resource.is_empty() {
            return facts.forget("providers", by);
        }
        facts.edit("providers", |value| {
            let Ok(mut providers) = serde_json::from_value::<Providers>(value.clone()) else {
                return;
            };
            for one in &mut providers.list {
                if change.body["namespace"] == json!(one.namespace) {
                    one.state = "Registered".to_owned();
                }
            }
            if let Ok(predicted) = serde_json::to_value(Providers::of(providers.list)) {
                *value = predicted;
            }
        });
    }

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let attempted = change.summary.clone();
        let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
        let subscription = change.evidence["subscription"].as_str().unwrap_or_default();
        let subscription = ResourceId::parse(subscription).map_err(|e| invalid(e.to_string()))?;
        let namespace = change.body["namespace"].as_str().unwrap_or_default();
        let provider = writer.reader().provider(&subscription, namespace).await?;
        if provider.state.eq_ignore_ascii_case("Registered") {
            return Ok(Applied::Done(json!({ "already_registered": true })));
        }
        let proof = UnregisteredProvider::prove(&provider, &subscription)
            .map_err(|e| invalid(e.to_string()))?;
        writer.register_provider(proof).await.map(applied)
    }
}

fn permission(namespace: &str) -> String {
    format!("{namespace}/register/action")
}

fn change(namespace: &str, vm: &VmFact) -> Change {
    let subscription = format!("/subscriptions/{}", vm.subscription);
    Change {
        body: json!({ "namespace": namespace }),
        permission: Some(Permission {
            action: permission(namespace),
            scope: subscription.clone(),
        }),
        evidence: json!({ "subscription": subscription }),
        ..Change::new(
            "POST",
            format!("{subscription}/providers/{namespace}/register"),
            format!("register the resource provider `{namespace}`"),
            Risk::Reversible,
            Repeat::Safe,
        )
    }
}
