//! Runbooks as documents: what needs neither Azure nor a journal.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::actions;
use crate::azure::credential::{CredentialKind, CredentialSettings};
use crate::azure::{Arm, Cloud, Reader, TokenSource, Transport, WireError};
use crate::base::diagnostics::{Sources, render};
use crate::base::{Chance, Clock, Secret};
use crate::core::facts::Lookers;
use crate::core::journal::memory::Memory;
use crate::core::report::catalogue::as_markdown;
use crate::core::runbook::Runbook;
use crate::core::runbook::catalogue::{Catalogue, Folder, Text};
use crate::core::runbook::check::Vocabulary;
use crate::core::runbook::schema::runbook_schema;
use crate::ops::OpsError;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSummary {
    /// Codes of the runbooks that were checked.
    pub codes: Vec<String>,
    /// How many procedures were.
    pub procedures: usize,
}

/// The words that runbooks may use: actions with their arguments, facts with their forms.
#[must_use]
pub fn vocabulary() -> Vocabulary {
    static WORDS: OnceLock<Vocabulary> = OnceLock::new();
    WORDS
        .get_or_init(|| Vocabulary {
            actions: actions::actions()
                .iter()
                .map(|(n, a)| (n.to_owned(), a.arguments()))
                .collect(),
            borrowing: actions::actions()
                .iter()
                .filter(|(_, action)| action.about().put_back.is_some())
                .map(|(name, _)| name.to_owned())
                .collect(),
            facts: disconnected().schemas(),
        })
        .clone()
}

/// The lookers, connected to nothing: they tell their forms and what rights they take.
pub(super) fn disconnected() -> Lookers {
    let cloud = Cloud::public();
    let settings = CredentialSettings {
        kind: CredentialKind::Token,
        access_token: Some(Secret::new("unused")),
        ..CredentialSettings::default()
    };
    let Ok(tokens) = TokenSource::new(settings, &cloud) else {
        return Lookers::default();
    };
    let clock = Clock::system();
    let arm = Arm::new(
        cloud,
        Arc::new(Nowhere),
        tokens,
        clock.clone(),
        Chance::seeded(0),
    );
    actions::lookers(Reader::new(arm), clock, Arc::new(Memory::default()))
}

struct Nowhere;

#[async_trait::async_trait]
impl Transport for Nowhere {
    async fn send(
        &self,
        _: http::Request<bytes::Bytes>,
    ) -> Result<http::Response<bytes::Bytes>, WireError> {
        Err(WireError::NotSent("not connected".to_owned()))
    }
}

/// The catalogue in the binary, with the runbooks of a folder added or put in place of those of
/// the same code.
///
/// # Errors
/// Every mistake in the folder's runbooks, drawn.
pub fn catalogue(runbooks: Option<&Path>) -> Result<Catalogue, OpsError> {
    let words = vocabulary();
    let embedded = Catalogue::embedded(&words).map_err(|r| OpsError::BadRunbook(r.to_string()))?;
    let Some(folder) = runbooks else {
        return Ok(embedded);
    };
    let files = files_of(folder)?;
    embedded
        .with_folder(Folder::of(files), &words)
        .map_err(|rejected| OpsError::BadRunbook(rejected.to_string()))
}

/// Checks runbooks: the files and folders given, those of the folder `runbooks` where none are, or
/// those in the binary. They are checked as they would be used, in place of or beside those in the
/// binary: a code or alias that another one claims is a mistake.
///
/// # Errors
/// Every mistake in them, drawn; a file that cannot be read.
pub fn check(paths: &[PathBuf], runbooks: Option<&Path>) -> Result<CheckSummary, OpsError> {
    let words = vocabulary();
    let own = Folder::of(runbooks.map(files_of).transpose()?.unwrap_or_default());
    let mut files = Vec::new();
    for path in paths {
        files.extend(files_of(path)?);
    }
    let (asked, all) = match (paths.is_empty(), runbooks) {
        (true, None) => (Folder::embedded(), Folder::embedded()),
        (true, Some(_)) => (own.clone(), Folder::embedded().with(own)),
        (false, _) => {
            let asked = Folder::of(files);
            (asked.clone(), Folder::embedded().with(own).with(asked))
        }
    };
    let checked = Catalogue::read(all, &words).map_err(|r| OpsError::BadRunbook(r.to_string()))?;
    let (among, codes) = (asked.codes(), checked.runbooks().map(|r| r.code.clone()));
    Ok(CheckSummary {
        codes: codes
            .filter(|code| among.contains(&code.to_lowercase()))
            .collect(),
        procedures: asked.procedures.len(),
    })
}

/// The catalogue as one page of Markdown: its runbooks, and the actions and facts that they use.
#[must_use]
pub fn catalogue_page(known: &Catalogue) -> String {
    let runbooks: Vec<&Runbook> = known.runbooks().collect();
    as_markdown(&runbooks, &actions::actions(), &vocabulary().facts)
}

/// JSON Schema of a runbook, for editors.
#[must_use]
pub fn schema() -> Value {
    runbook_schema()
}

fn files_of(path: &Path) -> Result<Vec<Text>, OpsError> {
    let cannot = |at: &Path, why: &dyn std::fmt::Display| {
        OpsError::BadRunbook(format!("cannot read `{}`: {why}", at.display()))
    };
    let mut found = Vec::new();
    let mut left = vec![path.to_path_buf()];
    while let Some(at) = left.pop() {
        if at.is_dir() {
            // Rehearsals hold worlds and faults, not runbooks.
            if at.file_name().is_some_and(|n| n == "rehearsals") {
                continue;
            }
            for entry in std::fs::read_dir(&at).map_err(|e| cannot(&at, &e))? {
                left.push(entry.map_err(|e| cannot(&at, &e))?.path());
            }
        } else if at == path || at.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            let text = std::fs::read_to_string(&at).map_err(|e| cannot(&at, &e))?;
            found.push(Text {
                file: at.display().to_string(),
                text,
            });
        }
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    if found.is_empty() {
        return Err(cannot(path, &"there is no runbook in it"));
    }
    Ok(found)
}

/// Draws diagnostics of one text.
pub(super) fn drawn(
    file: &str,
    text: &str,
    diagnostics: &[crate::base::diagnostics::Diagnostic],
) -> OpsError {
    OpsError::BadRunbook(render(diagnostics, &Sources::one(file, text)))
}
