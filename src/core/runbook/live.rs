//! A step held against facts: what it names, its guard, its arguments, its title.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::core::facts::FactKey;
use crate::core::runbook::model::{Os, Retry, Runbook, Step};
use crate::core::runbook::template::{
    Condition, Evaluated, FactPath, Phrases, Scope, Template, render_value, value_paths,
};

/// Names that the engine itself fills in: they are never looked up.
const TOLD: [&str; 3] = ["params", "runbook", "steps"];

/// The facts that these paths name, each once.
#[must_use]
pub fn facts_named<'a>(paths: impl IntoIterator<Item = &'a FactPath>) -> Vec<FactKey> {
    let roots: BTreeSet<&str> = paths.into_iter().map(FactPath::root).collect();
    roots
        .into_iter()
        .filter(|r| !TOLD.contains(r))
        .map(FactKey::named)
        .collect()
}

impl Runbook {
    /// The code and its aliases.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.code.as_str()).chain(self.matching.aliases.iter().map(String::as_str))
    }

    /// The step with this id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps().find(|step| step.id == id)
    }
}

impl Os {
    /// The system that is asked for; none when any will do.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Windows => Some("windows"),
            Self::Linux => Some("linux"),
        }
    }
}

impl Retry {
    /// The waits, first to last.
    #[must_use]
    pub fn durations(&self) -> Vec<Duration> {
        self.waits.iter().map(|wait| wait.duration()).collect()
    }
}

impl Step {
    /// The facts that its guard names: until it is known to hold, no others are worth a look.
    #[must_use]
    pub fn guard_facts(&self) -> Vec<FactKey> {
        let guard = self
            .when
            .as_deref()
            .and_then(|text| Condition::parse(text).ok());
        facts_named(guard.iter().flat_map(|g| g.paths()))
    }

    /// The facts that its arguments name.
    #[must_use]
    pub fn argument_facts(&self) -> Vec<FactKey> {
        facts_named(&value_paths(&self.with_value()).unwrap_or_default())
    }

    /// The facts that its title names.
    #[must_use]
    pub fn title_facts(&self) -> Vec<FactKey> {
        let title = Template::parse(&self.title).ok();
        facts_named(title.iter().flat_map(|t| t.paths()))
    }

    /// Whether the step is wanted: a boolean. A step without a guard always is.
    #[must_use]
    pub fn guard(&self, scope: &dyn Scope) -> Evaluated {
        match &self.when {
            None => Evaluated::Known(Value::Bool(true)),
            Some(text) => match Condition::parse(text) {
                Ok(condition) => condition.evaluate(scope),
                Err(error) => Evaluated::Failed(error.message),
            },
        }
    }

    /// Whether its guard asks for the parameter `name`.
    #[must_use]
    pub fn heeds(&self, name: &str) -> bool {
        let guard = self.when.as_deref().map(Condition::parse);
        guard.is_some_and(|guard| {
            guard.is_ok_and(|guard| {
                guard
                    .paths()
                    .iter()
                    .any(|p| p.segments() == ["params", name])
            })
        })
    }

    /// Why the step is not wanted, for people.
    #[must_use]
    pub fn not_needed(&self, scope: &dyn Scope, phrases: &dyn Phrases) -> String {
        let guard = self.when.as_deref().map(Condition::parse);
        let told = guard.map(|guard| guard.map(|guard| guard.told(scope, phrases)));
        match told {
            Some(Ok(why)) => format!("not needed here: {why}"),
            _ => "not needed here".to_owned(),
        }
    }

    /// The arguments, expressions filled in.
    #[must_use]
    pub fn arguments(&self, scope: &dyn Scope) -> Evaluated {
        render_value(&self.with_value(), scope)
    }

    /// The title, expressions filled in; what is unknown says when it will be known.
    #[must_use]
    pub fn title_text(&self, scope: &dyn Scope) -> String {
        Template::parse(&self.title).map_or_else(|_| self.title.clone(), |t| t.text(scope))
    }

    /// How long the step may take.
    #[must_use]
    pub fn longest(&self) -> Option<Duration> {
        self.deadline.map(|span| span.duration())
    }

    fn with_value(&self) -> Value {
        Value::Object(self.with.clone())
    }
}
