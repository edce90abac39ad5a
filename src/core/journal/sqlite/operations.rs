//! The table of running operations: what each is polled with, which may be a signed URL.

use rusqlite::{Connection, params};

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
