//! What lies in the tables, as it lies there: nothing is refused but what cannot be read.

use rusqlite::{Connection, OptionalExtension, params};

use super::Trouble;
use crate::base::SealKey;
use crate::core::journal::evidence::{Kept, Line, Row, Totals, another_key, of_totals};
use crate::core::journal::sqlite::{Verified, VerifiedRun};
use crate::core::journal::store::StoreError;

const ROW: &str =
    "SELECT run, target, code, started, ended, outcome, adopted, events, head, seal FROM runs";

/// The row of a run.
pub(super) fn row(connection: &Connection, run: &str) -> rusqlite::Result<Option<Row>> {
    let query = format!("{ROW} WHERE run = ?1");
    connection.query_row(&query, [run], read).optional()
}

/// Every row, oldest run first.
pub(super) fn rows(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    let mut query = connection.prepare(&format!("{ROW} ORDER BY started, run"))?;
    query.query_map([], read)?.collect()
}

/// What the journal says of itself.
pub(super) fn totals(connection: &Connection) -> rusqlite::Result<Totals> {
    connection.query_row("SELECT key, runs, events, seal FROM journal", [], |row| {
        Ok(Totals {
            key: text(row, 0)?,
            runs: row.get(1)?,
            events: row.get(2)?,
            seal: text(row, 3)?,
        })
    })
}

/// A run with its events.
pub(super) fn run(connection: &Connection, row: Row) -> rusqlite::Result<Kept> {
    let mut query = connection
        .prepare("SELECT seq, at, event, hash FROM events WHERE run = ?1 ORDER BY seq")?;
    let lines = query.query_map(params![row.run], |line| {
        Ok(Line {
            seq: line.get(0)?,
            at: text(line, 1)?,
            event: text(line, 2)?,
            hash: text(line, 3)?,
        })
    })?;
    let lines = lines.collect::<rusqlite::Result<_>>()?;
    Ok(Kept { row, lines })
}

/// Looks for what is wrong with the runs whose ids begin so, or with all, and with the journal as a whole.
pub(super) fn verify(
    connection: &Connection,
    chosen: &[String],
    key: &SealKey,
) -> Result<Verified, Trouble> {
    // One look at one moment: another process may be writing.
    let tx = connection.unchecked_transaction()?;
    let rows = rows(&tx)?;
    let begins = |row: &Row, id: &String| row.run.starts_with(id.as_str());
    if let Some(id) = chosen.iter().find(|id| !rows.iter().any(|r| begins(r, id))) {
        return Err(Trouble::Refused(StoreError::NoSuchRun(id.clone())));
    }
    let totals = totals(&tx).optional()?;
    // With another key, no seal can be told from a forged one.
    let other = totals.as_ref().filter(|totals| totals.key != key.name());
    let usable = other.is_none().then_some(key);
    let mut verified = Verified {
        key: key.name(),
        other_key: other.map(|totals| another_key(&totals.key, key)),
        events: tx.query_row("SELECT count(*) FROM events", [], |row| row.get(0))?,
        sealed: totals
            .as_ref()
            .is_some_and(|totals| totals.is_sealed_with(key)),
        findings: of_totals(totals.as_ref(), counts(&rows), &strays(&tx)?, usable),
        runs: Vec::new(),
    };
    let wanted = |row: &Row| chosen.is_empty() || chosen.iter().any(|id| begins(row, id));
    for row in rows.into_iter().filter(wanted) {
        let kept = run(&tx, row)?;
        verified.runs.push(VerifiedRun {
            findings: kept.findings(usable),
            events: kept.lines.len(),
            sealed: kept.row.is_sealed_with(key),
            row: kept.row,
        });
    }
    Ok(verified)
}

/// Runs, and the events that their rows count.
fn counts(rows: &[Row]) -> (i64, i64) {
    let events = rows.iter().map(|row| row.events);
    (rows.len() as i64, events.fold(0, i64::saturating_add))
}

/// Runs that have events and no row.
fn strays(tx: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut query =
        tx.prepare("SELECT DISTINCT run FROM events WHERE run NOT IN (SELECT run FROM runs)")?;
    query.query_map([], |row| text(row, 0))?.collect()
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        run: text(row, 0)?,
        target: text(row, 1)?,
        code: text(row, 2)?,
        started: text(row, 3)?,
        ended: optional(row, 4)?,
        outcome: optional(row, 5)?,
        adopted: row.get(6)?,
        events: row.get(7)?,
        head: text(row, 8)?,
        seal: text(row, 9)?,
    })
}

/// A text that may be no UTF-8 any more: then it is another than was written, which shows.
fn text(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(optional(row, column)?.unwrap_or_default())
}

fn optional(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    use rusqlite::types::ValueRef;
    match row.get_ref(column)? {
        ValueRef::Text(bytes) => Ok(Some(String::from_utf8_lossy(bytes).into_owned())),
        ValueRef::Null => Ok(None),
        _ => row.get(column),
    }
}
