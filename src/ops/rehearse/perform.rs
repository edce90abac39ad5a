//! One case, performed on the simulator in virtual time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::azure::{Arm, Cloud, TokenSource, Transport};
use crate::base::clock::in_virtual_time;
use crate::base::{Chance, Clock};
use crate::core::journal::Record;
use crate::core::journal::memory::Memory;
use crate::core::outcome::RunOutcome;
use crate::core::plan::Plan;
use crate::core::plan::consent::Consent;
use crate::core::report::text::{self, Paint};
use crate::core::report::{Report, markdown};
use crate::core::runbook::catalogue::Catalogue;
use crate::ops::rehearse::cases::{Case, Scene};
use crate::ops::rehearse::{InProcess, Simulated, credential, requests, rules};
use crate::ops::{Ask, OpsError, World, apply, plan};
use crate::sim::{Entry, Sim};

/// Makes the way from the tool to a simulated Azure.
pub type Wire = Arc<dyn Fn(&Arc<Simulated>) -> Arc<dyn Transport> + Send + Sync>;

/// The simulator called in this process, with nothing in between.
#[must_use]
pub fn in_process() -> Wire {
    Arc::new(|simulated| Arc::new(InProcess(Arc::clone(simulated))))
}

/// What came out of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Performance {
    /// `plan.txt`: the plan as `runbook plan` shows it.
    pub plan: String,
    /// `requests.txt`: what was asked of Azure, writes marked with `!`.
    pub requests: String,
    /// `report.md`: how the run is told.
    pub report: String,
    /// The run, or why there was none.
    pub told: Report,
}

impl Performance {
    /// The golden files: their names and what they hold.
    #[must_use]
    pub fn files(&self) -> [(&'static str, &str); 3] {
        [
            ("plan.txt", &self.plan),
            ("requests.txt", &self.requests),
            ("report.md", &self.report),
        ]
    }
}

/// A tool beside a simulated Azure; its time passes only while it waits.
struct Stage {
    simulated: Arc<Simulated>,
    world: World,
    wait: Duration,
}

/// The connection of a tool to a simulated Azure.
///
/// # Errors
/// When its credential cannot be.
pub fn connected(
    simulated: &Simulated,
    transport: Arc<dyn Transport>,
    clock: &Clock,
    chance: &Chance,
) -> Result<Arc<Arm>, OpsError> {
    let cloud = Cloud::public();
    let tokens = TokenSource::new(credential(simulated), &cloud)?;
    Ok(Arm::new(
        cloud,
        transport,
        tokens,
        clock.clone(),
        chance.clone(),
    ))
}

impl Stage {
    fn new(sim: Sim, known: &Catalogue, wire: &Wire, wait: Duration) -> Result<Self, OpsError> {
        let clock = Clock::starting_at(sim.now_origin(), 1.0);
        let simulated = Simulated::of(sim, clock.clone(), None);
        let chance = Chance::seeded(7);
        let arm = connected(&simulated, wire(&simulated), &clock, &chance)?;
        let store = Arc::new(Memory::default());
        Ok(Self {
            simulated,
            world: World::of(arm, store, known.clone(), clock, chance),
            wait,
        })
    }

    fn asked_since(&self, before: usize) -> Vec<Entry> {
        self.simulated.with(|sim| sim.ledger()[before..].to_vec())
    }

    async fn apply(&self, plan: Plan, consent: Consent) -> Result<Vec<Record>, OpsError> {
        let (_keep, stop) = watch::channel(false);
        let (by, nobody) = ("a test".to_owned(), Arc::new(|_: &Record| {}));
        apply(&self.world, plan, consent, by, self.wait, stop, nobody).await
    }
}

/// Performs a case: plans, applies under its consent, and where that fixed the VM applies again.
///
/// # Errors
/// What cannot be read of it, and what breaks the rules that hold of every run.
pub fn perform(case: &Case, known: &Catalogue, wire: &Wire) -> Result<Performance, String> {
    let scene = case.read().map_err(|why| why.to_string())?;
    perform_scene(&case.code, scene, known, wire)
}

/// As [`perform`], from a beginning that need not be that of a case.
///
/// # Errors
/// As [`perform`].
pub fn perform_scene(
    code: &str,
    scene: Scene,
    known: &Catalogue,
    wire: &Wire,
) -> Result<Performance, String> {
    in_virtual_time(performed(code, scene, known, wire)).map_err(|why| why.to_string())?
}

async fn performed(
    code: &str,
    scene: Scene,
    known: &Catalogue,
    wire: &Wire,
) -> Result<Performance, String> {
    let Scene { sim, question } = scene;
    let ask = question.ask(code, sim.world());
    let told = |why: OpsError| why.to_string();
    let stage = Stage::new(sim, known, wire, question.wait()).map_err(told)?;
    let first = plan(&stage.world, &ask).await.map_err(told)?;
    let planned = stage.asked_since(0);
    rules::nothing_written(&planned, "planning")?;
    let mut asked = requests::section("plan", &planned);
    let consent = question.consent(&first);
    let report = match applied(&stage, &first, consent).await {
        Ok(records) => {
            let sent = stage.asked_since(planned.len());
            stage
                .simulated
                .with(|sim| rules::of_a_run(&records, &sent, sim, &ask.vm))?;
            asked.push_str(&requests::section("apply", &sent));
            Report::of_run(&records).map_err(|why| why.to_string())?
        }
        Err(why) => {
            rules::nothing_sent(&stage.asked_since(planned.len()))?;
            not_applied(why, &first)
        }
    };
    // A forced run asks for no proof, so it would act again.
    if report.outcome == Some(RunOutcome::Fixed) && !question.force {
        asked.push_str(&again(&stage, &ask, &first).await?);
    }
    Ok(Performance {
        plan: requests::masked(&text::plan(&first, Paint::None)),
        requests: asked,
        report: requests::masked(&markdown::render(&report)),
        told: report,
    })
}

async fn applied(stage: &Stage, plan: &Plan, consent: Consent) -> Result<Vec<Record>, OpsError> {
    if plan.verdict.is_some() || !plan.missing_permissions.is_empty() {
        return Err(OpsError::MissingPermissions(Box::new(plan.clone())));
    }
    stage.apply(plan.clone(), consent).await
}

fn not_applied(why: OpsError, plan: &Plan) -> Report {
    match why {
        OpsError::Refused(refusal, plan) => Report::of_refusal(&plan, &refusal),
        _ => Report::of_plan(plan),
    }
}

/// A second `apply` sends no write, although the backup has made a new collection. Where only a
/// state proved the complaint, nothing is left that proves it.
async fn again(stage: &Stage, ask: &Ask, first: &Plan) -> Result<String, String> {
    let before = stage.asked_since(0).len();
    let second = plan(&stage.world, ask)
        .await
        .map_err(|why| why.to_string())?;
    let expected = match first.incident.id.as_deref() {
        Some("state") => RunOutcome::NeedsHuman,
        _ => RunOutcome::NothingToDo,
    };
    match &second.verdict {
        Some(verdict) if verdict.outcome == expected => {}
        Some(verdict) => {
            return Err(format!(
                "applied again it ends as {}, not as {expected}: {}",
                verdict.outcome, verdict.reason
            ));
        }
        None => return Err("applied again it is not silent: it would act again".to_owned()),
    }
    let sent = stage.asked_since(before);
    rules::nothing_written(&sent, "applying again")?;
    Ok(requests::section("apply again", &sent))
}
