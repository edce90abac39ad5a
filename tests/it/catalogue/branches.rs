//! The cases that a runbook's steps make possible.

use std::collections::BTreeSet;

use runbook::core::outcome::{RunOutcome, StepOutcome};
use runbook::core::report::{Report, StepReport};
use runbook::core::runbook::Runbook;
use runbook::core::runbook::catalogue::Catalogue;
use runbook::core::runbook::model::Step;
use runbook::ops::rehearse::cases::Case;
use runbook::ops::rehearse::golden::Rehearsed;
use runbook::sim::world::AgentState;

/// One case and how it was told.
struct Told<'a> {
    case: &'a Case,
    report: &'a Report,
}

impl Told<'_> {
    fn step(&self, id: &str) -> Option<&StepReport> {
        self.report.steps.iter().find(|step| step.id == id)
    }

    /// Whether the step was decided at its turn and came to something, or a person was asked
    /// before anything was sent. What a plan that was never applied says of a step is no proof.
    fn reaches(&self, id: &str) -> bool {
        let outcome = self.step(id).and_then(|step| step.outcome);
        match (outcome, self.report.run.is_some()) {
            (None | Some(StepOutcome::Skipped), _) => false,
            (Some(_), true) => true,
            (Some(outcome), false) => outcome == StepOutcome::NeedsHuman,
        }
    }

    fn skips(&self, id: &str) -> bool {
        let outcome = self.step(id).and_then(|step| step.outcome);
        outcome == Some(StepOutcome::Skipped)
    }

    fn ends(&self, outcome: RunOutcome) -> bool {
        self.report.outcome == Some(outcome)
    }

    fn has_no_incident(&self) -> bool {
        let incident = self.report.plan.as_ref().map(|plan| &plan.incident);
        incident.is_some_and(|incident| incident.id.is_none()) && self.ends(RunOutcome::NeedsHuman)
    }

    fn has_a_silent_agent(&self) -> bool {
        let scene = self.case.read().unwrap();
        let is_silent = |agent| agent != AgentState::Ready;
        let world = scene.sim.world();
        let asked = world.vms.iter().find(|vm| vm.name == scene.question.vm);
        asked.is_some_and(|vm| is_silent(vm.agent))
    }
}

/// The cases that runbooks lack.
pub(super) fn missing(known: &Catalogue, rehearsed: &[Rehearsed]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for runbook in known.runbooks() {
        let of_it = |r: &&Rehearsed| {
            known
                .find(&r.case.code)
                .is_ok_and(|other| other.code == runbook.code)
        };
        let told: Vec<Told<'_>> = rehearsed
            .iter()
            .filter(of_it)
            .filter_map(|r| {
                let (case, report) = (&r.case, &r.came()?.told);
                Some(Told { case, report })
            })
            .collect();
        found.extend(of_runbook(runbook, &told));
        found.extend(
            runbook
                .steps()
                .flat_map(|step| of_step(runbook, step, &told)),
        );
    }
    found
}

fn of_runbook(runbook: &Runbook, told: &[Told<'_>]) -> Vec<String> {
    let looks_inside = runbook
        .steps()
        .any(|step| step.action.starts_with("guest."));
    // A failed restore, for one: nothing that this tool could do would mend it.
    let only_hands_over = runbook.steps().all(|step| step.action == "human");
    let wanted = [
        ("`plain`", told.iter().any(|t| t.case.name == "plain")),
        (
            "fixed",
            only_hands_over || told.iter().any(|t| t.ends(RunOutcome::Fixed)),
        ),
        (
            "already fixed",
            told.iter().any(|t| t.ends(RunOutcome::NothingToDo)),
        ),
        ("no incident", told.iter().any(Told::has_no_incident)),
        (
            "agent silent",
            !looks_inside || told.iter().any(Told::has_a_silent_agent),
        ),
    ];
    let lacking = wanted.into_iter().filter(|(_, has)| !has);
    lacking
        .map(|(case, _)| format!("case: {}: {case}", runbook.code))
        .collect()
}

fn of_step(runbook: &Runbook, step: &Step, told: &[Told<'_>]) -> Vec<String> {
    let name = format!("{}/{}", runbook.code, step.id);
    let mut lacking = Vec::new();
    if !told.iter().any(|t| t.reaches(&step.id)) {
        lacking.push(format!("case: {name} is reached"));
    }
    if step.when.is_some() && !told.iter().any(|t| t.skips(&step.id)) {
        lacking.push(format!("case: {name} is skipped"));
    }
    lacking
}
