//! What the last word of a script means for the step that sent it.

use serde_json::{Value, json};

use crate::actions::guest::scripted::{Scripted, Settles, Step};
use crate::actions::guest::{run, undo};
use crate::actions::limits;
use crate::base::clock::add;
use crate::core::action::{Decision, Fate, Past, Patience, Sent, Undo};

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
                why: format!(
                    "nothing tells how this ended: {}: {why}; have the agent's log looked at in \
                     `{}` for what became of the script, then apply this again",
                    plain(&sent.change.summary),
                    step.vm.name
                ),
            });
        }
    };
    let state = result["state"].as_str().unwrap_or_default();
    match state {
        "busy" => busy(sent, result, past),
        "changed" if !sent.change.probe => settled(step, sent, result, past),
        "planned" if sent.change.probe && changed_before(past) => Some(Decision::NeedsHuman {
            why: format!(
                "this was done and did not last: {}",
                S::words(step.args).act.trim_end_matches([',', ' '])
            ),
            evidence: result,
        }),
        "planned" if sent.change.probe && S::PASSES && sent.at < step.settles_at => {
            passing(step, sent, past)
        }
        _ => Some(said(step, sent, result, past)),
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

fn said<S: Scripted>(step: &Step<'_, S>, sent: &Sent, result: Value, past: &Past<'_>) -> Decision {
    let done = S::words(step.args).done;
    let reason = result["reason"]
        .as_str()
        .unwrap_or("the script gives no reason")
        .to_owned();
    match result["state"].as_str().unwrap_or_default() {
        "already" => Decision::Satisfied {
            why: match (&result["queued"], changed_before(past)) {
                (Value::Bool(true), _) => "a restart of the VM agent is due already".to_owned(),
                (_, true) => format!("{done} now"),
                (_, false) => format!("{done} already"),
            },
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
                "this ended as `{state}`: {}: {reason}{}",
                plain(&sent.change.summary),
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

fn settled<S: Scripted>(
    step: &Step<'_, S>,
    sent: &Sent,
    result: Value,
    past: &Past<'_>,
) -> Option<Decision> {
    let done = S::words(step.args).done + &names::<S>(&result);
    let mut outputs = result.clone();
    if matches!(undo::of(sent, past), Undo::By { .. }) {
        outputs["undoable"] = json!(true);
    }
    let satisfied = Decision::Satisfied {
        why: format!("{done}{}", before(&result)),
        outputs,
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

/// What was there before, and where a copy of it is: " (before: 66; a copy: /etc/…)".
fn before(result: &Value) -> String {
    let was = result.get("from").or_else(|| result.get("was"));
    let was = was.map(|was| match was {
        Value::Array(all) => {
            let all: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            all.join(", ")
        }
        other => other.as_str().unwrap_or_default().to_owned(),
    });
    let was = was.map(|was| was.trim_end_matches([';', ' ']).to_owned());
    let was = was.map(|was| match was.as_str() {
        "" => "before: absent".to_owned(),
        was => format!("before: {was}"),
    });
    let kept = result["kept"].as_str().filter(|kept| !kept.is_empty());
    let kept = kept.map(|kept| format!("a copy: {kept}"));
    let told: Vec<String> = was.into_iter().chain(kept).collect();
    match told.is_empty() {
        true => String::new(),
        false => format!(" ({})", told.join("; ")),
    }
}

/// A request's summary without its remark in brackets.
fn plain(summary: &str) -> &str {
    summary.trim_end_matches(" (read-only script)")
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
            why: format!(
                "something else has been at work in the guest for an hour: {}; find out which \
                 product it is, let it end, then apply this again",
                why.trim_end_matches('.')
            ),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_told_whatever_the_script_calls_it() {
        for (result, told) in [
            (json!({ "from": null }), " (before: absent)"),
            (json!({ "from": "66" }), " (before: 66)"),
            (
                json!({ "from": "/opt/pre.sh 755; " }),
                " (before: /opt/pre.sh 755)",
            ),
            (
                json!({ "from": ["12.0.1", "12.0.2"] }),
                " (before: 12.0.1, 12.0.2)",
            ),
            (json!({ "was": "proxy:8080" }), " (before: proxy:8080)"),
            (
                json!({ "from": "UTF-16", "kept": "/etc/a.conf.old" }),
                " (before: UTF-16; a copy: /etc/a.conf.old)",
            ),
            (json!({ "did": ["MSDTC started"] }), ""),
        ] {
            assert_eq!(before(&result), told, "{result}");
        }
    }
}
