//! A runbook, told to a person who asks what would be done about a code.

use crate::core::report::page::{Block, Line, Mark, Page, Tone};
use crate::core::report::text::{self, Paint};
use crate::core::report::{markdown, words};
use crate::core::runbook::model::{Parameter, Runbook, Step};

/// For a terminal.
#[must_use]
pub fn as_text(runbook: &Runbook, paint: Paint) -> String {
    text::draw(&page(runbook), paint)
}

/// For chat and tickets.
#[must_use]
pub fn as_markdown(runbook: &Runbook) -> String {
    markdown::draw(&page(runbook))
}

fn page(runbook: &Runbook) -> Page {
    let mut page = Page::default();
    page.title(Line::new(format!("{}: {}", runbook.code, runbook.title)));
    page.text(Line::new(&runbook.summary));
    let aliases = &runbook.matching.aliases;
    let also = (!aliases.is_empty()).then(|| Line::new(aliases.join(", ")));
    page.maybe("Also for", also);
    let operation = runbook.matching.operation;
    let other =
        (!operation.is_backup()).then(|| Line::new(format!("a failed {}", operation.noun())));
    page.maybe("Answers", other);
    let parameters: Vec<(&str, &Parameter)> = runbook.parameters.iter().collect();
    if !parameters.is_empty() {
        page.heading("Parameters");
    }
    for (name, parameter) in parameters {
        let default = match &parameter.default {
            Some(value) => format!(" (default {value})"),
            None => " (must be given)".to_owned(),
        };
        let line = Line::id(name).text(format!(": {}{default}", parameter.description));
        page.item(Mark::Dash, line, Vec::new());
    }
    page.heading("Steps");
    for (at, step) in runbook.steps().enumerate() {
        page.item(
            Mark::Number(at + 1),
            Line::default().then(Tone::Strong, &step.title),
            told(step),
        );
    }
    references(&mut page, runbook);
    page
}

fn told(step: &Step) -> Vec<Block> {
    let mut blocks = vec![Block::Field("Action", Line::id(&step.action))];
    let when = step
        .when
        .as_ref()
        .map(|when| Block::Field("Only when", Line::id(when)));
    blocks.extend(when);
    let retry = step.retry.as_ref().map(|retry| {
        let classes: Vec<&str> = retry.on.iter().map(|class| class.name()).collect();
        let waits: Vec<String> = retry.waits.iter().map(ToString::to_string).collect();
        let tries = words::counted(waits.len(), "further try", "further tries");
        let text = format!(
            "{tries} after {}, waiting {}",
            classes.join(", "),
            waits.join(", ")
        );
        Block::Field("Tries again", Line::new(text))
    });
    blocks.extend(retry);
    blocks
}

/// The documents that a runbook follows, and when they were read.
pub(super) fn references(page: &mut Page, runbook: &Runbook) {
    if runbook.references.is_empty() {
        return;
    }
    page.heading("According to");
    for reference in &runbook.references {
        let section = reference
            .section
            .as_ref()
            .map(|s| format!("#{s}"))
            .unwrap_or_default();
        let line = Line::new(format!(
            "{} (reviewed {}) ",
            reference.title, reference.reviewed
        ))
        .then(Tone::Id, format!("{}{section}", reference.url));
        page.item(Mark::Dash, line, Vec::new());
    }
}
