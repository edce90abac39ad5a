//! Recovery Services and Azure Backup.

pub(in crate::sim) mod codes;
pub(in crate::sim) mod items;
pub(in crate::sim) mod jobs;
pub(in crate::sim) mod lifecycle;
pub(in crate::sim) mod operations;
pub(in crate::sim) mod policies;
pub(in crate::sim) mod snapshot;
pub(in crate::sim) mod status;
pub(in crate::sim) mod trigger;
pub(in crate::sim) mod vaults;
