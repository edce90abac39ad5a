use super::*;
use crate::core::outcome::StepOutcome;
use crate::core::report::{FateReport, samples};

#[test]
fn a_run_tells_its_outcome_its_attempts_and_the_fate_of_each() {
    let report = Report::of_run(&samples::fixed_run()).expect("a history");
    assert_eq!(
        (report.exit, report.outcome),
        (Exit::Success, Some(RunOutcome::Fixed))
    );
    let clean_up = &report.steps[1];
    assert_eq!(clean_up.outcome, Some(StepOutcome::Changed));
    assert_eq!(
        clean_up.attempts.len(),
        2,
        "one that failed and one that went well"
    );
    assert!(
        matches!(&clean_up.attempts[0].fate, FateReport::Failed(f) if f.correlation_id.as_deref() == Some("corr-1"))
    );
    assert_eq!(clean_up.attempts[1].fate, FateReport::Done);
    assert_eq!(
        clean_up.changes.len(),
        1,
        "a change that was retried is one change"
    );
    assert_eq!(report.steps[0].attempts[0].lock, Some(samples::lock()));
    let run = report.run.expect("a run");
    assert_eq!(
        (run.approved_by.as_deref(), run.head.as_str()),
        (Some("ann"), "head")
    );
    assert_eq!(run.finished, Some(samples::at(3600)));
}

#[test]
fn a_run_that_waits_says_when_it_goes_on_and_how() {
    let report = Report::of_run(&samples::waiting_run()).expect("a history");
    assert_eq!(
        (report.exit, report.due),
        (Exit::Waiting, Some(samples::at(1900)))
    );
    let command = report.resume.expect("a command").to_string();
    assert_eq!(
        command,
        format!("runbook resume {}", samples::waiting_run()[0].run)
    );
    assert_eq!(report.steps[2].outcome, Some(StepOutcome::Waiting));
    assert_eq!(
        report.job.expect("a job").task.as_deref(),
        Some("Take Snapshot")
    );
}

#[test]
fn a_run_that_went_on_counts_all_its_requests_and_has_only_its_last_end() {
    let mut records = samples::waiting_run();
    let counted = |records: &[Record]| Report::of_run(records).expect("a history").requests;
    let first = counted(&records);
    let end = records.last().expect("an end").clone();
    let approved = records.iter().find(|r| r.event.name() == "approved");
    let mut again = approved.expect("an approval").clone();
    again.seq = end.seq + 1;
    records.push(again);
    assert_eq!(Report::of_run(&records).expect("a history").outcome, None);
    records.push(Record {
        seq: end.seq + 2,
        ..end
    });
    assert_eq!(counted(&records).reads, 2 * first.reads);
    assert!(first.reads > 0);
}

#[test]
fn a_run_cut_anywhere_is_told_without_inventing_an_end() {
    let whole = samples::fixed_run();
    for end in 1..whole.len() {
        let report = Report::of_run(&whole[..end]).expect("a history");
        assert_eq!(
            (report.outcome, report.exit),
            (None, Exit::Waiting),
            "cut after {end}"
        );
        assert_eq!(report.run.expect("a run").finished, None);
    }
    assert!(Report::of_run(&[]).is_err());
}

#[test]
fn a_job_that_failed_with_another_code_is_a_problem_with_that_code() {
    let mut records = samples::waiting_run();
    if let Some(Event::Ended { outcome, code, .. }) = records.last_mut().map(|r| &mut r.event) {
        *outcome = RunOutcome::Failed;
        *code = Some("UserErrorGuestAgentStatusUnavailable".to_owned());
    }
    let report = Report::of_run(&records).expect("a history");
    let problem = report.problem.expect("a problem");
    assert_eq!(
        problem.code.as_deref(),
        Some("UserErrorGuestAgentStatusUnavailable")
    );
    assert_eq!((report.exit, report.resume), (Exit::Failed, None));
}

#[test]
fn a_plan_with_nothing_to_apply_ends_as_a_run_would() {
    let mut plan = samples::plan();
    plan.verdict = Some(crate::core::plan::Verdict {
        outcome: RunOutcome::NeedsHuman,
        reason: "no failed job".to_owned(),
        failure: None,
    });
    assert_eq!(Report::of_plan(&plan).exit, Exit::Success);
    assert_eq!(Report::of_unapplied(&plan).exit, Exit::NeedsHuman);
    plan.verdict = None;
    plan.steps.clear();
    assert_eq!(Report::of_unapplied(&plan).exit, Exit::Success);
}

#[test]
fn missing_rights_are_a_failure_that_names_the_first() {
    let mut plan = samples::plan();
    plan.missing_permissions.push(samples::permission());
    let report = Report::of_missing_rights(&plan);
    let failure = report
        .problem
        .and_then(|problem| problem.failure)
        .expect("a failure");
    assert_eq!(failure.permission, Some(samples::permission().action));
    assert_eq!(report.exit.code(), 77);
}
