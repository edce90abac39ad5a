//! Exchanges that other tests wrote down.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use runbook::sim::Exchange;
use serde::Deserialize;

/// A line of a file of exchanges.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// Whether our client sent it, as opposed to a test that asks the simulator by itself.
    pub(crate) ours: bool,
    pub(crate) exchange: Exchange,
}

/// Each distinct exchange in the files of `folder`.
pub(crate) fn read(folder: &Path) -> Vec<Line> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "ndjson") {
            for line in fs::read_to_string(&path).unwrap().lines() {
                if seen.insert(line.to_owned()) {
                    found.push(serde_json::from_str(line).unwrap_or_else(|e| {
                        panic!("`{}` holds no exchange: {e}: {line}", path.display())
                    }));
                }
            }
        }
    }
    found
}
