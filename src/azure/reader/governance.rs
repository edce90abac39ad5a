//! Reads of locks, permissions and the contents of a group.

use serde::Deserialize;

use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::azure::views::lock::WireLock;
use crate::azure::views::permission::WireGrant;
use crate::azure::views::{Lock, Permissions};
use crate::base::{ErrorClass, Failure};

use super::Reader;

impl Reader {
    /// Every lock at, above and below a scope: no filter, because one below blocks too.
    pub async fn locks(&self, scope: &ResourceId) -> Result<Vec<Lock>, Failure> {
        let attempted = format!("list the locks of `{scope}`");
        let path = scope.child("providers/Microsoft.Authorization/locks");
        let wire: Vec<WireLock> = self
            .arm
            .list(path.as_str(), Api::Locks, &[], &attempted)
            .await?;
        wire.into_iter()
            .map(|wire| lock(wire, &attempted))
            .collect()
    }

    /// One lock by its id.
    pub async fn lock(&self, id: &ResourceId) -> Result<Lock, Failure> {
        let attempted = format!("read the lock `{}`", id.name());
        lock(
            self.arm
                .get(id.as_str(), Api::Locks, &[], &attempted)
                .await?,
            &attempted,
        )
    }

    /// What the caller may do at a resource or a group.
    ///
    /// Assumption: the same path answers at a subscription; the documents have it for groups and
    /// resources.
    pub async fn permissions(&self, scope: &ResourceId) -> Result<Permissions, Failure> {
        let attempted = format!("list what this identity may do at `{scope}`");
        let path = scope.child("providers/Microsoft.Authorization/permissions");
        let wire: Vec<WireGrant> = self
            .arm
            .list(path.as_str(), Api::Permissions, &[], &attempted)
            .await?;
        Ok(Permissions {
            grants: wire.into_iter().map(Into::into).collect(),
        })
    }

    /// The ids of all that a resource group holds, as far as Azure lists it.
    ///
    /// Assumption: `GET {group}/resources`, which `azure-api.md` does not describe; it lists
    /// top-level resources.
    pub async fn group_contents(&self, group: &ResourceId) -> Result<Vec<ResourceId>, Failure> {
        #[derive(Deserialize)]
        struct Entry {
            id: ResourceId,
        }
        let attempted = format!("list what the resource group `{}` holds", group.name());
        let path = group.child("resources");
        let wire: Vec<Entry> = self
            .arm
            .list(path.as_str(), Api::Resources, &[], &attempted)
            .await?;
        Ok(wire.into_iter().map(|entry| entry.id).collect())
    }
}

fn lock(wire: WireLock, attempted: &str) -> Result<Lock, Failure> {
    Lock::try_from(wire).map_err(|why| {
        let message = format!("the answer is not what the API documents: {why}");
        Failure::new(ErrorClass::Invalid, attempted, message)
    })
}
