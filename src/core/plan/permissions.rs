//! Asks beforehand which of the rights that a plan needs the identity lacks.
//!
//! A right that a change needs and that is missing stops the plan: nothing is sent. One to read,
//! or to follow what was sent, is only warned of: a step that then cannot look says so itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::core::action::{Actions, Permission};
use crate::core::facts::{Fact, FactKey, Facts, Lookers, Target};
use crate::core::plan::consent;
use crate::core::plan::rights;
use crate::core::plan::{Forecast, Plan};
use crate::core::runbook::model::Entry;

/// The fact that is asked.
const FACT: &str = "permissions";

/// Asks, scope by scope; a scope that no change is sent to is not asked.
pub(super) async fn check(target: &Target, actions: &Actions, lookers: &Lookers, plan: &mut Plan) {
    if !lookers.schemas().contains_key(FACT) {
        return;
    }
    let besides = besides(actions, lookers, plan);
    let needed = rights_by_scope(target, plan);
    let keys: Vec<FactKey> = needed
        .iter()
        .map(|(scope, rights)| {
            let reads = besides.iter().filter(|action| tells_of(scope, action));
            let asked: BTreeSet<&String> = rights.iter().chain(reads).collect();
            FactKey::with(FACT, &json!({ "scope": scope, "actions": asked }))
        })
        .collect();
    let mut facts = Facts::default();
    lookers.load(target, &keys, &mut facts).await;
    for (key, (scope, rights)) in keys.iter().zip(&needed) {
        match facts.get(key) {
            Some(Fact::Known(value)) => missing(plan, scope, rights, value),
            Some(Fact::Failed(failure)) => plan.warnings.push(format!(
                "the rights at `{scope}` could not be read, so they are not checked beforehand: {failure}"
            )),
            _ => {}
        }
    }
}

fn missing(plan: &mut Plan, scope: &str, rights: &BTreeSet<String>, value: &Value) {
    let missing = value["missing"].as_array().into_iter().flatten();
    for action in missing.filter_map(Value::as_str) {
        if rights.contains(action) {
            plan.missing_permissions.push(Permission {
                action: action.to_owned(),
                scope: scope.to_owned(),
            });
            continue;
        }
        let named = format!("`{action}`");
        // One that holds for several scopes is told once.
        if !plan.warnings.iter().any(|said| said.contains(&named)) {
            let then = "what it is for cannot be looked at";
            let warning = lacks(&plan.runbook.code, action, &at(action, scope), then);
            plan.warnings.push(warning);
        }
    }
}

/// Where a right is to be had: what holds in a region belongs to the subscription.
fn at(action: &str, scope: &str) -> String {
    if !is_of_a_region(action) {
        return scope.to_owned();
    }
    let end = scope.match_indices('/').nth(2).map(|(end, _)| end);
    scope[..end.unwrap_or(scope.len())].to_owned()
}

fn is_of_a_region(action: &str) -> bool {
    let kind = action.split('/').nth(1);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("locations"))
}

/// What a missing right means, and where a role that holds it comes from.
fn lacks(code: &str, action: &str, scope: &str, then: &str) -> String {
    format!(
        "this identity lacks `{action}` at `{scope}`, so {then}; `runbook role {code}` prints a role that holds it"
    )
}

impl Plan {
    /// All that a person should know besides, the rights that stop it included.
    #[must_use]
    pub fn warned(&self) -> Vec<String> {
        let stops = self.missing_permissions.iter().map(|right| {
            let then = "nothing is sent";
            lacks(&self.runbook.code, &right.action, &right.scope, then)
        });
        self.warnings.iter().cloned().chain(stops).collect()
    }
}

/// What the facts of the plan's live steps are read with, and what following its changes takes.
fn besides(actions: &Actions, lookers: &Lookers, plan: &Plan) -> BTreeSet<String> {
    let mut live = plan.runbook.clone();
    let idle = |id: &str| {
        let step = plan.steps.iter().find(|step| step.id == id);
        step.is_some_and(|step| matches!(step.forecast, Forecast::Skipped | Forecast::Satisfied))
    };
    live.steps.retain(|entry| match entry {
        Entry::Step(step) => !idle(&step.id),
        Entry::Include { .. } => true,
    });
    let rights = rights::of(&live, actions, lookers);
    let changes = rights.changes.into_values().flatten();
    rights
        .reads
        .into_iter()
        .chain(changes)
        .map(str::to_owned)
        .collect()
}

/// Whether what is granted at `scope` tells of `action`: it is about the resource there or what
/// lies in it; or it holds in a region, so for the whole subscription, whose grants all scopes
/// below inherit.
fn tells_of(scope: &str, action: &str) -> bool {
    let own = consent::type_of(scope).to_lowercase();
    let action = action.to_lowercase();
    let inside = !own.is_empty() && action.starts_with(&format!("{own}/"));
    inside || is_of_a_region(&action)
}

/// The rights that the plan needs: those of its changes, and of the ceilings those at the target
/// itself. The other scopes of a ceiling are known only when its step is decided.
fn rights_by_scope(target: &Target, plan: &Plan) -> BTreeMap<String, BTreeSet<String>> {
    let changes = plan.steps.iter().flat_map(|s| &s.changes);
    let of_changes = changes.filter_map(|c| c.permission.clone());
    let own_type = consent::type_of(&target.id).to_lowercase();
    let ceilings = plan.steps.iter().filter_map(|s| s.ceiling.as_ref());
    let of_ceilings = ceilings
        .flat_map(|c| &c.kinds)
        .filter(|kind| {
            !own_type.is_empty() && kind.resource_type.to_lowercase().starts_with(&own_type)
        })
        .map(|kind| Permission {
            action: kind.permission.clone(),
            scope: target.id.clone(),
        });
    let mut spelled: BTreeMap<String, String> = BTreeMap::new();
    let mut needed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for permission in of_changes.chain(of_ceilings) {
        // One scope in two casings is one question.
        let scope = spelled
            .entry(permission.scope.to_lowercase())
            .or_insert(permission.scope);
        needed
            .entry(scope.clone())
            .or_default()
            .insert(permission.action);
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_tells_of_what_lies_in_it_and_of_what_the_subscription_gives() {
        let vm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v";
        for (scope, action, told) in [
            (
                vm,
                "microsoft.compute/virtualMachines/extensions/read",
                true,
            ),
            (vm, "Microsoft.Compute/virtualMachines/read", true),
            (vm, "Microsoft.Compute/locations/operations/read", true),
            (vm, "Microsoft.Compute/virtualMachinesX/read", false),
            (vm, "Microsoft.Compute/restorePointCollections/read", false),
            (
                "/subscriptions/s/resourceGroups/g",
                "Microsoft.Authorization/locks/read",
                false,
            ),
            (
                "/subscriptions/s/resourceGroups/g",
                "Microsoft.Compute/locations/operations/read",
                true,
            ),
        ] {
            assert_eq!(tells_of(scope, action), told, "{scope} {action}");
        }
        let operations = "Microsoft.Compute/locations/operations/read";
        assert_eq!(at(operations, vm), "/subscriptions/s");
        assert_eq!(at(operations, "/subscriptions/s"), "/subscriptions/s");
        assert_eq!(at("Microsoft.Compute/virtualMachines/read", vm), vm);
    }
}
