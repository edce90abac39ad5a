//! A saved plan is applied once; after a run that did not get to the end, the rest of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use runbook::core::journal::memory::Memory;
use runbook::core::journal::state::State;
use runbook::core::journal::store::Store as _;
use runbook::core::journal::{Event, Record};
use runbook::core::outcome::{RunOutcome, StepOutcome};
use runbook::core::plan::Plan;
use runbook::core::plan::consent::{Consent, Refusal, covers};
use runbook::core::runbook::risk::Risk;
use runbook::ops::rehearse::scenario_at;
use runbook::ops::{OpsError, apply, plan_file};
use runbook::sim::Sim;
use serde_json::json;
use tokio::sync::watch;

use super::{Saved, moved};
use crate::kit::promise::{end, hold, never_twice};
use crate::kit::wire::Untouched;
use crate::kit::{CASES, Stage, in_virtual_time};
use crate::loans;
use crate::rules::{LIMIT, meanwhile, stage};

/// The consent that approves the plan as it was saved.
fn as_saved(saved: &Saved) -> Consent {
    Consent::Plan {
        fingerprint: saved.plan.fingerprint.clone(),
        max_risk: None,
    }
}

#[test]
fn a_saved_plan_in_an_unchanged_world_is_the_plan_that_was_saved_and_is_applied_once() {
    for (scenario, code) in CASES {
        in_virtual_time(async {
            let stage = Stage::scenario(scenario);
            let saved = Saved::of(&stage, code).await;
            let opened = saved.open(&stage).await.unwrap();
            assert_eq!(opened.fingerprint, saved.plan.fingerprint, "{scenario}");
            assert_eq!(opened.from_file, saved.plan.from_file, "{scenario}");
            let before = stage.ledger().len();
            let records = stage.apply(opened).await.unwrap();
            hold(&records, &stage.ledger()[before..]).unwrap();
            assert_eq!(end(&records).unwrap().0, RunOutcome::Fixed, "{scenario}");

            let asked = stage.ledger().len();
            let copy = saved.file.with_file_name("copy.json");
            std::fs::copy(&saved.file, &copy).unwrap();
            for file in [&saved.file, &copy] {
                match plan_file::open(&stage.world, file, None).await {
                    Err(OpsError::Spent { run, outcome, .. }) => {
                        assert_eq!((run, outcome), (records[0].run.clone(), RunOutcome::Fixed));
                    }
                    other => panic!("{scenario}: {other:?}"),
                }
            }
            assert_eq!(stage.ledger().len(), asked, "a spent plan asks nothing");
        });
    }
}

#[test]
fn runs_of_other_saved_plans_and_of_none_do_not_spend_this_one() {
    in_virtual_time(async {
        let stage = stage(&[("locks", LOCKED)]);
        let [first, second] = [
            Saved::of(&stage, LIMIT).await,
            Saved::of(&stage, LIMIT).await,
        ];
        let unsaved = stage.plan(LIMIT, "web1").await.unwrap();
        let opened = second.open(&stage).await.unwrap();
        for plan in [unsaved, opened] {
            let unlocked = |record: &Record| record.event.name() == "verified";
            stopped_when(&stage, plan, unlocked).await;
            let rest = first.open(&stage).await.unwrap();
            assert!(rest.from_file.unwrap().runs.is_empty());
        }
        let plan = stage.plan(LIMIT, "web1").await.unwrap();
        stage.apply(plan).await.unwrap();
        let verdict = first.open(&stage).await.unwrap().verdict.unwrap();
        assert_eq!(verdict.outcome, RunOutcome::NothingToDo);
    });
}

/// Applies `plan`, and asks it to stop after its event `at`.
async fn stopped_after(stage: &Stage, plan: Plan, at: u64) -> Vec<Record> {
    stopped_when(stage, plan, move |record| record.seq >= at).await
}

/// Applies `plan`, and asks it to stop after the first such event.
async fn stopped_when(
    stage: &Stage,
    plan: Plan,
    when: impl Fn(&Record) -> bool + Send + Sync + 'static,
) -> Vec<Record> {
    let (stop, stopped) = watch::channel(false);
    let listener = Arc::new(move |record: &Record| {
        if when(record) {
            stop.send_replace(true);
        }
    });
    let (consent, by) = (whole(&plan), "a test".to_owned());
    let wait = stage.wait;
    let run = apply(&stage.world, plan, consent, by, wait, stopped, listener);
    run.await.unwrap()
}

/// The consent of somebody who was shown the plan.
pub(super) fn whole(plan: &Plan) -> Consent {
    Consent::Plan {
        fingerprint: plan.fingerprint.clone(),
        max_risk: None,
    }
}

/// Each scenario, and a world in which a lock is borrowed.
fn worlds() -> impl Iterator<Item = (&'static str, &'static str, Sim)> {
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    let built_in = CASES.map(|(name, code)| (name, code, scenario_at(name, now).unwrap()));
    let borrowed = ("a lock is borrowed", LIMIT, loans::sim("", ""));
    built_in.into_iter().chain([borrowed])
}

/// The events of a whole run that are worth being stopped after; with `RUNBOOK_EXHAUSTIVE` all.
fn stops(sim: &Sim, code: &str) -> Vec<u64> {
    let records = in_virtual_time(async {
        let stage = Stage::of(sim.clone());
        let saved = Saved::of(&stage, code).await;
        let plan = saved.open(&stage).await.unwrap();
        stage.apply(plan).await.unwrap()
    });
    let all = std::env::var_os("RUNBOOK_EXHAUSTIVE").is_some();
    let idles = |name: &str| ["waiting", "observed"].contains(&name);
    let (mut stops, mut before) = (Vec::new(), "");
    for record in records.iter().skip(1) {
        let name = record.event.name();
        if all || !(idles(name) && idles(before)) || record.seq % 16 == 0 {
            stops.push(record.seq);
        }
        before = name;
    }
    stops
}

#[test]
fn a_run_stopped_anywhere_leaves_the_rest_of_its_saved_plan_to_be_applied() {
    for (scenario, code, sim) in worlds() {
        let mut ends: BTreeMap<String, usize> = BTreeMap::new();
        for at in stops(&sim, code) {
            in_virtual_time(async {
                let stage = Stage::of(sim.clone());
                let saved = Saved::of(&stage, code).await;
                let first = saved.open(&stage).await.unwrap();
                let records = stopped_after(&stage, first, at).await;
                let (outcome, _) = end(&records).unwrap();
                let rest = rest_of(&stage, &saved, &records).await;
                let rest = rest.unwrap_or_else(|e| panic!("{scenario} at {at}: {e}"));
                *ends.entry(format!("{outcome}, then {rest}")).or_default() += 1;
            });
        }
        println!("{scenario}, stopped: {ends:?}");
        let fixed = ends
            .keys()
            .filter(|end| end.ends_with("then fixed"))
            .count();
        assert!(fixed >= 2, "{scenario}: {ends:?}");
        assert!(
            ends.keys().any(|end| end.ends_with("then spent")),
            "{ends:?}"
        );
    }
}

/// What a run has done and not undone: the requests of steps that were verified.
fn for_good(records: &[Record]) -> Vec<String> {
    let state = State::fold(records).unwrap();
    let over: Vec<&String> = (state.plan.steps.iter().zip(&state.steps))
        .filter(|(_, step)| step.outcome == Some(StepOutcome::Changed))
        .map(|(planned, _)| &planned.id)
        .collect();
    let lasting = state.sent.iter().filter(|sent| {
        let change = &sent.change;
        over.contains(&&sent.step)
            && !change.probe
            && change.borrows.is_none()
            && change.returns.is_none()
    });
    lasting.map(|sent| sent.change.key()).collect()
}

async fn rest_of(stage: &Stage, saved: &Saved, first: &[Record]) -> Result<String, String> {
    let plan = match saved.open(stage).await {
        Ok(plan) => plan,
        Err(OpsError::Spent { .. }) => return Ok("spent".to_owned()),
        Err(other) => return Err(format!("{other:?}")),
    };
    if let Some(verdict) = plan.verdict {
        return Ok(format!("{} without a run", verdict.outcome));
    }
    let before = stage.ledger().len();
    let records = stage
        .apply_with(plan, as_saved(saved))
        .await
        .map_err(|e| e.to_string())?;
    hold(&records, &stage.ledger()[before..])?;
    let earlier = for_good(first);
    if let Some(twice) = for_good(&records).iter().find(|key| earlier.contains(key)) {
        return Err(format!("`{twice}` was done twice"));
    }
    let out = stage.store.loans().await.unwrap();
    if !out.is_empty() {
        return Err(format!("{out:?} are out"));
    }
    if !borrows(&saved.plan) {
        stage.simulated.with(never_twice)?;
    }
    match end(&records)? {
        (RunOutcome::Fixed, _) => Ok("fixed".to_owned()),
        (outcome, why) => Err(format!("{outcome}: {why}")),
    }
}

/// What a killed run leaves behind, event by event.
type Cuts = Vec<(Record, Sim, Memory)>;

async fn cuts(stage: &mut Stage, plan: Plan) -> Cuts {
    let told = Arc::new(Mutex::new(Cuts::new()));
    let (keep, simulated, store) = (told.clone(), stage.simulated.clone(), stage.store.clone());
    stage.listener = Arc::new(move |record: &Record| {
        let left = (simulated.with(Clone::clone), store.as_if_killed());
        keep.lock().unwrap().push((record.clone(), left.0, left.1));
    });
    stage.apply(plan).await.unwrap();
    std::mem::take(&mut *told.lock().unwrap())
}

#[test]
fn a_run_killed_before_or_after_a_request_leaves_the_rest_of_its_saved_plan_to_be_applied() {
    for (scenario, code, sim) in worlds() {
        in_virtual_time(async {
            let mut stage = Stage::of(sim);
            let saved = Saved::of(&stage, code).await;
            let plan = saved.open(&stage).await.unwrap();
            let (mut records, mut out) = (Vec::new(), 0);
            for (record, sim, store) in cuts(&mut stage, plan).await {
                let (run, at, name) = (record.run.clone(), record.seq, record.event.name());
                records.push(record);
                if !["intended", "accepted", "verified"].contains(&name) {
                    continue;
                }
                let again = Stage::with_store(sim, Arc::new(Untouched), Arc::new(store));
                if let Err(OpsError::StillOut { run: of, .. }) = saved.open(&again).await {
                    assert_eq!(of, run);
                    let records = again.resume(&run).await.unwrap();
                    assert_eq!(end(&records).unwrap().0, RunOutcome::Fixed);
                    out += 1;
                    continue;
                }
                let rest = rest_of(&again, &saved, &records).await;
                let rest = rest.unwrap_or_else(|e| panic!("{scenario} at {at}: {e}"));
                assert_ne!(rest, "spent", "{scenario} at {at}");
            }
            assert_eq!(out > 0, borrows(&saved.plan), "{scenario}");
        });
    }
}

fn borrows(plan: &Plan) -> bool {
    let mut changes = plan.steps.iter().flat_map(|step| &step.changes);
    changes.any(|change| change.borrows.is_some())
}

#[test]
fn a_step_done_by_one_run_and_needed_again_stops_the_next_run_of_the_same_file() {
    in_virtual_time(async {
        let before = stage(&[("locks", LOCKED)]);
        let saved = Saved::of(&before, LIMIT).await;
        let plan = saved.open(&before).await.unwrap();
        let whole = stopped_after(&before, plan, 2).await;
        assert_eq!(end(&whole).unwrap().0, RunOutcome::Cancelled);
        assert!(saved.open(&before).await.is_ok(), "nothing was done");

        let stage = Stage::of(before.simulated.with(Clone::clone));
        let locks = stage.simulated.with(|sim| sim.world().locks.clone());
        let plan = saved.open(&stage).await.unwrap();
        let unlocked = |record: &Record| matches!(&record.event, Event::Verified { step, .. } if step == "unlock");
        let records = stopped_when(&stage, plan, unlocked).await;
        let back = meanwhile(&stage, |world| world["locks"] = json!(locks));
        let sim = back.simulated.with(Clone::clone);
        let after = Stage::with_store(sim, Arc::new(Untouched), stage.store.clone());
        let told = moved(saved.open(&after).await);
        let done = format!("unlock: run {} did it", records[0].run);
        assert!(told[0].contains(&done), "{told:?}");
    });
}

pub(super) const LOCKED: &str = "[{ name: keep, scope: group AzureBackupRG_westeurope_1 }]";

#[test]
fn a_saved_plan_is_no_consent_and_its_fingerprint_approves_the_rest_of_it_and_nothing_else() {
    in_virtual_time(async {
        let items = ("items", "[{ vm: web1, in_vault: 17 }]");
        let stage = stage(&[items, ("locks", LOCKED)]);
        let saved = Saved::of(&stage, LIMIT).await;
        let after = meanwhile(&stage, |world| world["locks"] = json!([]));
        let rest = saved.open(&after).await.unwrap();
        assert_ne!(rest.fingerprint, saved.plan.fingerprint);
        let yes = Consent::Yes {
            max_risk: Risk::Sensitive,
        };
        assert_eq!(covers(&Consent::None, &rest), Err(Refusal::NoConsent));
        assert!(matches!(covers(&yes, &rest), Err(Refusal::Approvals(_))));
        assert_eq!(covers(&as_saved(&saved), &rest), Ok(()));
        let other = Consent::Plan {
            fingerprint: "0".repeat(64),
            max_risk: None,
        };
        assert!(matches!(
            covers(&other, &rest),
            Err(Refusal::OtherPlan { .. })
        ));
        let unsaved = Plan {
            from_file: None,
            ..rest
        };
        let refused = covers(&as_saved(&saved), &unsaved);
        assert!(matches!(refused, Err(Refusal::OtherPlan { .. })));
    });
}
