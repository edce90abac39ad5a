//! What is killed: a scenario, or a golden case, with what is asked in it.

use std::path::Path;

use runbook::core::plan::Plan;
use runbook::ops::rehearse::cases::{Case, Question, cases_in};
use runbook::ops::{Ask, plan};
use runbook::sim::Sim;

use crate::kit::Stage;

/// The golden cases: with `RUNBOOK_EXHAUSTIVE` each, with `RUNBOOK_CASE` those that it is part of
/// the name of, else about `most`: `plain` of each runbook, and of the others every so many-th.
/// `RUNBOOK_SHARD=2/16` leaves the second sixteenth of them.
pub(crate) fn golden_cases(most: usize) -> Vec<Case> {
    let cases = chosen(most);
    match shard() {
        None => cases,
        Some((shard, of)) => cases.into_iter().skip(shard - 1).step_by(of).collect(),
    }
}

/// The shard that `RUNBOOK_SHARD` names, counted from one, and how many there are.
fn shard() -> Option<(usize, usize)> {
    let written = std::env::var_os("RUNBOOK_SHARD")?.into_string().ok();
    let read = written.as_deref().and_then(|text| {
        let (shard, of) = text.split_once('/')?;
        let (shard, of): (usize, usize) = (shard.parse().ok()?, of.parse().ok()?);
        (1..=of).contains(&shard).then_some((shard, of))
    });
    Some(read.expect("RUNBOOK_SHARD is not of the form 2/16"))
}

fn all() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/rehearsals");
    cases_in(&root).unwrap_or_else(|why| panic!("{why}"))
}

fn chosen(most: usize) -> Vec<Case> {
    let mut cases = all();
    if let Some(only) = std::env::var_os("RUNBOOK_CASE").and_then(|c| c.into_string().ok()) {
        cases.retain(|case| case.title().contains(&only));
        return cases;
    }
    if std::env::var_os("RUNBOOK_EXHAUSTIVE").is_some() {
        return cases;
    }
    let (plain, others): (Vec<Case>, Vec<Case>) =
        cases.into_iter().partition(|case| case.name == "plain");
    let left = most.saturating_sub(plain.len()).max(1);
    let step = others.len().div_ceil(left).max(1);
    plain
        .into_iter()
        .chain(others.into_iter().step_by(step))
        .collect()
}

/// A simulated Azure, and what is asked of the tool beside it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) sim: Sim,
    pub(crate) question: Question,
}

impl Subject {
    /// The plain question about a code.
    pub(crate) fn plain(name: &str, code: &str, sim: Sim) -> Self {
        Self {
            name: name.to_owned(),
            code: code.to_owned(),
            sim,
            question: Question::default(),
        }
    }

    /// The golden case of this name.
    pub(crate) fn golden(title: &str) -> Self {
        let case = all().into_iter().find(|case| case.title() == title);
        Self::of(&case.unwrap_or_else(|| panic!("there is no case {title}")))
    }

    /// A golden case.
    pub(crate) fn of(case: &Case) -> Self {
        let scene = case.read().unwrap_or_else(|why| panic!("{why}"));
        Self {
            name: case.title(),
            code: case.code.clone(),
            sim: scene.sim,
            question: scene.question,
        }
    }

    /// The question as the tool hears it.
    pub(crate) fn ask(&self) -> Ask {
        self.question.ask(&self.code, self.sim.world())
    }

    /// What the tool plans on a stage where it is asked.
    pub(crate) async fn planned(&self, stage: &Stage) -> Result<Plan, String> {
        plan(&stage.world, &self.ask())
            .await
            .map_err(|why| why.to_string())
    }

    /// Patient as the question says.
    pub(crate) fn on(&self, stage: Stage) -> Stage {
        let wait = self.question.wait();
        Stage { wait, ..stage }
    }
}
