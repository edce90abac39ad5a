//! Collects what is wrong with one document, each at its place.

use std::ops::Range;

use crate::base::diagnostics::Diagnostic;
use crate::base::yaml::Spans;
use crate::core::runbook::parse::Parsed;
use crate::core::runbook::template::TemplateError;

use super::code;

/// Where in a document something is wrong.
pub(super) enum At<'a> {
    /// At a key.
    Key(&'a str),
    /// At a value.
    Value(&'a str),
    /// Inside a text: its path, the text, and bytes of it.
    Inside(&'a str, &'a str, Range<usize>),
}

impl At<'_> {
    fn path(&self) -> &str {
        match self {
            Self::Key(path) | Self::Value(path) | Self::Inside(path, ..) => path,
        }
    }
}

/// What was found wrong with one document.
pub(super) struct Problems<'a> {
    pub(super) file: &'a str,
    text: &'a str,
    pub(super) spans: &'a Spans,
    spoiled: &'a [String],
    pub(super) found: Vec<Diagnostic>,
}

impl<'a> Problems<'a> {
    /// Nothing yet.
    pub(super) fn of<T>(parsed: &'a Parsed<T>) -> Self {
        Self {
            file: &parsed.file,
            text: &parsed.text,
            spans: &parsed.spans,
            spoiled: &parsed.spoiled,
            found: Vec::new(),
        }
    }

    /// Adds an error, unless what stands there is not what was written.
    pub(super) fn add(
        &mut self,
        at: &At<'_>,
        code: &'static str,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        if let Some(found) = self.error(at, code, message) {
            self.found.push(found.maybe_helped(help));
        }
    }

    /// An error to be finished and kept by the caller, unless what stands there is not what was
    /// written.
    pub(super) fn error(
        &self,
        at: &At<'_>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Option<Diagnostic> {
        if self.is_spoiled(at.path()) {
            return None;
        }
        let span = match at {
            At::Key(path) => self.spans.key(path),
            At::Value(path) => self.spans.value(path),
            At::Inside(path, scalar, part) => self.spans.inside(path, self.text, scalar, part),
        };
        Some(Diagnostic::error(code, self.file, span, message))
    }

    /// Adds what is wrong with the expression in `text` at `path`.
    pub(super) fn expression(&mut self, path: &str, text: &str, error: TemplateError) {
        let at = At::Inside(path, text, error.span);
        self.add(&at, code::EXPRESSION, error.message, error.help);
    }

    /// Whether something else stands at `path` than was written.
    pub(super) fn is_spoiled(&self, path: &str) -> bool {
        self.spoiled.iter().any(|spoiled| {
            path.strip_prefix(spoiled.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }
}
