//! Rights: which actions the identity may take, where, and what ARM says when it may not.

use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Grant, Identity};

/// What a read shows besides when `$expand` asks for it, and the right that this takes.
///
/// Assumption: ARM asks for both. The documents list both for looking at an agent and at restore
/// points (azure-api.md 12, remediations.md 6 rows R3 to R5) and no recording shows an identity
/// that has one alone; a role that is enough here is enough either way.
const EXPANDED: [(&str, &str, &str); 2] = [
    (
        "Microsoft.Compute/virtualMachines/read",
        "instanceView",
        "Microsoft.Compute/virtualMachines/instanceView/read",
    ),
    (
        "Microsoft.Compute/restorePointCollections/read",
        "restorePoints",
        "Microsoft.Compute/restorePointCollections/restorePoints/read",
    ),
];

/// The rights that a request takes whose route takes `action`.
pub(in crate::sim) fn rights<'a>(
    action: &'a str,
    expand: &'a str,
) -> impl Iterator<Item = &'a str> {
    let asked = move |what: &str| {
        expand
            .split(',')
            .any(|part| part.eq_ignore_ascii_case(what))
    };
    let besides = EXPANDED
        .iter()
        .filter(move |row| row.0 == action && asked(row.1));
    std::iter::once(action).chain(besides.map(|row| row.2))
}

/// Whether `identity` may take `action` at `scope`.
pub(in crate::sim) fn may(identity: &Identity, action: &str, scope: &str) -> bool {
    let matched = |list: &[String]| list.iter().any(|pattern| glob(pattern, action));
    identity.allowed.iter().any(|grant| {
        ids::within(&grant.scope, scope) && matched(&grant.actions) && !matched(&grant.not_actions)
    })
}

/// ARM's refusal, in its words.
pub(in crate::sim) fn refusal(identity: &Identity, action: &str, scope: &str) -> Reply {
    let message = format!(
        "The client '{}' with object id '{}' does not have authorization to perform action \
         '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, \
         please refresh your credentials.",
        identity.name, identity.object_id
    );
    Reply::error(Cause::Gateway, 403, "AuthorizationFailed", &message)
}

/// `GET {scope}/providers/Microsoft.Authorization/permissions`.
pub(in crate::sim) fn permissions(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let scope = format!("/{}", found.get("scope"));
    let here = |grant: &&Grant| ids::within(&grant.scope, &scope);
    let value: Vec<Value> = sim
        .world
        .identity
        .allowed
        .iter()
        .filter(here)
        .map(|grant| {
            json!({
                "actions": grant.actions,
                "notActions": grant.not_actions,
                "dataActions": [],
                "notDataActions": [],
            })
        })
        .collect();
    Reply::ok(&json!({"value": value}))
}

/// Whether `pattern`, in which `*` stands for anything, matches the whole of `text`.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_nothing_else_does() {
        assert!(glob("*", "Microsoft.Compute/disks/read"));
        assert!(glob("*/read", "Microsoft.Compute/disks/read"));
        assert!(glob(
            "microsoft.compute/*/delete",
            "Microsoft.Compute/a/b/delete"
        ));
        assert!(!glob("*/read", "Microsoft.Compute/disks/write"));
        assert!(!glob(
            "Microsoft.Compute/disks",
            "Microsoft.Compute/disks/read"
        ));
        assert!(!glob("a*a", "a"));
    }

    #[test]
    fn a_right_taken_out_again_is_no_right_and_holds_only_below_its_scope() {
        let grant: Grant = serde_json::from_value(serde_json::json!({
            "scope": "/subscriptions/s/resourceGroups/rg", "actions": ["*"],
            "not_actions": ["Microsoft.Authorization/*/delete"],
        }))
        .unwrap();
        let identity = Identity {
            allowed: vec![grant],
            ..Identity::default()
        };
        let locks = "Microsoft.Authorization/locks/delete";
        assert!(may(
            &identity,
            "x/read",
            "/subscriptions/s/resourcegroups/RG/providers/x"
        ));
        assert!(!may(&identity, locks, "/subscriptions/s/resourceGroups/rg"));
        assert!(!may(
            &identity,
            "x/read",
            "/subscriptions/s/resourceGroups/rg2"
        ));
    }
}
