//! What it will never do, whatever a runbook, a flag or an approval says: one test for each rule.

mod backups;
mod collections;
mod guest;
mod locks;
mod race;
mod secrets;

use runbook::core::journal::Record;
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::Plan;
use runbook::sim::{Entry, Sim};

use crate::kit::Stage;
use crate::kit::promise::{end, hold};

/// The code of most tests here.
pub(crate) const LIMIT: &str = "UserErrorRpCollectionLimitReached";

/// A failed job of `web1` with [`LIMIT`].
const LIMIT_JOB: &str = "{ vm: web1, status: Failed, code: UserErrorRpCollectionLimitReached, started: 29m ago, ended: 25m ago }";

/// A world in which `web1` has too many restore points, nothing is locked and all is in the
/// vault; `changes` replace parts of it.
fn world(changes: &[(&str, &str)]) -> String {
    let parts = [
        (
            "vms",
            "[{ name: web1, group: rg-web }, { name: web10, group: rg-web }]",
        ),
        ("locks", "[]"),
        (
            "restore_point_collections",
            "[{ vm: web1, points: 18 }, { vm: web10, points: 2 }]",
        ),
        ("resources", "[]"),
        ("items", "[{ vm: web1 }, { vm: web10 }]"),
        ("jobs", ""),
        ("identity", "{}"),
        ("behaviour", "{}"),
    ];
    let part = |name: &str| {
        let changed = changes.iter().find(|(n, _)| *n == name);
        changed
            .or_else(|| parts.iter().find(|(n, _)| *n == name))
            .map_or("", |(_, text)| *text)
    };
    let jobs = match part("jobs") {
        "" => format!("[{LIMIT_JOB}]"),
        jobs => jobs.to_owned(),
    };
    let (items, mut text) = (part("items"), String::new());
    for (name, _) in parts.iter().filter(|(n, _)| !["items", "jobs"].contains(n)) {
        text.push_str(&format!("{name}: {}\n", part(name)));
    }
    format!("{text}vaults:\n  - name: vault-web\n    items: {items}\n    jobs: {jobs}\n")
}

pub(crate) fn stage(changes: &[(&str, &str)]) -> Stage {
    Stage::yaml(&world(changes), "")
}

/// The plan of a run that may begin.
async fn plan(stage: &Stage, code: &str) -> Plan {
    let plan = stage.plan(code, "web1").await.unwrap();
    assert_eq!(plan.verdict, None);
    plan
}

/// Plans and applies with every approval that the plan asks for.
async fn run(stage: &Stage, code: &str) -> (RunOutcome, String) {
    let plan = plan(stage, code).await;
    apply(stage, plan).await
}

async fn apply(stage: &Stage, plan: Plan) -> (RunOutcome, String) {
    let records = applied(stage, plan).await;
    end(&records).unwrap()
}

async fn applied(stage: &Stage, plan: Plan) -> Vec<Record> {
    let before = stage.ledger().len();
    let records = stage.apply(plan).await.unwrap();
    hold(&records, &stage.ledger()[before..]).unwrap();
    records
}

/// Planning ends the matter: a person is needed, and nothing is sent. Returns why.
async fn left_to_a_person(stage: &Stage, code: &str) -> String {
    let plan = stage.plan(code, "web1").await.unwrap();
    let verdict = plan.verdict.expect("the plan says that a person is needed");
    assert_eq!(
        verdict.outcome,
        RunOutcome::NeedsHuman,
        "{}",
        verdict.reason
    );
    assert_eq!(writes(stage, ""), Vec::<String>::new());
    verdict.reason
}

/// The writes whose path contains `part`, as "METHOD last-name".
pub(crate) fn writes(stage: &Stage, part: &str) -> Vec<String> {
    let part = part.to_lowercase();
    let ledger = stage.ledger();
    let found = ledger
        .iter()
        .filter(|e| e.is_write() && e.path.to_lowercase().contains(&part));
    found.map(line).collect()
}

fn line(entry: &Entry) -> String {
    let name = entry.path.rsplit('/').next().unwrap_or_default();
    format!("{} {name}", entry.method)
}

/// The same world after somebody else has changed it.
pub(crate) fn meanwhile(stage: &Stage, edit: impl FnOnce(&mut serde_json::Value)) -> Stage {
    let mut sim = stage
        .simulated
        .with(|sim| serde_json::to_value(sim).unwrap());
    edit(&mut sim["world"]);
    Stage::of(serde_json::from_value::<Sim>(sim).unwrap())
}
