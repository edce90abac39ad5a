//! Reads of Azure Monitor: metrics of a VM, and who did what to a resource.

use jiff::Timestamp;
use serde::Deserialize;

use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::azure::views::activity::WireEvent;
use crate::azure::views::metric::WireMetric;
use crate::azure::views::{ActivityEvent, Metric};
use crate::base::Failure;

use super::Reader;

impl Reader {
    /// What was measured of a VM between two times, as mean and maximum of each interval. This
    /// API weighs heavily in ARM's budgets (`azure-api.md` section 9): ask for little, seldom.
    pub async fn vm_metrics(
        &self,
        vm: &ResourceId,
        names: &[&str],
        (from, to): (Timestamp, Timestamp),
        interval: &str,
    ) -> Result<Vec<Metric>, Failure> {
        #[derive(Deserialize)]
        struct Answer {
            value: Vec<WireMetric>,
        }
        let attempted = format!("read what was measured of the VM `{}`", vm.name());
        let path = vm.child("providers/Microsoft.Insights/metrics");
        let (span, names) = (format!("{from:.0}/{to:.0}"), names.join(","));
        let query = [
            ("metricnames", names.as_str()),
            ("timespan", span.as_str()),
            ("interval", interval),
            ("aggregation", "Average,Maximum"),
            ("metricnamespace", "Microsoft.Compute/virtualMachines"),
        ];
        let answer: Answer = self
            .arm
            .get(path.as_str(), Api::Metrics, &query, &attempted)
            .await?;
        Ok(answer.value.into_iter().map(Into::into).collect())
    }

    /// What was done to a resource since `since`, newest first. The filter is one of the few
    /// forms that the activity log allows.
    pub async fn activity(
        &self,
        resource: &ResourceId,
        since: Timestamp,
    ) -> Result<Vec<ActivityEvent>, Failure> {
        let attempted = format!("read who changed `{}`", resource.name());
        self.events(resource, since, &attempted).await
    }

    /// What was done to a lock since `since`, newest first.
    pub async fn lock_events(
        &self,
        lock: &ResourceId,
        since: Timestamp,
    ) -> Result<Vec<ActivityEvent>, Failure> {
        let attempted = format!("read who changed the lock `{}`", lock.name());
        self.events(lock, since, &attempted).await
    }

    async fn events(
        &self,
        resource: &ResourceId,
        since: Timestamp,
        attempted: &str,
    ) -> Result<Vec<ActivityEvent>, Failure> {
        let path = resource
            .subscription_id()
            .child("providers/Microsoft.Insights/eventtypes/management/values");
        let until = self.arm.clock.now();
        let filter = format!(
            "eventTimestamp ge '{since:.0}' and eventTimestamp le '{until:.0}' and resourceUri eq '{}'",
            resource.as_str().replace('\'', "''")
        );
        let query = [("$filter", filter.as_str())];
        let wire: Vec<WireEvent> = self
            .arm
            .list(path.as_str(), Api::ActivityLog, &query, attempted)
            .await?;
        let mut events: Vec<ActivityEvent> = wire.into_iter().map(Into::into).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.at));
        Ok(events)
    }
}
