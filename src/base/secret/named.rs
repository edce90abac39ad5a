//! Secrets that are known by the name before them: in connection strings, settings and JSON.

use std::ops::Range;

use super::{REDACTED, starts_with_ignore_case};

/// What the value of a name that ends so is, in a connection string, a setting or a query: a secret.
const NAMES: [&str; 9] = [
    "accountkey",
    "sharedaccesskey",
    "password",
    "passphrase",
    "client_secret",
    "clientsecret",
    "access_token",
    "refresh_token",
    "accesstoken",
];

/// The same of names that are too short to be looked for within words.
const WORDS: [&str; 4] = ["sig", "pwd", "secret", "apikey"];

/// Whether what has this name is a secret.
pub(super) fn is_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|n| name.ends_with(n)) || WORDS.contains(&name.as_str())
}

/// The value after a name that stands for a secret: `AccountKey=…`, `password: …`, `"pwd":"…"`.
pub(super) fn value(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let (told, after) = assigned(bytes, at + name(bytes, at)?)?;
    let after = skip(bytes, after, b" ");
    let opening = skip(bytes, after, b"\\");
    let (start, end) = match bytes.get(opening) {
        Some(quote @ (b'"' | b'\'')) => {
            let start = opening + 1;
            (start, closing(bytes, start, *quote, opening - after))
        }
        _ => (after, bare(bytes, after)),
    };
    let value = &bytes[start..end];
    // "password: the one of the file" is a sentence, and no password.
    let sentence = told && start == after && value.iter().all(u8::is_ascii_alphabetic);
    let nothing = value.is_empty() || bytes[start..].starts_with(REDACTED.as_bytes());
    (!nothing && !sentence).then_some(start..end)
}

/// The length of the name that begins here, if one does.
fn name(bytes: &[u8], at: usize) -> Option<usize> {
    let is = |name: &&&str| starts_with_ignore_case(&bytes[at..], name.as_bytes());
    let before = |back: usize| at.checked_sub(back).map(|at| bytes[at]);
    let within = before(1).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    // The end of a character that is written as `%3F` is the end of no word.
    let within = within && before(3) != Some(b'%');
    let short = || WORDS.iter().find(is).filter(|_| !within);
    NAMES.iter().find(is).or_else(short).map(|name| name.len())
}

/// Whether it is told after a colon, and where; or set after an equals sign, which may be encoded.
fn assigned(bytes: &[u8], at: usize) -> Option<(bool, usize)> {
    let sign = skip(bytes, at, b"\"'\\ ");
    let rest = &bytes[sign..];
    match rest.first()? {
        b'=' => Some((false, sign + 1)),
        b':' => Some((true, sign + 1)),
        b'%' if starts_with_ignore_case(rest, b"%3d") => Some((false, sign + 3)),
        _ => None,
    }
}

fn skip(bytes: &[u8], from: usize, these: &[u8]) -> usize {
    let more = bytes[from..].iter().position(|b| !these.contains(b));
    more.map_or(bytes.len(), |more| from + more)
}

/// The end of a value in quotes, each escaped by so many backslashes: JSON may lie within JSON.
fn closing(bytes: &[u8], start: usize, quote: u8, escapes: usize) -> usize {
    let mut before = 0;
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        if *byte == quote && before == escapes {
            return at - before;
        }
        before = if *byte == b'\\' { before + 1 } else { 0 };
    }
    bytes.len()
}

fn bare(bytes: &[u8], start: usize) -> usize {
    let ends = |at: &usize| match bytes[*at] {
        b'%' => bytes[*at..].starts_with(b"%26"),
        b => b.is_ascii_whitespace() || b";&,<>\"'\\})".contains(&b),
    };
    (start..bytes.len()).find(ends).unwrap_or(bytes.len())
}

/// What stands between the lines that enclose a private key.
pub(super) fn private_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let (before, after) = (b"PRIVATE KEY-----".as_slice(), b"-----END".as_slice());
    if !bytes[at..].starts_with(before) || bytes[..at].ends_with(b"-----END ") {
        return None;
    }
    let start = at + before.len();
    let rest = &bytes[start..];
    let key = rest.windows(after.len()).position(|w| w == after);
    let end = start + key.unwrap_or(rest.len());
    let nothing = rest.trim_ascii_start().starts_with(REDACTED.as_bytes());
    (end > start && !nothing).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{redact, redact_json};
    use super::*;

    const PIECES: [&str; 18] = [
        "password",
        "AccountKey",
        "sig",
        "=",
        ":",
        "%3D",
        "%26",
        "\"",
        "'",
        "\\",
        " ",
        "&",
        "x1",
        "é",
        "eyJ",
        "Bearer ",
        "PRIVATE KEY-----",
        "-----END ",
    ];

    proptest! {
        #[test]
        fn any_text_is_redacted_once_and_for_all(
            pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..24),
        ) {
            let once = redact(&pieces.concat());
            prop_assert_eq!(redact(&once), once);
        }
    }

    #[test]
    fn what_is_named_as_a_secret_goes_wherever_it_stands() {
        for (text, clean) in [
            (
                "AccountName=x;AccountKey=abc==;EndpointSuffix=y",
                "AccountName=x;AccountKey=(redacted);EndpointSuffix=y",
            ),
            (
                "https://x/?sv=1&amp;sig=a%2Fb&amp;se=2",
                "https://x/?sv=1&amp;sig=(redacted)&amp;se=2",
            ),
            (
                "next=https%3A%2F%2Fx%3Fsig%3Dabc%26se%3D2",
                "next=https%3A%2F%2Fx%3Fsig%3D(redacted)%26se%3D2",
            ),
            (
                r#"{"adminPassword":"very secret"}"#,
                r#"{"adminPassword":"(redacted)"}"#,
            ),
            (r#"{\"pwd\": \"x1\"}"#, r#"{\"pwd\": \"(redacted)\"}"#),
            (
                r#"{\\\"pwd\\\":\\\"a b\\\"}"#,
                r#"{\\\"pwd\\\":\\\"(redacted)\\\"}"#,
            ),
            (
                "password: hunter2, user: me",
                "password: (redacted), user: me",
            ),
            (
                "net use /user:x password=abc",
                "net use /user:x password=(redacted)",
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
                "-----BEGIN RSA PRIVATE KEY-----(redacted)-----END RSA PRIVATE KEY-----",
            ),
        ] {
            assert_eq!(redact(text), clean);
            assert_eq!(redact(clean), clean, "a second time");
        }
    }

    #[test]
    fn what_speaks_of_secrets_and_holds_none_stays() {
        for text in [
            "takes an RSA key without a password: the file has one",
            "UserErrorKeyVaultSecretDisabled",
            "the password has expired",
            "--credential client-secret",
            "passwordless=false",
            "sign = 1",
            "secrets=3",
            "PWD",
            "password=",
            "a secret: keep it",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn a_field_that_is_named_as_a_secret_is_one() {
        let mut value = serde_json::json!({ "user": "me", "Password": "x", "inner": [{ "sig": "y" }], "secret": "" });
        redact_json(&mut value);
        let clean = serde_json::json!({ "user": "me", "Password": REDACTED, "inner": [{ "sig": REDACTED }], "secret": "" });
        assert_eq!(value, clean);
    }

    #[test]
    fn a_quoted_secret_goes_whole_with_the_quotes_and_blanks_in_it() {
        let text = r#"{"password":"a \"b\" c","n":1}"#;
        assert_eq!(redact(text), r#"{"password":"(redacted)","n":1}"#);
        assert_eq!(redact("pwd='x y' z"), "pwd='(redacted)' z");
        assert_eq!(redact("password=\"never closed é"), "password=\"(redacted)");
    }
}
