//! Reads of key vaults, roles, providers and policy assignments.

use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::azure::views::governance::{WirePolicyAssignment, WireProvider};
use crate::azure::views::key_vault::WireKeyVault;
use crate::azure::views::role::{WireAssignment, WireRole};
use crate::azure::views::{KeyVault, PolicyAssignment, Provider, Role, RoleAssignment};
use crate::base::Failure;

use super::Reader;

impl Reader {
    /// A key vault; nothing of what it holds.
    pub async fn key_vault(&self, id: &ResourceId) -> Result<KeyVault, Failure> {
        let attempted = format!("read the key vault `{}`", id.name());
        let wire: WireKeyVault = self
            .arm
            .get(id.as_str(), Api::KeyVault, &[], &attempted)
            .await?;
        Ok(wire.into())
    }

    /// Every role assignment that holds at a scope, inherited ones too.
    pub async fn role_assignments(
        &self,
        scope: &ResourceId,
    ) -> Result<Vec<RoleAssignment>, Failure> {
        let attempted = format!("list who has roles at `{}`", scope.name());
        let path = scope.child("providers/Microsoft.Authorization/roleAssignments");
        let query = [("$filter", "atScope()")];
        let wire: Vec<WireAssignment> = self
            .arm
            .list(path.as_str(), Api::Roles, &query, &attempted)
            .await?;
        Ok(wire.into_iter().map(Into::into).collect())
    }

    /// What a role allows, by its own identifier.
    pub async fn role(&self, scope: &ResourceId, role: &str) -> Result<Role, Failure> {
        let attempted = format!("read the role `{role}`");
        let path = scope.child(&format!(
            "providers/Microsoft.Authorization/roleDefinitions/{role}"
        ));
        let wire: WireRole = self
            .arm
            .get(path.as_str(), Api::Roles, &[], &attempted)
            .await?;
        Ok(wire.into())
    }

    /// A resource provider, as the subscription has it.
    pub async fn provider(
        &self,
        subscription: &ResourceId,
        namespace: &str,
    ) -> Result<Provider, Failure> {
        let attempted = format!("read whether `{namespace}` is registered");
        let path = subscription
            .subscription_id()
            .child(&format!("providers/{namespace}"));
        let wire: WireProvider = self
            .arm
            .get(path.as_str(), Api::Resources, &[], &attempted)
            .await?;
        Ok(wire.into())
    }

    /// A policy assignment of a subscription, a group or a resource.
    pub async fn policy_assignment(&self, id: &ResourceId) -> Result<PolicyAssignment, Failure> {
        let attempted = format!("read the policy assignment `{}`", id.name());
        let wire: WirePolicyAssignment = self
            .arm
            .get(id.as_str(), Api::Policies, &[], &attempted)
            .await?;
        Ok(wire.into())
    }
}
