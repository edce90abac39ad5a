//! Real answers of the real Azure, through our client.
//!
//! They lie beside the repository and are no part of it: where they are absent, nothing is
//! tested. With `RUNBOOK_BLESS=1` the golden list is written instead of compared: read every line
//! of it.

mod conversation;
mod conversations;
mod facts;
mod leaks;
mod recording;
mod replay;
mod shapes;
mod tell;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use recording::Recording;
use tell::{Fate, Told};

use crate::golden::compare;
use crate::kit::figures;

/// A wait longer than this must not be slept through in the pipeline.
const LONGEST_WAIT: u64 = 120;

/// How many came to what.
#[derive(Default)]
struct Counts {
    read: usize,
    classified: usize,
    not_read: usize,
}

#[tokio::test(start_paused = true)]
async fn every_recorded_answer_is_read_or_classified() {
    let recordings = recording::beside();
    if recordings.is_empty() {
        figures::keep("recordings", "none beside this checkout: skipped");
        return;
    }
    let (list, mut wrong, counts) = tell_all(&recordings).await;
    wrong.extend(compare(&golden("recordings"), &list));
    let (all, read, classified) = (recordings.len(), counts.read, counts.classified);
    let not_read = counts.not_read;
    figures::keep(
        "recordings",
        &format!(
            "{all} read, {read} parsed, {classified} classified, {not_read} of kinds we do not read"
        ),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A golden list of this folder.
fn golden(name: &str) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.join(format!("tests/it/recordings/{name}.golden.txt"))
}

/// The line of each, and what is wrong.
async fn tell_all(recordings: &[Recording]) -> (String, Vec<String>, Counts) {
    let (mut list, mut wrong, mut counts) = (String::new(), Vec::new(), Counts::default());
    for recording in recordings {
        let (told, name) = (tell::tell(recording).await, &recording.name);
        wrong.extend(objections(recording, &told).map(|why| format!("{name}: {why}")));
        match told.fate {
            Fate::Read => counts.read += 1,
            Fate::Refused(_) | Fate::Gone => counts.classified += 1,
            Fate::NotRead => counts.not_read += 1,
        }
        if !recording.shows.is_empty() {
            writeln!(list, "# {}", recording.shows).unwrap();
        }
        writeln!(list, "{name}: {}: {}", told.kind, told.facts).unwrap();
    }
    (list, wrong, counts)
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
