//! A run as evidence: one folder that tells it to people and machines, and that can be checked
//! without this journal, and its hashes without this program.

mod check;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::base::SealKey;
use crate::base::seal::Use;
use crate::base::secret::redact;
use crate::core::action::{Fate, Sent};
use crate::core::journal::evidence::{Finding, Kept, Line, Row};
use crate::core::journal::state::State;
use crate::core::journal::{Event, Record};
use crate::core::report::text::{self, Paint};
use crate::core::report::{Report, html, json as report_json, markdown};

pub use check::{Key, check};

/// Files by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The hashes of all files but itself and its seal, as `sha256sum` writes and checks them.
const SUMS: &str = "SHA256SUMS";
/// The key's name and its seal over the hashes.
const SUMS_SEAL: &str = "SHA256SUMS.seal";
const MANIFEST: &str = "manifest.json";
const EVENTS: &str = "events.ndjson";

const READ_ME: &str = "\
One run of `runbook`, as its journal tells it.

report.html, report.md, report.json   what happened
plan.txt, plan.json                   what was planned, and agreed to
changes.json                          each request, what was there before, what came of it,
                                      correlation ids
events.ndjson                         the journal's events, chained by hash
manifest.json                         the run's row, with the seal over its head
SHA256SUMS, SHA256SUMS.seal           the hashes of these files, and the seal over the hashes

Check that no file was altered:       sha256sum -c SHA256SUMS
Check chain, head and seals:          runbook runs verify FOLDER
The seals take the key (RUNBOOK_SEAL_KEY). Without it, somebody who rewrote all files together
cannot be told from the program that wrote them.
";

/// Why a run cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It was altered.
    #[error(
        "it was altered ({}): `runbook runs verify` tells all that is wrong; keep the journal as it is",
        .0.what
    )]
    Altered(Finding),
    /// A file would hold a secret.
    #[error("`{0}` would hold what looks like a token or a signature; nothing was written")]
    Secret(String),
    /// A value of ours cannot be written: a bug.
    #[error("our bug: {0}")]
    Bug(String),
}

/// The files of a run, sealed with `key`.
///
/// # Errors
/// When the run was altered, or something that looks like a secret would be told.
pub fn files(kept: &Kept, key: &SealKey) -> Result<Files, Unfit> {
    if let Some(finding) = kept.findings(Some(key)).into_iter().next() {
        return Err(Unfit::Altered(finding));
    }
    let records = kept.records().map_err(Unfit::Altered)?;
    let mut files = told(kept, &records, key).map_err(Unfit::Bug)?;
    let secret = files.iter().find(|(_, text)| redact(text) != **text);
    if let Some((name, _)) = secret {
        return Err(Unfit::Secret(name.clone()));
    }
    let sums: String = files.iter().map(|(name, text)| sum(name, text)).collect();
    let seal = key.seal(Use::Export, &sums);
    files.insert(SUMS_SEAL.to_owned(), format!("{} {seal}\n", key.name()));
    files.insert(SUMS.to_owned(), sums);
    let bytes = files.into_iter().map(|(n, text)| (n, text.into_bytes()));
    Ok(bytes.collect())
}

fn told(
    kept: &Kept,
    records: &[Record],
    key: &SealKey,
) -> Result<BTreeMap<String, String>, String> {
    let bug = |e: serde_json::Error| e.to_string();
    let report = Report::of_run(records).map_err(|e| e.to_string())?;
    let state = State::fold(records).map_err(|e| e.to_string())?;
    let pretty = |value: &Value| serde_json::to_string_pretty(value).map(|text| text + "\n");
    let plan = serde_json::to_value(&state.plan).map_err(bug)?;
    let events: String = kept.lines.iter().map(|l| line(&kept.row.run, l)).collect();
    let files = [
        ("README.txt", READ_ME.to_owned()),
        ("plan.json", pretty(&plan).map_err(bug)?),
        ("plan.txt", text::plan(&state.plan, Paint::None)),
        (EVENTS, events),
        ("report.md", markdown::render(&report)),
        ("report.html", html::render(&report)),
        ("report.json", report_json::render(&report).map_err(bug)?),
        (
            "changes.json",
            pretty(&changes(&state, records)).map_err(bug)?,
        ),
        (MANIFEST, pretty(&manifest(&kept.row, key)).map_err(bug)?),
    ];
    Ok(files.map(|(name, text)| (name.to_owned(), text)).into())
}

fn sum(name: &str, text: &str) -> String {
    format!("{}  {name}\n", hex::encode(Sha256::digest(text)))
}

/// The event is written as the journal has it, so that its hash can be computed again.
fn line(run: &str, line: &Line) -> String {
    let Line {
        seq,
        at,
        event,
        hash,
    } = line;
    let (run, at, hash) = (json!(run), json!(at), json!(hash));
    format!("{{\"run\":{run},\"seq\":{seq},\"at\":{at},\"event\":{event},\"hash\":{hash}}}\n")
}

fn manifest(row: &Row, key: &SealKey) -> Value {
    json!({
        "schema_version": 1,
        "program": concat!("runbook ", env!("CARGO_PKG_VERSION")),
        "run": row.run,
        "target": row.target,
        "code": row.code,
        "started": row.started,
        "ended": row.ended,
        "outcome": row.outcome,
        "adopted": row.adopted,
        "events": row.events,
        "head": row.head,
        "seal": row.seal,
        "key": key.name(),
    })
}

/// Each request: what was there before, what came of it, and what support asks for.
fn changes(state: &State, records: &[Record]) -> Value {
    let sent = state.sent.iter().map(change).collect::<Vec<_>>();
    json!({ "schema_version": 1, "changes": sent, "correlation_ids": correlation_ids(records) })
}

fn change(sent: &Sent) -> Value {
    let (fate, after, failure) = match &sent.fate {
        Fate::Done(outputs) => ("done", outputs.clone(), None),
        Fate::Failed(failure) => ("failed", Value::Null, Some(failure)),
        Fate::InDoubt => ("in_doubt", Value::Null, None),
    };
    json!({
        "step": sent.step,
        "summary": sent.change.summary,
        "method": sent.change.method,
        "resource": sent.change.resource,
        "probe": sent.change.probe,
        "sent": sent.at,
        "settled": sent.settled_at,
        "fate": fate,
        "before": sent.change.evidence,
        "after": after,
        "error": failure,
    })
}

/// Every id that Azure's support can look up, with the event that names it.
fn correlation_ids(records: &[Record]) -> Vec<Value> {
    let mut found = Vec::new();
    for record in records {
        if matches!(record.event, Event::Planned { .. }) {
            continue;
        }
        let event = serde_json::to_value(&record.event).unwrap_or_default();
        let mut ids = Vec::new();
        named(&event, "correlation_id", &mut ids);
        found.extend(
            ids.into_iter()
                .map(|id| json!({ "event": record.seq, "id": id })),
        );
    }
    found
}

fn named(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let own = fields.get(name).and_then(Value::as_str);
            found.extend(own.map(str::to_owned));
            fields.values().for_each(|value| named(value, name, found));
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, name, found)),
        _ => {}
    }
}
