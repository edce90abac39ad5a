//! Reads of what this identity can see at all.

use serde::Deserialize;

use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::base::Failure;

use super::Reader;

impl Reader {
    /// The subscriptions that are open to this identity and not switched off.
    pub async fn subscriptions(&self) -> Result<Vec<ResourceId>, Failure> {
        #[derive(Deserialize)]
        struct Entry {
            id: ResourceId,
            state: Option<String>,
        }
        let attempted = "list the subscriptions";
        let wire: Vec<Entry> = self
            .arm
            .list("/subscriptions", Api::Subscriptions, &[], attempted)
            .await?;
        let off = |entry: &Entry| {
            let state = entry.state.as_deref().unwrap_or_default();
            ["Disabled", "Deleted"]
                .iter()
                .any(|s| s.eq_ignore_ascii_case(state))
        };
        Ok(wire.into_iter().filter(|e| !off(e)).map(|e| e.id).collect())
    }
}
