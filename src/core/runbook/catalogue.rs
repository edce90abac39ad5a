//! All runbooks that can be used: each one checked, found by code, alias, number or message.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::base::diagnostics::{Diagnostic, Sources, did_you_mean, render, sort};
use crate::core::symptom::Symptom;

use super::answer::Answer;
use super::check::{self, Vocabulary};
use super::claim::Claim;
use super::embedded;
use super::expand::{Procedures, expanded};
use super::model::Runbook;
use super::parse::{self, Parsed};

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Its name, as the user named it.
    pub file: String,
    /// What it says.
    pub text: String,
}

/// The texts of a catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// The runbooks.
    pub runbooks: Vec<Text>,
    /// The procedures.
    pub procedures: Vec<Text>,
}

impl Folder {
    /// The texts in the binary.
    #[must_use]
    pub fn embedded() -> Self {
        let texts = |list: &[(&str, &str)]| {
            list.iter()
                .map(|(file, text)| Text {
                    file: (*file).to_owned(),
                    text: (*text).to_owned(),
                })
                .collect()
        };
        Self {
            runbooks: texts(embedded::RUNBOOKS),
            procedures: texts(embedded::PROCEDURES),
        }
    }

    /// Files of a runbook folder, told apart by where they stand: those in a folder called
    /// `procedures` are procedures.
    #[must_use]
    pub fn of(files: impl IntoIterator<Item = Text>) -> Self {
        let (procedures, runbooks) = files.into_iter().partition(|text: &Text| {
            text.file.replace('\\', "/").rsplit('/').nth(1) == Some("procedures")
        });
        Self {
            runbooks,
            procedures,
        }
    }

    /// These texts with those of `other` added; one of the same code or name is replaced.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        let codes = other.codes();
        let names: BTreeSet<String> = other.procedures.iter().filter_map(name_of).collect();
        let stays = |key: Option<String>, taken: &BTreeSet<String>| {
            key.is_none_or(|key| !taken.contains(&key))
        };
        self.runbooks
            .retain(|text| codes.is_empty() || stays(code_of(text), &codes));
        self.procedures
            .retain(|text| names.is_empty() || stays(name_of(text), &names));
        self.runbooks.extend(other.runbooks);
        self.procedures.extend(other.procedures);
        self
    }

    /// The codes of the runbooks that can be read, lower-cased.
    #[must_use]
    pub fn codes(&self) -> BTreeSet<String> {
        self.runbooks.iter().filter_map(code_of).collect()
    }
}

fn code_of(text: &Text) -> Option<String> {
    Some(
        parse::runbook(&text.file, &text.text)
            .ok()?
            .document
            .code
            .to_lowercase(),
    )
}

fn name_of(text: &Text) -> Option<String> {
    Some(parse::procedure(&text.file, &text.text).ok()?.document.name)
}

/// Why texts make no catalogue: everything that is wrong with them, drawn by [`fmt::Display`].
#[derive(Clone, Debug)]
pub struct Rejected {
    /// Everything that is wrong, in reading order.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts, for drawing.
    pub sources: Sources,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(&self.diagnostics, &self.sources))
    }
}

impl std::error::Error for Rejected {}

/// No runbook has a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// What was asked for.
    pub code: String,
    /// The code or alias that may have been meant.
    pub did_you_mean: Option<String>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "there is no runbook for `{}`; ",
            self.code.escape_debug()
        )?;
        match &self.did_you_mean {
            Some(meant) => write!(f, "did you mean `{meant}`?"),
            None => f.write_str("`runbook list` names all there are"),
        }
    }
}

impl std::error::Error for NotFound {}

/// One usable runbook.
#[derive(Clone, Debug)]
struct Kept {
    runbook: Runbook,
    claim: Claim,
}

/// All runbooks that can be used, includes expanded.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    kept: Vec<Kept>,
    /// Codes and aliases, lower-cased, with the index of their runbook.
    names: BTreeMap<String, usize>,
    folder: Folder,
}

impl Catalogue {
    /// The runbooks in the binary.
    ///
    /// # Errors
    /// As [`Catalogue::read`].
    pub fn embedded(vocabulary: &Vocabulary) -> Result<Self, Rejected> {
        Self::read(Folder::embedded(), vocabulary)
    }

    /// The runbooks of these texts.
    ///
    /// # Errors
    /// Everything that is wrong with any of them; codes and aliases that two of them claim.
    pub fn read(folder: Folder, vocabulary: &Vocabulary) -> Result<Self, Rejected> {
        let (diagnostics, parsed, procedures) = check_folder(&folder, vocabulary);
        if !diagnostics.is_empty() {
            return Err(Rejected {
                diagnostics,
                sources: sources(&folder),
            });
        }
        let mut kept: Vec<Kept> = parsed
            .iter()
            .map(|parsed| Kept {
                runbook: expanded(&parsed.document, &procedures),
                claim: Claim::new(&parsed.document.code, &parsed.document.matching),
            })
            .collect();
        kept.sort_by_key(|kept| kept.runbook.code.to_lowercase());
        let names = kept.iter().enumerate().flat_map(|(index, kept)| {
            let aliases = kept.runbook.matching.aliases.iter();
            aliases
                .chain([&kept.runbook.code])
                .map(move |name| (name.to_lowercase(), index))
        });
        Ok(Self {
            names: names.collect(),
            kept,
            folder,
        })
    }

    /// This catalogue with a folder's runbooks and procedures: those of a code or name that is
    /// here already take its place.
    ///
    /// # Errors
    /// As [`Catalogue::read`].
    pub fn with_folder(self, folder: Folder, vocabulary: &Vocabulary) -> Result<Self, Rejected> {
        Self::read(self.folder.with(folder), vocabulary)
    }

    /// All runbooks, by code.
    pub fn runbooks(&self) -> impl Iterator<Item = &Runbook> {
        self.kept.iter().map(|kept| &kept.runbook)
    }

    /// The runbook for a code or alias, compared without case.
    ///
    /// # Errors
    /// When there is none; with the code that may have been meant.
    pub fn find(&self, code: &str) -> Result<&Runbook, NotFound> {
        if let Some(kept) = self.named(code) {
            return Ok(&kept.runbook);
        }
        let known = self.runbooks().flat_map(|runbook| {
            [&runbook.code]
                .into_iter()
                .chain(&runbook.matching.aliases)
                .map(String::as_str)
        });
        let meant = did_you_mean(code, known).map(str::to_owned);
        Err(NotFound {
            code: code.to_owned(),
            did_you_mean: meant,
        })
    }

    /// Which runbook answers a failure, and why; the one for everything else where none does or
    /// several fit alike.
    #[must_use]
    pub fn answer(&self, symptom: &Symptom) -> Answer {
        let claims = self.kept.iter().map(|kept| &kept.claim);
        Answer::of(symptom, claims)
    }

    fn named(&self, code: &str) -> Option<&Kept> {
        self.kept.get(*self.names.get(&code.trim().to_lowercase())?)
    }
}

/// Everything that is wrong with a folder, in reading order, and what could be read of it.
fn check_folder(
    folder: &Folder,
    vocabulary: &Vocabulary,
) -> (Vec<Diagnostic>, Vec<Parsed<Runbook>>, Procedures) {
    let mut diagnostics = Vec::new();
    let mut procedures = Procedures::new();
    for text in &folder.procedures {
        match parse::procedure(&text.file, &text.text) {
            Err(found) => diagnostics.extend(found),
            Ok(parsed) => {
                diagnostics.extend(check::check_procedure(&parsed, vocabulary));
                diagnostics.extend(check::name_taken(&parsed, &procedures));
                procedures
                    .entry(parsed.document.name.clone())
                    .or_insert(parsed);
            }
        }
    }
    let mut runbooks = Vec::new();
    for text in &folder.runbooks {
        match parse::runbook(&text.file, &text.text) {
            Err(found) => diagnostics.extend(found),
            Ok(parsed) => {
                diagnostics.extend(check::check(&parsed, &procedures, vocabulary));
                runbooks.push(parsed);
            }
        }
    }
    diagnostics.extend(check::collisions(&runbooks));
    sort(&mut diagnostics);
    (diagnostics, runbooks, procedures)
}

fn sources(folder: &Folder) -> Sources {
    let mut sources = Sources::default();
    for text in folder.runbooks.iter().chain(&folder.procedures) {
        sources.add(&text.file, &text.text);
    }
    sources
}

#[cfg(test)]
mod tests;
