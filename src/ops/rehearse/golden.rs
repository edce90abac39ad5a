//! What came out of cases, held against their golden files, or written into them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::{Clock, difference, side_by_side};
use crate::core::runbook::catalogue::Catalogue;
use crate::ops::rehearse::cases::Case;
use crate::ops::rehearse::perform::{Performance, Wire, perform};
use crate::ops::{OpsError, catalogue};

/// One case, rehearsed.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// Which.
    pub case: Case,
    /// How it came out.
    pub ending: Ending,
    /// How long it took.
    pub took: Duration,
}

/// How a case came out.
#[derive(Clone, Debug)]
pub enum Ending {
    /// As its golden files say.
    AsWritten(Performance),
    /// It has no golden files yet.
    New(Performance),
    /// Otherwise than its golden files say.
    Differs(Performance),
    /// It cannot be read, or a rule that holds of every run was broken.
    Broken(String),
}

/// A golden file that is not what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file.
    pub file: PathBuf,
    /// What changes in it, as diff shows it.
    pub drawn: String,
}

impl Ending {
    /// Its name in results.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AsWritten(_) => "as_written",
            Self::New(_) => "new",
            Self::Differs(_) => "differs",
            Self::Broken(_) => "broken",
        }
    }
}

impl Rehearsed {
    /// Whether it came out otherwise than written.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        !matches!(self.ending, Ending::AsWritten(_))
    }

    /// What came out, unless it is broken.
    #[must_use]
    pub fn came(&self) -> Option<&Performance> {
        match &self.ending {
            Ending::AsWritten(came) | Ending::New(came) | Ending::Differs(came) => Some(came),
            Ending::Broken(_) => None,
        }
    }

    /// What came out, where it is not what the golden files say.
    #[must_use]
    pub fn to_write(&self) -> Option<&Performance> {
        match &self.ending {
            Ending::New(came) | Ending::Differs(came) => Some(came),
            Ending::AsWritten(_) | Ending::Broken(_) => None,
        }
    }

    /// What would change in its golden files.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        let Some(came) = self.to_write() else {
            return Vec::new();
        };
        let differing = came.files().into_iter().filter_map(|(name, text)| {
            let file = self.case.folder.join(name);
            let before = fs::read_to_string(&file).unwrap_or_default();
            let drawn = difference::drawn(&before, text)?;
            Some(Difference { file, drawn })
        });
        differing.collect()
    }

    /// Writes what came out into the golden files.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn bless(&self) -> Result<(), OpsError> {
        for (name, text) in self.to_write().into_iter().flat_map(Performance::files) {
            let file = self.case.folder.join(name);
            fs::write(&file, text).map_err(|why| {
                OpsError::Usage(format!("cannot write `{}`: {why}", file.display()))
            })?;
        }
        Ok(())
    }
}

/// The runbooks of each folder that the cases rehearse, beside those in the binary; of `only`,
/// where it is given.
///
/// # Errors
/// Every mistake in them, drawn.
pub fn runbooks_of(
    cases: &[Case],
    only: Option<&Path>,
) -> Result<BTreeMap<Option<PathBuf>, Catalogue>, OpsError> {
    let mut known = BTreeMap::new();
    for case in cases {
        if !known.contains_key(&case.runbooks) {
            let folder = only.or(case.runbooks.as_deref());
            known.insert(case.runbooks.clone(), catalogue(folder)?);
        }
    }
    Ok(known)
}

/// Rehearses the cases on as many threads as there are processors; `told` hears of each as it
/// ends. What is returned is in the order of the cases.
#[must_use]
pub fn rehearse(
    cases: &[Case],
    known: &BTreeMap<Option<PathBuf>, Catalogue>,
    wire: &Wire,
    told: &(dyn Fn(&Rehearsed) + Sync),
) -> Vec<Rehearsed> {
    side_by_side(cases, |_, case| {
        let rehearsed = one(case, known.get(&case.runbooks), wire);
        told(&rehearsed);
        rehearsed
    })
}

fn one(case: &Case, known: Option<&Catalogue>, wire: &Wire) -> Rehearsed {
    let clock = Clock::system();
    let began = clock.now();
    let performed = || perform(case, known.unwrap_or(&Catalogue::default()), wire);
    let ending = match catch_unwind(AssertUnwindSafe(performed)) {
        Err(_) => Ending::Broken("it panics, which is a bug of ours".to_owned()),
        Ok(Err(why)) => Ending::Broken(why),
        Ok(Ok(came)) => compared(case, came),
    };
    Rehearsed {
        case: case.clone(),
        ending,
        took: clock.now().duration_since(began).unsigned_abs(),
    }
}

fn compared(case: &Case, came: Performance) -> Ending {
    let written =
        came.files().map(
            |(name, text)| match fs::read_to_string(case.folder.join(name)) {
                Ok(before) => Some(before == text),
                Err(e) if e.kind() == ErrorKind::NotFound => None,
                Err(_) => Some(false),
            },
        );
    match written {
        [Some(true), Some(true), Some(true)] => Ending::AsWritten(came),
        [None, None, None] => Ending::New(came),
        _ => Ending::Differs(came),
    }
}
