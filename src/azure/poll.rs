//! Asks how far an operation is (`azure-api.md` section 2.3).
//!
//! `Azure-AsyncOperation` first: it answers 200 whatever became of the operation, so an error
//! from it is an error of looking. `Location` answers 202 while the operation goes on, then
//! exactly what the request would have answered at once, so an error from it is the operation's.

use std::time::Duration;

use serde_json::{Value, json};

use crate::base::{Accepted, Failure};

use super::arm::Arm;
use super::error::envelope::Envelope;
use super::error::refusal::{self, retry_after};
use super::error::table::Service;
use super::operation::{Operation, OperationKind, Polled};
use super::pipeline::{Answer, service};

/// One look; never waits for the operation.
///
/// A URL that is refused or no longer known (403, 404, 410) is [`Polled::Gone`]; a token that is
/// not accepted (401) is a failure of class `auth`, because a new login may mend it.
pub(super) async fn poll(arm: &Arm, operation: &Operation) -> Result<Polled, Failure> {
    match (&operation.status_url, &operation.result_url) {
        (Some(url), _) => by_status(arm, operation, url).await,
        (None, Some(url)) => by_location(arm, operation, url).await,
        (None, None) => Ok(Polled::Gone),
    }
}

async fn by_status(arm: &Arm, operation: &Operation, url: &str) -> Result<Polled, Failure> {
    let answer = match arm.follow(url, &looking(operation)).await {
        Ok(answer) => answer,
        Err(failure) if is_gone(&failure) => return Ok(Polled::Gone),
        Err(failure) => return Err(failure),
    };
    let body = answer.json().unwrap_or_default();
    let state = state(&body);
    match state.to_ascii_lowercase().as_str() {
        "succeeded" => outcome(arm, operation, &body).await,
        "failed" | "canceled" | "cancelled" => Ok(Polled::Failed(failed(
            operation,
            service_of(operation),
            &body,
            &answer,
        ))),
        "" if answer.status != 202 => outcome(arm, operation, &body).await,
        _ => Ok(running(&answer, &body)),
    }
}

async fn by_location(arm: &Arm, operation: &Operation, url: &str) -> Result<Polled, Failure> {
    match arm.follow(url, &looking(operation)).await {
        Ok(answer) if answer.status == 202 => {
            Ok(running(&answer, &answer.json().unwrap_or_default()))
        }
        Ok(answer) => Ok(Polled::Succeeded(answer.json().unwrap_or_default())),
        Err(failure) if is_gone(&failure) => Ok(Polled::Gone),
        Err(failure) if matches!(failure.status, Some(400 | 409 | 412)) => {
            let attempted = operation.attempted.clone();
            Ok(Polled::Failed(Failure {
                accepted: Accepted::Ended,
                attempted,
                ..failure
            }))
        }
        Err(failure) => Err(failure),
    }
}

/// What an operation that succeeded gives: its output, its properties, or what `Location` holds.
async fn outcome(arm: &Arm, operation: &Operation, body: &Value) -> Result<Polled, Failure> {
    let properties = body.get("properties").filter(|value| !value.is_null());
    if let Some(output) = properties
        .and_then(|p| p.get("output"))
        .filter(|value| !value.is_null())
    {
        // Before 2018 the output was the bare list.
        let output = if output.is_array() {
            json!({ "value": output })
        } else {
            output.clone()
        };
        return Ok(Polled::Succeeded(output));
    }
    match (properties, operation.kind, &operation.result_url) {
        (Some(properties), ..) => Ok(Polled::Succeeded(properties.clone())),
        (None, OperationKind::Post, Some(url)) => by_location(arm, operation, url).await,
        _ => Ok(Polled::Succeeded(Value::Null)),
    }
}

fn failed(operation: &Operation, service: Service, body: &Value, answer: &Answer) -> Failure {
    let mut error = match body.get("error") {
        Some(error) if !error.is_null() => Envelope::of(error),
        _ => Envelope::default(),
    };
    if error.code.is_none() {
        error.code = Some(state(body).to_owned());
    }
    let mut failure = refusal::ended(&operation.attempted, service, &error);
    failure.correlation_id = refusal::correlation_id(&answer.headers);
    // Compute names a wait with a failure too: 480 s were recorded (`recordings.md` section 2).
    failure.retry_after = retry_after(&answer.headers);
    failure
}

fn running(answer: &Answer, body: &Value) -> Polled {
    let again_after = retry_after(&answer.headers).map(Duration::from_secs);
    Polled::Running {
        again_after,
        progress: body.get("percentComplete").and_then(Value::as_f64),
    }
}

fn state(body: &Value) -> &str {
    let inside = || {
        body.get("properties")
            .and_then(|p| p.get("provisioningState"))
    };
    body.get("status")
        .or_else(inside)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn is_gone(failure: &Failure) -> bool {
    matches!(failure.status, Some(403 | 404 | 410))
}

fn looking(operation: &Operation) -> String {
    format!("see how far it is to {}", operation.attempted)
}

fn service_of(operation: &Operation) -> Service {
    service(operation.resource.as_str())
}

#[cfg(test)]
mod tests;
