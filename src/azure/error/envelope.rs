//! The shapes in which ARM and its providers wrap an error (`azure-api.md` section 2.2).

use serde_json::{Map, Value};

/// No message kept is longer than this, in characters: an HTML page is not an explanation.
const LONGEST_MESSAGE: usize = 2_000;

/// What an error body says, whatever its shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Envelope {
    /// The error's code.
    pub(crate) code: Option<String>,
    /// The explanation; may be empty.
    pub(crate) message: String,
    /// Codes of the errors inside this one, the outermost first.
    pub(crate) inner: Vec<String>,
    /// The policy assignment that refused, when one did.
    pub(crate) policy: Option<String>,
}

impl Envelope {
    /// Reads any body: JSON wrapped or bare, in either casing, XML, HTML, or nothing.
    pub(crate) fn read(body: &[u8]) -> Self {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::of(&value),
            Err(_) => Self {
                message: plain(&String::from_utf8_lossy(body)),
                ..Self::default()
            },
        }
    }

    /// Reads an error that is already JSON, with or without its `error` wrapper.
    pub(crate) fn of(value: &Value) -> Self {
        let Some(fields) = value.as_object() else {
            return Self {
                message: value.as_str().map(shorten).unwrap_or_default(),
                ..Self::default()
            };
        };
        match get(fields, &["error", "odata.error"]) {
            Some(Value::Object(error)) => Self::from_fields(error),
            // The token endpoint's shape: {"error":"invalid_client","error_description":"…"}.
            Some(Value::String(code)) => Self {
                code: Some(code.clone()),
                message: get(fields, &["error_description"])
                    .map(text)
                    .map(|message| shorten(&message))
                    .unwrap_or_default(),
                ..Self::default()
            },
            _ => Self::from_fields(fields),
        }
    }

    fn from_fields(fields: &Map<String, Value>) -> Self {
        let code = get(fields, &["code", "errorcode"])
            .map(text)
            .filter(|code| !code.is_empty());
        let message = get(fields, &["message", "errormessage"])
            .map(text)
            .unwrap_or_default();
        let mut inner = Vec::new();
        collect_inner(fields, &mut inner, 0);
        let policy = get(fields, &["additionalinfo"]).and_then(policy_assignment);
        Self {
            code,
            message: shorten(&message),
            inner,
            policy,
        }
    }
}

/// A field by any of its names, ignoring case: `Code` and `code` both occur.
fn get<'v>(fields: &'v Map<String, Value>, names: &[&str]) -> Option<&'v Value> {
    let named = |key: &str| names.iter().any(|name| key.eq_ignore_ascii_case(name));
    fields
        .iter()
        .find(|(key, value)| named(key) && !value.is_null())
        .map(|(_, value)| value)
}

/// A text, or a number, or the `Value` of `{"Language":…,"Value":…}`.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => get(fields, &["value"]).map(text).unwrap_or_default(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn collect_inner(fields: &Map<String, Value>, into: &mut Vec<String>, depth: u8) {
    if depth > 4 {
        return;
    }
    let details = get(fields, &["details"])
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let nested = get(fields, &["innererror"]).into_iter();
    for error in details.chain(nested).filter_map(Value::as_object) {
        into.extend(
            get(error, &["code"])
                .map(text)
                .filter(|code| !code.is_empty()),
        );
        collect_inner(error, into, depth + 1);
    }
}

/// The contract's own sample spells it `policyAsssignmentId`.
fn policy_assignment(value: &Value) -> Option<String> {
    value.as_array()?.iter().find_map(|entry| {
        let info = get(entry.as_object()?, &["info"])?.as_object()?;
        get(info, &["policyAssignmentId", "policyAsssignmentId"]).map(text)
    })
}

/// The words of an XML or HTML body, without its tags.
fn plain(body: &str) -> String {
    let chosen = ["Message", "title"].iter().find_map(|tag| {
        let (_, rest) = body.split_once(&format!("<{tag}>"))?;
        rest.split_once(&format!("</{tag}>"))
            .map(|(inside, _)| inside)
    });
    let mut words = String::new();
    let mut inside_tag = false;
    for c in chosen.unwrap_or(body).chars() {
        match c {
            '<' => inside_tag = true,
            '>' => {
                inside_tag = false;
                words.push(' ');
            }
            _ if !inside_tag => words.push(c),
            _ => {}
        }
    }
    shorten(&words.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn shorten(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (Option<String>, String) {
        let envelope = Envelope::read(body.as_bytes());
        (envelope.code, envelope.message)
    }

    #[test]
    fn every_shape_that_was_seen_gives_its_code_and_message() {
        for (body, code, message) in [
            (
                r#"{"error":{"code":"ResourceNotFound","message":"gone","target":null,"details":null,"innerError":null}}"#,
                "ResourceNotFound",
                "gone",
            ),
            (
                r#"{"code":"OperationNotAllowed","message":"too many","details":[]}"#,
                "OperationNotAllowed",
                "too many",
            ),
            (
                r#"{"Code":"429","Message":"Cannot acquire","Target":null,"Details":[{"Message":"x"}]}"#,
                "429",
                "Cannot acquire",
            ),
            (
                r#"{"ErrorCode":"CloudInternalError","Message":{"Language":"en-US","Value":"wait"},"Values":[]}"#,
                "CloudInternalError",
                "wait",
            ),
            (
                r#"{"error":{"code":"X","message":"","details":"a string"}}"#,
                "X",
                "",
            ),
            (
                "\u{feff}{\"error\":{\"code\":400,\"message\":\"bom\"}}",
                "400",
                "bom",
            ),
            (
                r#"{"error":"invalid_client","error_description":"AADSTS7000215"}"#,
                "invalid_client",
                "AADSTS7000215",
            ),
        ] {
            assert_eq!(
                read(body),
                (Some(code.to_owned()), message.to_owned()),
                "{body}"
            );
        }
    }

    #[test]
    fn pages_and_empty_bodies_have_no_code_and_are_no_failure_to_read() {
        let nginx = "<html>\r\n<head><title>429 Too Many Requests</title></head>\r\n<body><hr></body></html>";
        assert_eq!(read(nginx), (None, "429 Too Many Requests".to_owned()));
        assert_eq!(
            read("<Error><Code>x</Code><Message>bad key</Message></Error>").1,
            "bad key"
        );
        assert_eq!(read(""), (None, String::new()));
        assert_eq!(read("null"), (None, String::new()));
        let long = "é".repeat(9_000);
        let described = format!(r#"{{"error":"x","error_description":"{long}"}}"#);
        for body in [long, described] {
            assert_eq!(read(&body).1.chars().count(), LONGEST_MESSAGE + 1);
        }
    }

    #[test]
    fn codes_inside_and_the_policy_assignment_are_kept() {
        let body = r#"{"error":{"code":"InvalidTemplateDeployment","message":"m",
            "details":[{"code":"RequestDisallowedByPolicy","message":"d","innererror":{"code":"Deep"}}],
            "additionalInfo":[{"type":"PolicyViolation","info":{"policyAsssignmentId":"/p/a"}}]}}"#;
        let envelope = Envelope::read(body.as_bytes());
        assert_eq!(envelope.inner, ["RequestDisallowedByPolicy", "Deep"]);
        assert_eq!(envelope.policy.as_deref(), Some("/p/a"));
    }
}
