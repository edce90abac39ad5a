//! What a run changed inside the guest is put back as it was, and nothing that is somebody else's.

mod ailing;

use std::collections::BTreeMap;
use std::sync::Arc;

use runbook::core::journal::{Record, RunId};
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::Plan;
use runbook::ops::rehearse::{Simulated, read_world, scenario_at};
use runbook::ops::{OpsError, undo};
use runbook::sim::world::RegistryValue;
use runbook::sim::{Entry, Sim};
use serde_json::{Value, json};

use crate::kit::camera::Camera;
use crate::kit::promise::end;
use crate::kit::wire::Untouched;
use crate::kit::{Stage, figures, in_virtual_time};

const CODE: &str = "GuestAgentSnapshotTaskStatusError";

/// What SQL Server's own backups make fail, with what the switch was before.
fn world(before: &str) -> Sim {
    let world = format!(
        "
vms: [{{ name: web1, group: rg-web, guest: {{ sql: true{before} }} }}]
vaults:
  - name: vault-web
    items: [{{ vm: web1 }}]
    jobs:
      - {{ vm: web1, status: Failed, code: {CODE}, started: 29m ago, ended: 25m ago }}
"
    );
    let (world, faults) = read_world("world.yaml", &world, "").unwrap_or_else(|e| panic!("{e}"));
    Sim::new(world, faults)
}

type Registry = BTreeMap<String, RegistryValue>;

fn registry(simulated: &Simulated) -> Registry {
    simulated.with(|sim| sim.world().vms[0].guest.registry.clone())
}

/// What is inside the guest.
fn guest(simulated: &Simulated) -> Value {
    simulated.with(|sim| serde_json::to_value(&sim.world().vms[0].guest).unwrap())
}

async fn apply(stage: &Stage) -> Vec<Record> {
    apply_to(stage, CODE).await
}

async fn apply_to(stage: &Stage, code: &str) -> Vec<Record> {
    let plan = stage.plan(code, "web1").await.unwrap();
    stage.apply(plan).await.unwrap()
}

/// Plans to undo the run, and where something would be sent does it under a whole consent.
async fn undone(stage: &Stage, run: &RunId) -> (Plan, RunOutcome) {
    let plan = undo(&stage.world, &run.0).await.unwrap();
    if let Some(verdict) = &plan.verdict {
        return (plan.clone(), verdict.outcome);
    }
    let records = stage.apply(plan.clone()).await.unwrap();
    (plan, end(&records).unwrap().0)
}

fn writes(stage: &Stage) -> usize {
    stage.ledger().iter().filter(|e| Entry::is_write(e)).count()
}

#[test]
fn what_a_run_set_is_put_back_as_it_was_and_a_second_undo_has_nothing_to_do() {
    for before in [
        "",
        ", registry: { USEVSSCOPYBACKUP: 'FALSE' }",
        ", registry: { USEVSSCOPYBACKUP: { value: '1', kind: DWord }, Other: x }",
    ] {
        in_virtual_time(async {
            let stage = Stage::of(world(before));
            let was = registry(&stage.simulated);
            let run = apply(&stage).await[0].run.clone();
            assert_ne!(registry(&stage.simulated), was);

            let (plan, outcome) = undone(&stage, &run).await;
            assert_eq!(outcome, RunOutcome::Fixed, "{before}");
            assert_eq!(plan.undoes.as_ref(), Some(&run.0));
            assert_eq!(plan.steps.len(), 1);
            assert_eq!(registry(&stage.simulated), was, "{before}");
            assert!(
                plan.warnings
                    .iter()
                    .any(|w| w.starts_with("not undone: start a backup"))
            );

            let before = writes(&stage);
            let (again, outcome) = undone(&stage, &run).await;
            assert_eq!(outcome, RunOutcome::NothingToDo, "{:?}", again.verdict);
            assert_eq!(writes(&stage), before);
        });
    }
}

#[test]
fn what_somebody_has_edited_since_is_left_to_a_person() {
    for edited in ["maybe", "true", "FALSE"] {
        in_virtual_time(async {
            let stage = Stage::of(world(""));
            let run = apply(&stage).await[0].run.clone();
            let mut sim = serde_json::to_value(stage.simulated.with(Clone::clone)).unwrap();
            sim["world"]["vms"][0]["guest"]["registry"]["USEVSSCOPYBACKUP"]["value"] =
                json!(edited);
            let sim: Sim = serde_json::from_value(sim).unwrap();
            let stage = Stage::with_store(sim, Arc::new(Untouched), Arc::clone(&stage.store));
            let theirs = registry(&stage.simulated);
            let (_, outcome) = undone(&stage, &run).await;
            assert_eq!(outcome, RunOutcome::NeedsHuman, "{edited}");
            assert_eq!(registry(&stage.simulated), theirs, "{edited}");
        });
    }
}

#[test]
fn what_was_set_again_after_the_undo_is_not_the_runs_any_more() {
    in_virtual_time(async {
        let stage = Stage::of(world(""));
        let run = apply(&stage).await[0].run.clone();
        assert_eq!(undone(&stage, &run).await.1, RunOutcome::Fixed);
        let mut sim = serde_json::to_value(stage.simulated.with(Clone::clone)).unwrap();
        sim["world"]["vms"][0]["guest"]["registry"]["USEVSSCOPYBACKUP"] =
            json!({ "value": "TRUE", "kind": "String" });
        let sim: Sim = serde_json::from_value(sim).unwrap();
        let stage = Stage::with_store(sim, Arc::new(Untouched), Arc::clone(&stage.store));
        let theirs = registry(&stage.simulated);
        assert_eq!(undone(&stage, &run).await.1, RunOutcome::NothingToDo);
        assert_eq!(registry(&stage.simulated), theirs);
    });
}

/// Kills a run everywhere, or at every `each`th place, goes on with each and undoes it; then kills its
/// undo, and goes on with each. How many cuts of each there were, and how often an answer was lost that
/// the way back needs.
async fn killed_anywhere(code: &str, world: &dyn Fn() -> Sim, each: usize) -> [usize; 3] {
    let mut tried = [0, 0, 0];
    let camera = Arc::new(Camera::default());
    let mut stage = Stage::tampered(world(), camera.clone());
    let was = guest(&stage.simulated);
    camera.watch(&mut stage);
    let run = apply_to(&stage, code).await[0].run.clone();
    for cut in camera.taken().into_iter().step_by(each) {
        let store = Arc::new(cut.store.clone());
        let stage = Stage::with_store(cut.sim.clone(), Arc::new(Untouched), store);
        if cut.records.is_empty() {
            continue;
        }
        match stage.resume(&run).await {
            Ok(records) => {
                assert_eq!(end(&records).unwrap().0, RunOutcome::Fixed, "{}", cut.at)
            }
            Err(OpsError::Usage(_)) => {}
            Err(why) => panic!("{code}: killed {}: {why}", cut.at),
        }
        tried[0] += 1;
        let set = guest(&stage.simulated);
        let (plan, outcome) = undone(&stage, &run).await;
        let lost = plan
            .verdict
            .is_some_and(|v| v.reason.contains("answer was lost"));
        if lost {
            assert_eq!(guest(&stage.simulated), set, "{code}: killed {}", cut.at);
            tried[2] += 1;
            continue;
        }
        assert_eq!(outcome, RunOutcome::Fixed, "{code}: killed {}", cut.at);
        assert_eq!(guest(&stage.simulated), was, "{code}: killed {}", cut.at);
    }
    let plan = undo(&stage.world, &run.0).await.unwrap();
    let records = stage.apply(plan).await.unwrap();
    let undoing = records[0].run.clone();
    for cut in camera.taken().into_iter().step_by(each.div_ceil(4)) {
        if cut.records.first().is_none_or(|first| first.run != undoing) {
            continue;
        }
        let store = Arc::new(cut.store.clone());
        let stage = Stage::with_store(cut.sim.clone(), Arc::new(Untouched), store);
        match stage.resume(&undoing).await {
            Ok(records) => {
                let ends = end(&records).unwrap().0;
                let well = matches!(ends, RunOutcome::Fixed | RunOutcome::NothingToDo);
                assert!(well, "{code}: killed {}: {ends}", cut.at);
            }
            Err(OpsError::Usage(_)) => {}
            Err(why) => panic!("{code}: killed {}: {why}", cut.at),
        }
        assert_eq!(guest(&stage.simulated), was, "{code}: killed {}", cut.at);
        let again = undone(&stage, &run).await.1;
        assert_eq!(again, RunOutcome::NothingToDo, "{code}: killed {}", cut.at);
        tried[1] += 1;
    }
    tried
}

#[test]
fn a_run_killed_anywhere_and_gone_on_can_be_undone_and_so_can_its_undo_be_killed() {
    in_virtual_time(async {
        let before = || world(", registry: { USEVSSCOPYBACKUP: 'FALSE' }");
        let [mut runs, mut undos, lost] = killed_anywhere(CODE, &before, 1).await;
        assert!(
            runs > 20 && undos > 10 && lost == 0,
            "{runs} {undos} {lost}"
        );
        // Steps of different lengths, so that what one case leaves out another meets.
        let all = std::env::var_os("RUNBOOK_EXHAUSTIVE").is_some();
        for (number, case) in ailing::CASES.iter().enumerate() {
            let each = if all { 1 } else { 17 + number };
            let [tried, undone, lost] = killed_anywhere(case.code, &|| case.world(), each).await;
            assert!(tried > 1 && undone > 1, "{}: {tried} {undone}", case.code);
            let may_lose = case.ail.contains("-conf") || case.ail.contains("-encoding");
            assert!(
                if may_lose { lost < 4 } else { lost == 0 },
                "{}: {lost}",
                case.code
            );
            runs += tried;
            undos += undone;
        }
        figures::keep(
            "undo",
            &format!("{runs} cuts of runs, gone on and undone; {undos} cuts of undos, gone on"),
        );
    });
}

#[test]
fn a_run_of_which_nothing_can_be_undone_says_so_with_why() {
    in_virtual_time(async {
        let stage = Stage::scenario("rp-limit");
        let plan = stage
            .plan("UserErrorRpCollectionLimitReached", "web1")
            .await
            .unwrap();
        let run = stage.apply(plan).await.unwrap()[0].run.clone();
        let (before, plan) = (writes(&stage), undo(&stage.world, &run.0).await.unwrap());
        let verdict = plan.verdict.unwrap();
        assert_eq!(verdict.outcome, RunOutcome::NeedsHuman);
        for part in [
            "delete the lock",
            "what was deleted is gone",
            "a backup that was started",
        ] {
            assert!(verdict.reason.contains(part), "{part}: {}", verdict.reason);
        }
        assert_eq!(writes(&stage), before);
    });
}

#[test]
fn a_run_that_is_not_over_or_is_an_undo_itself_is_not_undone() {
    in_virtual_time(async {
        let now = "2026-11-21T03:10:00Z".parse().unwrap();
        let mut stage = Stage::of(scenario_at("snapshot-sql", now).unwrap());
        stage.wait = std::time::Duration::ZERO;
        let records = apply(&stage).await;
        assert_eq!(end(&records).unwrap().0, RunOutcome::Waiting);
        let refused = undo(&stage.world, &records[0].run.0).await.unwrap_err();
        assert!(refused.to_string().contains("is not over"), "{refused}");

        let stage = Stage::of(world(""));
        let run = apply(&stage).await[0].run.clone();
        let plan = undo(&stage.world, &run.0).await.unwrap();
        let undoing = stage.apply(plan).await.unwrap()[0].run.clone();
        let refused = undo(&stage.world, &undoing.0).await.unwrap_err();
        assert!(refused.to_string().contains(&run.0), "{refused}");
    });
}

#[test]
fn what_is_kept_of_a_change_inside_the_guest_survives_the_journal() {
    in_virtual_time(async {
        let stage = Stage::of(world(", registry: { USEVSSCOPYBACKUP: 'FALSE' }"));
        let records = apply(&stage).await;
        let text = serde_json::to_string(&records).unwrap();
        assert!(text.contains("FALSE (String)"), "the old value is not kept");
        let plan = undo(&stage.world, &records[0].run.0).await.unwrap();
        let args: &Value = &plan.steps[0].arguments;
        assert_eq!(args["told"]["Undo"], json!("String:FALSE"));
    });
}
