//! How rehearsals are told.

use serde_json::{Value, json};

use crate::cli::output::{Format, Output, to_stdout};
use crate::core::report::{clean, junit, markdown};
use crate::ops::rehearse::cases::Case;
use crate::ops::rehearse::golden::{Ending, Rehearsed};

/// Tells all of them, in as much detail as is asked for.
pub(super) fn all(all: &[Rehearsed], output: &Output, detail: Detail) {
    match output.format {
        Format::Json => {
            let rows: Vec<Value> = all.iter().map(row).collect();
            output.value(&json!({
                "schema_version": 1,
                "exit_code": u8::from(all.iter().any(Rehearsed::is_wrong)),
                "cases": rows,
            }));
        }
        Format::Ndjson => all.iter().for_each(|rehearsed| {
            output.value(&row(rehearsed));
        }),
        Format::Markdown => {
            to_stdout("| runbook | case | |\n|---|---|---|\n");
            all.iter().for_each(|rehearsed| to_stdout(&line(rehearsed)));
            to_stdout(&format!("\n{}\n", summary(all)));
        }
        Format::Text => {
            let told = all.iter().filter(|r| detail == Detail::All || r.is_wrong());
            told.for_each(|rehearsed| to_stdout(&text(rehearsed, detail)));
            to_stdout(&format!("{}\n", summary(all)));
        }
    }
}

/// How much is told to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Each case with which something is wrong, and what differs from what is written.
    Wrong,
    /// What came out of new cases, too.
    New,
    /// Each case.
    All,
}

/// `1 case`, `2 cases`.
pub(super) fn cases(number: usize) -> String {
    format!("{number} {}", if number == 1 { "case" } else { "cases" })
}

/// A rehearsal as CI systems know tests. What cannot be read or breaks a rule is an error.
pub(super) fn as_test(rehearsed: &Rehearsed) -> junit::Test {
    let (class, name) = (rehearsed.case.code.clone(), rehearsed.case.name.clone());
    let wrong = rehearsed.is_wrong().then(|| junit::Wrong {
        is_failure: !matches!(rehearsed.ending, Ending::Broken(_)),
        message: said(rehearsed),
        text: details(rehearsed),
    });
    junit::Test {
        class,
        name,
        took: rehearsed.took,
        wrong,
    }
}

fn text(rehearsed: &Rehearsed, detail: Detail) -> String {
    let title = rehearsed.case.title();
    let is_long = matches!(rehearsed.ending, Ending::New(_));
    let details = match is_long && detail == Detail::Wrong {
        true => String::new(),
        false => details(rehearsed),
    };
    let indented: String = details.lines().map(|line| format!("  {line}\n")).collect();
    format!("{title}: {}\n{indented}", said(rehearsed))
}

fn line(rehearsed: &Rehearsed) -> String {
    let Case { code, name, .. } = &rehearsed.case;
    let said = markdown::escaped(&said(rehearsed));
    format!("| `{code}` | `{name}` | {said} |\n")
}

fn row(rehearsed: &Rehearsed) -> Value {
    let differences = rehearsed.differences();
    let files = differences
        .iter()
        .map(|d| json!({ "file": d.file, "diff": d.drawn }));
    json!({
        "code": rehearsed.case.code,
        "case": rehearsed.case.name,
        "folder": rehearsed.case.folder,
        "outcome": rehearsed.ending.name(),
        "reason": said(rehearsed),
        "differences": files.collect::<Vec<_>>(),
        "seconds": rehearsed.took.as_secs_f64(),
    })
}

/// How it came out, on one line.
fn said(rehearsed: &Rehearsed) -> String {
    match &rehearsed.ending {
        Ending::AsWritten(_) => "as written".to_owned(),
        Ending::New(_) => format!(
            "has no golden files yet; to read what comes out and write it: runbook rehearse {} --bless",
            rehearsed.case.folder.display()
        ),
        Ending::Differs(_) => {
            let names: Vec<String> = rehearsed
                .differences()
                .iter()
                .filter_map(|d| Some(d.file.file_name()?.to_string_lossy().into_owned()))
                .collect();
            format!("differs from {}", names.join(", "))
        }
        Ending::Broken(why) => {
            let first = why.lines().find(|line| !line.trim().is_empty());
            clean(first.unwrap_or_default())
        }
    }
}

/// What there is to read besides.
fn details(rehearsed: &Rehearsed) -> String {
    if let Ending::Broken(why) = &rehearsed.ending {
        return if why.lines().count() > 1 {
            why.clone()
        } else {
            String::new()
        };
    }
    let drawn = rehearsed.differences().into_iter().map(|difference| {
        let file = difference.file.display();
        format!("--- {file}\n+++ now\n{}", difference.drawn)
    });
    drawn.collect()
}

fn summary(all: &[Rehearsed]) -> String {
    let of = |name: &str| all.iter().filter(|r| r.ending.name() == name).count();
    let mut parts = vec![format!("{} as written", of("as_written"))];
    for (name, word) in [("differs", "differ"), ("new", "new"), ("broken", "broken")] {
        match of(name) {
            0 => {}
            number => parts.push(format!("{number} {word}")),
        }
    }
    format!("{}: {}", cases(all.len()), parts.join(", "))
}
