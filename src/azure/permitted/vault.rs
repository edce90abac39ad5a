//! Changes of protection, jobs, single restore points, rights and providers.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::azure::counts::Purpose;
use crate::azure::operation::{OperationKind, Sent};
use crate::azure::pipeline::{self, Call};
use crate::azure::proof::{
    CancellableJob, KEY_VAULT_ADMINISTRATOR, OldestPoint, OwnDiskPoint, PolicyDelta, RoleGrant,
    StoppedProtection, UnregisteredProvider,
};
use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::base::Failure;

use super::{Writer, settle};

impl Writer {
    /// POSTs the cancellation of a backup. The job goes on stopping for a while.
    pub async fn cancel_job(&self, job: CancellableJob) -> Result<Sent, Failure> {
        let attempted = format!("cancel the backup job `{}`", job.id().name());
        self.act(job.id(), "cancel", Api::Backup, attempted).await
    }

    /// PUTs protection back on, by a policy of the same vault.
    pub async fn resume_protection(&self, stopped: StoppedProtection) -> Result<Sent, Failure> {
        let attempted = format!("resume the protection of `{}`", stopped.vm().name());
        let body = json!({ "properties": {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "sourceResourceId": stopped.vm().as_str(),
            "policyId": stopped.policy().as_str(),
        } });
        self.put(stopped.item(), Api::Backup, body, attempted).await
    }

    /// DELETEs one restore point: the oldest.
    pub async fn delete_restore_point(&self, point: OldestPoint) -> Result<Sent, Failure> {
        let attempted = format!("delete the restore point `{}`", point.id().name());
        self.delete(point.id(), Api::Compute, attempted).await
    }

    /// POSTs the end of read access to a disk within a restore point.
    pub async fn end_access(&self, disk: OwnDiskPoint) -> Result<Sent, Failure> {
        let attempted = format!("end read access to `{}`", disk.id().name());
        self.act(disk.id(), "endGetAccess", Api::Disks, attempted)
            .await
    }

    /// POSTs the registration of a resource provider.
    pub async fn register_provider(&self, provider: UnregisteredProvider) -> Result<Sent, Failure> {
        let namespace = provider.namespace();
        let attempted = format!("register `{namespace}`");
        let id = provider
            .subscription()
            .child(&format!("providers/{namespace}"));
        self.act(&id, "register", Api::Resources, attempted).await
    }

    /// PUTs the rights that a principal lacks into its access policy; what it has stays.
    pub async fn add_vault_rights(&self, delta: PolicyDelta) -> Result<Sent, Failure> {
        let attempted = format!(
            "give rights at the key vault `{}` to `{}`",
            delta.vault().name(),
            delta.principal()
        );
        let (keys, secrets) = delta.rights();
        let body = json!({ "properties": { "accessPolicies": [{
            "tenantId": delta.tenant(),
            "objectId": delta.principal(),
            "permissions": { "keys": keys, "secrets": secrets },
        }] } });
        let id = delta.vault().child("accessPolicies/add");
        self.put(&id, Api::KeyVault, body, attempted).await
    }

    /// PUTs the assignment of the documented role at a key vault. One that exists is done.
    pub async fn assign_vault_role(&self, grant: RoleGrant) -> Result<Sent, Failure> {
        let attempted = format!(
            "assign the role Key Vault Administrator at `{}` to `{}`",
            grant.vault().name(),
            grant.principal()
        );
        let subscription = grant.vault().subscription_id();
        let role = subscription.child(&format!(
            "providers/Microsoft.Authorization/roleDefinitions/{KEY_VAULT_ADMINISTRATOR}"
        ));
        let body = json!({ "properties": {
            "roleDefinitionId": role.as_str(),
            "principalId": grant.principal(),
            "principalType": "ServicePrincipal",
        } });
        let id = grant.vault().child(&format!(
            "providers/Microsoft.Authorization/roleAssignments/{}",
            grant.name()
        ));
        match self.put(&id, Api::Roles, body, attempted).await {
            Err(failure) if failure.code.as_deref() == Some("RoleAssignmentExists") => {
                Ok(Sent::Done(Value::Null))
            }
            other => other,
        }
    }

    /// A POST without a body.
    async fn act(
        &self,
        id: &ResourceId,
        verb: &str,
        api: Api,
        attempted: String,
    ) -> Result<Sent, Failure> {
        let url = self
            .arm
            .url(id.child(verb).as_str(), api, &[], &attempted)?;
        let call = Call {
            purpose: Purpose::Write,
            method: Method::POST,
            url,
            body: None,
            attempted,
        };
        let answer = pipeline::send(&self.arm, &call).await?;
        Ok(settle(answer, OperationKind::Post, id, call.attempted))
    }

    /// A PUT. A 202 begins an operation; a 201 is a thing that was made.
    async fn put(
        &self,
        id: &ResourceId,
        api: Api,
        body: Value,
        attempted: String,
    ) -> Result<Sent, Failure> {
        let url = self.arm.url(id.as_str(), api, &[], &attempted)?;
        let call = Call {
            purpose: Purpose::Write,
            method: Method::PUT,
            url,
            body: Some(body),
            attempted,
        };
        let answer = pipeline::send(&self.arm, &call).await?;
        if answer.status == StatusCode::ACCEPTED {
            return Ok(settle(answer, OperationKind::Put, id, call.attempted));
        }
        Ok(Sent::Done(answer.json().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::scripted::{Stage, error, json as answer, reply};
    use crate::azure::views::{Job, KeyVault, Policy, ProtectedItem, Provider};

    const RG: &str = "/subscriptions/s/resourceGroups/rg/providers";
    const WHO: &str = "bac0bac0-0000-4000-8000-00000000000c";

    fn id(text: &str) -> ResourceId {
        ResourceId::parse(text).unwrap()
    }

    fn key_vault(uses_roles: bool) -> KeyVault {
        let id = format!("{RG}/Microsoft.KeyVault/vaults/kv");
        serde_json::from_value(json!({ "id": id, "tenant": "t", "uses_roles": uses_roles }))
            .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn protection_is_resumed_with_its_policy_and_nothing_else() {
        let vault = format!("{RG}/Microsoft.RecoveryServices/vaults/v");
        let vm = id(&format!("{RG}/Microsoft.Compute/virtualMachines/web1"));
        let item = format!("{vault}/backupFabrics/Azure/protectionContainers/c/protectedItems/i");
        let read: ProtectedItem =
            serde_json::from_value(json!({ "id": item, "name": "i", "vault": vault,
            "source_id": vm, "protection_state": "ProtectionStopped" }))
            .unwrap();
        let policy = format!("{vault}/backupPolicies/Daily");
        let policy: Policy =
            serde_json::from_value(json!({ "id": policy, "name": "Daily" })).unwrap();
        let stage = Stage::new(vec![reply(
            202,
            &[("Location", "https://management.azure.com/x")],
            "",
        )]);
        let proof = StoppedProtection::prove(&read, &vm, &policy).unwrap();
        let sent = Writer::new(stage.arm.clone())
            .resume_protection(proof)
            .await;
        assert!(matches!(sent, Ok(Sent::Accepted(_))), "{sent:?}");
        assert_eq!(
            stage.lines(),
            [format!("PUT {item}?api-version=2024-04-01")]
        );
        assert_eq!(
            stage.asked()[0].body,
            json!({ "properties": { "protectedItemType": "Microsoft.Compute/virtualMachines",
                "sourceResourceId": vm, "policyId": policy.id } })
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_is_cancelled_and_a_provider_registered_without_a_body() {
        let job = format!("{RG}/Microsoft.RecoveryServices/vaults/v/backupJobs/j");
        let read: Job =
            serde_json::from_value(json!({ "id": job, "name": "j", "operation": "Backup",
            "status": "InProgress", "container": "a;b", "actions": ["Cancellable"],
            "tasks": [{ "name": "Take Snapshot", "status": "InProgress" }] }))
            .unwrap();
        let provider = Provider {
            namespace: "microsoft.storage".to_owned(),
            state: "NotRegistered".to_owned(),
        };
        let stage = Stage::new(vec![
            reply(202, &[], ""),
            answer(200, json!({ "namespace": "x" })),
        ]);
        let writer = Writer::new(stage.arm.clone());
        writer
            .cancel_job(CancellableJob::prove(&read, "a;b").unwrap())
            .await
            .unwrap();
        let proof = UnregisteredProvider::prove(&provider, &id("/subscriptions/s")).unwrap();
        writer.register_provider(proof).await.unwrap();
        assert_eq!(
            stage.lines(),
            [
                format!("POST {job}/cancel?api-version=2024-04-01"),
                "POST /subscriptions/s/providers/Microsoft.Storage/register?api-version=2024-07-01"
                    .to_owned(),
            ]
        );
        assert!(stage.asked().iter().all(|asked| asked.body.is_null()));
    }

    #[tokio::test(start_paused = true)]
    async fn rights_are_added_by_the_model_of_the_vault_and_an_assignment_that_exists_is_done() {
        let stage = Stage::new(vec![
            answer(201, json!({})),
            error(409, "RoleAssignmentExists", "it exists"),
        ]);
        let writer = Writer::new(stage.arm.clone());
        let delta = PolicyDelta::prove(&key_vault(false), WHO, (false, true)).unwrap();
        writer.add_vault_rights(delta).await.unwrap();
        let grant = RoleGrant::prove(&key_vault(true), WHO).unwrap();
        let name = grant.name().to_owned();
        let sent = writer.assign_vault_role(grant).await;
        assert_eq!(sent, Ok(Sent::Done(Value::Null)));
        let vault = key_vault(true).id;
        assert_eq!(
            stage.lines(),
            [
                format!("PUT {vault}/accessPolicies/add?api-version=2023-07-01"),
                format!(
                    "PUT {vault}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01"
                ),
            ]
        );
        assert_eq!(
            stage.asked()[0].body["properties"]["accessPolicies"][0],
            json!({ "tenantId": "t", "objectId": WHO,
                "permissions": { "keys": [], "secrets": ["get", "list", "backup"] } })
        );
    }
}
