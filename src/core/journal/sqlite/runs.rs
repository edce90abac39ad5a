//! The tables of runs and of their events.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use super::{Trouble, loans, operations, seals, time};
use crate::base::SealKey;
use crate::core::facts::Target;
use crate::core::journal::evidence::Row;
use crate::core::journal::store::{RunRow, StoreError};
use crate::core::journal::{Event, Record, RunId, chain};
use crate::core::outcome::RunOutcome;

/// A run without events.
pub(super) fn insert(
    tx: &Connection,
    run: &RunId,
    target: &Target,
    code: &str,
    at: Timestamp,
    key: &SealKey,
) -> Result<(), Trouble> {
    let row = Row {
        run: run.0.clone(),
        target: target.id.clone(),
        code: code.to_owned(),
        started: at.to_string(),
        ended: None,
        outcome: None,
        adopted: 0,
        events: 0,
        head: String::new(),
        seal: String::new(),
    };
    tx.execute(
        "INSERT INTO runs (run, target, code, started, events, head, seal) VALUES (?1, ?2, ?3, ?4, 0, '', ?5)",
        params![row.run, row.target, row.code, row.started, row.sealed_with(key)],
    )?;
    seals::count(tx, 1, 0, key)
}

/// Appends an event after the last one of its run.
pub(super) fn push(
    tx: &Connection,
    run: &RunId,
    event: Event,
    at: Timestamp,
    key: &SealKey,
) -> Result<Record, Trouble> {
    let Some(mut row) = seals::unaltered(tx, &run.0, key)? else {
        return Err(Trouble::Refused(StoreError::NoSuchRun(run.to_string())));
    };
    let text = serde_json::to_string(&event)?;
    row.events += 1;
    let seq = row.events.unsigned_abs();
    let hash = chain(&row.head, run, seq, at, &text);
    tx.execute(
        "INSERT INTO events (run, seq, at, event, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![run.0, seq, at.to_string(), text, hash],
    )?;
    row.head.clone_from(&hash);
    seals::seal(tx, &row, key)?;
    seals::count(tx, 0, 1, key)?;
    follow(tx, run, &event, at)?;
    Ok(Record {
        run: run.clone(),
        seq,
        at,
        event,
        hash,
    })
}

/// What an event changes besides its own row.
fn follow(tx: &Connection, run: &RunId, event: &Event, at: Timestamp) -> Result<(), Trouble> {
    match event {
        Event::Ended { outcome, .. } => {
            tx.execute(
                "UPDATE runs SET ended = ?2, outcome = ?3 WHERE run = ?1",
                params![run.0, at.to_string(), outcome.name()],
            )?;
            if *outcome != RunOutcome::Waiting {
                operations::erase_of_run(tx, run)?;
            }
        }
        Event::LockReturned {
            key, left_to: None, ..
        } => loans::returned(tx, run, key)?,
        // The run goes on.
        Event::Approved { .. } => {
            tx.execute(
                "UPDATE runs SET ended = NULL, outcome = NULL WHERE run = ?1",
                [&run.0],
            )?;
        }
        _ => {}
    }
    Ok(())
}

/// Every event of a run, in order.
pub(super) fn read(connection: &Connection, run: &RunId) -> Result<Vec<Record>, Trouble> {
    let mut query = connection
        .prepare("SELECT seq, at, event, hash FROM events WHERE run = ?1 ORDER BY seq")?;
    let mut rows = query.query([&run.0])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let (at, event): (String, String) = (row.get(1)?, row.get(2)?);
        records.push(Record {
            run: run.clone(),
            seq: row.get(0)?,
            at: time(&at)?,
            event: serde_json::from_str(&event)?,
            hash: row.get(3)?,
        });
    }
    if records.is_empty() {
        return Err(Trouble::Refused(StoreError::NoSuchRun(run.to_string())));
    }
    Ok(records)
}

/// Every run, newest first.
pub(super) fn list(connection: &Connection) -> Result<Vec<RunRow>, Trouble> {
    let mut query = connection.prepare(
        "SELECT run, target, code, started, ended, outcome, events, head FROM runs ORDER BY started DESC, run DESC",
    )?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (started, ended, outcome): (String, Option<String>, Option<String>) =
            (row.get(3)?, row.get(4)?, row.get(5)?);
        found.push(RunRow {
            run: RunId(row.get(0)?),
            target: row.get(1)?,
            code: row.get(2)?,
            started: time(&started)?,
            ended: ended.as_deref().map(time).transpose()?,
            outcome: outcome
                .map(|o| serde_json::from_value(Value::String(o)))
                .transpose()?,
            events: row.get(6)?,
            head: row.get(7)?,
        });
    }
    Ok(found)
}

/// The target of a run, if no later run of that target exists.
pub(super) fn target_of_last(tx: &Connection, run: &RunId) -> Result<String, Trouble> {
    let target: Option<String> = tx
        .query_row("SELECT target FROM runs WHERE run = ?1", [&run.0], |row| {
            row.get(0)
        })
        .optional()?;
    let missing = || Trouble::Refused(StoreError::NoSuchRun(run.to_string()));
    let target = target.ok_or_else(missing)?;
    let last: String = tx.query_row(
        "SELECT run FROM runs WHERE lower(target) = lower(?1) ORDER BY started DESC, run DESC LIMIT 1",
        [&target],
        |row| row.get(0),
    )?;
    if last != run.0 {
        return Err(Trouble::Refused(StoreError::Superseded {
            run: run.clone(),
            later: RunId(last),
        }));
    }
    Ok(target)
}
