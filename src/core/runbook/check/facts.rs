//! Whether a fact is declared.

use crate::base::diagnostics::did_you_mean;
use crate::core::runbook::model::Parameters;
use crate::core::runbook::template::{Condition, FactPath, Template};

use super::json_schema::Schema;
use super::problems::{At, Problems};
use super::{Vocabulary, code};

/// What may be named at one place of a document.
pub(super) struct Declared<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    parameters: Option<&'a Parameters>,
    /// The ids of the steps before this place.
    ran: Vec<&'a str>,
}

/// Why a path is not declared.
struct Undeclared {
    message: String,
    help: Option<String>,
}

impl<'a> Declared<'a> {
    /// What may be named before the first step; `None` where there are no parameters.
    pub(super) fn new(vocabulary: &'a Vocabulary, parameters: Option<&'a Parameters>) -> Self {
        Self {
            vocabulary,
            parameters,
            ran: Vec::new(),
        }
    }

    /// The step `id` comes before what follows.
    pub(super) fn ran(&mut self, id: &'a str) {
        self.ran.push(id);
    }

    /// Checks a text that may hold expressions.
    pub(super) fn template(&self, path: &str, text: &str, problems: &mut Problems<'_>) {
        match Template::parse(text) {
            Err(error) => problems.expression(path, text, error),
            Ok(template) => {
                for (fact, place) in template.places() {
                    self.fact(fact, &At::Inside(path, text, place.clone()), problems);
                }
            }
        }
    }

    /// Checks a condition.
    pub(super) fn condition(&self, path: &str, text: &str, problems: &mut Problems<'_>) {
        match Condition::parse(text) {
            Err(error) => problems.expression(path, text, error),
            Ok(condition) => {
                for (fact, place) in condition.places() {
                    self.fact(fact, &At::Inside(path, text, place.clone()), problems);
                }
            }
        }
    }

    fn fact(&self, fact: &FactPath, at: &At<'_>, problems: &mut Problems<'_>) {
        let declared = match fact.root() {
            "params" => self.parameter(fact),
            "steps" => self.step(fact),
            _ => self.of_vocabulary(fact),
        };
        if let Err(undeclared) = declared {
            problems.add(at, code::FACT, undeclared.message, undeclared.help);
        }
    }

    fn parameter(&self, fact: &FactPath) -> Result<(), Undeclared> {
        let message = format!("there is no parameter `{fact}`");
        let Some(parameters) = self.parameters else {
            let help = Some("parameters are for steps".to_owned());
            return Err(Undeclared { message, help });
        };
        if parameters.is_empty() {
            let help = Some("declare it under `parameters:`".to_owned());
            return Err(Undeclared { message, help });
        }
        match fact.segments() {
            [_, name] if parameters.get(name).is_some() => Ok(()),
            [_, name, ..] => Err(undeclared(
                message,
                "params.",
                name,
                parameters.iter().map(|(n, _)| n),
            )),
            _ => Err(undeclared(
                message,
                "params.",
                "",
                parameters.iter().map(|(n, _)| n),
            )),
        }
    }

    fn step(&self, fact: &FactPath) -> Result<(), Undeclared> {
        match fact.segments() {
            [_, id, ..] if !self.ran.contains(&id.as_str()) => {
                let message = format!("there is no earlier step `{id}`");
                Err(undeclared(message, "", id, self.ran.iter().copied()))
            }
            [_, _, what] if what == "outcome" => Ok(()),
            [_, _, what, ..] if what == "outputs" => Ok(()),
            segments => {
                let message = format!("there is no fact `{fact}`");
                let what = segments.get(2).map_or("", String::as_str);
                Err(undeclared(message, "", what, ["outcome", "outputs"]))
            }
        }
    }

    fn of_vocabulary(&self, fact: &FactPath) -> Result<(), Undeclared> {
        let message = format!("there is no fact `{fact}`");
        let Some((name, rest)) = fact.segments().split_first() else {
            return Err(Undeclared {
                message,
                help: None,
            });
        };
        let Some(schema) = self.vocabulary.facts.get(name) else {
            let roots = self.vocabulary.facts.keys().map(String::as_str);
            return Err(undeclared(
                message,
                "",
                name,
                roots.chain(["params", "steps"]),
            ));
        };
        let mut here = vec![Schema::new(schema)];
        for (depth, segment) in rest.iter().enumerate() {
            let alternatives: Vec<Schema<'_>> = here
                .iter()
                .flat_map(|schema| schema.alternatives())
                .collect();
            if alternatives.iter().any(|schema| schema.is_open()) {
                return Ok(());
            }
            here = alternatives
                .iter()
                .filter_map(|schema| child(*schema, segment))
                .collect();
            if here.is_empty() {
                let names = alternatives.into_iter().flat_map(Schema::properties);
                let above = format!("{}.", fact.segments()[..=depth].join("."));
                return Err(undeclared(message, &above, segment, names));
            }
        }
        Ok(())
    }
}

fn child<'a>(schema: Schema<'a>, segment: &str) -> Option<Schema<'a>> {
    if let Some(property) = schema.property(segment) {
        return Some(property);
    }
    if let (Some(items), Ok(_)) = (schema.items(), segment.parse::<usize>()) {
        return Some(items);
    }
    match schema.additional() {
        Some(open) if open.node.as_bool() == Some(false) => None,
        Some(open) => Some(open),
        // An object that names no property may have any.
        None if schema.types().contains(&"object") && schema.properties().next().is_none() => {
            Some(schema.part(&serde_json::Value::Bool(true)))
        }
        None => None,
    }
}

fn undeclared<'n>(
    message: String,
    above: &str,
    word: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Undeclared {
    let known: Vec<&str> = known.into_iter().collect();
    let help = match did_you_mean(word, known.iter().copied()) {
        Some(meant) => Some(format!("did you mean `{above}{meant}`?")),
        None if known.is_empty() => None,
        None => Some(format!("known here: {}", known.join(", "))),
    };
    Undeclared { message, help }
}
