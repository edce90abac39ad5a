//! Whether the arguments of a step fit its action's schema.

use serde_json::Value;

use crate::base::diagnostics::did_you_mean;
use crate::core::runbook::template::{Evaluated, FactPath, Reading, Scope, Template};

use super::json_schema::Schema;

/// One argument that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Misfit {
    /// Its path below the arguments: `.scopes[0]`.
    pub(super) path: String,
    /// Whether its name is wrong rather than its value.
    pub(super) is_name: bool,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// All that does not fit in `value`, which stands at `path`.
pub(super) fn misfits(value: &Value, schema: Schema<'_>, path: &str) -> Vec<Misfit> {
    let value = match value {
        Value::String(text) if text.contains("{{") => match meaning(text) {
            Meaning::Value(value) => &value.clone(),
            Meaning::Text => return text_misfits(schema, path),
            Meaning::Open => return Vec::new(),
        },
        value => value,
    };
    let alternatives = schema.alternatives();
    if let [only] = alternatives.as_slice() {
        return against(value, *only, path);
    }
    let tried: Vec<Vec<Misfit>> = alternatives
        .iter()
        .map(|s| against(value, *s, path))
        .collect();
    if tried.iter().any(Vec::is_empty) || tried.is_empty() {
        return Vec::new();
    }
    // An alternative that takes a mapping where a mapping stands says more than a list of types.
    let deeper = tried
        .iter()
        .find(|found| found.iter().all(|m| m.path != path || m.is_name));
    deeper
        .cloned()
        .unwrap_or_else(|| vec![none_fits(value, &alternatives, path)])
}

enum Meaning {
    Value(Value),
    Text,
    Open,
}

/// What can be said of a text with expressions before any fact is known.
fn meaning(text: &str) -> Meaning {
    struct Nothing;
    impl Scope for Nothing {
        fn read(&self, _: &FactPath) -> Reading {
            Reading::Undeclared
        }
    }
    match Template::parse(text) {
        Ok(template) if template.is_literal() => match template.evaluate(&Nothing) {
            Evaluated::Known(value) => Meaning::Value(value),
            _ => Meaning::Open,
        },
        Ok(template) if !template.is_one_expression() => Meaning::Text,
        _ => Meaning::Open,
    }
}

fn text_misfits(schema: Schema<'_>, path: &str) -> Vec<Misfit> {
    let alternatives = schema.alternatives();
    let takes_text = |s: &Schema<'_>| {
        s.types().contains(&"string")
            || s.is_open()
            || s.choices()
                .is_some_and(|choices| choices.iter().any(|c| c.is_string()))
    };
    if alternatives.is_empty() || alternatives.iter().any(takes_text) {
        return Vec::new();
    }
    vec![none_fits(
        &Value::String("{{…}}".to_owned()),
        &alternatives,
        path,
    )]
}

fn against(value: &Value, schema: Schema<'_>, path: &str) -> Vec<Misfit> {
    if schema.node.as_bool() == Some(false) {
        return vec![misfit(path, format!("{} is not taken", name(path)), None)];
    }
    if let Some(choices) = schema.choices() {
        return if choices.contains(&value) {
            Vec::new()
        } else {
            vec![none_fits(value, &[schema], path)]
        };
    }
    let types = schema.types();
    if !types.is_empty() && !types.iter().any(|t| is_of(value, t)) {
        return vec![none_fits(value, &[schema], path)];
    }
    match value {
        Value::Object(_) => object(value, schema, path),
        Value::Array(items) => match schema.items() {
            Some(schema) => items
                .iter()
                .enumerate()
                .flat_map(|(index, item)| misfits(item, schema, &format!("{path}[{index}]")))
                .collect(),
            None => Vec::new(),
        },
        Value::Number(_) => limits(value, schema, path),
        _ => Vec::new(),
    }
}

fn object(value: &Value, schema: Schema<'_>, path: &str) -> Vec<Misfit> {
    let mut found = Vec::new();
    for (key, item) in value.as_object().into_iter().flatten() {
        let below = format!("{path}.{key}");
        match (schema.property(key), schema.additional()) {
            (Some(property), _) => found.extend(misfits(item, property, &below)),
            (None, Some(additional)) if additional.node.as_bool() == Some(false) => {
                found.push(unknown(key, below, schema));
            }
            (None, Some(additional)) => found.extend(misfits(item, additional, &below)),
            (None, None) => {}
        }
    }
    let required = schema
        .node
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for field in required.filter_map(Value::as_str) {
        if value.get(field).is_none() {
            found.push(misfit(
                path,
                format!("the argument `{field}` is missing"),
                None,
            ));
        }
    }
    found
}

fn unknown(key: &str, path: String, schema: Schema<'_>) -> Misfit {
    let names: Vec<&str> = schema.properties().collect();
    let help = match did_you_mean(key, names.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if names.is_empty() => "it takes no arguments".to_owned(),
        None => format!("the arguments are {}", names.join(", ")),
    };
    let message = format!("there is no argument `{key}`");
    Misfit {
        path,
        is_name: true,
        message,
        help: Some(help),
    }
}

fn limits(value: &Value, schema: Schema<'_>, path: &str) -> Vec<Misfit> {
    let limit = |key: &str| schema.node.get(key).and_then(Value::as_f64);
    let Some(number) = value.as_f64() else {
        return Vec::new();
    };
    let name = name(path);
    match (limit("minimum"), limit("maximum")) {
        (Some(least), _) if number < least => {
            vec![misfit(
                path,
                format!("{name} takes {least} or more, not {value}"),
                None,
            )]
        }
        (_, Some(most)) if number > most => {
            vec![misfit(
                path,
                format!("{name} takes {most} or less, not {value}"),
                None,
            )]
        }
        _ => Vec::new(),
    }
}

/// No alternative fits: says what would.
fn none_fits(value: &Value, alternatives: &[Schema<'_>], path: &str) -> Misfit {
    let mut wanted: Vec<String> = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    for schema in alternatives {
        let fits: Vec<String> = match schema.choices() {
            Some(choices) => {
                words.extend(choices.iter().filter_map(|choice| choice.as_str()));
                choices
                    .iter()
                    .map(|choice| {
                        format!(
                            "`{}`",
                            choice
                                .as_str()
                                .map_or_else(|| choice.to_string(), str::to_owned)
                        )
                    })
                    .collect()
            }
            None => schema.types().iter().map(|t| plain(t).to_owned()).collect(),
        };
        wanted.extend(fits);
    }
    wanted.dedup();
    let help = value.as_str().and_then(|text| did_you_mean(text, words));
    let message = format!(
        "{} takes {}, not {}",
        name(path),
        wanted.join(" or "),
        shown(value)
    );
    misfit(
        path,
        message,
        help.map(|meant| format!("did you mean `{meant}`?")),
    )
}

fn misfit(path: &str, message: String, help: Option<String>) -> Misfit {
    Misfit {
        path: path.to_owned(),
        is_name: false,
        message,
        help,
    }
}

/// The last name of a path: `scopes[0]`.
fn name(path: &str) -> String {
    format!("`{}`", path.rsplit('.').next().unwrap_or(path))
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

fn plain(kind: &str) -> &str {
    match kind {
        "null" => "nothing",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        "object" => "a mapping",
        other => other,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        Value::String(text) => format!("the text `{text}`"),
        other => format!("`{other}`"),
    }
}
