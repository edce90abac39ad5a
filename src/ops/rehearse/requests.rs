//! What was asked of the simulated Azure, as `requests.txt` has it, and what is masked in golden
//! files.

use std::sync::OnceLock;

use regex::Regex;

use crate::sim::Entry;

/// The requests under a title, the same one after another drawn together.
pub(super) fn section(title: &str, entries: &[Entry]) -> String {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for entry in entries {
        let line = line(entry);
        match lines.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => lines.push((line, 1)),
        }
    }
    let told = lines.into_iter().map(|(line, count)| match count {
        1 => format!("{line}\n"),
        _ => format!("{line} x{count}\n"),
    });
    masked(&format!("# {title}\n{}", told.collect::<String>()))
}

fn line(entry: &Entry) -> String {
    let query: Vec<String> = entry
        .query
        .iter()
        .filter(|(name, _)| name != "api-version" && name != "monitor")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let query = match query.is_empty() {
        true => String::new(),
        false => format!("?{}", query.join("&")),
    };
    let status = match (entry.status, entry.dropped) {
        (_, true) => "dropped".to_owned(),
        (Some(status), _) => status.to_string(),
        (None, false) => "-".to_owned(),
    };
    let mark = if entry.is_write() { "!" } else { " " };
    let (method, path) = (&entry.method, below_the_subscription(&entry.path));
    format!("{mark} {status:>3} {method} {path}{query}")
}

/// There is one subscription in a world; its id tells nothing.
fn below_the_subscription(path: &str) -> String {
    match path
        .strip_prefix("/subscriptions/")
        .map(|rest| rest.split_once('/'))
    {
        Some(Some((_, below))) => format!("/{{S}}/{below}"),
        Some(None) => "/{S}".to_owned(),
        None => path.to_owned(),
    }
}

/// Without what changes with every edit of a runbook: hashes, the tail of a run's id, and the day
/// from which jobs are listed.
pub(super) fn masked(text: &str) -> String {
    static MASKS: OnceLock<Vec<(Regex, &str)>> = OnceLock::new();
    let masks = MASKS.get_or_init(|| {
        [
            ("[0-9a-f]{64}", "<hash>"),
            (r"(\b\d{8}-\d{6})-[0-9a-f]{8}\b", "$1-<chance>"),
            ("startTime eq '[^']*'", "startTime eq '<14 days ago>'"),
        ]
        .into_iter()
        .filter_map(|(mask, instead)| Some((Regex::new(mask).ok()?, instead)))
        .collect()
    });
    masks.iter().fold(text.to_owned(), |text, (mask, instead)| {
        mask.replace_all(&text, *instead).into_owned()
    })
}
