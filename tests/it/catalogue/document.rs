//! What the documents name: the table, and the collected documents where they lie beside the
//! checkout.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use regex::Regex;

/// What a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Code,
    Number,
    Message,
    Ours,
    NoCode,
}

impl Kind {
    const ALL: [(&str, Self); 5] = [
        ("code", Self::Code),
        ("number", Self::Number),
        ("message", Self::Message),
        ("ours", Self::Ours),
        ("no-code", Self::NoCode),
    ];
}

/// One name of the documents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    section: String,
    pub(super) kind: Kind,
    pub(super) name: String,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = Kind::ALL.iter().find(|(_, kind)| *kind == self.kind);
        let kind = kind.map_or("", |(name, _)| name);
        write!(f, "{} {kind} {}", self.section, self.name)
    }
}

/// The table.
pub(super) fn named() -> Vec<Named> {
    let read = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let mut part = || parts.next().unwrap_or_else(|| panic!("`{line}`"));
        let (section, kind, name) = (part().to_owned(), part(), part().to_owned());
        let kind = Kind::ALL.iter().find(|(name, _)| *name == kind);
        let kind = kind.unwrap_or_else(|| panic!("`{line}` has no kind")).1;
        Named {
            section,
            kind,
            name,
        }
    };
    let lines = include_str!("known.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .map(read)
        .collect()
}

/// The part of a page from one heading to another.
fn part<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let at = page.find(from).unwrap_or_else(|| panic!("no `{from}`"));
    let rest = &page[at + from.len()..];
    &rest[..rest.find(to).unwrap_or_else(|| panic!("no `{to}`"))]
}

/// The cells of each row of the tables in `text`.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("|---"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// The codes, numbers and symptoms of the collected documents.
fn of_documents(page: &str) -> BTreeSet<String> {
    let name =
        Regex::new(r"(?:Pre-|Post-)?\b[A-Z][A-Za-z0-9]*[a-z0-9][A-Z][A-Za-z0-9]*(?:-Script)?(…?)")
            .unwrap();
    let number = Regex::new(r"\b\d{6}\b").unwrap();
    let symptom = Regex::new(r#"symptom "([^"]*)""#).unwrap();
    let mut found = BTreeSet::new();
    for (from, to, cells) in [
        ("\n## 1.1 ", "\n## 1.2 ", 1..3),
        ("\n## 5.1 ", "\n## 5.2 ", 0..1),
        ("\n## 5.2 ", "\n## 5.3 ", 0..1),
        ("\n## 5.3 ", "\n## 5.4 ", 0..1),
        ("\n## 5.5 ", "\n# 6", 0..1),
    ] {
        for row in rows(part(page, from, to)) {
            let text = row[cells.clone()].join(" ");
            // A name with an ellipsis stands for a family whose members are named elsewhere.
            let names = name
                .captures_iter(&text)
                .filter(|found| found[1].is_empty());
            found.extend(names.map(|found| found[0].to_owned()));
            found.extend(
                number
                    .find_iter(&text)
                    .map(|found| found.as_str().to_owned()),
            );
            found.extend(
                symptom
                    .captures_iter(&text)
                    .map(|found| found[1].to_owned()),
            );
        }
    }
    found
}

#[test]
fn the_table_forgets_nothing_that_the_collected_documents_name() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/remediations.md");
    let Ok(page) = std::fs::read_to_string(page) else {
        return;
    };
    let table: BTreeSet<String> = named().into_iter().map(|named| named.name).collect();
    let documents = of_documents(&page);
    assert!(documents.len() > 100, "{} names read", documents.len());
    let forgotten: Vec<&String> = documents.difference(&table).collect();
    assert!(forgotten.is_empty(), "{forgotten:#?}");
}

#[test]
fn the_table_names_nothing_twice() {
    let mut seen = BTreeSet::new();
    for named in named() {
        assert!(
            seen.insert(named.name.clone()),
            "{named} stands there twice"
        );
    }
}

#[test]
fn a_code_a_number_and_a_symptom_are_found_in_a_page() {
    let page = "\n## 1.1 Codes\n| # | Code | Aliases |\n|---|---|---|\n| 1 | `UserErrorA` | `SomeAlias…` |\n\
                | 2 | symptom \"It failed\" | — |\n\n## 1.2 x\n\n## 5.1 x\n| Code |\n| 320001 ResourceGone |\n\
                ## 5.2 x\n## 5.2 x\n\n## 5.3 x\n| Pre-ScriptTimeout / Post-… |\n\n## 5.4 x\n\n## 5.5 x\n\n# 6";
    let expected = [
        "320001",
        "It failed",
        "Pre-ScriptTimeout",
        "ResourceGone",
        "UserErrorA",
    ];
    assert_eq!(of_documents(page), expected.map(str::to_owned).into());
}
