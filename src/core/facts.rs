//! What is known of a target: known, unknown until some step has run, or failed to be read.
//!
//! Core owns the tree and knows no fact. Facts load lazily and concurrently, only those that are
//! named; the memory of what was read is one [`Facts`] value, which lives for one look.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{ErrorClass, Failure};
use crate::core::runbook::template::{FactPath, Phrases, Reading, Scope};

/// What a run is about: one virtual machine, named by its resource id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The resource id, in the casing it was given in.
    pub id: String,
}

impl Target {
    /// The id for comparing: lower-cased, because resource ids are case-insensitive.
    #[must_use]
    pub fn key(&self) -> String {
        self.id.to_lowercase()
    }
}

/// Names one fact: a name, and arguments where one name has many facts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FactKey {
    /// `vm`, `locks`, `job` …
    pub name: String,
    /// Canonical JSON of the arguments; empty when there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub arguments: String,
}

impl FactKey {
    /// A fact without arguments.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            arguments: String::new(),
        }
    }

    /// A fact with arguments.
    #[must_use]
    pub fn with(name: &str, arguments: &Value) -> Self {
        Self {
            name: name.to_owned(),
            arguments: arguments.to_string(),
        }
    }

    /// The arguments as a value; null when there are none.
    #[must_use]
    pub fn arguments(&self) -> Value {
        serde_json::from_str(&self.arguments).unwrap_or(Value::Null)
    }
}

impl fmt::Display for FactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.arguments.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}({})", self.name, self.arguments)
        }
    }
}

/// One fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Read, or predicted.
    Known(Value),
    /// Known only after something named here, such as `step 2`.
    Unknown(String),
    /// It could not be read.
    Failed(Failure),
}

/// The facts of one look, or the planning tree that predictions edit.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    tree: BTreeMap<FactKey, Fact>,
}

impl Facts {
    /// One fact, if it was asked for.
    #[must_use]
    pub fn get(&self, key: &FactKey) -> Option<&Fact> {
        self.tree.get(key)
    }

    /// Puts a fact in place of what was there.
    pub fn set(&mut self, key: FactKey, fact: Fact) {
        self.tree.insert(key, fact);
    }

    /// What could not be read and stops nothing, in the words of the facts that say so.
    pub fn unread(&self) -> impl Iterator<Item = &str> {
        self.tree.values().filter_map(|fact| match fact {
            Fact::Known(value) => value["unread"].as_str(),
            _ => None,
        })
    }

    /// Puts a known fact without arguments.
    pub fn know(&mut self, name: &str, value: Value) {
        self.set(FactKey::named(name), Fact::Known(value));
    }

    /// Changes the known values of a fact, whatever its arguments; others stay as they are.
    pub fn edit(&mut self, name: &str, mut change: impl FnMut(&mut Value)) {
        for (key, fact) in &mut self.tree {
            if let (true, Fact::Known(value)) = (key.name == name, fact) {
                change(value);
            }
        }
    }

    /// Makes a fact unknown until `by`, whatever its arguments, whether it was read or not.
    pub fn forget(&mut self, name: &str, by: &str) {
        self.set(FactKey::named(name), Fact::Unknown(by.to_owned()));
        for (key, fact) in &mut self.tree {
            if key.name == name {
                *fact = Fact::Unknown(by.to_owned());
            }
        }
    }

    /// The first of `keys` that is not known, as why: unknown by something, or failed.
    #[must_use]
    pub fn missing(&self, keys: &[FactKey]) -> Option<Missing> {
        let failed = keys.iter().find_map(|key| match self.get(key) {
            Some(Fact::Failed(failure)) => Some(Missing::Failed(failure.clone())),
            _ => None,
        });
        failed.or_else(|| {
            keys.iter().find_map(|key| match self.get(key) {
                Some(Fact::Unknown(by)) => Some(Missing::Unknown(by.clone())),
                None => Some(Missing::Failed(Failure::new(
                    ErrorClass::Invalid,
                    format!("read the fact `{key}`"),
                    "it was used but not asked for",
                ))),
                _ => None,
            })
        })
    }
}

/// Why facts cannot be used now.
#[derive(Clone, Debug, PartialEq)]
pub enum Missing {
    /// Known only after what is named.
    Unknown(String),
    /// It could not be read.
    Failed(Failure),
}

impl Scope for Facts {
    fn read(&self, path: &FactPath) -> Reading {
        let (name, rest) = match path.segments() {
            // Each step is a fact of its own: `steps.clean-up.outcome`.
            [steps, id, rest @ ..] if steps == "steps" => (format!("steps.{id}"), rest),
            [name, rest @ ..] => (name.clone(), rest),
            [] => return Reading::Undeclared,
        };
        match self.get(&FactKey::named(&name)) {
            Some(Fact::Known(value)) => Reading::Known(walk(value, rest)),
            Some(Fact::Unknown(by)) => Reading::Unknown(by.clone()),
            Some(Fact::Failed(failure)) => Reading::Failed(failure.to_string()),
            None => Reading::Undeclared,
        }
    }
}

/// Every declared path exists; what is absent is null.
fn walk(value: &Value, path: &[String]) -> Value {
    let found = path.iter().try_fold(value, |at, segment| match at {
        Value::Array(items) => segment.parse::<usize>().ok().and_then(|i| items.get(i)),
        other => other.get(segment),
    });
    found.cloned().unwrap_or(Value::Null)
}

/// A typed view of known facts, for `decide`.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a>(pub &'a Facts);

impl Seen<'_> {
    /// The fact `name` as a type.
    ///
    /// # Errors
    /// When it is not known or does not fit the type: a bug of an action or of a looker.
    pub fn get<T: DeserializeOwned>(&self, key: &FactKey) -> Result<T, String> {
        match self.0.get(key) {
            Some(Fact::Known(value)) => serde_json::from_value(value.clone())
                .map_err(|e| format!("the fact `{key}` has an unexpected form: {e}")),
            _ => Err(format!("the fact `{key}` is not known")),
        }
    }

    /// The fact `name` without arguments as a type.
    ///
    /// # Errors
    /// As [`Seen::get`].
    pub fn named<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        self.get(&FactKey::named(name))
    }
}

/// One way of looking: loads one fact.
#[async_trait]
pub trait Looker: Send + Sync {
    /// The fact's name.
    fn name(&self) -> &'static str;
    /// JSON Schema of its value, for `runbook check`.
    fn schema(&self) -> Value;
    /// The facts that it reads first.
    fn needs(&self, arguments: &Value) -> Vec<FactKey>;
    /// The RBAC actions that its own reads take; those of the facts it reads first are theirs.
    fn reads(&self) -> Vec<&'static str> {
        Vec::new()
    }
    /// True when it only says what things are called, which does not change while a run lasts:
    /// it is then read once, at planning, and kept in the plan.
    fn lasting(&self) -> bool {
        false
    }
    /// Reads it. A 401 or 403 is a failure, never an empty answer.
    async fn load(
        &self,
        target: &Target,
        arguments: &Value,
        known: &Facts,
    ) -> Result<Value, Failure>;
}

/// The table of lookers: the only way the engine sees the world.
#[derive(Clone, Default)]
pub struct Lookers(BTreeMap<&'static str, Arc<dyn Looker>>);

impl Lookers {
    /// Adds a looker; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, looker: impl Looker + 'static) -> Self {
        self.0.insert(looker.name(), Arc::new(looker));
        self
    }

    /// The names and schemas of all facts.
    #[must_use]
    pub fn schemas(&self) -> BTreeMap<String, Value> {
        self.0
            .iter()
            .map(|(name, looker)| ((*name).to_owned(), looker.schema()))
            .collect()
    }

    /// The known facts of `facts` that last as long as a run does.
    #[must_use]
    pub fn lasting(&self, facts: &Facts) -> BTreeMap<String, Value> {
        let lasting = self.0.values().filter(|looker| looker.lasting());
        lasting
            .filter_map(|looker| match facts.get(&FactKey::named(looker.name())) {
                Some(Fact::Known(value)) => Some((looker.name().to_owned(), value.clone())),
                _ => None,
            })
            .collect()
    }

    /// The RBAC actions that reading `keys`, and the facts they need, takes.
    #[must_use]
    pub fn reads(&self, keys: &[FactKey]) -> BTreeSet<&'static str> {
        let (facts, mut wanted) = (Facts::default(), BTreeSet::new());
        for key in keys {
            self.collect(key, &facts, &mut wanted, 0);
        }
        let lookers = wanted.iter().filter_map(|k| self.0.get(k.name.as_str()));
        lookers.flat_map(|looker| looker.reads()).collect()
    }

    /// Reads `keys` and what they need into `facts`, concurrently; what is there stays.
    pub async fn load(&self, target: &Target, keys: &[FactKey], facts: &mut Facts) {
        let mut wanted = BTreeSet::new();
        for key in keys {
            self.collect(key, facts, &mut wanted, 0);
        }
        while !wanted.is_empty() {
            let ready: Vec<FactKey> = wanted
                .iter()
                .filter(|key| self.needs(key).iter().all(|need| facts.get(need).is_some()))
                .cloned()
                .collect();
            if ready.is_empty() {
                break;
            }
            let seen: &Facts = facts;
            let loaded = join_all(ready.iter().map(|key| self.load_one(target, key, seen))).await;
            for (key, fact) in ready.into_iter().zip(loaded) {
                wanted.remove(&key);
                facts.set(key, fact);
            }
        }
    }

    fn collect(&self, key: &FactKey, facts: &Facts, wanted: &mut BTreeSet<FactKey>, depth: u8) {
        // Facts need facts a few levels deep; more is a cycle, which then loads as failed.
        if depth > 8 || facts.get(key).is_some() || !wanted.insert(key.clone()) {
            return;
        }
        for need in self.needs(key) {
            self.collect(&need, facts, wanted, depth + 1);
        }
    }

    fn needs(&self, key: &FactKey) -> Vec<FactKey> {
        self.0
            .get(key.name.as_str())
            .map_or_else(Vec::new, |l| l.needs(&key.arguments()))
    }

    async fn load_one(&self, target: &Target, key: &FactKey, facts: &Facts) -> Fact {
        let Some(looker) = self.0.get(key.name.as_str()) else {
            let attempted = format!("read the fact `{key}`");
            return Fact::Failed(Failure::new(ErrorClass::Invalid, attempted, "no such fact"));
        };
        match facts.missing(&self.needs(key)) {
            Some(Missing::Unknown(by)) => return Fact::Unknown(by),
            Some(Missing::Failed(failure)) => return Fact::Failed(failure),
            None => {}
        }
        match looker.load(target, &key.arguments(), facts).await {
            Ok(value) => Fact::Known(value),
            Err(failure) => Fact::Failed(failure),
        }
    }
}

/// A field of a fact has phrases of its own as `x-yes` and `x-no` in its schema.
impl Phrases for Lookers {
    fn phrase(&self, path: &FactPath, truth: bool) -> Option<String> {
        let [root, field] = path.segments() else {
            return None;
        };
        let schema = self.0.get(root.as_str())?.schema();
        let keyword = if truth { "x-yes" } else { "x-no" };
        let phrase = schema.get("properties")?.get(field)?.get(keyword)?;
        phrase.as_str().map(str::to_owned)
    }
}

impl fmt::Debug for Lookers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
