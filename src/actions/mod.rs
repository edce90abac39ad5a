//! The catalogue of actions: one file each, in the four parts of [`crate::core::action::Remedy`];
//! and the table of lookers, which is all that planning is given.
//!
//! A new action: copy the nearest one, add a line to [`actions`] and to [`actors`], teach the
//! simulator its resource, give it a golden case.

mod backup_job;
pub mod backup_now;
pub mod codes;
pub mod extension_remove;
pub mod facts;
pub mod guest;
pub mod guest_look;
pub mod guest_registry;
pub mod human;
pub mod limits;
pub mod lock_delete;
pub mod lock_return;
mod operations;
pub mod restore_points_delete;
pub mod symptom;
mod words;

use std::sync::Arc;

use crate::azure::permitted::Writer;
use crate::azure::reader::Reader;
use crate::base::Clock;
use crate::core::action::{Actions, Actors};
use crate::core::facts::Lookers;
use crate::core::journal::store::Store;

/// The deciding halves of every action.
#[must_use]
pub fn actions() -> Actions {
    Actions::default()
        .with::<backup_now::BackupNow>()
        .with::<extension_remove::ExtensionRemove>()
        .with::<guest_look::GuestLook>()
        .with::<guest_registry::GuestRegistry>()
        .with::<human::Human>()
        .with::<lock_delete::LockDelete>()
        .with::<lock_return::LockReturn>()
        .with::<restore_points_delete::RestorePointsDelete>()
}

/// The acting halves of every action; the one place where a writer enters the engine.
#[must_use]
pub fn actors(writer: Writer) -> Actors {
    let writer = Arc::new(writer);
    Actors::new(Arc::new(operations::Operations::new(Arc::clone(&writer))))
        .with::<backup_now::BackupNow>(&writer)
        .with::<extension_remove::ExtensionRemove>(&writer)
        .with::<guest_look::GuestLook>(&writer)
        .with::<guest_registry::GuestRegistry>(&writer)
        .with::<human::Human>(&writer)
        .with::<lock_delete::LockDelete>(&writer)
        .with::<lock_return::LockReturn>(&writer)
        .with::<restore_points_delete::RestorePointsDelete>(&writer)
}

/// The table of lookers, over a reader, and over the journal for what other runs have borrowed.
///
/// A looker cannot write:
///
/// ```compile_fail,E0599
/// async fn look(reader: runbook::azure::reader::Reader, id: runbook::azure::resource_id::ResourceId) {
///     let _ = reader.delete_lock(&id).await;
/// }
/// ```
///
/// It can read, which differs from the above by one word:
///
/// ```
/// async fn look(reader: runbook::azure::reader::Reader, id: runbook::azure::resource_id::ResourceId) {
///     let _ = reader.lock(&id).await;
/// }
/// ```
#[must_use]
pub fn lookers(reader: Reader, clock: Clock, journal: Arc<dyn Store>) -> Lookers {
    facts::all(reader, clock, journal)
}
