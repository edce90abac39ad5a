//! When a policy backs up.

use serde::{Deserialize, Serialize};

/// The schedule of a policy; by default daily at half past two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// The time of the day, `02:30`.
    pub at: String,
    /// Hours between two backups, which makes it an Enhanced policy.
    pub every_hours: Option<u32>,
    /// Days of the week; none means every day.
    pub days: Vec<String>,
    /// Days that snapshots are kept for instant restores.
    pub instant_days: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            at: "02:30".to_owned(),
            every_hours: None,
            days: Vec::new(),
            instant_days: 2,
        }
    }
}
