//! `restore_points`: the restore point collections of this VM, found by their source's id.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::{id_of, schema, some, value};
use crate::actions::limits;
use crate::actions::words::count;
use crate::azure::proof::OwnCollection;
use crate::azure::reader::{Reader, rights};
use crate::azure::views::restore_point::Collection;
use crate::base::{ErrorClass, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct RestorePointsLooker(pub(super) Reader);

/// The restore points of this VM.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RestorePoints {
    /// Points in all collections of this VM, Azure Backup's and others'.
    pub count: u64,
    /// The documented limit.
    pub limit: u64,
    /// Azure Backup's collections of this VM.
    pub ours: Vec<CollectionFact>,
    /// Others of the same VM: reported, never touched; they count towards the limit.
    pub others: Vec<CollectionFact>,
}

/// One collection.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CollectionFact {
    /// Its resource id, in Azure's casing.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its resource group's id.
    pub group: String,
    /// Its source: the VM's id.
    pub source: String,
    /// `Succeeded`, `Deleting` …
    pub state: Option<String>,
    /// Its points, oldest first.
    pub points: Vec<PointFact>,
}

/// One restore point.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PointFact {
    /// Its name.
    pub name: String,
    /// When it was taken.
    #[schemars(with = "Option<String>")]
    pub time: Option<Timestamp>,
}

impl CollectionFact {
    /// When its newest point was taken.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.points.iter().filter_map(|p| p.time).max()
    }

    /// True while Azure deletes it.
    #[must_use]
    pub fn is_going(&self) -> bool {
        self.state
            .as_deref()
            .is_some_and(|s| s.eq_ignore_ascii_case("Deleting"))
    }
}

impl RestorePoints {
    /// That no lock keeps them from being cleaned up, and what fills the limit then, for people.
    #[must_use]
    pub fn not_locked(&self) -> String {
        let none = "no lock stops the clean-up";
        if self.count < self.limit {
            return none.to_owned();
        }
        let foreign: usize = self.others.iter().map(|c| c.points.len()).sum();
        let foreign = match foreign {
            0 => String::new(),
            _ => format!(
                ", or {} that Azure Backup did not make",
                count(foreign, "restore point")
            ),
        };
        format!(
            "{none}, so what fills the limit of {} is more backups than the {} a day that the documents \
             recommend, or snapshots that are kept for long{foreign}",
            self.limit,
            limits::BACKUPS_RECOMMENDED_A_DAY
        )
    }

    /// Counts the points anew, after collections have come or gone.
    pub fn recount(&mut self) {
        let all = self.ours.iter().chain(&self.others);
        self.count = all.map(|c| c.points.len() as u64).sum();
    }
}

#[async_trait]
impl Looker for RestorePointsLooker {
    fn name(&self) -> &'static str {
        "restore_points"
    }

    fn schema(&self) -> Value {
        schema::<RestorePoints>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::RESTORE_POINTS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, target: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        let vm = id_of(target)?;
        let all = self
            .0
            .restore_point_collections(&vm.subscription_id())
            .await?;
        // By the whole source id: `AzureBackup_web1…` is a prefix of `AzureBackup_web10_…`.
        let of_vm = all
            .into_iter()
            .filter(|c| c.source_id.as_ref().is_some_and(|s| *s == vm));
        let read = try_join_all(of_vm.map(|c| self.whole(c))).await?;
        let mut points = RestorePoints {
            limit: limits::RESTORE_POINTS,
            ..RestorePoints::default()
        };
        for collection in read.into_iter().flatten() {
            let ours = OwnCollection::prove(&collection, &vm).is_ok();
            let list = if ours {
                &mut points.ours
            } else {
                &mut points.others
            };
            list.push(fact(&collection));
        }
        points
            .ours
            .sort_by_key(|collection| collection.id.to_lowercase());
        points.recount();
        value(&points)
    }
}

impl RestorePointsLooker {
    /// The collection with its points; none when it went away in between.
    async fn whole(&self, listed: Collection) -> Result<Option<Collection>, Failure> {
        match self.0.restore_point_collection(&listed.id).await {
            Ok(collection) => Ok(Some(collection)),
            Err(failure) if failure.class == ErrorClass::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

fn fact(collection: &Collection) -> CollectionFact {
    let points = collection.points.as_deref().unwrap_or_default();
    let mut points: Vec<PointFact> = points
        .iter()
        .map(|p| PointFact {
            name: p.name.clone(),
            time: p.time_created.or(time_in(&p.name)),
        })
        .collect();
    points.sort_by_key(|p| p.time);
    CollectionFact {
        id: collection.id.to_string(),
        name: collection.name.clone(),
        group: collection
            .id
            .group_id()
            .map(|g| g.to_string())
            .unwrap_or_default(),
        source: collection
            .source_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        state: some(collection.provisioning_state.clone()),
        points,
    }
}

/// `AzureBackup_20251202_120415` names its time (azure-api.md 3.4).
fn time_in(name: &str) -> Option<Timestamp> {
    let digits = name.get("AzureBackup_".len()..)?;
    let civil = jiff::civil::DateTime::strptime("%Y%m%d_%H%M%S", digits).ok()?;
    civil
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_vm_without_a_lock_is_told_what_fills_it_and_one_with_room_is_not() {
        let mut points = RestorePoints {
            count: 17,
            limit: 18,
            ..RestorePoints::default()
        };
        assert_eq!(points.not_locked(), "no lock stops the clean-up");
        points.count = 18;
        let ours_alone = points.not_locked();
        assert!(ours_alone.contains("than the 1 a day"), "{ours_alone}");
        assert!(!ours_alone.contains("did not make"), "{ours_alone}");
        points.others.push(CollectionFact {
            points: vec![PointFact::default(); 3],
            ..CollectionFact::default()
        });
        assert!(
            points
                .not_locked()
                .contains("or 3 restore points that Azure Backup did not")
        );
    }

    #[test]
    fn a_point_without_a_time_is_dated_by_its_name() {
        let time = time_in("AzureBackup_20251202_120415").unwrap();
        assert_eq!(time.to_string(), "2025-12-02T12:04:15Z");
        assert_eq!(time_in("AzureBackup_"), None);
        assert_eq!(time_in("é"), None);
    }
}
