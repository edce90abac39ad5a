//! Everything that can be found wrong with a runbook without Azure, all at once.
//!
//! Invariant: a document that passes can be planned: its actions and their arguments exist, its
//! expressions parse, and every fact that they name is declared.

mod arguments;
mod collisions;
mod facts;
mod head;
mod includes;
mod json_schema;
mod problems;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::base::diagnostics::{Diagnostic, sort};

use super::expand;
use super::model::{Procedure, Runbook};
use super::parse::Parsed;

pub use super::expand::Procedures;
pub use collisions::{collisions, name_taken};

use facts::Declared;
use problems::Problems;

/// The codes of everything that can be wrong with a document of the right shape.
pub mod code {
    /// The version of the format is not known.
    pub const VERSION: &str = "RB009";
    /// There is no such action.
    pub const ACTION: &str = "RB010";
    /// An argument does not fit its action.
    pub const ARGUMENT: &str = "RB011";
    /// An expression is not one.
    pub const EXPRESSION: &str = "RB012";
    /// There is no such fact.
    pub const FACT: &str = "RB013";
    /// Two steps have one id.
    pub const STEP_TWICE: &str = "RB014";
    /// A code, id or name is spelled in a way that is not used here.
    pub const SPELLING: &str = "RB015";
    /// There is no such procedure.
    pub const INCLUDE: &str = "RB016";
    /// `until` does not name a later step.
    pub const UNTIL: &str = "RB017";
    /// A retry that never tries, or never applies.
    pub const RETRY: &str = "RB018";
    /// A parameter contradicts itself.
    pub const PARAMETER: &str = "RB019";
    /// A regular expression is not one.
    pub const PATTERN: &str = "RB020";
    /// A document cites nothing, or not by its address.
    pub const REFERENCE: &str = "RB021";
    /// A document has no steps.
    pub const STEPS: &str = "RB022";
    /// Two documents claim one code, alias, number or name.
    pub const TAKEN: &str = "RB030";
}

/// What runbooks may speak of.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// JSON Schema of each action's arguments, by action.
    pub actions: BTreeMap<String, Value>,
    /// The actions that can borrow something, and so take an `until`.
    pub borrowing: BTreeSet<String>,
    /// JSON Schema of each fact, by name.
    pub facts: BTreeMap<String, Value>,
}

/// Everything that is wrong with a runbook, in reading order. Included procedures are checked
/// by [`check_procedure`]; here only how they fit in.
#[must_use]
pub fn check(
    parsed: &Parsed<Runbook>,
    procedures: &Procedures,
    vocabulary: &Vocabulary,
) -> Vec<Diagnostic> {
    let mut problems = Problems::of(parsed);
    head::check(&parsed.document, vocabulary, &mut problems);
    let placed = expand::steps(&parsed.document, procedures);
    includes::known(&parsed.document, procedures, &mut problems);
    steps::order(&placed, parsed, &mut problems);
    includes::parameters(parsed, procedures, &mut problems);
    let parameters = expand::parameters(&parsed.document, procedures);
    let mut declared = Declared::new(vocabulary, Some(&parameters));
    let mut entry = "";
    for placed in &placed {
        if placed.procedure.is_none() {
            steps::step(placed.step, &placed.path, &declared, &mut problems);
        } else {
            if placed.entry != entry {
                includes::guard(placed, &declared, &mut problems);
            }
            includes::both(placed, &mut problems);
        }
        entry = &placed.entry;
        declared.ran(&placed.step.id);
    }
    finish(parsed, problems)
}

/// Everything that is wrong with a procedure by itself, in reading order.
#[must_use]
pub fn check_procedure(parsed: &Parsed<Procedure>, vocabulary: &Vocabulary) -> Vec<Diagnostic> {
    let mut problems = Problems::of(parsed);
    head::check_procedure(&parsed.document, &mut problems);
    steps::ids(&parsed.document, &mut problems);
    let mut declared = Declared::new(vocabulary, Some(&parsed.document.parameters));
    for (index, step) in parsed.document.steps.iter().enumerate() {
        steps::step(step, &format!("steps[{index}]"), &declared, &mut problems);
        declared.ran(&step.id);
    }
    finish(parsed, problems)
}

fn finish<T>(parsed: &Parsed<T>, problems: Problems<'_>) -> Vec<Diagnostic> {
    let mut all = parsed.mistakes.clone();
    all.extend(problems.found);
    sort(&mut all);
    all
}

#[cfg(test)]
mod tests;
