//! What every test here stands on: a simulated Azure in this process, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use runbook::azure::{Arm, Cloud, TokenSource};
use runbook::base::{Chance, Clock};
use runbook::core::journal::Record;
use runbook::core::journal::memory::Memory;
use runbook::core::plan::Plan;
use runbook::core::plan::consent::Consent;
use runbook::ops::rehearse::{InProcess, Simulated, credential, read_world, scenario_at};
use runbook::ops::{Ask, OpsError, World, apply, catalogue, plan};
use runbook::sim::{Entry, Sim};
use tokio::sync::watch;

/// A simulated Azure and the tool beside it.
pub(crate) struct Stage {
    pub(crate) simulated: Arc<Simulated>,
    pub(crate) store: Arc<Memory>,
    pub(crate) world: World,
    pub(crate) wait: Duration,
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
        let clock = Clock::starting_at(sim.now_origin(), 1.0);
        let simulated = Simulated::of(sim, clock.clone(), None);
        let store = Arc::new(Memory::default());
        let world = world_on(&simulated, &store, clock);
        Self {
            simulated,
            store,
            world,
            wait: Duration::from_secs(2 * 3600),
        }
    }

    pub(crate) fn vm(&self, name: &str) -> String {
        self.simulated.with(|sim| {
            let world = sim.world();
            let vm = world.vms.iter().find(|vm| vm.name == name);
            let group = vm.map_or("rg-web", |vm| vm.group.as_str());
            format!(
                "/subscriptions/{}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}",
                world.subscription
            )
        })
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
            Arc::new(|_| {}),
        )
        .await
    }

    pub(crate) fn ledger(&self) -> Vec<Entry> {
        self.simulated.with(|sim| sim.ledger().to_vec())
    }
}

fn world_on(simulated: &Arc<Simulated>, store: &Arc<Memory>, clock: Clock) -> World {
    let cloud = Cloud::public();
    let tokens = TokenSource::new(credential(simulated), &cloud).unwrap();
    let transport = Arc::new(InProcess(Arc::clone(simulated)));
    let chance = Chance::seeded(7);
    let arm = Arm::new(cloud, transport, tokens, clock.clone(), chance.clone());
    World::of(arm, store.clone(), catalogue(None).unwrap(), clock, chance)
}
