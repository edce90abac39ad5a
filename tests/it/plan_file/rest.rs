//! A saved plan held against the same plan made again: what matters, what does not, what is left.

use std::collections::BTreeMap;

use runbook::core::action::Ceiling;
use runbook::core::incident::IncidentStatus;
use runbook::core::plan::rest::{elsewhere, rest};
use runbook::core::plan::{Context, Forecast, Plan};
use runbook::core::runbook::model::Entry;
use runbook::core::runbook::risk::{Approval, Risk};
use serde_json::{Value, json};

use crate::kit::{Stage, in_virtual_time};
use crate::loans;
use crate::rules::{LIMIT, stage};

const UNLOCK: usize = 0;
const CLEAN_UP: usize = 4;
const BACK_UP: usize = 5;

const LOCK: &str = "[{ name: keep, scope: group AzureBackupRG_westeurope_1, notes: ours }]";

/// A plan with a change in each of its three steps.
fn plan() -> Plan {
    in_virtual_time(async {
        let stage = stage(&[("locks", LOCK)]);
        stage.plan(LIMIT, "web1").await.unwrap()
    })
}

fn ceiling(action: &str) -> Ceiling {
    runbook::actions::actions()
        .get(action)
        .unwrap()
        .about()
        .ceiling
}

/// Makes `step` one that is decided later.
fn deferred(plan: &mut Plan, step: usize) {
    let step = &mut plan.steps[step];
    step.changes.clear();
    step.arguments = Value::Null;
    step.forecast = Forecast::Deferred;
    step.ceiling = Some(ceiling(&step.action));
}

#[test]
fn each_difference_that_matters_is_told_with_its_step() {
    let saved = plan();
    type Edit = (&'static str, fn(&mut Plan));
    let edits: [Edit; 13] = [
        ("would now be sent with other contents", |p| {
            p.steps[BACK_UP].changes[0].body = json!({ "retain_days": 9999 });
        }),
        ("is now sensitive", |p| {
            p.steps[CLEAN_UP].changes[0].risk = Risk::Sensitive
        }),
        ("points are lost", |p| {
            let change = &mut p.steps[CLEAN_UP].changes[0];
            (change.approval, change.because) =
                (Approval::Required, Some("points are lost".to_owned()));
        }),
        ("would now lose `p1` too", |p| {
            p.steps[CLEAN_UP].changes[0].loses.push("p1".to_owned())
        }),
        ("not in the approved plan", |p| {
            p.steps[BACK_UP].changes[0].resource.push('0')
        }),
        ("not in the approved plan", |p| {
            p.steps[BACK_UP].changes[0].method = "PUT".to_owned()
        }),
        ("not in the approved plan", |p| {
            p.steps[BACK_UP].changes[0].probe = true
        }),
        ("not in the approved plan", |p| {
            let mut second = p.steps[UNLOCK].changes[0].clone();
            second.resource.push('2');
            p.steps[UNLOCK].changes.push(second);
        }),
        ("another script", |p| {
            p.steps[BACK_UP].scripts.push("hash".to_owned())
        }),
        ("its arguments were", |p| {
            p.steps[BACK_UP].arguments = json!({ "retain_days": 9999 })
        }),
        ("was not in the plan", |p| {
            p.steps[BACK_UP].id = "another".to_owned()
        }),
        ("would now answer", |p| p.incident.ended = None),
        ("other parameters", |p| {
            drop(p.params.insert("cleanup".to_owned(), json!("automatic")))
        }),
    ];
    for (words, edit) in edits {
        let mut fresh = saved.clone();
        edit(&mut fresh);
        let told = rest(&saved, &fresh, &BTreeMap::new()).expect_err(words);
        assert!(
            told.iter().any(|m| m.what.contains(words)),
            "{words}: {told:?}"
        );
    }
    let mut all = saved.clone();
    edits.iter().for_each(|(_, edit)| edit(&mut all));
    let told = rest(&saved, &all, &BTreeMap::new()).unwrap_err();
    assert!(told.len() >= 5, "all of it is told at once: {told:?}");
}

#[test]
fn what_is_only_said_otherwise_or_costs_less_does_not_matter() {
    let saved = plan();
    let edits: [fn(&mut Plan); 8] = [
        |p| p.steps[CLEAN_UP].title.push('x'),
        |p| p.steps[CLEAN_UP].changes[0].summary.push('x'),
        |p| p.steps[CLEAN_UP].changes[0].evidence["points"] = json!([]),
        |p| p.steps[CLEAN_UP].changes[0].risk = Risk::ReadOnly,
        |p| p.steps[CLEAN_UP].changes[0].permission = None,
        |p| p.incident.evidence.push('x'),
        |p| p.warnings.push("x".to_owned()),
        |p| {
            let change = &mut p.steps[CLEAN_UP].changes[0];
            change.resource = change.resource.to_uppercase();
        },
    ];
    for edit in edits {
        let mut fresh = saved.clone();
        edit(&mut fresh);
        let kept = rest(&saved, &fresh, &BTreeMap::new()).unwrap();
        assert_eq!(kept.fingerprint, saved.fingerprint);
        let sent = |plan: &Plan| {
            plan.steps
                .iter()
                .map(|s| s.changes.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(sent(&kept), sent(&saved), "sent is what was saved");
    }
}

#[test]
fn a_step_that_is_decided_later_is_held_within_what_was_saved_of_it() {
    let saved = plan();
    let none = BTreeMap::new();
    let mut fresh = saved.clone();
    deferred(&mut fresh, CLEAN_UP);
    let kept = rest(&saved, &fresh, &none).unwrap();
    assert_eq!(kept.steps[CLEAN_UP].changes, saved.steps[CLEAN_UP].changes);
    assert_eq!(kept.steps[CLEAN_UP].ceiling, None, "no more than was known");

    let mut below = saved.clone();
    deferred(&mut below, CLEAN_UP);
    let decided = rest(&below, &saved, &none).unwrap();
    assert_eq!(
        decided.steps[CLEAN_UP].changes,
        saved.steps[CLEAN_UP].changes
    );
    assert_eq!(decided.steps[CLEAN_UP].ceiling, None);

    type Wider = fn(&mut Ceiling);
    let wider: [Wider; 3] = [
        |c| c.risk = Risk::Sensitive,
        |c| c.approval = Approval::Required,
        |c| c.kinds.extend(ceiling("restore_points.delete").kinds),
    ];
    for widen in wider {
        let mut was = saved.clone();
        deferred(&mut was, BACK_UP);
        let mut is = was.clone();
        assert!(rest(&was, &is, &none).is_ok());
        widen(is.steps[BACK_UP].ceiling.as_mut().unwrap());
        let told = rest(&was, &is, &none).unwrap_err();
        assert!(told[0].what.contains("more than was planned"), "{told:?}");
    }

    let mut nothing = saved.clone();
    nothing.steps[CLEAN_UP].changes.clear();
    let told = rest(&nothing, &fresh, &none).unwrap_err();
    assert!(told[0].what.contains("nothing was to be sent"), "{told:?}");
}

#[test]
fn what_may_be_borrowed_later_is_put_back_as_it_was_planned() {
    let saved = in_virtual_time(async {
        let stage = Stage::of(loans::sim("", ""));
        stage.plan(LIMIT, "web1").await.unwrap()
    });
    let back = saved
        .steps
        .iter()
        .position(|s| s.returns.is_some())
        .unwrap();
    let mut fresh = saved.clone();
    let id = fresh.steps.remove(back).id;
    let other = |entry: &Entry| matches!(entry, Entry::Step(step) if step.id != id);
    fresh.runbook.steps.retain(other);
    deferred(&mut fresh, UNLOCK);
    for later in [IncidentStatus::Running, IncidentStatus::Open] {
        fresh.incident.status = later;
        let kept = rest(&saved, &fresh, &BTreeMap::new()).unwrap();
        assert_eq!(kept.steps[UNLOCK].changes, saved.steps[UNLOCK].changes);
        assert_eq!(kept.steps[back].id, id, "in its place");
        assert_eq!(kept.steps[back].changes, saved.steps[back].changes);
        assert_eq!(kept.runbook.steps, saved.runbook.steps);
    }
    fresh.steps[UNLOCK].ceiling = None;
    let kept = rest(&saved, &fresh, &BTreeMap::new()).unwrap();
    assert_eq!(kept.steps.len(), fresh.steps.len(), "nothing to put back");
    assert_eq!(kept.runbook.steps, fresh.runbook.steps);
}

#[test]
fn a_change_that_an_earlier_run_has_done_is_not_made_again() {
    let saved = plan();
    let key = saved.steps[UNLOCK].changes[0].key();
    let done = BTreeMap::from([(key, "run-1".to_owned())]);
    let told = rest(&saved, &saved, &done).unwrap_err();
    assert!(told[0].what.contains("run run-1 did it"), "{told:?}");
    let mut fresh = saved.clone();
    fresh.steps[UNLOCK].changes.clear();
    assert!(rest(&saved, &fresh, &done).is_ok());
    deferred(&mut fresh, UNLOCK);
    let kept = rest(&saved, &fresh, &done).unwrap();
    assert!(kept.steps[UNLOCK].changes.is_empty() && kept.steps[UNLOCK].ceiling.is_none());
}

#[test]
fn each_place_and_name_that_a_plan_was_made_under_counts() {
    let here = Context {
        cloud: "public".to_owned(),
        endpoint: "https://management.azure.com/".to_owned(),
        tenant: Some("t".to_owned()),
        identity: Some("ann".to_owned()),
        credential: "cli".to_owned(),
        simulated: false,
        scenario: None,
    };
    type Edit = (&'static str, fn(&mut Context));
    let edits: [Edit; 6] = [
        ("cloud", |c| c.cloud = "china".to_owned()),
        ("endpoint", |c| c.endpoint.push('x')),
        ("tenant", |c| c.tenant = None),
        ("identity", |c| c.identity = Some("bob".to_owned())),
        ("cloud", |c| {
            (c.cloud, c.simulated) = ("simulated".to_owned(), true);
        }),
        ("scenario", |c| c.scenario = Some("rp-limit".to_owned())),
    ];
    assert_eq!(elsewhere(&here, &here), []);
    for (what, edit) in edits {
        let mut there = here.clone();
        edit(&mut there);
        let told = elsewhere(&here, &there);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].what.contains(what), "{told:?}");
    }
    let mut signed_in_otherwise = here.clone();
    signed_in_otherwise.credential = "managed-identity".to_owned();
    assert_eq!(elsewhere(&here, &signed_in_otherwise), []);
    let simulated = |port: u16| Context {
        simulated: true,
        endpoint: format!("http://127.0.0.1:{port}/"),
        ..here.clone()
    };
    assert_eq!(elsewhere(&simulated(1), &simulated(2)), []);
}
