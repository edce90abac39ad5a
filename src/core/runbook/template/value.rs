//! Expressions inside values: the `with` of a step.

use serde_json::{Map, Value};

use super::{Evaluated, FactPath, Scope, Template, TemplateError};

/// The value with every text in it evaluated: a failure anywhere makes it failed, else an
/// unknown anywhere makes it unknown.
#[must_use]
pub fn render_value(value: &Value, scope: &dyn Scope) -> Evaluated {
    match value {
        Value::String(text) => match Template::parse(text) {
            Ok(template) => template.evaluate(scope),
            Err(error) => Evaluated::Failed(error.to_string()),
        },
        Value::Array(items) => {
            let items = items.iter().map(|item| ((), render_value(item, scope)));
            gather(items, |items| {
                Value::Array(items.into_iter().map(|(_, item)| item).collect())
            })
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, item)| (key.clone(), render_value(item, scope)));
            gather(fields, |fields| {
                Value::Object(fields.into_iter().collect::<Map<_, _>>())
            })
        }
        other => Evaluated::Known(other.clone()),
    }
}

fn gather<K>(
    parts: impl Iterator<Item = (K, Evaluated)>,
    build: impl FnOnce(Vec<(K, Value)>) -> Value,
) -> Evaluated {
    let mut known = Vec::new();
    let mut unknown: Option<String> = None;
    for (key, part) in parts {
        match part {
            Evaluated::Known(value) => known.push((key, value)),
            Evaluated::Unknown(by) => {
                unknown.get_or_insert(by);
            }
            Evaluated::Failed(why) => return Evaluated::Failed(why),
        }
    }
    unknown.map_or_else(|| Evaluated::Known(build(known)), Evaluated::Unknown)
}

/// The paths that the texts of a value name.
///
/// # Errors
/// The first text that holds no proper expression; none in a checked runbook.
pub fn value_paths(value: &Value) -> Result<Vec<FactPath>, TemplateError> {
    let mut paths = Vec::new();
    let mut wrong = None;
    each_text(value, "", &mut |_, text| match Template::parse(text) {
        Ok(template) => paths.extend_from_slice(template.paths()),
        Err(error) => {
            wrong.get_or_insert(error);
        }
    });
    wrong.map_or(Ok(paths), Err)
}

/// Calls `visit` with each text of a value and its path, which starts with `path`.
pub fn each_text(value: &Value, path: &str, visit: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                each_text(item, &format!("{path}[{index}]"), visit);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                each_text(item, &format!("{path}.{key}"), visit);
            }
        }
        _ => {}
    }
}
