//! Numbers of the documents, dated, in one place. They move: each names its source.

use std::time::Duration;

/// Instant restore points that one VM may have across collections and groups.
///
/// Source: "Troubleshoot Azure Backup failure", 2022-05-05, section
/// `UserErrorRpCollectionLimitReached`.
pub const RESTORE_POINTS: u64 = 18;

/// Backups that may be started in a day before we stop: two less than the hard cap of nine
/// on-demand attempts.
///
/// Source: Azure Backup support matrix, 2023 (nine attempts a day); our margin (DESIGN section 6).
pub const BACKUPS_A_DAY: usize = 7;

/// Backups that one run may start (DESIGN section 6).
pub const BACKUPS_A_RUN: usize = 2;

/// A removed lock is looked at again after this, before anything relies on its absence.
///
/// Source: remediations.md M1, "re-read after 1-2 min"; policy may have put it back.
pub const LOCK_SETTLES: Duration = Duration::from_secs(60);

/// Between two looks at a backup job.
///
/// Source: `backupJobs/read` was limited to 150 an hour in 2022 (azure-api.md 2.5); the trigger's
/// own `Retry-After` is 60 s.
pub const JOB_POLL: Duration = Duration::from_secs(60);

/// A backup, transfer included, normally ends within a day.
///
/// Source: Azure Backup FAQ; "a daily job should end in less than 24 hours".
pub const BACKUP_ENDS: Duration = Duration::from_secs(24 * 3600);

/// After a Backup Now whose answer was lost, its job is looked for again after this: Azure lists
/// jobs late. Assumption: no document gives a figure.
pub const JOB_APPEARS: Duration = Duration::from_secs(120);

/// A completed job's recovery point is looked for so long. Assumption: no document gives a figure.
pub const RECOVERY_POINT_APPEARS: Duration = Duration::from_secs(30 * 60);

/// Automatic clean-up is looked at again after this, and given up after a day.
///
/// Source: "few hours" (2022-05-05); "within 24 hours" (instant restore article); the four hours
/// within are ours.
pub const CLEAN_UP_LOOK: Duration = Duration::from_secs(4 * 3600);

/// See [`CLEAN_UP_LOOK`].
pub const CLEAN_UP_ENDS: Duration = Duration::from_secs(24 * 3600);

/// An instant restore point and a recovery point are the same backup when their times differ by
/// less. Assumption: both carry the snapshot's time; Standard policy backs up at most every four
/// hours.
pub const SAME_BACKUP: Duration = Duration::from_secs(30 * 60);

/// Jobs are listed so far back: Resource Graph keeps them as long (azure-api.md section 5).
pub const JOBS_BACK: Duration = Duration::from_secs(14 * 24 * 3600);

/// Failed jobs whose details are read to find the one that a run answers.
pub const JOBS_READ: usize = 5;

/// After its restart the agent reports within this.
///
/// Source: remediations.md 2.2, M9 (a proposal; the documents give no figure).
pub const AGENT_RETURNS: Duration = Duration::from_secs(10 * 60);

/// Between two looks at an agent that is to come back: its own heartbeat is a minute.
pub const AGENT_LOOK: Duration = Duration::from_secs(60);

/// What is at work in the guest (a snapshot, an update) is looked at again after this.
/// Assumption: no document gives a figure.
pub const GUEST_BUSY_LOOK: Duration = Duration::from_secs(5 * 60);

/// See [`GUEST_BUSY_LOOK`].
pub const GUEST_BUSY_ENDS: Duration = Duration::from_secs(3600);
