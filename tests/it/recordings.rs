//! Real answers of the real Azure, through our client.
//!
//! They lie beside the repository and are no part of it: where they are absent, nothing is
//! tested. With `RUNBOOK_BLESS=1` the golden list is written instead of compared: read every line
//! of it.

mod facts;
mod replay;
mod tell;

use std::fmt::Write as _;
use std::path::Path;

use replay::Recording;
use tell::{Fate, Told};

use crate::golden::compare;
use crate::kit::figures;

/// A wait longer than this must not be slept through in the pipeline.
const LONGEST_WAIT: u64 = 120;

#[tokio::test(start_paused = true)]
async fn every_recorded_answer_is_read_or_classified() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let recordings = replay::all(&package.join("../shared/recordings"));
    if recordings.is_empty() {
        figures::keep("recordings", "none beside this checkout: skipped");
        return;
    }
    let (mut list, mut wrong, mut counts) = (String::new(), Vec::new(), [0; 3]);
    for recording in &recordings {
        let told = tell::tell(recording).await;
        wrong.extend(objections(recording, &told).map(|why| format!("{}: {why}", recording.name)));
        counts[match told.fate {
            Fate::Read => 0,
            Fate::Refused(_) | Fate::Gone => 1,
            Fate::NotRead => 2,
        }] += 1;
        writeln!(list, "{}: {}: {}", recording.name, told.kind, told.facts).unwrap();
    }
    let [read, classified, skipped] = counts;
    let all = recordings.len();
    figures::keep(
        "recordings",
        &format!(
            "{all} read, {read} parsed, {classified} classified, {skipped} of kinds we do not read"
        ),
    );
    wrong.extend(compare(
        &package.join("tests/it/recordings.golden.txt"),
        &list,
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What must hold of every recording, whatever the golden list says.
fn objections(recording: &Recording, told: &Told) -> impl Iterator<Item = String> {
    let status = recording.status;
    let mut found = Vec::new();
    match &told.fate {
        Fate::Read if status >= 400 => found.push(format!("HTTP {status} was taken for an answer")),
        Fate::Gone if status < 400 => found.push(format!("HTTP {status} was taken for gone")),
        Fate::Refused(failure) if status < 400 => found.push(format!("was not read: {failure}")),
        _ => {}
    }
    if let Fate::Refused(failure) = &told.fate {
        let long = failure.retry_after.is_some_and(|s| s > LONGEST_WAIT);
        if long && (told.requests > 1 || told.waited > 0) {
            found.push(format!("waited {} s inside the pipeline", told.waited));
        }
    } else if told.waited > 0 {
        found.push(format!("an answer was waited for {} s", told.waited));
    }
    found.into_iter()
}
