//! `recovery_points`: the points of the vault, and which tiers hold them.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::item::ItemFact;
use crate::actions::facts::{known, parse, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::base::{ErrorClass, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct RecoveryPointsLooker(pub(super) Reader);

/// The recovery points of the VM.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RecoveryPoints {
    /// Newest first.
    pub list: Vec<RecoveryPointFact>,
    /// Why they could not be read: then none counts as being in the vault.
    pub unreadable: Option<String>,
}

/// One recovery point.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RecoveryPointFact {
    /// Its resource id.
    pub id: String,
    /// When the snapshot was taken.
    #[schemars(with = "Option<String>")]
    pub time: Option<Timestamp>,
    /// True when its tiers show `HardenedRP: Valid`: the data is in the vault.
    pub in_vault: bool,
    /// True while somebody restores files from it.
    pub mounted: bool,
    /// What it holds: `AppConsistent`, `FileSystemConsistent`, `CrashConsistent` …
    pub consistency: Option<String>,
}

impl RecoveryPoints {
    pub(super) async fn read(reader: &Reader, item: &ResourceId) -> Result<Self, Failure> {
        let points = reader.recovery_points(item).await?;
        let mut list: Vec<RecoveryPointFact> = points
            .iter()
            .map(|point| RecoveryPointFact {
                id: point.id.to_string(),
                time: point.time,
                in_vault: point.tiers.iter().any(|tier| {
                    tier.kind.eq_ignore_ascii_case("HardenedRP")
                        && tier.status.eq_ignore_ascii_case("Valid")
                }),
                mounted: point.ilr_active,
                consistency: point.consistency.clone(),
            })
            .collect();
        list.sort_by_key(|point| std::cmp::Reverse(point.time));
        Ok(Self {
            list,
            unreadable: None,
        })
    }

    /// The newest point taken since a job's start. Both times are the backup service's.
    #[must_use]
    pub fn newer_than(&self, started: Timestamp) -> Option<&RecoveryPointFact> {
        // Starts carry fractions that some answers cut off from the point's time.
        let whole = Timestamp::from_second(started.as_second()).unwrap_or(started);
        self.list
            .iter()
            .find(|point| point.time.is_some_and(|t| t >= whole))
    }
}

#[async_trait]
impl Looker for RecoveryPointsLooker {
    fn name(&self) -> &'static str {
        "recovery_points"
    }

    fn schema(&self) -> Value {
        schema::<RecoveryPoints>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::RECOVERY_POINTS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("item")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        use ErrorClass as C;
        let item: ItemFact = known(facts, "item")?;
        let Some(item) = &item.id else {
            return value(&RecoveryPoints::default());
        };
        match RecoveryPoints::read(&self.0, &parse(item)?).await {
            Ok(points) => value(&points),
            // What cannot be read is not shown to be in the vault: that asks for approval.
            Err(failure) if matches!(failure.class, C::Forbidden | C::NotFound | C::Invalid) => {
                let unreadable = Some(failure.to_string());
                value(&RecoveryPoints {
                    unreadable,
                    ..RecoveryPoints::default()
                })
            }
            Err(failure) => Err(failure),
        }
    }
}
