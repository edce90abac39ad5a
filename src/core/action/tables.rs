//! The two object-safe halves of an action, and the tables that the engine keeps them in.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::base::Failure;
use crate::core::action::{
    About, Applied, Change, Decision, Operation, Past, Polled, Remedy, Sent, Undo,
};
use crate::core::facts::{FactKey, Facts, Seen};

/// The deciding half of an action; object-safe.
pub trait Action: Send + Sync {
    /// What it is.
    fn about(&self) -> About;
    /// JSON Schema of its arguments.
    fn arguments(&self) -> Value;
    /// As [`Remedy::needs`].
    ///
    /// # Errors
    /// When the arguments do not fit.
    fn needs(&self, args: &Value, past: &Past<'_>) -> Result<Vec<FactKey>, String>;
    /// As [`Remedy::reads`].
    fn reads(&self) -> Vec<&'static str>;
    /// As [`Remedy::decide`].
    ///
    /// # Errors
    /// When the arguments or a fact do not fit.
    fn decide(&self, args: &Value, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String>;
    /// As [`Remedy::undo`].
    fn undo(&self, sent: &Sent, past: &Past<'_>) -> Undo;
    /// As [`Remedy::predict`].
    fn predict(&self, change: &Change, facts: &mut Facts, by: &str);
}

struct Bound<R>(PhantomData<fn() -> R>);

impl<R: Remedy> Action for Bound<R> {
    fn about(&self) -> About {
        R::about()
    }

    fn arguments(&self) -> Value {
        schemars::schema_for!(R::Args).to_value()
    }

    fn needs(&self, args: &Value, past: &Past<'_>) -> Result<Vec<FactKey>, String> {
        Ok(R::needs(&read::<R>(args)?, past))
    }

    fn reads(&self) -> Vec<&'static str> {
        R::reads()
    }

    fn decide(&self, args: &Value, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        R::decide(&read::<R>(args)?, seen, past)
    }

    fn undo(&self, sent: &Sent, past: &Past<'_>) -> Undo {
        R::undo(sent, past)
    }

    fn predict(&self, change: &Change, facts: &mut Facts, by: &str) {
        R::predict(change, facts, by);
    }
}

fn read<R: Remedy>(args: &Value) -> Result<R::Args, String> {
    serde_json::from_value(args.clone())
        .map_err(|e| format!("the arguments of `{}` do not fit: {e}", R::about().name))
}

/// The acting half of an action; object-safe.
#[async_trait]
pub trait Actor: Send + Sync {
    /// As [`Remedy::apply`].
    async fn apply(&self, change: &Change) -> Result<Applied, Failure>;
}

struct Armed<R: Remedy>(Arc<R::Writer>);

#[async_trait]
impl<R: Remedy> Actor for Armed<R> {
    async fn apply(&self, change: &Change) -> Result<Applied, Failure> {
        R::apply(change, &self.0).await
    }
}

/// Follows operations that were accepted.
#[async_trait]
pub trait Poller: Send + Sync {
    /// One poll.
    async fn poll(&self, operation: &Operation) -> Result<Polled, Failure>;
}

/// The table of the deciding halves.
#[derive(Clone, Default)]
pub struct Actions(BTreeMap<&'static str, Arc<dyn Action>>);

impl Actions {
    /// Adds an action; one of the same name is replaced.
    #[must_use]
    pub fn with<R: Remedy>(mut self) -> Self {
        self.0
            .insert(R::about().name, Arc::new(Bound::<R>(PhantomData)));
        self
    }

    /// One action.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn Action> {
        self.0.get(name).map(AsRef::as_ref)
    }

    /// Every action, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &dyn Action)> {
        self.0.iter().map(|(name, action)| (*name, action.as_ref()))
    }
}

impl fmt::Debug for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The table of the acting halves, and what polls for them.
#[derive(Clone)]
pub struct Actors {
    table: BTreeMap<&'static str, Arc<dyn Actor>>,
    poller: Arc<dyn Poller>,
}

impl Actors {
    /// An empty table.
    #[must_use]
    pub fn new(poller: Arc<dyn Poller>) -> Self {
        Self {
            table: BTreeMap::new(),
            poller,
        }
    }

    /// Arms an action with a writer.
    #[must_use]
    pub fn with<R: Remedy>(mut self, writer: &Arc<R::Writer>) -> Self {
        self.table
            .insert(R::about().name, Arc::new(Armed::<R>(Arc::clone(writer))));
        self
    }

    /// One actor.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn Actor> {
        self.table.get(name).map(AsRef::as_ref)
    }

    /// What polls.
    #[must_use]
    pub fn poller(&self) -> &dyn Poller {
        self.poller.as_ref()
    }
}

impl fmt::Debug for Actors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.table.keys()).finish()
    }
}
