//! One request on its way: token, headers, spans, and the repetitions that are safe.
//!
//! Invariants: a change is repeated only when it was certainly not accepted; no wait longer than
//! [`LONGEST_WAIT`] is slept through here, so that a run can wait where it is seen.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;

use crate::base::pace::{Budget, Pace};
use crate::base::secret::redact;
use crate::base::{Accepted, ErrorClass, Failure, Secret};

use super::arm::Arm;
use super::counts::Purpose;
use super::error::refusal::{self, Effect};
use super::error::table::Service;
use super::url_text;

/// The wire's own repetitions: four attempts within seconds. Anything longer is a step's matter.
pub(super) const PACE: Pace = Pace {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(30),
    attempts: 4,
};

/// A longer `Retry-After` becomes a failure of class `throttled` that names it.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// One request to ARM.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) purpose: Purpose,
    pub(super) method: Method,
    /// Absolute, and sent as it is.
    pub(super) url: String,
    pub(super) body: Option<Value>,
    /// Follows "cannot" in a failure: "read the VM `web1`".
    pub(super) attempted: String,
}

/// An answer that is a success.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The `x-ms-client-request-id` that the request carried.
    pub(super) request_id: String,
}

impl Answer {
    /// The body as JSON: `Null` when there is none, `None` when it is something else.
    pub(super) fn json(&self) -> Option<Value> {
        let body = self
            .body
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.body);
        if body.trim_ascii().is_empty() {
            Some(Value::Null)
        } else {
            serde_json::from_slice(body).ok()
        }
    }

    /// The body as what it has to be.
    pub(super) fn parsed<T: DeserializeOwned>(&self, attempted: &str) -> Result<T, Failure> {
        let value = self
            .json()
            .ok_or_else(|| self.wrong(attempted, "it is not JSON"))?;
        serde_json::from_value(value).map_err(|why| self.wrong(attempted, &why.to_string()))
    }

    fn wrong(&self, attempted: &str, why: &str) -> Failure {
        let message = format!("the answer is not what the API documents: {why}");
        Failure {
            status: Some(self.status.as_u16()),
            ..Failure::new(ErrorClass::Invalid, attempted, message)
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers
            .get(name)?
            .to_str()
            .ok()
            .map(ToOwned::to_owned)
            .filter(|text| !text.is_empty())
    }
}

/// Sends `call` until it succeeds, fails for good, or may not be repeated.
pub(super) async fn send(arm: &Arm, call: &Call) -> Result<Answer, Failure> {
    let span = tracing::debug_span!("arm", method = %call.method, url = %redact(&call.url));
    attempts(arm, call).instrument(span).await
}

async fn attempts(arm: &Arm, call: &Call) -> Result<Answer, Failure> {
    let url = url_text::followed(&arm.cloud, &call.url, &call.attempted)?;
    let call = &Call {
        url,
        ..call.clone()
    };
    let request_id = arm.chance.uuid().to_string();
    let mut budget = Budget::new(PACE, arm.chance.clone());
    let mut renewed = false;
    arm.tally.count(call.purpose);
    loop {
        let token = arm
            .tokens
            .token(&arm.cloud.audience, arm.clock.now())
            .await?;
        let failure = match once(arm, call, &request_id, &token).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        tracing::debug!(class = %failure.class, status = failure.status, "not a success");
        if failure.class == ErrorClass::Throttled {
            arm.tally.throttled();
        }
        if failure.status == Some(401) && !renewed {
            renewed = true;
            if !arm.tokens.renew(&arm.cloud.audience, &token).await? {
                return Err(failure);
            }
        } else {
            let Some(wait) = pause(call.purpose, &failure, &mut budget) else {
                return Err(failure);
            };
            arm.clock.sleep(wait).await;
        }
        arm.tally.retried();
    }
}

/// How long to wait before sending again; `None` when that is not the pipeline's to do.
pub(super) fn pause(purpose: Purpose, failure: &Failure, budget: &mut Budget) -> Option<Duration> {
    let repeatable = match failure.class {
        ErrorClass::Throttled | ErrorClass::Unreachable => true,
        ErrorClass::Transient | ErrorClass::CrpTimeout => purpose.effect() == Effect::Looks,
        _ => false,
    };
    let asked = failure.retry_after();
    if !repeatable || asked.is_some_and(|wait| wait > LONGEST_WAIT) {
        return None;
    }
    budget.next_wait(asked)
}

async fn once(arm: &Arm, call: &Call, request_id: &str, token: &Secret) -> Result<Answer, Failure> {
    let effect = call.purpose.effect();
    let request = request(call, request_id, token)
        .map_err(|why| Failure::new(ErrorClass::Invalid, &call.attempted, why))?;
    let answer = arm.transport.send(request).await.map_err(|error| {
        let mut failure = refusal::broken(&call.attempted, effect, &error);
        // No answer names a correlation id; ours is what Azure Backup stores as a job's activity.
        // Of a request that never left, nobody knows any.
        if failure.accepted != Accepted::No {
            failure.correlation_id = Some(request_id.to_owned());
        }
        failure
    })?;
    let (head, body) = answer.into_parts();
    tracing::debug!(status = head.status.as_u16(), bytes = body.len(), "answer");
    if head.status.is_success() {
        return Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
            request_id: request_id.to_owned(),
        });
    }
    let answer = (head.status.as_u16(), &head.headers, body.as_ref());
    Err(refusal::refused(
        &call.attempted,
        (effect, service(&call.url)),
        answer,
    ))
}

fn request(call: &Call, request_id: &str, token: &Secret) -> Result<http::Request<Bytes>, String> {
    let mut bearer = http::HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| "the token has characters that no header may have".to_owned())?;
    bearer.set_sensitive(true);
    let mut request = http::Request::builder()
        .method(call.method.clone())
        .uri(&call.url)
        .header("authorization", bearer)
        .header("accept", "application/json")
        .header("accept-language", "en-US")
        .header("x-ms-client-request-id", request_id);
    let body = match &call.body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            Bytes::from(body.to_string())
        }
        None => {
            if call.method == Method::POST {
                request = request.header("content-length", "0");
            }
            Bytes::new()
        }
    };
    request
        .body(body)
        .map_err(|error| format!("the request cannot be written: {error}"))
}

/// The service whose errors an answer from `url` carries.
pub(super) fn service(url: &str) -> Service {
    let path = url
        .split('?')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let last = path.rsplit("/providers/").next().unwrap_or_default();
    if last.starts_with("microsoft.compute/") {
        Service::Compute
    } else {
        Service::Other
    }
}

#[cfg(test)]
mod tests;
