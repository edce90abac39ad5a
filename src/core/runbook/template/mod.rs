//! The expression language of runbooks: a checked subset of Handlebars.
//!
//! `{{…}}` in texts and bare `when` lines hold paths of facts, literals and the pure helpers of
//! `helpers`; no blocks, partials, `lookup`, `this`. The only home of `handlebars`.
//!
//! Invariants: all paths of a text are read before anything is computed, so one unknown makes
//! the result unknown, whatever the rest says; and facts enter the computation as values, never
//! as names, so nothing that Azure sent is ever read as an expression.

mod evaluate;
mod helpers;
mod parse;
mod split;
mod told;
mod value;

use std::fmt;
use std::ops::Range;

use serde_json::Value;

pub use parse::{Condition, Template};
pub use told::Phrases;
pub use value::{each_text, render_value, value_paths};

/// The path of a fact: `vm.agent.ready`, or `vm.disks.0.lun` for an item of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactPath(Vec<String>);

impl FactPath {
    /// The path of these segments.
    #[must_use]
    pub fn new(segments: Vec<String>) -> Self {
        Self(segments)
    }

    /// Its segments, the fact's name first.
    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    /// The fact's name: the first segment.
    #[must_use]
    pub fn root(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }
}

impl fmt::Display for FactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// What is known of one fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Its value; null when it is absent.
    Known(Value),
    /// Known only after what is named here: `step 2`.
    Unknown(String),
    /// It could not be read, and why.
    Failed(String),
    /// There is no such fact.
    Undeclared,
}

/// Where expressions read their facts.
pub trait Scope {
    /// What is known of the fact at `path`.
    fn read(&self, path: &FactPath) -> Reading;
}

/// What an expression yields.
#[derive(Clone, Debug, PartialEq)]
pub enum Evaluated {
    /// A value.
    Known(Value),
    /// Known only after what is named here: `step 2`.
    Unknown(String),
    /// It cannot be computed, and why.
    Failed(String),
}

/// What is wrong with an expression, as text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// Bytes of the text that was parsed.
    pub span: Range<usize>,
    /// What is wrong: a fragment.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
}

impl TemplateError {
    fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            help: None,
        }
    }

    fn helped(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

#[cfg(test)]
mod tests;
