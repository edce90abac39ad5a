//! `apply`: carries out a plan that was agreed to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::actions;
use crate::azure::Writer;
use crate::core::execute::drive::run;
use crate::core::execute::engine::{Engine, Order};
use crate::core::journal::Record;
use crate::core::plan::Plan;
use crate::core::plan::consent::{Consent, covers};
use crate::ops::{OpsError, World};

/// Told of each event once it is durable.
pub type Listener = Arc<dyn Fn(&Record) + Send + Sync>;

/// Applies `plan` and returns the journal of the run.
///
/// # Errors
/// When the consent or the rights do not cover the whole plan, or another run holds the VM: then
/// nothing was sent. When the journal fails: then nothing was sent after it did.
pub async fn apply(
    world: &World,
    plan: Plan,
    consent: Consent,
    by: String,
    wait: Duration,
    stop: watch::Receiver<bool>,
    listener: Listener,
) -> Result<Vec<Record>, OpsError> {
    if let Err(refusal) = covers(&consent, &plan) {
        return Err(OpsError::Refused(refusal, Box::new(plan)));
    }
    if !plan.missing_permissions.is_empty() {
        return Err(OpsError::MissingPermissions(Box::new(plan)));
    }
    let order = Order {
        by,
        consent,
        wait,
        cancel: false,
        stop,
    };
    Ok(run(&engine(world, listener), plan, order).await?)
}

/// The engine of a world: the one place where a writer is made.
pub(super) fn engine(world: &World, listener: Listener) -> Engine {
    let arm = Arc::clone(&world.arm);
    Engine {
        actions: world.actions.clone(),
        actors: actions::actors(Writer::new(Arc::clone(&arm))),
        lookers: world.lookers.clone(),
        store: Arc::clone(&world.store),
        clock: world.clock.clone(),
        chance: world.chance.clone(),
        requests: Arc::new(move || serde_json::to_value(arm.counts()).unwrap_or_default()),
        listener,
    }
}
