//! One exchange against the operation that it is.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use jsonschema::Validator;
use runbook::sim::Answered;
use serde_json::Value;
use url::Url;

use crate::exchanges::Line;
use crate::outside::{self, Outside};
use crate::schema::{Side, validator};
use crate::spec::{Operation, Specs};

/// Query parameters that sign a polling URL, or ask for its result: they stand in the URLs that
/// Azure hands out and in no description (recordings.md section 2).
const OF_POLLING: [&str; 6] = ["p", "t", "c", "s", "h", "monitor"];

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) operation: String,
    /// `request /properties/x`, `answer 200 /value/0/id`, `query $filter`.
    pub(crate) place: String,
    pub(crate) reason: String,
}

/// What was called.
#[derive(Debug)]
pub(crate) enum Called {
    Operation(String),
    Outside(Outside),
    Unknown(String),
}

/// The descriptions, and validators as they are needed.
pub(crate) struct Checker {
    pub(crate) specs: Specs,
}

thread_local! {
    /// Compiled schemas, by what they are of.
    static COMPILED: RefCell<HashMap<String, Rc<Validator>>> = RefCell::default();
}

impl Checker {
    pub(crate) fn new(specs: Specs) -> Self {
        Self { specs }
    }

    /// What `line` called and what is wrong with it.
    pub(crate) fn check(&self, line: &Line) -> (Called, Vec<Problem>) {
        let exchange = &line.exchange;
        let url = Url::parse("https://management.azure.com/")
            .and_then(|base| base.join(&exchange.uri))
            .unwrap();
        let path = decoded(url.path());
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        if let Some(outside) = outside::governed(&exchange.method, &path, &query) {
            let answer = exchange.answer.as_ref().filter(|a| !a.injected);
            let problems = answer.map(|a| self.outside(outside, a)).unwrap_or_default();
            return (Called::Outside(outside), problems);
        }
        let version = value_of(&query, "api-version").unwrap_or_default();
        // The simulator answers every version alike; what we send is held to the version it names.
        let version = Some(version).filter(|_| line.ours);
        let Some(operation) = self.operation(&exchange.method, &path, version) else {
            let version = version.unwrap_or("any version");
            return (
                Called::Unknown(format!("{} {path} ({version})", exchange.method)),
                vec![],
            );
        };
        let mut problems = Vec::new();
        if line.ours {
            problems.extend(self.request(operation, &query, &exchange.body));
        }
        if let Some(answer) = exchange.answer.as_ref().filter(|a| !a.injected) {
            problems.extend(self.answer(operation, answer));
        }
        (Called::Operation(operation.id.clone()), problems)
    }

    /// The operation of that verb, path and version; the most literal path when several fit.
    fn operation(&self, method: &str, path: &str, version: Option<&str>) -> Option<&Operation> {
        let fitting = self.specs.operations.iter().filter(|operation| {
            operation.method == method
                && version.is_none_or(|version| operation.version == version)
                && fits(&operation.path, path)
                && !is_for_anything(&operation.id)
        });
        fitting.min_by_key(|operation| {
            (
                operation.path.starts_with("/{"),
                operation.path.matches('{').count(),
            )
        })
    }

    fn request(
        &self,
        operation: &Operation,
        query: &[(String, String)],
        body: &Value,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut known = Vec::new();
        let mut takes_body = false;
        for (document, parameter) in &operation.parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            let required = parameter["required"] == true;
            match parameter["in"].as_str() {
                Some("query") => {
                    known.push(name.to_ascii_lowercase());
                    match value_of(query, name) {
                        None if required => problems.push(problem(
                            operation,
                            format!("query {name}"),
                            "is required",
                        )),
                        Some(value) => {
                            let value = scalar(parameter, value);
                            let check = compiled(&operation.key(&format!("?{name}")), || {
                                validator(&self.specs, Side::Request, document, parameter)
                            });
                            problems.extend(errors(
                                operation,
                                &format!("query {name}"),
                                &check,
                                &value,
                            ));
                        }
                        None => {}
                    }
                }
                Some("body") => {
                    takes_body = true;
                    if body.is_null() {
                        if required {
                            problems.push(problem(
                                operation,
                                "request".to_owned(),
                                "a body is required",
                            ));
                        }
                        continue;
                    }
                    let check = compiled(&operation.key("body"), || {
                        validator(&self.specs, Side::Request, document, &parameter["schema"])
                    });
                    problems.extend(errors(operation, "request", &check, body));
                }
                _ => {}
            }
        }
        if !takes_body && !body.is_null() {
            problems.push(problem(operation, "request".to_owned(), "takes no body"));
        }
        for (name, _) in query {
            let lower = name.to_ascii_lowercase();
            if !known.contains(&lower) && !OF_POLLING.contains(&lower.as_str()) {
                problems.push(problem(
                    operation,
                    format!("query {name}"),
                    "is not described",
                ));
            }
        }
        problems
    }

    fn answer(&self, operation: &Operation, answer: &Answered) -> Vec<Problem> {
        let place = format!("answer {}", answer.status);
        let status = answer.status.to_string();
        let described = operation.responses.get(&status);
        let otherwise = operation
            .responses
            .get("default")
            .filter(|_| answer.status >= 400);
        let Some(response) = described.or(otherwise) else {
            if answer.status >= 400 {
                // Not every operation describes its errors; Resource Manager's envelope holds for all.
                let check = compiled("error", || {
                    jsonschema::validator_for(&outside::error_schema()).unwrap()
                });
                return errors(operation, &place, &check, &answer.body);
            }
            return vec![problem(operation, place, "is no status of this operation")];
        };
        let (document, response) = self.specs.followed(&operation.document, response);
        let mut problems = Vec::new();
        if answer.status == 202
            && operation.long_running
            && !["location", "azure-asyncoperation"]
                .iter()
                .any(|h| answer.headers.contains_key(*h))
        {
            problems.push(problem(
                operation,
                format!("{place} headers"),
                "has no URL to poll",
            ));
        }
        let empty = answer.body.is_null();
        if response["schema"].is_null() {
            if !empty {
                problems.push(problem(operation, place, "has no body in its description"));
            }
        } else if empty {
            problems.push(problem(operation, place, "has a body in its description"));
        } else {
            let check = compiled(&operation.key(&status), || {
                validator(&self.specs, Side::Answer, &document, &response["schema"])
            });
            problems.extend(errors(operation, &place, &check, &answer.body));
        }
        problems
    }

    fn outside(&self, outside: Outside, answer: &Answered) -> Vec<Problem> {
        let name = format!("({outside:?})");
        if outside != Outside::OperationStatus || answer.status != 200 {
            return Vec::new();
        }
        let check = compiled(&name, || {
            jsonschema::options()
                .should_validate_formats(true)
                .build(&outside::status_schema())
                .unwrap()
        });
        let found = check.iter_errors(&answer.body).map(|error| Problem {
            operation: name.clone(),
            place: format!("answer 200 {}", error.instance_path()),
            reason: error.to_string(),
        });
        found.collect()
    }
}

fn compiled(key: &str, make: impl FnOnce() -> Validator) -> Rc<Validator> {
    COMPILED.with_borrow_mut(|all| {
        Rc::clone(all.entry(key.to_owned()).or_insert_with(|| Rc::new(make())))
    })
}

fn errors(operation: &Operation, place: &str, check: &Validator, value: &Value) -> Vec<Problem> {
    let found = check.iter_errors(value).map(|error| {
        let place = format!("{place} {}", error.instance_path());
        problem(operation, place, &error.to_string())
    });
    found.collect()
}

fn problem(operation: &Operation, place: String, reason: &str) -> Problem {
    Problem {
        operation: operation.id.clone(),
        // Where in a list it stands makes no other problem of it.
        place: place
            .split('/')
            .map(|part| {
                if part.parse::<u32>().is_ok() {
                    "*"
                } else {
                    part
                }
            })
            .collect::<Vec<_>>()
            .join("/"),
        reason: reason.chars().take(300).collect(),
    }
}

fn scalar(parameter: &Value, text: &str) -> Value {
    match parameter["type"].as_str() {
        Some("integer" | "number") => text
            .parse()
            .map_or_else(|_| Value::from(text), |n: i64| Value::from(n)),
        Some("boolean") => text
            .parse()
            .map_or_else(|_| Value::from(text), |b: bool| Value::from(b)),
        _ => Value::from(text),
    }
}

fn value_of<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

fn decoded(path: &str) -> String {
    let text = format!("p={}", path.replace('+', "%2B"));
    url::form_urlencoded::parse(text.as_bytes())
        .next()
        .map_or_else(String::new, |(_, path)| path.into_owned())
}

/// Operations on a resource of any type: they describe nothing of it.
fn is_for_anything(id: &str) -> bool {
    id.starts_with("Resources_") && (id.ends_with("ById") || id == "Resources_Get")
        || matches!(
            id,
            "Resources_Delete"
                | "Resources_CreateOrUpdate"
                | "Resources_Update"
                | "Resources_CheckExistence"
        )
}

/// Whether `path` is one of `template`. A parameter takes one segment, `{scope}` and the like one or
/// more, `{parentResourcePath}` any number. Ids are compared whatever their case.
pub(crate) fn fits(template: &str, path: &str) -> bool {
    fn rest(template: &[String], path: &[String]) -> bool {
        let Some((want, after)) = template.split_first() else {
            return path.is_empty();
        };
        let own = match want.as_str() {
            "{scope}" | "{resourceid}" | "{resourceuri}" => 1..=path.len(),
            "{parentresourcepath}" => 0..=path.len(),
            _ => 1..=1.min(path.len()),
        };
        own.into_iter().any(|own| {
            let named = want.starts_with('{') || path.first() == Some(want);
            (named || own == 0) && rest(after, &path[own..])
        })
    }
    let segments = |text: &str| -> Vec<String> {
        let all = text.split('/').filter(|s| !s.is_empty());
        all.map(str::to_ascii_lowercase).collect()
    };
    rest(&segments(template), &segments(path))
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.operation, self.place, self.reason)
    }
}
