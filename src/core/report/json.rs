//! The document for machines: DESIGN section 9, version 1. It only grows within a version.

use jiff::Timestamp;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use crate::base::ErrorClass;
use crate::core::incident::Incident;
use crate::core::journal::Record;
use crate::core::plan::rest::Moved;
use crate::core::plan::{ApprovalNeeded, Context, FromFile};
use crate::core::report::ticket::Ticket;
use crate::core::report::{ChangeReport, Job, Problem, Report, Requests, StepReport};
use crate::core::runbook::answer::Answer;
use crate::core::runbook::risk::Risk;

pub use super::names::{OutcomeName, StepOutcomeName};

/// The version of the document.
pub const SCHEMA_VERSION: u32 = 1;

/// What `--output json` prints: exactly one of these, errors included. Resource ids keep
/// Azure's casing; times are RFC 3339 in UTC; what is not known is null.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "runbook report")]
pub struct Document {
    /// 1.
    pub schema_version: u32,
    /// True when the world was the embedded simulator's.
    pub simulated: bool,
    /// What the process ends with.
    pub exit_code: u8,
    /// The run's id; null before a run.
    pub run: Option<String>,
    /// The runbook's code.
    pub runbook: Option<String>,
    /// The VM's resource id.
    pub target: Option<String>,
    /// Under whose name and where.
    pub identity: Option<Identity>,
    /// How the complaint stands.
    pub incident: Option<Complaint>,
    /// Why this runbook, when its code was read from the last failed job; null when it was named.
    pub matched: Option<Answer>,
    /// How it ended; null for a plan with something to apply, and for a run that has not ended.
    /// Where `undoes` is set, `fixed` means that everything in the plan is put back.
    pub outcome: Option<OutcomeName>,
    /// Why, for people.
    pub reason: String,
    /// What went wrong; null when nothing did.
    pub error: Option<Fault>,
    /// What an approval covers.
    pub fingerprint: Option<String>,
    /// The greatest risk of the plan; null when nothing would be sent.
    pub plan_risk: Option<Risk>,
    /// What a person must approve.
    pub approvals_needed: Vec<Needed>,
    /// Resource ids of borrowed locks that are still out.
    pub locks_out: Vec<String>,
    /// The backup job that the run started, follows, or waits for.
    pub job: Option<Job>,
    /// The recovery point that proves that backups work again.
    pub recovery_point: Option<String>,
    /// When to go on.
    #[schemars(with = "Option<String>")]
    pub due: Option<Timestamp>,
    /// What goes on, as a POSIX shell reads it.
    pub resume_command: Option<String>,
    /// The steps, in order.
    pub steps: Vec<StepDocument>,
    /// How many requests were sent.
    pub requests: Requests,
    /// When the run began, or the plan was made.
    #[schemars(with = "Option<String>")]
    pub started: Option<Timestamp>,
    /// When the run ended.
    #[schemars(with = "Option<String>")]
    pub finished: Option<Timestamp>,
    /// What a person should know besides.
    pub warnings: Vec<String>,
    /// The file that the plan was saved in, or came from; null when there is none.
    pub plan_file: Option<PlanFile>,
    /// What is not as it was when the plan was saved; nothing was sent then.
    pub moved: Vec<MovedDocument>,
    /// What is handed to a person; null when nobody has to act.
    pub ticket: Option<TicketDocument>,
    /// The run that this plan or run undoes; null when it repairs.
    pub undoes: Option<String>,
}

/// What is handed to a person.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TicketDocument {
    /// Who has to act, when the runbook says.
    pub owner: Option<String>,
    /// A block to paste into a ticket as it stands.
    pub text: String,
    /// The facts in it, whole.
    pub facts: Value,
}

/// The file that a plan was saved in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlanFile {
    /// Names its content: the runs of it have the same.
    pub id: String,
    /// Where it lay, as it was given.
    pub path: String,
    /// From when it is not applied any more.
    #[schemars(with = "String")]
    pub expires: Timestamp,
    /// The fingerprint of the plan as it was saved.
    pub fingerprint: String,
}

/// One thing that moved.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MovedDocument {
    /// The step; null for the whole plan.
    pub step: Option<String>,
    /// What is otherwise, for people.
    pub what: String,
}

/// Under whose name and where.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Identity {
    /// Who acts, when the token tells.
    pub name: Option<String>,
    /// The directory, when the token tells.
    pub tenant: Option<String>,
    /// The kind of credential.
    pub credential: String,
    /// The cloud.
    pub cloud: String,
    /// The endpoint of the Resource Manager.
    pub endpoint: String,
}

/// How the complaint stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Complaint {
    /// `open`, `healed`, `running` or `none`.
    pub status: String,
    /// The failed job, or `state` when a state proves the complaint.
    pub id: Option<String>,
    /// The code it failed with.
    pub code: Option<String>,
    /// Azure's message.
    pub message: Option<String>,
    /// When it failed.
    #[schemars(with = "Option<String>")]
    pub ended: Option<Timestamp>,
    /// What proves it, or stands in the way of a proof, for people.
    pub evidence: String,
}

/// What went wrong.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Fault {
    /// The class of the failure; null when it is not a failure of a request.
    pub class: Option<ErrorClass>,
    /// HTTP status.
    pub status: Option<u16>,
    /// The server's error code, or the code that a job ended with.
    pub code: Option<String>,
    /// For people.
    pub message: String,
    /// The RBAC action that is missing.
    pub permission: Option<String>,
    /// The scope where it is missing.
    pub scope: Option<String>,
    /// The server's correlation id, for a support case.
    pub correlation_id: Option<String>,
}

/// One approval that the plan needs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Needed {
    /// The step; null for the whole plan.
    pub step: Option<String>,
    /// What a person types to approve it.
    pub resource: String,
    /// Why it needs one.
    pub why: String,
}

/// One step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StepDocument {
    /// Its id.
    pub id: String,
    /// Its action.
    pub action: String,
    /// How it ended; null when it was not reached or is only planned.
    pub outcome: Option<StepOutcomeName>,
    /// Why, for people.
    pub reason: String,
    /// How many requests it sent that were no looks inside the guest.
    pub attempts: usize,
    /// What it sent, each once; before a run, what it would send.
    pub changes: Vec<ChangeReport>,
}

impl Document {
    /// The document of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let plan = report.plan.as_deref();
        let run = report.run.as_ref();
        Self {
            schema_version: SCHEMA_VERSION,
            simulated: report.simulated(),
            exit_code: report.exit.code(),
            run: run.map(|run| run.id.0.clone()),
            runbook: plan.map(|plan| plan.runbook.code.clone()),
            target: plan.map(|plan| plan.target.id.clone()),
            identity: plan.map(|plan| Identity::of(&plan.context)),
            incident: report.incident.as_ref().map(Complaint::of),
            matched: plan.and_then(|plan| plan.matched.clone()),
            outcome: report.outcome.map(OutcomeName),
            reason: report.reason.clone(),
            error: report.problem.as_ref().map(Fault::of),
            fingerprint: plan.map(|plan| plan.fingerprint.clone()),
            plan_risk: plan.and_then(|plan| plan.risk()),
            approvals_needed: report
                .approvals_needed()
                .into_iter()
                .map(Needed::of)
                .collect(),
            locks_out: report.locks_out.clone(),
            job: report.job.clone(),
            recovery_point: report.recovery_point.clone(),
            due: report.due,
            resume_command: report.resume.as_ref().map(ToString::to_string),
            steps: report.steps.iter().map(StepDocument::of).collect(),
            requests: report.requests,
            started: run.map(|run| run.started).or(plan.map(|plan| plan.made)),
            finished: run.and_then(|run| run.finished),
            warnings: report.warnings.clone(),
            plan_file: plan.and_then(|plan| plan.from_file.as_ref().map(PlanFile::of)),
            moved: report.moved.iter().map(MovedDocument::of).collect(),
            ticket: Ticket::of(report).map(TicketDocument::of),
            undoes: plan.and_then(|plan| plan.undoes.clone()),
        }
    }
}

impl PlanFile {
    fn of(file: &FromFile) -> Self {
        Self {
            id: file.id.clone(),
            path: file.path.clone(),
            expires: file.expires,
            fingerprint: file.fingerprint.clone(),
        }
    }
}

impl TicketDocument {
    fn of(ticket: Ticket) -> Self {
        let Ticket { owner, text, facts } = ticket;
        Self { owner, text, facts }
    }
}

impl MovedDocument {
    fn of(moved: &Moved) -> Self {
        Self {
            step: Some(moved.step.clone()).filter(|step| !step.is_empty()),
            what: moved.what.clone(),
        }
    }
}

impl Identity {
    fn of(context: &Context) -> Self {
        Self {
            name: context.identity.clone(),
            tenant: context.tenant.clone(),
            credential: context.credential.clone(),
            cloud: context.cloud.clone(),
            endpoint: context.endpoint.clone(),
        }
    }
}

impl Complaint {
    fn of(incident: &Incident) -> Self {
        use crate::core::incident::IncidentStatus as S;
        let status = match incident.status {
            S::Open => "open",
            S::Healed => "healed",
            S::Running => "running",
            S::None => "none",
        };
        Self {
            status: status.to_owned(),
            id: incident.id.clone(),
            code: incident.code.clone(),
            message: incident.message.clone(),
            ended: incident.ended,
            evidence: incident.evidence.clone(),
        }
    }
}

impl Fault {
    fn of(problem: &Problem) -> Self {
        let failure = problem.failure.as_ref();
        Self {
            class: failure.map(|failure| failure.class),
            status: failure.and_then(|failure| failure.status),
            code: problem.code.clone(),
            message: problem.message.clone(),
            permission: failure.and_then(|failure| failure.permission.clone()),
            scope: failure.and_then(|failure| failure.scope.clone()),
            correlation_id: failure.and_then(|failure| failure.correlation_id.clone()),
        }
    }
}

impl Needed {
    fn of(needed: ApprovalNeeded) -> Self {
        Self {
            step: Some(needed.step).filter(|step| !step.is_empty()),
            resource: needed.resource,
            why: needed.why,
        }
    }
}

impl StepDocument {
    fn of(step: &StepReport) -> Self {
        Self {
            id: step.id.clone(),
            action: step.action.clone(),
            outcome: step.outcome.map(StepOutcomeName),
            reason: step.reason.clone(),
            attempts: step.sent(),
            changes: step.changes.clone(),
        }
    }
}

/// JSON Schema (2020-12) of the document.
#[must_use]
pub fn report_schema() -> Value {
    SchemaGenerator::default()
        .into_root_schema_for::<Document>()
        .to_value()
}

/// The report as one indented JSON document, ending in a line feed.
///
/// # Errors
/// Never for a report that this program made.
pub fn render(report: &Report) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(&Document::of(report))? + "\n")
}

/// The report as a value, for documents that hold several.
///
/// # Errors
/// Never for a report that this program made.
pub fn document(report: &Report) -> Result<Value, serde_json::Error> {
    serde_json::to_value(Document::of(report))
}

/// One event of the journal as one line, ending in a line feed.
///
/// # Errors
/// Never for an event that this program made.
pub fn ndjson(record: &Record) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(record)? + "\n")
}

#[cfg(test)]
mod tests;
