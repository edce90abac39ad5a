//! Why a condition holds or does not, in words: the facts that decided it, with their values.

use std::borrow::Cow;

use handlebars::Path;
use handlebars::template::{Parameter, TemplateElement};
use serde_json::Value;

use super::evaluate::{compute, escaped, path};
use super::helpers::{scalar, what};
use super::{FactPath, Scope};

/// What facts say of themselves, where plain words made of their paths would mislead.
pub trait Phrases {
    /// What it means that the fact at `path` is true, or a list with items; or the opposite.
    fn phrase(&self, path: &FactPath, truth: bool) -> Option<String>;
}

/// Words that are not written as they are spoken.
const SPOKEN: [(&str, &str); 5] = [
    ("vm", "VM"),
    ("os", "OS"),
    ("ssd", "SSD"),
    ("power", "power state"),
    ("provisioning", "provisioning state"),
];

/// An outcome of a step, after its name.
const OUTCOMES: [(&str, &str); 4] = [
    ("satisfied", "had nothing to do"),
    ("changed", "has done its work"),
    ("skipped", "was skipped"),
    ("failed", "has failed"),
];

/// What makes a condition true or false, as a clause.
pub(super) fn told(expression: &Parameter, scope: &dyn Scope, phrases: &dyn Phrases) -> String {
    let teller = Teller { scope, phrases };
    let clauses = match teller.truth(expression) {
        Some(truth) => teller.clauses(expression, truth),
        None => Vec::new(),
    };
    if clauses.is_empty() {
        return "nothing asks for it".to_owned();
    }
    clauses.join(" and ")
}

struct Teller<'a> {
    scope: &'a dyn Scope,
    phrases: &'a dyn Phrases,
}

impl Teller<'_> {
    fn value(&self, expression: &Parameter) -> Value {
        compute(expression, self.scope).unwrap_or(Value::Null)
    }

    fn truth(&self, expression: &Parameter) -> Option<bool> {
        self.value(expression).as_bool()
    }

    /// Only what decided: of an `and` that does not hold, the parts that do not.
    fn clauses(&self, expression: &Parameter, truth: bool) -> Vec<String> {
        if let Some(path) = subject(expression) {
            return vec![self.state(&path, &truth.into())];
        }
        let Some((name, params)) = call(expression) else {
            return Vec::new();
        };
        match (name, params) {
            ("and" | "or", parts) => {
                let deciding = parts.iter().filter(|p| self.truth(p) == Some(truth));
                let mut clauses: Vec<String> =
                    deciding.flat_map(|p| self.clauses(p, truth)).collect();
                clauses.dedup();
                clauses
            }
            ("not", [inner]) => self.clauses(inner, !truth),
            ("any", [list]) => vec![self.list(list, truth)],
            ("eq", [a, b]) => vec![self.same(a, b, truth)],
            ("ne", [a, b]) => vec![self.same(a, b, !truth)],
            ("contains", [a, b]) => {
                let verb = if truth { "has" } else { "does not have" };
                vec![format!("{} {verb} {}", self.noun(a), self.noun(b))]
            }
            ("gt" | "gte" | "lt" | "lte", [a, b]) => vec![self.ordered(name, a, b, truth)],
            _ => Vec::new(),
        }
    }

    /// One thing is another; or is something else, which then is told.
    fn same(&self, a: &Parameter, b: &Parameter, equal: bool) -> String {
        let (subject, other) = match (subject(a), subject(b)) {
            (None, Some(_)) => (b, a),
            _ => (a, b),
        };
        let found = self.value(subject);
        match (self::subject(subject), self::subject(other)) {
            (Some(path), None) => self.state(&path, &found),
            _ => {
                let verb = if equal { "is" } else { "is not" };
                format!("{} {verb} {}", self.measured(subject), self.measured(other))
            }
        }
    }

    fn ordered(&self, name: &str, a: &Parameter, b: &Parameter, truth: bool) -> String {
        let relation = match (name, truth) {
            ("gt", true) | ("lte", false) => "above",
            ("gte", true) | ("lt", false) => "not below",
            ("lt", true) | ("gte", false) => "below",
            _ => "not above",
        };
        format!("{} is {relation} {}", self.measured(a), self.measured(b))
    }

    /// A fact and what it is: "the VM's OS is linux", "the agent is not outdated".
    fn state(&self, path: &FactPath, value: &Value) -> String {
        let segments: Vec<&str> = path.segments().iter().map(String::as_str).collect();
        match (segments.as_slice(), value) {
            (["steps", step, "outcome"], _) => {
                let known = OUTCOMES
                    .iter()
                    .find(|(name, _)| Some(*name) == value.as_str());
                let came_to = known.map_or("has not ended", |(_, words)| words);
                format!("the step `{}` {came_to}", escaped(step))
            }
            ([root, .., last], Value::Bool(truth)) if !TOLD.contains(root) => {
                let own = self.phrases.phrase(path, *truth);
                own.unwrap_or_else(|| quality(&segments[..segments.len() - 1], last, *truth))
            }
            _ => format!("{} {}", noun(path), is(value)),
        }
    }

    /// A list that has items, or has none.
    fn list(&self, list: &Parameter, truth: bool) -> String {
        let items = match self.value(list) {
            Value::Array(items) if truth => items.iter().map(shown).collect::<Vec<_>>().join(", "),
            _ => String::new(),
        };
        let Some(path) = fact(list) else {
            return format!(
                "{} is {}",
                self.noun(list),
                if truth { &items } else { "empty" }
            );
        };
        let clause = self.phrases.phrase(&path, truth).unwrap_or_else(|| {
            let segments: Vec<&str> = path.segments().iter().map(String::as_str).collect();
            match segments.as_slice() {
                [root, name] if !TOLD.contains(root) => {
                    let (verb, some) = (verb_of(root), if truth { "some" } else { "no" });
                    format!("{some} {} {verb} {}", spoken(root), spoken(name))
                }
                _ if truth => format!("{} is not empty", noun(&path)),
                _ => format!("{} is empty", noun(&path)),
            }
        });
        if items.is_empty() {
            clause
        } else {
            format!("{clause}: {items}")
        }
    }

    /// What it is called, and how much it is when that was looked up.
    fn measured(&self, expression: &Parameter) -> String {
        match expression {
            Parameter::Literal(value) => shown(value),
            _ => format!(
                "{} ({})",
                self.noun(expression),
                shown(&self.value(expression))
            ),
        }
    }

    fn noun(&self, expression: &Parameter) -> String {
        if let Some(path) = subject(expression) {
            return noun(&path);
        }
        match call(expression) {
            Some(("count" | "len", [inner])) => match subject(inner) {
                Some(path) => format!("the number of {}", listed(&path)),
                None => "the number".to_owned(),
            },
            _ => shown(&self.value(expression)),
        }
    }
}

/// Roots that the engine fills in, whose names people have typed or read in the runbook.
const TOLD: [&str; 3] = ["params", "runbook", "steps"];

/// "the agent is ready", "the agent needs no repair".
fn quality(subject: &[&str], quality: &str, truth: bool) -> String {
    let who = possessive(subject);
    let verb = verb_of(subject.last().unwrap_or(&""));
    let not = if truth { "" } else { " not" };
    let no = if truth { "" } else { "no " };
    if let Some(what) = quality.strip_prefix("needs_") {
        return format!("{who} needs {no}{}", spoken(what));
    }
    if let Some(what) = quality.strip_prefix("has_") {
        return format!("{who} has {no}{}", spoken(what));
    }
    let quality = quality.strip_prefix("is_").unwrap_or(quality);
    format!("{who} {verb}{not} {}", spoken(quality))
}

/// What a fact is called: "the VM's OS", "the parameter `repair`".
fn noun(path: &FactPath) -> String {
    let segments: Vec<&str> = path.segments().iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["params", rest @ ..] => format!("the parameter `{}`", escaped(&rest.join("."))),
        ["steps", step, "outputs", rest @ ..] => {
            let found = escaped(&rest.join("."));
            format!("`{found}` from the step `{}`", escaped(step))
        }
        [all @ .., "list", number, field] if number.parse::<usize>().is_ok() => {
            let number = match *number {
                "0" => "first".to_owned(),
                later => format!("item {later}"),
            };
            format!(
                "the {} of the {number} of {}",
                spoken(field),
                possessive(all)
            )
        }
        all => possessive(all),
    }
}

/// A list, as what is counted: "disks".
fn listed(path: &FactPath) -> String {
    match path.segments() {
        [root, list] if list == "list" => spoken(root),
        _ => noun(path),
    }
}

/// "the restore points' count"
fn possessive(segments: &[&str]) -> String {
    let mut words = "the ".to_owned();
    for (at, segment) in segments.iter().enumerate() {
        if at > 0 {
            words.push_str(if words.ends_with('s') { "' " } else { "'s " });
        }
        words.push_str(&spoken(segment));
    }
    words
}

fn spoken(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let known = SPOKEN.iter().find(|(written, _)| *written == word);
        known.map_or(Cow::from(word), |(_, said)| Cow::from(*said))
    });
    escaped(&words.collect::<Vec<_>>().join(" "))
}

fn verb_of(name: &str) -> &'static str {
    if name.ends_with('s') { "are" } else { "is" }
}

fn is(value: &Value) -> String {
    match value {
        Value::Null => "is not known".to_owned(),
        Value::String(text) if text.is_empty() => "is empty".to_owned(),
        other => format!("is {}", shown(other)),
    }
}

/// A value in a few words; what has parts by its name, when it has one.
fn shown(value: &Value) -> String {
    let told = match value {
        Value::Object(fields) if fields.contains_key("name") => scalar(&fields["name"]),
        Value::String(text) if text.chars().count() > 60 => Err(String::new()),
        other => scalar(other),
    };
    told.map_or_else(|_| what(value), |text| escaped(&text))
}

/// The path that an expression is about, through helpers that leave it what it is.
fn subject(expression: &Parameter) -> Option<FactPath> {
    match call(expression) {
        Some(("default", [inner, _]) | ("lower", [inner])) => subject(inner),
        Some(_) => None,
        None => fact(expression),
    }
}

fn fact(expression: &Parameter) -> Option<FactPath> {
    match expression {
        Parameter::Path(Path::Relative((_, raw))) => Some(path(raw)),
        _ => None,
    }
}

fn call(expression: &Parameter) -> Option<(&str, &[Parameter])> {
    let Parameter::Subexpression(call) = expression else {
        return None;
    };
    match call.as_element() {
        TemplateElement::Expression(found) => match &found.name {
            Parameter::Name(name) => Some((name, &found.params)),
            _ => None,
        },
        _ => None,
    }
}
