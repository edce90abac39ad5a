//! Writes down what our client sends and what the simulator answers, for `--test contract`.
//!
//! Only where `RUNBOOK_EXCHANGES` names a folder. Exchanges that differ in nothing but numbers and
//! hexadecimal digits are written once: tests of crashes send the same thousands of times.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use runbook::sim::Exchange;
use serde_json::json;

use super::wire::{Answer, Request};

struct Kept {
    file: File,
    shapes: HashSet<String>,
}

/// Keeps the exchange, if anybody asked for it.
pub(super) fn keep(request: &Request, answer: Option<&Answer>) {
    static KEPT: OnceLock<Option<Mutex<Kept>>> = OnceLock::new();
    let Some(kept) = KEPT.get_or_init(open) else {
        return;
    };
    let request = request.clone().map(|body| body.to_vec());
    let answer = answer.map(|answer| answer.clone().map(|body| body.to_vec()));
    let exchange = Exchange::of(&request, answer.as_ref());
    let line = json!({ "ours": true, "exchange": exchange }).to_string();
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.shapes.insert(shape(&line)) {
        writeln!(kept.file, "{line}").unwrap();
    }
}

fn open() -> Option<Mutex<Kept>> {
    let folder = PathBuf::from(std::env::var_os("RUNBOOK_EXCHANGES")?);
    let name = format!("it-{}.ndjson", std::process::id());
    let file = File::create(folder.join(name)).unwrap();
    let shapes = HashSet::new();
    Some(Mutex::new(Kept { file, shapes }))
}

/// The text with each run of hexadecimal digits as one `0`.
fn shape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '0'..='9' | 'a'..='f' | 'A'..='F' if out.ends_with('0') => {}
            '0'..='9' | 'a'..='f' | 'A'..='F' => out.push('0'),
            other => out.push(other),
        }
    }
    out
}
