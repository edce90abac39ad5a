//! The table of what is borrowed, by its key: who took it, and who uses it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Trouble, runs, time};
use crate::base::SealKey;
use crate::core::action::Loan;
use crate::core::journal::store::{Borrowed, Lease, LoanRow};
use crate::core::journal::{Event, RunId};

/// It is out, or about to be taken.
const OUT: &str = "out";
/// The run that took it is putting it back.
const GOING_BACK: &str = "going_back";

/// Appends that the run borrows `loan`, and notes who uses it.
pub(super) fn borrow(
    tx: &Connection,
    lease: &Lease,
    step: &str,
    loan: &Loan,
    at: Timestamp,
    key: &SealKey,
) -> Result<Borrowed, Trouble> {
    let (first, mut users) = match row(tx, &loan.key)? {
        Some((row, state)) if state == GOING_BACK && row.run != lease.run => {
            return Ok(Borrowed::GoingBack(row.run));
        }
        Some((row, _)) => (row.run, row.users),
        None => (lease.run.clone(), Vec::new()),
    };
    if !users.contains(&lease.run) {
        users.push(lease.run.clone());
    }
    tx.execute(
        "INSERT INTO borrowed_locks (id, lock, run, since, state, joined) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET state = ?5, joined = ?6",
        params![
            loan.key,
            serde_json::to_string(loan)?,
            first.0,
            at.to_string(),
            OUT,
            serde_json::to_string(&users)?
        ],
    )?;
    let joins = (first != lease.run).then_some(first);
    let event = Event::LockBorrowed {
        step: step.to_owned(),
        loan: loan.clone(),
        joins: joins.clone(),
    };
    let record = Box::new(runs::push(tx, &lease.run, event, at, key)?);
    Ok(match joins {
        Some(run) => Borrowed::Joined(record, run),
        None => Borrowed::First(record),
    })
}

/// Leaves a loan to another run that uses it and is not over, or notes that `run` puts it back.
pub(super) fn give_back(tx: &Connection, run: &RunId, key: &str) -> Result<Option<RunId>, Trouble> {
    let Some((row, _)) = row(tx, key)? else {
        return Ok(None);
    };
    let mut heirs = Vec::new();
    for user in row.users.into_iter().filter(|user| user != run) {
        let at_work: Option<bool> = tx
            .query_row(
                "SELECT ended IS NULL FROM runs WHERE run = ?1",
                [&user.0],
                |r| r.get(0),
            )
            .optional()?;
        if at_work == Some(true) {
            heirs.push(user);
        }
    }
    let heir = heirs.first().cloned();
    let (owner, state, users) = match &heir {
        Some(heir) => (heir, OUT, heirs),
        None => (run, GOING_BACK, vec![run.clone()]),
    };
    tx.execute(
        "UPDATE borrowed_locks SET run = ?2, state = ?3, joined = ?4 WHERE id = ?1",
        params![key, owner.0, state, serde_json::to_string(&users)?],
    )?;
    Ok(heir)
}

/// Forgets a loan that is back, unless another run uses it.
pub(super) fn returned(tx: &Connection, run: &RunId, key: &str) -> Result<(), Trouble> {
    tx.execute(
        "DELETE FROM borrowed_locks WHERE id = ?1 AND joined = ?2",
        params![key, serde_json::to_string(&[run])?],
    )?;
    Ok(())
}

/// Everything that is borrowed now.
pub(super) fn list(connection: &Connection) -> Result<Vec<LoanRow>, Trouble> {
    let mut query = connection
        .prepare("SELECT lock, run, since, joined, state FROM borrowed_locks ORDER BY since, id")?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?.0);
    }
    Ok(found)
}

fn row(tx: &Connection, key: &str) -> Result<Option<(LoanRow, String)>, Trouble> {
    let mut query =
        tx.prepare("SELECT lock, run, since, joined, state FROM borrowed_locks WHERE id = ?1")?;
    let mut rows = query.query([key])?;
    rows.next()?.map(read).transpose()
}

fn read(row: &rusqlite::Row<'_>) -> Result<(LoanRow, String), Trouble> {
    let (loan, since, users): (String, String, String) = (row.get(0)?, row.get(2)?, row.get(3)?);
    let found = LoanRow {
        loan: serde_json::from_str(&loan)?,
        run: RunId(row.get(1)?),
        since: time(&since)?,
        users: serde_json::from_str(&users)?,
    };
    Ok((found, row.get(4)?))
}
