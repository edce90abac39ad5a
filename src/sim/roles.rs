//! Role assignments and definitions, policy assignments.

use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{RoleAssignment, World};

/// Built-in roles that the simulator knows: identifier, name, actions, data actions
/// (azure-api.md section 7 and 12).
const ROLES: [(&str, &str, &str, &str); 2] = [
    (
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        "Microsoft.KeyVault/*/read",
        "Microsoft.KeyVault/vaults/*",
    ),
    (
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "Reader",
        "*/read",
        "",
    ),
];

fn view(world: &World, one: &RoleAssignment) -> Value {
    let definition = format!(
        "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/{}",
        world.subscription, one.role
    );
    let name = if one.name.is_empty() {
        ids::guid(&format!("{} {} {}", one.scope, one.role, one.principal))
    } else {
        one.name.clone()
    };
    json!({
        "id": format!("{}/providers/Microsoft.Authorization/roleAssignments/{name}", one.scope),
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": definition,
            "principalId": one.principal,
            "principalType": "ServicePrincipal",
            "scope": one.scope,
        },
    })
}

/// `GET {scope}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()`: at the scope
/// and above.
pub(in crate::sim) fn list(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let scope = format!("/{}", found.get("scope"));
    let world = &sim.world;
    let here = world
        .role_assignments
        .iter()
        .filter(|one| ids::within(&one.scope, &scope));
    let value: Vec<Value> = here.map(|one| view(world, one)).collect();
    Reply::ok(&json!({"value": value}))
}

/// `PUT {scope}/providers/Microsoft.Authorization/roleAssignments/{name}`.
///
/// Assumption: the same assignment under another name is refused as `RoleAssignmentExists`, 409
/// (azure-api.md 2.6 has the code, not the status).
pub(in crate::sim) fn put(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let scope = format!("/{}", found.get("scope"));
    let text = |name: &str| {
        let value = call.body["properties"][name].as_str();
        value.unwrap_or_default().to_owned()
    };
    let role = ids::name_of(&text("roleDefinitionId")).to_owned();
    let (principal, name) = (text("principalId"), found.get("name").to_owned());
    if role.is_empty() || principal.is_empty() {
        let message = "The request needs roleDefinitionId and principalId.";
        return Reply::error(Cause::Service, 400, "BadRequestFormat", message);
    }
    let same = |one: &&RoleAssignment| {
        ids::same(&one.scope, &scope)
            && ids::same(&one.role, &role)
            && ids::same(&one.principal, &principal)
    };
    if let Some(known) = sim.world.role_assignments.iter().find(same) {
        if ids::same(&known.name, &name) {
            return Reply::ok(&view(&sim.world, known));
        }
        let message = "The role assignment already exists.";
        return Reply::error(Cause::Service, 409, "RoleAssignmentExists", message);
    }
    let made = RoleAssignment {
        scope,
        role,
        principal,
        name,
    };
    let reply = Reply::json(201, &view(&sim.world, &made));
    sim.world.role_assignments.push(made);
    reply
}

/// `GET {scope}/providers/Microsoft.Authorization/roleDefinitions/{id}`.
pub(in crate::sim) fn definition(_: &mut Sim, _: &Call, found: &Found) -> Reply {
    let asked = found.get("name");
    let Some((id, name, action, data)) = ROLES.iter().find(|(id, ..)| ids::same(id, asked)) else {
        let message = format!("The specified role definition with ID '{asked}' does not exist.");
        return Reply::error(Cause::Service, 404, "RoleDefinitionDoesNotExist", &message);
    };
    let data: Vec<&str> = Some(*data)
        .filter(|data| !data.is_empty())
        .into_iter()
        .collect();
    Reply::ok(&json!({
        "id": format!("/{}/providers/Microsoft.Authorization/roleDefinitions/{id}", found.get("scope")),
        "name": id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": name,
            "type": "BuiltInRole",
            "description": "",
            "assignableScopes": ["/"],
            "permissions": [{
                "actions": [action], "notActions": [], "dataActions": data, "notDataActions": [],
            }],
        },
    }))
}

/// Whether a principal may do everything with the keys and secrets at `scope`.
pub(in crate::sim) fn administers_keys(world: &World, principal: &str, scope: &str) -> bool {
    world.role_assignments.iter().any(|one| {
        ids::same(&one.principal, principal)
            && ids::same(&one.role, ROLES[0].0)
            && ids::within(&one.scope, scope)
    })
}

/// `GET {scope}/providers/Microsoft.Authorization/policyAssignments/{name}`.
pub(in crate::sim) fn policy_assignment(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let (scope, name) = (format!("/{}", found.get("scope")), found.get("name"));
    let world = &sim.world;
    let is_it = world
        .policy_assignments
        .iter()
        .find(|one| ids::same(&one.scope, &scope) && ids::same(&one.name, name));
    let Some(one) = is_it else {
        let message = format!("The policy assignment '{name}' is not found.");
        return Reply::error(Cause::Service, 404, "PolicyAssignmentNotFound", &message);
    };
    let mut parameters = json!({});
    if let Some(effect) = &one.effect {
        parameters["effect"] = json!({"value": effect});
    }
    Reply::ok(&json!({
        "id": format!("{scope}/providers/Microsoft.Authorization/policyAssignments/{}", one.name),
        "name": one.name,
        "type": "Microsoft.Authorization/policyAssignments",
        "properties": {
            "displayName": one.display_name,
            "policyDefinitionId": one.definition,
            "scope": scope,
            "notScopes": [],
            "parameters": parameters,
            "enforcementMode": "Default",
        },
    }))
}
