//! Turns the short forms of a written world into full ones, once.

use crate::sim::ids;

use jiff::{SignedDuration, Timestamp};

use super::{
    Collection, Item, Job, JobStatus, Point, Points, Policy, RecoveryPoint, When, World, after,
    minutes,
};

impl World {
    /// Replaces names by ids, durations by times and counts by lists. Settling twice is settling
    /// once.
    pub(in crate::sim) fn settle(&mut self) {
        self.settle_scopes();
        for spike in self.vms.iter_mut().flat_map(|vm| &mut vm.load.spikes) {
            spike.from.settle(self.now);
            if let Some(to) = &mut spike.to {
                to.settle(self.now);
            }
        }
        self.settle_collections();
        self.settle_vaults();
        for event in &mut self.events {
            event.at.settle(self.now);
        }
        self.settle_groups();
    }

    /// The id of the VM that `written` names; an id stands for itself.
    fn vm_id(&self, written: &str) -> String {
        if written.starts_with('/') {
            return written.to_owned();
        }
        let group = self
            .vms
            .iter()
            .find(|vm| ids::same(&vm.name, written))
            .map_or("rg-gone", |vm| vm.group.as_str());
        ids::vm(&self.subscription, group, written)
    }

    fn settle_scopes(&mut self) {
        for lock in &mut self.locks {
            lock.scope = ids::scope(&self.subscription, &lock.scope);
        }
        for one in &mut self.role_assignments {
            one.scope = ids::scope(&self.subscription, &one.scope);
        }
        for one in &mut self.policy_assignments {
            one.scope = ids::scope(&self.subscription, &one.scope);
        }
        for grant in &mut self.identity.allowed {
            grant.scope = ids::scope(&self.subscription, &grant.scope);
        }
    }

    fn settle_collections(&mut self) {
        let mut collections = std::mem::take(&mut self.restore_point_collections);
        for collection in &mut collections {
            collection.vm = self.vm_id(&collection.vm);
            name_collection(collection, &self.location);
            settle_points(collection, self.now);
        }
        self.restore_point_collections = collections;
    }

    fn settle_vaults(&mut self) {
        let mut vaults = std::mem::take(&mut self.vaults);
        for vault in &mut vaults {
            if vault.policies.is_empty() {
                let name = "DefaultPolicy".to_owned();
                vault.policies.push(Policy {
                    name,
                    ..Policy::default()
                });
            }
            for (index, job) in vault.jobs.iter_mut().enumerate() {
                job.vm = self.vm_id(&job.vm);
                self.settle_job(job, &format!("{} {index}", vault.name));
            }
            for item in &mut vault.items {
                item.vm = self.vm_id(&item.vm);
                self.settle_item(item, &vault.jobs);
            }
        }
        self.vaults = vaults;
    }

    fn settle_job(&self, job: &mut Job, label: &str) {
        job.started.settle(self.now);
        if job.id.is_empty() {
            job.id = ids::guid(&format!("job {label} {}", job.vm));
        }
        let started = job.started.time(self.now);
        if job.ended.is_none() && !job.status.is_running() {
            let length = match job.status {
                JobStatus::Completed | JobStatus::CompletedWithWarnings => self
                    .behaviour
                    .snapshot_minutes
                    .saturating_add(self.behaviour.transfer_minutes),
                _ => self.behaviour.snapshot_minutes,
            };
            job.ended = Some(When::At(after(started, minutes(length)).min(self.now)));
        }
        if let Some(ended) = &mut job.ended {
            ended.settle(self.now);
        }
        if let Some(ended) = &mut job.snapshot_ended {
            ended.settle(self.now);
        }
    }

    fn settle_item(&self, item: &mut Item, jobs: &[Job]) {
        let last = jobs
            .iter()
            .filter(|job| ids::same(&job.vm, &item.vm) && !job.status.is_running())
            .filter(|job| job.operation == "Backup")
            .max_by_key(|job| job.started.time(self.now));
        if item.last_backup_status.is_none() {
            let status = last.map_or("Completed", |job| job.status.name());
            item.last_backup_status = Some(status.to_owned());
        }
        for point in &mut item.recovery_points {
            point.time.settle(self.now);
        }
        if item.recovery_points.is_empty() {
            item.recovery_points = self.points_behind(item, jobs);
        }
        let newest = item.recovery_points.last().map(|point| point.time);
        let began = last.map(|job| job.started).or(newest);
        item.last_backup_time = item.last_backup_time.or(began);
        if let Some(time) = &mut item.last_backup_time {
            time.settle(self.now);
        }
    }

    /// One recovery point for each restore point of Azure Backup, one for each completed job that
    /// left one, and one for each running job that has taken its snapshot.
    fn points_behind(&self, item: &Item, jobs: &[Job]) -> Vec<RecoveryPoint> {
        let mut times: Vec<Timestamp> = self
            .restore_point_collections
            .iter()
            .filter(|collection| ids::same(&collection.vm, &item.vm))
            .filter(|collection| collection.is_azure_backups())
            .flat_map(|collection| collection.list())
            .map(|point| point.time.time(self.now))
            .collect();
        times.sort_unstable();
        let mut points: Vec<RecoveryPoint> = times
            .into_iter()
            .enumerate()
            .map(|(index, at)| RecoveryPoint {
                time: When::At(at),
                instant: true,
                hardened: item.in_vault.holds(index),
                consistency: None,
            })
            .collect();
        let left = jobs
            .iter()
            .filter(|job| job.recovery_point && ids::same(&job.vm, &item.vm));
        points.extend(left.map(|job| {
            let taken = after(job.started.time(self.now), SignedDuration::from_secs(4));
            RecoveryPoint {
                time: When::At(taken),
                instant: false,
                hardened: true,
                consistency: None,
            }
        }));
        let under_way = jobs
            .iter()
            .filter(|job| job.status.is_running() && ids::same(&job.vm, &item.vm))
            .filter_map(|job| job.snapshot_ended);
        points.extend(under_way.map(|taken| RecoveryPoint {
            time: taken,
            instant: true,
            hardened: false,
            consistency: None,
        }));
        points.sort_by_key(|point| point.time.time(self.now));
        points
    }

    fn settle_groups(&mut self) {
        let named = self
            .vms
            .iter()
            .map(|vm| vm.group.clone())
            .chain(
                self.restore_point_collections
                    .iter()
                    .map(|one| one.group.clone()),
            )
            .chain(self.vaults.iter().map(|vault| vault.group.clone()))
            .chain(self.key_vaults.iter().map(|vault| vault.group.clone()))
            .chain(self.resources.iter().map(|resource| resource.group.clone()))
            .collect::<Vec<_>>();
        for name in named {
            self.add_group(&name);
        }
    }

    /// Makes the resource group `name` unless there is one.
    pub(in crate::sim) fn add_group(&mut self, name: &str) {
        if !self.groups.iter().any(|group| ids::same(group, name)) {
            self.groups.push(name.to_owned());
        }
    }
}

/// Gives a collection without a name or group those that its maker would have given it.
fn name_collection(collection: &mut Collection, location: &str) {
    let vm = ids::name_of(&collection.vm);
    if collection.name.is_empty() {
        collection.name = if collection.customer {
            format!("{vm}-points")
        } else {
            // Fifteen digits, as in the one real name seen (azure-api.md 3.4).
            format!(
                "AzureBackup_{vm}_{}",
                100_000_000_000_000 + ids::digest(&collection.vm) % 899_999_999_999_999
            )
        };
    }
    if collection.group.is_empty() {
        collection.group = if collection.customer {
            ids::group_of(&collection.vm).to_owned()
        } else {
            format!("AzureBackupRG_{location}_1")
        };
    }
}

fn settle_points(collection: &mut Collection, now: Timestamp) {
    if let Points::Count(count) = collection.points {
        let day = |back: u16| {
            let ago = SignedDuration::from_hours(24 * i64::from(back));
            Point::taken(now.checked_sub(ago).unwrap_or(Timestamp::MIN))
        };
        collection.points = Points::List((1..=count).rev().map(day).collect());
    }
    for point in collection.list_mut() {
        point.settle(now);
    }
    collection
        .list_mut()
        .sort_by_key(|point| point.time.time(now));
}
