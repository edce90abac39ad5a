//! What a run says of the world: the job, the recovery point, the locks that are out.

use serde_json::Value;

use crate::core::action::Decision;
use crate::core::incident::Incident;
use crate::core::journal::state::State;
use crate::core::outcome::StepOutcome;
use crate::core::report::{Job, Requests};

/// The job of the run: what a step gave, else what its last wait follows, else one that was in
/// vain, else the incident's.
pub(super) fn job(state: &State) -> Option<Job> {
    let gave = |in_vain: bool| {
        let steps = state.steps.iter().rev();
        let mut steps = steps.filter(move |s| (s.outcome == Some(StepOutcome::Failed)) == in_vain);
        steps.find_map(|step| read_job(step.outputs.get("job")?))
    };
    let followed = || {
        let steps = state.steps.iter().rev();
        // What a step in vain followed is over: its outputs say how.
        let mut others = steps.filter(|s| s.outcome != Some(StepOutcome::Failed));
        others.find_map(|step| read_job(step.following.get("job")?))
    };
    // What the last decision says of it is fresher than what was followed before.
    let ended = || {
        state
            .steps
            .iter()
            .rev()
            .find_map(|step| match &step.decision {
                Some(Decision::NeedsHuman { evidence, .. } | Decision::Failed { evidence, .. }) => {
                    read_job(evidence.get("job")?)
                }
                _ => None,
            })
    };
    gave(false)
        .or_else(ended)
        .or_else(followed)
        .or_else(|| gave(true))
        .or_else(|| job_of_incident(&state.incident))
        .map(|job| as_it_ended(job, &state.incident))
}

/// The job that healed the complaint has completed, whatever was known of it when it was followed.
fn as_it_ended(job: Job, incident: &Incident) -> Job {
    if incident.healed_by.as_ref() != Some(&job.id) {
        return job;
    }
    Job {
        status: Some("Completed".to_owned()),
        task: None,
        ..job
    }
}

/// The job that runs while the complaint stands, if one does.
pub(super) fn job_of_incident(incident: &Incident) -> Option<Job> {
    let id = incident.running.clone()?;
    Some(Job {
        id,
        vault: None,
        status: Some("InProgress".to_owned()),
        task: incident.task.clone(),
    })
}

/// The newest recovery point that a step saw, else the one that healed the incident.
pub(super) fn recovery_point(state: &State) -> Option<String> {
    let given = state
        .steps
        .iter()
        .rev()
        .find_map(|step| read_name(step.outputs.get("recovery_point")?));
    given.or_else(|| state.incident.recovery_point.clone())
}

/// An object with an id, or the id alone.
fn read_job(value: &Value) -> Option<Job> {
    match value {
        Value::String(id) => Some(Job {
            id: id.clone(),
            vault: None,
            status: None,
            task: None,
        }),
        other => serde_json::from_value(other.clone()).ok(),
    }
}

fn read_name(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => Some(name.clone()),
        other => Some(
            other
                .get("id")
                .or_else(|| other.get("name"))?
                .as_str()?
                .to_owned(),
        ),
    }
}

/// Borrowed locks that are not back. One that may have been taken counts: an answer that was lost
/// is no proof that it stands.
pub(super) fn locks_out(state: &State) -> Vec<String> {
    let out = state.out.iter().filter(|out| !out.seen_back);
    out.map(|out| out.loan.resource.clone()).collect()
}

/// What the end of the run counted; a run without an end is counted by its events, which know
/// of writes and probes alone.
pub(super) fn requests(counted: &Value, state: &State) -> Requests {
    if let Ok(requests) = serde_json::from_value::<Requests>(counted.clone()) {
        return requests;
    }
    let probes = state.sent.iter().filter(|sent| sent.change.probe).count() as u64;
    Requests {
        probes,
        writes: state.sent.len() as u64 - probes,
        ..Requests::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::report::samples;

    #[test]
    fn what_a_step_gave_comes_before_what_a_wait_follows_and_that_before_the_incident() {
        let mut state = State::fold(&samples::waiting_run()).expect("a history");
        assert_eq!(
            job(&state).map(|j| j.id).as_deref(),
            Some("job-2"),
            "followed"
        );
        state.steps[2].outputs = json!({ "job": { "id": "job-3" }, "recovery_point": "rp-9" });
        assert_eq!(job(&state).map(|j| j.id).as_deref(), Some("job-3"), "given");
        assert_eq!(recovery_point(&state).as_deref(), Some("rp-9"));
        state.steps[2].outputs = Value::Null;
        state.steps[2].following = Value::Null;
        state.incident.running = Some("job-1".to_owned());
        assert_eq!(
            job(&state).map(|j| j.id).as_deref(),
            Some("job-1"),
            "the incident's"
        );
        state.incident.healed_by = Some("job-1".to_owned());
        let status = job(&state).and_then(|j| j.status);
        assert_eq!(status.as_deref(), Some("Completed"), "it healed");
    }

    #[test]
    fn a_run_that_was_cut_counts_its_writes_by_its_events() {
        let records = samples::fixed_run();
        let state = State::fold(&records[..records.len() - 1]).expect("a history");
        assert_eq!(requests(&Value::Null, &state).writes, 4);
        assert_eq!(
            requests(&json!({ "reads": 7, "writes": 3 }), &state).reads,
            7
        );
    }
}
