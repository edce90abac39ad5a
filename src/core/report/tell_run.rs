//! A run, told to the person who has to know what was done: the outcome first, then each
//! request with its fate, and how to put back what was taken away.

use serde_json::Value;

use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::Plan;
use crate::core::report::page::{Block, Line, Mark, Page, Tone};
use crate::core::report::runbook::references;
use crate::core::report::tell_plan::{context, sentence, sentence_on, warnings};
use crate::core::report::ticket::Ticket;
use crate::core::report::{
    Attempt, Command, FateReport, Job, Problem, Report, Requests, Run, StepReport, deed, roles,
    words,
};

/// `Microsoft.Authorization/locks`, the version that all locks are written with
/// (`azure-api.md` section 1).
const LOCKS_VERSION: &str = "2020-05-01";

/// The page of a run.
pub(super) fn page(report: &Report, plan: &Plan, run: &Run) -> Page {
    let mut page = Page::default();
    for lock in &report.locks_out {
        let line = Line::default()
            .then(Tone::Bad, "A borrowed lock is still out: ")
            .then(Tone::Id, lock);
        page.text(line);
    }
    page.title(Line::default().then(tone_of(report.outcome), words::headline_of(report, plan)));
    if !report.reason.is_empty() {
        page.text(Line::new(sentence_on(&plan.target_name, &report.reason)));
    }
    context(&mut page, &plan.context);
    page.field("VM", Line::id(&plan.target.id));
    page.field(
        "Runbook",
        Line::new(format!("{} ({})", plan.runbook.title, plan.runbook.code)),
    );
    if !plan.incident.evidence.is_empty() {
        page.field("Answers", Line::new(sentence(&plan.incident.evidence)));
    }
    page.heading("Steps");
    for (at, step) in report.steps.iter().enumerate() {
        let ended = match (step.outcome, report.outcome) {
            (Some(outcome), _) => outcome.to_string(),
            (None, Some(RunOutcome::Fixed | RunOutcome::NothingToDo)) => "not needed".to_owned(),
            (None, _) => "not reached".to_owned(),
        };
        let line = Line::default()
            .then(Tone::Strong, &step.title)
            .text(": ")
            .then(tone_of_step(step.outcome), ended);
        page.item(Mark::Number(at + 1), line, inner(step, plan));
    }
    if report.steps.iter().any(|step| step.undoable) {
        page.text(Line::new("To put back what was changed inside the VM:"));
        page.verbatim(Command::undo(&run.id, plan).to_string());
    }
    result(&mut page, report);
    if let Some(problem) = &report.problem {
        about(&mut page, problem, Some(plan));
    }
    for_a_ticket(&mut page, report);
    then(&mut page, report, plan);
    warnings(&mut page, &report.warnings);
    references(&mut page, &plan.runbook);
    books(&mut page, report, run);
    page
}

/// The page of an error that came before a plan.
pub(super) fn error(report: &Report) -> Page {
    let mut page = Page::default();
    page.text(
        Line::default()
            .then(Tone::Bad, "error: ")
            .text(&report.reason),
    );
    if let Some(problem) = report.problem.as_ref().filter(|p| p.failure.is_some()) {
        about(&mut page, problem, None);
    }
    page
}

/// What a person is handed, to paste as it stands.
pub(super) fn for_a_ticket(page: &mut Page, report: &Report) {
    if let Some(ticket) = Ticket::of(report) {
        page.heading("For a ticket");
        page.verbatim(ticket.text);
    }
}

/// What follows once a person has done what a step asked for.
fn then(page: &mut Page, report: &Report, plan: &Plan) {
    let asks = |step: &&StepReport| step.outcome == Some(StepOutcome::NeedsHuman);
    let Some(step) = report.steps.iter().find(asks) else {
        return;
    };
    page.heading("Next");
    page.text(Line::new("Once that is done, plan again:"));
    page.verbatim(Command::plan_again(plan, Some(&step.id)).to_string());
}

fn inner(step: &StepReport, plan: &Plan) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !step.reason.is_empty() {
        let reason = sentence_on(&plan.target_name, &step.reason);
        blocks.push(Block::Text(Line::new(reason)));
    }
    if step.sent() > 1 {
        blocks.push(Block::Text(Line::new(format!(
            "Sent {} requests:",
            step.sent()
        ))));
    }
    blocks.extend(step.attempts.iter().map(|attempt| told(attempt, plan)));
    blocks
}

fn told(attempt: &Attempt, plan: &Plan) -> Block {
    let took = attempt
        .settled_at
        .map(|end| words::length(attempt.at, end))
        .unwrap_or_default();
    let line = Line::new(format!(
        "{}  {}: ",
        words::time(attempt.at),
        attempt.summary
    ));
    let line = match &attempt.fate {
        FateReport::Done => line.then(Tone::Good, "done").text(format!(" after {took}")),
        FateReport::Found(what) => line.then(Tone::Good, words::found(what, attempt, &took)),
        FateReport::Running => line.then(Tone::Warn, "taken; Azure is at work on it"),
        FateReport::InDoubt => line.then(Tone::Warn, words::in_doubt(attempt)),
        FateReport::Failed(failure) if words::was_held_back(failure) => line
            .then(Tone::Warn, "not sent")
            .text(format!(": {}", failure.message)),
        FateReport::Failed(failure) => line
            .then(Tone::Bad, "failed")
            .text(format!(" after {took}: {}", failure.message)),
    };
    let sent = Line::default()
        .then(Tone::Dim, format!("{} ", attempt.method))
        .then(Tone::Id, &attempt.resource);
    let mut inner = vec![Block::Text(sent)];
    if let FateReport::Failed(failure) = &attempt.fate
        && !words::was_held_back(failure)
    {
        let status = failure.status.map(|status| format!("HTTP {status}"));
        let what: Vec<String> = status.into_iter().chain(failure.code.clone()).collect();
        let class = format!(" ({})", failure.class);
        inner.push(Block::Field("Error", Line::id(what.join(" ")).text(class)));
        let id = failure.correlation_id.as_ref();
        inner.extend(id.map(|id| Block::Field("Correlation id", Line::id(id))));
    }
    if let Some(lock) = &attempt.lock {
        inner.push(Block::Text(Line::new("The lock as it was:")));
        inner.push(Block::Verbatim(pretty(lock)));
        if !attempt.put_back {
            inner.extend(put_back(lock, &attempt.resource, &plan.context.endpoint));
        }
    }
    Block::Item(Mark::Dash, line, inner)
}

/// The command that makes a lock again.
fn put_back(lock: &Value, id: &str, endpoint: &str) -> [Block; 2] {
    let properties = lock.get("properties").unwrap_or(lock);
    let mut kept = serde_json::Map::new();
    for name in ["level", "notes", "owners"] {
        if let Some(value) = properties.get(name).filter(|value| !value.is_null()) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    let body = serde_json::json!({ "properties": kept })
        .to_string()
        .replace('\'', r"'\''");
    let url = format!(
        "{}{id}?api-version={LOCKS_VERSION}",
        endpoint.trim_end_matches('/')
    );
    [
        Block::Text(Line::new("To put it back, if you want it:")),
        Block::Verbatim(format!(
            "az rest --method put --url '{}' --body '{body}'",
            url.replace('\'', r"'\''")
        )),
    ]
}

fn result(page: &mut Page, report: &Report) {
    let nothing = report.job.is_none() && report.recovery_point.is_none() && report.due.is_none();
    if nothing && report.resume.is_none() {
        return;
    }
    page.heading("Backup");
    if let Some(job) = &report.job {
        page.field("Job", told_job(job));
        page.maybe("Vault", job.vault.as_ref().map(Line::id));
    }
    page.maybe(
        "Recovery point",
        report.recovery_point.as_ref().map(Line::id),
    );
    page.maybe(
        "Look again at",
        report.due.map(|due| Line::new(words::time(due))),
    );
    if let Some(command) = &report.resume {
        page.text(Line::new("To go on:"));
        page.verbatim(command.to_string());
    }
}

fn told_job(job: &Job) -> Line {
    let known: Vec<&str> = [&job.status, &job.task]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let line = Line::id(&job.id);
    if known.is_empty() {
        line
    } else {
        line.text(format!(" ({})", known.join(", ")))
    }
}

fn about(page: &mut Page, problem: &Problem, plan: Option<&Plan>) {
    page.heading("What went wrong");
    if let Some(plan) = plan {
        page.text(Line::new(sentence_on(&plan.target_name, &problem.message)));
    }
    page.maybe("Code", problem.code.as_ref().map(Line::id));
    if let Some(failure) = &problem.failure {
        page.field("Class", Line::new(failure.class.name()));
        page.maybe(
            "HTTP status",
            failure.status.map(|status| Line::new(status.to_string())),
        );
        page.maybe("Missing right", failure.permission.as_ref().map(Line::id));
        page.maybe("At", failure.scope.as_ref().map(Line::id));
        let role = failure
            .permission
            .as_ref()
            .map(|action| Line::new(roles::holding(action)));
        page.maybe("Held by", role);
        page.maybe(
            "Correlation id",
            failure.correlation_id.as_ref().map(Line::id),
        );
    }
    if let Some((plan, code)) = plan.and_then(|p| Some((p, deed::another_code(problem, p)?))) {
        let (words, command) = deed::answer_to(code, plan);
        page.text(Line::new(sentence(&words)));
        page.verbatim(command.to_string());
    }
}

fn books(page: &mut Page, report: &Report, run: &Run) {
    page.heading("Record");
    page.field("Requests", Line::new(counts(&report.requests)));
    page.field("Began", Line::new(words::time(run.started)));
    page.maybe(
        "Took",
        run.finished
            .map(|end| Line::new(words::length(run.started, end))),
    );
    page.maybe("Agreed to by", run.approved_by.as_ref().map(Line::new));
    let file = report.plan.as_ref().and_then(|p| p.from_file.as_ref());
    page.maybe(
        "Saved plan",
        file.map(|f| Line::id(&f.path).text(format!(" ({})", f.id))),
    );
    page.field(
        "Run",
        Line::id(&run.id.0).text(format!(" ({} events)", run.events)),
    );
    page.field("Journal head", Line::id(&run.head));
}

fn counts(requests: &Requests) -> String {
    [
        words::counted(requests.reads as usize, "read", "reads"),
        words::counted(requests.queries as usize, "query", "queries"),
        words::counted(
            requests.probes as usize,
            "look inside the VM",
            "looks inside the VM",
        ),
        words::counted(requests.writes as usize, "write", "writes"),
        words::counted(requests.retries as usize, "repetition", "repetitions"),
        format!("{} throttled", requests.throttled),
    ]
    .join(", ")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

fn tone_of(outcome: Option<RunOutcome>) -> Tone {
    match outcome {
        Some(RunOutcome::Fixed | RunOutcome::NothingToDo) => Tone::Good,
        Some(RunOutcome::Failed) => Tone::Bad,
        _ => Tone::Warn,
    }
}

fn tone_of_step(outcome: Option<StepOutcome>) -> Tone {
    match outcome {
        Some(StepOutcome::Satisfied | StepOutcome::Changed) => Tone::Good,
        Some(StepOutcome::Failed) => Tone::Bad,
        Some(StepOutcome::Skipped) | None => Tone::Dim,
        Some(_) => Tone::Warn,
    }
}
