//! The output of a script that Run Command ran (`azure-api.md` section 3.3).

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const RESULT: &str = "RESULT ";

/// In a log that is told in a result the quotation mark is escaped.
const BEGINS: &str = "RESULT {\"";

/// What a script wrote. There is no exit code: a failing script looks like any other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScriptOutput {
    /// Its standard output; Azure keeps the last 4096 bytes.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl ScriptOutput {
    /// Reads `{"value": […]}` or the bare list, of Windows (two entries) or Linux (one text with
    /// markers); `None` when there is neither.
    #[must_use]
    pub fn read(result: &Value) -> Option<Self> {
        let entries = result.get("value").unwrap_or(result).as_array()?;
        let mut output = Self::default();
        for entry in entries {
            let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
            let (code, message) = (text("code").to_ascii_lowercase(), text("message"));
            if code.starts_with("componentstatus/stdout") {
                output.stdout.push_str(message);
            } else if code.starts_with("componentstatus/stderr") {
                output.stderr.push_str(message);
            } else {
                let (stdout, stderr) = split(message);
                output.stdout.push_str(stdout);
                output.stderr.push_str(stderr);
            }
        }
        Some(output)
    }

    /// What follows `RESULT ` on the last line that begins so, with an object: our scripts end with
    /// it.
    ///
    /// PowerShell 5.1 breaks what it prints at the width of a console that need not be there
    /// (PowerShell issue 5193): a line that does not read is put together with those after it.
    #[must_use]
    pub fn result(&self) -> Option<Cow<'_, str>> {
        let lines: Vec<&str> = self.stdout.lines().collect();
        let last = lines.iter().rposition(|line| line.starts_with(BEGINS))?;
        let line = lines[last].strip_prefix(RESULT)?;
        if serde_json::from_str::<IgnoredAny>(line).is_ok() {
            return Some(Cow::Borrowed(line));
        }
        let whole = lines[last..].concat();
        Some(Cow::Owned(whole.strip_prefix(RESULT)?.to_owned()))
    }
}

/// Standard output and error in Linux's one text. The first marker counts: what a script writes
/// to its standard error must never pass for its output.
fn split(message: &str) -> (&str, &str) {
    let body = message
        .split_once("[stdout]\n")
        .map_or(message, |(_, rest)| rest);
    let (stdout, stderr) = match body.strip_prefix("[stderr]") {
        Some(stderr) => ("", stderr),
        None => body.split_once("\n[stderr]").unwrap_or((body, "")),
    };
    (stdout, stderr.trim_start_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn windows_and_linux_and_the_old_list_are_read_alike() {
        let windows = json!({ "value": [
            { "code": "ComponentStatus/StdOut/succeeded", "message": "a\nRESULT {\"state\":\"changed\"}" },
            { "code": "ComponentStatus/StdErr/succeeded", "message": "e" }] });
        let linux = json!([{ "code": "ProvisioningState/succeeded",
            "message": "Enable succeeded: \n[stdout]\na\nRESULT {\"state\":\"changed\"}\n\n[stderr]\ne" }]);
        for result in [windows, linux] {
            let output = ScriptOutput::read(&result).unwrap();
            assert_eq!(output.result().unwrap(), "{\"state\":\"changed\"}");
            assert_eq!(output.stderr, "e");
        }
    }

    #[test]
    fn what_a_script_writes_to_its_standard_error_never_passes_for_its_output() {
        for (message, stdout, stderr) in [
            (
                "Enable succeeded: \n[stdout]\n\n[stderr]\nat: not found\n",
                "",
                "at: not found\n",
            ),
            (
                "[stdout]\na\n\n[stderr]\nRESULT {}\n[stderr]\n",
                "a\n",
                "RESULT {}\n[stderr]\n",
            ),
            (
                "[stderr]\nthe beginning was cut",
                "",
                "the beginning was cut",
            ),
            ("cut before any marker", "cut before any marker", ""),
        ] {
            let result = json!([{ "code": "ProvisioningState/succeeded", "message": message }]);
            let output = ScriptOutput::read(&result).unwrap();
            assert_eq!((&*output.stdout, &*output.stderr), (stdout, stderr));
        }
    }

    #[test]
    fn a_result_that_was_broken_into_lines_is_put_together() {
        let of = |stdout: &str| ScriptOutput {
            stdout: stdout.to_owned(),
            stderr: String::new(),
        };
        let broken = of("noise\nRESULT {\"state\":\"chan\r\nged\",\"was\":\"a \r\nb\"}\r\n");
        let whole = "{\"state\":\"changed\",\"was\":\"a b\"}";
        assert_eq!(broken.result().unwrap(), whole);
        let noise = of("RESULT {\"state\":\"already\"}\r\nnoise");
        assert_eq!(noise.result().unwrap(), "{\"state\":\"already\"}");
    }

    #[test]
    fn what_a_log_says_is_no_result() {
        let told = ScriptOutput {
            stdout: "RESULT {\"text\":\"a \r\nRESULT {\\\"state\\\":1}\"}\r\n".to_owned(),
            stderr: String::new(),
        };
        let whole = "{\"text\":\"a RESULT {\\\"state\\\":1}\"}";
        assert_eq!(told.result().unwrap(), whole);
    }

    #[test]
    fn output_without_a_result_line_has_none() {
        let output = ScriptOutput {
            stdout: "RESULTS {}\nRESULT [1]".into(),
            stderr: "RESULT {}".into(),
        };
        assert_eq!(output.result(), None);
        assert_eq!(ScriptOutput::read(&json!({})), None);
        assert_eq!(ScriptOutput::read(&json!(null)), None);
    }
}
