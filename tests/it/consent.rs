//! What an approval covers: consent against plans, changes against consent, and the fingerprint.

use runbook::core::action::{Change, Kind, Permission, Repeat};
use runbook::core::incident::IncidentStatus;
use runbook::core::plan::consent::{Consent, Refusal, covers, within};
use runbook::core::plan::{Forecast, Plan, PlannedStep, Verdict, fingerprint};
use runbook::core::runbook::risk::{Approval, Risk};
use serde_json::json;

use crate::kit::{Stage, in_virtual_time};

const UNLOCK: usize = 0;
const CLEAN_UP: usize = 4;

fn plan() -> Plan {
    in_virtual_time(async {
        let stage = Stage::scenario("rp-limit");
        stage
            .plan("UserErrorRpCollectionLimitReached", "web1")
            .await
            .unwrap()
    })
}

fn yes(max_risk: Risk) -> Consent {
    Consent::Yes { max_risk }
}

fn whole(plan: &Plan, max_risk: Option<Risk>) -> Consent {
    Consent::Plan {
        fingerprint: plan.fingerprint.clone(),
        max_risk,
    }
}

fn ceiling_of(plan: &Plan) -> PlannedStep {
    let about = runbook::actions::actions()
        .get("restore_points.delete")
        .unwrap()
        .about();
    PlannedStep {
        changes: Vec::new(),
        forecast: Forecast::Deferred,
        ceiling: Some(about.ceiling),
        ..plan.steps[CLEAN_UP].clone()
    }
}

#[test]
fn no_consent_covers_nothing() {
    let plan = plan();
    assert_eq!(covers(&Consent::None, &plan), Err(Refusal::NoConsent));
    let change = &plan.steps[UNLOCK].changes[0];
    assert!(within(&plan.steps[UNLOCK], change, &Consent::None).is_err());
}

#[test]
fn yes_covers_changes_up_to_its_risk_and_no_further() {
    let plan = plan();
    assert_eq!(plan.risk(), Some(Risk::Destructive));
    for limit in [Risk::ReadOnly, Risk::Reversible, Risk::Disruptive] {
        let refusal = Refusal::Risk {
            plan: Risk::Destructive,
            limit,
        };
        assert_eq!(covers(&yes(limit), &plan), Err(refusal));
    }
    for limit in [Risk::Destructive, Risk::Sensitive] {
        assert_eq!(covers(&yes(limit), &plan), Ok(()));
    }
}

#[test]
fn yes_never_gives_a_required_approval() {
    let mut plan = plan();
    plan.steps[CLEAN_UP].changes[0].approval = Approval::Required;
    plan.steps[CLEAN_UP].changes[0].because = Some("points are lost".to_owned());
    match covers(&yes(Risk::Sensitive), &plan) {
        Err(Refusal::Approvals(needed)) => {
            assert_eq!(needed.len(), 1);
            assert_eq!(
                (needed[0].step.as_str(), needed[0].why.as_str()),
                ("clean-up", "points are lost")
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(covers(&whole(&plan, None), &plan), Ok(()));
}

#[test]
fn a_step_that_is_not_decided_yet_counts_with_the_most_that_it_may_do() {
    let mut plan = plan();
    plan.steps[CLEAN_UP] = ceiling_of(&plan);
    assert_eq!(plan.risk(), Some(Risk::Destructive));
    assert!(matches!(
        covers(&yes(Risk::Sensitive), &plan),
        Err(Refusal::Approvals(_))
    ));
    let limited = whole(&plan, Some(Risk::Reversible));
    let refusal = Refusal::Risk {
        plan: Risk::Destructive,
        limit: Risk::Reversible,
    };
    assert_eq!(covers(&limited, &plan), Err(refusal));
}

#[test]
fn going_on_without_an_incident_needs_an_approval() {
    let mut plan = plan();
    plan.forced = true;
    assert!(matches!(
        covers(&yes(Risk::Sensitive), &plan),
        Err(Refusal::Approvals(_))
    ));
    assert_eq!(covers(&whole(&plan, None), &plan), Ok(()));
}

#[test]
fn an_approval_covers_the_plan_that_was_approved_and_no_other() {
    let plan = plan();
    let other = Consent::Plan {
        fingerprint: "0".repeat(64),
        max_risk: None,
    };
    assert_eq!(
        covers(&other, &plan),
        Err(Refusal::OtherPlan {
            approved: "0".repeat(64)
        })
    );
}

#[test]
fn waiting_for_a_job_that_runs_takes_a_yes_and_what_follows_it_is_held_against_that() {
    let mut plan = plan();
    plan.incident.status = IncidentStatus::Running;
    plan.steps[CLEAN_UP] = ceiling_of(&plan);
    assert_eq!(covers(&yes(Risk::Reversible), &plan), Ok(()));
    assert_eq!(covers(&Consent::None, &plan), Err(Refusal::NoConsent));
    let delete = &self::plan().steps[CLEAN_UP].changes[0];
    let why = within(&plan.steps[CLEAN_UP], delete, &yes(Risk::Reversible)).unwrap_err();
    assert!(why.contains("agreed to was up to reversible"), "{why}");
}

/// A part of a plan, and how it is made another.
type Edit = (&'static str, fn(&mut Plan));

/// What differs from the approved change, and the word that must tell it.
type Drift = (fn(&mut Change), &'static str);

#[test]
fn a_change_that_drifted_from_the_approved_one_is_refused_with_the_difference() {
    let plan = plan();
    let consent = whole(&plan, None);
    let step = &plan.steps[CLEAN_UP];
    let approved = &step.changes[0];
    assert_eq!(within(step, approved, &consent), Ok(()));
    let drifts: [Drift; 6] = [
        (|c| c.resource.push('0'), "not in the approved plan"),
        (|c| c.method = "PUT".to_owned(), "not in the approved plan"),
        (|c| c.probe = true, "not in the approved plan"),
        (|c| c.risk = Risk::Sensitive, "approved was destructive"),
        (|c| c.body = json!({ "more": 1 }), "other contents"),
        (
            |c| (c.approval, c.because) = (Approval::Required, Some("points are lost".to_owned())),
            "points are lost",
        ),
    ];
    for (drift, words) in drifts {
        let mut change = approved.clone();
        drift(&mut change);
        let why = within(step, &change, &consent).unwrap_err();
        assert!(why.contains(words), "{why}");
    }
    let mut shouted = approved.clone();
    shouted.resource = shouted.resource.to_uppercase();
    assert_eq!(within(step, &shouted, &consent), Ok(()), "ids have no case");
}

#[test]
fn a_change_that_was_not_known_must_stay_below_the_ceiling() {
    let plan = plan();
    let (step, consent) = (ceiling_of(&plan), whole(&plan, None));
    let change = &plan.steps[CLEAN_UP].changes[0];
    assert_eq!(within(&step, change, &consent), Ok(()));
    let drifts: [Drift; 3] = [
        (
            |c| c.resource = c.resource.replace("restorePointCollections", "disks"),
            "of a kind that was not approved",
        ),
        (
            |c| c.method = "POST".to_owned(),
            "of a kind that was not approved",
        ),
        (
            |c| c.risk = Risk::Sensitive,
            "approved was up to destructive",
        ),
    ];
    for (drift, words) in drifts {
        let mut change = change.clone();
        drift(&mut change);
        let why = within(&step, &change, &consent).unwrap_err();
        assert!(why.contains(words), "{why}");
    }
    let mut lower = step.clone();
    if let Some(ceiling) = &mut lower.ceiling {
        ceiling.approval = Approval::None;
    }
    let mut required = change.clone();
    required.approval = Approval::Required;
    assert!(within(&lower, &required, &consent).is_err());
    assert!(
        within(&step, &required, &yes(Risk::Sensitive)).is_err(),
        "a yes gives no approval"
    );
}

#[test]
fn the_fingerprint_changes_with_each_thing_that_it_covers() {
    let plan = plan();
    let changes: [Edit; 18] = [
        ("runbook", |p| p.runbook_hash.push('0')),
        ("target", |p| p.target.id.push('0')),
        ("job", |p| p.incident.id = Some("another".to_owned())),
        ("code", |p| p.incident.code = None),
        ("end of the job", |p| p.incident.ended = None),
        ("force", |p| p.forced = true),
        ("parameter", |p| {
            p.params.insert("cleanup".to_owned(), json!("automatic"));
        }),
        ("step", |p| p.steps[0].id.push('0')),
        ("action", |p| p.steps[0].action.push('0')),
        ("arguments", |p| {
            p.steps[0].arguments = json!({ "scopes": "all" })
        }),
        ("script", |p| p.steps[0].scripts.push("hash".to_owned())),
        ("method", |p| {
            p.steps[0].changes[0].method = "PUT".to_owned()
        }),
        ("resource", |p| p.steps[0].changes[0].resource.push('0')),
        ("body", |p| p.steps[0].changes[0].body = json!(1)),
        ("risk", |p| p.steps[0].changes[0].risk = Risk::Sensitive),
        ("approval", |p| {
            p.steps[0].changes[0].approval = Approval::Required
        }),
        ("one change less", |p| p.steps[0].changes.clear()),
        ("ceiling", |p| {
            p.steps[0].ceiling = runbook::actions::actions()
                .get("lock.delete")
                .map(|a| a.about().ceiling);
        }),
    ];
    let mut seen = vec![fingerprint::of(&plan)];
    assert_eq!(seen[0], plan.fingerprint);
    for (what, change) in changes {
        let mut changed = plan.clone();
        change(&mut changed);
        let fingerprint = fingerprint::of(&changed);
        assert!(!seen.contains(&fingerprint), "{what} is not covered");
        seen.push(fingerprint);
    }
}

#[test]
fn the_fingerprint_covers_each_part_of_a_ceiling() {
    let mut plan = plan();
    plan.steps[CLEAN_UP] = ceiling_of(&plan);
    let before = fingerprint::of(&plan);
    let kind = Kind {
        method: "POST".to_owned(),
        resource_type: "x/y".to_owned(),
        permission: "z".to_owned(),
    };
    let ceiling = plan.steps[CLEAN_UP].ceiling.clone().unwrap();
    let mut wider = [ceiling.clone(), ceiling.clone(), ceiling];
    wider[0].risk = Risk::Sensitive;
    wider[1].approval = Approval::None;
    wider[2].kinds.push(kind);
    for ceiling in wider {
        plan.steps[CLEAN_UP].ceiling = Some(ceiling);
        assert_ne!(fingerprint::of(&plan), before);
    }
}

#[test]
fn nothing_that_was_observed_and_no_sentence_enters_the_fingerprint() {
    let plan = plan();
    let changes: [Edit; 18] = [
        ("casing of the id", |p| {
            p.target.id = p.target.id.to_uppercase()
        }),
        ("casing of a resource", |p| {
            let change = &mut p.steps[0].changes[0];
            change.resource = change.resource.to_uppercase();
        }),
        ("evidence of the incident", |p| {
            p.incident.evidence.push('x')
        }),
        ("message of the incident", |p| {
            p.incident.message = Some("x".to_owned())
        }),
        ("status of the incident", |p| {
            p.incident.status = IncidentStatus::Running
        }),
        ("running job", |p| p.incident.running = Some("x".to_owned())),
        ("identity", |p| p.context.identity = Some("x".to_owned())),
        ("endpoint", |p| p.context.endpoint.push('x')),
        ("names", |p| {
            p.names.insert("x".to_owned(), json!(1));
        }),
        ("title", |p| p.steps[0].title.push('x')),
        ("why", |p| p.steps[0].why.push('x')),
        ("summary", |p| p.steps[0].changes[0].summary.push('x')),
        ("because", |p| {
            p.steps[0].changes[0].because = Some("x".to_owned())
        }),
        ("evidence", |p| p.steps[0].changes[0].evidence = json!("x")),
        ("permission and repeat", |p| {
            let change = &mut p.steps[0].changes[0];
            change.permission = None::<Permission>;
            change.repeat = Repeat::Never;
        }),
        ("warnings", |p| p.warnings.push("x".to_owned())),
        ("time", |p| p.made = jiff::Timestamp::UNIX_EPOCH),
        ("verdict", |p| p.verdict = None::<Verdict>),
    ];
    for (what, change) in changes {
        let mut changed = plan.clone();
        change(&mut changed);
        assert_eq!(
            fingerprint::of(&changed),
            plan.fingerprint,
            "{what} enters it"
        );
    }
}

#[test]
fn the_same_world_planned_an_hour_later_has_the_same_fingerprint() {
    let again = in_virtual_time(async {
        let stage = Stage::scenario("rp-limit");
        stage
            .world
            .clock()
            .sleep(std::time::Duration::from_secs(3600))
            .await;
        stage
            .plan("usererrorrpcollectionlimitreached", "web1")
            .await
            .unwrap()
    });
    let first = plan();
    assert_eq!(again.fingerprint, first.fingerprint);
    assert_ne!(again.made, first.made);
}

#[test]
fn an_approval_of_a_loss_covers_the_points_it_named_and_no_others() {
    let mut plan = plan();
    let approved = &mut plan.steps[CLEAN_UP].changes[0];
    approved.approval = Approval::Required;
    approved.loses = vec!["point-1".to_owned(), "point-2".to_owned()];
    let (step, all) = (plan.steps[CLEAN_UP].clone(), whole(&plan, None));
    let fewer = Change {
        loses: vec!["point-2".to_owned()],
        ..step.changes[0].clone()
    };
    assert_eq!(within(&step, &fewer, &all), Ok(()));
    let other = Change {
        loses: vec!["point-3".to_owned()],
        ..fewer
    };
    assert!(within(&step, &other, &all).unwrap_err().contains("point-3"));
}
