//! Seals while writing: nothing is added to what was altered without the key, and so nothing that
//! was altered is ever sealed.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Trouble, kept};
use crate::base::SealKey;
use crate::core::journal::evidence::{Row, Totals, another_key};

/// Seals all that an older version wrote, as it is found.
pub(super) fn adopt(tx: &Connection, key: &SealKey) -> rusqlite::Result<()> {
    tx.execute("UPDATE runs SET adopted = events", [])?;
    let (mut runs, mut events) = (0, 0);
    for row in kept::rows(tx)? {
        seal(tx, &row, key)?;
        (runs, events) = (runs + 1, events + row.events);
    }
    let totals = Totals::sealed(runs, events, key);
    tx.execute(
        "INSERT INTO journal (id, key, runs, events, seal) VALUES (1, ?1, ?2, ?3, ?4)",
        params![totals.key, totals.runs, totals.events, totals.seal],
    )?;
    Ok(())
}

/// Writes the counts and the head of a row, sealed.
pub(super) fn seal(tx: &Connection, row: &Row, key: &SealKey) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE runs SET events = ?2, head = ?3, seal = ?4 WHERE run = ?1",
        params![row.run, row.events, row.head, row.sealed_with(key)],
    )?;
    Ok(())
}

/// The row of a run, which nobody has altered.
pub(super) fn unaltered(tx: &Connection, run: &str, key: &SealKey) -> Result<Option<Row>, Trouble> {
    let row = kept::row(tx, run)?;
    if row.as_ref().is_some_and(|row| !row.is_sealed_with(key)) {
        return Err(altered(&format!("run `{run}`")));
    }
    Ok(row)
}

/// Refuses a run with anything wrong in it: what it says is about to be believed.
pub(super) fn whole(tx: &Connection, run: &str, key: &SealKey) -> Result<(), Trouble> {
    let Some(row) = kept::row(tx, run)? else {
        return Ok(());
    };
    match kept::run(tx, row)?.findings(Some(key)).is_empty() {
        true => Ok(()),
        false => Err(altered(&format!("run `{run}`"))),
    }
}

/// Counts runs and events that are being added to a journal whose counts nobody has altered.
pub(super) fn count(tx: &Connection, runs: i64, events: i64, key: &SealKey) -> Result<(), Trouble> {
    let Some(old) = kept::totals(tx).optional()? else {
        return Err(altered("the row that counts runs and events"));
    };
    if old.key != key.name() {
        return Err(Trouble::Sql(another_key(&old.key, key)));
    }
    if !old.is_sealed_with(key) {
        return Err(altered("the row that counts runs and events"));
    }
    let new = Totals::sealed(old.runs + runs, old.events + events, key);
    tx.execute(
        "UPDATE journal SET runs = ?1, events = ?2, seal = ?3",
        params![new.runs, new.events, new.seal],
    )?;
    Ok(())
}

fn altered(what: &str) -> Trouble {
    Trouble::Sql(format!(
        "{what} was altered by somebody without the key: `runbook runs verify` tells what is wrong; keep the file as it is"
    ))
}
