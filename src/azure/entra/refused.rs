//! Why there is no token, told without a secret.

use azure_core::error::{Error, ErrorKind};
use url::form_urlencoded;

use crate::azure::credential::CredentialSettings;
use crate::base::secret::{REDACTED, redact};
use crate::base::{ErrorClass, Failure, Secret};

use super::ATTEMPT;
use super::carrier::Last;

/// A shorter secret protects nothing, and a text without it could not be read.
const SHORTEST_SECRET: usize = 4;

/// The failure that `error` is: in the words of who was asked last, else in the credential's own.
pub(super) fn failure(settings: &CredentialSettings, error: &Error, last: Option<Last>) -> Failure {
    let mut failure = match last {
        Some(Last {
            origin,
            failure: Some(failure),
        }) => answered(&origin, failure),
        Some(Last { origin, .. }) => {
            let message = format!("`{origin}` gave no token: {}", words(error));
            Failure::new(ErrorClass::Auth, ATTEMPT, message)
        }
        None => Failure::new(ErrorClass::Auth, ATTEMPT, words(error)),
    };
    failure.message = without_secrets(settings, &one_line(&failure.message));
    failure
}

fn answered(origin: &str, mut failure: Failure) -> Failure {
    if let Some(number) = aadsts(&failure.message) {
        failure.code = Some(number);
    } else if failure.status.is_some() {
        failure.message = format!("`{origin}` answered: {}", failure.message);
    } else {
        failure.message = format!("`{origin}` gave no answer: {}", failure.message);
    }
    failure.class = match failure.class {
        kept @ (ErrorClass::Throttled | ErrorClass::Transient | ErrorClass::Unreachable) => kept,
        _ => ErrorClass::Auth,
    };
    failure
}

/// The number that Microsoft Entra ID gives its refusals: `AADSTS7000215`.
fn aadsts(message: &str) -> Option<String> {
    const MARK: &str = "AADSTS";
    let number = &message[message.find(MARK)? + MARK.len()..];
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| format!("{MARK}{}", &number[..digits]))
}

/// The error and its causes. azure_identity's outermost words are the name of its type and a
/// link: what lies within says more.
fn words(error: &Error) -> String {
    let inner = error.downcast_ref::<Error>().unwrap_or(error);
    let mut text = inner.to_string();
    if *inner.kind() == ErrorKind::DataConversion {
        text = format!("what came cannot be read: {text}");
    }
    let mut cause = std::error::Error::source(inner);
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text
}

fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// A server may repeat what it was sent.
fn without_secrets(settings: &CredentialSettings, text: &str) -> String {
    let mut text = redact(text);
    let secrets = settings.secrets().map(Secret::expose);
    for secret in secrets.filter(|secret| secret.len() >= SHORTEST_SECRET) {
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        text = text.replace(secret, REDACTED).replace(&encoded, REDACTED);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> CredentialSettings {
        CredentialSettings {
            client_secret: Some(Secret::new("p&ss w/rd")),
            identity_header: Some(Secret::new("header-of-the-app")),
            ..CredentialSettings::default()
        }
    }

    fn last(status: Option<u16>, class: ErrorClass, message: &str) -> Option<Last> {
        let mut failure = Failure::new(class, ATTEMPT, message);
        failure.status = status;
        Some(Last {
            origin: "https://login.example".to_owned(),
            failure: Some(failure),
        })
    }

    #[test]
    fn an_answer_is_told_with_its_number_or_with_who_gave_it() {
        let error = Error::with_message(ErrorKind::Credential, "wrapped");
        for (last, class, code, message) in [
            (
                last(
                    Some(401),
                    ErrorClass::Auth,
                    "AADSTS7000215: No.\r\nTrace ID: 1",
                ),
                ErrorClass::Auth,
                Some("AADSTS7000215"),
                "AADSTS7000215: No. Trace ID: 1",
            ),
            (
                last(Some(400), ErrorClass::Invalid, "Identity not found"),
                ErrorClass::Auth,
                None,
                "`https://login.example` answered: Identity not found",
            ),
            (
                last(Some(503), ErrorClass::Transient, "AADSTS: busy"),
                ErrorClass::Transient,
                None,
                "`https://login.example` answered: AADSTS: busy",
            ),
            (
                last(None, ErrorClass::Unreachable, "connection refused"),
                ErrorClass::Unreachable,
                None,
                "`https://login.example` gave no answer: connection refused",
            ),
        ] {
            let told = failure(&settings(), &error, last);
            let found = (told.class, told.code.as_deref(), told.message.as_str());
            assert_eq!(found, (class, code, message));
        }
    }

    #[test]
    fn a_secret_that_is_sent_back_is_not_told() {
        let error = Error::with_message(ErrorKind::Credential, "x");
        let echo = "p&ss w/rd p%26ss+w%2Frd header-of-the-app eyJhbGciOiJub25lIn0.eyJhIjoxfQ.sig";
        let told = failure(
            &settings(),
            &error,
            last(Some(400), ErrorClass::Invalid, echo),
        );
        let origin = "`https://login.example` answered:";
        let gone = [REDACTED; 4].join(" ");
        assert_eq!(told.message, format!("{origin} {gone}"));
    }

    #[test]
    fn without_an_answer_the_cause_is_told_and_not_the_type_around_it() {
        let cause = Error::with_message(ErrorKind::Credential, "az not found on PATH");
        let around = Error::with_error(ErrorKind::Credential, cause, "AzureCliCredential failed");
        let told = failure(&settings(), &around, None);
        assert_eq!(told.message, "az not found on PATH");
        let missing = std::io::Error::other("no such file");
        let unread = Error::with_error(ErrorKind::Credential, missing, "failed to read `f`");
        assert_eq!(words(&unread), "failed to read `f`: no such file");
        let html = serde_json::from_str::<u8>("<html>").unwrap_err();
        assert!(words(&html.into()).starts_with("what came cannot be read: expected value"));
    }
}
