//! Text to documents, with the places of everything in them.

use serde::de::DeserializeOwned;

use crate::base::diagnostics::Diagnostic;
use crate::base::yaml::{self, Spans};

use super::model::{Procedure, Runbook};

/// A document as it was read. It may be a draft: only [`super::check`] says whether it is good.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    /// The document; where there are mistakes, without the mistaken parts or with others in
    /// their place.
    pub document: T,
    /// Where each part of it stands.
    pub spans: Spans,
    /// The file, as the user named it.
    pub file: String,
    /// The text it was read from.
    pub text: String,
    /// What is wrong with its shape.
    pub mistakes: Vec<Diagnostic>,
    /// The paths where something else stands than was written.
    pub spoiled: Vec<String>,
}

/// Reads a runbook. Mistakes in its shape are kept in it for [`super::check::check`].
///
/// # Errors
/// When the text is not YAML, or so far from a runbook that nothing more can be said of it.
pub fn runbook(file: &str, text: &str) -> Result<Parsed<Runbook>, Vec<Diagnostic>> {
    read(file, text)
}

/// Reads a procedure. Mistakes in its shape are kept in it for
/// [`super::check::check_procedure`].
///
/// # Errors
/// As [`runbook`].
pub fn procedure(file: &str, text: &str) -> Result<Parsed<Procedure>, Vec<Diagnostic>> {
    read(file, text)
}

fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<Parsed<T>, Vec<Diagnostic>> {
    let draft = yaml::draft::<T>(file, text);
    match draft.document {
        None => Err(draft.diagnostics),
        Some(document) => Ok(Parsed {
            document: document.value,
            spans: document.spans,
            file: file.to_owned(),
            text: text.to_owned(),
            mistakes: draft.diagnostics,
            spoiled: draft.spoiled,
        }),
    }
}
