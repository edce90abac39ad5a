//! Whether what was done is told as it was done: verifying runs, exporting one, verifying exports.

use std::path::{Path, PathBuf};

use crate::base::filesystem::write_new;
use crate::core::journal::sqlite::{Sqlite, Verified, VerifiedRun};
use crate::core::report::checked::{Checked, Kind, Seal};
use crate::core::report::export::{self, Files, Key};
use crate::ops::{OpsError, Settings, runs, world};

/// A run in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The run.
    pub run: String,
    /// The folder.
    pub folder: PathBuf,
    /// The names of its files.
    pub files: Vec<String>,
    /// The hash of the last event.
    pub head: String,
}

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

/// Holds an exported folder against its hashes, and against its seals where the key is at hand.
///
/// # Errors
/// When it cannot be read, or what was given as the key is none.
pub fn verify_export(settings: &Settings, folder: &Path) -> Result<Checked, OpsError> {
    let key = match (&settings.seal_key, world::key_at_hand(settings)?) {
        (_, None) => Key::None,
        (Some(_), Some(key)) => Key::Given(key),
        (None, Some(key)) => Key::AtHand(key),
    };
    let name = folder.display().to_string();
    let files = read(folder).map_err(|why| OpsError::UnreadableExport {
        place: name.clone(),
        why: why.to_string(),
    })?;
    Ok(export::check(&name, &files, &key))
}

fn read(folder: &Path) -> std::io::Result<Files> {
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // What is no file was not exported; it is named as one too many.
        let bytes = match entry.file_type()?.is_file() {
            true => std::fs::read(entry.path())?,
            false => Vec::new(),
        };
        files.insert(name, bytes);
    }
    Ok(files)
}

/// Writes a run into a new folder: `to`, else one that is named for the run.
///
/// # Errors
/// When there is no such run, it was altered, or the folder exists or cannot be written.
pub async fn export(journal: &Sqlite, id: &str, to: Option<&Path>) -> Result<Exported, OpsError> {
    let run = runs::find(journal, id).await?;
    let kept = journal.kept(&run).await?;
    let not = |why: String| OpsError::NotExported {
        run: run.to_string(),
        why,
    };
    let files = export::files(&kept, journal.key()).map_err(|unfit| not(unfit.to_string()))?;
    let named = PathBuf::from(format!("runbook-{run}"));
    let folder = to.map_or(named, Path::to_path_buf);
    let place = folder.display();
    if folder.symlink_metadata().is_ok() {
        return Err(OpsError::Usage(format!(
            "`{place}` exists already, and an export is not written over anything: give --to another name, or remove it"
        )));
    }
    write(&folder, &files).map_err(|why| not(format!("cannot write `{place}`: {why}")))?;
    Ok(Exported {
        run: run.to_string(),
        files: files.into_keys().collect(),
        folder,
        head: kept.row.head,
    })
}

/// The hashes come last: a folder without them was not finished.
fn write(folder: &Path, files: &Files) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let is_sums = |(name, _): &(&String, &Vec<u8>)| name.starts_with("SHA256SUMS");
    let (sums, others): (Vec<_>, Vec<_>) = files.iter().partition(is_sums);
    for (name, bytes) in others.into_iter().chain(sums) {
        write_new(&folder.join(name), &String::from_utf8_lossy(bytes))?;
    }
    Ok(())
}
