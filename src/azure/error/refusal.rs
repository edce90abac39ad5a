//! Makes the failure: class, whether the other side may have acted, and all a person needs.

use http::HeaderMap;

use crate::azure::transport::WireError;
use crate::base::secret::redact;
use crate::base::{Accepted, ErrorClass, Failure};

use super::envelope::Envelope;
use super::sentence::{locked_scopes, missing_permission, seconds_to_wait};
use super::table::{Met, Service, Wait, class};

/// Whether a request changes anything when it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only looks.
    Looks,
    /// It changes something.
    Changes,
}

/// The failure that an answer other than a success is.
pub(crate) fn refused(
    attempted: &str,
    (effect, service): (Effect, Service),
    (status, headers, body): (u16, &HeaderMap, &[u8]),
) -> Failure {
    let error = Envelope::read(body);
    let retry_after = retry_after(headers).max(seconds_to_wait(&error.message));
    let wait = if retry_after.is_some() {
        Wait::Named
    } else {
        Wait::Unnamed
    };
    let class = class(Met::Answer(status, wait), &error, service);
    let doubtful = effect == Effect::Changes
        && matches!(status, 408 | 500..=599)
        && class != ErrorClass::Throttled;
    let mut failure = describe(attempted, class, &error);
    failure.accepted = if doubtful {
        Accepted::Maybe
    } else {
        Accepted::No
    };
    failure.status = Some(status);
    failure.retry_after = retry_after;
    failure.correlation_id = correlation_id(headers);
    failure
}

/// The failure of an operation that was accepted and ended as `error` says.
pub(crate) fn ended(attempted: &str, service: Service, error: &Envelope) -> Failure {
    let mut failure = describe(attempted, class(Met::Operation, error, service), error);
    failure.accepted = Accepted::Ended;
    failure
}

/// The failure that no answer is.
pub(crate) fn broken(attempted: &str, effect: Effect, error: &WireError) -> Failure {
    let (class, accepted) = match (error, effect) {
        (WireError::NotSent(_), _) => (ErrorClass::Unreachable, Accepted::No),
        (WireError::Lost(_), Effect::Looks) => (ErrorClass::Transient, Accepted::No),
        (WireError::Lost(_), Effect::Changes) => (ErrorClass::Transient, Accepted::Maybe),
    };
    let mut failure = Failure::new(class, attempted, redact(&error.to_string()));
    failure.accepted = accepted;
    failure
}

/// Seconds in `Retry-After`; the contract knows no dates there.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers
        .get("retry-after")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// The id to quote in a support case; some services send one of all zeros.
pub(crate) fn correlation_id(headers: &HeaderMap) -> Option<String> {
    ["x-ms-correlation-request-id", "x-ms-request-id"]
        .iter()
        .find_map(|name| {
            let id = headers.get(*name)?.to_str().ok()?;
            id.bytes()
                .any(|b| !matches!(b, b'0' | b'-'))
                .then(|| id.to_owned())
        })
}

fn describe(attempted: &str, class: ErrorClass, error: &Envelope) -> Failure {
    let message = if error.message.is_empty() {
        "no reason was given"
    } else {
        &error.message
    };
    let mut failure = Failure::new(class, attempted, redact(message));
    failure.code.clone_from(&error.code);
    match class {
        ErrorClass::Forbidden => {
            if let Some((action, scope)) = missing_permission(&error.message) {
                failure.permission = Some(action);
                failure.scope = scope;
            }
        }
        ErrorClass::Locked => failure.scope = locked_scopes(&error.message).into_iter().next(),
        ErrorClass::Policy => failure.scope.clone_from(&error.policy),
        _ => {}
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(
        effect: Effect,
        status: u16,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Failure {
        let headers = headers
            .iter()
            .map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap()))
            .collect();
        refused(
            "do it",
            (effect, Service::Compute),
            (status, &headers, body.as_bytes()),
        )
    }

    #[test]
    fn only_a_change_without_a_clear_answer_is_in_doubt() {
        for (effect, status, accepted) in [
            (Effect::Changes, 500, Accepted::Maybe),
            (Effect::Changes, 504, Accepted::Maybe),
            (Effect::Changes, 408, Accepted::Maybe),
            (Effect::Changes, 503, Accepted::Maybe),
            (Effect::Changes, 429, Accepted::No),
            (Effect::Changes, 409, Accepted::No),
            (Effect::Changes, 403, Accepted::No),
            (Effect::Looks, 500, Accepted::No),
        ] {
            assert_eq!(
                answer(effect, status, &[], "").accepted,
                accepted,
                "{effect:?} {status}"
            );
        }
        let busy = answer(Effect::Changes, 503, &[("Retry-After", "7")], "");
        assert_eq!(
            (busy.class, busy.accepted),
            (ErrorClass::Throttled, Accepted::No)
        );
    }

    #[test]
    fn a_lost_change_is_in_doubt_and_an_unsent_one_is_not() {
        let lost = WireError::Lost("reset".into());
        assert_eq!(
            broken("x", Effect::Changes, &lost).accepted,
            Accepted::Maybe
        );
        assert_eq!(broken("x", Effect::Looks, &lost).accepted, Accepted::No);
        let unsent = broken("x", Effect::Changes, &WireError::NotSent("refused".into()));
        assert_eq!(
            (unsent.class, unsent.accepted),
            (ErrorClass::Unreachable, Accepted::No)
        );
    }

    #[test]
    fn a_forbidden_request_names_permission_scope_and_correlation() {
        let body = r#"{"error":{"code":"AuthorizationFailed","message":"The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Authorization/locks/delete' over scope '/subscriptions/s/resourceGroups/rg' or the scope is invalid."}}"#;
        let ids = [
            ("x-ms-request-id", "00000000-0000"),
            ("x-ms-correlation-request-id", "e492-d1e4"),
        ];
        let failure = answer(Effect::Changes, 403, &ids, body);
        assert_eq!(
            failure.permission.as_deref(),
            Some("Microsoft.Authorization/locks/delete")
        );
        assert_eq!(
            failure.scope.as_deref(),
            Some("/subscriptions/s/resourceGroups/rg")
        );
        assert_eq!(failure.correlation_id.as_deref(), Some("e492-d1e4"));
        let zeros = answer(
            Effect::Looks,
            500,
            &[("x-ms-request-id", "00000000-0000")],
            "",
        );
        assert_eq!(zeros.correlation_id, None);
    }

    #[test]
    fn the_longer_of_header_and_sentence_is_the_wait() {
        let body = r#"{"error":{"code":"ResourceRequestsThrottled","message":"Please try again after '324' seconds."}}"#;
        assert_eq!(answer(Effect::Looks, 429, &[], body).retry_after, Some(324));
        assert_eq!(
            answer(Effect::Looks, 429, &[("retry-after", "0")], body).retry_after,
            Some(324)
        );
        assert_eq!(
            answer(Effect::Looks, 429, &[("retry-after", "1200")], "").retry_after,
            Some(1200)
        );
    }

    #[test]
    fn an_operation_that_failed_has_ended_and_names_the_locked_scope() {
        let error = Envelope {
            code: Some("ScopeLocked".into()),
            message: "The scope '/x' cannot perform delete operation because following scope(s) are locked: '/rg'.".into(),
            ..Envelope::default()
        };
        let failure = ended("delete it", Service::Compute, &error);
        assert_eq!(
            (failure.class, failure.accepted),
            (ErrorClass::Locked, Accepted::Ended)
        );
        assert_eq!(failure.scope.as_deref(), Some("/rg"));
    }

    #[test]
    fn a_message_is_kept_without_its_secrets() {
        let body = r#"{"error":{"code":"X","message":"GET https://h/?sig=abc failed"}}"#;
        assert!(
            !answer(Effect::Looks, 400, &[], body)
                .message
                .contains("abc")
        );
    }
}
