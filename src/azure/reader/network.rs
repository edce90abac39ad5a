//! Reads of network interfaces, and of what becomes of the traffic through them.

use crate::azure::resource_id::ResourceId;
use crate::azure::slow_query::ask;
use crate::azure::versions::Api;
use crate::azure::views::network::{Answered, WireGroup, WireInterface, WireRoute};
use crate::azure::views::{EffectiveGroup, EffectiveRoute, NetworkInterface};
use crate::base::Failure;

use super::Reader;

impl Reader {
    /// A network interface.
    pub async fn network_interface(&self, id: &ResourceId) -> Result<NetworkInterface, Failure> {
        let attempted = format!("read the network interface `{}`", id.name());
        let wire: WireInterface = self
            .arm
            .get(id.as_str(), Api::Network, &[], &attempted)
            .await?;
        Ok(wire.into())
    }

    /// The security rules that hold for an interface of a running VM, group by group. One of the
    /// POSTs that only look; Azure takes its time over it.
    pub async fn effective_rules(&self, id: &ResourceId) -> Result<Vec<EffectiveGroup>, Failure> {
        let attempted = format!("see the security rules that hold for `{}`", id.name());
        let what = (id, "effectiveNetworkSecurityGroups");
        let wire: Answered<WireGroup> = ask(&self.arm, what, Api::Network, &attempted).await?;
        Ok(wire.value.into_iter().map(Into::into).collect())
    }

    /// The routes that hold for an interface of a running VM. One of the POSTs that only look.
    pub async fn effective_routes(&self, id: &ResourceId) -> Result<Vec<EffectiveRoute>, Failure> {
        let attempted = format!("see the routes that hold for `{}`", id.name());
        let what = (id, "effectiveRouteTable");
        let wire: Answered<WireRoute> = ask(&self.arm, what, Api::Network, &attempted).await?;
        Ok(wire.value.into_iter().map(Into::into).collect())
    }
}
