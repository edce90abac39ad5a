//! Whether what was done is told as it was done.

use crate::core::journal::sqlite::{Sqlite, Verified, VerifiedRun};
use crate::core::report::checked::{Checked, Kind, Seal};
use crate::ops::OpsError;

/// Holds the runs whose ids begin so, or all, and the journal as a whole against hashes and seals.
///
/// # Errors
/// When there is no such run, or the journal cannot be read.
pub async fn verify(journal: &Sqlite, runs: &[String]) -> Result<Vec<Checked>, OpsError> {
    let verified = journal.verify(runs.to_vec()).await?;
    Ok(told(journal, &verified))
}

fn told(journal: &Sqlite, verified: &Verified) -> Vec<Checked> {
    let seal = |holds: bool| if holds { Seal::Holds } else { Seal::Broken };
    let run = |run: &VerifiedRun| Checked {
        kind: Kind::Run,
        name: run.row.run.clone(),
        events: run.events,
        head: Some(run.row.head.clone()),
        seal: seal(run.sealed),
        findings: run.findings.clone(),
        notes: match run.row.adopted {
            0 => Vec::new(),
            n => vec![format!(
                "its first {n} events were there before the journal had seals: until then, hashes alone held them"
            )],
        },
    };
    let whole = Checked {
        kind: Kind::Journal,
        name: journal.path().display().to_string(),
        events: verified.events,
        head: None,
        seal: seal(verified.sealed),
        findings: verified.findings.clone(),
        notes: vec![format!("the key is {}", verified.key)],
    };
    verified.runs.iter().map(run).chain([whole]).collect()
}
