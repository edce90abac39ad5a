//! Microsoft's own examples: what they show must pass, or we would check more than is said.

use std::fs;

use runbook::sim::{Answered, Exchange};
use serde_json::{Map, Value};

use crate::check::{Checker, Problem};
use crate::exchanges::Line;

/// Checks the answers of every example of every operation.
pub(crate) fn all_pass(checker: &Checker) {
    let (mut answers, mut problems) = (0, Vec::new());
    for operation in &checker.specs.operations {
        for file in &operation.examples {
            let Ok(text) = fs::read_to_string(file) else {
                continue;
            };
            let example: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
            for (status, response) in example["responses"].as_object().into_iter().flatten() {
                let Ok(status) = status.parse::<u16>() else {
                    continue;
                };
                let mut headers = Map::new();
                for (name, value) in response["headers"].as_object().into_iter().flatten() {
                    headers.insert(name.to_ascii_lowercase(), value.clone());
                }
                // Examples leave the polling headers out.
                headers
                    .entry("location")
                    .or_insert_with(|| Value::from("-"));
                let line = Line {
                    ours: false,
                    exchange: Exchange {
                        method: operation.method.clone(),
                        uri: format!(
                            "{}?api-version={}",
                            filled(&operation.path),
                            operation.version
                        ),
                        body: Value::Null,
                        answer: Some(Answered {
                            status,
                            headers,
                            body: response["body"].clone(),
                            injected: false,
                        }),
                    },
                };
                answers += 1;
                let (_, found) = checker.check(&line);
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                let found = found
                    .into_iter()
                    .filter(|problem| !is_wrong(&name, problem));
                problems.extend(found.map(|problem| format!("{name}: {problem}")));
            }
        }
    }
    crate::tell(&format!(
        "openapi: {answers} answers of Microsoft's examples, {} problems",
        problems.len()
    ));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Whether Microsoft's example is wrong by Microsoft's description: a file, and the end of a place.
fn is_wrong(file: &str, problem: &Problem) -> bool {
    const WRONG: &[(&str, &str)] = &[
        (
            "VirtualMachine_List_MaximumSet_Gen.json",
            "/networkApiVersion",
        ),
        (
            "VirtualMachine_ListAll_MaximumSet_Gen.json",
            "/networkApiVersion",
        ),
        ("Snapshot_GetIncrementalSnapshot.json", "/diskState"),
        (
            "Snapshot_GetIncrementalSnapshot.json",
            "/networkAccessPolicy",
        ),
    ];
    // What is absent is often written as `null` in them.
    problem.reason.starts_with("null is not")
        || WRONG
            .iter()
            .any(|(name, place)| *name == file && problem.place.ends_with(place))
}

/// A path of that template.
fn filled(template: &str) -> String {
    let scopes = ["{scope}", "{resourceId}", "{resourceUri}"];
    let path = scopes.iter().fold(template.to_owned(), |path, scope| {
        path.replace(scope, "subscriptions/s")
    });
    path.split('/')
        .map(|s| if s.starts_with('{') { "x" } else { s })
        .collect::<Vec<_>>()
        .join("/")
}
