use serde_json::json;

use super::*;
use crate::base::Failure;
use crate::core::report::exit::Exit;
use crate::core::report::samples;

const FIELDS: [&str; 29] = [
    "schema_version",
    "simulated",
    "exit_code",
    "run",
    "runbook",
    "target",
    "identity",
    "incident",
    "matched",
    "outcome",
    "reason",
    "error",
    "fingerprint",
    "plan_risk",
    "approvals_needed",
    "locks_out",
    "job",
    "recovery_point",
    "due",
    "resume_command",
    "steps",
    "requests",
    "started",
    "finished",
    "warnings",
    "plan_file",
    "moved",
    "ticket",
    "undoes",
];

fn document(report: &Report) -> Value {
    serde_json::to_value(Document::of(report)).expect("JSON")
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn an_undo_names_the_run_that_it_undoes_and_a_repair_names_none() {
    let mut plan = samples::plan();
    assert_eq!(document(&Report::of_plan(&plan))["undoes"], Value::Null);
    plan.undoes = Some("r1".to_owned());
    assert_eq!(document(&Report::of_plan(&plan))["undoes"], "r1");
}

#[test]
fn the_document_has_the_fields_of_the_design_in_its_order_whatever_happened() {
    for report in [
        Report::of_plan(&samples::plan()),
        Report::of_run(&samples::fixed_run()).expect("a history"),
        Report::of_error("no such file", None, Exit::Usage),
    ] {
        assert_eq!(keys(&document(&report)), FIELDS);
    }
    let run = document(&Report::of_run(&samples::fixed_run()).expect("a history"));
    assert_eq!(keys(&run["job"]), ["id", "vault", "status", "task"]);
    assert_eq!(
        keys(&run["requests"]),
        [
            "reads",
            "queries",
            "probes",
            "writes",
            "retries",
            "throttled"
        ]
    );
    let step = &run["steps"][1];
    assert_eq!(
        keys(step),
        ["id", "action", "outcome", "reason", "attempts", "changes"]
    );
    assert_eq!(
        (&step["outcome"], &step["attempts"]),
        (&json!("changed"), &json!(2))
    );
    let change = &step["changes"][0];
    assert_eq!(
        keys(change),
        ["summary", "method", "resource", "risk", "approval"]
    );
    assert_eq!(change["risk"], "destructive");
}

#[test]
fn an_error_names_the_right_that_is_missing() {
    let mut failure = Failure::new(ErrorClass::Forbidden, "delete the lock", "no");
    failure.permission = Some("Microsoft.Authorization/locks/delete".to_owned());
    failure.scope = Some("/subscriptions/s".to_owned());
    failure.status = Some(403);
    let report = Report::of_error(&failure.to_string(), Some(&failure), Exit::NotAuthorised);
    let told = document(&report);
    assert_eq!(
        keys(&told["error"]),
        [
            "class",
            "status",
            "code",
            "message",
            "permission",
            "scope",
            "correlation_id"
        ]
    );
    assert_eq!(told["error"]["class"], "forbidden");
    assert_eq!(
        (&told["exit_code"], &told["outcome"]),
        (&json!(77), &json!("failed"))
    );
}

#[test]
fn the_schema_names_every_field_and_every_outcome() {
    let schema = report_schema();
    assert_eq!(keys(&schema["properties"]), FIELDS);
    let outcomes = schema["$defs"]["RunOutcome"]["enum"]
        .as_array()
        .expect("names");
    assert!(outcomes.contains(&json!("nothing_to_do")) && outcomes.len() == 8);
}

#[test]
fn an_event_is_one_line() {
    for record in samples::fixed_run() {
        let line = ndjson(&record).expect("JSON");
        assert_eq!(line.matches('\n').count(), 1);
        let back: Record = serde_json::from_str(&line).expect("the same event");
        assert_eq!(back, record);
    }
}
