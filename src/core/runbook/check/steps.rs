//! The steps: each by itself, and how they stand to each other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::diagnostics::did_you_mean;
use crate::core::runbook::expand::Placed;
use crate::core::runbook::model::{Procedure, Runbook, Step};
use crate::core::runbook::parse::Parsed;
use crate::core::runbook::template::each_text;

use super::facts::Declared;
use super::json_schema::Schema;
use super::problems::{At, Problems};
use super::{arguments, code, head};

/// Checks one step by itself.
pub(super) fn step(step: &Step, path: &str, declared: &Declared<'_>, problems: &mut Problems<'_>) {
    head::kebab(&format!("{path}.id"), &step.id, problems);
    declared.template(&format!("{path}.title"), &step.title, problems);
    if let Some(when) = &step.when {
        declared.condition(&format!("{path}.when"), when, problems);
    }
    let with = Value::Object(step.with.clone());
    each_text(&with, &format!("{path}.with"), &mut |at, text| {
        declared.template(at, text, problems);
    });
    retry(step, path, problems);
    let knows = declared.vocabulary;
    if step.until.is_some()
        && knows.actions.contains_key(&step.action)
        && !knows.borrowing.contains(&step.action)
    {
        let message = format!("`{}` borrows nothing that could be put back", step.action);
        let help = Some("leave `until` out".to_owned());
        problems.add(
            &At::Key(&format!("{path}.until")),
            code::UNTIL,
            message,
            help,
        );
    }
    let at = format!("{path}.action");
    match declared.vocabulary.actions.get(&step.action) {
        Some(schema) => {
            for misfit in arguments::misfits(&with, Schema::new(schema), &format!("{path}.with")) {
                // What is missing from arguments that are not there is the action's matter.
                let place = match misfit.path.strip_prefix(path) {
                    Some(".with") if !misfit.is_name => At::Value(&at),
                    _ if misfit.is_name => At::Key(&misfit.path),
                    _ => At::Value(&misfit.path),
                };
                problems.add(&place, code::ARGUMENT, misfit.message, misfit.help);
            }
        }
        None => {
            let known = declared.vocabulary.actions.keys().map(String::as_str);
            let help = match did_you_mean(&step.action, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`runbook schema` names all actions".to_owned(),
            };
            let message = format!("there is no action `{}`", step.action.escape_debug());
            problems.add(&At::Value(&at), code::ACTION, message, Some(help));
        }
    }
}

fn retry(step: &Step, path: &str, problems: &mut Problems<'_>) {
    let Some(retry) = &step.retry else { return };
    if retry.waits.is_empty() {
        let message = "a retry without waits never tries again";
        let help = Some("give each further try its wait: `waits: [1m, 2m]`".to_owned());
        problems.add(
            &At::Value(&format!("{path}.retry.waits")),
            code::RETRY,
            message,
            help,
        );
    }
    if retry.on.is_empty() {
        let message = "a retry on no class of failure never applies";
        let help = Some("name the classes: `on: [crp_timeout]`".to_owned());
        problems.add(
            &At::Value(&format!("{path}.retry.on")),
            code::RETRY,
            message,
            help,
        );
    }
}

/// Checks ids and `until` over all steps of a runbook, included ones too.
pub(super) fn order(placed: &[Placed<'_>], parsed: &Parsed<Runbook>, problems: &mut Problems<'_>) {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, at) in placed.iter().enumerate() {
        let Some(&earlier) = first.get(at.step.id.as_str()) else {
            first.insert(&at.step.id, index);
            continue;
        };
        let (path, message) = described(at, &format!("the id `{}` is taken", at.step.id), "id");
        if let Some(found) = problems.error(&At::Value(&path), code::STEP_TWICE, message) {
            let (file, span) = place(&placed[earlier], parsed);
            let found = found.related(file, span, "first here");
            problems
                .found
                .push(found.helped("give each step of a runbook an id of its own"));
        }
    }
    for (index, at) in placed.iter().enumerate() {
        let Some(until) = &at.step.until else {
            continue;
        };
        let Err((wrong, help)) = later(until, index, &first) else {
            continue;
        };
        let (path, message) = described(at, &wrong, "until");
        problems.add(&At::Value(&path), code::UNTIL, message, help);
    }
}

/// Checks ids and `until` of a procedure by itself; `until` may name a step of the runbook that
/// includes it, which is seen there.
pub(super) fn ids(procedure: &Procedure, problems: &mut Problems<'_>) {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, step) in procedure.steps.iter().enumerate() {
        let path = format!("steps[{index}].id");
        if let Some(earlier) = first.get(step.id.as_str()) {
            let message = format!("the id `{}` is taken", step.id.escape_debug());
            let span = problems.spans.value(&format!("steps[{earlier}].id"));
            if let Some(found) = problems.error(&At::Value(&path), code::STEP_TWICE, message) {
                let found = found.related(problems.file, span, "first here");
                problems.found.push(found);
            }
        } else {
            first.insert(&step.id, index);
        }
    }
    for (index, step) in procedure.steps.iter().enumerate() {
        let Some(until) = &step.until else { continue };
        if !first.contains_key(until.as_str()) {
            continue;
        }
        if let Err((wrong, help)) = later(until, index, &first) {
            let path = format!("steps[{index}].until");
            problems.add(&At::Value(&path), code::UNTIL, wrong, help);
        }
    }
}

/// Whether `until` names a step after the one at `index`.
fn later(
    until: &str,
    index: usize,
    first: &BTreeMap<&str, usize>,
) -> Result<(), (String, Option<String>)> {
    match first.get(until) {
        Some(&at) if at > index => Ok(()),
        Some(_) => Err((
            format!("`until` names a later step, and `{until}` is not later"),
            None,
        )),
        None => {
            let meant = did_you_mean(until, first.keys().copied());
            let message = format!("there is no step `{}`", until.escape_debug());
            Err((
                message,
                meant.map(|meant| format!("did you mean `{meant}`?")),
            ))
        }
    }
}

/// The path and the message for something wrong with a step: of an included one, its include.
fn described(at: &Placed<'_>, wrong: &str, field: &str) -> (String, String) {
    match at.procedure {
        None => (format!("{}.{field}", at.path), wrong.to_owned()),
        Some(procedure) => {
            let message = format!(
                "the step `{}` of the procedure `{}` does not fit here: {wrong}",
                at.step.id, procedure.document.name
            );
            (format!("{}.include", at.entry), message)
        }
    }
}

fn place<'a>(at: &Placed<'a>, parsed: &'a Parsed<Runbook>) -> (&'a str, std::ops::Range<usize>) {
    let path = format!("{}.id", at.path);
    match at.procedure {
        Some(procedure) => (&procedure.file, procedure.spans.value(&path)),
        None => (&parsed.file, parsed.spans.value(&path)),
    }
}
