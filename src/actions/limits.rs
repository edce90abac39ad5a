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

/// Further tries after Azure has refused for a lock that is not listed: as many as the engine makes
/// in two minutes.
///
/// Source: remediations.md section 7: our figure.
pub const LOCKED_TRIES: usize = 4;

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

/// The largest disk that is backed up, in GiB.
///
/// Source: "Troubleshoot Azure Backup failure", 2022-05-05, `UserErrorUnsupportedDiskSize`: 32 TB.
pub const DISK_GIB: u64 = 32_767;

/// The largest disk that is backed up when it is encrypted inside the guest, in GiB.
///
/// Source: as [`DISK_GIB`]: 4 TB.
pub const ENCRYPTED_DISK_GIB: u64 = 4_095;

/// All disks of one VM together, in GiB.
///
/// Source: Azure Backup support matrix, 2023: 256 TB.
pub const VM_GIB: u64 = 256 * 1_024;

/// Data disks that one VM may have to be backed up.
///
/// Source: Azure Backup support matrix, 2023; 16 before.
pub const DATA_DISKS: u64 = 32;

/// Backups on demand that Azure takes in a day; [`BACKUPS_A_DAY`] stays below it.
///
/// Source: Azure Backup support matrix, 2023.
pub const BACKUPS_A_DAY_CAP: u64 = 9;

/// Scheduled backups a day that the documents recommend.
///
/// Source: "Troubleshoot Azure Backup failure", 2022-05-05.
pub const SCHEDULED_A_DAY: u64 = 1;

/// The oldest agent for Windows that is supported.
///
/// Source: agent support article, 2023 (remediations.md contradiction 31).
pub const WINDOWS_AGENT: &str = "2.7.41491.1010";

/// The oldest agent for Linux that is supported.
///
/// Source: as [`WINDOWS_AGENT`].
pub const LINUX_AGENT: &str = "2.2.53.1";

/// Between the grant of rights at a key vault and the next backup.
///
/// Source: "wait a while" (2022-05-05); the ten minutes are ours (remediations.md M15).
pub const GRANT_SETTLES: Duration = Duration::from_secs(600);

/// How long the registration of a resource provider is waited for. Assumption: "up to some
/// minutes" (remediations.md M13); the half hour is ours.
pub const REGISTRATION_ENDS: Duration = Duration::from_secs(30 * 60);

/// How long resuming protection, or stopping a cancelled job, is waited for. Assumption:
/// "minutes" (remediations.md M12); the half hour is ours.
pub const CHANGE_SHOWS: Duration = Duration::from_secs(30 * 60);

/// One number of the documents, for runbooks.
#[derive(Debug)]
pub struct Dated {
    /// Its name in `limits.<name>`.
    pub name: &'static str,
    /// The number.
    pub value: u64,
    /// Where it stands.
    pub source: &'static str,
    /// The day, month or year of that text.
    pub date: &'static str,
}

const fn dated(name: &'static str, value: u64, source: &'static str, date: &'static str) -> Dated {
    Dated {
        name,
        value,
        source,
        date,
    }
}

const TROUBLESHOOT: &str = "Troubleshoot Azure Backup failure";
const MATRIX: &str = "Azure Backup support matrix";

/// The numbers that runbooks may compare with, as the fact `limits`.
pub const DATED: [Dated; 9] = [
    dated("restore_points", RESTORE_POINTS, TROUBLESHOOT, "2022-05-05"),
    dated("disk_gib", DISK_GIB, TROUBLESHOOT, "2022-05-05"),
    dated(
        "encrypted_disk_gib",
        ENCRYPTED_DISK_GIB,
        TROUBLESHOOT,
        "2022-05-05",
    ),
    dated("vm_gib", VM_GIB, MATRIX, "2023"),
    dated("data_disks", DATA_DISKS, MATRIX, "2023"),
    dated("backups_a_day", BACKUPS_A_DAY_CAP, MATRIX, "2023"),
    dated(
        "scheduled_a_day",
        SCHEDULED_A_DAY,
        TROUBLESHOOT,
        "2022-05-05",
    ),
    dated(
        "clean_up_hours",
        CLEAN_UP_ENDS.as_secs() / 3600,
        "Get improved backup and restore performance with Instant Restore",
        "2022",
    ),
    dated(
        "backup_hours",
        BACKUP_ENDS.as_secs() / 3600,
        "Azure Backup FAQ",
        "2022",
    ),
];

/// After its restart the agent reports within this.
///
/// Source: remediations.md 2.2, M9 (a proposal; the documents give no figure).
pub const AGENT_RETURNS: Duration = Duration::from_secs(10 * 60);

/// After its VM was redeployed the agent reports within this: it takes 10 to 20 minutes.
///
/// Source: remediations.md 2.2, M10 (a proposal; the documents give no figure).
pub const REDEPLOYED_RETURNS: Duration = Duration::from_secs(20 * 60);

/// A last sign of life older than this is no sign of life.
///
/// Source: remediations.md 2.1, agent readiness (a proposal). Assumption: the clocks of Azure and
/// of this machine differ by less.
pub const AGENT_IS_FRESH: Duration = Duration::from_secs(10 * 60);

/// The oldest Windows agent that is supported.
///
/// Source: "Minimum version support for Azure VM agents", read 2023; remediations.md,
/// contradiction 31.
pub const OLDEST_WINDOWS_AGENT: &str = "2.7.41491.1010";

/// See [`OLDEST_WINDOWS_AGENT`].
pub const OLDEST_LINUX_AGENT: &str = "2.2.53.1";

/// A VM that something else changes (`Updating`) is looked at again after this.
///
/// Source: remediations.md 2.5, runbook 1 step 3.
pub const VM_SETTLES_LOOK: Duration = Duration::from_secs(60);

/// See [`VM_SETTLES_LOOK`].
pub const VM_SETTLES_ENDS: Duration = Duration::from_secs(30 * 60);

/// Between two looks at an agent that is to come back: its own heartbeat is a minute.
pub const AGENT_LOOK: Duration = Duration::from_secs(60);

/// What is at work in the guest (a snapshot, an update) is looked at again after this.
/// Assumption: no document gives a figure.
pub const GUEST_BUSY_LOOK: Duration = Duration::from_secs(5 * 60);

/// See [`GUEST_BUSY_LOOK`].
pub const GUEST_BUSY_ENDS: Duration = Duration::from_secs(3600);

/// Processor or memory above this delays a snapshot until it times out.
///
/// Source: "Snapshot VM sub task timed out", 2017-02-07 (S3), "over 90 percent".
pub const BUSY_PERCENT: f64 = 90.0;

/// VMs of one vault that start their backups together before it is worth saying. The document
/// says it of the VMs of one cloud service, which are of the past: advice, never a guard.
///
/// Source: "Snapshot VM sub task timed out", 2017-02-07 (S3), "no more than four".
pub const STARTS_TOGETHER: usize = 4;

/// Scheduled backups of a day that the documents recommend.
///
/// Source: "Troubleshoot Azure Backup failure", 2022-05-05, `UserErrorRpCollectionLimitReached`.
pub const BACKUPS_RECOMMENDED_A_DAY: u32 = 1;

/// What was done to a VM is looked at so far back, and so much of it is told. Assumption: a
/// failure is of this week's making; the activity log keeps 90 days (remediations.md R15).
pub const ACTIVITY_BACK: Duration = Duration::from_secs(7 * 24 * 3600);

/// See [`ACTIVITY_BACK`].
pub const ACTIVITY_TOLD: usize = 20;

/// How busy a VM is now is the mean of so long.
pub const LOAD_NOW: Duration = Duration::from_secs(15 * 60);

/// Failed jobs of one vault whose details one triage reads: jobs could be read 150 times an hour
/// in 2022 (azure-api.md 2.5), and a run that follows a backup needs its share.
pub const JOBS_OF_A_VAULT: usize = 50;

/// What VSS writers that are not stable may still be left with by a backup has passed so long after
/// it ended: three waits of [`VSS_LOOK`].
///
/// Source: remediations.md 4.7: "out of resources", "timeout", "retryable" are waited for, ten
/// minutes, up to three times, before anything is changed.
pub const VSS_SETTLES: Duration = Duration::from_secs(30 * 60);

/// See [`VSS_SETTLES`].
pub const VSS_LOOK: Duration = Duration::from_secs(10 * 60);
