//! What the pipeline repeats, and what it never does.

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::azure::counts::{Counts, Purpose};
use crate::azure::scripted::{Stage, error, json as answer, reply};
use crate::azure::transport::WireError;
use crate::base::{Accepted, ErrorClass, Failure};

use super::{Call, send};

const VM: &str = "https://management.azure.com/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v";

async fn make(stage: &Stage, purpose: Purpose, method: Method) -> Result<(), Failure> {
    let call = Call {
        purpose,
        method,
        url: format!("{VM}?api-version=2024-07-01"),
        body: None,
        attempted: "do it".into(),
    };
    send(&stage.arm, &call).await.map(|_| ())
}

async fn read(stage: &Stage) -> Result<(), Failure> {
    make(stage, Purpose::Read, Method::GET).await
}

fn lost() -> Result<http::Response<bytes::Bytes>, WireError> {
    Err(WireError::Lost("connection reset".into()))
}

fn refused() -> Result<http::Response<bytes::Bytes>, WireError> {
    Err(WireError::NotSent("connection refused".into()))
}

fn ok() -> Result<http::Response<bytes::Bytes>, WireError> {
    answer(200, json!({}))
}

#[tokio::test(start_paused = true)]
async fn every_request_carries_token_language_and_one_id_for_all_its_attempts() {
    let stage = Stage::new(vec![reply(503, &[], ""), ok()]);
    read(&stage).await.unwrap();
    let asked = stage.asked();
    assert_eq!(asked[0].token, "Bearer token-1");
    assert_eq!(asked[0].language, "en-US");
    assert_eq!(asked[0].request_id.len(), 36);
    assert_eq!(asked[0].request_id, asked[1].request_id);
    assert_eq!(
        stage.arm.counts(),
        Counts {
            reads: 1,
            retries: 1,
            ..Counts::default()
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_on_whatever_may_pass() {
    for trouble in [
        reply(503, &[], ""),
        error(500, "InternalServerError", ""),
        error(502, "InvalidGatewayHost", ""),
        error(504, "GatewayTimeout", ""),
        reply(408, &[], ""),
        lost(),
        refused(),
        reply(
            429,
            &[],
            "<html><title>429 Too Many Requests</title></html>",
        ),
    ] {
        let stage = Stage::new(vec![trouble.clone(), ok()]);
        assert_eq!(read(&stage).await, Ok(()), "{trouble:?}");
        let stage = Stage::new(vec![trouble, ok()]);
        make(&stage, Purpose::Query, Method::POST).await.unwrap();
        assert!(stage.is_played());
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_in_doubt_is_never_repeated() {
    for method in [Method::POST, Method::DELETE, Method::PUT] {
        for (trouble, class) in [
            (lost(), ErrorClass::Transient),
            (error(500, "InternalServerError", ""), ErrorClass::Transient),
            (reply(503, &[], ""), ErrorClass::Transient),
            (error(504, "GatewayTimeout", ""), ErrorClass::CrpTimeout),
            (reply(408, &[], ""), ErrorClass::CrpTimeout),
        ] {
            let stage = Stage::new(vec![trouble, ok()]);
            let failure = make(&stage, Purpose::Write, method.clone())
                .await
                .unwrap_err();
            assert_eq!(
                (failure.class, failure.accepted),
                (class, Accepted::Maybe),
                "{method}"
            );
            assert_eq!(stage.asked().len(), 1, "{method} {failure}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_certainly_not_accepted_is_repeated() {
    for trouble in [
        reply(429, &[("retry-after", "5")], ""),
        reply(503, &[("retry-after", "5")], ""),
        refused(),
    ] {
        let stage = Stage::new(vec![trouble, reply(202, &[], "")]);
        make(&stage, Purpose::Write, Method::POST).await.unwrap();
        assert_eq!(stage.asked().len(), 2);
        assert_eq!(stage.arm.counts().writes, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_for_good_is_sent_once() {
    for (status, code, class) in [
        (400, "InvalidParameter", ErrorClass::Invalid),
        (403, "AuthorizationFailed", ErrorClass::Forbidden),
        (404, "ResourceNotFound", ErrorClass::NotFound),
        (409, "ScopeLocked", ErrorClass::Locked),
        (409, "Conflict", ErrorClass::Conflict),
    ] {
        let stage = Stage::new(vec![error(status, code, "no")]);
        let failure = read(&stage).await.unwrap_err();
        assert_eq!((failure.class, failure.accepted), (class, Accepted::No));
        assert_eq!(
            failure.to_string(),
            format!("cannot do it: no ({code}, HTTP {status})")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_that_the_server_names_is_waited_and_never_undercut() {
    let words = "Please try again after '90' seconds.";
    for trouble in [
        reply(429, &[("Retry-After", "90")], ""),
        error(429, "ResourceRequestsThrottled", words),
    ] {
        let stage = Stage::new(vec![trouble, ok()]);
        read(&stage).await.unwrap();
        assert!((90..=99).contains(&stage.seconds()), "{}", stage.seconds());
        assert_eq!(stage.arm.counts().throttled, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_handed_to_the_run_and_not_slept_through() {
    for purpose in [Purpose::Read, Purpose::Write] {
        let body = json!({ "code": "OperationNotAllowed", "message": "too many requests",
            "details": [{ "code": "TooManyRequests", "target": "HighCostGet30Min", "message": "{\"operationGroup\":1}" }] });
        let stage = Stage::new(vec![reply(
            429,
            &[("Retry-After", "1200")],
            body.to_string(),
        )]);
        let failure = make(&stage, purpose, Method::GET).await.unwrap_err();
        assert_eq!(
            (failure.class, failure.retry_after()),
            (ErrorClass::Throttled, Some(Duration::from_secs(1200)))
        );
        assert_eq!(
            (failure.code.as_deref(), stage.asked().len()),
            (Some("OperationNotAllowed"), 1)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn repetitions_end_with_the_last_failure() {
    let stage = Stage::new(vec![refused(), refused(), refused(), refused()]);
    assert_eq!(
        read(&stage).await.unwrap_err().class,
        ErrorClass::Unreachable
    );
    let stage = Stage::new(
        (0..4)
            .map(|_| reply(429, &[("retry-after", "1")], ""))
            .collect(),
    );
    assert_eq!(read(&stage).await.unwrap_err().class, ErrorClass::Throttled);
    assert_eq!(stage.arm.counts().throttled, 4);
    assert!(stage.is_played());
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_even_for_a_change() {
    let expired = || {
        error(
            401,
            "ExpiredAuthenticationToken",
            "The access token expiry is past.",
        )
    };
    let stage = Stage::new(vec![expired(), reply(202, &[], "")]);
    make(&stage, Purpose::Write, Method::POST).await.unwrap();
    let tokens: Vec<_> = stage.asked().into_iter().map(|a| a.token).collect();
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-2"]);

    let stage = Stage::new(vec![expired(), expired()]);
    let failure = read(&stage).await.unwrap_err();
    assert_eq!(
        (failure.class, failure.status),
        (ErrorClass::Auth, Some(401))
    );
    assert!(stage.is_played());
}

#[tokio::test(start_paused = true)]
async fn a_lost_change_names_the_id_that_it_carried() {
    let stage = Stage::new(vec![lost()]);
    let failure = make(&stage, Purpose::Write, Method::POST)
        .await
        .unwrap_err();
    assert_eq!(
        failure.correlation_id,
        Some(stage.asked()[0].request_id.clone())
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_goes_to_no_other_origin() {
    let stage = Stage::new(vec![]);
    let call = Call {
        purpose: Purpose::Read,
        method: Method::GET,
        url: "https://evil.example/x".into(),
        body: None,
        attempted: "do it".into(),
    };
    let failure = send(&stage.arm, &call).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Invalid);
    assert!(failure.message.contains("evil.example"), "{failure}");
    assert!(stage.asked().is_empty());
}
