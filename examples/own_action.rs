//! The engine with actions of one's own: no Azure, a printer in memory.
//!
//! ```text
//! cargo run --example own_action
//! ```
//!
//! It shows the whole port: two facts (a `Looker` each), two actions (a `Remedy` each; one is done
//! at once, the other is accepted and polled), a runbook as text that is checked against their
//! words, and then plan, show, apply, report, and a second plan that has nothing to do.

#![expect(clippy::print_stdout, reason = "an example talks")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use runbook::base::{Chance, Clock, ErrorClass, Failure};
use runbook::core::action::{
    About, Actions, Actors, Applied, Ceiling, Change, Decision, Kind, Operation, Past, Patience,
    Polled, Poller, Remedy, Repeat,
};
use runbook::core::execute::drive::run;
use runbook::core::execute::engine::{Engine, Order};
use runbook::core::facts::{FactKey, Facts, Looker, Lookers, Seen, Target};
use runbook::core::incident::{self, Incident, IncidentStatus};
use runbook::core::journal::memory::Memory;
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::build::{Request, build};
use runbook::core::plan::consent::{Consent, covers};
use runbook::core::plan::{Context, Plan};
use runbook::core::report::text::{self, Paint};
use runbook::core::report::{Report, markdown};
use runbook::core::runbook::catalogue::{Catalogue, Folder, Text};
use runbook::core::runbook::check::Vocabulary;
use runbook::core::runbook::risk::{Approval, Risk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const RUNBOOK: &str = r"
version: 1
code: PaperJam
title: Paper is jammed
summary: Sheets are stuck in the printer, and nothing is printed until they are out.
references:
  - title: The printer's manual
    url: https://example.com/manual
    section: paper-jam
    reviewed: 2026-11-21
steps:
  - id: clear
    title: Take {{tray.jammed}} sheets out
    action: sheets.remove
    with: { at_most: 5 }
  - id: test-page
    title: Print a test page
    action: page.print
";

/// The world: what an Azure is to the runbooks of the catalogue.
#[derive(Debug)]
struct Printer {
    jammed: u64,
    jammed_at: Timestamp,
    polls_until_printed: Option<u32>,
    printed_at: Option<Timestamp>,
    requests: Vec<String>,
}

#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Printer>>, Clock);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Printer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fact `tray`, as runbooks may name it: `tray.jammed`, `tray.printed_at`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Tray {
    jammed: u64,
    printed_at: Option<String>,
}

struct LookAtTray(Shared);

#[async_trait]
impl Looker for LookAtTray {
    fn name(&self) -> &'static str {
        "tray"
    }

    fn schema(&self) -> Value {
        schemars::schema_for!(Tray).to_value()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, _: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        let printer = self.0.lock();
        let printed_at = printer.printed_at.map(|at| at.to_string());
        Ok(json!({ "jammed": printer.jammed, "printed_at": printed_at }))
    }
}

/// The fact that the engine asks for first: what is complained of, and whether it still stands.
struct LookAtComplaint(Shared);

#[async_trait]
impl Looker for LookAtComplaint {
    fn name(&self) -> &'static str {
        incident::FACT
    }

    fn schema(&self) -> Value {
        json!({ "type": "object" })
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, _: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        let printer = self.0.lock();
        let healed = printer.printed_at > Some(printer.jammed_at);
        let found = Incident {
            status: if healed {
                IncidentStatus::Healed
            } else {
                IncidentStatus::Open
            },
            id: Some("complaint-1".to_owned()),
            code: Some("PaperJam".to_owned()),
            ended: Some(printer.jammed_at),
            evidence: if healed {
                "a page has been printed since the paper jam".to_owned()
            } else {
                "the printer has reported a paper jam".to_owned()
            },
            ..Incident::default()
        };
        serde_json::to_value(found)
            .map_err(|e| Failure::new(ErrorClass::Invalid, "describe the complaint", e.to_string()))
    }
}

/// Takes jammed sheets out, one request each.
struct RemoveSheets;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RemoveSheetsArgs {
    /// With more sheets than this, a person has to open the printer.
    at_most: u64,
}

#[async_trait]
impl Remedy for RemoveSheets {
    type Args = RemoveSheetsArgs;
    type Writer = Shared;

    fn about() -> About {
        About {
            name: "sheets.remove",
            sentence: "Takes jammed sheets out",
            ceiling: ceiling(
                Risk::Destructive,
                "DELETE",
                "Example.Office/printers/sheets",
            ),
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(_: &Self::Args, _: &Past<'_>) -> Vec<FactKey> {
        vec![FactKey::named("tray")]
    }

    fn decide(args: &Self::Args, seen: Seen<'_>, _: &Past<'_>) -> Result<Decision, String> {
        let tray: Tray = seen.named("tray")?;
        if tray.jammed == 0 {
            return Ok(Decision::Satisfied {
                why: "no sheet is jammed".to_owned(),
                outputs: Value::Null,
            });
        }
        if tray.jammed > args.at_most {
            return Ok(Decision::NeedsHuman {
                why: format!("{} sheets are jammed: open the printer", tray.jammed),
                evidence: json!(tray),
            });
        }
        let sheet = |n: u64| change("DELETE", &format!("sheets/{n}"), Risk::Destructive);
        Ok(Decision::Change {
            changes: (1..=tray.jammed).rev().map(sheet).collect(),
            remaining: tray.jammed,
            baseline: Value::Null,
        })
    }

    fn predict(change: &Change, facts: &mut Facts, by: &str) {
        if change.resource.is_empty() {
            return facts.forget("tray", by);
        }
        facts.edit("tray", |tray| {
            tray["jammed"] = json!(tray["jammed"].as_u64().unwrap_or(0).saturating_sub(1));
        });
    }

    async fn apply(change: &Change, printer: &Shared) -> Result<Applied, Failure> {
        let mut printer = printer.lock();
        printer.requests.push(change.key());
        printer.jammed = printer.jammed.saturating_sub(1);
        Ok(Applied::Done(Value::Null))
    }
}

/// Prints a page, which takes a while: accepted first, then polled.
struct PrintPage;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PrintPageArgs {}

#[async_trait]
impl Remedy for PrintPage {
    type Args = PrintPageArgs;
    type Writer = Shared;

    fn about() -> About {
        About {
            name: "page.print",
            sentence: "Prints a test page",
            ceiling: ceiling(Risk::Reversible, "POST", "Example.Office/printers/print"),
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(_: &Self::Args, _: &Past<'_>) -> Vec<FactKey> {
        vec![FactKey::named("tray")]
    }

    fn decide(_: &Self::Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let tray: Tray = seen.named("tray")?;
        match (past.last(), tray.printed_at) {
            // Only a page that came out after this run asked for one counts.
            (Some(_), Some(at)) => Ok(Decision::Satisfied {
                why: format!("the test page came out at {at}"),
                outputs: Value::Null,
            }),
            (Some(asked), None) => Ok(Decision::Wait {
                what: "the test page".to_owned(),
                look_again_at: past.now + Duration::from_secs(30),
                give_up_at: asked.at + Duration::from_secs(600),
                patience: Patience::Step,
                following: Value::Null,
                recheck_incident: false,
                then: Vec::new(),
            }),
            (None, _) => Ok(Decision::Change {
                changes: vec![change("POST", "print", Risk::Reversible)],
                remaining: 1,
                baseline: Value::Null,
            }),
        }
    }

    fn predict(_: &Change, facts: &mut Facts, by: &str) {
        facts.forget("tray", by);
    }

    async fn apply(change: &Change, printer: &Shared) -> Result<Applied, Failure> {
        let mut printer = printer.lock();
        printer.requests.push(change.key());
        printer.polls_until_printed = Some(2);
        Ok(Applied::Accepted(Operation {
            id: "page-1".to_owned(),
            token: Value::Null,
            poll_after: Some(20),
        }))
    }
}

/// Follows the operations that `PrintPage` begins.
struct FollowPage(Shared);

#[async_trait]
impl Poller for FollowPage {
    async fn poll(&self, _: &Operation) -> Result<Polled, Failure> {
        let now = self.0.1.now();
        let mut printer = self.0.lock();
        match printer.polls_until_printed {
            None => Ok(Polled::Gone),
            Some(0) => {
                printer.printed_at = Some(now);
                Ok(Polled::Succeeded(Value::Null))
            }
            Some(left) => {
                printer.polls_until_printed = Some(left - 1);
                Ok(Polled::Running(Some(20)))
            }
        }
    }
}

fn ceiling(risk: Risk, method: &str, resource_type: &str) -> Ceiling {
    Ceiling {
        risk,
        approval: Approval::None,
        kinds: vec![Kind {
            method: method.to_owned(),
            resource_type: resource_type.to_owned(),
            permission: "none".to_owned(),
        }],
    }
}

fn change(method: &str, what: &str, risk: Risk) -> Change {
    Change {
        method: method.to_owned(),
        resource: format!("/office/1/providers/Example.Office/printers/lobby/{what}"),
        body: Value::Null,
        summary: format!("{} `{what}`", method.to_lowercase()),
        risk,
        approval: Approval::None,
        because: None,
        loses: Vec::new(),
        permission: None,
        repeat: Repeat::Safe,
        evidence: Value::Null,
        probe: false,
        anew: false,
        borrows: None,
        returns: None,
    }
}

async fn plan(catalogue: &Catalogue, engine: &Engine) -> Result<Plan, Box<dyn Error>> {
    let request = Request {
        runbook: catalogue.find("PaperJam")?,
        target: Target {
            id: "/office/1/providers/Example.Office/printers/lobby".to_owned(),
        },
        params: BTreeMap::new(),
        force: false,
        context: Context {
            cloud: "a printer in this process".to_owned(),
            ..Context::default()
        },
        approved: None,
        now: engine.clock.now(),
    };
    Ok(build(request, &engine.actions, &engine.lookers).await)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Minutes pass in tenths of a second.
    let clock = Clock::starting_at("2026-11-21T03:10:00Z".parse()?, 600.0);
    let printer = Shared(
        Arc::new(Mutex::new(Printer {
            jammed: 2,
            jammed_at: "2026-11-21T02:45:00Z".parse()?,
            polls_until_printed: None,
            printed_at: None,
            requests: Vec::new(),
        })),
        clock.clone(),
    );
    let writer = Arc::new(printer.clone());
    let requests = printer.clone();
    let engine = Engine {
        actions: Actions::default()
            .with::<RemoveSheets>()
            .with::<PrintPage>(),
        actors: Actors::new(Arc::new(FollowPage(printer.clone())))
            .with::<RemoveSheets>(&writer)
            .with::<PrintPage>(&writer),
        lookers: Lookers::default()
            .with(LookAtTray(printer.clone()))
            .with(LookAtComplaint(printer.clone())),
        store: Arc::new(Memory::default()),
        clock,
        chance: Chance::from_entropy(),
        requests: Arc::new(move || json!({ "writes": requests.lock().requests.len() })),
        listener: Arc::new(|record| println!("event {:>2}  {}", record.seq, record.event.name())),
    };

    // The runbook is checked against the words of these actions and facts, as `runbook check` does.
    let words = Vocabulary {
        actions: engine
            .actions
            .iter()
            .map(|(n, a)| (n.to_owned(), a.arguments()))
            .collect(),
        borrowing: BTreeSet::new(),
        facts: engine.lookers.schemas(),
    };
    let text = Text {
        file: "PaperJam.yaml".to_owned(),
        text: RUNBOOK.to_owned(),
    };
    let catalogue = Catalogue::read(Folder::of([text]), &words)?;

    let first = plan(&catalogue, &engine).await?;
    println!("{}", text::plan(&first, Paint::None));
    assert_eq!(
        first.steps[0].changes.len(),
        2,
        "one request for each sheet"
    );
    assert_eq!(first.steps[0].title, "Take 2 sheets out");
    assert!(printer.lock().requests.is_empty(), "planning sends nothing");

    let consent = Consent::Plan {
        fingerprint: first.fingerprint.clone(),
        max_risk: None,
    };
    if let Err(refusal) = covers(&consent, &first) {
        return Err(format!("the consent does not cover the plan: {refusal:?}").into());
    }
    let (_keep, stop) = tokio::sync::watch::channel(false);
    let order = Order {
        by: "this example".to_owned(),
        consent,
        wait: Duration::from_secs(3600),
        cancel: false,
        stop,
    };
    let records = run(&engine, first, order).await?;
    let report = Report::of_run(&records)?;
    println!("\n{}", markdown::render(&report));
    assert_eq!(report.outcome, Some(RunOutcome::Fixed));
    assert_eq!(printer.lock().requests.len(), 3, "two sheets and one page");

    let second = plan(&catalogue, &engine).await?;
    let verdict = second
        .verdict
        .ok_or("the second plan should have nothing to do")?;
    assert_eq!(verdict.outcome, RunOutcome::NothingToDo);
    println!(
        "a second plan: {}, because {}",
        verdict.outcome, verdict.reason
    );
    Ok(())
}
