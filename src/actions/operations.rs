//! Follows long-running operations for the engine.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::azure::operation::{Operation as ArmOperation, Polled as ArmPolled, Sent};
use crate::azure::permitted::Writer;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{Applied, Operation, Polled, Poller};

pub(super) struct Operations(Arc<Writer>);

impl Operations {
    pub(super) fn new(writer: Arc<Writer>) -> Self {
        Self(writer)
    }
}

#[async_trait]
impl Poller for Operations {
    async fn poll(&self, operation: &Operation) -> Result<Polled, Failure> {
        let known: ArmOperation = serde_json::from_value(operation.token.clone()).map_err(|e| {
            Failure::new(
                ErrorClass::Invalid,
                "poll an operation",
                format!("its record is damaged: {e}"),
            )
        })?;
        Ok(match self.0.poll(&known).await? {
            ArmPolled::Running { again_after, .. } => {
                Polled::Running(again_after.map(|d| d.as_secs()))
            }
            ArmPolled::Succeeded(value) => Polled::Succeeded(value),
            ArmPolled::Failed(failure) => Polled::Failed(failure),
            ArmPolled::Gone => Polled::Gone,
        })
    }
}

/// What ARM answered to a write, in the engine's words. The operation's id is made from the
/// server's own, so that events name it without its signed URL.
pub(super) fn applied(sent: Sent) -> Applied {
    match sent {
        Sent::Done(value) => Applied::Done(value),
        Sent::Accepted(operation) => {
            let token = serde_json::to_value(&operation).unwrap_or(Value::Null);
            Applied::Accepted(Operation {
                id: operation.request_id.clone(),
                token,
                poll_after: operation.poll_after,
            })
        }
    }
}
