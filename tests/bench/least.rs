//! The least requests that each runbook could do with: what no careful hand could leave out.
//!
//! Polls are not counted: their number is the time that Azure takes divided by the pace that it
//! asks for. What is counted, and why it cannot be avoided:
//!
//! | when | request | why |
//! |---|---|---|
//! | plan | VM | region for the next one, operating system, power, agent |
//! | plan | `backupStatus` | which vault protects it |
//! | plan | jobs of the vault | which job failed, whether one runs |
//! | plan | the failed job | its error code |
//! | plan | protected item | whether it can be backed up at all |
//! | plan | permissions, per scope that is written to | nothing is begun that cannot be ended |
//! | before a write | what the write rests on, again | the plan may be hours old |
//! | after a step | what the step was to change | a 200 proves nothing |
//! | at the end | recovery points | a Completed job without one proves nothing |

/// One runbook in its scenario.
pub(crate) struct Case {
    pub(crate) scenario: &'static str,
    pub(crate) code: &'static str,
    /// Reads and queries of the plan.
    pub(crate) plan: u64,
    /// Reads and queries of the application, without polls.
    pub(crate) looks: u64,
    /// Read-only looks inside the guest.
    pub(crate) probes: u64,
    /// Requests that change something.
    pub(crate) writes: u64,
}

/// VM, `backupStatus`, jobs, the failed job.
const INCIDENT: u64 = 4;
/// Before a backup: jobs and the protected item; after it: recovery points.
const BACK_UP: u64 = 2 + 1;
/// Before an extension is removed: the extension, the VM, jobs; after it: the extension.
const REMOVE_EXTENSION: u64 = 3 + 1;
/// Before a script runs in the guest: the VM, jobs.
const SCRIPT: u64 = 2;

pub(crate) const CASES: [Case; 5] = [
    Case {
        scenario: "rp-limit",
        code: "UserErrorRpCollectionLimitReached",
        // Collections, points of the VM's own, recovery points (which of them are in the vault),
        // locks, contents of the locked group, item; permissions at the group and at the vault.
        plan: INCIDENT + 6 + 2,
        // The lock before it goes, locks a minute later; before each of three deletions (two time
        // out in this scenario) the collection, its recovery points, locks and jobs; collections
        // at the end.
        looks: 2 + 3 * 4 + 1 + BACK_UP,
        probes: 0,
        // Lock, three deletions, backup.
        writes: 5,
    },
    Case {
        scenario: "vm-failed",
        code: "UserErrorVmProvisioningStateFailed",
        // Extensions, item; permissions at the VM and at the vault.
        plan: INCIDENT + 2 + 2,
        // The VM once more: it must not be Failed any longer.
        looks: REMOVE_EXTENSION + 1 + BACK_UP,
        probes: 0,
        writes: 2,
    },
    Case {
        scenario: "extension-stuck",
        code: "ExtensionStuckInDeletionState",
        // As above.
        plan: INCIDENT + 2 + 2,
        looks: REMOVE_EXTENSION + BACK_UP,
        probes: 0,
        writes: 2,
    },
    Case {
        scenario: "snapshot-sql",
        code: "GuestAgentSnapshotTaskStatusError",
        // Item; permissions at the VM and at the vault.
        plan: INCIDENT + 1 + 2,
        // One script looks, one changes and verifies itself.
        looks: 2 * SCRIPT + BACK_UP,
        probes: 1,
        writes: 2,
    },
    Case {
        scenario: "backup-running",
        code: "UserErrorBackupOperationInProgress",
        plan: INCIDENT,
        // Jobs, once, to see that it runs on; recovery points at the end.
        looks: 2,
        probes: 0,
        writes: 0,
    },
];
