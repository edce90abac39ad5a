//! The phrases that plans and reports share.

use jiff::Timestamp;

use crate::base::{Accepted, ErrorClass, Failure};
use crate::core::action::{Ceiling, Kind, NOT_STARTED, kept_from_trying};
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::consent::Refusal;
use crate::core::plan::{Forecast, Plan, PlannedStep};
use crate::core::report::{Attempt, Report, StepReport};
use crate::core::runbook::risk::Risk;

/// Titles of steps that a sentence names; the rest is counted.
const MOST_TITLES: usize = 3;

/// `1 change`, `2 changes`.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The word for a risk.
pub(super) fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::ReadOnly => "read-only",
        Risk::Reversible => "reversible",
        Risk::Disruptive => "disruptive",
        Risk::Destructive => "destructive",
        Risk::Sensitive => "sensitive",
    }
}

/// A time to the second, always in UTC.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A length of time as people say it: `41 min 3 s`.
pub(super) fn length(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).unsigned_abs().as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// `at most: destructive, restorePointCollections`.
pub(super) fn ceiling(ceiling: &Ceiling) -> String {
    let mut all = vec![risk(ceiling.risk).to_owned()];
    for kind in &ceiling.kinds {
        let name = kind_name(kind);
        if !all.contains(&name) {
            all.push(name);
        }
    }
    format!("at most: {}", all.join(", "))
}

/// The last part of the type; with its verb when it is a POST: `protectedItems/backup`.
fn kind_name(kind: &Kind) -> String {
    let parts: Vec<&str> = kind.resource_type.split('/').collect();
    let shown = if kind.method == "POST" { 2 } else { 1 };
    parts[parts.len().saturating_sub(shown)..].join("/")
}

/// Whether a step is a look, whatever it will find.
fn only_looks(ceiling: &Ceiling) -> bool {
    ceiling.changes_nothing() && !ceiling.kinds.is_empty()
}

/// `2 changes, 1 deletes data; 1 approval needed`.
pub(super) fn totals(plan: &Plan) -> String {
    let changes = plan
        .steps
        .iter()
        .flat_map(|s| &s.changes)
        .filter(|c| !c.probe);
    let deleting = changes
        .clone()
        .filter(|c| c.risk == Risk::Destructive)
        .count();
    let (looks, later): (Vec<&PlannedStep>, Vec<&PlannedStep>) = plan
        .steps
        .iter()
        .filter(|s| matches!(s.forecast, Forecast::Deferred | Forecast::Waits))
        .partition(|s| s.ceiling.as_ref().is_some_and(only_looks));
    let (looks, later) = (looks.len(), later.len());
    let mut parts = vec![match changes.count() {
        0 if later == 0 && looks == 0 => "nothing would be sent".to_owned(),
        0 if later == 0 => "nothing would be changed".to_owned(),
        0 => "no change is certain yet".to_owned(),
        number => counted(number, "change", "changes"),
    }];
    if deleting > 0 {
        parts[0].push_str(", ");
        parts[0].push_str(&counted(deleting, "deletes data", "delete data"));
    }
    if looks > 0 {
        parts.push(counted(looks, "step only looks", "steps only look"));
    }
    if later > 0 {
        parts.push(counted(
            later,
            "step is decided later",
            "steps are decided later",
        ));
    }
    match plan.approvals_needed().len() {
        0 if plan.has_changes() => parts.push("no approval needed".to_owned()),
        0 => {}
        number => parts.push(counted(number, "approval needed", "approvals needed")),
    }
    parts.join("; ")
}

/// How a run ended, as the first line of its report.
pub(super) fn headline_of(report: &Report, plan: &Plan) -> String {
    let target = &plan.target_name;
    match report.outcome {
        Some(RunOutcome::Fixed) if plan.undoes.is_none() && !left_off(&report.steps).is_empty() => {
            format!("Backed up while it is off: {target}")
        }
        outcome => headline(outcome, plan),
    }
}

/// What is known of a request whose answer was lost.
pub(super) fn in_doubt(attempt: &Attempt) -> String {
    let known = if attempt.accepted {
        "accepted; its progress could not be followed"
    } else {
        "nobody knows whether it was taken"
    };
    match attempt.seen_done {
        Some(at) => format!("{known}; seen done at {}", time(at)),
        None => known.to_owned(),
    }
}

/// How a request whose answer was lost was found to be done.
pub(super) fn found(what: &str, attempt: &Attempt, took: &str) -> String {
    let lost = if attempt.accepted {
        "accepted; its progress could not be followed"
    } else {
        "its answer was lost"
    };
    format!("{lost}; found after {took}: {what}")
}

/// Whether a request never left, because of what was seen right before.
pub(super) fn was_held_back(failure: &Failure) -> bool {
    let answered = failure.status.is_some() || failure.code.is_some();
    let ours = matches!(failure.class, ErrorClass::Conflict | ErrorClass::Invalid);
    !answered && failure.accepted == Accepted::No && ours
}

/// The steps that were not tried because the machine is off.
fn left_off(steps: &[StepReport]) -> Vec<(&StepReport, &str)> {
    let off = steps.iter().filter_map(|step| {
        let why = kept_from_trying(&step.reason)?;
        (step.outcome == Some(StepOutcome::Skipped) && why.ends_with(NOT_STARTED))
            .then_some((step, why))
    });
    off.collect()
}

/// Why a run ended so; a backup of a machine that is off says nothing of what is wrong inside it.
pub(super) fn reason_of(outcome: Option<RunOutcome>, reason: &str, steps: &[StepReport]) -> String {
    let off = left_off(steps);
    let (Some(RunOutcome::Fixed), Some((_, why))) = (outcome, off.first()) else {
        return reason.to_owned();
    };
    let titles: Vec<&str> = off.iter().map(|(step, _)| step.title.as_str()).collect();
    let more = titles.len().saturating_sub(MOST_TITLES);
    let mut named = titles[..titles.len() - more].join("; ");
    if more > 0 {
        named.push_str(&format!(
            "; and {}",
            counted(more, "more step", "more steps")
        ));
    }
    format!(
        "{reason}; what made backups fail was not looked at, for {why}: {named}; when a backup fails \
         after it was started, apply this again"
    )
}

/// How it ended, with the target, as the first line of a report. Of an undo the same outcomes
/// mean something else.
pub(super) fn headline(outcome: Option<RunOutcome>, plan: &Plan) -> String {
    let target = &plan.target_name;
    if let Some(run) = &plan.undoes {
        match outcome {
            Some(RunOutcome::Fixed) => {
                return format!("Undone: {target} is as it was before run {run}");
            }
            Some(RunOutcome::NothingToDo) => {
                return format!("Nothing to undo of run {run} on {target}");
            }
            Some(RunOutcome::Failed) => {
                return format!("Failed: run {run} on {target} is not undone");
            }
            _ => {}
        }
    }
    match outcome {
        None => format!("Not ended: the run on {target} is at work, or was interrupted"),
        Some(RunOutcome::Fixed) => format!("Fixed: {target} is backed up again"),
        Some(RunOutcome::NothingToDo) => format!("Nothing to do for {target}"),
        Some(RunOutcome::Waiting) => format!("Waiting: the work on {target} goes on later"),
        Some(RunOutcome::NeedsApproval) => format!("Needs approval: {target}"),
        Some(RunOutcome::NeedsHuman) => format!("Needs a person: {target}"),
        Some(RunOutcome::Busy) => format!("Busy: another run holds {target}"),
        Some(RunOutcome::Failed) => format!("Failed: {target} is not fixed"),
        Some(RunOutcome::Cancelled) => format!("Cancelled: the work on {target} was stopped"),
    }
}

/// What stands between a plan and the consent that was given, and what to do about it.
#[must_use]
pub fn refusal(refused: &Refusal) -> String {
    match refused {
        Refusal::NoConsent => {
            "nobody has agreed to this plan, so nothing was sent; agree at a terminal, or with --yes"
                .to_owned()
        }
        Refusal::Approvals(needed) => {
            let names: Vec<String> =
                needed.iter().map(|n| format!("`{}` ({})", n.resource, n.why)).collect();
            format!(
                "--yes does not give the approval that this plan needs, so nothing was sent: {}; give it with --approve and the plan's fingerprint",
                names.join(", ")
            )
        }
        Refusal::Risk { plan, limit } => format!(
            "the plan is {}, and the limit is {}, so nothing was sent; raise it with --max-risk {}",
            risk(*plan),
            risk(*limit),
            plan.name()
        ),
        Refusal::OtherPlan { approved } => format!(
            "the plan has another fingerprint than the one approved ({}), so nothing was sent; look at it again and approve it as it is now",
            short(approved)
        ),
    }
}

/// The beginning of a hash, enough to recognise it.
pub(super) fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::report::samples;

    #[test]
    fn totals_say_how_much_is_lost_and_how_much_is_asked() {
        assert_eq!(
            totals(&samples::plan()),
            "2 changes, 1 deletes data; 1 step is decided later; no approval needed"
        );
        assert_eq!(
            totals(&samples::plan_needing_approval()),
            "2 changes, 1 deletes data; 1 step is decided later; 1 approval needed"
        );
        let mut nothing = samples::plan();
        nothing.steps.clear();
        assert_eq!(totals(&nothing), "nothing would be sent");
    }

    #[test]
    fn a_step_that_only_looks_is_not_counted_among_those_that_are_decided_later() {
        let mut plan = samples::plan();
        let later = plan.steps.iter_mut().find_map(|step| step.ceiling.as_mut());
        later.expect("a ceiling").risk = Risk::ReadOnly;
        assert_eq!(
            totals(&plan),
            "2 changes, 1 deletes data; 1 step only looks; no approval needed"
        );
    }

    #[test]
    fn an_undo_ends_in_words_of_its_own() {
        let mut plan = samples::plan();
        plan.undoes = Some("r1".to_owned());
        for (outcome, words) in [
            (RunOutcome::Fixed, "Undone: vm1 is as it was before run r1"),
            (RunOutcome::NothingToDo, "Nothing to undo of run r1 on vm1"),
            (RunOutcome::Failed, "Failed: run r1 on vm1 is not undone"),
            (RunOutcome::NeedsHuman, "Needs a person: vm1"),
        ] {
            assert_eq!(headline(Some(outcome), &plan), words);
        }
    }

    #[test]
    fn lengths_of_time_read_as_people_say_them() {
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (120, "2 min"),
            (2463, "41 min 3 s"),
            (7200, "2 h"),
            (7290, "2 h 1 min"),
        ] {
            assert_eq!(length(samples::at(0), samples::at(seconds)), said);
        }
    }

    #[test]
    fn a_refusal_says_that_nothing_was_sent_and_what_to_give() {
        let limit = Refusal::Risk {
            plan: Risk::Destructive,
            limit: Risk::Reversible,
        };
        let said = refusal(&limit);
        assert!(said.contains("nothing was sent") && said.contains("--max-risk destructive"));
        let needed = samples::plan_needing_approval().approvals_needed();
        let said = refusal(&Refusal::Approvals(needed));
        assert!(
            said.contains("`AzureBackup_vm1_1`") && said.contains("--approve"),
            "{said}"
        );
    }
}
