//! What Azure Backup knows: protection, jobs, policies and recovery points.

pub(in crate::azure) mod alert;
pub(in crate::azure) mod job;
pub(in crate::azure) mod policy;
pub(in crate::azure) mod protection;
pub(in crate::azure) mod recovery_point;
mod schedule;

pub use alert::Alert;
pub use job::{ErrorDetail, Job, Task};
pub use policy::Policy;
pub use protection::{BackupStatus, HealthDetail, ProtectedItem};
pub use recovery_point::{RecoveryPoint, Tier};
pub use schedule::Schedule;
