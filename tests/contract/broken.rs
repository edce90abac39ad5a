//! Contracts broken on purpose: a checker that finds nothing would find nothing here either.

use runbook::sim::{Answered, Exchange};
use serde_json::{Map, Value, json};

use crate::check::{Called, Checker};
use crate::exchanges::Line;

const VAULT: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v";
const VM: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m";
const BACKUP: &str = "api-version=2024-04-01";
const COMPUTE: &str = "api-version=2024-07-01";

/// Each of them is found, at its place; without its fault it passes.
pub(crate) fn each_is_found(checker: &Checker) {
    let jobs = format!("{VAULT}/backupJobs?{BACKUP}");
    let item = format!("{VAULT}/backupFabrics/Azure/protectionContainers/c/protectedItems/i");
    let trigger = format!("{item}/backup?{BACKUP}");
    let good = json!({"properties": {"objectType": "IaasVMBackupRequest", "recoveryPointExpiryTimeInUTC": "2027-01-01T00:00:00Z"}});
    finds(
        checker,
        "a query that nobody described",
        "query top",
        asked("GET", &format!("{jobs}&top=5"), Value::Null),
    );
    finds(
        checker,
        "a misspelt property",
        "request /properties",
        asked(
            "POST",
            &trigger,
            json!({"properties": {"objectType": "IaasVMBackupRequest", "recoveryPointExpiryTime": "2027-01-01T00:00:00Z"}}),
        ),
    );
    finds(
        checker,
        "a kind that does not exist",
        "request /properties/objectType",
        asked(
            "POST",
            &trigger,
            json!({"properties": {"objectType": "IaasVmBackupRequest"}}),
        ),
    );
    finds(
        checker,
        "a date that is none",
        "request /properties/recoveryPointExpiryTimeInUTC",
        asked(
            "POST",
            &trigger,
            json!({"properties": {"objectType": "IaasVMBackupRequest", "recoveryPointExpiryTimeInUTC": "in 30 days"}}),
        ),
    );
    finds(
        checker,
        "a body where none belongs",
        "request",
        asked("DELETE", &format!("{VM}/extensions/x?{COMPUTE}"), json!({})),
    );
    finds(
        checker,
        "a missing body",
        "request",
        asked("POST", &format!("{VM}/runCommand?{COMPUTE}"), Value::Null),
    );
    finds(
        checker,
        "a read-only property",
        "request ",
        asked(
            "POST",
            &trigger,
            json!({"id": "x", "properties": {"objectType": "IaasVMBackupRequest"}}),
        ),
    );
    passes(checker, asked("POST", &trigger, good));

    let job = |properties: Value| {
        answered(
            "GET",
            &jobs,
            200,
            json!({"value": [{"id": "j", "properties": properties}]}),
        )
    };
    let fine = json!({"jobType": "AzureIaaSVMJob", "status": "Failed", "errorDetails": [{"errorCode": 400_196, "errorString": "e"}]});
    finds(
        checker,
        "a number as text",
        "answer 200 /value/*/properties/errorDetails/*/errorCode",
        job(json!({"jobType": "AzureIaaSVMJob", "errorDetails": [{"errorCode": "400196"}]})),
    );
    finds(
        checker,
        "an unknown field",
        "answer 200 /value/*/properties",
        job(json!({"jobType": "AzureIaaSVMJob", "state": "Failed"})),
    );
    finds(
        checker,
        "a missing discriminator",
        "answer 200 /value/*/properties",
        job(json!({"status": "Failed"})),
    );
    finds(
        checker,
        "a list that is none",
        "answer 200 /value",
        answered("GET", &jobs, 200, json!({"value": {}})),
    );
    passes(checker, job(fine));
    finds(
        checker,
        "a status that it does not have",
        "answer 201",
        answered("GET", &jobs, 201, json!({"value": []})),
    );
    finds(
        checker,
        "an answer without a body",
        "answer 200",
        answered("GET", &jobs, 200, Value::Null),
    );
    finds(
        checker,
        "an error outside its envelope",
        "answer 404 ",
        answered(
            "GET",
            &format!("{VM}?{COMPUTE}"),
            404,
            json!({"code": "ResourceNotFound"}),
        ),
    );
    finds(
        checker,
        "nothing to poll",
        "answer 202 headers",
        answered(
            "DELETE",
            &format!("{VM}/extensions/x?{COMPUTE}"),
            202,
            Value::Null,
        ),
    );
    let operation =
        format!("/subscriptions/s/providers/Microsoft.Compute/locations/l/operations/o?{COMPUTE}");
    finds(
        checker,
        "a failure without its error",
        "answer 200 ",
        answered("GET", &operation, 200, json!({"status": "Failed"})),
    );
    finds(
        checker,
        "an unknown state",
        "answer 200 /status",
        answered("GET", &operation, 200, json!({"status": "Running"})),
    );

    for unknown in [
        format!("{jobs}-preview"),
        format!("{VAULT}/backupTasks?{BACKUP}"),
        VM.to_owned(),
    ] {
        let (called, _) = checker.check(&asked("GET", &unknown, Value::Null));
        assert!(
            matches!(called, Called::Unknown(_)),
            "{unknown}: {called:?}"
        );
    }
}

fn finds(checker: &Checker, what: &str, place: &str, line: Line) {
    let (_, problems) = checker.check(&line);
    assert!(
        problems
            .iter()
            .any(|p| p.place.trim_end() == place.trim_end()),
        "{what} was not found at `{place}`: {problems:?}"
    );
}

fn passes(checker: &Checker, line: Line) {
    let (_, problems) = checker.check(&line);
    assert!(problems.is_empty(), "{problems:?}");
}

fn asked(method: &str, uri: &str, body: Value) -> Line {
    let exchange = Exchange {
        method: method.to_owned(),
        uri: uri.to_owned(),
        body,
        answer: None,
    };
    Line {
        ours: true,
        exchange,
    }
}

fn answered(method: &str, uri: &str, status: u16, body: Value) -> Line {
    let mut line = asked(method, uri, Value::Null);
    line.exchange.answer = Some(Answered {
        status,
        headers: Map::new(),
        body,
        injected: false,
    });
    line
}
