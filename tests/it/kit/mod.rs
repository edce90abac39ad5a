//! What every test here stands on: a simulated Azure in this process, in virtual time.

pub(crate) mod camera;
pub(crate) mod canaries;
mod exchanges;
pub(crate) mod figures;
pub(crate) mod program;
pub(crate) mod server;
pub(crate) mod wire;

/// What must hold of every run: the rules that rehearsals are held against.
pub(crate) use runbook::ops::rehearse::rules as promise;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use runbook::azure::Arm;
use runbook::base::{Chance, Clock, SealKey, clock};
use runbook::core::journal::memory::Memory;
use runbook::core::journal::store::Store;
use runbook::core::journal::{Record, RunId};
use runbook::core::plan::Plan;
use runbook::core::plan::consent::Consent;
use runbook::core::runbook::catalogue::Catalogue;
use runbook::ops::apply::Listener;
use runbook::ops::rehearse::perform::connected;
use runbook::ops::rehearse::{Simulated, read_world, scenario_at, vm_id};
use runbook::ops::{Ask, OpsError, World, apply, catalogue, plan, resume};
use runbook::sim::{Entry, Sim};
use tokio::sync::watch;

use wire::{Tamper, Untouched, Wire};

/// Each scenario in which something is wrong, and the code that it is about.
pub(crate) const CASES: [(&str, &str); 5] = [
    ("rp-limit", "UserErrorRpCollectionLimitReached"),
    ("vm-failed", "UserErrorVmProvisioningStateFailed"),
    ("extension-stuck", "ExtensionStuckInDeletionState"),
    ("snapshot-sql", "GuestAgentSnapshotTaskStatusError"),
    ("backup-running", "UserErrorBackupOperationInProgress"),
];

/// A simulated Azure and the tool beside it.
pub(crate) struct Stage {
    pub(crate) simulated: Arc<Simulated>,
    pub(crate) store: Arc<Memory>,
    pub(crate) arm: Arc<Arm>,
    pub(crate) world: World,
    pub(crate) wait: Duration,
    pub(crate) listener: Listener,
}

/// Runs `test` on a paused clock of its own: hours pass in milliseconds.
pub(crate) fn in_virtual_time<T>(test: impl Future<Output = T>) -> T {
    clock::in_virtual_time(test).unwrap()
}

impl Stage {
    /// A built-in scenario.
    pub(crate) fn scenario(name: &str) -> Self {
        let now = "2026-11-21T03:10:00Z".parse().unwrap();
        Self::of(scenario_at(name, now).unwrap())
    }

    /// A world and its faults, as YAML.
    pub(crate) fn yaml(world: &str, faults: &str) -> Self {
        let (world, faults) =
            read_world("world.yaml", world, faults).unwrap_or_else(|e| panic!("{e}"));
        Self::of(Sim::new(world, faults))
    }

    pub(crate) fn of(sim: Sim) -> Self {
        Self::tampered(sim, Arc::new(Untouched))
    }

    /// A simulated Azure behind a wire that the test tampers with.
    pub(crate) fn tampered(sim: Sim, tamper: Arc<dyn Tamper>) -> Self {
        Self::with_store(sim, tamper, Arc::new(Memory::default()))
    }

    /// The same beside a journal that an earlier process has left.
    pub(crate) fn with_store(sim: Sim, tamper: Arc<dyn Tamper>, store: Arc<Memory>) -> Self {
        let clock = Clock::starting_at(sim.now_origin(), 1.0);
        let simulated = Simulated::of(sim, clock.clone(), None);
        let chance = Chance::seeded(7);
        let wire = Wire::to(&simulated, tamper);
        let arm = connected(&simulated, Arc::new(wire), &clock, &chance).unwrap();
        let world = World::of(Arc::clone(&arm), store.clone(), runbooks(), clock, chance)
            .sealing_with(seal_key());
        Self {
            simulated,
            store,
            arm,
            world,
            wait: Duration::from_secs(2 * 3600),
            listener: Arc::new(|_| {}),
        }
    }

    /// The tool of another process, with its own way into the journal.
    pub(crate) fn beside(&self, store: Arc<dyn Store>) -> World {
        let (clock, chance) = (self.world.clock().clone(), Chance::seeded(11));
        World::of(Arc::clone(&self.arm), store, runbooks(), clock, chance).sealing_with(seal_key())
    }

    /// The same with its journal in `store`.
    pub(crate) fn keeping(self, store: Arc<dyn Store>) -> Self {
        let world = self.beside(store);
        Self { world, ..self }
    }

    pub(crate) fn vm(&self, name: &str) -> String {
        self.simulated.with(|sim| vm_id(sim.world(), name))
    }

    pub(crate) async fn plan(&self, code: &str, vm: &str) -> Result<Plan, OpsError> {
        let ask = Ask {
            code: Some(code.to_owned()),
            vm: self.vm(vm),
            ..Ask::default()
        };
        plan(&self.world, &ask).await
    }

    /// Applies with the consent that a person at a prompt gives: to the whole plan.
    pub(crate) async fn apply(&self, plan: Plan) -> Result<Vec<Record>, OpsError> {
        let consent = Consent::Plan {
            fingerprint: plan.fingerprint.clone(),
            max_risk: None,
        };
        self.apply_with(plan, consent).await
    }

    pub(crate) async fn apply_with(
        &self,
        plan: Plan,
        consent: Consent,
    ) -> Result<Vec<Record>, OpsError> {
        let (_keep, stop) = watch::channel(false);
        let by = "a test".to_owned();
        apply(
            &self.world,
            plan,
            consent,
            by,
            self.wait,
            stop,
            Arc::clone(&self.listener),
        )
        .await
    }

    /// Goes on with a run under the consent that it has, else under one to the whole plan.
    pub(crate) async fn resume(&self, run: &RunId) -> Result<Vec<Record>, OpsError> {
        let all = |plan: &Plan| Consent::Plan {
            fingerprint: plan.fingerprint.clone(),
            max_risk: None,
        };
        self.resume_with(run, all).await
    }

    /// The same, with another consent where the run has none.
    pub(crate) async fn resume_with(
        &self,
        run: &RunId,
        agreed: impl Fn(&Plan) -> Consent,
    ) -> Result<Vec<Record>, OpsError> {
        let store = self.world.store().as_ref();
        let unfinished = resume::unfinished_run(store, &run.0).await?;
        let consent = unfinished.consent.clone();
        let consent = consent.unwrap_or_else(|| agreed(&unfinished.plan));
        let (_keep, stop) = watch::channel(false);
        let (by, told) = ("a test".to_owned(), Arc::clone(&self.listener));
        resume::resume(&self.world, run, consent, by, self.wait, stop, told).await
    }

    pub(crate) fn ledger(&self) -> Vec<Entry> {
        self.simulated.with(|sim| sim.ledger().to_vec())
    }
}

/// What the state directory of every stage seals with.
pub(crate) fn seal_key() -> SealKey {
    SealKey::of_bytes([7; 32])
}

/// The runbooks in the binary, read once for all tests.
fn runbooks() -> Catalogue {
    static READ: OnceLock<Catalogue> = OnceLock::new();
    READ.get_or_init(|| catalogue(None).unwrap()).clone()
}
