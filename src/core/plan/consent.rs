//! What a person has agreed to, and whether a plan stays within it.

use serde::{Deserialize, Serialize};

use crate::core::action::Change;
use crate::core::plan::{ApprovalNeeded, Plan, PlannedStep};
use crate::core::runbook::risk::{Approval, Risk};

/// What was agreed to, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Nobody said yes.
    None,
    /// `--yes`: changes that need no approval, up to a risk.
    Yes {
        /// The greatest risk agreed to.
        max_risk: Risk,
    },
    /// The plan was shown and agreed to, approvals included: at a prompt, or by `--approve`.
    Plan {
        /// The fingerprint of what was agreed to.
        fingerprint: String,
        /// A limit of risk that was given besides, if any.
        max_risk: Option<Risk>,
    },
}

/// What stands between a plan and its consent.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// Nobody agreed.
    NoConsent,
    /// These need an approval of their own.
    Approvals(Vec<ApprovalNeeded>),
    /// The plan goes beyond the limit.
    Risk {
        /// The plan's.
        plan: Risk,
        /// The limit.
        limit: Risk,
    },
    /// Another plan was approved than this one.
    OtherPlan {
        /// The fingerprint that was approved.
        approved: String,
    },
}

/// Whether `consent` covers all of `plan`, ceilings included.
///
/// # Errors
/// The first thing that it does not cover.
pub fn covers(consent: &Consent, plan: &Plan) -> Result<(), Refusal> {
    let limit = match consent {
        Consent::None => return Err(Refusal::NoConsent),
        Consent::Yes { max_risk } => {
            if plan.attaches() {
                // Waiting for a job that runs anyway takes no consent; what may follow it is
                // held against the consent at its turn.
                return Ok(());
            }
            let needed = plan.approvals_needed();
            if !needed.is_empty() {
                return Err(Refusal::Approvals(needed));
            }
            Some(*max_risk)
        }
        Consent::Plan {
            fingerprint,
            max_risk,
        } => {
            // What is left of a saved plan is within what was approved of it.
            let saved = plan.from_file.as_ref().map(|file| &file.fingerprint);
            if *fingerprint != plan.fingerprint && Some(fingerprint) != saved {
                return Err(Refusal::OtherPlan {
                    approved: fingerprint.clone(),
                });
            }
            *max_risk
        }
    };
    match (plan.risk(), limit) {
        (Some(plan), Some(limit)) if plan > limit => Err(Refusal::Risk { plan, limit }),
        _ => Ok(()),
    }
}

/// Whether `change`, decided at its turn, lies within what was agreed to of `step`.
///
/// # Errors
/// The difference, for people.
pub fn within(step: &PlannedStep, change: &Change, consent: &Consent) -> Result<(), String> {
    let limit = match consent {
        Consent::None => return Err("nobody agreed to anything".to_owned()),
        Consent::Yes { max_risk } => {
            if change.approval == Approval::Required {
                return Err(reason(change));
            }
            Some(*max_risk)
        }
        Consent::Plan { max_risk, .. } => *max_risk,
    };
    if let Some(limit) = limit.filter(|limit| change.risk > *limit) {
        return Err(format!(
            "`{}` is {}; agreed to was up to {limit}",
            change.summary, change.risk
        ));
    }
    within_plan(step, change)
}

/// Whether `change` is one of those planned of `step`, or below its ceiling.
///
/// # Errors
/// The difference, for people.
pub(super) fn within_plan(step: &PlannedStep, change: &Change) -> Result<(), String> {
    let key = change.key();
    if let Some(planned) = step
        .changes
        .iter()
        .find(|p| p.key() == key && p.probe == change.probe)
    {
        return within_planned(planned, change);
    }
    let Some(ceiling) = &step.ceiling else {
        return Err(format!("`{}` is not in the approved plan", change.summary));
    };
    let kind = ceiling
        .kinds
        .iter()
        .find(|k| k.method == change.method && is_of_type(&change.resource, &k.resource_type));
    if kind.is_none() {
        return Err(format!(
            "`{}` is of a kind that was not approved",
            change.summary
        ));
    }
    if change.risk > ceiling.risk {
        let (is, was) = (change.risk, ceiling.risk);
        return Err(format!(
            "`{}` is {is}; approved was up to {was}",
            change.summary
        ));
    }
    if change.approval > ceiling.approval {
        return Err(reason(change));
    }
    Ok(())
}

fn within_planned(planned: &Change, change: &Change) -> Result<(), String> {
    if change.risk > planned.risk {
        let (is, was) = (change.risk, planned.risk);
        return Err(format!(
            "`{}` is now {is}; approved was {was}",
            change.summary
        ));
    }
    if change.approval > planned.approval {
        return Err(reason(change));
    }
    if let Some(unnamed) = change
        .loses
        .iter()
        .find(|name| !planned.loses.contains(name))
    {
        return Err(format!(
            "`{}` would now lose `{unnamed}` too",
            change.summary
        ));
    }
    if change.body != planned.body {
        return Err(format!(
            "`{}` would now be sent with other contents",
            change.summary
        ));
    }
    Ok(())
}

fn reason(change: &Change) -> String {
    let because = change.because.as_deref().unwrap_or("it needs approval");
    debug_assert_eq!(change.approval, Approval::Required);
    format!("`{}`: {because}", change.summary)
}

/// Whether the resource id (with the verb of a POST) ends in the type `ns/type[/type…][/verb]`.
fn is_of_type(resource: &str, resource_type: &str) -> bool {
    type_of(resource).eq_ignore_ascii_case(resource_type)
}

/// `…/providers/NS/type/name/type/name[/verb]` → `NS/type/type[/verb]`.
pub(super) fn type_of(resource: &str) -> String {
    let lower = resource.to_lowercase();
    let Some(at) = lower.rfind("/providers/") else {
        return String::new();
    };
    let rest: Vec<&str> = resource[at + "/providers/".len()..].split('/').collect();
    let Some((namespace, pairs)) = rest.split_first() else {
        return String::new();
    };
    let types = pairs.iter().step_by(2).copied();
    std::iter::once(*namespace)
        .chain(types)
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_tells_its_type_and_a_post_its_verb() {
        let vm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v";
        assert_eq!(type_of(vm), "Microsoft.Compute/virtualMachines");
        assert!(is_of_type(
            &format!("{vm}/runCommand"),
            "microsoft.compute/virtualmachines/runcommand"
        ));
        let lock = format!("{vm}/providers/Microsoft.Authorization/locks/l");
        assert!(is_of_type(&lock, "Microsoft.Authorization/locks"));
        assert_eq!(type_of("/subscriptions/s"), "");
    }
}
