//! A step that was in vain: what the run comes to at its end.

use super::*;

/// A run whose three steps are of these actions and came to these ends.
fn over(steps: [(&str, StepOutcome); 3]) -> Told {
    let begun = Told::begun();
    let mut plan = begun.plan;
    plan.steps.truncate(steps.len());
    for (step, (action, _)) in plan.steps.iter_mut().zip(steps) {
        action.clone_into(&mut step.action);
    }
    let consent = Consent::Plan {
        fingerprint: plan.fingerprint.clone(),
        max_risk: None,
    };
    let ids: Vec<String> = plan.steps.iter().map(|s| s.id.clone()).collect();
    let mut told = Told::with(plan, consent);
    for (step, (_, outcome)) in ids.into_iter().zip(steps) {
        told.tell(Event::Verified {
            step,
            outcome,
            why: format!("{outcome:?}"),
            outputs: json!({ "code": "SomeError" }),
        });
    }
    told
}

#[test]
fn a_step_in_vain_fails_the_run_unless_a_later_one_of_its_action_makes_good_for_it() {
    use StepOutcome::{Changed, Failed, Skipped};
    for (steps, good) in [
        ([("b", Failed), ("r", Changed), ("b", Changed)], true),
        ([("b", Failed), ("r", Changed), ("b", Skipped)], false),
        ([("b", Failed), ("r", Changed), ("b", Failed)], false),
        ([("b", Failed), ("r", Changed), ("r", Changed)], false),
        ([("b", Changed), ("r", Changed), ("b", Failed)], false),
    ] {
        let told = over(steps);
        let Act::Append(event) = told.act(told.now(), &GO) else {
            panic!("{steps:?}");
        };
        let Event::Ended {
            outcome,
            reason,
            code,
            ..
        } = *event
        else {
            panic!("{steps:?}");
        };
        assert_eq!(outcome != RunOutcome::Failed, good, "{steps:?}");
        if !good {
            assert_eq!(reason, "Failed");
            assert_eq!(code.as_deref(), Some("SomeError"));
        }
    }
}
