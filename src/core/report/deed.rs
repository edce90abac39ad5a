//! What a person is to do after a run that did not come to a good end, where neither the runbook
//! nor the action has said it: by the class of what failed, or by the code of the next failure.

use crate::base::{ErrorClass, Failure};
use crate::core::plan::Plan;
use crate::core::report::{Attempt, Command, FateReport, Problem, Report};
use crate::core::runbook::embedded;

/// What to do about how a run ended.
pub(super) fn of(report: &Report, plan: &Plan) -> String {
    const PUT_RIGHT: &str = "have what is said above put right, then apply this again";
    let Some(problem) = &report.problem else {
        return PUT_RIGHT.to_owned();
    };
    if let Some(failure) = &problem.failure {
        return after_failure(failure, refused(report), plan);
    }
    match another_code(problem, plan) {
        Some(code) => {
            let (words, command) = answer_to(code, plan);
            format!("{words} `{command}`")
        }
        None => format!(
            "{PUT_RIGHT}; where it goes on failing alike, open a support case with Azure Backup, \
             naming the job"
        ),
    }
}

/// The code that the run's own backup failed with, where this runbook does not answer it.
pub(super) fn another_code<'a>(problem: &'a Problem, plan: &Plan) -> Option<&'a str> {
    let code = problem.code.as_deref().filter(|code| !code.is_empty())?;
    let runbook = &plan.runbook;
    let mut own = runbook.matching.aliases.iter().chain([&runbook.code]);
    let known = problem.failure.is_some() || own.any(|own| own.eq_ignore_ascii_case(code));
    (!known).then_some(code)
}

/// What answers a code, and the command that asks for it.
pub(super) fn answer_to(code: &str, plan: &Plan) -> (String, Command) {
    match embedded::named(code) {
        Some(runbook) => (
            format!("`{code}` has a runbook:"),
            Command::on_target(["apply", &runbook], plan),
        ),
        None => (
            format!("no runbook answers `{code}`; what stands in the way of a backup is told by"),
            Command::on_target(["plan", "Triage"], plan),
        ),
    }
}

/// The last request that failed.
fn refused(report: &Report) -> Option<&Attempt> {
    let mut all = report.steps.iter().flat_map(|step| &step.attempts);
    all.rfind(|attempt| matches!(attempt.fate, FateReport::Failed(_)))
}

fn after_failure(failure: &Failure, refused: Option<&Attempt>, plan: &Plan) -> String {
    use ErrorClass as C;
    let (vm, resource) = (
        &plan.target_name,
        refused.map(|a| a.resource.to_lowercase()),
    );
    let is = |part: &str| resource.as_ref().is_some_and(|r| r.contains(part));
    let in_guest = is("/runcommand");
    let owner_of = |what: &str| {
        format!("have the owner of {what} remove it or except this from it, then apply this again")
    };
    match failure.class {
        C::CrpTimeout if in_guest => format!(
            "the VM agent of `{vm}` has not run the script: bring it back with `{}`, then apply \
             this again",
            Command::on_target(["apply", "UserErrorGuestAgentStatusUnavailable"], plan)
        ),
        C::CrpTimeout => format!(
            "open a support case with Azure {}, naming the times and correlation ids below",
            if is("/microsoft.recoveryservices/") {
                "Backup"
            } else {
                "compute"
            }
        ),
        C::Conflict if in_guest => format!(
            "another script runs inside `{vm}` (90 minutes at most): let it end, then apply this \
             again"
        ),
        C::Conflict => "find in the activity log what else is at work on it, let that end, then \
                        apply this again"
            .to_owned(),
        C::Locked => owner_of("the lock"),
        C::Policy => owner_of("the policy"),
        C::Forbidden => match (&failure.permission, &failure.scope) {
            (Some(right), Some(scope)) => {
                format!("have `{right}` granted at {scope}, then apply this again")
            }
            _ => "have the missing right granted, then apply this again".to_owned(),
        },
        C::Auth => "sign in again, then apply this again".to_owned(),
        C::Throttled | C::Transient | C::Unreachable => {
            "apply this again once Azure answers".to_owned()
        }
        C::Cancelled => {
            "find in the activity log who cancelled it and why, then apply this again".to_owned()
        }
        C::NotFound => "see whether it was removed or moved, then apply this again".to_owned(),
        C::Invalid => "have what Azure says put right, then apply this again; where it is refused \
                       alike, open a support case, naming the correlation id"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::report::samples;

    fn after(class: ErrorClass, resource: &str) -> String {
        let mut report = Report::of_run(&samples::fixed_run()).expect("a history");
        let failure = Failure::new(class, "do it", "it failed");
        let attempts = &mut report.steps[1].attempts;
        attempts[0].resource = resource.to_owned();
        attempts[0].fate = FateReport::Failed(Box::new(failure.clone()));
        report.problem = Some(Problem {
            failure: Some(failure),
            code: None,
            message: String::new(),
        });
        of(&report, &samples::plan())
    }

    #[test]
    fn each_class_of_failure_asks_for_something_that_can_be_done() {
        use ErrorClass as C;
        let collection = "/providers/Microsoft.Compute/restorePointCollections/x";
        let script = "/providers/Microsoft.Compute/virtualMachines/web1/runCommand";
        for (class, resource, deed) in [
            (
                C::CrpTimeout,
                collection,
                "a support case with Azure compute",
            ),
            (
                C::CrpTimeout,
                script,
                "UserErrorGuestAgentStatusUnavailable",
            ),
            (C::Conflict, script, "another script runs inside"),
            (C::Conflict, collection, "let that end"),
            (C::Locked, collection, "the owner of the lock"),
            (C::Policy, collection, "the owner of the policy"),
            (C::Forbidden, collection, "granted"),
        ] {
            let told = after(class, resource);
            assert!(told.contains(deed), "{class} {resource}: {told}");
        }
    }

    #[test]
    fn the_next_code_is_led_to_its_runbook_and_one_without_any_to_triage() {
        let plan = samples::plan();
        for (code, command) in [
            (
                "usererrorfsfreezefailed",
                "runbook apply UserErrorFsFreezeFailed --vm ",
            ),
            ("NobodyKnowsThis", "runbook plan Triage --vm "),
        ] {
            let problem = Problem {
                failure: None,
                code: Some(code.to_owned()),
                message: String::new(),
            };
            assert_eq!(another_code(&problem, &plan), Some(code));
            let (_, told) = answer_to(code, &plan);
            assert!(told.to_string().starts_with(command), "{told}");
        }
        let own = Problem {
            failure: None,
            code: Some(plan.runbook.code.to_lowercase()),
            message: String::new(),
        };
        assert_eq!(another_code(&own, &plan), None);
    }
}
