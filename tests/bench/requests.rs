//! How many requests each runbook sends against the least possible, what the executor itself
//! costs, how much a run writes into the journal, and how many commits that takes.
//!
//! ```text
//! cargo bench --bench requests
//! ```
//!
//! Everything runs on the simulator in virtual time. Times are printed and never judged: they
//! depend on the machine, and on the build (`--profile dev` is several times slower).

#![expect(clippy::print_stdout, reason = "a measurement is printed")]

mod commits;
mod least;
mod stand;

use std::path::Path;
use std::time::Duration;

use least::{CASES, Case};
use runbook::core::outcome::RunOutcome;
use stand::{Measured, measure};

/// How often each run is timed; the median is printed.
const TIMES: usize = 5;

fn main() {
    requests();
    overhead();
    commits();
}

fn requests() {
    println!("Requests sent / least possible (polls apart)\n");
    println!(
        "{:<36} {:>14} {:>14} {:>9} {:>8} {:>6}",
        "", "plan: looks", "apply: looks", "probes", "writes", "polls"
    );
    for case in &CASES {
        let run = in_memory(case);
        println!(
            "{:<36} {:>14} {:>14} {:>9} {:>8} {:>6}",
            case.code,
            ratio(run.plan.looks, case.plan),
            ratio(run.apply.looks, case.looks),
            of(run.apply.probes, case.probes),
            of(run.apply.writes, case.writes),
            run.apply.polls
        );
        assert_eq!(
            run.plan.writes + run.plan.probes,
            0,
            "a plan sends no change"
        );
        assert_eq!(run.apply.writes, case.writes, "no change more than needed");
    }
}

fn overhead() {
    println!(
        "\nThe executor's own time, median of {TIMES} (simulator's time taken off), and its journal\n"
    );
    println!(
        "{:<36} {:>5} {:>6} {:>19} {:>19} {:>15}",
        "", "steps", "events", "memory: step/event", "SQLite: step/event", "journal: bytes"
    );
    for case in &CASES {
        let runs: Vec<Measured> = (0..TIMES).map(|_| in_memory(case)).collect();
        let kept: Vec<Measured> = (0..TIMES).map(|_| on_disk(case)).collect();
        println!(
            "{:<36} {:>5} {:>6} {:>19} {:>19} {:>15}",
            case.code,
            runs[0].steps,
            runs[0].events,
            per_step_and_event(&runs),
            per_step_and_event(&kept),
            runs[0].journal_bytes
        );
    }
}

fn commits() {
    println!("\nThe journal's commits for each event of concurrent runs\n");
    for runs in [1, 8, 64] {
        let (commits, events) = commits::of_concurrent(runs);
        println!(
            "{runs:>3} at once {:>25} = {:.3}",
            of(commits, events),
            commits as f64 / events as f64
        );
        // A lone run waits for nobody, and nobody commits twice.
        assert!(commits <= events && (runs > 1 || commits == events));
    }
}

fn in_memory(case: &Case) -> Measured {
    fixed(case, None)
}

fn on_disk(case: &Case) -> Measured {
    let folder = tempfile::tempdir().expect("a folder for the journal");
    fixed(case, Some(folder.path()))
}

fn fixed(case: &Case, journal: Option<&Path>) -> Measured {
    let run = measure(case.scenario, case.code, journal);
    assert_eq!(run.outcome, RunOutcome::Fixed, "{}", case.code);
    run
}

fn per_step_and_event(runs: &[Measured]) -> String {
    let mut times: Vec<Duration> = runs.iter().map(|run| run.overhead).collect();
    times.sort();
    let median = times[times.len() / 2].as_secs_f64() * 1e3;
    let (steps, events) = (runs[0].steps as f64, runs[0].events as f64);
    format!("{:.1} / {:.2} ms", median / steps, median / events)
}

fn ratio(sent: u64, least: u64) -> String {
    format!("{sent}/{least} = {:.2}", sent as f64 / least as f64)
}

fn of(sent: u64, least: u64) -> String {
    format!("{sent}/{least}")
}
