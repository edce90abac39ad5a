//! What may be done to the machine itself.

use http::Method;
use serde_json::{Value, json};

use crate::azure::counts::Purpose;
use crate::azure::operation::{OperationKind, Sent};
use crate::azure::pipeline::{self, Call};
use crate::azure::proof::{ClosedVm, RunningVm, SettledVm, ShutDownVm};
use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::base::Failure;

use super::{Writer, settle};

impl Writer {
    /// POSTs `reapply`: Azure gives the VM its model again, without a reboot.
    pub async fn reapply(&self, vm: SettledVm) -> Result<Sent, Failure> {
        let attempted = format!("reapply the model of `{}`", vm.id().name());
        self.verb(vm.id(), "reapply", attempted).await
    }

    /// POSTs `restart`.
    pub async fn restart(&self, vm: RunningVm) -> Result<Sent, Failure> {
        let attempted = format!("restart `{}`", vm.id().name());
        self.verb(vm.id(), "restart", attempted).await
    }

    /// POSTs `redeploy`: Azure moves the VM to another host. Its temporary disk is lost.
    pub async fn redeploy(&self, vm: RunningVm) -> Result<Sent, Failure> {
        let attempted = format!("redeploy `{}`", vm.id().name());
        self.verb(vm.id(), "redeploy", attempted).await
    }

    /// POSTs `deallocate` for a VM that is off.
    pub async fn deallocate(&self, vm: ShutDownVm) -> Result<Sent, Failure> {
        let attempted = format!("deallocate `{}`", vm.id().name());
        self.verb(vm.id(), "deallocate", attempted).await
    }

    /// PATCHes a VM to allow extensions, and changes nothing else of it.
    pub async fn allow_extensions(&self, vm: ClosedVm) -> Result<Sent, Failure> {
        let attempted = format!("allow extensions on `{}`", vm.id().name());
        let body = json!({ "properties": { "osProfile": { "allowExtensionOperations": true } } });
        self.at(vm.id(), vm.id(), (Method::PATCH, Some(body)), attempted)
            .await
    }

    async fn verb(&self, vm: &ResourceId, verb: &str, attempted: String) -> Result<Sent, Failure> {
        // The machine's verbs take no body (azure-api.md 3.1).
        self.at(vm, &vm.child(verb), (Method::POST, None), attempted)
            .await
    }

    async fn at(
        &self,
        vm: &ResourceId,
        path: &ResourceId,
        (method, body): (Method, Option<Value>),
        attempted: String,
    ) -> Result<Sent, Failure> {
        let kind = match method {
            Method::POST => OperationKind::Post,
            _ => OperationKind::Put,
        };
        let call = Call {
            purpose: Purpose::Write,
            method,
            url: self.arm.url(path.as_str(), Api::Compute, &[], &attempted)?,
            body,
            attempted,
        };
        let answer = pipeline::send(&self.arm, &call).await?;
        Ok(settle(answer, kind, vm, call.attempted))
    }
}

#[cfg(test)]
mod tests;
