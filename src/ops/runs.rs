//! The runs of the past.

use crate::core::journal::store::RunRow;
use crate::core::journal::{Record, RunId};
use crate::ops::{OpsError, World};

/// Every run, newest first.
///
/// # Errors
/// When the journal cannot be read.
pub async fn runs(world: &World) -> Result<Vec<RunRow>, OpsError> {
    Ok(world.store.runs().await?)
}

/// The journal of one run; the beginning of its id is enough where only one begins so.
///
/// # Errors
/// When there is no such run, or the journal cannot be read.
pub async fn run(world: &World, id: &str) -> Result<Vec<Record>, OpsError> {
    let rows = world.store.runs().await?;
    let mut matching = rows.iter().filter(|row| row.run.0.starts_with(id));
    let found: RunId = match (matching.next(), matching.next()) {
        (Some(one), None) => one.run.clone(),
        _ => RunId(id.to_owned()),
    };
    Ok(world.store.read(&found).await?)
}
