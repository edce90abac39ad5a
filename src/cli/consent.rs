//! Consent: from flags where nobody can be asked, from a person where somebody can.

use std::io::{BufRead, Write};

use crate::cli::Input;
use crate::cli::args::Agreed;
use crate::cli::output::{Output, to_stderr};
use crate::core::plan::consent::{Consent, Refusal, covers};
use crate::core::plan::{ApprovalNeeded, Plan};
use crate::core::report::{clean, text};
use crate::core::runbook::risk::Risk;
use crate::ops::OpsError;

/// What came of asking for consent.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// Go on with this consent; it may not cover the plan.
    Given(Consent),
    /// A person said no.
    Declined,
}

/// The consent that the flags alone give.
pub(super) fn from_flags(agreed: &Agreed) -> Consent {
    match &agreed.approve {
        Some(fingerprint) => Consent::Plan {
            fingerprint: fingerprint.trim().to_lowercase(),
            max_risk: agreed.max_risk,
        },
        None if agreed.yes => Consent::Yes {
            max_risk: agreed.max_risk.unwrap_or(Risk::Reversible),
        },
        None => Consent::None,
    }
}

/// What is left to ask at a terminal: nothing with `--approve`, the approvals with `--yes`, all
/// without. A plan beyond `--max-risk` is refused without a question.
pub(super) fn at_terminal(
    agreed: &Agreed,
    plan: &Plan,
    from: &mut impl BufRead,
    to: &mut impl Write,
) -> Result<Answer, Refusal> {
    if agreed.approve.is_some() {
        return Ok(Answer::Given(from_flags(agreed)));
    }
    let consent = Consent::Plan {
        fingerprint: plan.fingerprint.clone(),
        max_risk: agreed.max_risk,
    };
    covers(&consent, plan)?;
    let said_yes = plan
        .approvals_needed()
        .iter()
        .all(|needed| approves(needed, from, to))
        && (agreed.yes || says_yes("Apply this plan? [y/N] ", from, to));
    Ok(if said_yes {
        Answer::Given(consent)
    } else {
        Answer::Declined
    })
}

/// At a terminal the plan is shown, and a person is asked what the flags leave open.
pub(super) async fn asked(
    agreed: &Agreed,
    plan: &Plan,
    input: &Input,
    output: &Output,
) -> Result<Answer, OpsError> {
    if !input.terminal.can_ask() {
        return Ok(Answer::Given(from_flags(agreed)));
    }
    to_stderr(&format!("{}\n", text::plan(plan, output.stderr)));
    let (agreed, shown) = (agreed.clone(), plan.clone());
    let asked = tokio::task::spawn_blocking(move || {
        let (mut from, mut to) = (std::io::stdin().lock(), std::io::stderr().lock());
        at_terminal(&agreed, &shown, &mut from, &mut to)
    });
    let answer = asked.await.map_err(|why| OpsError::Bug(why.to_string()))?;
    answer.map_err(|refusal| OpsError::Refused(refusal, Box::new(plan.clone())))
}

/// Who agreed: the identity that Azure knows, else the user of this machine.
pub(super) fn by(plan: &Plan, input: &Input) -> String {
    let user = || {
        ["USER", "USERNAME"]
            .iter()
            .find_map(|name| input.environment.get(*name))
    };
    let known = plan.context.identity.clone().or_else(|| user().cloned());
    known.unwrap_or_else(|| "unknown".to_owned())
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

/// Asks a question that yes or no answers; silence is no.
pub(super) fn says_yes(question: &str, from: &mut impl BufRead, to: &mut impl Write) -> bool {
    let answer = ask(question, from, to);
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

    fn flags(yes: bool, max_risk: Option<Risk>) -> Agreed {
        Agreed {
            yes,
            approve: None,
            max_risk,
        }
    }

    fn answer(agreed: &Agreed, plan: &Plan, typed: &str) -> Result<Answer, Refusal> {
        at_terminal(agreed, plan, &mut typed.as_bytes(), &mut Vec::new())
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
