use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::base::diagnostics::{Sources, line_column, render};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    name: String,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    id: String,
    action: Action,
    #[serde(default)]
    seconds: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Wait,
    Restart,
}

/// Every mistake as `line:column message | help`.
fn mistakes(text: &str) -> Vec<String> {
    let mut found = parse::<Book>("f", text).expect_err("the text has mistakes");
    crate::base::diagnostics::sort(&mut found);
    found
        .iter()
        .map(|d| {
            let (line, column) = line_column(text, d.span.start);
            let help = d.help.as_deref().unwrap_or_default();
            format!("{line}:{column} {} | {help}", d.message)
        })
        .collect()
}

#[test]
fn a_good_document_comes_with_its_places() {
    let text = "name: x\nsteps:\n  - id: a\n    action: wait\n";
    let document = parse::<Book>("f", text).expect("it is good");
    assert_eq!(document.value.name, "x");
    assert!(document.value.settings.is_empty());
    assert_eq!(document.value.steps[0].id, "a");
    assert!(matches!(document.value.steps[0].action, Action::Wait));
    assert_eq!(&text[document.spans.key("steps[0].action")], "action");
    assert_eq!(&text[document.spans.value("steps[0].action")], "wait");
    assert_eq!(
        &text[document.spans.value("steps[0].gone.deeper")],
        "id: a\n    action: wait"
    );
    assert_eq!(document.spans.value("steps[7]").start, 17);
}

#[test]
fn two_bad_steps_give_two_mistakes_and_a_third_elsewhere_is_found_too() {
    let text = "name: 1.5\nsteps:\n  - id: a\n    actoin: wait\n  - id: b\n    action: wiat\n    \
                seconds: five\n  - action: restart\n    id: c\n    seconds: -1\n";
    assert_eq!(
        mistakes(text),
        [
            "1:7 `name` takes text, not the number `1.5` | quote it: \"1.5\"",
            "3:5 the field `action` is missing | ",
            "4:5 there is no field `actoin` here | did you mean `action`?",
            "6:13 `action` does not take `wiat` | did you mean `wait`?",
            "7:14 `seconds` takes a whole number, not below 0, not the text \"five\" | ",
            "10:14 `seconds` takes a whole number, not below 0, not the number `-1` | ",
        ]
    );
}

#[test]
fn every_missing_field_is_named() {
    assert_eq!(
        mistakes("steps:\n  - seconds: 1\n"),
        [
            "1:1 the field `name` is missing | ",
            "2:5 the field `action` is missing | ",
            "2:5 the field `id` is missing | ",
        ]
    );
}

#[test]
fn the_same_key_twice_shows_both_places_at_any_depth() {
    let text = "name: x\nsettings:\n  a: 1\n  b: {c: 1, c: 2}\n  a: 3\nname: y\nsteps: []\n";
    let found = parse::<Book>("f", text).expect_err("keys are there twice");
    assert_eq!(found.len(), 3);
    let drawn = render(&found, &Sources::one("f", text));
    for place in ["f:4:13", "f:5:3", "f:6:1"] {
        assert!(drawn.contains(place), "{place} in\n{drawn}");
    }
    assert_eq!(drawn.matches("first here").count(), 3, "{drawn}");
}

#[test]
fn yaml_that_is_not_read_here_is_refused_with_the_reason() {
    for (text, said) in [
        ("a: &x [1]\nb: *x\n", "anchors on lists"),
        ("c:\n  <<: {x: 1}\n", "merge keys"),
        ("a: !include x.yaml\n", "tags such as"),
        ("a: 1\n---\nb: 2\n", "second document"),
        ("? [a]\n: b\n", "a key must be a word"),
        ("a: {{ vm.name }}\n", "must be quoted"),
        ("a: {{vm.name}} is it\n", "must be quoted"),
        ("- {{ x }}\n", "must be quoted"),
        ("a:\n\t- b\n", "a tab indents"),
        ("a: [1, 2\nb: 3\n", "not valid YAML"),
        ("a: *nope\n", "not valid YAML"),
        ("", "empty"),
        ("# only a remark\n", "empty"),
    ] {
        let found = parse::<Value>("f", text).expect_err(text);
        assert!(
            found[0].message.contains(said),
            "{text:?}: {}",
            found[0].message
        );
    }
}

#[test]
fn an_unquoted_template_is_told_how_to_be_quoted() {
    let found = parse::<Value>("f", "a: {{ eq x \"y\" }} # why\n").expect_err("unquoted");
    assert_eq!(
        found[0].help.as_deref(),
        Some("quote it: '{{ eq x \"y\" }}'")
    );
    assert_eq!(found[0].span, 3..17);
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let list = format!(
        "a: &a [{}]\nb: [{}]\n",
        vec!["x"; 3000].join(","),
        vec!["*a"; 3000].join(",")
    );
    let word = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(9000),
        vec!["*a"; 9000].join(",")
    );
    let deep = "[".repeat(5000) + &"]".repeat(5000);
    let large = format!("a: {}\n", "x".repeat(LARGEST));
    let keys = format!("{}: [{}]\n", "k".repeat(1000), vec!["1"; 90_000].join(","));
    for text in [list, word, deep, large] {
        parse::<Value>("f", &text).expect_err("a bomb");
    }
    parse::<Value>("f", &keys).expect("large, and no bomb");
}

#[test]
fn numbers_as_keys_are_words_and_big_numbers_are_no_panic() {
    let document = parse::<Value>("f", "1: a\ntrue: b\n").expect("read");
    assert_eq!(document.value["1"], "a");
    let _ = parse::<Value>(
        "f",
        "a: 123456789012345678901234567890123456789012345\nb: .nan\n",
    );
}

#[test]
fn a_hopeless_text_still_ends_with_something_said() {
    assert!(!parse::<Book>("f", "[]").expect_err("a list").is_empty());
    assert!(!parse::<Book>("f", "---\n").expect_err("nothing").is_empty());
    let many = format!("name: x\nsteps: [{}]\n", vec!["7"; 500].join(","));
    assert!(!parse::<Book>("f", &many).expect_err("numbers").is_empty());
}

#[test]
fn a_bracket_that_is_still_open_is_shown() {
    let text = "a: [1, 2\nb: 3\n";
    let found = parse::<Value>("f", text).expect_err("not closed");
    assert_eq!(found[0].related[0].span, 3..4);
    assert!(
        found[0].message.len() > "not valid YAML: ".len(),
        "{}",
        found[0].message
    );
}

#[test]
fn a_large_text_full_of_mistakes_is_judged_in_bounded_time() {
    let step = "  - id: [1]\n    action: {a: b}\n    nope: 1\n";
    let text = format!(
        "name: []\nsteps:\n{}",
        step.repeat(LARGEST / step.len() - 1)
    );
    let found = parse::<Book>("f", &text).expect_err("mistakes");
    assert_eq!(found.len(), 50);
}

#[test]
fn a_byte_order_mark_moves_no_place() {
    let text = "\u{feff}name: ü\nsteps: {}\n";
    let found = parse::<Book>("f", text).expect_err("steps is no list");
    assert_eq!(&text[found[0].span.clone()], "{}");
    let text = "\u{feff}ü: {{ x }}\n";
    let found = parse::<Value>("f", text).expect_err("unquoted");
    assert_eq!(&text[found[0].span.clone()], "{{ x }}");
}

#[test]
fn a_draft_says_which_parts_of_it_mean_nothing() {
    let draft = draft::<Book>("f", "name: x\nsteps:\n  - id: 5\n    action: wait\n");
    let document = draft.document.expect("mended");
    assert_eq!(document.value.steps[0].seconds, None);
    assert_eq!(draft.spoiled, ["steps[0].id"]);
    assert_eq!(draft.diagnostics.len(), 1);
}

#[test]
fn a_part_of_a_value_is_found_in_the_source_in_every_style() {
    let text = "a: x {{y}} z\nb: \"x {{y}} z\"\nc: \"\\u0078 {{y}}\"\nd: >\n  x\n  {{y}}\n";
    let document = parse::<BTreeMap<String, String>>("f", text).expect("good");
    for (path, scalar) in &document.value {
        let at = scalar.find("{{y}}").expect("there");
        let span = document.spans.inside(path, text, scalar, &(at..at + 5));
        assert_eq!(&text[span], "{{y}}", "{path}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in any::<String>()) {
        if let Err(found) = parse::<Book>("f", &text) {
            let _ = render(&found, &Sources::one("f", &text));
        }
    }

    #[test]
    fn no_text_that_looks_like_yaml_makes_reading_panic(
        text in "([a-c\"'{}\\[\\]:,&*!|>#%@`?<-]|\u{feff}|name: |steps:|id: |  |\n|\n- |ü|\t|\\{\\{){0,60}"
    ) {
        if let Err(found) = parse::<Book>("f", &text) {
            let _ = render(&found, &Sources::one("f", &text));
        }
        let _ = parse::<Value>("f", &text);
    }
}
