//! `locks`: the management locks that stop the clean-up of this VM's restore points, each with
//! what may be done about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::item::ItemFact;
use crate::actions::facts::restore_points::RestorePoints;
use crate::actions::facts::{id_of, known, parse, schema, some, value};
use crate::azure::proof::BlockingLock;
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::azure::views::Policy;
use crate::azure::views::lock::Lock;
use crate::base::{Clock, ErrorClass, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};
use crate::core::journal::store::Store;

pub(super) struct LocksLooker {
    pub(super) reader: Reader,
    pub(super) clock: Clock,
    /// What other runs have borrowed would block too, once it is back.
    pub(super) journal: Arc<dyn Store>,
}

/// The locks that stop the clean-up.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Locks {
    /// Each of them.
    #[schemars(extend("x-yes" = "locks keep restore points from being cleaned up", "x-no" = "no lock keeps restore points from being cleaned up"))]
    pub blocking: Vec<LockFact>,
}

/// One lock.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LockFact {
    /// Its resource id: the address to delete.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `CanNotDelete` or `ReadOnly`.
    pub level: String,
    /// What its owner wrote.
    pub notes: Option<String>,
    /// The id of what it sits on.
    pub scope: String,
    /// A collection that it stops from being deleted.
    pub blocks: String,
    /// What may be done about it.
    pub remedy: LockRemedy,
    /// Why.
    pub why: String,
    /// Why a person must approve its removal, where one must.
    pub approve: Option<String>,
    /// Who wrote it last, when that was asked for and the activity log says.
    pub written_by: Option<String>,
    /// The lock whole, to put it back by hand.
    pub whole: Value,
}

/// What may be done about a lock (DESIGN section 8, rule 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockRemedy {
    /// The documented removal; it is not put back.
    Remove,
    /// It would have to be borrowed: approval, and put back.
    Borrow,
    /// Never touched.
    #[default]
    Never,
}

/// What a group is to the VM and to Azure Backup.
#[derive(Clone, Copy, Debug)]
struct Group {
    of_the_vm: bool,
    named_like_backup: bool,
    contents: Contents,
}

/// What lives in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contents {
    /// Restore point collections and nothing else.
    Collections,
    /// Something else too.
    More,
    /// This identity may not read it.
    Forbidden,
    /// The endpoint has no such list. The group exists, since a collection was read in it.
    NotListed,
}

#[async_trait]
impl Looker for LocksLooker {
    fn name(&self) -> &'static str {
        "locks"
    }

    fn schema(&self) -> Value {
        schema::<Locks>()
    }

    fn reads(&self) -> Vec<&'static str> {
        [
            rights::LOCKS,
            rights::GROUP_CONTENTS,
            rights::PROTECTED_ITEM,
            rights::BACKUP_POLICY,
            rights::ACTIVITY_LOG,
        ]
        .concat()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("restore_points"), FactKey::named("item")]
    }

    async fn load(&self, target: &Target, args: &Value, facts: &Facts) -> Result<Value, Failure> {
        let points: RestorePoints = known(facts, "restore_points")?;
        let item: ItemFact = known(facts, "item")?;
        let vm = id_of(target)?;
        let borrowed = self.borrowed_by_others(&args["after"]).await?;
        let mut groups: BTreeMap<ResourceId, Vec<ResourceId>> = BTreeMap::new();
        for collection in &points.ours {
            groups
                .entry(parse(&collection.group)?)
                .or_default()
                .push(parse(&collection.id)?);
        }
        let mut blocking: BTreeMap<ResourceId, LockFact> = BTreeMap::new();
        for (group_id, collections) in &groups {
            let mut locks = self.reader.locks(group_id).await?;
            locks.extend(
                borrowed
                    .iter()
                    .filter(|l| !locks.iter().any(|s| s.id == l.id))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            let found: Vec<(&Lock, &ResourceId)> = locks
                .iter()
                .filter_map(|lock| Some((lock, collections.iter().find(|c| blocks(lock, c))?)))
                .collect();
            if found.is_empty() {
                continue;
            }
            let group = self.describe(group_id, &vm, &item).await?;
            for (lock, collection) in found {
                blocking
                    .entry(lock.id.clone())
                    .or_insert_with(|| judge(lock, collection, group));
            }
        }
        let mut blocking: Vec<LockFact> = blocking.into_values().collect();
        self.name_the_writers(&mut blocking, &args["after"]).await;
        value(&Locks { blocking })
    }
}

impl LocksLooker {
    /// The locks that are out on loan, but for those that this run took.
    async fn borrowed_by_others(&self, after: &Value) -> Result<Vec<Lock>, Failure> {
        let unread = |why: String| Failure::new(ErrorClass::Invalid, "read what is borrowed", why);
        let loans = self
            .journal
            .loans()
            .await
            .map_err(|e| unread(e.to_string()))?;
        let own: Vec<String> = ids(after).map(str::to_lowercase).collect();
        let others = loans.into_iter().filter(|row| !own.contains(&row.loan.key));
        others
            .map(|row| Lock::kept(row.loan.whole).map_err(unread))
            .collect()
    }

    async fn describe(
        &self,
        group: &ResourceId,
        vm: &ResourceId,
        item: &ItemFact,
    ) -> Result<Group, Failure> {
        let named_like_backup = self.named_like_backup(group.name(), item).await?;
        let contents = match self.reader.group_contents(group).await {
            Ok(found) if found.iter().all(is_collection) => Contents::Collections,
            Ok(_) => Contents::More,
            Err(f) if f.class == ErrorClass::Forbidden => Contents::Forbidden,
            Err(f) if f.class == ErrorClass::NotFound => Contents::NotListed,
            Err(failure) => return Err(failure),
        };
        let of_the_vm = vm.group_id().is_some_and(|g| g == *group);
        Ok(Group {
            of_the_vm,
            named_like_backup,
            contents,
        })
    }

    /// `AzureBackupRG_<geo>_<n>`, or the prefix and suffix of the item's policy.
    async fn named_like_backup(&self, name: &str, item: &ItemFact) -> Result<bool, Failure> {
        if starts_with(name, "AzureBackupRG_") {
            return Ok(true);
        }
        let Some(policy) = self.policy_of(item).await? else {
            return Ok(false);
        };
        let Some(prefix) = policy.group_prefix.as_deref().filter(|p| !p.is_empty()) else {
            return Ok(false);
        };
        Ok(is_numbered(
            name,
            prefix,
            policy.group_suffix.as_deref().unwrap_or_default(),
        ))
    }

    /// The policy of the item; none where it cannot be read.
    async fn policy_of(&self, item: &ItemFact) -> Result<Option<Policy>, Failure> {
        let Some(id) = &item.id else { return Ok(None) };
        let read = async {
            let item = self.reader.protected_item(&parse(id)?).await?;
            let Some(policy) = &item.policy_id else {
                return Ok(None);
            };
            self.reader.backup_policy(policy).await.map(Some)
        };
        match read.await {
            Err(f) if matches!(f.class, ErrorClass::Forbidden | ErrorClass::NotFound) => Ok(None),
            other => other,
        }
    }

    /// Only locks that came back are worth a question to the activity log.
    async fn name_the_writers(&self, blocking: &mut [LockFact], after: &Value) {
        let gone: Vec<&str> = ids(after).collect();
        let day = jiff::SignedDuration::from_hours(24);
        let since = self
            .clock
            .now()
            .checked_sub(day)
            .unwrap_or(jiff::Timestamp::MIN);
        for lock in blocking {
            if !gone.iter().any(|id| id.eq_ignore_ascii_case(&lock.id)) {
                continue;
            }
            if let Ok(id) = parse(&lock.id)
                && let Ok(events) = self.reader.lock_events(&id, since).await
            {
                let writes = events
                    .iter()
                    .filter(|e| e.operation.to_lowercase().ends_with("/write"));
                lock.written_by = writes
                    .max_by_key(|e| e.at)
                    .and_then(|e| some(e.caller.clone()));
            }
        }
    }
}

fn ids(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// A lock blocks a deletion at, above, or below its scope; both levels do.
fn blocks(lock: &Lock, collection: &ResourceId) -> bool {
    let scope = lock.scope();
    let levels = ["CanNotDelete", "ReadOnly"];
    levels
        .iter()
        .any(|level| lock.level.eq_ignore_ascii_case(level))
        && (scope.contains(collection) || collection.contains(&scope))
}

fn judge(lock: &Lock, collection: &ResourceId, group: Group) -> LockFact {
    let scope = lock.scope();
    let (remedy, why) = match BlockingLock::prove(lock, collection) {
        Err(_) if is_of_subscription(lock) => (
            LockRemedy::Borrow,
            "it sits on a whole subscription and protects more than restore points".to_owned(),
        ),
        Err(broken) => (LockRemedy::Never, broken.to_string()),
        Ok(_) if scope == *collection => (
            LockRemedy::Remove,
            "it sits on the collection itself".to_owned(),
        ),
        Ok(_) => {
            let (remedy, why) = of_group(group);
            (remedy, why.to_owned())
        }
    };
    let unsure = remedy == LockRemedy::Remove
        && scope != *collection
        && group.contents == Contents::Forbidden;
    LockFact {
        id: lock.id.to_string(),
        name: lock.name.clone(),
        level: lock.level.clone(),
        notes: lock.notes.clone(),
        scope: scope.to_string(),
        blocks: collection.to_string(),
        remedy,
        approve: unsure.then(|| {
            format!(
                "what else `{}` holds, which the lock may protect, could not be read",
                scope.name()
            )
        }),
        why,
        written_by: None,
        whole: lock.raw.clone(),
    }
}

/// A lock of the customer's on the whole subscription: in nobody else's hands, but too wide.
fn is_of_subscription(lock: &Lock) -> bool {
    lock.scope().resource_group().is_none()
        && lock.owners.is_empty()
        && !starts_with(&lock.name, "AzureBackup")
}

fn of_group(group: Group) -> (LockRemedy, &'static str) {
    if group.of_the_vm {
        return (LockRemedy::Borrow, "it sits on the VM's own resource group");
    }
    if !group.named_like_backup {
        return (
            LockRemedy::Borrow,
            "it sits on a group that is not Azure Backup's",
        );
    }
    match group.contents {
        Contents::More => (
            LockRemedy::Borrow,
            "its group holds more than restore points",
        ),
        Contents::Collections => (
            LockRemedy::Remove,
            "it sits on Azure Backup's own resource group",
        ),
        Contents::Forbidden | Contents::NotListed => (
            LockRemedy::Remove,
            "it sits on a group named like Azure Backup's own",
        ),
    }
}

fn is_collection(id: &ResourceId) -> bool {
    let kind = id.resource_type().to_lowercase();
    kind.starts_with("microsoft.compute/restorepointcollections")
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// `<prefix><n><suffix>`.
fn is_numbered(name: &str, prefix: &str, suffix: &str) -> bool {
    let (name, prefix, suffix) = (
        name.to_lowercase(),
        prefix.to_lowercase(),
        suffix.to_lowercase(),
    );
    name.strip_prefix(&prefix)
        .and_then(|rest| rest.strip_suffix(&suffix))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
