//! The conversations of `conversations.yaml`, carried on by the real engine.
//!
//! Two tellings of each: with answers of our own making, wherever the tests run, and with those
//! of the real Azure where they lie beside the repository. Both must go alike.

use std::fmt::Write as _;
use std::sync::Arc;

use runbook::base::yaml;
use runbook::core::journal::Record;
use runbook::core::outcome::StepOutcome;
use runbook::core::report::Report;
use runbook::sim::{Sim, scenarios};
use serde::Deserialize;

use super::conversation::{Conversation, Play, Said};
use super::leaks::{Log, leaks};
use super::recording::{self, Recording};
use super::{golden, shapes};
use crate::golden::{compare, difference};
use crate::kit::promise::hold;
use crate::kit::{Stage, figures, in_virtual_time};

/// A Linux VM without a fault of its own: nothing is done but to back it up.
const LINUX: &str = "
vms: [{ name: web1, group: rg-web, os: linux }]
vaults:
  - name: vault-web
    items: [{ vm: web1 }]
    jobs:
      - { vm: web1, status: Failed, code: GuestAgentSnapshotTaskStatusError, started: 29m ago, ended: 25m ago }
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    conversations: Vec<Conversation>,
}

/// What all conversations came to.
#[derive(Default)]
struct Telling {
    /// What was asked and answered, and how it ended.
    list: String,
    /// What is said to people of it, which holds Azure's own words.
    words: String,
    objections: Vec<String>,
    conversations: usize,
    exchanges: usize,
}

#[test]
fn every_conversation_goes_as_the_golden_list_tells_it() {
    let telling = carry_on_all(&shapes::all());
    let mut wrong = telling.objections;
    wrong.extend(compare(&golden("conversations"), &telling.list));
    wrong.extend(compare(&golden("conversations.words"), &telling.words));
    let (conversations, exchanges) = (telling.conversations, telling.exchanges);
    figures::keep(
        "conversations",
        &format!("{conversations}, {exchanges} exchanges with answers of our own making"),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_conversation_goes_the_same_with_the_recorded_answers() {
    let recordings = recording::beside();
    if recordings.is_empty() {
        figures::keep(
            "conversations-recorded",
            "skipped: no recordings beside this checkout",
        );
        return;
    }
    let telling = carry_on_all(&recordings);
    let mut wrong = telling.objections;
    wrong.extend(difference(&golden("conversations"), &telling.list));
    let (conversations, exchanges) = (telling.conversations, telling.exchanges);
    figures::keep(
        "conversations-recorded",
        &format!("{conversations}, {exchanges} exchanges"),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn carry_on_all(answers: &[Recording]) -> Telling {
    let table = include_str!("conversations.yaml");
    let table = yaml::parse::<Table>("conversations.yaml", table).unwrap();
    let mut telling = Telling::default();
    for conversation in table.value.conversations {
        let name = conversation.name.clone();
        in_virtual_time(carry_on(conversation, answers, &mut telling))
            .unwrap_or_else(|why| telling.objections.push(format!("{name}: {why}")));
        telling.conversations += 1;
    }
    telling
}

async fn carry_on(
    conversation: Conversation,
    answers: &[Recording],
    telling: &mut Telling,
) -> Result<(), String> {
    let (name, code) = (conversation.name.clone(), conversation.code.clone());
    let borrowed = conversation.borrowed.clone();
    let sim = sim(&conversation.world);
    let play = Arc::new(Play::of(conversation, answers)?);
    let stage = Stage::tampered(sim, play.clone());
    let log = Log::default();
    let records = {
        let _listening = log.listen();
        let plan = stage.plan(&code, "web1").await.map_err(|e| e.to_string())?;
        let planned = stage.ledger().len();
        let records = stage.apply(plan).await.map_err(|e| e.to_string())?;
        hold(&records, &stage.ledger()[planned..])?;
        records
    };
    let said = play.said();
    let objections = said.objections.iter().cloned();
    let leaks = leaks(&said.urls, &stage, &records, &log.text());
    telling
        .objections
        .extend(objections.chain(leaks).map(|why| format!("{name}: {why}")));
    telling.exchanges += said.exchanges;
    tell(&name, borrowed.as_deref(), &said, &records, telling);
    Ok(())
}

fn sim(world: &str) -> Sim {
    if world == "linux" {
        return Stage::yaml(LINUX, "").simulated.with(Clone::clone);
    }
    // Without the faults of a scenario: here Azure's own answers are the faults.
    let (world, _) = scenarios::yaml(world).unwrap();
    Stage::yaml(world, "").simulated.with(Clone::clone)
}

fn tell(
    name: &str,
    borrowed: Option<&str>,
    said: &Said,
    records: &[Record],
    telling: &mut Telling,
) {
    let report = Report::of_run(records).unwrap();
    let (list, words) = (&mut telling.list, &mut telling.words);
    writeln!(list, "# {name}").unwrap();
    if let Some(borrowed) = borrowed {
        writeln!(list, "  ({borrowed})").unwrap();
    }
    for line in &said.told {
        writeln!(list, "{line}").unwrap();
    }
    writeln!(words, "# {name}").unwrap();
    for step in &report.steps {
        let outcome = step.outcome.map_or("-".to_owned(), |o| o.to_string());
        writeln!(list, "  {}: {outcome}", step.id).unwrap();
        let acted = step.outcome != Some(StepOutcome::Skipped) && !step.reason.is_empty();
        if acted && step.reason != report.reason {
            writeln!(words, "  {}: {}", step.id, masked(&step.reason)).unwrap();
        }
    }
    let outcome = report.outcome.map_or("-".to_owned(), |o| o.to_string());
    let problem = report.problem.as_ref();
    let class = problem.and_then(|p| p.failure.as_ref()).map(|f| f.class);
    let class = class.map_or(String::new(), |c| format!(", {c}"));
    let code = problem.and_then(|p| p.code.as_deref());
    let code = code.map_or(String::new(), |c| format!(", `{c}`"));
    writeln!(list, "  the run: {outcome}{class}{code}\n").unwrap();
    writeln!(words, "  the run: {outcome}: {}\n", masked(&report.reason)).unwrap();
}

/// Without what changes with every request more or less: names that chance gave, and the minute.
fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, instead) in [
        ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
        (r"recovery point \d+", "recovery point <id>"),
        (r"at \d{4}-\d\d-\d\d \d\d:\d\d UTC", "at <time>"),
    ] {
        let pattern = regex::Regex::new(pattern).unwrap();
        text = pattern.replace_all(&text, instead).into_owned();
    }
    text
}
