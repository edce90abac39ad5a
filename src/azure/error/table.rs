//! The one table from an error to its class (DESIGN section 6; `azure-api.md` section 2.6).

use crate::base::ErrorClass;

use super::envelope::Envelope;

/// Which service answers: compute's time-outs are a class of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Microsoft.Compute.
    Compute,
    /// Any other.
    Other,
}

/// Where the error was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// In an HTTP answer, with its status, and whether it named a time to wait.
    Answer(u16, Wait),
    /// In the body of a long-running operation that ended.
    Operation,
}

/// Whether the server named a time to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// It did.
    Named,
    /// It did not.
    Unnamed,
}

/// Codes whose class does not depend on the status. A code that is missing here falls to its
/// status, or inside an operation to `invalid`: it ran and ended so, and would again.
const CODES: [(&str, ErrorClass); 27] = [
    ("ScopeLocked", ErrorClass::Locked),
    ("RequestDisallowedByPolicy", ErrorClass::Policy),
    ("AuthorizationFailed", ErrorClass::Forbidden),
    ("LinkedAuthorizationFailed", ErrorClass::Forbidden),
    ("ExpiredAuthenticationToken", ErrorClass::Auth),
    ("InvalidAuthenticationToken", ErrorClass::Auth),
    ("InvalidAuthenticationTokenTenant", ErrorClass::Auth),
    ("AnotherOperationInProgress", ErrorClass::Conflict),
    ("OperationPreempted", ErrorClass::Conflict),
    ("AttachDiskWhileBeingDetached", ErrorClass::Conflict),
    ("UserErrorBackupOperationInProgress", ErrorClass::Conflict),
    ("MissingSubscriptionRegistration", ErrorClass::Invalid),
    ("Canceled", ErrorClass::Cancelled),
    ("Cancelled", ErrorClass::Cancelled),
    ("OperationCanceled", ErrorClass::Cancelled),
    ("OperationCancelled", ErrorClass::Cancelled),
    ("ResourceNotFound", ErrorClass::NotFound),
    ("ResourceGroupNotFound", ErrorClass::NotFound),
    ("LockNotFound", ErrorClass::NotFound),
    ("InternalServerError", ErrorClass::Transient),
    ("InternalOperationError", ErrorClass::Transient),
    ("NetworkingInternalOperationError", ErrorClass::Transient),
    ("RestApiInternalError", ErrorClass::Transient),
    ("CloudInternalError", ErrorClass::Transient),
    ("CloudStorageUnexpectedError", ErrorClass::Transient),
    ("VMExtensionManagementInternalError", ErrorClass::Transient),
    ("DiagnosticsOperationInternalError", ErrorClass::Transient),
];

/// Codes with which compute gives up waiting for itself.
const GIVEN_UP: [&str; 3] = [
    "OperationTimedOut",
    "InternalExecutionError",
    "RetryableError",
];

/// The class of an error.
pub(crate) fn class(met: Met, error: &Envelope, service: Service) -> ErrorClass {
    if let Met::Answer(429, _) | Met::Answer(503, Wait::Named) = met {
        return ErrorClass::Throttled;
    }
    if let Some(class) = nested(error) {
        return class;
    }
    let code = error.code.as_deref().unwrap_or_default();
    if let Some((_, class)) = CODES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
    {
        return *class;
    }
    if GIVEN_UP
        .iter()
        .any(|known| known.eq_ignore_ascii_case(code))
    {
        return given_up(service);
    }
    if code.eq_ignore_ascii_case("OperationNotAllowed") {
        return not_allowed(&error.message);
    }
    match met {
        Met::Answer(status, _) => by_status(status, service),
        Met::Operation if code.eq_ignore_ascii_case("Conflict") => ErrorClass::Conflict,
        Met::Operation => ErrorClass::Invalid,
    }
}

/// A lock or a policy that a provider met on our behalf is wrapped in the provider's own error.
fn nested(error: &Envelope) -> Option<ErrorClass> {
    let mut codes = error
        .inner
        .iter()
        .map(String::as_str)
        .chain(error.code.as_deref());
    if error.message.contains("ScopeLocked") || codes.clone().any(|c| c == "ScopeLocked") {
        return Some(ErrorClass::Locked);
    }
    codes
        .any(|c| c == "RequestDisallowedByPolicy")
        .then_some(ErrorClass::Policy)
}

/// Compute's `OperationNotAllowed` means either "not now" or "not in this state": only the words
/// tell. The words are those of `azure-api.md` section 2.6.
fn not_allowed(message: &str) -> ErrorClass {
    let message = message.to_ascii_lowercase();
    let busy = [
        "in progress",
        "ongoing operation",
        "marked for deletion",
        "after some time",
    ];
    if busy.iter().any(|words| message.contains(words)) {
        ErrorClass::Conflict
    } else {
        ErrorClass::Invalid
    }
}

fn given_up(service: Service) -> ErrorClass {
    match service {
        Service::Compute => ErrorClass::CrpTimeout,
        Service::Other => ErrorClass::Transient,
    }
}

fn by_status(status: u16, service: Service) -> ErrorClass {
    match status {
        401 => ErrorClass::Auth,
        403 => ErrorClass::Forbidden,
        404 | 410 => ErrorClass::NotFound,
        408 | 504 => given_up(service),
        409 | 412 => ErrorClass::Conflict,
        500..=599 => ErrorClass::Transient,
        _ => ErrorClass::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorClass as C;
    use Service::{Compute, Other};

    fn error(code: &str, message: &str) -> Envelope {
        Envelope {
            code: (!code.is_empty()).then(|| code.to_owned()),
            message: message.to_owned(),
            ..Envelope::default()
        }
    }

    fn answer(status: u16) -> Met {
        Met::Answer(status, Wait::Unnamed)
    }

    #[test]
    fn every_documented_error_has_its_class() {
        for (met, code, message, service, expected) in [
            (
                answer(429),
                "OperationNotAllowed",
                "too many",
                Compute,
                C::Throttled,
            ),
            (
                answer(429),
                "ResourceRequestsThrottled",
                "",
                Other,
                C::Throttled,
            ),
            (answer(429), "RetryableError", "", Compute, C::Throttled),
            (answer(429), "", "", Other, C::Throttled),
            (
                Met::Answer(503, Wait::Named),
                "ServerTimeout",
                "",
                Other,
                C::Throttled,
            ),
            (answer(503), "ServerTimeout", "", Other, C::Transient),
            (answer(503), "", "", Compute, C::Transient),
            (answer(504), "GatewayTimeout", "", Other, C::Transient),
            (answer(504), "GatewayTimeout", "", Compute, C::CrpTimeout),
            (answer(408), "", "", Compute, C::CrpTimeout),
            (answer(500), "OperationTimedOut", "", Compute, C::CrpTimeout),
            (answer(500), "RestApiInternalError", "", Other, C::Transient),
            (answer(409), "ScopeLocked", "", Other, C::Locked),
            (
                answer(400),
                "X",
                "Call failed. Error message: ScopeLocked …",
                Other,
                C::Locked,
            ),
            (
                answer(403),
                "RequestDisallowedByPolicy",
                "",
                Other,
                C::Policy,
            ),
            (answer(403), "AuthorizationFailed", "", Other, C::Forbidden),
            (answer(403), "", "", Other, C::Forbidden),
            (answer(409), "Conflict", "", Compute, C::Conflict),
            (
                answer(409),
                "OperationNotAllowed",
                "Another operation is in progress",
                Compute,
                C::Conflict,
            ),
            (
                answer(409),
                "OperationNotAllowed",
                "Cannot modify extensions in the VM when the VM is not running.",
                Compute,
                C::Invalid,
            ),
            (
                answer(409),
                "MissingSubscriptionRegistration",
                "",
                Other,
                C::Invalid,
            ),
            (
                answer(404),
                "ParentResourceNotFound",
                "",
                Compute,
                C::NotFound,
            ),
            (
                answer(401),
                "ExpiredAuthenticationToken",
                "",
                Other,
                C::Auth,
            ),
            (answer(400), "InvalidParameter", "", Other, C::Invalid),
            (answer(302), "", "", Other, C::Invalid),
            (
                Met::Operation,
                "OperationTimedOut",
                "",
                Compute,
                C::CrpTimeout,
            ),
            (
                Met::Operation,
                "InternalExecutionError",
                "",
                Compute,
                C::CrpTimeout,
            ),
            (Met::Operation, "retryableerror", "", Compute, C::CrpTimeout),
            (
                Met::Operation,
                "OperationPreempted",
                "",
                Compute,
                C::Conflict,
            ),
            (Met::Operation, "Conflict", "", Compute, C::Conflict),
            (
                Met::Operation,
                "UserErrorBackupOperationInProgress",
                "",
                Other,
                C::Conflict,
            ),
            (
                Met::Operation,
                "VMExtensionProvisioningTimeout",
                "",
                Compute,
                C::Invalid,
            ),
            (
                Met::Operation,
                "VMAgentStatusCommunicationError",
                "",
                Compute,
                C::Invalid,
            ),
            (Met::Operation, "Canceled", "", Compute, C::Cancelled),
        ] {
            assert_eq!(
                class(met, &error(code, message), service),
                expected,
                "{met:?} {code} {message}"
            );
        }
    }

    #[test]
    fn a_policy_inside_another_error_is_still_a_policy() {
        let error = Envelope {
            inner: vec!["RequestDisallowedByPolicy".to_owned()],
            ..error("InvalidTemplateDeployment", "")
        };
        assert_eq!(class(answer(400), &error, Other), C::Policy);
    }
}
