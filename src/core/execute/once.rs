//! A saved plan is applied once, also by two that have opened it at the same time.

use crate::core::execute::drive::clean;
use crate::core::execute::ends::plain_end;
use crate::core::execute::engine::{DriveError, Engine};
use crate::core::journal::store::Lease;
use crate::core::journal::uses::Uses;
use crate::core::journal::{Event, Record};
use crate::core::outcome::RunOutcome;

/// The end of a run that has just begun, when another run has used its saved plan since that was
/// opened. Asked under the lease, where no other run of this target is at work.
///
/// # Errors
/// When the journal cannot be read.
pub(super) async fn used_meanwhile(
    engine: &Engine,
    lease: &Lease,
    begun: &[Record],
) -> Result<Option<Event>, DriveError> {
    let Some(Event::Planned { plan }) = begun.first().map(|record| &record.event) else {
        return Ok(None);
    };
    let Some(file) = &plan.from_file else {
        return Ok(None);
    };
    let uses = Uses::of(&*engine.store, plan, &file.id, Some(&lease.run)).await?;
    if uses.runs == file.runs {
        return Ok(None);
    }
    let mut all = uses.runs.iter();
    let other = all.find(|(run, events)| file.runs.get(*run) != Some(events));
    let by = other.map_or("another run", |(run, _)| run);
    let why = format!(
        "`{}` was applied meanwhile by run {by}, so nothing was sent: look at that run, and apply it again if something is left",
        file.path
    );
    Ok(Some(plain_end(RunOutcome::NeedsApproval, &why)))
}

/// Ends a run before anybody has approved it, and gives the lease back.
///
/// # Errors
/// When the journal fails.
pub(super) async fn end_at_once(
    engine: &Engine,
    lease: &Lease,
    mut begun: Vec<Record>,
    end: Event,
) -> Result<Vec<Record>, DriveError> {
    let at = engine.clock.now();
    let ended = match clean(&end) {
        Ok(end) => engine.store.append(lease, end, at).await,
        Err(error) => Err(error),
    };
    engine.store.release(lease).await?;
    let ended = ended?;
    (engine.listener)(&ended);
    begun.push(ended);
    Ok(begun)
}
