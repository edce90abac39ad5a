//! Serde's sentences, in the words of somebody who writes YAML.

use serde_json::Value;

use crate::base::diagnostics::{Diagnostic, did_you_mean};

use super::decode::Part;
use super::spans::Spans;
use super::{DEEPEST, code};

/// What serde found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Missing { field: String },
    Unknown { field: String, known: Vec<String> },
    Variant { found: String, known: Vec<String> },
    Type { found: String, expected: String },
    Other { message: String },
}

impl Fault {
    /// Reads serde's message, whose forms `serde::de::Error` fixes.
    pub(super) fn read(message: &str) -> Self {
        if let Some(field) = message.strip_prefix("missing field `") {
            return Self::Missing {
                field: field.trim_end_matches('`').to_owned(),
            };
        }
        if let Some((field, known)) = split_expected(message, "unknown field `") {
            return Self::Unknown { field, known };
        }
        if let Some((found, known)) = split_expected(message, "unknown variant `") {
            return Self::Variant { found, known };
        }
        let typed = ["invalid type: ", "invalid value: "]
            .iter()
            .find_map(|prefix| message.strip_prefix(prefix)?.rsplit_once(", expected "));
        match typed {
            Some((found, expected)) => Self::Type {
                found: found.to_owned(),
                expected: expected.to_owned(),
            },
            None => Self::Other {
                message: message.to_owned(),
            },
        }
    }
}

/// The name and the known words of "… `name`, expected one of `a`, `b`", or of "…, there are no
/// fields".
fn split_expected(message: &str, prefix: &str) -> Option<(String, Vec<String>)> {
    let message = message.strip_prefix(prefix)?;
    let (name, rest) = message
        .rsplit_once("`, expected ")
        .or_else(|| message.rsplit_once("`, there are no "))?;
    Some((
        name.to_owned(),
        rest.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect(),
    ))
}

/// `steps[0].with.scopes`.
pub(super) fn path(place: &[Part]) -> String {
    let mut path = String::new();
    for part in place {
        match part {
            Part::Index(index) => path.push_str(&format!("[{index}]")),
            Part::Key(key) if path.is_empty() => path.push_str(key),
            Part::Key(key) => {
                path.push('.');
                path.push_str(key);
            }
        }
    }
    path
}

/// The diagnostic of a fault at `place`.
pub(super) fn fault(
    file: &str,
    fault: &Fault,
    place: &[Part],
    tree: &Value,
    spans: &Spans,
) -> Diagnostic {
    let path = path(place);
    let value = || spans.value(&path);
    let name = name(place);
    match fault {
        Fault::Missing { field } => {
            let message = format!("the field `{field}` is missing");
            let label = format!("needs `{field}`");
            Diagnostic::error(code::MISSING_FIELD, file, value(), message).labelled(label)
        }
        Fault::Unknown { field, known } => {
            let message = format!("there is no field `{field}` here");
            Diagnostic::error(code::UNKNOWN_FIELD, file, spans.key(&path), message)
                .maybe_helped(suggest(field, known, "fields"))
        }
        Fault::Variant { found, known } => {
            let message = format!("`{name}` does not take `{found}`");
            Diagnostic::error(code::WRONG_VALUE, file, value(), message)
                .maybe_helped(suggest(found, known, "values"))
        }
        Fault::Type { found, expected } => {
            let message = format!(
                "{} takes {}, not {}",
                of(&name),
                wanted(expected),
                had(found)
            );
            let quote = quote(expected, at(tree, place));
            Diagnostic::error(code::WRONG_VALUE, file, value(), message).maybe_helped(quote)
        }
        Fault::Other { message } => {
            let message = format!("{}: {message}", of(&name));
            Diagnostic::error(code::WRONG_VALUE, file, value(), message)
        }
    }
}

/// `serde_yaml` refused what the first pass let through.
pub(super) fn unreadable(file: &str, text: &str, error: &serde_yaml::Error) -> Diagnostic {
    let at = error
        .location()
        .map_or(0, |location| location.index())
        .min(text.len());
    let why = error.to_string();
    let why = why.split(" at line ").next().unwrap_or_default();
    let message = match why {
        "recursion limit exceeded" => format!("nested deeper than {DEEPEST} levels"),
        why => format!("not valid YAML: {why}"),
    };
    Diagnostic::error(code::SYNTAX, file, at..at, message)
}

/// The last name of a path, with the index of an item: `waits[2]`.
fn name(place: &[Part]) -> String {
    let start = place
        .iter()
        .rposition(|part| matches!(part, Part::Key(_)))
        .unwrap_or(0);
    path(&place[start..])
}

fn of(name: &str) -> String {
    if name.is_empty() {
        "the document".to_owned()
    } else {
        format!("`{name}`")
    }
}

fn at<'a>(tree: &'a Value, place: &[Part]) -> Option<&'a Value> {
    place.iter().try_fold(tree, |at, part| match part {
        Part::Key(key) => at.get(key),
        Part::Index(index) => at.get(index),
    })
}

fn suggest(found: &str, known: &[String], what: &str) -> Option<String> {
    if let Some(meant) = did_you_mean(found, known.iter().map(String::as_str)) {
        return Some(format!("did you mean `{meant}`?"));
    }
    match known {
        [] => return None,
        [only] => return Some(format!("only `{only}` is taken here")),
        _ => {}
    }
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("the {what} are {}", names.join(", ")))
}

/// What a field takes, in plain words.
fn wanted(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not below 0".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a string" | "string" | "str" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        "unit" | "null" => "nothing".to_owned(),
        other if other.starts_with("struct ") => "a mapping".to_owned(),
        other if other.starts_with("enum ") || other.contains("variant") => "a word".to_owned(),
        other => other.to_owned(),
    }
}

/// What was found, in plain words.
fn had(found: &str) -> String {
    for (prefix, word) in [
        ("string ", "the text "),
        ("integer ", "the number "),
        ("floating point ", "the number "),
        ("boolean ", ""),
    ] {
        if let Some(rest) = found.strip_prefix(prefix) {
            return format!("{word}{rest}");
        }
    }
    match found {
        "null" | "unit value" => "nothing".to_owned(),
        "map" => "a mapping".to_owned(),
        "sequence" => "a list".to_owned(),
        other => other.to_owned(),
    }
}

/// A number or a boolean where text belongs only lacks its quotes.
fn quote(expected: &str, found: Option<&Value>) -> Option<String> {
    match (wanted(expected).as_str(), found?) {
        ("text", found @ (Value::Number(_) | Value::Bool(_))) => {
            Some(format!("quote it: \"{found}\""))
        }
        _ => None,
    }
}
