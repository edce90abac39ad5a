//! How fast, how strict and in what style this Azure answers.

use serde::{Deserialize, Serialize};

/// Knobs of the simulated services; each default cites what was measured of the real ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Minutes of "Take Snapshot".
    pub snapshot_minutes: u32,
    /// Minutes of "Transfer data to vault"; with the snapshot 41, the median of recordings.md 2.
    pub transfer_minutes: u32,
    /// Restore points that one VM may have (remediations.md 4.1).
    pub restore_point_limit: usize,
    /// Entries of one page of a paged list.
    pub page_size: usize,
    /// Seconds that a lock written or deleted takes to have effect; unknown in Azure
    /// (azure-api.md 15 row 6), so 0 unless a test wants a delay.
    pub lock_delay_seconds: u32,
    /// The style of polling URLs.
    pub polling_urls: PollingUrls,
    /// Whether jobs say `actionsInfo: [1]` as before 2023, instead of `["Cancellable"]`.
    pub old_actions_info_ints: bool,
    /// Whether the first backup after a collection was deleted fails with 400288.
    pub rp_collection_deleted_once: bool,
    /// Hours from a restore point limit failure to the automatic clean-up (`wait hours`,
    /// remediations.md row 4; the number is an assumption).
    pub cleanup_hours: u32,
    /// Request budgets; none by default.
    pub throttle: Throttle,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            snapshot_minutes: 4,
            transfer_minutes: 37,
            restore_point_limit: 18,
            page_size: 50,
            lock_delay_seconds: 0,
            polling_urls: PollingUrls::Signed,
            old_actions_info_ints: false,
            rp_collection_deleted_once: false,
            cleanup_hours: 4,
            throttle: Throttle::default(),
        }
    }
}

/// The style of polling URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PollingUrls {
    /// With `t`, `c`, `s` and `h`, over 3 KB long, as since 2023.
    Signed,
    /// With an api-version only, as before.
    Plain,
}

/// Request budgets, counted in fixed windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Reads of `backupJobs` in an hour (150 in 2022); ARM's error shape, seconds in the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_reads_per_hour: Option<u32>,
    /// Changes of one VM in a minute (4); compute's error shape, without `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm_changes_per_minute: Option<u32>,
}
