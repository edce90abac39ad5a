//! One run of a scenario on the simulator in virtual time, with every request timed and counted.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use runbook::azure::{Arm, Cloud, Counts, TokenSource, Transport, WireError};
use runbook::base::{Chance, Clock};
use runbook::core::journal::Record;
use runbook::core::journal::memory::Memory;
use runbook::core::journal::store::Store;
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::consent::Consent;
use runbook::core::report::Report;
use runbook::ops::rehearse::{InProcess, Simulated, credential, scenario_at};
use runbook::ops::{Ask, World, apply, catalogue, plan};
use runbook::sim::Entry;
use tokio::sync::watch;

/// What one plan and its application came to.
pub(crate) struct Measured {
    pub(crate) plan: Sums,
    pub(crate) apply: Sums,
    pub(crate) steps: usize,
    pub(crate) events: usize,
    /// Wall time of `apply` without the simulator's own.
    pub(crate) overhead: Duration,
    /// The events as JSON.
    pub(crate) journal_bytes: usize,
    pub(crate) outcome: RunOutcome,
}

/// Requests by kind. Polls are reads of an operation or of a backup job that goes on; reads and
/// queries else are looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) looks: u64,
    pub(crate) polls: u64,
    pub(crate) probes: u64,
    pub(crate) writes: u64,
}

impl Sums {
    fn of(before: Counts, after: Counts, polls: u64) -> Self {
        let looks = (after.reads + after.queries) - (before.reads + before.queries);
        Self {
            looks: looks - polls,
            polls,
            probes: after.probes - before.probes,
            writes: after.writes - before.writes,
        }
    }
}

/// The simulator in this process; adds up the time that it takes to answer.
struct Timed {
    inner: InProcess,
    nanoseconds: AtomicU64,
}

#[async_trait]
impl Transport for Timed {
    #[expect(
        clippy::disallowed_methods,
        reason = "virtual time stands still while this is measured"
    )]
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, WireError> {
        let began = Instant::now();
        let answer = self.inner.send(request).await;
        let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(took, Ordering::Relaxed);
        answer
    }
}

/// Runs `scenario` with the journal in memory, or in the folder `journal`.
pub(crate) fn measure(scenario: &str, code: &str, journal: Option<&Path>) -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(in_virtual_time(scenario, code, journal))
}

#[expect(
    clippy::disallowed_methods,
    reason = "virtual time stands still while this is measured"
)]
async fn in_virtual_time(scenario: &str, code: &str, journal: Option<&Path>) -> Measured {
    let origin = "2026-11-21T03:10:00Z".parse().expect("a time");
    let clock = Clock::starting_at(origin, 1.0);
    let sim = scenario_at(scenario, origin).expect("a scenario");
    let simulated = Simulated::of(sim, clock.clone(), None);
    let timed = Arc::new(Timed {
        inner: InProcess(Arc::clone(&simulated)),
        nanoseconds: AtomicU64::new(0),
    });
    let cloud = Cloud::public();
    let tokens = TokenSource::new(credential(&simulated), &cloud).expect("a token");
    let chance = Chance::seeded(7);
    let wire: Arc<dyn Transport> = Arc::clone(&timed) as Arc<dyn Transport>;
    let arm = Arm::new(cloud, wire, tokens, clock.clone(), chance.clone());
    let known = catalogue(None).expect("the runbooks");
    let world = World::of(Arc::clone(&arm), store(journal), known, clock, chance);
    let ask = Ask {
        code: Some(code.to_owned()),
        vm: vm_id(&simulated),
        ..Ask::default()
    };

    let first = plan(&world, &ask).await.expect("a plan");
    let (planned, planned_ledger) = (arm.counts(), ledger(&simulated));
    let steps = first.steps.len();
    let consent = Consent::Plan {
        fingerprint: first.fingerprint.clone(),
        max_risk: None,
    };
    let (_keep, stop) = watch::channel(false);
    let wait = Duration::from_secs(2 * 3600);
    let (by, quiet) = ("a measurement".to_owned(), Arc::new(|_: &Record| {}));

    let simulated_before = timed.nanoseconds.load(Ordering::Relaxed);
    let began = Instant::now();
    let records = apply(&world, first, consent, by, wait, stop, quiet)
        .await
        .expect("a run");
    let wall = began.elapsed();
    let simulators = timed.nanoseconds.load(Ordering::Relaxed) - simulated_before;

    let whole = ledger(&simulated);
    let report = Report::of_run(&records).expect("a report");
    Measured {
        plan: Sums::of(Counts::default(), planned, polls(&planned_ledger)),
        apply: Sums::of(planned, arm.counts(), polls(&whole[planned_ledger.len()..])),
        steps,
        events: records.len(),
        overhead: wall.saturating_sub(Duration::from_nanos(simulators)),
        journal_bytes: records
            .iter()
            .map(|r| serde_json::to_string(&r.event).map_or(0, |text| text.len()))
            .sum(),
        outcome: report.outcome.expect("an end"),
    }
}

fn store(journal: Option<&Path>) -> Arc<dyn Store> {
    let Some(folder) = journal else {
        return Arc::new(Memory::default());
    };
    Arc::new(crate::commits::open(folder))
}

fn vm_id(simulated: &Simulated) -> String {
    simulated.with(|sim| {
        let (world, vm) = (sim.world(), &sim.world().vms[0]);
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Compute/virtualMachines/{}",
            world.subscription, vm.group, vm.name
        )
    })
}

fn ledger(simulated: &Simulated) -> Vec<Entry> {
    simulated.with(|sim| sim.ledger().to_vec())
}

/// Reads of an operation, and reads, after a pause, of what was read just before: a job that goes
/// on. A read that is repeated without a pause is no poll, but waste.
fn polls(entries: &[Entry]) -> u64 {
    let mut last: Option<&Entry> = None;
    let mut count = 0;
    for entry in entries {
        let path = entry.path.to_ascii_lowercase();
        let operation = ["/operations/", "/operationsstatus/", "/operationresults/"]
            .iter()
            .any(|segment| path.contains(segment));
        let again = last.is_some_and(|last| last.path == entry.path && last.at < entry.at);
        if entry.method == "GET" && (operation || again) {
            count += 1;
        }
        last = (entry.method == "GET" && !operation).then_some(entry);
    }
    count
}
