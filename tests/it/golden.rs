//! The golden folders: `runbooks/rehearsals/<code>/<case>/`.
//!
//! `world.yaml` and, perhaps, `faults.yaml` and `ask.yaml` go in; `plan.txt`, `requests.txt` and
//! `report.md` must come out. With `RUNBOOK_BLESS=1` what comes out is written instead of
//! compared: read every line of it. Whatever a case shows, the invariants of [`hold`] must hold.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at what it cannot read, and says what it counted"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runbook::base::yaml;
use runbook::core::journal::Record;
use runbook::core::journal::state::State;
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::Plan;
use runbook::core::plan::consent::{Consent, within};
use runbook::core::report::text::{self, Paint};
use runbook::core::report::{Report, markdown};
use runbook::core::runbook::risk::Risk;
use runbook::ops::rehearse::read_world;
use runbook::ops::{Ask, OpsError, plan};
use runbook::sim::{Entry, Sim, World};
use serde::Deserialize;

use crate::first_runbook::with_runbooks;
use crate::kit::{Stage, in_virtual_time};

/// What is asked for in a case; the defaults are the plain question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Question {
    vm: String,
    params: std::collections::BTreeMap<String, String>,
    /// `plan` (a person agrees to all of it), `yes` (`--yes`), `yes-destructive`
    /// (`--yes --max-risk destructive`), `none`.
    consent: String,
    wait_minutes: u64,
    force: bool,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            vm: "web1".to_owned(),
            params: std::collections::BTreeMap::new(),
            consent: "plan".to_owned(),
            wait_minutes: 120,
            force: false,
        }
    }
}

/// What came out of a case.
pub(crate) struct Rehearsal {
    plan: String,
    requests: String,
    report: String,
}

impl Rehearsal {
    /// Each golden file with what it should hold.
    pub(crate) fn files(&self) -> [(&'static str, &str); 3] {
        [
            ("plan.txt", &self.plan),
            ("requests.txt", &self.requests),
            ("report.md", &self.report),
        ]
    }
}

#[test]
fn every_case_comes_out_as_its_golden_files_say() {
    come_out_as_golden("runbooks/rehearsals", None);
}

/// Runs every case under `root`, with the runbooks of a folder besides those in the binary.
pub(crate) fn come_out_as_golden(root: &str, runbooks: Option<&str>) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let runbooks = runbooks.map(|folder| package.join(folder));
    let cases = cases(&package.join(root));
    let only = std::env::var_os("RUNBOOK_CASE").and_then(|c| c.into_string().ok());
    let mut wrong = Vec::new();
    let mut run = 0;
    for case in cases.iter().filter(|c| {
        only.as_ref()
            .is_none_or(|only| c.display().to_string().contains(only.as_str()))
    }) {
        let rehearsal = rehearse(case, runbooks.as_deref());
        run += 1;
        for (name, text) in rehearsal.files() {
            wrong.extend(compare(&case.join(name), text));
        }
    }
    println!("{run} golden cases");
    assert!(run > 0 || only.is_some(), "there are no golden cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The golden folders below a folder.
pub(crate) fn cases(root: &Path) -> Vec<PathBuf> {
    let folders = |at: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(at)
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path());
        entries.filter(|p| p.is_dir()).collect()
    };
    let mut found: Vec<PathBuf> = folders(root)
        .iter()
        .flat_map(|code| folders(code))
        .collect();
    found.sort();
    found
}

/// Where `text` is not what the golden file holds; `RUNBOOK_BLESS=1` writes it instead.
pub(crate) fn compare(file: &Path, text: &str) -> Option<String> {
    if std::env::var_os("RUNBOOK_BLESS").is_some() {
        fs::write(file, text).unwrap();
    }
    difference(file, text)
}

/// Where `text` is not what the golden file holds.
pub(crate) fn difference(file: &Path, text: &str) -> Option<String> {
    let before = fs::read_to_string(file).unwrap_or_default();
    if before == text {
        return None;
    }
    let line = before.lines().zip(text.lines()).position(|(a, b)| a != b);
    let line = line.unwrap_or_else(|| before.lines().count().min(text.lines().count()));
    let of = |t: &str| t.lines().nth(line).unwrap_or("(the end)").to_owned();
    Some(format!(
        "{} differs at line {}:\n  golden: {}\n  now:    {}",
        file.display(),
        line + 1,
        of(&before),
        of(text)
    ))
}

fn rehearse(case: &Path, runbooks: Option<&Path>) -> Rehearsal {
    in_virtual_time(async {
        let case = Case::read(case);
        let stage = case.stage(runbooks, |_| {});
        case.rehearse(&stage).await
    })
}

/// One golden folder.
pub(crate) struct Case {
    pub(crate) folder: PathBuf,
    pub(crate) code: String,
    question: Question,
}

impl Case {
    pub(crate) fn read(folder: &Path) -> Self {
        let code = folder.parent().and_then(Path::file_name).unwrap();
        let asked = fs::read_to_string(folder.join("ask.yaml")).unwrap_or_default();
        let question = match asked {
            text if text.is_empty() => Question::default(),
            text => {
                yaml::parse("ask.yaml", &text)
                    .unwrap_or_else(|d| panic!("{}: {d:?}", folder.display()))
                    .value
            }
        };
        Self {
            folder: folder.to_path_buf(),
            code: code.to_string_lossy().into_owned(),
            question,
        }
    }

    pub(crate) fn name(&self) -> String {
        self.folder.display().to_string()
    }

    /// A stage with its world, altered by `edit`, and its faults.
    pub(crate) fn stage(&self, runbooks: Option<&Path>, edit: impl FnOnce(&mut World)) -> Stage {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        let (world, faults) = (read("world.yaml"), read("faults.yaml"));
        let (mut world, faults) = read_world("world.yaml", &world, &faults)
            .unwrap_or_else(|e| panic!("{}: {e}", self.name()));
        edit(&mut world);
        let mut stage = Stage::of(Sim::new(world, faults));
        if let Some(folder) = runbooks {
            stage = with_runbooks(stage, folder);
        }
        stage.wait = Duration::from_secs(self.question.wait_minutes * 60);
        stage
    }

    fn ask(&self, stage: &Stage) -> Ask {
        Ask {
            code: Some(self.code.clone()),
            vm: stage.vm(&self.question.vm),
            params: self.question.params.clone().into_iter().collect(),
            force: self.question.force,
        }
    }

    pub(crate) async fn plan(&self, stage: &Stage) -> Result<Plan, OpsError> {
        plan(&stage.world, &self.ask(stage)).await
    }

    pub(crate) async fn apply(&self, stage: &Stage, plan: &Plan) -> Result<Vec<Record>, OpsError> {
        apply(stage, plan, &self.question).await
    }

    /// Plans, applies as the case says, and applies again where that must be silent.
    pub(crate) async fn rehearse(&self, stage: &Stage) -> Rehearsal {
        let (name, question) = (self.name(), &self.question);
        let first = self
            .plan(stage)
            .await
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let planned = stage.ledger();
        assert!(
            planned.iter().all(|e| !e.is_write()),
            "{name}: planning wrote"
        );
        let mut out = Rehearsal {
            plan: masked(&text::plan(&first, Paint::None)),
            requests: masked(&section("plan", &planned)),
            report: String::new(),
        };
        let records = self.apply(stage, &first).await;
        let applied = stage.ledger().split_off(planned.len());
        let report = match &records {
            Ok(records) => {
                hold(&name, &first, records, &applied);
                out.requests.push_str(&masked(&section("apply", &applied)));
                Report::of_run(records).unwrap()
            }
            Err(OpsError::Refused(refusal, plan)) => {
                assert!(
                    applied.is_empty(),
                    "{name}: refused, and yet something was sent"
                );
                Report::of_refusal(plan, refusal)
            }
            Err(_) => Report::of_plan(&first),
        };
        out.report = masked(&markdown::render(&report));
        // A forced run asks for no proof, so it would act again.
        if report.outcome == Some(RunOutcome::Fixed) && !question.force {
            let again = again(stage, &self.ask(stage), &first, &name).await;
            out.requests.push_str(&again);
        }
        out
    }
}

async fn apply(stage: &Stage, plan: &Plan, question: &Question) -> Result<Vec<Record>, OpsError> {
    if plan.verdict.is_some() || !plan.missing_permissions.is_empty() {
        return Err(OpsError::MissingPermissions(Box::new(plan.clone())));
    }
    let consent = match question.consent.as_str() {
        "plan" => Consent::Plan {
            fingerprint: plan.fingerprint.clone(),
            max_risk: None,
        },
        "yes" => Consent::Yes {
            max_risk: Risk::Reversible,
        },
        "yes-destructive" => Consent::Yes {
            max_risk: Risk::Destructive,
        },
        "none" => Consent::None,
        other => panic!("`{other}` is no consent"),
    };
    stage.apply_with(plan.clone(), consent).await
}

/// What must hold of every run, whatever it shows.
fn hold(name: &str, plan: &Plan, records: &[Record], sent: &[Entry]) {
    State::fold(records).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut intended = 0;
    for record in records {
        if let runbook::core::journal::Event::Intended { step, change, .. } = &record.event {
            intended += 1;
            let step = plan.steps.iter().find(|s| s.id == *step).unwrap();
            within(
                step,
                change,
                &Consent::Plan {
                    fingerprint: String::new(),
                    max_risk: None,
                },
            )
            .unwrap_or_else(|e| panic!("{name}: not as planned: {e}"));
        }
    }
    // The client itself repeats what a 429 says was not taken.
    let taken = |e: &&Entry| e.is_write() && e.status != Some(429);
    let writes = sent.iter().filter(taken).count();
    assert!(
        writes <= intended,
        "{name}: {writes} writes, {intended} intended"
    );
    let deletes = sent
        .iter()
        .filter(|e| e.method == "DELETE" && e.path.contains("/restorePointCollections/"))
        .filter(|e| !e.path.contains("/locks/"));
    assert!(deletes.count() <= 8, "{name}: more than eight DELETEs");
    let strange = sent
        .iter()
        .find(|e| e.is_write() && e.path.contains("web10"));
    assert!(strange.is_none(), "{name}: touches web10: {strange:?}");
}

/// A second `apply` sends no write, although the backup has made a new collection. Where only a
/// state proved the complaint, nothing is left that proves it.
async fn again(stage: &Stage, ask: &Ask, first: &Plan, name: &str) -> String {
    let before = stage.ledger().len();
    let second = plan(&stage.world, ask).await.unwrap();
    let verdict = second
        .verdict
        .as_ref()
        .unwrap_or_else(|| panic!("{name}: it is not silent"));
    let expected = match first.incident.id.as_deref() {
        Some("state") => RunOutcome::NeedsHuman,
        _ => RunOutcome::NothingToDo,
    };
    assert_eq!(verdict.outcome, expected, "{name}: {}", verdict.reason);
    let sent = stage.ledger().split_off(before);
    assert!(
        sent.iter().all(|e| !e.is_write()),
        "{name}: the second apply wrote"
    );
    masked(&section("apply again", &sent))
}

/// The requests, the same one after another drawn together.
fn section(title: &str, entries: &[Entry]) -> String {
    let mut out = format!("# {title}\n");
    let mut lines: Vec<(String, usize)> = Vec::new();
    for entry in entries {
        let line = line(entry);
        match lines.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => lines.push((line, 1)),
        }
    }
    for (line, count) in lines {
        let times = if count > 1 {
            format!(" x{count}")
        } else {
            String::new()
        };
        writeln!(out, "{line}{times}").unwrap();
    }
    out
}

fn line(entry: &Entry) -> String {
    let query: Vec<String> = entry
        .query
        .iter()
        .filter(|(name, _)| name != "api-version" && name != "monitor")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    };
    let status = match (entry.status, entry.dropped) {
        (_, true) => "dropped".to_owned(),
        (Some(status), _) => status.to_string(),
        (None, false) => "-".to_owned(),
    };
    let mark = if entry.is_write() { "!" } else { " " };
    let path = entry.path.replace(
        "/subscriptions/11111111-2222-3333-4444-555555555555",
        "/{S}",
    );
    format!("{mark} {status:>3} {} {path}{query}", entry.method)
}

/// Without what changes with every edit of a runbook: hashes, the tail of a run's id, and the day
/// from which jobs are listed.
fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, instead) in [
        ("[0-9a-f]{64}", "<hash>"),
        (r"(20261121-\d{6})-[0-9a-f]{8}", "$1-<chance>"),
        ("startTime eq '[^']*'", "startTime eq '<14 days ago>'"),
    ] {
        let pattern = regex::Regex::new(pattern).unwrap();
        text = pattern.replace_all(&text, instead).into_owned();
    }
    text
}
