//! Reads of locks, permissions, the contents of a group, and who wrote a lock.

use jiff::Timestamp;
use serde::Deserialize;

use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::azure::views::activity::WireEvent;
use crate::azure::views::lock::WireLock;
use crate::azure::views::permission::WireGrant;
use crate::azure::views::{ActivityEvent, Lock, Permissions};
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

    /// What was done to a lock since `since`, newest first. The filter is one of the few forms
    /// that the activity log allows.
    pub async fn lock_events(
        &self,
        lock: &ResourceId,
        since: Timestamp,
    ) -> Result<Vec<ActivityEvent>, Failure> {
        let attempted = format!("read who changed the lock `{}`", lock.name());
        let path = lock
            .subscription_id()
            .child("providers/Microsoft.Insights/eventtypes/management/values");
        let until = self.arm.clock.now();
        let filter = format!(
            "eventTimestamp ge '{since:.0}' and eventTimestamp le '{until:.0}' and resourceUri eq '{}'",
            lock.as_str().replace('\'', "''")
        );
        let query = [("$filter", filter.as_str())];
        let wire: Vec<WireEvent> = self
            .arm
            .list(path.as_str(), Api::ActivityLog, &query, &attempted)
            .await?;
        let mut events: Vec<ActivityEvent> = wire.into_iter().map(Into::into).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.at));
        Ok(events)
    }
}

fn lock(wire: WireLock, attempted: &str) -> Result<Lock, Failure> {
    Lock::try_from(wire).map_err(|why| {
        let message = format!("the answer is not what the API documents: {why}");
        Failure::new(ErrorClass::Invalid, attempted, message)
    })
}
