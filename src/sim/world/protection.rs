//! Vaults: policies, protected items, recovery points and jobs.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

use super::When;

/// A Recovery Services vault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// Its name.
    pub name: String,
    /// Its resource group.
    #[serde(default = "backup_group")]
    pub group: String,
    /// Its policies; `DefaultPolicy` is added when there is none.
    #[serde(default)]
    pub policies: Vec<Policy>,
    /// The VMs it protects.
    #[serde(default)]
    pub items: Vec<Item>,
    /// Its jobs, in any order.
    #[serde(default)]
    pub jobs: Vec<Job>,
}

/// A backup policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// `azureBackupRGNamePrefix`: the group of the collections is `<prefix>1<suffix>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// `V1` or `V2`, as `policyType` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `azureBackupRGNameSuffix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// When it backs up.
    #[serde(default)]
    pub schedule: super::Schedule,
}

/// A protected VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The VM's name, or its id.
    pub vm: String,
    /// Its policy's name.
    #[serde(default = "default_policy")]
    pub policy: String,
    /// `protectionState`: `Protected`, `ProtectionStopped` …
    #[serde(default = "protected")]
    pub state: String,
    /// Whether it is deleted and only kept for a while.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub soft_deleted: bool,
    /// How many of the restore points, from the oldest, are in the vault too.
    #[serde(default)]
    pub in_vault: InVault,
    /// Whether somebody restores files from the newest point just now.
    #[serde(default)]
    pub ilr_active: bool,
    /// `lastBackupStatus`; by default that of the newest backup job, or `Completed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_backup_status: Option<String>,
    /// When the last backup began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_backup_time: Option<When>,
    /// What the pre-check says; by default that all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Reported>,
    /// Whether the pre-check goes on saying so after a backup that completed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub health_stays: bool,
    /// Recovery points; by default one for each of Azure Backup's restore points.
    #[serde(default)]
    pub recovery_points: Vec<RecoveryPoint>,
}

/// How many restore points are in the vault too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InVault {
    /// Every one.
    #[default]
    All,
    /// Not one.
    None,
    /// The oldest so many.
    Oldest(usize),
}

impl InVault {
    /// Whether the point at `index`, counted from the oldest, is in the vault.
    pub(in crate::sim) fn holds(self, index: usize) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Oldest(count) => index < count,
        }
    }
}

/// A recovery point of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryPoint {
    /// When the restore point behind it was taken.
    pub time: When,
    /// Whether the snapshot is still there (`InstantRP`).
    #[serde(default)]
    pub instant: bool,
    /// Whether it is in the vault (`HardenedRP`).
    #[serde(default)]
    pub hardened: bool,
    /// What it holds, where that is not an application's whole state: `FileSystemConsistent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<String>,
}

/// A code and its words, as jobs and health details report them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// The symbol.
    pub code: String,
    /// The number, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i32>,
    /// The text.
    pub message: String,
}

/// A backup or restore job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// A GUID; made up when empty.
    #[serde(default)]
    pub id: String,
    /// The VM's name, or its id.
    pub vm: String,
    /// `Backup`, `Restore`, `ConfigureBackup` …
    #[serde(default = "backup")]
    pub operation: String,
    /// Where it stands.
    pub status: JobStatus,
    /// The symbolic error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The numeric error code, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i32>,
    /// Whether `errorTitle` shows the symbol; some services leave it out.
    #[serde(default = "yes")]
    pub title: bool,
    /// The error's text; known codes have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What compute said: `dynamicErrorMessage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// When it began.
    pub started: When,
    /// When it ended; by default the length of a failed snapshot or of a whole backup later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<When>,
    /// Whether a completed job left a recovery point.
    #[serde(default)]
    pub recovery_point: bool,
    /// When the snapshot was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_ended: Option<When>,
    /// Whether a person asked for it.
    #[serde(default)]
    pub user_triggered: bool,
    /// The caller's `x-ms-client-request-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    /// How a fault will make it fail at its snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<RunningFault>,
}

/// How a running job will fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningFault {
    /// The symbolic code.
    pub code: String,
    /// The numeric code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i32>,
    /// The text; known codes have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether `errorTitle` shows the symbol.
    #[serde(default = "yes")]
    pub title: bool,
    /// Whether the job goes through all the same, and ends `CompletedWithWarnings`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warns: bool,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobStatus {
    /// Running.
    InProgress,
    /// Ended well.
    Completed,
    /// Ended with something to look at.
    CompletedWithWarnings,
    /// Ended badly.
    Failed,
    /// Somebody cancelled it, and it has not stopped yet.
    Cancelling,
    /// Somebody cancelled it.
    Cancelled,
}

impl JobStatus {
    /// Azure's spelling.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Completed => "Completed",
            Self::CompletedWithWarnings => "CompletedWithWarnings",
            Self::Failed => "Failed",
            Self::Cancelling => "Cancelling",
            Self::Cancelled => "Cancelled",
        }
    }

    /// Whether the job still holds its item.
    pub(in crate::sim) fn is_running(self) -> bool {
        matches!(self, Self::InProgress | Self::Cancelling)
    }
}

impl Serialize for InVault {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => to.serialize_str("all"),
            Self::None => to.serialize_str("none"),
            Self::Oldest(count) => count.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for InVault {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(word) if word == "all" => Ok(Self::All),
            Value::String(word) if word == "none" => Ok(Self::None),
            Value::Number(number) => number
                .as_u64()
                .and_then(|count| usize::try_from(count).ok())
                .map(Self::Oldest)
                .ok_or_else(|| D::Error::custom("a count of points cannot be negative")),
            other => Err(D::Error::custom(format!(
                "{other} is not `all`, `none` or a count"
            ))),
        }
    }
}

fn yes() -> bool {
    true
}

fn backup() -> String {
    "Backup".to_owned()
}

fn backup_group() -> String {
    "rg-backup".to_owned()
}

fn default_policy() -> String {
    "DefaultPolicy".to_owned()
}

fn protected() -> String {
    "Protected".to_owned()
}
