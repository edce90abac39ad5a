//! What a run is made with: the tables, the doors, and what was agreed to.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::base::{Chance, Clock};
use crate::core::action::{Actions, Actors};
use crate::core::facts::Lookers;
use crate::core::journal::Record;
use crate::core::journal::state::Illegal;
use crate::core::journal::store::{Store, StoreError};
use crate::core::plan::consent::Consent;

/// All that a run needs besides its plan.
#[derive(Clone)]
pub struct Engine {
    /// The deciding halves.
    pub actions: Actions,
    /// The acting halves.
    pub actors: Actors,
    /// The only way of looking.
    pub lookers: Lookers,
    /// Where events are kept.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub chance: Chance,
    /// What was sent so far, for the report.
    pub requests: Arc<dyn Fn() -> Value + Send + Sync>,
    /// Told of each event once it is durable.
    pub listener: Arc<dyn Fn(&Record) + Send + Sync>,
}

/// What a run is given besides its plan.
#[derive(Clone, Debug)]
pub struct Order {
    /// Who agreed.
    pub by: String,
    /// To what.
    pub consent: Consent,
    /// How long to wait for jobs.
    pub wait: Duration,
    /// It goes on only to be cancelled: what is borrowed is put back.
    pub cancel: bool,
    /// Becomes true when somebody asks to stop.
    pub stop: watch::Receiver<bool>,
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The journal failed, or another run holds the target.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine made an event that cannot be: our bug.
    #[error("our bug: {0}")]
    Illegal(#[from] Illegal),
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}
