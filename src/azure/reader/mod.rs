//! Looking at Azure: GETs, and a closed list of POSTs that only look.
//!
//! Invariants: a `Reader` cannot change anything; it remembers nothing; a read that is refused is
//! a failure, never an empty list.
//!
//! A lock cannot be deleted through a reader:
//!
//! ```compile_fail,E0599
//! # use runbook::azure::{Reader, Writer, proof::BlockingLock};
//! async fn unlock(reader: &Reader, lock: BlockingLock) {
//!     let _ = reader.delete_lock(lock).await;
//! }
//! ```
//!
//! It can through a writer, and nothing else is different here:
//!
//! ```
//! # use runbook::azure::{Reader, Writer, proof::BlockingLock};
//! async fn unlock(reader: &Writer, lock: BlockingLock) {
//!     let _ = reader.delete_lock(lock).await;
//! }
//! ```

mod access;
mod backup;
mod compute;
mod disks;
mod governance;
mod monitor;
mod neighbours;
mod network;
pub mod rights;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::base::Failure;

use super::arm::Arm;
use super::operation::{Operation, Polled};
use super::poll;

/// Looks at one cloud, as one identity. Clones share their counts.
#[derive(Clone)]
pub struct Reader {
    arm: Arc<Arm>,
}

impl Reader {
    /// A reader; sends nothing.
    #[must_use]
    pub fn new(arm: Arc<Arm>) -> Self {
        Self { arm }
    }

    /// What is spoken to, and how often it was.
    #[must_use]
    pub fn arm(&self) -> &Arc<Arm> {
        &self.arm
    }

    /// One look at an operation; never waits for it.
    ///
    /// A polling URL that Azure refuses or does not know (403, 404, 410) is [`Polled::Gone`]; a
    /// token that is not accepted is a failure of class `auth`.
    pub async fn poll(&self, operation: &Operation) -> Result<Polled, Failure> {
        poll::poll(&self.arm, operation).await
    }
}
