//! A plan, told as a colleague proposes it: where and as whom, what happened, what would be
//! done, what it costs, and what to type next.

use crate::core::action::{Ceiling, Change};
use crate::core::incident::{Incident, IncidentStatus};
use crate::core::outcome::RunOutcome;
use crate::core::plan::{Context, Forecast, Plan, PlannedStep};
use crate::core::report::exit::Exit;
use crate::core::report::page::{Block, Line, Mark, Page, Tone};
use crate::core::report::runbook::references;
use crate::core::report::tell_answer::answered;
use crate::core::report::tell_run::for_a_ticket;
use crate::core::report::{Command, Report, moved, roles, words};
use crate::core::runbook::risk::{Approval, Risk};

/// The page of a plan; a plan that was declined or refused says so first.
pub(super) fn page(report: &Report, plan: &Plan) -> Page {
    let mut page = Page::default();
    let stopped = matches!(
        report.outcome,
        Some(RunOutcome::NeedsApproval | RunOutcome::Failed)
    );
    let refused = (plan.verdict.is_none() && stopped) || !report.moved.is_empty();
    if report.exit == Exit::Cancelled {
        page.title(Line::new(words::headline(report.outcome, plan)));
        page.text(Line::new(&report.reason));
        return page;
    }
    let what = match &plan.undoes {
        Some(run) => format!("undo of run {run}"),
        None => plan.runbook.code.clone(),
    };
    let title = format!("Plan: {what} on {}", plan.target_name);
    page.title(Line::new(title));
    context(&mut page, &plan.context);
    page.field("VM", Line::id(&plan.target.id));
    page.field(
        "Runbook",
        Line::new(format!("{} ({})", plan.runbook.title, plan.runbook.code)),
    );
    happened(&mut page, &plan.incident);
    if let Some(answer) = &plan.matched {
        answered(&mut page, answer);
    }
    if plan.forced {
        let text = "There is no failed job to answer: this plan goes on because of --force.";
        page.text(Line::default().then(Tone::Warn, text));
    }
    steps(&mut page, plan);
    stops(&mut page, plan);
    for_a_ticket(&mut page, report);
    missing(&mut page, plan);
    warnings(&mut page, &plan.warnings);
    references(&mut page, &plan.runbook);
    if refused {
        page.heading("Not applied");
        page.text(Line::default().then(Tone::Warn, sentence(&report.reason)));
        moved::tell(&mut page, &report.moved);
    }
    next(&mut page, plan);
    page
}

/// Cloud, tenant, identity, credential.
pub(super) fn context(page: &mut Page, context: &Context) {
    if context.simulated {
        let text = "SIMULATED: this is not Azure, and nothing outside this machine is touched.";
        page.text(Line::default().then(Tone::Warn, text));
    }
    page.field(
        "Cloud",
        Line::new(format!("{} ", context.cloud)).then(Tone::Id, &context.endpoint),
    );
    let unknown = || "not told by the token".to_owned();
    page.field(
        "Tenant",
        Line::id(context.tenant.clone().unwrap_or_else(unknown)),
    );
    page.field(
        "Identity",
        Line::id(context.identity.clone().unwrap_or_else(unknown)),
    );
    page.field("Credential", Line::new(&context.credential));
}

fn happened(page: &mut Page, incident: &Incident) {
    if *incident == Incident::default() {
        return;
    }
    page.heading("What happened");
    if !incident.evidence.is_empty() {
        page.text(Line::new(sentence(&incident.evidence)));
    }
    page.maybe("Code", incident.code.as_ref().map(Line::id));
    page.maybe(
        "Failed at",
        incident.ended.map(|at| Line::new(words::time(at))),
    );
    page.maybe(
        "Job",
        incident
            .id
            .as_ref()
            .filter(|id| *id != "state")
            .map(Line::id),
    );
    page.maybe("Azure says", incident.message.as_ref().map(Line::new));
    if incident.status == IncidentStatus::Running {
        let task = incident
            .task
            .as_ref()
            .map(|task| format!(" ({task})"))
            .unwrap_or_default();
        let running = incident.running.as_ref().map(|id| Line::id(id).text(task));
        page.maybe("Running now", running);
    }
    page.maybe("Healed by", incident.healed_by.as_ref().map(Line::id));
    page.maybe(
        "Recovery point",
        incident.recovery_point.as_ref().map(Line::id),
    );
}

fn steps(page: &mut Page, plan: &Plan) {
    if plan.steps.is_empty() {
        return;
    }
    page.heading("Steps");
    for (at, step) in plan.steps.iter().enumerate() {
        page.item(
            Mark::Number(at + 1),
            Line::default().then(Tone::Strong, &step.title),
            inner(step),
        );
    }
    page.heading("In all");
    page.text(Line::new(sentence(&words::totals(plan))));
}

fn inner(step: &PlannedStep) -> Vec<Block> {
    let mut blocks: Vec<Block> = step.changes.iter().map(change).collect();
    let why = match step.forecast {
        Forecast::Satisfied => {
            Some(Line::default().then(Tone::Dim, format!("nothing to do: {}", step.why)))
        }
        Forecast::Skipped => {
            Some(Line::default().then(Tone::Dim, format!("skipped: {}", step.why)))
        }
        Forecast::NeedsHuman => Some(
            Line::default()
                .then(Tone::Warn, "needs a person: ")
                .text(&step.why),
        ),
        Forecast::Failed => Some(
            Line::default()
                .then(Tone::Bad, "cannot be decided: ")
                .text(&step.why),
        ),
        Forecast::Change | Forecast::Deferred | Forecast::Waits => None,
    };
    blocks.extend(why.map(Block::Text));
    let ceiling = step.ceiling.as_ref();
    blocks.extend(ceiling.map(|ceiling| Block::Text(later(step, ceiling))));
    blocks
}

/// A step that is decided at its turn, with the most that it may do.
fn later(step: &PlannedStep, ceiling: &Ceiling) -> Line {
    if !ceiling.changes_nothing() {
        let said = format!("{} ({})", step.why, words::ceiling(ceiling));
        return badge(ceiling.approval, ceiling.risk).text(said);
    }
    let badge = if ceiling.kinds.is_empty() {
        "[sends nothing]"
    } else {
        "[only looks]"
    };
    Line::default()
        .then(Tone::Good, badge)
        .text(format!(" {}", step.why))
}

/// One request: whether it needs an approval, what it costs, what it sends.
fn change(change: &Change) -> Block {
    let mut line = if change.probe {
        Line::default()
            .then(Tone::Good, "[only looks]")
            .text(" inside the VM: ")
    } else {
        badge(change.approval, change.risk).text(format!("{}: ", words::risk(change.risk)))
    };
    line = line.text(&change.summary);
    let mut inner = vec![Block::Text(
        Line::default()
            .then(Tone::Dim, format!("{} ", change.method))
            .then(Tone::Id, &change.resource),
    )];
    if let Some(because) = change
        .because
        .as_ref()
        .filter(|_| change.approval == Approval::Required)
    {
        inner.insert(
            0,
            Block::Text(Line::default().then(Tone::Warn, "approval: ").text(because)),
        );
    }
    Block::Item(Mark::Dash, line, inner)
}

fn badge(approval: Approval, risk: Risk) -> Line {
    let (tone, text) = match (approval, risk) {
        (Approval::Required, _) => (Tone::Bad, "[NEEDS APPROVAL]"),
        (Approval::None, _) => (Tone::Good, "[no approval]"),
    };
    Line::default().then(tone, text).text(" ")
}

/// Why the plan is not to be run, when it is not.
fn stops(page: &mut Page, plan: &Plan) {
    let Some(verdict) = &plan.verdict else { return };
    page.heading("Outcome");
    let tone = match verdict.outcome {
        RunOutcome::NothingToDo | RunOutcome::Fixed => Tone::Good,
        RunOutcome::Failed => Tone::Bad,
        _ => Tone::Warn,
    };
    let headline = words::headline(Some(verdict.outcome), plan);
    page.text(
        Line::default()
            .then(tone, headline)
            .text(format!(": {}", verdict.reason)),
    );
    let Some(failure) = &verdict.failure else {
        return;
    };
    page.maybe("Missing right", failure.permission.as_ref().map(Line::id));
    page.maybe("At", failure.scope.as_ref().map(Line::id));
    let role = failure
        .permission
        .as_ref()
        .map(|action| Line::new(roles::holding(action)));
    page.maybe("Held by", role.clone());
    let made = role.map(|_| Line::id(Command::role(&plan.runbook.code).to_string()));
    page.maybe("Role from", made);
}

fn missing(page: &mut Page, plan: &Plan) {
    if plan.missing_permissions.is_empty() {
        return;
    }
    page.heading("Missing rights");
    for right in &plan.missing_permissions {
        let inner = vec![
            Block::Field("At", Line::id(&right.scope)),
            Block::Field("Held by", Line::new(roles::holding(&right.action))),
            Block::Field(
                "Role from",
                Line::id(Command::role(&plan.runbook.code).to_string()),
            ),
        ];
        page.item(
            Mark::Dash,
            Line::default().then(Tone::Bad, &right.action),
            inner,
        );
    }
}

/// What a person should know besides.
pub(super) fn warnings(page: &mut Page, warnings: &[String]) {
    if warnings.is_empty() {
        return;
    }
    page.heading("Worth knowing");
    for warning in warnings {
        page.item(Mark::Dash, Line::new(warning), Vec::new());
    }
}

fn next(page: &mut Page, plan: &Plan) {
    page.heading("Next");
    page.field("Fingerprint", Line::id(&plan.fingerprint));
    if let Some(file) = &plan.from_file {
        page.field("Saved in", Line::id(&file.path));
        page.field("Good until", Line::new(words::time(file.expires)));
    }
    let command = match &plan.from_file {
        Some(file) => Command::apply_file(&file.path, plan),
        None => Command::apply(plan),
    };
    match &plan.verdict {
        Some(_) if plan.undoes.is_some() => page.text(Line::new("Nothing is sent.")),
        Some(verdict) if verdict.outcome == RunOutcome::NothingToDo => {
            page.text(Line::new("Nothing: the complaint does not stand any more."));
        }
        Some(verdict)
            if verdict.failure.is_none()
                && plan.incident.status == IncidentStatus::None
                && !plan.forced =>
        {
            page.text(Line::new(
                "To go on without a failed job, which counts as needing approval:",
            ));
            page.verbatim(Command::apply(plan).with(["--force"]).to_string());
        }
        Some(_) => {
            page.text(Line::new(
                "Nothing is sent until that is cleared; then plan again:",
            ));
            let asks = plan.stop().map(|step| step.id.as_str());
            page.verbatim(Command::plan_again(plan, asks).to_string());
        }
        None if !plan.has_changes() => page.text(Line::new("Nothing would be sent.")),
        None => {
            if !plan.missing_permissions.is_empty() {
                page.text(Line::new(
                    "Have the missing rights granted first; without them nothing is sent.",
                ));
            }
            page.text(Line::new(
                "To apply it at a terminal, which shows it again and asks:",
            ));
            page.verbatim(command.to_string());
            page.text(Line::new("To apply it unattended:"));
            page.verbatim(unattended(plan, command).to_string());
        }
    }
}

/// The least consent that covers the plan.
fn unattended(plan: &Plan, command: Command) -> Command {
    if !plan.approvals_needed().is_empty() {
        return command.with(["--approve", &plan.fingerprint]);
    }
    match plan.risk() {
        Some(risk) if risk > Risk::Reversible => command.with(["--yes", "--max-risk", risk.name()]),
        _ => command.with(["--yes"]),
    }
}

/// `text` with a capital and a full stop; no full stop touches an id or a mark.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    let mut out = format!("{first}{}", chars.as_str());
    if out.ends_with(|c: char| c.is_alphabetic()) {
        out.push('.');
    }
    out
}
