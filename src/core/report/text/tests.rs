use super::*;
use crate::core::report::samples;

fn told(report: &Report) -> String {
    render(report, Paint::None)
}

#[test]
fn a_plan_begins_with_where_and_as_whom() {
    let mut plan = samples::plan();
    plan.context.simulated = true;
    let text = super::plan(&plan, Paint::None);
    let place = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("no {part} in\n{text}"))
    };
    assert!(place("SIMULATED") < place("Cloud"));
    assert!(place("Cloud") < place("Tenant") && place("Tenant") < place("Identity"));
    assert!(place("Credential") < place("What happened"));
    assert!(place("What happened") < place("Steps") && place("Steps") < place("Next"));
    assert!(!super::plan(&samples::plan(), Paint::None).contains("SIMULATED"));
}

#[test]
fn what_needs_an_approval_is_seen_at_a_glance_and_without_colour() {
    let text = super::plan(&samples::plan_needing_approval(), Paint::None);
    assert_eq!(text.matches("[NEEDS APPROVAL]").count(), 1, "{text}");
    assert_eq!(text.matches("[no approval]").count(), 2, "{text}");
    assert!(
        text.contains("approval: 3 points are not shown in the vault"),
        "{text}"
    );
    assert!(
        text.contains(&format!("--approve {}", "f1".repeat(32))),
        "{text}"
    );
}

#[test]
fn a_plan_says_what_is_decided_later_and_the_most_that_may_follow() {
    let text = super::plan(&samples::plan(), Paint::None);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("decided after step 2 (at most: reversible, protectedItems/backup)"),
        "{text}"
    );
    assert!(
        words.contains("2 changes, 1 deletes data; 1 step is decided later"),
        "{text}"
    );
    assert!(words.contains("--yes --max-risk destructive"), "{text}");
    assert!(words.contains("reviewed 2022-05-05"), "{text}");
}

#[test]
fn a_missing_right_is_named_with_its_scope_and_a_role() {
    let mut plan = samples::plan();
    plan.missing_permissions.push(samples::permission());
    let text = super::plan(&plan, Paint::None);
    for part in [
        "Microsoft.Authorization/locks/delete",
        &samples::permission().scope,
        "Locks Contributor",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn lines_keep_to_80_columns_unless_an_id_stands_alone() {
    let report = Report::of_run(&samples::fixed_run()).expect("a history");
    for text in [told(&report), super::plan(&samples::plan(), Paint::None)] {
        for line in text.lines().filter(|line| line.chars().count() > WIDTH) {
            let alone = !line.trim().contains(' ');
            let copied = line.starts_with("  ") && (line.contains(" --") || line.contains("\": "));
            assert!(alone || copied, "{line}");
        }
    }
}

#[test]
fn a_run_tells_its_failures_with_time_and_correlation_id_and_how_to_put_the_lock_back() {
    let text = told(&Report::of_run(&samples::fixed_run()).expect("a history"));
    assert!(
        text.starts_with("Fixed: vm1 is backed up again\n"),
        "{text}"
    );
    for part in [
        "corr-1",
        "HTTP 504 OperationTimedOut",
        "2026-01-02 03:00:07 UTC",
        "rp-7",
        "job-2",
        "20260102-030000-abcdef01",
        "head",
        "4 writes",
        "\"CanNotDelete\"",
        r#"--body '{"properties":{"level":"CanNotDelete","notes":"it'\''s ours"}}'"#,
        "/locks/keep?api-version=2020-05-01",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn a_run_that_waits_gives_the_time_and_the_command() {
    let text = told(&Report::of_run(&samples::waiting_run()).expect("a history"));
    assert!(text.starts_with("Waiting: "), "{text}");
    assert!(text.contains("2026-01-02 03:31:40 UTC"), "{text}");
    assert!(text.contains("  runbook resume "), "{text}");
    assert!(text.contains("Take Snapshot"), "{text}");
}

#[test]
fn colour_adds_codes_and_no_words() {
    let plan = samples::plan();
    let coloured = super::plan(&plan, Paint::Ansi);
    assert!(coloured.contains("\u{1b}["));
    let mut bare = String::new();
    for (at, part) in coloured.split("\u{1b}[").enumerate() {
        bare.push_str(if at == 0 {
            part
        } else {
            part.split_once('m').map_or("", |p| p.1)
        });
    }
    assert_eq!(bare, super::plan(&plan, Paint::None));
}

#[test]
fn a_message_of_azure_cannot_steer_the_terminal() {
    let mut plan = samples::plan();
    plan.incident.message = Some("\u{1b}]0;owned\u{7}\r\nSteps".to_owned());
    let text = super::plan(&plan, Paint::None);
    assert!(!text.contains(['\u{1b}', '\u{7}', '\r']), "{text:?}");
    assert_eq!(text.lines().filter(|line| *line == "Steps").count(), 1);
}

#[test]
fn words_wrap_and_a_long_id_is_not_broken() {
    let long = "/x".repeat(60);
    let page = Page(vec![Block::Text(
        Line::new("see ").then(Tone::Id, &long).text(" and more"),
    )]);
    assert_eq!(draw(&page, Paint::None), format!("see\n{long}\nand more\n"));
}

#[test]
fn a_plan_that_could_not_look_does_not_offer_force_and_one_without_a_job_does() {
    let mut plan = samples::plan();
    plan.incident = crate::core::incident::Incident::default();
    plan.steps.clear();
    let failure = crate::base::Failure::new(crate::base::ErrorClass::Unreachable, "look", "no");
    plan.verdict = Some(crate::core::plan::build::from_failure(failure));
    let blind = super::plan(&plan, Paint::None);
    assert!(
        !blind.contains("--force") && !blind.contains("What happened"),
        "{blind}"
    );
    plan.verdict = Some(crate::core::plan::Verdict {
        outcome: crate::core::outcome::RunOutcome::NeedsHuman,
        reason: "nothing shows that `vm1` failed".to_owned(),
        failure: None,
    });
    assert!(super::plan(&plan, Paint::None).contains("--vm "));
    assert!(super::plan(&plan, Paint::None).contains("--force"));
}
