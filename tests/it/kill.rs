//! The binary, killed for real (`kill -9`) as it tells an event; and two runs that race for one VM.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use runbook::base::SealKey;
use runbook::core::journal::sqlite::Sqlite;
use runbook::core::journal::store::{Holder, Store};
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::consent::Consent;
use runbook::ops::{Ask, OpsError, apply, plan};
use runbook::sim::Sim;
use serde_json::Value;
use tokio::sync::watch;

use crate::kit::promise::{end, never_twice};
use crate::kit::{CASES, Stage, figures, in_virtual_time};

/// Time runs so much faster that an hour takes a second.
const SCALE: &str = "3600";

/// How many boundaries of each scenario are tried, unless `RUNBOOK_EXHAUSTIVE` asks for all.
const TRIED: usize = 4;

fn command(state: &Path, scenario: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
    command.env_clear().args(arguments);
    command.arg("--state").arg(state);
    command.arg(format!("--sim={scenario}"));
    command.args(["--time-scale", SCALE, "--output", "ndjson"]);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn applying(state: &Path, scenario: &str, code: &str) -> Command {
    let consent = ["--yes", "--max-risk", "destructive", "--wait", "12h"];
    let words = [&["apply", code, "--vm", "web1"], &consent[..]].concat();
    command(state, scenario, &words)
}

/// Applies, and kills the process when it has told event `at`; gives how many it told.
fn killed(state: &Path, scenario: &str, code: &str, at: usize) -> usize {
    let mut child = applying(state, scenario, code)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stdout.take().unwrap());
    let mut events = 0;
    for line in told.lines() {
        let line = line.unwrap();
        assert!(line.starts_with('{'), "{line}");
        events += 1;
        if events == at {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    events
}

fn world(state: &Path, scenario: &str) -> Sim {
    let kept = state.join("sim").join(scenario).join("world.json");
    serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap()
}

/// Killed at that event and gone on with, it ends as it would have, and applying again is silent.
fn goes_on(scenario: &str, code: &str, at: usize) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    killed(state, scenario, code, at);
    let resumed = || {
        let mut resume = command(state, scenario, &["resume", "--wait", "12h"]);
        resume.output().unwrap().status.code()
    };
    // On a machine that stalls for a second an hour goes by, and a run may end as waiting.
    let went_on = (0..20).map(|_| resumed()).find(|code| *code != Some(3));
    // Killed before it was told that somebody agreed, it needs to be told so again.
    let went_on = match went_on {
        Some(Some(4)) if at == 1 => Some(
            applying(state, scenario, code)
                .output()
                .unwrap()
                .status
                .code(),
        ),
        other => other,
    };
    // Killed after its last event it is over, and there is nothing to go on with.
    if ![Some(Some(0)), Some(Some(64))].contains(&went_on) {
        return Err(format!("`resume` ended with {went_on:?}"));
    }
    let sim = world(state, scenario);
    never_twice(&sim)?;
    let out = command(state, scenario, &["locks", "list"])
        .output()
        .unwrap();
    if out.status.code() != Some(0) {
        return Err("a lock is out".to_owned());
    }
    let writes = |sim: &Sim| sim.ledger().iter().filter(|entry| entry.is_write()).count();
    let again = applying(state, scenario, code).output().unwrap();
    if again.status.code() != Some(0) {
        return Err(format!(
            "applied again it ended with {:?}",
            again.status.code()
        ));
    }
    if writes(&world(state, scenario)) != writes(&sim) {
        return Err("applied again it sent a write".to_owned());
    }
    let run = command(state, scenario, &["runs", "list"])
        .output()
        .unwrap();
    let last: Value =
        serde_json::from_slice(run.stdout.split(|b| *b == b'\n').next().unwrap()).unwrap();
    match last["outcome"].as_str() {
        Some("fixed" | "nothing_to_do") => Ok(()),
        other => Err(format!("the run ended as {other:?}")),
    }
}

#[test]
fn a_process_killed_as_it_tells_any_event_is_gone_on_with_by_the_next() {
    let (mut boundaries, mut wrong) = (0, Vec::new());
    for (scenario, code) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let whole = killed(folder.path(), scenario, code, usize::MAX);
        assert!(whole > 2, "{scenario}: {whole} events");
        let step = match std::env::var_os("RUNBOOK_EXHAUSTIVE") {
            Some(_) => 1,
            None => whole.div_ceil(TRIED),
        };
        for at in (1..=whole).rev().step_by(step) {
            boundaries += 1;
            if let Err(why) = goes_on(scenario, code, at) {
                wrong.push(format!(
                    "{scenario}, killed at event {at} of {whole}: {why}"
                ));
            }
        }
    }
    figures::keep(
        "killed",
        &format!("{boundaries} boundaries of five remedies, with kill -9"),
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// How often two runs race.
const RACES: usize = 100;

#[test]
fn of_two_runs_that_race_for_one_vm_one_acts() {
    for race in 0..RACES {
        in_virtual_time(async {
            let stage = Stage::scenario("extension-stuck");
            let folder = tempfile::tempdir().unwrap();
            let journal = |pid: u32| -> Arc<dyn Store> {
                let me = Holder {
                    host: "ops-1".to_owned(),
                    pid,
                    started: 1,
                };
                let key = SealKey::of_bytes([7; 32]);
                Arc::new(Sqlite::open(folder.path(), me, Arc::new(|_| false), key).unwrap())
            };
            let worlds = [stage.beside(journal(1)), stage.beside(journal(2))];
            let mut plans = Vec::new();
            for (world, vm) in worlds.iter().zip(["web1", "WEB1"]) {
                let vm = stage.vm("web1").replace("web1", vm);
                let ask = Ask {
                    code: Some(CASES[2].1.to_owned()),
                    vm,
                    ..Ask::default()
                };
                plans.push(plan(world, &ask).await.unwrap());
            }
            let run = |at: usize| {
                let plan = plans[at].clone();
                let consent = Consent::Plan {
                    fingerprint: plan.fingerprint.clone(),
                    max_risk: None,
                };
                let (_keep, stop) = watch::channel(false);
                let by = format!("racer {at}");
                apply(
                    &worlds[at],
                    plan,
                    consent,
                    by,
                    stage.wait,
                    stop,
                    Arc::clone(&stage.listener),
                )
            };
            let ends = if race % 2 == 0 {
                let (a, b) = tokio::join!(run(0), run(1));
                [a, b]
            } else {
                let (b, a) = tokio::join!(run(1), run(0));
                [a, b]
            };
            let (mut fixed, mut busy) = (0, 0);
            for end_of_one in ends {
                match end_of_one {
                    Ok(records) => {
                        assert_eq!(end(&records).unwrap().0, RunOutcome::Fixed);
                        fixed += 1;
                    }
                    Err(OpsError::Busy { run, holder, .. }) => {
                        assert!(!run.0.is_empty() && holder.host == "ops-1");
                        busy += 1;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            assert_eq!((fixed, busy), (1, 1));
            stage.simulated.with(never_twice).unwrap();
        });
    }
    figures::keep(
        "raced",
        &format!("{RACES} times two runs for one VM, one acted"),
    );
}
