//! How what a script did is put back: by the same script, told what was there before.
//!
//! What was there before is data that came out of a guest: it goes back only as a parameter whose
//! whole value is on the script's list, and the script puts it back only where what it set stands.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::actions::guest::back::{self, Back, Way};
use crate::actions::guest::script::APPLY;
use crate::actions::guest::{run, scripts};
use crate::core::action::{Fate, Past, Sent, Undo};

/// The action that undoes.
pub const ACTION: &str = "guest.undo";

/// How what was sent is put back, by what the script said of it; where its answer was lost, by
/// what the look before it said.
#[must_use]
pub fn of(sent: &Sent, past: &Past<'_>) -> Undo {
    if sent.change.probe {
        return Undo::Nothing;
    }
    let result = match &sent.fate {
        Fate::Done(outputs) => match run::result_of(outputs) {
            Ok(result) if result["state"] == "changed" => result,
            Ok(result) if result["state"] == "failed" => {
                return Undo::Never(
                    "its script failed on the way: nothing is known of what it left",
                );
            }
            Ok(_) => return Undo::Nothing,
            Err(_) => return Undo::Never("its script did not say what was there before"),
        },
        Fate::InDoubt => past.baseline.get("result").unwrap_or(past.baseline).clone(),
        Fate::Failed(_) => return Undo::Nothing,
    };
    let name = sent.change.body["script"].as_str().unwrap_or_default();
    match back::back(name, told(&sent.change.body["parameters"]), &result) {
        Way::Back(back) => by(back),
        Way::Nothing => Undo::Nothing,
        Way::Never(why) => Undo::Never(why),
    }
}

fn by(back: Back) -> Undo {
    let asked: Vec<(&str, &str)> = back
        .told
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .chain([(APPLY.name, "true")])
        .collect();
    let known = scripts()
        .into_iter()
        .find(|script| script.name == back.script);
    match known.and_then(|script| script.refusal(&asked, false)) {
        Some(_) => Undo::Never(back::ODD),
        None => Undo::By {
            action: ACTION,
            title: format!("Put {} back to {}", back.what, back.was),
            args: json!({ "script": back.script, "told": back.told, "what": back.what, "was": back.was }),
        },
    }
}

/// The parameters but for `Apply`, which each request has for itself.
fn told(parameters: &Value) -> BTreeMap<String, String> {
    let given = parameters.as_object().into_iter().flatten();
    given
        .filter(|(key, _)| key.as_str() != APPLY.name)
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::guest::windows::REG_STRING;
    use crate::core::action::Change;
    use jiff::Timestamp;

    fn undo(result: &Value, fate: Option<Fate>) -> Undo {
        let change: Change = serde_json::from_value(json!({
            "method": "POST", "resource": "/vm/runCommand", "summary": "set it", "risk": "reversible",
            "approval": "none", "repeat": "safe",
            "body": { "script": REG_STRING.name, "parameters": { "Switch": "UseVssCopy", "Apply": "true" } },
        }))
        .unwrap();
        let line = json!({ "value": [{ "code": "ComponentStatus/StdOut/succeeded", "message": format!("RESULT {result}") }] });
        let sent = Sent {
            step: "set".to_owned(),
            change,
            remaining: 1,
            at: Timestamp::UNIX_EPOCH,
            settled_at: None,
            fate: fate.unwrap_or(Fate::Done(line)),
            found: None,
        };
        let past = Past {
            now: Timestamp::UNIX_EPOCH,
            step: "set",
            sent: &[],
            planned: &[],
            baseline: result,
            following: &Value::Null,
            since: Timestamp::UNIX_EPOCH,
            until: None,
            codes: &[],
        };
        of(&sent, &past)
    }

    fn told(undo: Undo) -> Option<String> {
        match undo {
            Undo::By { args, .. } => args["told"]["Undo"].as_str().map(str::to_owned),
            Undo::Nothing | Undo::Never(_) => None,
        }
    }

    #[test]
    fn a_switch_goes_back_to_what_its_script_said_was_there() {
        for (from, expected) in [
            (Value::Null, "absent"),
            (json!("FALSE (String)"), "String:FALSE"),
            (json!("1 (DWord)"), "DWord:1"),
        ] {
            let result = json!({ "state": "changed", "from": from });
            assert_eq!(told(undo(&result, None)).as_deref(), Some(expected));
        }
        let planned = json!({ "state": "planned", "from": "FALSE (String)" });
        let lost = undo(&planned, Some(Fate::InDoubt));
        assert_eq!(told(lost).as_deref(), Some("String:FALSE"));
        assert_eq!(undo(&json!({ "state": "already" }), None), Undo::Nothing);
    }

    #[test]
    fn what_a_guest_says_goes_back_only_when_it_is_on_the_list() {
        for from in [
            json!("'; Remove-Item C:\\ -Recurse; ' (String)"),
            json!("[redacted] (String)"),
            json!("$(whoami) (String)"),
            json!("a b (String)"),
            json!(" (String)"),
            json!("x (Binary)"),
            json!("x (MultiString)"),
            json!("x"),
            json!(7),
        ] {
            let result = json!({ "state": "changed", "from": from });
            assert!(matches!(undo(&result, None), Undo::Never(_)), "{from}");
        }
        assert!(matches!(
            undo(&json!({ "state": "changed" }), None),
            Undo::Never(_)
        ));
        assert!(matches!(
            undo(&json!({ "state": "failed" }), None),
            Undo::Never(_)
        ));
    }
}
