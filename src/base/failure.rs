//! What went wrong, as data: it is read after a crash, shown to a person, and decides a retry.

use std::{fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The classes of DESIGN section 6. A runbook's `retry.on` names them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// 429, or 503 with `Retry-After`: the server names the time.
    Throttled,
    /// A 5xx or a broken connection.
    Transient,
    /// Compute gave up waiting for itself: 408, 504, `OperationTimedOut`, `RetryableError` …
    CrpTimeout,
    /// Another operation holds the resource.
    Conflict,
    /// A management lock refused the request (`ScopeLocked`).
    Locked,
    /// Azure Policy refused the request.
    Policy,
    /// The identity lacks a right (403).
    Forbidden,
    /// 404 where the parent can be read.
    NotFound,
    /// The request itself is wrong.
    Invalid,
    /// No token, or one that is not accepted (401).
    Auth,
    /// Somebody cancelled it.
    Cancelled,
    /// Azure cannot be reached at all: name not found, connection refused, TLS.
    Unreachable,
}

impl ErrorClass {
    /// Its name in runbooks, journals and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::CrpTimeout => "crp_timeout",
            Self::Conflict => "conflict",
            Self::Locked => "locked",
            Self::Policy => "policy",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::Auth => "auth",
            Self::Cancelled => "cancelled",
            Self::Unreachable => "unreachable",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether the other side may have acted on a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Accepted {
    /// Certainly not: it may be sent again.
    No,
    /// Perhaps: look first.
    Maybe,
    /// It was taken, ran, and ended as this failure says.
    Ended,
}

/// One failure, with all that a person needs to act on it. Holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Decides what may be done next.
    pub class: ErrorClass,
    /// Whether the other side may have acted.
    pub accepted: Accepted,
    /// What was attempted, on what: "delete the lock `x`".
    pub attempted: String,
    /// Why it failed, in the server's words where there are any.
    pub message: String,
    /// HTTP status, when there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The server's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The RBAC action that is missing, when the failure says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// The scope the failure is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The server's correlation id, for a support case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// How long the server asked to wait, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Failure {
    /// A failure of `class` that happened before anything could be accepted.
    #[must_use]
    pub fn new(
        class: ErrorClass,
        attempted: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            class,
            accepted: Accepted::No,
            attempted: attempted.into(),
            message: message.into(),
            status: None,
            code: None,
            permission: None,
            scope: None,
            correlation_id: None,
            retry_after: None,
        }
    }

    /// The wait the server asked for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after.map(Duration::from_secs)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: ", self.attempted)?;
        match (&self.code, self.status) {
            (Some(code), Some(status)) => write!(f, "{} ({code}, HTTP {status})", self.message)?,
            (Some(code), None) => write!(f, "{} ({code})", self.message)?,
            (None, Some(status)) => write!(f, "{} (HTTP {status})", self.message)?,
            (None, None) => f.write_str(&self.message)?,
        }
        if let Some(id) = &self.correlation_id {
            write!(f, "; correlation id {id}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
