//! One restore point, and the disks within one.

use crate::azure::resource_id::ResourceId;
use crate::azure::views::Collection;

use super::{OwnCollection, RuleBroken};

/// The oldest restore point that Azure Backup made of the VM, with a newer one beside it.
#[derive(Clone, Debug)]
pub struct OldestPoint {
    id: ResourceId,
}

impl OldestPoint {
    /// Checks that `point` is the oldest of all points in Azure Backup's collections of `vm`, and
    /// not the newest. `collections` are those of the VM, each with its points.
    pub fn prove(
        collections: &[Collection],
        vm: &ResourceId,
        point: &ResourceId,
    ) -> Result<Self, RuleBroken> {
        let own = collections
            .iter()
            .filter(|one| OwnCollection::prove(one, vm).is_ok());
        let mut points = Vec::new();
        for collection in own {
            let Some(known) = &collection.points else {
                return Err(RuleBroken(format!(
                    "the points of `{}` are not known",
                    collection.name
                )));
            };
            for one in known {
                let Some(time) = one.time_created else {
                    return Err(RuleBroken(format!(
                        "when the restore point `{}` was taken is not known",
                        one.name
                    )));
                };
                points.push((time, &one.id));
            }
        }
        let (oldest, newest) = (points.iter().min(), points.iter().max());
        let (Some((first, id)), Some((last, _))) = (oldest, newest) else {
            return Err(RuleBroken(format!(
                "Azure Backup has no restore point of `{}`",
                vm.name()
            )));
        };
        if first == last {
            return Err(RuleBroken(
                "the newest restore point is never deleted alone".to_owned(),
            ));
        }
        if *id != point {
            return Err(RuleBroken(format!(
                "`{}` is not the oldest restore point of `{}`",
                point.name(),
                vm.name()
            )));
        }
        Ok(Self { id: point.clone() })
    }

    /// The restore point.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

/// A disk within a restore point that Azure Backup made of the VM.
#[derive(Clone, Debug)]
pub struct OwnDiskPoint {
    id: ResourceId,
}

impl OwnDiskPoint {
    /// Checks that `disk` lies in `collection`, and that that is Azure Backup's of `vm`.
    pub fn prove(
        collection: &Collection,
        vm: &ResourceId,
        disk: &ResourceId,
    ) -> Result<Self, RuleBroken> {
        let own = OwnCollection::prove(collection, vm)?;
        let kind = "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints";
        if !disk.is_type(kind) || !own.id().contains(disk) {
            return Err(RuleBroken(format!(
                "`{disk}` is not a disk within a restore point of `{}`",
                own.id().name()
            )));
        }
        Ok(Self { id: disk.clone() })
    }

    /// The disk within the restore point.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BASE: &str =
        "/subscriptions/s/resourceGroups/b/providers/Microsoft.Compute/restorePointCollections";

    fn vm() -> ResourceId {
        let vm = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v";
        ResourceId::parse(vm).unwrap()
    }

    fn id(collection: &str, point: &str) -> ResourceId {
        ResourceId::parse(&format!("{BASE}/{collection}/restorePoints/{point}")).unwrap()
    }

    fn collection(name: &str, points: &[(&str, Option<&str>)]) -> Collection {
        let points: Vec<_> = points
            .iter()
            .map(|(p, at)| json!({ "name": p, "id": id(name, p), "time_created": at }))
            .collect();
        serde_json::from_value(
            json!({ "id": format!("{BASE}/{name}"), "name": name, "source_id": vm(), "points": points }),
        )
        .unwrap()
    }

    #[test]
    fn the_oldest_over_all_collections_is_proved_and_no_other() {
        let (old, new) = (Some("2026-11-01T00:00:00Z"), Some("2026-11-02T00:00:00Z"));
        let both = [
            collection("AzureBackup_v_1", &[("b", new)]),
            collection("AzureBackup_v_2", &[("a", old)]),
            // A customer's, older still.
            collection("mine", &[("c", Some("2020-01-01T00:00:00Z"))]),
        ];
        assert!(OldestPoint::prove(&both, &vm(), &id("AzureBackup_v_2", "a")).is_ok());
        for other in [id("AzureBackup_v_1", "b"), id("mine", "c")] {
            assert!(OldestPoint::prove(&both, &vm(), &other).is_err(), "{other}");
        }
        let alone = [collection("AzureBackup_v_1", &[("a", old)])];
        assert!(OldestPoint::prove(&alone, &vm(), &id("AzureBackup_v_1", "a")).is_err());
        let undated = [collection("AzureBackup_v_1", &[("a", old), ("b", None)])];
        assert!(OldestPoint::prove(&undated, &vm(), &id("AzureBackup_v_1", "a")).is_err());
    }

    #[test]
    fn only_a_disk_within_an_own_collection_is_proved() {
        let own = collection("AzureBackup_v_1", &[]);
        let disk = id("AzureBackup_v_1", "a").child("diskRestorePoints/d");
        assert!(OwnDiskPoint::prove(&own, &vm(), &disk).is_ok());
        let elsewhere = id("AzureBackup_v_10", "a").child("diskRestorePoints/d");
        assert!(OwnDiskPoint::prove(&own, &vm(), &elsewhere).is_err());
        assert!(OwnDiskPoint::prove(&own, &vm(), &id("AzureBackup_v_1", "a")).is_err());
        assert!(OwnDiskPoint::prove(&collection("mine", &[]), &vm(), &disk).is_err());
    }
}
