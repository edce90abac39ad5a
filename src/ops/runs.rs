//! The runs of the past.

use crate::core::journal::store::RunRow;
use crate::core::journal::store::Store;
use crate::core::journal::{Record, RunId};
use crate::ops::OpsError;

/// Every run, newest first.
///
/// # Errors
/// When the journal cannot be read.
pub async fn runs(store: &dyn Store) -> Result<Vec<RunRow>, OpsError> {
    Ok(store.runs().await?)
}

/// The journal of one run; the beginning of its id is enough where only one begins so.
///
/// # Errors
/// When there is no such run, or the journal cannot be read.
pub async fn run(store: &dyn Store, id: &str) -> Result<Vec<Record>, OpsError> {
    Ok(store.read(&find(store, id).await?).await?)
}

/// The one run whose id begins so; else the run of that id, which there may not be.
pub(super) async fn find(store: &dyn Store, id: &str) -> Result<RunId, OpsError> {
    let rows = store.runs().await?;
    let mut matching = rows.iter().filter(|row| row.run.0.starts_with(id));
    Ok(match (matching.next(), matching.next()) {
        (Some(one), None) => one.run.clone(),
        _ => RunId(id.to_owned()),
    })
}
