//! `disk_restore_points`: the disks within Azure Backup's restore points of this VM.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::restore_points::RestorePoints;
use crate::actions::facts::{known, parse, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct DiskRestorePointsLooker(pub(super) Reader);

/// The disks within the restore points. Whether somebody reads them, Azure does not say.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DiskRestorePoints {
    /// One for each disk in each point.
    pub list: Vec<DiskRestorePoint>,
}

/// One disk within a restore point.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DiskRestorePoint {
    /// Its resource id.
    pub id: String,
    /// Its collection's resource id.
    pub collection: String,
    /// Its restore point's name.
    pub point: String,
}

#[async_trait]
impl Looker for DiskRestorePointsLooker {
    fn name(&self) -> &'static str {
        "disk_restore_points"
    }

    fn schema(&self) -> Value {
        schema::<DiskRestorePoints>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::DISK_RESTORE_POINTS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("restore_points")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let points: RestorePoints = known(facts, "restore_points")?;
        let all = points
            .ours
            .iter()
            .flat_map(|c| c.points.iter().map(move |p| (c, p)));
        let read = all.map(|(collection, point)| async move {
            let id = format!("{}/restorePoints/{}", collection.id, point.name);
            let disks = self.0.disk_restore_points(&parse(&id)?).await?;
            let told = disks.into_iter().map(|disk| DiskRestorePoint {
                id: disk.to_string(),
                collection: collection.id.clone(),
                point: point.name.clone(),
            });
            Ok::<Vec<DiskRestorePoint>, Failure>(told.collect())
        });
        let list = try_join_all(read).await?.into_iter().flatten().collect();
        value(&DiskRestorePoints { list })
    }
}
