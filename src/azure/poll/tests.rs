//! Both styles of polling, and the shapes in which operations end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::azure::operation::{Operation, OperationKind, Polled};
use crate::azure::resource_id::ResourceId;
use crate::azure::scripted::{Stage, error, json as answer, reply};
use crate::base::{Accepted, ErrorClass};

use super::poll;

const VM: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v";

fn status_url() -> String {
    let signature = "M".repeat(3_300);
    format!(
        "https://management.azure.com/subscriptions/s/providers/Microsoft.Compute/locations/w/operations/1?p=a;b&api-version=2019-05-13-preview&t=6&c={signature}&s=x_y-z&h=h"
    )
}

fn result_url() -> String {
    status_url().replace("?p=", "?monitor=true&p=")
}

fn operation(kind: OperationKind, status: Option<String>, result: Option<String>) -> Operation {
    Operation {
        status_url: status,
        result_url: result,
        poll_after: None,
        kind,
        resource: ResourceId::parse(VM).unwrap(),
        attempted: "do it".into(),
        request_id: "r".into(),
    }
}

fn both(kind: OperationKind) -> Operation {
    operation(kind, Some(status_url()), Some(result_url()))
}

async fn by_status(kind: OperationKind, body: Value) -> Polled {
    poll(&Stage::new(vec![answer(200, body)]).arm, &both(kind))
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_status_url_is_asked_first_and_byte_for_byte() {
    let body = json!({ "status": "InProgress", "percentComplete": 12.5, "endTime": "0001-01-01T00:00:00" });
    let stage = Stage::new(vec![reply(
        200,
        &[("Retry-After", "480")],
        body.to_string(),
    )]);
    let polled = poll(&stage.arm, &both(OperationKind::Delete))
        .await
        .unwrap();
    let again_after = Some(Duration::from_secs(480));
    assert_eq!(
        polled,
        Polled::Running {
            again_after,
            progress: Some(12.5)
        }
    );
    assert_eq!(stage.asked()[0].url, status_url());
}

#[tokio::test(start_paused = true)]
async fn only_three_states_are_ends() {
    for state in ["Creating", "Running", "Accepted", "Whatever"] {
        let polled = by_status(OperationKind::Delete, json!({ "status": state })).await;
        assert!(matches!(polled, Polled::Running { .. }), "{state}");
    }
    for body in [
        json!({ "status": "Succeeded" }),
        json!({}),
        json!({ "properties": { "provisioningState": "Succeeded" } }),
    ] {
        let polled = by_status(OperationKind::Delete, body.clone()).await;
        assert!(matches!(polled, Polled::Succeeded(_)), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_operation_has_ended_with_the_class_of_its_code() {
    for (body, class) in [
        (
            json!({ "status": "Failed", "error": { "code": "OperationTimedOut", "message": "m" } }),
            ErrorClass::CrpTimeout,
        ),
        (
            json!({ "status": "Failed", "error": { "code": "InternalExecutionError", "message": "m" } }),
            ErrorClass::CrpTimeout,
        ),
        (
            json!({ "status": "Failed", "error": { "code": "VMExtensionProvisioningTimeout", "message": "m" } }),
            ErrorClass::Invalid,
        ),
        (
            json!({ "status": "Failed", "error": null }),
            ErrorClass::Invalid,
        ),
        (json!({ "status": "Canceled" }), ErrorClass::Cancelled),
        (
            json!({ "status": "Cancelled", "error": { "message": "m" } }),
            ErrorClass::Cancelled,
        ),
    ] {
        let Polled::Failed(failure) = by_status(OperationKind::Delete, body.clone()).await else {
            panic!("{body} has failed");
        };
        assert_eq!(
            (failure.class, failure.accepted),
            (class, Accepted::Ended),
            "{body}"
        );
        assert_eq!(failure.attempted, "do it");
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_a_failed_operation_asks_for_is_kept() {
    let body = json!({ "status": "Failed", "error": { "code": "InternalExecutionError" } });
    let stage = Stage::new(vec![reply(
        200,
        &[("Retry-After", "480")],
        body.to_string(),
    )]);
    let polled = poll(&stage.arm, &both(OperationKind::Delete)).await;
    let Ok(Polled::Failed(failure)) = polled else {
        panic!("the operation has failed");
    };
    assert_eq!(failure.retry_after, Some(480));
}

#[tokio::test(start_paused = true)]
async fn the_output_of_a_run_command_has_one_shape() {
    let entry = json!({ "code": "ProvisioningState/succeeded", "message": "Enable succeeded" });
    let wanted = Polled::Succeeded(json!({ "value": [entry] }));
    for output in [json!({ "value": [entry] }), json!([entry])] {
        let body = json!({ "status": "Succeeded", "properties": { "output": output } });
        assert_eq!(by_status(OperationKind::Post, body).await, wanted);
    }
    let stage = Stage::new(vec![
        answer(200, json!({ "status": "Succeeded" })),
        answer(200, json!({ "value": [entry] })),
    ]);
    assert_eq!(
        poll(&stage.arm, &both(OperationKind::Post)).await,
        Ok(wanted)
    );
    assert_eq!(stage.asked()[1].url, result_url());
}

#[tokio::test(start_paused = true)]
async fn a_triggered_backup_gives_its_job() {
    let properties = json!({ "objectType": "OperationStatusJobExtendedInfo", "jobId": "10f8" });
    let body = json!({ "status": "Succeeded", "properties": properties });
    assert_eq!(
        by_status(OperationKind::Post, body).await,
        Polled::Succeeded(properties)
    );
}

#[tokio::test(start_paused = true)]
async fn a_delete_needs_no_result() {
    let stage = Stage::new(vec![answer(200, json!({ "status": "Succeeded" }))]);
    assert_eq!(
        poll(&stage.arm, &both(OperationKind::Delete)).await,
        Ok(Polled::Succeeded(Value::Null))
    );
    assert!(stage.is_played());
}

#[tokio::test(start_paused = true)]
async fn a_location_alone_answers_202_until_it_is_over() {
    let by_location = operation(OperationKind::Post, None, Some(result_url()));
    for (given, wanted) in [
        (
            answer(202, json!({})),
            Polled::Running {
                again_after: None,
                progress: None,
            },
        ),
        (reply(204, &[], ""), Polled::Succeeded(Value::Null)),
        (
            answer(200, json!({ "a": 1 })),
            Polled::Succeeded(json!({ "a": 1 })),
        ),
        (error(404, "NotFound", ""), Polled::Gone),
    ] {
        let stage = Stage::new(vec![given]);
        assert_eq!(poll(&stage.arm, &by_location).await, Ok(wanted));
    }
    let stage = Stage::new(vec![error(
        409,
        "ScopeLocked",
        "following scope(s) are locked: '/a'.",
    )]);
    let Ok(Polled::Failed(failure)) = poll(&stage.arm, &by_location).await else {
        panic!("the operation has failed");
    };
    assert_eq!(
        (failure.class, failure.accepted),
        (ErrorClass::Locked, Accepted::Ended)
    );
}

#[tokio::test(start_paused = true)]
async fn trouble_while_looking_is_not_the_operations_failure() {
    let stage = Stage::new(vec![
        error(500, "RestApiInternalError", ""),
        error(502, "InvalidGatewayHost", ""),
        answer(200, json!({ "status": "InProgress" })),
    ]);
    let polled = poll(&stage.arm, &both(OperationKind::Delete))
        .await
        .unwrap();
    assert!(matches!(polled, Polled::Running { .. }));
    let stage = Stage::new((0..4).map(|_| reply(503, &[], "")).collect());
    let failure = poll(&stage.arm, &both(OperationKind::Delete))
        .await
        .unwrap_err();
    assert_eq!(
        (failure.class, failure.accepted),
        (ErrorClass::Transient, Accepted::No)
    );
}

#[tokio::test(start_paused = true)]
async fn a_url_that_is_refused_or_unknown_is_gone_and_a_bad_token_is_not() {
    for status in [403, 404, 410] {
        let stage = Stage::new(vec![error(status, "X", "")]);
        assert_eq!(
            poll(&stage.arm, &both(OperationKind::Delete)).await,
            Ok(Polled::Gone)
        );
    }
    let stage = Stage::new(vec![error(401, "X", ""), error(401, "X", "")]);
    let failure = poll(&stage.arm, &both(OperationKind::Delete))
        .await
        .unwrap_err();
    assert_eq!(failure.class, ErrorClass::Auth);
    let nothing = operation(OperationKind::Delete, None, None);
    assert_eq!(
        poll(&Stage::new(vec![]).arm, &nothing).await,
        Ok(Polled::Gone)
    );
}

#[tokio::test(start_paused = true)]
async fn a_polling_url_elsewhere_is_refused_before_a_token_leaves() {
    let elsewhere = operation(
        OperationKind::Post,
        Some("https://evil.example/op".into()),
        None,
    );
    let stage = Stage::new(vec![]);
    let failure = poll(&stage.arm, &elsewhere).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Invalid);
    assert!(failure.message.contains("not followed"), "{failure}");
    assert!(stage.asked().is_empty());
}
