use serde_json::json;

use super::*;
use crate::core::journal::Event;
use crate::core::report::samples;

/// A run that ended at its second step with `evidence` for a person.
fn handed(evidence: Value) -> Report {
    let mut records = samples::fixed_run();
    records.truncate(6);
    let mut end = records[5].clone();
    end.event = Event::Ended {
        outcome: RunOutcome::NeedsHuman,
        reason: "open port 443 to Azure Backup (for the owner of the network)".to_owned(),
        due: None,
        failure: None,
        code: None,
        evidence,
        requests: Value::Null,
    };
    end.seq += 1;
    records.push(end);
    Report::of_run(&records).expect("a history")
}

#[test]
fn a_ticket_says_by_itself_what_failed_what_to_do_for_whom_and_what_was_seen() {
    let evidence = json!({ "owner": "the owner of the network",
        "evidence": { "denied": ["AzureBackup"], "by": { "rule": "DenyInternet" } } });
    let ticket = Ticket::of(&handed(evidence)).expect("a ticket");
    assert_eq!(ticket.owner.as_deref(), Some("the owner of the network"));
    for line in [
        "To do:       Open port 443 to Azure Backup.",
        "For:         the owner of the network",
        "  denied:\n    - AzureBackup\n  by:\n    rule: DenyInternet",
        "Run:         20260102-030000-abcdef01",
    ] {
        assert!(ticket.text.contains(line), "{line}\n{}", ticket.text);
    }
}

#[test]
fn a_ticket_holds_no_secret_and_ends() {
    let many: Vec<Value> = (0..500).map(|n| json!({ "line": n })).collect();
    let evidence = json!({ "url": "https://x/?sv=1&sig=abcdefghijklmnop", "many": many });
    let ticket = Ticket::of(&handed(evidence)).expect("a ticket");
    let all = format!("{}{}", ticket.text, ticket.facts);
    assert!(!all.contains("abcdefghijklmnop"), "{all}");
    assert!(ticket.text.lines().count() < 90, "{}", ticket.text);
    assert!(ticket.text.contains("more lines: --output json"));
    assert_eq!(ticket.facts["many"].as_array().map(Vec::len), Some(500));
}

#[test]
fn where_nobody_is_asked_for_anything_there_is_no_ticket() {
    let fixed = Report::of_run(&samples::fixed_run()).expect("a history");
    assert_eq!(Ticket::of(&fixed), None);
    assert_eq!(Ticket::of(&Report::of_plan(&samples::plan())), None);
}

#[test]
fn a_plan_that_stops_at_a_person_hands_over_as_a_run_does() {
    let mut plan = samples::plan();
    plan.steps[1].forecast = crate::core::plan::Forecast::NeedsHuman;
    plan.steps[1].why = "open port 443".to_owned();
    plan.steps[1].evidence = json!({ "owner": null, "evidence": { "denied": "AzureBackup" } });
    plan.verdict = Some(crate::core::plan::Verdict {
        outcome: RunOutcome::NeedsHuman,
        reason: "open port 443".to_owned(),
        failure: None,
    });
    let ticket = Ticket::of(&Report::of_plan(&plan)).expect("a ticket");
    assert!(
        ticket.text.contains("Seen:\n  denied: AzureBackup"),
        "{}",
        ticket.text
    );
}
