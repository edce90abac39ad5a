//! A POST that only looks and whose answer Azure makes ready later: followed to its end within
//! the look, because a fact has to be there when a step decides.

use std::time::Duration;

use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::{ErrorClass, Failure, clock};

use super::arm::Arm;
use super::counts::Purpose;
use super::operation::{Operation, OperationKind, Polled};
use super::pipeline::{self, Answer, Call};
use super::poll;
use super::resource_id::ResourceId;
use super::versions::Api;

/// Between two polls when Azure does not say. Assumption: effective rules take some seconds; no
/// document gives a figure, and the pace of compute's operations would waste a minute.
const PACE: Duration = Duration::from_secs(10);

/// A look that takes longer is given up: a step waits for it.
const LONGEST: Duration = Duration::from_secs(120);

/// Asks `verb` of `resource`, and waits for the answer.
pub(super) async fn ask<T: DeserializeOwned>(
    arm: &Arm,
    (resource, verb): (&ResourceId, &str),
    api: Api,
    attempted: &str,
) -> Result<T, Failure> {
    let call = Call {
        purpose: Purpose::Query,
        method: Method::POST,
        url: arm.url(resource.child(verb).as_str(), api, &[], attempted)?,
        body: None,
        attempted: attempted.to_owned(),
    };
    let answer = pipeline::send(arm, &call).await?;
    if answer.status != StatusCode::ACCEPTED {
        return answer.parsed(attempted);
    }
    let wrong = |why: &str| {
        let message = format!("the answer is not what the API documents: {why}");
        Failure::new(ErrorClass::Invalid, attempted, message)
    };
    match follow(arm, announced(&answer, resource, attempted)).await? {
        // An operation may end without a result; a look may not.
        Value::Null => Err(wrong("it is empty, or not JSON")),
        value => serde_json::from_value(value).map_err(|error| wrong(&error.to_string())),
    }
}

/// The status of such an operation has no answer in it; its `Location` has.
fn announced(answer: &Answer, resource: &ResourceId, attempted: &str) -> Operation {
    let kind = OperationKind::Post;
    let mut operation = Operation::announced(answer, kind, resource.clone(), attempted.to_owned());
    if operation.result_url.is_some() {
        operation.status_url = None;
    }
    operation
}

async fn follow(arm: &Arm, operation: Operation) -> Result<Value, Failure> {
    let until = clock::add(arm.clock.now(), LONGEST);
    let mut wait = operation.poll_after().unwrap_or(PACE);
    while clock::add(arm.clock.now(), wait) <= until {
        arm.clock.sleep(wait).await;
        match poll::poll(arm, &operation).await? {
            Polled::Running { again_after, .. } => wait = again_after.unwrap_or(PACE),
            Polled::Succeeded(value) => return Ok(value),
            Polled::Failed(failure) => return Err(failure),
            Polled::Gone => {
                let message = "Azure does not know the operation any more";
                return Err(Failure::new(
                    ErrorClass::Transient,
                    &operation.attempted,
                    message,
                ));
            }
        }
    }
    let message = format!("Azure had no answer within {} s", LONGEST.as_secs());
    Err(Failure::new(
        ErrorClass::Transient,
        &operation.attempted,
        message,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::azure::scripted::{Stage, error, json as answer, reply};

    const NIC: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n";
    const LOCATION: &str = "https://management.azure.com/subscriptions/s/providers/Microsoft.Network/locations/w/operationResults/1?api-version=2023-09-01";
    const STATUS: &str = "https://management.azure.com/subscriptions/s/providers/Microsoft.Network/locations/w/operations/1?api-version=2023-09-01";

    async fn asked(stage: &Stage) -> Result<Value, Failure> {
        let nic = ResourceId::parse(NIC).unwrap();
        let what = (&nic, "effectiveRouteTable");
        ask(&stage.arm, what, Api::Network, "see the routes of `n`").await
    }

    fn accepted(headers: &[(&str, &str)]) -> crate::azure::scripted::Reply {
        reply(202, headers, "")
    }

    #[tokio::test(start_paused = true)]
    async fn the_answer_is_fetched_where_it_will_be_at_the_pace_that_azure_asks_for() {
        let stage = Stage::new(vec![
            accepted(&[
                ("location", LOCATION),
                ("azure-asyncoperation", STATUS),
                ("retry-after", "15"),
            ]),
            accepted(&[("location", LOCATION), ("retry-after", "20")]),
            answer(200, json!({ "value": [1] })),
        ]);
        assert_eq!(asked(&stage).await.unwrap(), json!({ "value": [1] }));
        let result = LOCATION.replace("https://management.azure.com", "GET ");
        assert_eq!(
            stage.lines(),
            [
                format!("POST {NIC}/effectiveRouteTable?api-version=2023-09-01"),
                result.clone(),
                result
            ]
        );
        assert_eq!(stage.seconds(), 35);
        assert_eq!(
            (stage.arm.counts().queries, stage.arm.counts().writes),
            (1, 0)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_there_at_once_is_taken_and_one_that_never_comes_is_given_up() {
        let at_once = Stage::new(vec![answer(200, json!({ "value": [] }))]);
        assert_eq!(asked(&at_once).await.unwrap(), json!({ "value": [] }));
        let never = (0..20).map(|_| accepted(&[("location", LOCATION)]));
        let never = Stage::new(never.collect());
        let failure = asked(&never).await.unwrap_err();
        assert!(failure.to_string().contains("within 120 s"), "{failure}");
        assert!(never.seconds() <= 120);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_cannot_be_read_is_a_failure_that_says_so_at_once_or_later() {
        let page = || reply(200, &[], "<html>");
        for replies in [
            vec![page()],
            vec![accepted(&[("location", LOCATION)]), page()],
        ] {
            let failure = asked(&Stage::new(replies)).await.unwrap_err();
            let said = failure.to_string();
            assert_eq!(failure.class, ErrorClass::Invalid);
            assert!(
                said.contains("not JSON") && said.contains("see the routes of `n`"),
                "{said}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_a_failure_and_never_an_empty_answer() {
        let code = "NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups";
        let stage = Stage::new(vec![error(400, code, "it is not attached")]);
        let failure = asked(&stage).await.unwrap_err();
        assert_eq!(failure.code.as_deref(), Some(code));
    }
}
