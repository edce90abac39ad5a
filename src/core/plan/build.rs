//! Makes a plan: look, decide, stop.
//!
//! It is given the table of lookers and the deciding halves of the actions, and nothing that
//! can write.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::secret::without_secrets;
use crate::base::{ErrorClass, Failure};
use crate::core::action::Actions;
use crate::core::facts::{Fact, FactKey, Facts, Lookers, Target};
use crate::core::incident::{self, Incident, IncidentStatus};
use crate::core::outcome::RunOutcome;
use crate::core::plan::step::{Planner, params_fact};
use crate::core::plan::{
    Context, FORMAT, Forecast, Plan, PlannedStep, Verdict, fingerprint, last_name, loans,
    permissions,
};
use crate::core::runbook::Runbook;
use crate::core::runbook::live::facts_named;
use crate::core::runbook::template::{Condition, Evaluated};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The runbook, with its procedures written out.
    pub runbook: &'a Runbook,
    /// What it is about.
    pub target: Target,
    /// The parameters, defaults filled in and checked.
    pub params: BTreeMap<String, Value>,
    /// Go on although nothing proves the complaint.
    pub force: bool,
    /// Under whose name and where.
    pub context: Context,
    /// A plan that was agreed to before: each step decides as it would at its turn.
    pub approved: Option<&'a Plan>,
    /// The time of planning.
    pub now: Timestamp,
}

/// Looks, decides each step on what it sees and predicts, and stops.
///
/// What stands in the way is in the plan's `verdict`; building a plan never fails.
pub async fn build(request: Request<'_>, actions: &Actions, lookers: &Lookers) -> Plan {
    made(request, None, actions, lookers).await
}

/// As [`build`], to undo a run: that is the complaint, and none is looked for.
pub async fn build_undo(
    request: Request<'_>,
    run: &str,
    complaint: Incident,
    actions: &Actions,
    lookers: &Lookers,
) -> Plan {
    made(request, Some((run, complaint)), actions, lookers).await
}

async fn made(
    request: Request<'_>,
    undone: Option<(&str, Incident)>,
    actions: &Actions,
    lookers: &Lookers,
) -> Plan {
    let mut facts = Facts::default();
    facts.know("params", params_fact(&request.params));
    facts.know(
        "runbook",
        json!({ "code": request.runbook.code, "title": request.runbook.title }),
    );
    let extended = loans::with_returns(request.runbook, actions);
    let hash = request.runbook.hash();
    let request = Request {
        runbook: &extended,
        ..request
    };
    let mut plan = empty(&request, hash);
    match undone {
        Some((run, complaint)) => {
            plan.undoes = Some(run.to_owned());
            plan.incident = complaint;
        }
        None => look_for_incident(&request, lookers, &mut facts, &mut plan).await,
    }
    if plan.verdict.is_none() {
        plan.verdict = verdict_of_incident(&plan.incident, &request);
        plan.forced = plan.verdict.is_none() && plan.incident.status == IncidentStatus::None;
    }
    if plan.verdict.is_none() {
        plan.verdict = wrong_os(&request, lookers, &mut facts).await;
    }
    if plan.verdict.is_none() {
        plan_steps(&request, actions, lookers, &mut facts, &mut plan).await;
        permissions::check(&request.target, actions, lookers, &mut plan).await;
        let refused = facts.unread().filter(|why| why.starts_with("cannot "));
        plan.warnings.extend(refused.map(str::to_owned));
    }
    plan.names = lookers.lasting(&facts);
    redact(&mut plan);
    plan.fingerprint = fingerprint::of(&plan);
    plan
}

async fn look_for_incident(
    request: &Request<'_>,
    lookers: &Lookers,
    facts: &mut Facts,
    plan: &mut Plan,
) {
    let nothing = Incident::default();
    match find_incident(request.runbook, &request.target, &nothing, lookers, facts).await {
        Ok(incident) => plan.incident = incident,
        Err(failure) => plan.verdict = Some(from_failure(failure)),
    }
}

/// People write tokens and signed URLs into the notes of locks and the like; a plan is shown,
/// saved and journalled. A part that cannot be cleaned is left out, and the plan is not to be run.
fn redact(plan: &mut Plan) {
    let broken = [
        clean(&mut plan.steps),
        clean(&mut plan.incident),
        clean(&mut plan.verdict),
        clean(&mut plan.warnings),
    ];
    if let Some(why) = broken.into_iter().find_map(Result::err) {
        plan.verdict = Some(from_failure(Failure::new(
            ErrorClass::Invalid,
            "take the secrets out of the plan",
            why.to_string(),
        )));
    }
}

fn clean<T: Serialize + DeserializeOwned + Default>(part: &mut T) -> serde_json::Result<()> {
    let cleaned = without_secrets(part);
    let (kept, result) = match cleaned {
        Ok(kept) => (kept, Ok(())),
        Err(e) => (T::default(), Err(e)),
    };
    *part = kept;
    result
}

fn empty(request: &Request<'_>, runbook_hash: String) -> Plan {
    Plan {
        format: FORMAT,
        runbook: request.runbook.clone(),
        runbook_hash,
        target_name: last_name(&request.target.id).to_owned(),
        target: request.target.clone(),
        context: request.context.clone(),
        incident: Incident::default(),
        matched: None,
        names: BTreeMap::new(),
        params: request.params.clone(),
        forced: false,
        steps: Vec::new(),
        verdict: None,
        missing_permissions: Vec::new(),
        warnings: Vec::new(),
        undoes: None,
        from_file: None,
        made: request.now,
        fingerprint: String::new(),
    }
}

/// How the complaint of `runbook` stands, by the failed jobs or, if none has its code, by state.
/// What is `known` of it already is not read again.
///
/// # Errors
/// When it cannot be read.
pub async fn find_incident(
    runbook: &Runbook,
    target: &Target,
    known: &Incident,
    lookers: &Lookers,
    facts: &mut Facts,
) -> Result<Incident, Failure> {
    let key = incident::key(runbook, known);
    lookers
        .load(target, std::slice::from_ref(&key), facts)
        .await;
    let mut unseen = None;
    let mut found: Incident = match facts.get(&key) {
        Some(Fact::Known(value)) => serde_json::from_value(value.clone())
            .map_err(|e| Failure::new(ErrorClass::Invalid, "read the incident", e.to_string()))?,
        // What is gone has no jobs to look at; a runbook may take just that for its proof.
        Some(Fact::Failed(failure))
            if failure.class == ErrorClass::NotFound && runbook.matching.state.is_some() =>
        {
            unseen = Some(failure.clone());
            Incident::default()
        }
        Some(Fact::Failed(failure)) => return Err(failure.clone()),
        _ => Incident::default(),
    };
    if found.status == IncidentStatus::None
        && let Some(text) = &runbook.matching.state
        && let Some(why) = proven_by_state(text, target, lookers, facts).await?
    {
        found.status = if found.running.is_some() {
            IncidentStatus::Running
        } else {
            IncidentStatus::Open
        };
        found.id = Some("state".to_owned());
        found.code = Some(runbook.code.clone());
        found.evidence = format!("the state of the VM proves it: {why}");
        return Ok(found);
    }
    match unseen {
        Some(failure) => Err(failure),
        None => Ok(found),
    }
}

/// What proves it, for people.
async fn proven_by_state(
    text: &str,
    target: &Target,
    lookers: &Lookers,
    facts: &mut Facts,
) -> Result<Option<String>, Failure> {
    let attempted = "tell whether the VM's state proves the complaint";
    let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted, why);
    let condition = Condition::parse(text).map_err(|e| invalid(e.message))?;
    let keys: Vec<FactKey> = facts_named(condition.paths());
    lookers.load(target, &keys, facts).await;
    for key in &keys {
        if let Some(Fact::Failed(failure)) = facts.get(key) {
            return Err(failure.clone());
        }
    }
    match condition.evaluate(facts) {
        Evaluated::Known(Value::Bool(true)) => Ok(Some(condition.told(facts, lookers))),
        Evaluated::Known(_) | Evaluated::Unknown(_) => Ok(None),
        Evaluated::Failed(why) => Err(invalid(why)),
    }
}

fn verdict_of_incident(incident: &Incident, request: &Request<'_>) -> Option<Verdict> {
    let (outcome, reason) = match incident.status {
        IncidentStatus::Open | IncidentStatus::Running => return None,
        IncidentStatus::Healed => (RunOutcome::NothingToDo, incident.evidence.clone()),
        IncidentStatus::None if request.force => return None,
        IncidentStatus::None => (
            RunOutcome::NeedsHuman,
            format!(
                "nothing shows that `{}` failed with `{}`: {}",
                last_name(&request.target.id),
                request.runbook.code,
                incident.evidence
            ),
        ),
    };
    Some(Verdict {
        outcome,
        reason,
        failure: None,
    })
}

/// A failure to look, as the end of a run that did not begin.
#[must_use]
pub fn from_failure(failure: Failure) -> Verdict {
    let outcome = match failure.class {
        ErrorClass::NotFound => RunOutcome::NeedsHuman,
        _ => RunOutcome::Failed,
    };
    Verdict {
        outcome,
        reason: failure.to_string(),
        failure: Some(failure),
    }
}

async fn wrong_os(request: &Request<'_>, lookers: &Lookers, facts: &mut Facts) -> Option<Verdict> {
    let wanted = request.runbook.os.name()?;
    let key = FactKey::named("vm");
    lookers
        .load(&request.target, std::slice::from_ref(&key), facts)
        .await;
    let Some(Fact::Known(vm)) = facts.get(&key) else {
        return None;
    };
    let is = vm.get("os").and_then(Value::as_str)?;
    (!is.eq_ignore_ascii_case(wanted)).then(|| Verdict {
        outcome: RunOutcome::NeedsHuman,
        reason: format!(
            "`{}` is for {wanted}; this VM runs {is}",
            request.runbook.code
        ),
        failure: None,
    })
}

async fn plan_steps(
    request: &Request<'_>,
    actions: &Actions,
    lookers: &Lookers,
    facts: &mut Facts,
    plan: &mut Plan,
) {
    let codes: Vec<String> = request.runbook.codes().map(str::to_owned).collect();
    let mut planner = Planner {
        request,
        actions,
        lookers,
        facts,
        codes,
        planned: 0,
    };
    for step in request.runbook.steps() {
        let running = plan.incident.running.as_deref();
        let attached = plan.incident.status == IncidentStatus::Running;
        let waits = attached && !(step.meanwhile && plan.steps.iter().all(is_skipped));
        let mut planned = match running.filter(|_| waits) {
            Some(job) => planner.after(step, &format!("the running backup job {job}")),
            None => planner.plan(step, &plan.steps).await,
        };
        planned.returns = loans::returned_by(step, &plan.steps).map(str::to_owned);
        plan.steps.push(planned);
    }
    loans::settle(plan);
    plan.verdict = plan.stop().map(verdict_of_step);
}

fn is_skipped(step: &PlannedStep) -> bool {
    step.forecast == Forecast::Skipped
}

fn verdict_of_step(step: &PlannedStep) -> Verdict {
    if let Some(failure) = &step.failure {
        return from_failure(failure.clone());
    }
    let outcome = match step.forecast {
        Forecast::Failed => RunOutcome::Failed,
        _ => RunOutcome::NeedsHuman,
    };
    Verdict {
        outcome,
        reason: step.why.clone(),
        failure: None,
    }
}
