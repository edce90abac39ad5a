use proptest::prelude::*;

use super::*;
use crate::base::diagnostics::{Sources, render};
use crate::core::runbook::bad_runbooks::{procedures, vocabulary};
use crate::core::runbook::parse;

const GOOD: &str = r#"version: 1
code: UserErrorRpCollectionLimitReached
title: Restore point collection limit reached
summary: A VM keeps at most 18 instant restore points.
match:
  aliases: [UserErrorResourceGroupLockPreventsManagedRpDelete]
  messages: ["number of restore points .* cannot exceed \\d+"]
  state: gte restore_points.count 18
references:
  - title: Restore point collection limit reached
    url: https://learn.microsoft.com/azure/backup
    reviewed: 2022-05-05
parameters:
  cleanup:
    type: string
    enum: [delete, automatic]
    default: delete
    description: Delete the collections now, or let Azure clean up within hours.
  days:
    type: integer
    minimum: 1
    default: 30
    description: How long the new point is kept.
steps:
  - include: agent-not-ready
  - id: unlock
    title: Remove the lock
    action: lock.delete
    with: { scopes: restore_points }
    until: back-up
  - id: clean-up
    title: Delete the collections of {{vm.name}} with disk {{vm.disks.0.lun}}
    when: and (eq params.cleanup "delete") (eq steps.restart-agent.outcome "changed")
    action: restore_points.delete
    retry: { on: [crp_timeout], waits: [1m, 2m, 5m] }
  - id: back-up
    title: Back up now, {{steps.unlock.outputs.lock.name}}
    when: vm.agent.ready
    action: backup.now
    with: { retain_days: "{{params.days}}", note: "of {{vm.tags.owner}} {{vm.raw.x.y}}", disks: [1] }
"#;

fn found(text: &str) -> Vec<String> {
    let parsed = parse::runbook("f.yaml", text).expect("a runbook");
    check(&parsed, &procedures(), &vocabulary())
        .into_iter()
        .map(|d| format!("{} {}", d.code, d.message))
        .collect()
}

fn with(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    found(&GOOD.replace(from, to))
}

#[test]
fn a_good_runbook_passes() {
    assert_eq!(found(GOOD), [""; 0]);
}

#[test]
fn facts_are_followed_through_lists_maps_references_and_what_may_be_absent() {
    assert_eq!(
        with("vm.agent.ready", "vm.agent.redy"),
        ["RB013 there is no fact `vm.agent.redy`"]
    );
    assert_eq!(
        with("vm.disks.0.lun", "vm.disks.lun"),
        ["RB013 there is no fact `vm.disks.lun`"]
    );
    assert_eq!(
        with("vm.disks.0.lun", "vm.name.x"),
        ["RB013 there is no fact `vm.name.x`"]
    );
    assert_eq!(
        with("vm.tags.owner", "vm.tags.a.b"),
        ["RB013 there is no fact `vm.tags.a.b`"]
    );
}

#[test]
fn steps_of_procedures_count_as_earlier_steps() {
    let without = GOOD.replace("  - include: agent-not-ready\n", "");
    assert_eq!(
        found(&without),
        ["RB013 there is no earlier step `restart-agent`"]
    );
}

#[test]
fn a_step_tells_its_outcome_and_its_outputs_and_nothing_else() {
    let wrong = with("steps.restart-agent.outcome", "steps.restart-agent.status");
    assert_eq!(
        wrong,
        ["RB013 there is no fact `steps.restart-agent.status`"]
    );
}

#[test]
fn a_state_speaks_of_facts_alone() {
    let wrong = with("gte restore_points.count 18", "gte params.days 18");
    assert_eq!(wrong, ["RB013 there is no parameter `params.days`"]);
    let wrong = with(
        "gte restore_points.count 18",
        "eq steps.unlock.outcome \"x\"",
    );
    assert_eq!(wrong, ["RB013 there is no earlier step `unlock`"]);
}

#[test]
fn arguments_are_held_against_the_schema_all_the_way_down() {
    assert_eq!(
        with("disks: [1]", "disks: [1, x]"),
        ["RB011 `disks[1]` takes a whole number, not the text `x`"]
    );
    assert_eq!(
        with("note: \"of {{vm.tags.owner}} {{vm.raw.x.y}}\"", "note: 5"),
        ["RB011 `note` takes text or nothing, not `5`"]
    );
    assert_eq!(
        with(
            "retain_days: \"{{params.days}}\"",
            "retain_days: \"{{100}}\""
        ),
        ["RB011 `retain_days` takes 99 or less, not 100"]
    );
    assert_eq!(
        with("retain_days: \"{{params.days}}\"", "retain_days: null"),
        [""; 0]
    );
}

#[test]
fn a_part_that_was_misread_is_not_judged_again() {
    let wrong = with("    action: backup.now\n", "    action: 7\n");
    assert_eq!(wrong, ["RB008 `action` takes text, not the number `7`"]);
    let wrong = with("  - id: clean-up\n", "  - id: 5\n");
    assert_eq!(wrong, ["RB008 `id` takes text, not the number `5`"]);
}

#[test]
fn an_until_that_does_not_fit_is_told_at_the_include() {
    let text = crate::core::runbook::bad_runbooks::PROCEDURE.to_owned() + "    until: unlock\n";
    let procedure = parse::procedure("p.yaml", &text).expect("a procedure");
    assert!(
        check_procedure(&procedure, &vocabulary()).is_empty(),
        "its runbook may have the step"
    );
    let procedures = Procedures::from([("agent-not-ready".to_owned(), procedure)]);
    let good = parse::runbook("f.yaml", GOOD).expect("a runbook");
    assert!(check(&good, &procedures, &vocabulary()).is_empty());
    let bad = parse::runbook("f.yaml", &GOOD.replace("id: unlock", "id: unlocked")).expect("one");
    let wrong = check(&bad, &procedures, &vocabulary());
    assert!(
        wrong
            .iter()
            .any(|d| d.message.contains("of the procedure `agent-not-ready`"))
    );
}

#[test]
fn schemas_that_lead_in_circles_end() {
    let circle = serde_json::json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}});
    let mut vocabulary = vocabulary();
    vocabulary
        .actions
        .insert("backup.now".to_owned(), circle.clone());
    vocabulary.facts.insert("vm".to_owned(), circle);
    let parsed = parse::runbook("f.yaml", GOOD).expect("a runbook");
    let _ = check(&parsed, &procedures(), &vocabulary);
}

proptest! {
    #[test]
    fn no_damage_to_a_runbook_makes_checking_panic(
        at in 0usize..GOOD.len(),
        length in 0usize..40,
        put in "(\\{\\{|\\}\\}|[\"':,\\[\\]{}#&*!|>-]|\n|  |steps|id: |ü|\t|5|x){0,4}",
    ) {
        let end = (at + length).min(GOOD.len());
        let text = format!("{}{put}{}", &GOOD[..at], &GOOD[end..]);
        let wrong = match parse::runbook("f.yaml", &text) {
            Ok(parsed) => check(&parsed, &procedures(), &vocabulary()),
            Err(wrong) => wrong,
        };
        let _ = render(&wrong, &Sources::one("f.yaml", &text));
    }
}

#[test]
fn an_until_where_nothing_is_borrowed_is_a_mistake() {
    let wrong = with(
        "    action: restore_points.delete\n",
        "    action: restore_points.delete\n    until: back-up\n",
    );
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(
        wrong[0].contains("`restore_points.delete` borrows nothing"),
        "{wrong:?}"
    );
}
