//! A value that does not print, and the redaction of what must not be kept.

mod named;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A secret string: neither `Debug` nor `Display` nor serde shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself; the caller answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// What stands in place of a redacted value.
pub const REDACTED: &str = "(redacted)";

/// Query parameters of Azure's signed URLs: of ARM polling URLs (`c` certificate, `s` signature,
/// `h` hash) and of storage SAS (`sig`).
const SIGNED_PARAMETERS: [&str; 4] = ["c", "s", "h", "sig"];

/// `text` without bearer tokens, JSON web tokens, signatures of URLs, keys and passwords.
///
/// It errs on the side of removing: a run of 24 or more token characters after `Bearer ` or
/// beginning with `eyJ` goes, as does the value of every signing query parameter, and of every name
/// that says of itself that it stands for a secret.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = next_secret(rest) {
        out.push_str(&rest[..found.start]);
        out.push_str(REDACTED);
        rest = &rest[found.end..];
    }
    out.push_str(rest);
    out
}

/// Every string inside `value`, redacted in place.
pub fn redact_json(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => {
            let clean = redact(text);
            if clean != *text {
                *text = clean;
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(redact_json),
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    serde_json::Value::String(text) if named::is_name(name) && !text.is_empty() => {
                        REDACTED.clone_into(text);
                    }
                    _ => redact_json(value),
                }
            }
        }
        _ => {}
    }
}

/// A copy of `value` in which no text holds a token or a signature.
///
/// # Errors
/// When `value` does not survive being written and read again. It is then not clean either: the
/// caller must not keep it.
pub fn without_secrets<T: Serialize + DeserializeOwned>(value: &T) -> serde_json::Result<T> {
    let mut json = serde_json::to_value(value)?;
    redact_json(&mut json);
    serde_json::from_value(json)
}

fn next_secret(text: &str) -> Option<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find_map(|at| {
        let rest = &bytes[at..];
        if starts_with_ignore_case(rest, b"bearer ") {
            return token(bytes, at + 7, 8);
        }
        if rest.starts_with(b"eyJ") && !is_within_a_word(&bytes[..at]) {
            return token(bytes, at, 24);
        }
        if let Some(value) = named::value(bytes, at).or_else(|| named::private_key(bytes, at)) {
            return Some(value);
        }
        if matches!(rest.first(), Some(b'?' | b'&')) {
            return SIGNED_PARAMETERS.iter().find_map(|name| {
                let value = at + 1 + name.len() + 1;
                let named = starts_with_ignore_case(&rest[1..], name.as_bytes())
                    && bytes.get(value - 1) == Some(&b'=');
                if named { parameter(bytes, value) } else { None }
            });
        }
        None
    })
}

fn starts_with_ignore_case(text: &[u8], prefix: &[u8]) -> bool {
    text.len() >= prefix.len() && text[..prefix.len()].eq_ignore_ascii_case(prefix)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=')
}

/// Whether `before` ends in a word that goes on: `HeyJude` is no token. A token may follow `=`, also
/// where it is written `%3D`, and `/`.
fn is_within_a_word(before: &[u8]) -> bool {
    let goes_on = |byte: &u8| is_token(*byte) && !matches!(byte, b'=' | b'/');
    before.last().is_some_and(goes_on) && !before.ends_with(b"%3D")
}

fn token(bytes: &[u8], start: usize, at_least: usize) -> Option<std::ops::Range<usize>> {
    let end = (start..bytes.len())
        .find(|&i| !is_token(bytes[i]))
        .unwrap_or(bytes.len());
    (end - start >= at_least).then_some(start..end)
}

fn parameter(bytes: &[u8], start: usize) -> Option<std::ops::Range<usize>> {
    let ends =
        |b: u8| matches!(b, b'&' | b'"' | b'\'' | b'#' | b'<' | b'>') || b.is_ascii_whitespace();
    let end = (start..bytes.len())
        .find(|&i| ends(bytes[i]))
        .unwrap_or(bytes.len());
    (end > start && &bytes[start..end] != REDACTED.as_bytes()).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "(secret)");
    }

    #[test]
    fn tokens_and_signatures_go_and_the_rest_stays() {
        let url = "https://management.azure.com/x?api-version=2024-07-01&t=638&c=MIIH&s=abc&h=def";
        assert_eq!(
            redact(&format!("GET {url}\nAuthorization: Bearer abcdefghijk.lm")),
            "GET https://management.azure.com/x?api-version=2024-07-01&t=638&c=(redacted)&s=(redacted)&h=(redacted)\nAuthorization: Bearer (redacted)"
        );
        assert_eq!(redact("a bearer of news"), "a bearer of news");
        assert_eq!(
            redact("token eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.sig!"),
            "token (redacted)!"
        );
    }

    #[test]
    fn a_token_goes_wherever_it_begins() {
        let token = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.sig";
        for before in [
            "",
            "client_assertion=",
            "a=b&token%3D",
            "https://x/",
            "\"",
            "x:",
        ] {
            let told = redact(&format!("{before}{token}&c"));
            assert_eq!(told, format!("{before}{REDACTED}&c"));
        }
        let named = "/resourceGroups/HeyJude/providers/Microsoft.Compute/virtualMachines/web1";
        assert_eq!(redact(named), named);
    }

    #[test]
    fn redacting_twice_is_redacting_once() {
        let once = redact("https://x/?sig=abc&se=1 Bearer 123456789012");
        assert_eq!(redact(&once), once);
    }

    #[test]
    fn a_copy_without_secrets_is_clean_or_it_is_none() {
        let said = vec!["Bearer 123456789012".to_owned()];
        assert_eq!(without_secrets(&said).unwrap(), ["Bearer (redacted)"]);
        without_secrets(&f64::NAN).unwrap_err();
    }
}
