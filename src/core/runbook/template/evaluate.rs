//! Expressions and facts to values and texts.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use handlebars::template::{Parameter, Subexpression, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper as Call, HelperDef, Path, RenderContext, RenderError,
    RenderErrorReason, ScopedJson,
};
use serde_json::Value;

use super::helpers::{Helper, scalar, what};
use super::parse::{Part, Template};
use super::{Evaluated, FactPath, Reading, Scope};

/// Handlebars with our helpers in place of its own of the same names.
static ENGINE: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    for helper in Helper::all() {
        engine.register_helper(helper.name, Box::new(Computed(helper)));
    }
    engine
});

/// A helper as Handlebars calls it.
struct Computed(&'static Helper);

impl HelperDef for Computed {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        call: &Call<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let refuse = |why: String| RenderError::from(RenderErrorReason::Other(why));
        if call.params().iter().any(|param| param.is_value_missing()) {
            return Err(refuse(format!(
                "`{}` was given a name that does not exist",
                self.0.name
            )));
        }
        let values: Vec<Value> = call
            .params()
            .iter()
            .map(|param| param.value().clone())
            .collect();
        self.0
            .call(&values)
            .map(ScopedJson::Derived)
            .map_err(refuse)
    }
}

/// The value of a template.
pub(super) fn evaluate(template: &Template, scope: &dyn Scope) -> Evaluated {
    if let Some(missing) = missing(template.paths(), scope) {
        return missing;
    }
    if let [Part::Expression(expression)] = template.parts.as_slice() {
        return compute(expression, scope).map_or_else(Evaluated::Failed, Evaluated::Known);
    }
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Text(words) => text.push_str(words),
            Part::Expression(expression) => {
                match compute(expression, scope).and_then(|value| scalar(&value)) {
                    Ok(words) => text.push_str(&words),
                    Err(why) => return Evaluated::Failed(why),
                }
            }
        }
    }
    Evaluated::Known(Value::String(text))
}

/// The text of a template, for people.
pub(super) fn text(template: &Template, scope: &dyn Scope) -> String {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Text(words) => text.push_str(&escaped(words)),
            Part::Expression(expression) => {
                let mut paths = Vec::new();
                collect(expression, &mut paths);
                let value = missing(&paths, scope).unwrap_or_else(|| {
                    compute(expression, scope).map_or_else(Evaluated::Failed, Evaluated::Known)
                });
                text.push_str(&escaped(&shown(&value)));
            }
        }
    }
    text
}

fn shown(value: &Evaluated) -> String {
    match value {
        Evaluated::Known(Value::Null) => "-".to_owned(),
        Evaluated::Known(Value::Array(items)) => {
            let texts: Vec<String> = items
                .iter()
                .map(|item| scalar(item).unwrap_or_else(|_| what(item)))
                .collect();
            texts.join(", ")
        }
        Evaluated::Known(value) => scalar(value).unwrap_or_else(|_| what(value)),
        Evaluated::Unknown(by) => format!("(known after {by})"),
        Evaluated::Failed(why) => format!("(cannot be read: {why})"),
    }
}

/// Control characters and those that turn the direction of writing, as escapes: a name that
/// came from Azure must not draw over the line it stands in.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Why the paths cannot all be read now: a failure first, then what is unknown.
pub(super) fn missing(paths: &[FactPath], scope: &dyn Scope) -> Option<Evaluated> {
    let mut unknown = BTreeSet::new();
    for path in paths {
        match scope.read(path) {
            Reading::Known(_) => {}
            Reading::Unknown(by) => {
                unknown.insert(by);
            }
            Reading::Failed(why) => return Some(Evaluated::Failed(why)),
            Reading::Undeclared => {
                return Some(Evaluated::Failed(format!("there is no fact `{path}`")));
            }
        }
    }
    let unknown: Vec<String> = unknown.into_iter().collect();
    (!unknown.is_empty()).then(|| Evaluated::Unknown(unknown.join(" and ")))
}

/// Computes an expression whose paths are all known.
pub(super) fn compute(expression: &Parameter, scope: &dyn Scope) -> Result<Value, String> {
    let expression = filled(expression, scope)?;
    let context = Context::null();
    let mut render = RenderContext::new(None);
    let result = expression.expand(&ENGINE, &context, &mut render);
    result
        .map(|found| found.value().clone())
        .map_err(|error| match error.reason() {
            RenderErrorReason::Other(why) => why.clone(),
            _ => error.to_string(),
        })
}

/// The expression with each path replaced by its value: nothing is left to look up.
fn filled(expression: &Parameter, scope: &dyn Scope) -> Result<Parameter, String> {
    match expression {
        Parameter::Path(Path::Relative((_, raw))) => match scope.read(&path(raw)) {
            Reading::Known(value) => Ok(Parameter::Literal(value)),
            Reading::Unknown(_) | Reading::Failed(_) | Reading::Undeclared => {
                Err(format!("`{raw}` cannot be read twice the same"))
            }
        },
        Parameter::Subexpression(call) => {
            let TemplateElement::Expression(found) = call.as_element() else {
                return Ok(expression.clone());
            };
            let params: Result<Vec<Parameter>, String> = found
                .params
                .iter()
                .map(|param| filled(param, scope))
                .collect();
            let call = Subexpression::new(found.name.clone(), params?, Default::default());
            Ok(Parameter::Subexpression(call))
        }
        other => Ok(other.clone()),
    }
}

fn collect(expression: &Parameter, paths: &mut Vec<FactPath>) {
    match expression {
        Parameter::Path(Path::Relative((_, raw))) => paths.push(path(raw)),
        Parameter::Subexpression(call) => {
            for param in call.params().into_iter().flatten() {
                collect(param, paths);
            }
        }
        _ => {}
    }
}

pub(super) fn path(raw: &str) -> FactPath {
    FactPath::new(raw.split('.').map(str::to_owned).collect())
}
