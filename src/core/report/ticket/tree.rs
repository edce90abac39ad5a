//! A value as lines that a person reads: names, values, and lists with dashes.

use serde_json::Value;

use crate::core::report::page::clean;

/// Columns of a line; a word that is longer, such as an id, is not broken.
const WIDTH: usize = 76;

/// Columns of the names of the block's own fields.
const NAMES: usize = 13;

/// Characters of one text: a message of Azure's may carry a whole log.
const MOST_CHARACTERS: usize = 400;

/// A value as lines, two columns in; what is absent or empty is left out.
pub(super) fn lines(value: &Value) -> Vec<String> {
    let inner = nested(value);
    inner.into_iter().map(|line| format!("  {line}")).collect()
}

/// A field of the block itself.
pub(super) fn field(name: &str, text: &str) -> Vec<String> {
    wrapped(&format!("{:<NAMES$}", format!("{name}:")), text, NAMES)
}

/// One entry of a list, two columns in.
pub(super) fn item(text: &str) -> Vec<String> {
    wrapped("  - ", text, 4)
}

fn nested(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Object(fields) => fields.iter().flat_map(|(k, v)| named(k, v)).collect(),
        Value::Array(items) => items.iter().flat_map(dashed).collect(),
        scalar => wrapped("", &text_of(scalar), 0),
    }
}

/// What a script says of itself, and nothing of the guest.
const SCRIPT_STATES: [&str; 7] = [
    "reported",
    "planned",
    "changed",
    "already",
    "busy",
    "needs_human",
    "not_applicable",
];

/// Names that scripts have to keep short, for people.
const LABELS: [(&str, &str); 8] = [
    ("p80", "port 80"),
    ("p443", "port 443"),
    ("p32526", "port 32526"),
    ("dhcpOff", "adapters without DHCP"),
    ("crashes7d", "crashes in 7 days"),
    ("dotnetRelease", ".NET release"),
    ("rebootPending", "reboot pending"),
    ("seen", "last sign of life"),
];

fn label(name: &str) -> String {
    let known = LABELS.iter().find(|(short, _)| *short == name);
    known.map_or_else(
        || clean(name).replace('_', " "),
        |(_, label)| (*label).to_owned(),
    )
}

fn named(name: &str, value: &Value) -> Vec<String> {
    if name == "state" && value.as_str().is_some_and(|s| SCRIPT_STATES.contains(&s)) {
        return Vec::new();
    }
    let name = label(name);
    if matches!(value, Value::Object(_) | Value::Array(_)) {
        let inner = nested(value);
        let head = (!inner.is_empty()).then(|| format!("{name}:"));
        let inner = inner.into_iter().map(|line| format!("  {line}"));
        return head.into_iter().chain(inner).collect();
    }
    match text_of(value) {
        text if text.is_empty() => Vec::new(),
        text => wrapped(&format!("{name}: "), &text, 2),
    }
}

fn dashed(value: &Value) -> Vec<String> {
    let mut inner = nested(value);
    for (at, line) in inner.iter_mut().enumerate() {
        *line = format!("{} {line}", if at == 0 { "-" } else { " " });
    }
    inner
}

fn text_of(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => clean(text),
        Value::Bool(true) => return "yes".to_owned(),
        Value::Bool(false) => return "no".to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// `first` and the words of `text`; further lines are `hang` columns in.
fn wrapped(first: &str, text: &str, hang: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut begun = false;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let blank = usize::from(begun);
        if begun && line.chars().count() + blank + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(hang)));
        } else if begun {
            line.push(' ');
        }
        line.push_str(word);
        begun = true;
    }
    lines.push(line.trim_end().to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_reads_as_names_and_lists_without_what_is_absent() {
        let value = json!({ "agent": { "status": "not_ready", "version": null, "ready": false },
            "nics": [{ "id": "/a", "open": true }, { "id": "/b" }], "locks": [], "codes": ["x", 2] });
        assert_eq!(
            lines(&value),
            [
                "  agent:",
                "    status: not_ready",
                "    ready: no",
                "  nics:",
                "    - id: /a",
                "      open: yes",
                "    - id: /b",
                "  codes:",
                "    - x",
                "    - 2",
            ]
        );
        assert!(lines(&Value::Null).is_empty());
    }

    #[test]
    fn what_a_script_reports_reads_as_people_say_it() {
        let told = json!({ "state": "reported", "p80": "open", "dhcpOff": ["Ethernet"],
            "extension": { "state": "Deleting" } });
        assert_eq!(
            lines(&told),
            [
                "  port 80: open",
                "  adapters without DHCP:",
                "    - Ethernet",
                "  extension:",
                "    state: Deleting",
            ]
        );
    }

    #[test]
    fn lines_are_wrapped_between_words_and_a_text_has_an_end() {
        let long = format!("{} {}", "word ".repeat(30), "i".repeat(90));
        let told = field("Azure says", &long);
        assert!(told[0].starts_with("Azure says:  word word"), "{told:?}");
        assert!(told[1].starts_with("             word"), "{told:?}");
        let ids = told.iter().filter(|line| line.chars().count() > WIDTH);
        assert_eq!(
            ids.count(),
            1,
            "only the id is longer than a line: {told:?}"
        );
        let log = lines(&json!({ "log": "é".repeat(9_000) }));
        assert!(log.concat().chars().count() < 500 && log.concat().ends_with('…'));
    }

    #[test]
    fn what_a_terminal_would_obey_does_not_get_through() {
        let told = lines(&json!({ "a\u{1b}[2J": "b\r\n\u{202e}c" })).join("\n");
        assert_eq!(told, "  a\\u{1b}[2J: b \\u{202e}c");
    }
}
