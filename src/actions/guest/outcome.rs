//! What the last word of a script means for the step that sent it.

use serde_json::{Value, json};

use crate::actions::guest::run;
use crate::actions::guest::scripted::{Scripted, Settles, Step};
use crate::actions::limits;
use crate::base::clock::add;
use crate::core::action::{Decision, Fate, Past, Patience, Sent};

/// What to do after the script has spoken; nothing when it has to be asked again.
pub(super) fn after<S: Scripted>(
    step: &Step<'_, S>,
    sent: &Sent,
    outputs: &Value,
    past: &Past<'_>,
) -> Option<Decision> {
    let result = match run::result_of(outputs) {
        Ok(result) => result,
        Err(why) => {
            return Some(Decision::CannotTell {
                why: format!("`{}`: {why}", sent.change.summary),
            });
        }
    };
    let state = result["state"].as_str().unwrap_or_default();
    match state {
        "busy" => busy(sent, result, past),
        "changed" if !sent.change.probe => settled(step, sent, result, past),
        "planned" if sent.change.probe && changed_before(past) => Some(Decision::NeedsHuman {
            why: format!(
                "`{}` was done and did not last",
                S::words(step.args).act.trim()
            ),
            evidence: result,
        }),
        "planned" if sent.change.probe && S::PASSES && sent.at < step.settles_at => {
            passing(step, sent, past)
        }
        _ => Some(said(step, sent, result)),
    }
}

/// What it found may be the rest of a backup: it is looked at again, until that has had its time.
fn passing<S: Scripted>(step: &Step<'_, S>, sent: &Sent, past: &Past<'_>) -> Option<Decision> {
    let seen = sent.settled_at.unwrap_or(sent.at);
    let look_again_at = add(seen, limits::VSS_LOOK).min(step.settles_at.max(seen));
    (past.now < look_again_at).then(|| Decision::Wait {
        what: "what the last backup left behind to pass by itself".to_owned(),
        look_again_at,
        give_up_at: add(step.settles_at.max(past.now), limits::VSS_SETTLES),
        patience: Patience::Step,
        following: Value::Null,
        recheck_incident: false,
        then: Vec::new(),
    })
}

fn said<S: Scripted>(step: &Step<'_, S>, sent: &Sent, result: Value) -> Decision {
    let done = S::words(step.args).done;
    let reason = result["reason"]
        .as_str()
        .unwrap_or("the script gives no reason")
        .to_owned();
    match result["state"].as_str().unwrap_or_default() {
        "already" => Decision::Satisfied {
            why: format!("{done} already"),
            outputs: result,
        },
        "reported" => Decision::Satisfied {
            why: done,
            outputs: result,
        },
        "planned" if sent.change.probe => Decision::Change {
            changes: vec![step.change(false)],
            remaining: 1,
            baseline: step.baseline(result),
        },
        "not_applicable" => Decision::NotApplicable { why: reason },
        "needs_human" => Decision::NeedsHuman {
            why: reason + &otherwise(step),
            evidence: result,
        },
        state => Decision::Failed {
            why: format!(
                "`{}` ended as `{state}`: {reason}{}",
                sent.change.summary,
                otherwise(step)
            ),
            code: None,
            evidence: result,
        },
    }
}

/// What else can be tried, as the runbook says.
fn otherwise<S: Scripted>(step: &Step<'_, S>) -> String {
    S::otherwise(step.args).map_or_else(String::new, |what| format!("; {what}"))
}

/// Whether this run has had its change made: a look after that which finds it undone is told, and
/// not acted on again.
fn changed_before(past: &Past<'_>) -> bool {
    past.own().filter(|s| !s.change.probe).any(|s| {
        let Fate::Done(outputs) = &s.fate else {
            return false;
        };
        run::result_of(outputs).is_ok_and(|r| r["state"] == "changed")
    })
}

/// What was there before, for people; some scripts tell of several things.
fn before(from: &Value) -> String {
    let texts: Vec<&str> = match from {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let texts = texts.join(", ");
    if texts.is_empty() {
        return "absent".to_owned();
    }
    texts
}

fn settled<S: Scripted>(
    step: &Step<'_, S>,
    sent: &Sent,
    result: Value,
    past: &Past<'_>,
) -> Option<Decision> {
    let done = S::words(step.args).done + &names::<S>(&result);
    let before = result
        .get("from")
        .map(|from| format!(" (before: {})", before(from)));
    let satisfied = Decision::Satisfied {
        why: format!("{done}{}", before.unwrap_or_default()),
        outputs: result.clone(),
    };
    let since = sent.settled_at.unwrap_or(sent.at);
    let give_up_at = add(since, limits::AGENT_RETURNS);
    let agent = &step.vm.agent;
    let back = agent.ready && json!(agent.seen) != past.baseline["seen"];
    match S::SETTLES {
        Settles::AtOnce => Some(satisfied),
        Settles::AgentReports if back => Some(satisfied),
        Settles::LookAgain if back => None,
        _ if past.now >= give_up_at => Some(Decision::NeedsHuman {
            why: format!(
                "{done}, and for {} minutes the VM agent has given no new sign of life",
                limits::AGENT_RETURNS.as_secs() / 60
            ),
            evidence: json!({ "agent": agent, "result": result }),
        }),
        _ => Some(Decision::Wait {
            what: "the VM agent to report again".to_owned(),
            look_again_at: add(past.now, limits::AGENT_LOOK),
            give_up_at,
            patience: Patience::Step,
            following: Value::Null,
            recheck_incident: false,
            then: Vec::new(),
        }),
    }
}

/// What the script names of what it did: " (restarted: CryptSvc)".
fn names<S: Scripted>(result: &Value) -> String {
    let told = S::NAMES.and_then(|(field, word)| {
        let list = result[field].as_array().filter(|list| !list.is_empty())?;
        let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        Some(format!(" ({word}: {})", names.join(", ")))
    });
    told.unwrap_or_default()
}

/// Something else is at work in the guest: wait, and ask again.
fn busy(sent: &Sent, result: Value, past: &Past<'_>) -> Option<Decision> {
    let give_up_at = add(past.since, limits::GUEST_BUSY_ENDS);
    let look_again_at = add(sent.settled_at.unwrap_or(sent.at), limits::GUEST_BUSY_LOOK);
    let why = result["reason"].as_str().unwrap_or("it does not say what");
    if past.now >= give_up_at {
        return Some(Decision::NeedsHuman {
            why: format!("something else has been at work in the guest for an hour: {why}"),
            evidence: result,
        });
    }
    (past.now < look_again_at).then(|| Decision::Wait {
        what: format!("what else is at work in the guest: {why}"),
        look_again_at,
        give_up_at,
        patience: Patience::Step,
        following: Value::Null,
        recheck_incident: false,
        then: Vec::new(),
    })
}
