//! One fixed script through Run Command: its parameters as data, its `RESULT {json}` as the last
//! line.

use serde_json::{Map, Value, json};

use crate::actions::facts::vm::VmFact;
use crate::actions::guest::script::Script;
use crate::actions::operations::applied;
use crate::azure::permitted::Writer;
use crate::azure::proof::FixedScript;
use crate::azure::resource_id::ResourceId;
use crate::azure::views::ScriptOutput;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{Applied, Change, Permission, Repeat};
use crate::core::runbook::risk::{Approval, Risk};

/// The right that running a command takes.
pub const PERMISSION: &str = "Microsoft.Compute/virtualMachines/runCommand/action";

/// The resource type, with its verb.
pub const TYPE: &str = "Microsoft.Compute/virtualMachines/runCommand";

/// Run Command cannot be cancelled and ends after 90 minutes at the latest (azure-api.md 3.3): a
/// script whose answer was lost is over by then, and may be run again.
const ENDS_AFTER: u64 = 90 * 60;

/// The change that runs `script` with `parameters`; risk and approval are the script's own.
#[must_use]
pub fn change(
    vm: &VmFact,
    script: Script,
    parameters: &[(&str, &str)],
    summary: String,
    probe: bool,
) -> Change {
    let because = script.because(parameters).filter(|_| !probe);
    let parameters: Map<String, Value> = parameters
        .iter()
        .map(|(k, v)| ((*k).to_owned(), json!(v)))
        .collect();
    Change {
        body: json!({ "script": script.name, "sha256": script.hash(), "parameters": parameters }),
        approval: because.map_or(Approval::None, |_| Approval::Required),
        because: because.map(str::to_owned),
        permission: Some(Permission {
            action: PERMISSION.to_owned(),
            scope: vm.id.clone(),
        }),
        evidence: json!({ "os": vm.os }),
        probe,
        // Probe and change are the same request with other parameters, and a change whose fate is
        // in doubt is looked at with another probe.
        anew: true,
        ..Change::new(
            "POST",
            format!("{}/runCommand", vm.id),
            summary,
            if probe { Risk::ReadOnly } else { script.risk },
            // A look may be repeated at once: while the first still runs, Azure refuses the second.
            if probe {
                Repeat::Safe
            } else {
                Repeat::LookAfter(ENDS_AFTER)
            },
        )
    }
}

/// Sends it.
///
/// # Errors
/// When the script was not planned so or must not be told this, or Azure refuses.
pub async fn apply(change: &Change, script: Script, writer: &Writer) -> Result<Applied, Failure> {
    let attempted = change.summary.clone();
    let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
    if change.body["sha256"] != json!(script.hash()) {
        return Err(invalid(
            "the script is not the one that was planned".to_owned(),
        ));
    }
    let vm = change
        .resource
        .strip_suffix("/runCommand")
        .unwrap_or(&change.resource);
    let vm = ResourceId::parse(vm).map_err(|e| invalid(e.to_string()))?;
    if change.evidence["os"] != json!(script.os.name()) {
        let (os, guest) = (script.os.name(), &change.evidence["os"]);
        return Err(invalid(format!(
            "the script is for {os}, and the guest is {guest}"
        )));
    }
    let parameters = change.body["parameters"].as_object().into_iter().flatten();
    let parameters: Vec<(&str, &str)> = parameters
        .map(|(k, v)| (k.as_str(), v.as_str().unwrap_or_default()))
        .collect();
    if let Some(why) = script.refusal(&parameters, change.probe) {
        return Err(invalid(why));
    }
    let parameters = parameters
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect();
    let fixed = FixedScript::new(script.name, script.text, parameters)
        .map_err(|e| invalid(e.to_string()))?;
    let fixed = if change.probe {
        fixed.that_only_looks()
    } else {
        fixed
    };
    writer.run_script(&vm, script.os, fixed).await.map(applied)
}

/// The object of the last `RESULT {json}` line of what a script printed.
///
/// Run Command has no exit code, and keeps only the last 4096 bytes (azure-api.md 3.3).
///
/// # Errors
/// Says what was printed instead.
pub fn result_of(outputs: &Value) -> Result<Value, String> {
    let printed = ScriptOutput::read(outputs).unwrap_or_default();
    let Some(result) = printed.result() else {
        return Err(no_result(&printed));
    };
    serde_json::from_str(&result)
        .map_err(|_| format!("the script's result cannot be read: \"{}\"", tail(&result)))
}

fn no_result(printed: &ScriptOutput) -> String {
    let (said, error) = (tail(&printed.stdout), tail(&printed.stderr));
    match (said.is_empty(), error.is_empty()) {
        (true, true) => "the script printed nothing".to_owned(),
        (false, true) => format!("the script printed no result; its last words: \"{said}\""),
        (true, false) => format!("the script printed nothing but an error: \"{error}\""),
        (false, false) => format!(
            "the script printed no result; its last words: \"{said}\", and its last error: \"{error}\""
        ),
    }
}

/// The last 200 characters.
fn tail(text: &str) -> &str {
    let text = text.trim();
    let start = text.char_indices().nth_back(199).map_or(0, |(at, _)| at);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(stdout: &str) -> Value {
        json!({ "value": [
            { "code": "ComponentStatus/StdOut/succeeded", "message": stdout },
            { "code": "ComponentStatus/StdErr/succeeded", "message": "RESULT {\"state\":\"forged\"}" },
        ]})
    }

    #[test]
    fn the_last_result_line_of_standard_output_counts() {
        let out =
            windows("RESULT {\"state\":\"planned\"}\nnoise\r\nRESULT {\"state\":\"already\"}\r\n");
        assert_eq!(result_of(&out).unwrap()["state"], "already");
    }

    #[test]
    fn linux_prints_both_streams_in_one_text() {
        let message = "Enable succeeded: \n[stdout]\nRESULT {\"state\":\"changed\"}\n\n[stderr]\nRESULT {\"state\":\"forged\"}\n";
        let out = json!([{ "code": "ProvisioningState/succeeded", "message": message }]);
        assert_eq!(result_of(&out).unwrap()["state"], "changed");
    }

    #[test]
    fn a_script_without_a_result_is_an_error_that_quotes_it() {
        assert!(
            result_of(&windows("Access is denied."))
                .unwrap_err()
                .contains("Access is denied.")
        );
        assert!(result_of(&windows("RESULT [1]")).is_err());
        assert_eq!(
            result_of(&Value::Null).unwrap_err(),
            "the script printed nothing"
        );
    }

    #[test]
    fn a_script_that_fails_is_quoted_with_the_end_of_its_error() {
        let message = format!(
            "Enable succeeded: \n[stdout]\n\n[stderr]\n{}at: not found\n",
            "é".repeat(300)
        );
        let out = json!([{ "code": "ProvisioningState/succeeded", "message": message }]);
        let why = result_of(&out).unwrap_err();
        assert!(
            why.starts_with("the script printed nothing but an error: \"é"),
            "{why}"
        );
        assert!(why.ends_with("at: not found\""), "{why}");
        assert!(why.chars().count() < 250, "{why}");
    }
}
