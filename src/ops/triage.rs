//! `triage`: the failed backups of vaults, each with its runbook. Reads only.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use crate::azure::reader::rights;
use crate::azure::{Reader, ResourceId};
use crate::base::Failure;
use crate::base::secret::without_secrets;
use crate::core::report::exit::Exit;
use crate::core::report::triage::{Triage, VaultTriage};
use crate::fleet;
use crate::ops::{OpsError, World};

/// So many vaults are read at once.
const AT_ONCE: usize = 4;

/// The RBAC actions that it takes.
#[must_use]
pub fn reads() -> BTreeSet<&'static str> {
    let looks = [
        rights::SUBSCRIPTIONS,
        rights::VAULTS,
        rights::BACKUP_JOBS,
        rights::PROTECTED_ITEMS,
    ];
    looks.concat().into_iter().collect()
}

/// Looks at these vaults, or at every one that this identity can see.
///
/// # Errors
/// When what is given is no vault, or the vaults cannot be listed. A vault that cannot be read
/// says so in its place.
pub async fn triage(
    world: &World,
    vaults: &[String],
    back: Duration,
) -> Result<(Triage, Exit), OpsError> {
    let reader = Reader::new(Arc::clone(&world.arm));
    let back = SignedDuration::try_from(back).unwrap_or_default();
    let since = world
        .clock
        .now()
        .checked_sub(back)
        .unwrap_or(Timestamp::MIN);
    let vaults = match vaults {
        [] => every_vault(&reader).await?,
        some => some.iter().map(|id| vault(id)).collect::<Result<_, _>>()?,
    };
    let mut exit = Exit::Success;
    let mut told = Vec::new();
    for some in vaults.chunks(AT_ONCE) {
        let read = some
            .iter()
            .map(|vault| fleet::triage::triage(&reader, world.catalogue(), vault, since));
        for (vault, read) in some.iter().zip(join_all(read).await) {
            told.push(read.unwrap_or_else(|failure| unread(vault, &failure, &mut exit)));
        }
    }
    let triage = Triage {
        schema_version: 1,
        exit_code: exit.code(),
        since,
        vaults: clean(told)?,
        scenario: world.scenario().map(str::to_owned),
    };
    Ok((triage, exit))
}

fn unread(vault: &ResourceId, failure: &Failure, exit: &mut Exit) -> VaultTriage {
    if *exit == Exit::Success {
        *exit = Exit::of_class(failure.class);
    }
    VaultTriage {
        vault: vault.to_string(),
        error: Some(failure.to_string()),
        ..VaultTriage::default()
    }
}

/// Messages of jobs are Azure's words: what is secret in them goes no further.
fn clean(told: Vec<VaultTriage>) -> Result<Vec<VaultTriage>, OpsError> {
    without_secrets(&told).map_err(|why| OpsError::Bug(why.to_string()))
}

async fn every_vault(reader: &Reader) -> Result<Vec<ResourceId>, OpsError> {
    let mut all = Vec::new();
    for subscription in reader.subscriptions().await? {
        all.extend(reader.vaults(&subscription, None).await?);
    }
    all.sort_by_key(ResourceId::key);
    Ok(all)
}

fn vault(id: &str) -> Result<ResourceId, OpsError> {
    let wrong = |why: String| {
        OpsError::Usage(format!(
            "`{id}` is not the resource id of a vault ({why}); give \
             /subscriptions/…/resourceGroups/…/providers/Microsoft.RecoveryServices/vaults/…"
        ))
    };
    let vault = ResourceId::parse(id).map_err(|why| wrong(why.to_string()))?;
    match vault.is_type("Microsoft.RecoveryServices/vaults") {
        true => Ok(vault),
        false => Err(wrong(format!("it names {}", vault.kind()))),
    }
}
