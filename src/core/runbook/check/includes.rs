//! The includes: whether their procedures exist, and how guards and parameters fit together.

use std::collections::BTreeMap;

use crate::base::diagnostics::did_you_mean;
use crate::core::runbook::expand::{Placed, Procedures};
use crate::core::runbook::model::{Entry, Parameter, Runbook};
use crate::core::runbook::parse::Parsed;
use crate::core::runbook::template::Condition;

use super::code;
use super::facts::Declared;
use super::problems::{At, Problems};

/// Checks that every included procedure exists.
pub(super) fn known(runbook: &Runbook, procedures: &Procedures, problems: &mut Problems<'_>) {
    for (index, entry) in runbook.steps.iter().enumerate() {
        let Entry::Include { procedure, .. } = entry else {
            continue;
        };
        if procedures.contains_key(procedure) {
            continue;
        }
        let meant = did_you_mean(procedure, procedures.keys().map(String::as_str));
        let message = format!("there is no procedure `{}`", procedure.escape_debug());
        let path = format!("steps[{index}].include");
        let help = meant.map(|meant| format!("did you mean `{meant}`?"));
        problems.add(&At::Value(&path), code::INCLUDE, message, help);
    }
}

/// Checks the guard of the include that brought `placed`.
pub(super) fn guard(placed: &Placed<'_>, declared: &Declared<'_>, problems: &mut Problems<'_>) {
    if let Some(when) = placed.include_when {
        declared.condition(&format!("{}.when", placed.entry), when, problems);
    }
}

/// Checks that the guards of an include and of one of its steps can be read as one: each may be
/// short and flat enough, and both together not.
pub(super) fn both(placed: &Placed<'_>, problems: &mut Problems<'_>) {
    let (Some(include), Some(own)) = (placed.include_when, &placed.step.when) else {
        return;
    };
    let alone = Condition::parse(include).is_ok() && Condition::parse(own).is_ok();
    if let Some(Err(error)) = placed.when().map(|both| Condition::parse(&both))
        && alone
    {
        let message = format!(
            "together with the guard of the step `{}`: {}",
            placed.step.id, error.message
        );
        let help = Some("make one of the two shorter".to_owned());
        let path = format!("{}.when", placed.entry);
        problems.add(&At::Value(&path), code::EXPRESSION, message, help);
    }
}

/// Checks that a parameter which several bring means the same to all of them.
pub(super) fn parameters(
    parsed: &Parsed<Runbook>,
    procedures: &Procedures,
    problems: &mut Problems<'_>,
) {
    let place = |name: &str| format!("parameters.{name}");
    let own = parsed.document.parameters.iter();
    let mut first: BTreeMap<&str, (&Parameter, &str, std::ops::Range<usize>)> = own
        .map(|(name, own)| {
            (
                name,
                (own, parsed.file.as_str(), parsed.spans.key(&place(name))),
            )
        })
        .collect();
    for (index, entry) in parsed.document.steps.iter().enumerate() {
        let Entry::Include { procedure, .. } = entry else {
            continue;
        };
        let Some(procedure) = procedures.get(procedure) else {
            continue;
        };
        for (name, parameter) in procedure.document.parameters.iter() {
            let span = procedure.spans.key(&place(name));
            let (known, file, earlier) = first
                .entry(name)
                .or_insert((parameter, &procedure.file, span))
                .clone();
            if known == parameter {
                continue;
            }
            let message = format!(
                "the procedure `{}` brings a parameter `{name}` that is another one here",
                procedure.document.name
            );
            let path = format!("steps[{index}].include");
            if let Some(found) = problems.error(&At::Value(&path), code::PARAMETER, message) {
                let found = found.related(file, earlier, "first here");
                problems
                    .found
                    .push(found.helped("give one of the two another name, or make them the same"));
            }
        }
    }
}
