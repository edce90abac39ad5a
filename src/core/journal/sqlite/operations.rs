//! The table of running operations: what each is polled with, which may be a signed URL.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use super::Trouble;
use crate::core::journal::RunId;

/// Keeps what an operation is polled with.
pub(super) fn keep(
    connection: &Connection,
    run: &RunId,
    id: &str,
    token: &str,
) -> Result<(), Trouble> {
    connection.execute(
        "INSERT OR REPLACE INTO operations (id, run, token) VALUES (?1, ?2, ?3)",
        params![id, run.0, token],
    )?;
    Ok(())
}

/// Erases it.
pub(super) fn erase(connection: &Connection, id: &str) -> Result<(), Trouble> {
    connection.execute("DELETE FROM operations WHERE id = ?1", [id])?;
    Ok(())
}

/// Erases what earlier runs of a target were polling: it is looked at afresh from now on.
pub(super) fn erase_of(connection: &Connection, target: &str) -> Result<(), Trouble> {
    connection.execute(
        "DELETE FROM operations WHERE run IN (SELECT run FROM runs WHERE lower(target) = ?1)",
        [target],
    )?;
    Ok(())
}

/// What an operation is polled with, while that is kept.
pub(super) fn get(connection: &Connection, id: &str) -> Result<Option<Value>, Trouble> {
    let token: Option<String> = connection
        .query_row("SELECT token FROM operations WHERE id = ?1", [id], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(token.as_deref().map(serde_json::from_str).transpose()?)
}

/// Erases what a run was polling: it is over.
pub(super) fn erase_of_run(connection: &Connection, run: &RunId) -> Result<(), Trouble> {
    connection.execute("DELETE FROM operations WHERE run = ?1", [&run.0])?;
    Ok(())
}
