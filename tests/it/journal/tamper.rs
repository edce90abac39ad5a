//! What somebody can do to a database without the key.

use std::path::Path;

use runbook::core::journal::chain;
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::run;

pub(super) fn raw(folder: &Path) -> Connection {
    let raw = Connection::open(folder.join("journal.db")).unwrap();
    raw.pragma_update(None, "synchronous", "OFF").unwrap();
    // Whoever edits a database can also take its triggers away.
    raw.execute_batch(
        "DROP TRIGGER IF EXISTS a_run_is_sealed; DROP TRIGGER IF EXISTS a_head_is_sealed;",
    )
    .unwrap();
    raw
}

/// Numbers that follow from the one that a case of the property was given (SplitMix64).
pub(super) struct Picks(pub(super) u64);

impl Picks {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 32) as usize % bound.max(1)
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

fn runs(raw: &Connection) -> Vec<String> {
    let mut query = raw.prepare("SELECT run FROM runs ORDER BY run").unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The events of a run as they are written: text and time.
pub(super) fn lines(raw: &Connection, run: &str) -> Vec<(String, String)> {
    let mut query = raw
        .prepare("SELECT event, at FROM events WHERE run = ?1 ORDER BY seq")
        .unwrap();
    let rows = query.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

/// Writes other events in place of a run's, hashes, count and head made right: all that somebody
/// without the key can do.
pub(super) fn forge(raw: &Connection, name: &str, lines: &[(String, String)]) {
    raw.execute("DELETE FROM events WHERE run = ?1", [name])
        .unwrap();
    let mut head = String::new();
    for (seq, (event, at)) in (1..).zip(lines) {
        head = chain(&head, &run(name), seq, at.parse().unwrap(), event);
        let row = params![name, seq, at, event, head];
        raw.execute("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)", row)
            .unwrap();
    }
    let last = lines
        .last()
        .map(|(event, at)| (event.as_str(), at.as_str()));
    let ended = last.filter(|(event, _)| event.starts_with(r#"{"event":"ended""#));
    raw.execute(
        "UPDATE runs SET events = ?2, head = ?3, ended = ?4, outcome = iif(?4 IS NULL, NULL, outcome) WHERE run = ?1",
        params![name, lines.len(), head, ended.map(|(_, at)| at)],
    )
    .unwrap();
}

/// Does something to the journal; says what, or nothing where there was nothing to do.
pub(super) type Mutation = fn(&Connection, &mut Picks) -> Option<String>;

pub(super) const MUTATIONS: [Mutation; 15] = [
    |raw, picks| {
        edit_a_column(
            raw,
            picks,
            "events",
            "run, seq",
            &["run", "seq", "at", "event", "hash"],
        )
    },
    |raw, picks| {
        let columns = [
            "run", "target", "code", "started", "ended", "outcome", "adopted", "events", "head",
            "seal",
        ];
        edit_a_column(raw, picks, "runs", "run", &columns)
    },
    |raw, picks| {
        edit_a_column(
            raw,
            picks,
            "journal",
            "id",
            &["key", "runs", "events", "seal"],
        )
    },
    |raw, _| changed(raw, "DELETE FROM journal", "take the counts away"),
    |raw, picks| {
        let run = picks.one(&runs(raw));
        let seq = 1 + picks.below(lines(raw, &run).len());
        let sql = format!("DELETE FROM events WHERE run = '{run}' AND seq = {seq}");
        changed(raw, &sql, "delete an event")
    },
    |raw, picks| {
        let run = picks.one(&runs(raw));
        let kept = picks.below(lines(raw, &run).len());
        let sql = format!("DELETE FROM events WHERE run = '{run}' AND seq > {kept}");
        changed(raw, &sql, "cut the end off")
    },
    |raw, picks| {
        let run = picks.one(&runs(raw));
        changed(
            raw,
            &format!("DELETE FROM runs WHERE run = '{run}'"),
            "delete a row",
        )
    },
    |raw, picks| {
        let run = picks.one(&runs(raw));
        raw.execute("DELETE FROM events WHERE run = ?1", [&run])
            .unwrap();
        changed(
            raw,
            &format!("DELETE FROM runs WHERE run = '{run}'"),
            "delete a whole run",
        )
    },
    |raw, picks| {
        let run = picks.one(&runs(raw));
        let of = format!("FROM events WHERE run = '{run}'");
        let sql = format!("INSERT INTO events SELECT 'r9', seq, at, event, hash {of}");
        changed(raw, &sql, "add events of a run without a row")
    },
    |raw, picks| {
        let run = picks.one(&runs(raw));
        let of = format!("FROM events WHERE run = '{run}' ORDER BY seq DESC LIMIT 1");
        let sql = format!("INSERT INTO events SELECT run, seq + 1, at, event, hash {of}");
        changed(raw, &sql, "append a copy")
    },
    |raw, picks| {
        forged(
            raw,
            picks,
            "edit an event and forge the rest",
            |lines, picks| {
                let at = picks.below(lines.len());
                let end = lines[at].0.rfind('"').unwrap();
                lines[at].0.insert(end, 'x');
            },
        )
    },
    |raw, picks| {
        forged(
            raw,
            picks,
            "remove an event and forge the rest",
            |lines, picks| {
                let at = picks.below(lines.len());
                lines.remove(at);
            },
        )
    },
    |raw, picks| {
        forged(
            raw,
            picks,
            "swap two events and forge the rest",
            |lines, picks| {
                let (one, other) = (picks.below(lines.len()), picks.below(lines.len()));
                lines.swap(one, other);
            },
        )
    },
    |raw, picks| {
        forged(
            raw,
            picks,
            "insert an event and forge the rest",
            |lines, picks| {
                let (from, to) = (picks.below(lines.len()), picks.below(lines.len() + 1));
                lines.insert(to, lines[from].clone());
            },
        )
    },
    |raw, picks| {
        forged(
            raw,
            picks,
            "cut the end off and forge row, count and head",
            |lines, picks| {
                lines.truncate(picks.below(lines.len()));
            },
        )
    },
];

fn changed(raw: &Connection, sql: &str, what: &str) -> Option<String> {
    let changed = raw
        .execute(sql, [])
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    (changed > 0).then(|| format!("{what}: {sql}"))
}

fn forged(
    raw: &Connection,
    picks: &mut Picks,
    what: &str,
    edit: fn(&mut Vec<(String, String)>, &mut Picks),
) -> Option<String> {
    let run = picks.one(&runs(raw));
    let before = lines(raw, &run);
    let mut after = before.clone();
    edit(&mut after, picks);
    (after != before).then(|| {
        forge(raw, &run, &after);
        format!("{what}, of {run}")
    })
}

/// Puts another value in one column of one row.
fn edit_a_column(
    raw: &Connection,
    picks: &mut Picks,
    table: &str,
    order: &str,
    columns: &[&str],
) -> Option<String> {
    let column = picks.one(columns);
    let count: usize = raw
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
            row.get(0)
        })
        .unwrap();
    let row = picks.below(count);
    let select =
        format!("SELECT {column}, {order} FROM {table} ORDER BY {order} LIMIT 1 OFFSET {row}");
    let (old, keys): (Value, Vec<Value>) = raw
        .query_row(&select, [], |row| {
            let keys = (1..=order.split(',').count()).map(|at| row.get(at));
            Ok((row.get(0)?, keys.collect::<rusqlite::Result<_>>()?))
        })
        .unwrap();
    let new = match &old {
        Value::Integer(number) => Value::Integer(number + picks.one(&[-1, 1, 1000])),
        Value::Text(text) => Value::Text(edited(text, picks)),
        _ => Value::Text(picks.one(&["fixed", "2026-11-21T03:10:00Z", ""]).to_owned()),
    };
    let place: Vec<String> = order
        .split(", ")
        .enumerate()
        .map(|(at, name)| format!("{name} = ?{}", at + 2))
        .collect();
    let sql = format!(
        "UPDATE {table} SET {column} = ?1 WHERE {}",
        place.join(" AND ")
    );
    let values = std::iter::once(new.clone()).chain(keys);
    // A number that another row has is refused by the table itself.
    let done = raw
        .execute(&sql, rusqlite::params_from_iter(values))
        .is_ok();
    let told = |value: &Value| format!("{value:?}").chars().take(60).collect::<String>();
    (done && new != old).then(|| format!("{table}.{column}: {} for {}", told(&new), told(&old)))
}

/// `text` with one character more, less, or another.
fn edited(text: &str, picks: &mut Picks) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = picks.below(characters.len());
    match picks.below(3) {
        0 => characters.insert(at, '7'),
        1 if !characters.is_empty() => drop(characters.remove(at)),
        _ if !characters.is_empty() => {
            characters[at] = if characters[at] == '3' { '5' } else { '3' };
        }
        _ => characters.push('0'),
    }
    characters.into_iter().collect()
}
