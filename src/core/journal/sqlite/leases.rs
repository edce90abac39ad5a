//! The table of leases: who may act on a VM, and until when.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{IsGone, Trouble, time};
use crate::base::clock::add;
use crate::core::journal::RunId;
use crate::core::journal::store::{Holder, LEASE, Lease, StoreError};

/// Takes the lease of `target`, unless somebody who may still be alive holds it.
pub(super) fn take(
    tx: &Connection,
    run: &RunId,
    target: String,
    at: Timestamp,
    me: &Holder,
    is_gone: &IsGone,
) -> Result<Lease, Trouble> {
    if let Some(busy) = held(tx, &target, at, is_gone)? {
        return Err(Trouble::Refused(busy));
    }
    let epoch = tx.query_row(
        "INSERT INTO leases (target, run, epoch, since, expires, holder) VALUES (?1, ?2, 1, ?3, ?4, ?5)
         ON CONFLICT (target) DO UPDATE SET run = ?2, epoch = epoch + 1, since = ?3, expires = ?4, holder = ?5, cancel = NULL
         RETURNING epoch",
        params![target, run.0, at.to_string(), add(at, LEASE).to_string(), serde_json::to_string(me)?],
        |row| row.get(0),
    )?;
    Ok(Lease {
        run: run.clone(),
        target,
        epoch,
    })
}

/// Who holds `target` now, if anybody who may still be alive does.
fn held(
    tx: &Connection,
    target: &str,
    at: Timestamp,
    is_gone: &IsGone,
) -> Result<Option<StoreError>, Trouble> {
    let row: Option<(String, String, String, Option<String>)> = tx
        .query_row(
            "SELECT run, since, expires, holder FROM leases WHERE target = ?1",
            [target],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    let Some((run, since, expires, Some(holder))) = row else {
        return Ok(None);
    };
    let holder: Holder = serde_json::from_str(&holder)?;
    if at >= time(&expires)? || is_gone(&holder) {
        return Ok(None);
    }
    Ok(Some(StoreError::Busy {
        run: RunId(run),
        since: time(&since)?,
        holder,
    }))
}

/// Renews a lease that still holds.
pub(super) fn renew(connection: &Connection, lease: &Lease, at: Timestamp) -> Result<(), Trouble> {
    let renewed = connection.execute(
        "UPDATE leases SET expires = ?4 WHERE target = ?1 AND run = ?2 AND epoch = ?3 AND holder IS NOT NULL",
        params![lease.target, lease.run.0, lease.epoch, add(at, LEASE).to_string()],
    )?;
    if renewed == 1 {
        Ok(())
    } else {
        Err(Trouble::Refused(StoreError::LeaseLost))
    }
}

/// Gives a lease back. The row stays, so that the epoch goes on rising.
pub(super) fn release(connection: &Connection, lease: &Lease) -> Result<(), Trouble> {
    connection.execute(
        "UPDATE leases SET holder = NULL WHERE target = ?1 AND run = ?2 AND epoch = ?3",
        params![lease.target, lease.run.0, lease.epoch],
    )?;
    Ok(())
}

/// Notes that `by` asks the living holder of a run's lease to stop; false when there is none.
pub(super) fn ask_to_cancel(
    tx: &Connection,
    run: &RunId,
    by: &str,
    at: Timestamp,
    is_gone: &IsGone,
) -> Result<bool, Trouble> {
    let target: Option<String> = tx
        .query_row(
            "SELECT target FROM leases WHERE run = ?1",
            [&run.0],
            |row| row.get(0),
        )
        .optional()?;
    let Some(target) = target else {
        return Ok(false);
    };
    if held(tx, &target, at, is_gone)?.is_none() {
        return Ok(false);
    }
    tx.execute(
        "UPDATE leases SET cancel = ?2 WHERE run = ?1",
        params![run.0, by],
    )?;
    Ok(true)
}

/// Who asked the holder of a lease to stop.
pub(super) fn cancelled_by(
    connection: &Connection,
    lease: &Lease,
) -> Result<Option<String>, Trouble> {
    let asked = connection.query_row(
        "SELECT cancel FROM leases WHERE target = ?1 AND run = ?2 AND epoch = ?3",
        params![lease.target, lease.run.0, lease.epoch],
        |row| row.get(0),
    );
    Ok(asked.optional()?.flatten())
}
