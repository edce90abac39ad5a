//! Restore point collections and their points.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

use super::When;

/// A restore point collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// Its name; when empty, Azure Backup's pattern, or a customer's name.
    #[serde(default)]
    pub name: String,
    /// Its group; when empty `AzureBackupRG_<location>_1`, or the VM's for a customer's.
    #[serde(default)]
    pub group: String,
    /// The VM's name, or its id when it is gone.
    pub vm: String,
    /// How many points, or which.
    #[serde(default)]
    pub points: Points,
    /// Whether a customer made it, so that its name does not start with `AzureBackup_`.
    #[serde(default)]
    pub customer: bool,
    /// `Succeeded`, `Failed`, `Deleting` …
    #[serde(default = "succeeded")]
    pub provisioning: String,
}

impl Collection {
    /// The points, once settled.
    pub(in crate::sim) fn list(&self) -> &[Point] {
        match &self.points {
            Points::Count(_) => &[],
            Points::List(points) => points,
        }
    }

    /// The points, to change them.
    pub(in crate::sim) fn list_mut(&mut self) -> &mut Vec<Point> {
        if let Points::Count(_) = self.points {
            self.points = Points::List(Vec::new());
        }
        match &mut self.points {
            Points::List(points) => points,
            Points::Count(_) => unreachable!("a count was replaced by a list above"),
        }
    }

    /// Whether Azure Backup made it, going by its name.
    pub(in crate::sim) fn is_azure_backups(&self) -> bool {
        self.name
            .get(..12)
            .is_some_and(|start| start.eq_ignore_ascii_case("AzureBackup_"))
    }
}

/// The points of a collection: a count (one a day, the newest a day old) or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Points {
    /// So many.
    Count(u16),
    /// These, oldest first.
    List(Vec<Point>),
}

impl Default for Points {
    fn default() -> Self {
        Self::Count(0)
    }
}

/// One restore point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// `AzureBackup_YYYYMMDD_HHMMSS` unless written.
    pub name: String,
    /// When it was taken.
    pub time: When,
    /// `Succeeded`, `Deleting` …
    pub provisioning: String,
    /// Whether somebody has a link to read its disks with, which stops its deletion.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

impl Point {
    /// A point as Azure Backup takes it.
    pub(in crate::sim) fn taken(at: Timestamp) -> Self {
        Self {
            name: name_at(at),
            time: When::At(at),
            provisioning: succeeded(),
            shared: false,
        }
    }

    /// Fixes the moment and the name.
    pub(in crate::sim) fn settle(&mut self, now: Timestamp) {
        self.time.settle(now);
        if self.name.is_empty() {
            self.name = name_at(self.time.time(now));
        }
    }
}

fn name_at(at: Timestamp) -> String {
    at.strftime("AzureBackup_%Y%m%d_%H%M%S").to_string()
}

/// The written form of a point with a name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    name: String,
    time: When,
    #[serde(default = "succeeded")]
    provisioning: String,
    #[serde(default)]
    shared: bool,
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        if value.is_string() {
            let time = serde_json::from_value(value).map_err(D::Error::custom)?;
            return Ok(Self {
                name: String::new(),
                time,
                provisioning: succeeded(),
                shared: false,
            });
        }
        let Written {
            name,
            time,
            provisioning,
            shared,
        } = serde_json::from_value(value).map_err(D::Error::custom)?;
        Ok(Self {
            name,
            time,
            provisioning,
            shared,
        })
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => count.serialize(to),
            Self::List(points) => points.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        if value.is_number() {
            return serde_json::from_value(value)
                .map(Self::Count)
                .map_err(D::Error::custom);
        }
        serde_json::from_value(value)
            .map(Self::List)
            .map_err(D::Error::custom)
    }
}

fn succeeded() -> String {
    "Succeeded".to_owned()
}
