//! Consent: from flags where nobody can be asked, from a person where somebody can.

use std::io::{BufRead, Write};

use crate::cli::args::Apply;
use crate::core::plan::consent::{Consent, Refusal, covers};
use crate::core::plan::{ApprovalNeeded, Plan};
use crate::core::report::clean;
use crate::core::runbook::risk::Risk;

/// What came of asking for consent.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// Go on with this consent; it may not cover the plan.
    Given(Consent),
    /// A person said no.
    Declined,
}

/// The consent that the flags alone give.
pub(super) fn from_flags(apply: &Apply) -> Consent {
    match &apply.approve {
        Some(fingerprint) => Consent::Plan {
            fingerprint: fingerprint.trim().to_lowercase(),
            max_risk: apply.max_risk,
        },
        None if apply.yes => Consent::Yes {
            max_risk: apply.max_risk.unwrap_or(Risk::Reversible),
        },
        None => Consent::None,
    }
}

/// What is left to ask at a terminal: nothing with `--approve`, the approvals with `--yes`, all
/// without. A plan beyond `--max-risk` is refused without a question.
pub(super) fn at_terminal(
    apply: &Apply,
    plan: &Plan,
    from: &mut impl BufRead,
    to: &mut impl Write,
) -> Result<Answer, Refusal> {
    if apply.approve.is_some() {
        return Ok(Answer::Given(from_flags(apply)));
    }
    let consent = Consent::Plan {
        fingerprint: plan.fingerprint.clone(),
        max_risk: apply.max_risk,
    };
    covers(&consent, plan)?;
    let agreed = plan
        .approvals_needed()
        .iter()
        .all(|needed| approves(needed, from, to))
        && (apply.yes || says_yes(from, to));
    Ok(if agreed {
        Answer::Given(consent)
    } else {
        Answer::Declined
    })
}

/// Approved by typing the name, exactly.
fn approves(needed: &ApprovalNeeded, from: &mut impl BufRead, to: &mut impl Write) -> bool {
    let name = clean(&needed.resource);
    let question = format!(
        "Needs approval: {}\nType {name} to approve: ",
        clean(&needed.why)
    );
    ask(&question, from, to).is_some_and(|answer| answer == name)
}

fn says_yes(from: &mut impl BufRead, to: &mut impl Write) -> bool {
    let answer = ask("Apply this plan? [y/N] ", from, to);
    answer.is_some_and(|answer| ["y", "yes"].contains(&answer.to_lowercase().as_str()))
}

/// One line; the end of the input is no answer.
fn ask(question: &str, from: &mut impl BufRead, to: &mut impl Write) -> Option<String> {
    to.write_all(question.as_bytes())
        .and_then(|()| to.flush())
        .ok()?;
    let mut line = String::new();
    match from.read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::report::samples;

    fn flags(yes: bool, max_risk: Option<Risk>) -> Apply {
        use crate::cli::args::Subject;
        let subject = Subject {
            code: None,
            vm: String::new(),
            params: Vec::new(),
            force: false,
        };
        Apply {
            subject,
            yes,
            approve: None,
            max_risk,
            wait: None,
        }
    }

    fn answer(apply: &Apply, plan: &Plan, typed: &str) -> Result<Answer, Refusal> {
        at_terminal(apply, plan, &mut typed.as_bytes(), &mut Vec::new())
    }

    fn given(plan: &Plan, max_risk: Option<Risk>) -> Result<Answer, Refusal> {
        let fingerprint = plan.fingerprint.clone();
        Ok(Answer::Given(Consent::Plan {
            fingerprint,
            max_risk,
        }))
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        let plan = samples::plan();
        for typed in ["y\n", "Yes\n"] {
            assert_eq!(
                answer(&flags(false, None), &plan, typed),
                given(&plan, None)
            );
        }
        for typed in ["", "\n", "n\n", "yep\n"] {
            assert_eq!(
                answer(&flags(false, None), &plan, typed),
                Ok(Answer::Declined),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn an_approval_is_given_by_typing_the_name_and_nothing_else() {
        let plan = samples::plan_needing_approval();
        let typed = "AzureBackup_vm1_1\ny\n";
        assert_eq!(
            answer(&flags(false, None), &plan, typed),
            given(&plan, None)
        );
        for typed in [
            "y\ny\n",
            "azurebackup_vm1_1\ny\n",
            "AzureBackup_vm1_1\n",
            "\n",
        ] {
            assert_eq!(
                answer(&flags(false, None), &plan, typed),
                Ok(Answer::Declined),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn yes_spares_the_question_and_no_approval() {
        assert_eq!(
            answer(&flags(true, None), &samples::plan(), ""),
            given(&samples::plan(), None)
        );
        let asking = samples::plan_needing_approval();
        assert_eq!(
            answer(&flags(true, None), &asking, ""),
            Ok(Answer::Declined)
        );
        assert_eq!(
            answer(&flags(true, None), &asking, "AzureBackup_vm1_1\n"),
            given(&asking, None)
        );
    }

    #[test]
    fn a_plan_beyond_the_limit_is_not_asked_about() {
        let refused = answer(
            &flags(false, Some(Risk::Reversible)),
            &samples::plan(),
            "y\n",
        );
        assert!(matches!(refused, Err(Refusal::Risk { .. })));
    }

    #[test]
    fn off_a_terminal_yes_goes_as_far_as_reversible_changes() {
        let consent = from_flags(&flags(true, None));
        assert_eq!(
            consent,
            Consent::Yes {
                max_risk: Risk::Reversible
            }
        );
        assert_eq!(from_flags(&flags(false, None)), Consent::None);
    }
}
