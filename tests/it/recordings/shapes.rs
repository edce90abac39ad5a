//! Answers of our own making, one for each shape that matters: short, under invented ids, and of
//! the same name as the recording that has this shape.
//!
//! They are told and carried on wherever the tests run. Where the recordings lie beside the
//! repository, each is held against its own: it has no field, header or status that Azure does
//! not send there.

use std::collections::BTreeMap;
use std::path::Path;

use runbook::azure::{Reader, ResourceId};
use serde::Deserialize;
use serde_json::Value;

use super::recording::{self, Recording};
use super::replay::Replay;
use super::{Counts, golden, tell_all};
use crate::golden::compare;
use crate::kit::figures;

/// An answer of our own making.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    /// What it shows, in a line.
    shows: String,
    /// The method and the path with its query.
    request: String,
    status: u16,
    /// In the casing of the wire; `<certificate>`, `<signature>` and `<hash>` stand for what
    /// makes a polling URL 3 KB long.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
}

/// All of them.
pub(super) fn all() -> Vec<Recording> {
    let shapes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/shapes");
    let files = recording::files(&shapes).into_iter();
    files.map(|(name, bytes)| read(name, &bytes)).collect()
}

fn read(name: String, bytes: &[u8]) -> Recording {
    let shape: Shape = serde_json::from_slice(bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
    let (method, target) = shape.request.split_once(' ').unwrap();
    let headers = shape.headers.into_iter();
    Recording {
        name,
        shows: shape.shows,
        method: method.to_owned(),
        target: target.to_owned(),
        status: shape.status,
        headers: headers
            .map(|(name, value)| (name, signed(&value)))
            .collect(),
        body: shape.body,
    }
}

fn signed(header: &str) -> String {
    [
        ("<certificate>", 2_700),
        ("<signature>", 342),
        ("<hash>", 43),
    ]
    .iter()
    .fold(header.to_owned(), |text, (part, long)| {
        let letters = part[1..2].to_uppercase() + "3x-_9Zq";
        text.replace(part, &letters.repeat(*long)[..*long])
    })
}

#[tokio::test(start_paused = true)]
async fn every_shape_is_read_or_classified() {
    let shapes = all();
    let (list, mut wrong, counts) = tell_all(&shapes).await;
    wrong.extend(compare(&golden("shapes"), &list));
    let Counts {
        read, classified, ..
    } = counts;
    let told = format!(
        "{} of our own making, {read} parsed, {classified} classified",
        shapes.len()
    );
    figures::keep("shapes", &told);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_shape_has_what_its_recording_has_not() {
    let recordings = recording::beside();
    if recordings.is_empty() {
        return;
    }
    let mut invented = Vec::new();
    for shape in all() {
        let Some(real) = recordings.iter().find(|r| r.name == shape.name) else {
            invented.push(format!("{}: there is no such recording", shape.name));
            continue;
        };
        let (told, known) = (&shape.headers, &real.headers);
        let unknown = told
            .iter()
            .filter(|(name, _)| !known.iter().any(|(k, _)| k == name));
        let mut found: Vec<String> = unknown
            .map(|(name, _)| format!("the header {name}"))
            .collect();
        if (&shape.method, shape.status) != (&real.method, real.status) {
            found.push(format!("{} and HTTP {}", shape.method, shape.status));
        }
        compare_bodies(&shape.body, &real.body, "", &mut found);
        invented.extend(found.iter().map(|what| format!("{}: {what}", shape.name)));
    }
    assert!(invented.is_empty(), "{}", invented.join("\n"));
}

/// Finds fields of `shape` that `real` has not, or has of another kind; a list is compared with
/// all that the real list holds.
fn compare_bodies(shape: &Value, real: &Value, at: &str, found: &mut Vec<String>) {
    match (shape, real) {
        (Value::Object(fields), Value::Object(known)) => {
            for (name, value) in fields {
                let at = format!("{at}/{name}");
                match known.get(name) {
                    Some(known) => compare_bodies(value, known, &at, found),
                    None => found.push(format!("the field {at}")),
                }
            }
        }
        (Value::Array(items), Value::Array(known)) => {
            for (number, item) in items.iter().enumerate() {
                let mut least: Option<Vec<String>> = None;
                for known in known {
                    let mut here = Vec::new();
                    compare_bodies(item, known, &format!("{at}/{number}"), &mut here);
                    if least.as_ref().is_none_or(|l| here.len() < l.len()) {
                        least = Some(here);
                    }
                }
                found.extend(least.unwrap_or_else(|| vec![format!("an item in {at}")]));
            }
        }
        // A body without content was recorded as an empty text.
        (Value::Null, Value::String(text)) if text.is_empty() => {}
        (shape, real) if kind(shape) == kind(real) => {}
        _ => found.push(format!("another kind of value at {at}/")),
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_page_of_a_list_is_asked_for_byte_for_byte() {
    for answers in [all(), recording::beside()] {
        let named = |name: &str| answers.iter().find(|r| r.name.starts_with(name));
        let pages = ["vaults/001-", "vaults/002-", "locks/004-"].map(named);
        let [Some(first), Some(second), Some(empty)] = pages else {
            continue;
        };
        let replay = Replay::in_turn(&[first, second, empty]);
        // No list that we read was recorded in pages; all are read by the same function.
        let subscription = ResourceId::parse("/subscriptions/s").unwrap();
        let reader = Reader::new(replay.arm.clone());
        let list = reader.restore_point_collections(&subscription).await;
        let held = |r: &Recording| r.body["value"].as_array().unwrap().len();
        assert_eq!(list.unwrap().len(), held(first) + held(second));
        assert_eq!(replay.asked()[1], first.body["nextLink"]);
    }
}
