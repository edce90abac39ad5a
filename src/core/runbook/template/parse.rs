//! Text to expressions: parsed by Handlebars, then checked.

use std::ops::Range;

use handlebars::Path;
use handlebars::template::{Parameter, Subexpression, TemplateElement};
use serde_json::Value;

use crate::base::diagnostics::did_you_mean;

use super::helpers::{self, Helper};
use super::split::{Piece, split};
use super::{Evaluated, FactPath, Phrases, Scope, TemplateError, evaluate, told};

/// A text that may hold expressions, parsed and checked.
#[derive(Clone, Debug)]
pub struct Template {
    pub(super) parts: Vec<Part>,
    paths: Vec<FactPath>,
    places: Vec<Range<usize>>,
}

/// One part of a template.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(String),
    Expression(Parameter),
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// When it holds an expression that is not one, or uses what is not used here.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut template = Self {
            parts: Vec::new(),
            paths: Vec::new(),
            places: Vec::new(),
        };
        for piece in split(text)? {
            match piece {
                Piece::Text(span) => template.parts.push(Part::Text(text[span].to_owned())),
                Piece::Expression { span, words } => {
                    let mut check = Check {
                        text,
                        span: &span,
                        words: words.into_iter(),
                        template: &mut template,
                    };
                    let expression = check.expression()?;
                    template.parts.push(Part::Expression(expression));
                }
            }
        }
        Ok(template)
    }

    /// The paths that its expressions name, in order, repeated as often as they are named.
    #[must_use]
    pub fn paths(&self) -> &[FactPath] {
        &self.paths
    }

    /// The paths with their places in the text.
    pub fn places(&self) -> impl Iterator<Item = (&FactPath, &Range<usize>)> {
        self.paths.iter().zip(&self.places)
    }

    /// Whether it holds no path: its value is the same always.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether it is exactly one expression, and so keeps its value's type.
    #[must_use]
    pub fn is_one_expression(&self) -> bool {
        matches!(self.parts.as_slice(), [Part::Expression(_)])
    }

    /// Its value: of any type when it is exactly one expression, else text.
    #[must_use]
    pub fn evaluate(&self, scope: &dyn Scope) -> Evaluated {
        evaluate::evaluate(self, scope)
    }

    /// Its text for people: what is unknown says when it will be known, what is absent is `-`,
    /// and control characters of facts are escaped.
    #[must_use]
    pub fn text(&self, scope: &dyn Scope) -> String {
        evaluate::text(self, scope)
    }
}

/// A `when`: one expression without braces that yields a boolean.
#[derive(Clone, Debug)]
pub struct Condition(Template);

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// As [`Template::parse`]; and when it is written with braces.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if let Some(at) = text.find("{{") {
            let bare = text.replace("{{", "").replace("}}", "");
            return Err(
                TemplateError::new(at..at + 2, "a condition is written without braces")
                    .helped(format!("write `{}`", bare.trim())),
            );
        }
        let template = Template::parse(&format!("{{{{{text}}}}}")).map_err(|error| {
            let inside = |at: usize| at.saturating_sub(2).min(text.len());
            let span = inside(error.span.start)..inside(error.span.end);
            TemplateError { span, ..error }
        })?;
        if !template.is_one_expression() {
            let at = text.find("}}").unwrap_or(0);
            return Err(TemplateError::new(
                at..at + 2,
                "a condition is written without braces",
            ));
        }
        let places = template
            .places
            .iter()
            .map(|span| span.start - 2..span.end - 2)
            .collect();
        Ok(Self(Template { places, ..template }))
    }

    /// The paths that it names.
    #[must_use]
    pub fn paths(&self) -> &[FactPath] {
        self.0.paths()
    }

    /// The paths with their places in the text.
    pub fn places(&self) -> impl Iterator<Item = (&FactPath, &Range<usize>)> {
        self.0.places()
    }

    /// Whether it holds: a known value is always a boolean.
    #[must_use]
    pub fn evaluate(&self, scope: &dyn Scope) -> Evaluated {
        match self.0.evaluate(scope) {
            Evaluated::Known(value) if !value.is_boolean() => Evaluated::Failed(format!(
                "a condition must yield true or false, and this one yields {}",
                helpers::what(&value)
            )),
            other => other,
        }
    }

    /// Why it holds, or does not, as a clause for people: the facts that decided it.
    #[must_use]
    pub fn told(&self, scope: &dyn Scope, phrases: &dyn Phrases) -> String {
        match self.0.parts.as_slice() {
            [Part::Expression(expression)] => told::told(expression, scope, phrases),
            _ => String::new(),
        }
    }
}

/// Checks one expression, with its words at hand for their places.
struct Check<'a, W> {
    text: &'a str,
    span: &'a Range<usize>,
    words: W,
    template: &'a mut Template,
}

impl<W: Iterator<Item = Range<usize>>> Check<'_, W> {
    fn expression(&mut self) -> Result<Parameter, TemplateError> {
        let source = &self.text[self.span.clone()];
        let parsed = handlebars::Template::compile(source).map_err(|_| self.unreadable())?;
        let [TemplateElement::Expression(found)] = parsed.elements.as_slice() else {
            return Err(self.unreadable());
        };
        let whole = if found.params.is_empty() && found.hash.is_empty() {
            found.name.clone()
        } else {
            let (name, params, hash) = (&found.name, &found.params, &found.hash);
            Parameter::Subexpression(Subexpression::new(
                name.clone(),
                params.clone(),
                hash.clone(),
            ))
        };
        self.parameter(&whole)
    }

    fn unreadable(&self) -> TemplateError {
        let message = "this is not an expression";
        TemplateError::new(self.span.clone(), message)
            .helped("write a path such as `vm.name`, or a helper such as `eq vm.os \"windows\"`")
    }

    fn parameter(&mut self, parameter: &Parameter) -> Result<Parameter, TemplateError> {
        match parameter {
            Parameter::Path(Path::Relative((_, raw))) => self.path(raw),
            Parameter::Literal(Value::String(text)) => {
                Ok(Parameter::Literal(Value::String(text.clone())))
            }
            Parameter::Literal(value) => {
                self.word();
                Ok(Parameter::Literal(value.clone()))
            }
            Parameter::Subexpression(call) => self.call(call),
            _ => Err(self.unreadable()),
        }
    }

    /// The place of the next word.
    fn word(&mut self) -> Range<usize> {
        self.words.next().unwrap_or_else(|| self.span.clone())
    }

    fn path(&mut self, raw: &str) -> Result<Parameter, TemplateError> {
        let place = self.word();
        if let Some(value) = literal(raw) {
            return Ok(Parameter::Literal(value));
        }
        let segments: Vec<String> = raw.split('.').map(str::to_owned).collect();
        if segments.iter().any(|s| s.is_empty() || s == "this") {
            return Err(
                TemplateError::new(place, format!("`{raw}` is not the path of a fact"))
                    .helped("name it from its root, such as `vm.name`"),
            );
        }
        if let Some(helper) = Helper::named(raw) {
            let message = format!("the helper `{raw}` needs {}", helper.arguments());
            return Err(TemplateError::new(place, message));
        }
        self.template.paths.push(FactPath::new(segments));
        self.template.places.push(place);
        Ok(Parameter::Path(Path::Relative((
            Vec::new(),
            raw.to_owned(),
        ))))
    }

    fn call(&mut self, call: &Subexpression) -> Result<Parameter, TemplateError> {
        let TemplateElement::Expression(found) = call.as_element() else {
            return Err(self.unreadable());
        };
        let name = match &found.name {
            Parameter::Name(name) => name.clone(),
            Parameter::Path(Path::Relative((_, raw))) => raw.clone(),
            _ => return Err(self.unreadable()),
        };
        if found.params.is_empty() && Helper::named(&name).is_none() {
            return self.path(&name);
        }
        let place = self.word();
        let Some(helper) = Helper::named(&name) else {
            let error = TemplateError::new(place, format!("there is no helper `{name}`"));
            return Err(match did_you_mean(&name, Helper::names()) {
                Some(meant) => error.helped(format!("did you mean `{meant}`?")),
                None => error.helped(format!(
                    "the helpers are {}",
                    Helper::names().collect::<Vec<_>>().join(", ")
                )),
            });
        };
        if !found.hash.is_empty() || !helper.takes(found.params.len()) {
            let message = format!(
                "the helper `{name}` needs {}, not {}",
                helper.arguments(),
                found.params.len()
            );
            return Err(TemplateError::new(place, message));
        }
        let params = found
            .params
            .iter()
            .map(|p| self.parameter(p))
            .collect::<Result<_, _>>()?;
        let name = Parameter::Name(name);
        Ok(Parameter::Subexpression(Subexpression::new(
            name,
            params,
            Default::default(),
        )))
    }
}

/// A word alone in braces is a path to Handlebars even when it is a literal.
fn literal(word: &str) -> Option<Value> {
    match serde_json::from_str::<Value>(word) {
        Ok(value @ (Value::Bool(_) | Value::Null | Value::Number(_))) => Some(value),
        _ => None,
    }
}
