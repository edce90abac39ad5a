//! The closed list of what this program may change in Azure.
//!
//! Invariant: there is no generic verb here. Each change takes a proof whose only constructor
//! checked its rule, names its own method and path, and is exactly one request: nothing is polled,
//! waited for or decided.

use std::{sync::Arc, time::Duration};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::base::{ErrorClass, Failure, clock};

use super::arm::Arm;
use super::counts::Purpose;
use super::operation::{Operation, OperationKind, Polled, Sent};
use super::pipeline::{self, Answer, Call};
use super::proof::{
    BackupExtension, BlockingLock, BorrowedLock, FixedScript, OwnCollection, ProtectedVm,
};
use super::reader::Reader;
use super::resource_id::ResourceId;
use super::versions::Api;
use super::views::OsType;

/// Assumption: a point from "back up now" can be kept at most 99 years; no document says so. A
/// sane bound is what matters, since a wrong one would keep data for ever.
const LONGEST_RETENTION_DAYS: u32 = 36_135;

/// Changes one cloud, as one identity.
#[derive(Clone)]
pub struct Writer {
    arm: Arc<Arm>,
    reader: Reader,
}

impl Writer {
    /// A writer; sends nothing.
    #[must_use]
    pub fn new(arm: Arc<Arm>) -> Self {
        Self {
            reader: Reader::new(arm.clone()),
            arm,
        }
    }

    /// The reader of the same cloud.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// One look at an operation; as [`Reader::poll`].
    pub async fn poll(&self, operation: &Operation) -> Result<Polled, Failure> {
        self.reader.poll(operation).await
    }

    /// DELETEs a lock at its own id.
    pub async fn delete_lock(&self, lock: BlockingLock) -> Result<Sent, Failure> {
        let attempted = format!("delete the lock `{}`", lock.id().name());
        self.delete(lock.id(), Api::Locks, attempted).await
    }

    /// PUTs a borrowed lock back, as it was.
    pub async fn put_lock(&self, lock: BorrowedLock) -> Result<Sent, Failure> {
        let attempted = format!("put the lock `{}` back", lock.id().name());
        let url = self
            .arm
            .url(lock.id().as_str(), Api::Locks, &[], &attempted)?;
        let call = Call {
            purpose: Purpose::Write,
            method: Method::PUT,
            url,
            body: Some(json!({ "properties": lock.properties() })),
            attempted,
        };
        // 201 is a lock that is made, and not an operation that begins (azure-api.md section 4).
        let answer = pipeline::send(&self.arm, &call).await?;
        Ok(Sent::Done(answer.json().unwrap_or_default()))
    }

    /// DELETEs a restore point collection with all its points.
    pub async fn delete_collection(&self, collection: OwnCollection) -> Result<Sent, Failure> {
        let attempted = format!(
            "delete the restore point collection `{}`",
            collection.id().name()
        );
        self.delete(collection.id(), Api::Compute, attempted).await
    }

    /// DELETEs Azure Backup's extension; the next backup installs it again.
    pub async fn delete_extension(&self, extension: BackupExtension) -> Result<Sent, Failure> {
        let attempted = format!("delete the extension `{}`", extension.id().name());
        self.delete(extension.id(), Api::Compute, attempted).await
    }

    /// POSTs "back up now"; the point is kept `retain_days` days. When its operation succeeds the
    /// job exists (`jobId`), no more.
    pub async fn back_up(&self, vm: ProtectedVm, retain_days: u32) -> Result<Sent, Failure> {
        let attempted = format!("back up `{}` now", vm.item().name());
        if !(1..=LONGEST_RETENTION_DAYS).contains(&retain_days) {
            let message = format!(
                "a point cannot be kept {retain_days} days; give 1 to {LONGEST_RETENTION_DAYS}"
            );
            return Err(Failure::new(ErrorClass::Invalid, attempted, message));
        }
        let kept = Duration::from_secs(u64::from(retain_days) * 86_400);
        let expires = clock::add(self.arm.clock.now(), kept);
        let body = json!({ "properties": {
            "objectType": "IaasVMBackupRequest",
            "recoveryPointExpiryTimeInUTC": format!("{expires:.3}"),
        } });
        self.post(
            vm.item(),
            "backup",
            Api::Backup,
            (Purpose::Write, body),
            attempted,
        )
        .await
    }

    /// POSTs a fixed script to the VM's agent. Azure gives no exit code: read the output.
    pub async fn run_script(
        &self,
        vm: &ResourceId,
        os: OsType,
        script: FixedScript,
        attempted: &str,
    ) -> Result<Sent, Failure> {
        let attempted = attempted.to_owned();
        if !vm.is_type("Microsoft.Compute/virtualMachines") {
            return Err(Failure::new(
                ErrorClass::Invalid,
                attempted,
                format!("`{vm}` is not a VM"),
            ));
        }
        let command = match os {
            OsType::Windows => "RunPowerShellScript",
            OsType::Linux => "RunShellScript",
        };
        let parameters: Vec<Value> = script
            .parameters()
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let lines: Vec<&str> = script.text().lines().collect();
        let body = json!({ "commandId": command, "script": lines, "parameters": parameters });
        let purpose = if script.is_probe() {
            Purpose::Probe
        } else {
            Purpose::Write
        };
        self.post(vm, "runCommand", Api::Compute, (purpose, body), attempted)
            .await
    }

    async fn delete(&self, id: &ResourceId, api: Api, attempted: String) -> Result<Sent, Failure> {
        let url = self.arm.url(id.as_str(), api, &[], &attempted)?;
        let call = Call {
            purpose: Purpose::Write,
            method: Method::DELETE,
            url,
            body: None,
            attempted,
        };
        match pipeline::send(&self.arm, &call).await {
            Ok(answer) => Ok(settle(answer, OperationKind::Delete, id, call.attempted)),
            // What is not there needs no deleting; whether it is gone, the next look tells.
            Err(failure) if failure.status == Some(404) => Ok(Sent::Done(Value::Null)),
            Err(failure) => Err(failure),
        }
    }

    async fn post(
        &self,
        id: &ResourceId,
        verb: &str,
        api: Api,
        (purpose, body): (Purpose, Value),
        attempted: String,
    ) -> Result<Sent, Failure> {
        let url = self
            .arm
            .url(id.child(verb).as_str(), api, &[], &attempted)?;
        let call = Call {
            purpose,
            method: Method::POST,
            url,
            body: Some(body),
            attempted,
        };
        let answer = pipeline::send(&self.arm, &call).await?;
        Ok(settle(answer, OperationKind::Post, id, call.attempted))
    }
}

/// 201 and 202 announce an operation; any other success is the end of it.
fn settle(answer: Answer, kind: OperationKind, resource: &ResourceId, attempted: String) -> Sent {
    if matches!(answer.status, StatusCode::ACCEPTED | StatusCode::CREATED) {
        Sent::Accepted(Operation::announced(
            &answer,
            kind,
            resource.clone(),
            attempted,
        ))
    } else {
        Sent::Done(answer.json().unwrap_or_default())
    }
}

mod vm;

#[cfg(test)]
mod tests;
mod vault;
