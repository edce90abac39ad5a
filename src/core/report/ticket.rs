//! What is handed to a person: one block to paste into a ticket, and the facts in it as values.
//!
//! Whoever gets the ticket has neither this program nor its journal: the block says by itself what
//! failed, where, what to do, what was seen and what was tried.

mod tree;

use serde_json::Value;

use crate::base::Failure;
use crate::base::secret::{redact, redact_json};
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::Plan;
use crate::core::report::page::clean;
use crate::core::report::tell_plan::{sentence, sentence_on};
use crate::core::report::{Attempt, FateReport, Report, deed, words};

/// Lines of facts, and of what was tried, that a ticket has at most; the rest is counted.
const MOST_LINES: usize = 60;
const MOST_TRIES: usize = 10;

/// The facts that a ticket begins with; the others follow as they come.
const FIRST: [&str; 7] = [
    "failure",
    "vm",
    "agent",
    "protection",
    "extensions",
    "locks",
    "restore_points",
];

/// A block for a ticket.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticket {
    /// Who has to act, when the runbook says.
    pub(super) owner: Option<String>,
    /// The block, in lines of at most 76 columns but for ids.
    pub(super) text: String,
    /// The facts in it, whole.
    pub(super) facts: Value,
}

impl Ticket {
    /// For a person who has to act, or has to know why it failed; none where nobody has to.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let plan = report.plan.as_deref()?;
        let asked = report.outcome == Some(RunOutcome::NeedsHuman)
            && report
                .steps
                .iter()
                .any(|step| step.outcome == Some(StepOutcome::NeedsHuman));
        if !asked && report.evidence.is_null() {
            return None;
        }
        let (owner, mut facts) = handed_over(&report.evidence);
        redact_json(&mut facts);
        let mut lines = Vec::new();
        head(report, plan, owner.as_deref(), &mut lines);
        list(
            "Seen:",
            tree::lines(&ordered(&facts)),
            MOST_LINES,
            &mut lines,
        );
        // What the engine gathers of tries that are used up is all of them already.
        if !facts.is_array() {
            list("Tried:", tries(report), MOST_TRIES, &mut lines);
        }
        Some(Self {
            owner,
            text: lines.join("\n"),
            facts,
        })
    }
}

/// Who has to act, and the facts; a step for a person has both apart.
fn handed_over(evidence: &Value) -> (Option<String>, Value) {
    match evidence.as_object() {
        Some(both) if both.len() == 2 && both.contains_key("owner") => (
            both["owner"].as_str().map(clean),
            both.get("evidence").cloned().unwrap_or_default(),
        ),
        _ => (None, evidence.clone()),
    }
}

/// The facts in the order in which somebody asks for them.
fn ordered(facts: &Value) -> Value {
    let Value::Object(all) = facts else {
        return facts.clone();
    };
    let place = |name: &str| FIRST.iter().position(|first| *first == name);
    let mut parts: Vec<_> = all.iter().collect();
    parts.sort_by_key(|(name, _)| place(name).unwrap_or(FIRST.len()));
    let parts = parts.into_iter().map(|(k, v)| (k.clone(), v.clone()));
    Value::Object(parts.collect())
}

fn head(report: &Report, plan: &Plan, owner: Option<&str>, lines: &mut Vec<String>) {
    let incident = &plan.incident;
    let code = incident.code.as_ref().unwrap_or(&plan.runbook.code);
    let mut say = |name: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            lines.extend(tree::field(name, &clean(&redact(&text))));
        }
    };
    let problem = match plan.runbook.matching.anything {
        true => format!("failed with {code}, which no runbook is sure to answer"),
        false => plan.runbook.title.clone(),
    };
    say("Problem", Some(format!("{}: {problem}", plan.target_name)));
    let to_do = match owner {
        Some(owner) => report.reason.strip_suffix(&format!(" (for {owner})")),
        None => None,
    };
    let failure = report.problem.as_ref().and_then(|p| p.failure.as_ref());
    let reason = sentence_on(&plan.target_name, to_do.unwrap_or(&report.reason));
    // A failed request says why nobody could go on, and not what to do about it.
    let asks = report.outcome == Some(RunOutcome::NeedsHuman) && failure.is_none();
    if asks {
        say("To do", Some(reason));
    } else {
        say("Why", Some(reason));
        say("To do", Some(sentence(&deed::of(report, plan))));
    }
    say("For", owner.map(str::to_owned));
    say("VM", Some(plan.target.id.clone()));
    let job = report.job.as_ref();
    say("Vault", job.and_then(|job| job.vault.clone()));
    say("Code", Some(code.clone()));
    let failed = incident.id.as_ref().filter(|id| *id != "state");
    say("Failed job", failed.cloned());
    say("Failed at", incident.ended.map(words::time));
    say("Azure says", incident.message.clone());
    let next = report.problem.as_ref();
    let next = next.and_then(|problem| deed::another_code(problem, plan));
    say("New code", next.map(str::to_owned));
    say("Error", failure.map(kind));
    say(
        "Correlation",
        failure.and_then(|failure| failure.correlation_id.clone()),
    );
    say("Run", report.run.as_ref().map(|run| run.id.0.clone()));
}

/// Code, class and status; the message is in the reason.
fn kind(failure: &Failure) -> String {
    let status = failure.status.map(|status| format!(", HTTP {status}"));
    let code = failure.code.as_deref().unwrap_or("no code");
    format!("{code} ({}){}", failure.class, status.unwrap_or_default())
}

/// The requests that did not come to a good end, oldest first.
fn tries(report: &Report) -> Vec<String> {
    let all = report.steps.iter().flat_map(|step| &step.attempts);
    all.filter_map(|attempt| {
        let came_to = match &attempt.fate {
            FateReport::Done | FateReport::Found(_) => return None,
            FateReport::Failed(failure) if words::was_held_back(failure) => {
                format!("not sent: {}", failure.message)
            }
            FateReport::Failed(failure) => {
                let id = failure.correlation_id.as_ref();
                let id = id.map(|id| format!(" (correlation id {id})"));
                format!("failed: {}{}", failure.message, id.unwrap_or_default())
            }
            FateReport::Running => "Azure is at work on it".to_owned(),
            FateReport::InDoubt => words::in_doubt(attempt),
        };
        Some(tried(attempt, &came_to))
    })
    .flatten()
    .collect()
}

fn tried(attempt: &Attempt, came_to: &str) -> Vec<String> {
    let text = format!("{} {}: {came_to}", words::time(attempt.at), attempt.summary);
    tree::item(&clean(&redact(&text)))
}

fn list(title: &str, all: Vec<String>, most: usize, lines: &mut Vec<String>) {
    if all.is_empty() {
        return;
    }
    let left_out = all.len().saturating_sub(most);
    lines.push(title.to_owned());
    lines.extend(all.into_iter().take(most));
    if left_out > 0 {
        let more = words::counted(left_out, "more line", "more lines");
        lines.push(format!("  … {more}: --output json has all of it"));
    }
}

#[cfg(test)]
mod tests;
