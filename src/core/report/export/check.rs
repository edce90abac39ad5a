//! Whether an export is as it was written: every hash, the chain, the row, and the seals where the
//! key is at hand.

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{EVENTS, Files, MANIFEST, SUMS, SUMS_SEAL};
use crate::base::SealKey;
use crate::base::seal::Use;
use crate::core::journal::evidence::{Finding, Kept, Line, Row, another_key};
use crate::core::report::checked::{Checked, Kind, Seal};

/// The key that an export is held against.
#[derive(Clone, Debug)]
pub enum Key {
    /// There is none.
    None,
    /// One lies in the state directory: it may be another's.
    AtHand(SealKey),
    /// It was given for this: it has to be the one.
    Given(SealKey),
}

#[derive(Deserialize)]
struct Manifest {
    key: String,
}

#[derive(Deserialize)]
struct Told<'a> {
    run: String,
    seq: i64,
    at: String,
    #[serde(borrow)]
    event: &'a RawValue,
    hash: String,
}

/// What is wrong with the files of the export `name`.
#[must_use]
pub fn check(name: &str, files: &Files, key: &Key) -> Checked {
    let mut checked = Checked {
        kind: Kind::Export,
        name: name.to_owned(),
        events: 0,
        head: None,
        seal: Seal::Unchecked,
        findings: sums(files),
        notes: Vec::new(),
    };
    match read(files) {
        Ok((kept, sealed_with)) => {
            checked.events = kept.lines.len();
            checked.head = Some(kept.row.head.clone());
            seals(&kept, &sealed_with, files, key, &mut checked);
        }
        Err(what) => checked.findings.push(Finding::new(what)),
    }
    checked
}

fn seals(kept: &Kept, sealed_with: &str, files: &Files, key: &Key, checked: &mut Checked) {
    let usable = match key {
        Key::AtHand(key) | Key::Given(key) if key.name() == sealed_with => Some(key),
        Key::Given(key) => {
            checked.seal = Seal::Other;
            checked.notes.push(another_key(sealed_with, key));
            None
        }
        Key::None | Key::AtHand(_) => {
            checked.notes.push(format!(
                "the seals were not checked: they take the key {sealed_with}, in RUNBOOK_SEAL_KEY or the state directory; somebody who rewrote all files together is not found without it"
            ));
            None
        }
    };
    checked.findings.extend(kept.findings(usable));
    let Some(key) = usable else { return };
    let sums = String::from_utf8_lossy(files.get(SUMS).map_or(b"", Vec::as_slice));
    let seal = String::from_utf8_lossy(files.get(SUMS_SEAL).map_or(b"", Vec::as_slice));
    let (_, seal) = seal.trim().split_once(' ').unwrap_or_default();
    let sums_sealed = key.holds(Use::Export, &sums, seal);
    if !sums_sealed {
        checked.findings.push(Finding::new(format!(
            "the seal over `{SUMS}` does not hold: files were rewritten together with their hashes, without the key"
        )));
    }
    checked.seal = match sums_sealed && kept.row.is_sealed_with(key) {
        true => Seal::Holds,
        false => Seal::Broken,
    };
}

/// Files that are not as their hashes say, that are missing, or that nobody wrote.
fn sums(files: &Files) -> Vec<Finding> {
    let Some(sums) = files.get(SUMS) else {
        return vec![Finding::new(format!(
            "`{SUMS}` is missing: the export is not whole"
        ))];
    };
    let sums = String::from_utf8_lossy(sums);
    let mut findings = Vec::new();
    let mut listed: Vec<(&str, &str)> = Vec::new();
    for line in sums.lines() {
        match line.split_once("  ") {
            Some(pair) => listed.push(pair),
            None => findings.push(Finding::new(format!("`{line}` in `{SUMS}` is no hash"))),
        }
    }
    for (hash, name) in &listed {
        match files.get(*name) {
            None => findings.push(Finding::new(format!("`{name}` is missing"))),
            Some(bytes) if hex::encode(Sha256::digest(bytes)) != *hash => {
                findings.push(Finding::new(format!(
                    "`{name}` was altered: its hash is another"
                )));
            }
            Some(_) => {}
        }
    }
    let unlisted = files.keys().filter(|name| {
        ![SUMS, SUMS_SEAL].contains(&name.as_str()) && !listed.iter().any(|(_, n)| n == name)
    });
    findings.extend(unlisted.map(|name| Finding::new(format!("`{name}` is not in `{SUMS}`"))));
    findings
}

/// The run, and the name of the key that it is sealed with.
fn read(files: &Files) -> Result<(Kept, String), String> {
    let text = |name: &str| {
        let bytes = files
            .get(name)
            .ok_or_else(|| format!("`{name}` is missing"))?;
        std::str::from_utf8(bytes).map_err(|e| format!("`{name}` is no text: {e}"))
    };
    let manifest = text(MANIFEST)?;
    let no = |e: serde_json::Error| format!("`{MANIFEST}` cannot be understood: {e}");
    let row: Row = serde_json::from_str(manifest).map_err(no)?;
    let Manifest { key } = serde_json::from_str(manifest).map_err(no)?;
    let mut lines = Vec::new();
    for (at, line) in (1..).zip(text(EVENTS)?.lines()) {
        let told: Told = serde_json::from_str(line)
            .map_err(|e| format!("line {at} of `{EVENTS}` cannot be understood: {e}"))?;
        if told.run != row.run {
            return Err(format!(
                "line {at} of `{EVENTS}` is of another run: `{}`",
                told.run
            ));
        }
        lines.push(Line {
            seq: told.seq,
            at: told.at,
            event: told.event.get().to_owned(),
            hash: told.hash,
        });
    }
    Ok((Kept { row, lines }, key))
}
