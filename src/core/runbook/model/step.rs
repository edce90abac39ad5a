//! One entry of `steps`: a documented thing to do, or a procedure to include.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::base::ErrorClass;
use crate::core::runbook::risk::{Approval, Risk};

use super::Span;

/// One documented thing to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Names the step within its runbook: `clean-up`.
    pub id: String,
    /// What it does, for people; may hold `{{…}}`.
    pub title: String,
    /// The action that does it: `lock.delete`.
    pub action: String,
    /// The action's arguments; texts in it may hold `{{…}}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub with: Map<String, Value>,
    /// An expression without braces; the step is skipped when it is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// When to send a change again after it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How long the step may take in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Span>,
    /// Raises the risk of its changes; cannot lower it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// Requires approval of its changes; cannot waive it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// It is about the job that runs: the run does not wait for that job before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub meanwhile: bool,
    /// The later step after which a borrowed lock is put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Where the step is documented, when the runbook's references do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The documented retries of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The classes of failure after which the step tries again.
    pub on: Vec<ErrorClass>,
    /// How long to wait before each further try; their number is the number of further tries.
    pub waits: Vec<Span>,
    /// What a person is to do once no try is left, in the imperative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
}

/// Where something is documented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The document's address or title.
    pub document: String,
    /// The section in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The day it was read.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "super::day::read_some"
    )]
    #[schemars(with = "Option<String>")]
    pub date: Option<Date>,
}

/// One entry of a runbook's `steps`.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A step of its own.
    Step(Box<Step>),
    /// The steps of a procedure, in its place.
    Include {
        /// The procedure's name.
        procedure: String,
        /// An expression without braces; every step of the procedure is skipped when it is false.
        when: Option<String>,
    },
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Step(step) => step.serialize(serializer),
            Self::Include { procedure, when } => {
                let when = when.iter().map(|when| ("when", when));
                serializer.collect_map([("include", procedure)].into_iter().chain(when))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ByFirstKey)
    }
}

/// Reads a step or an include by its first key, without buffering: places survive.
struct ByFirstKey;

impl<'de> Visitor<'de> for ByFirstKey {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a step or an `include`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let first: Option<String> = map.next_key()?;
        if first.as_deref() != Some("include") {
            let step = Step::deserialize(MapAccessDeserializer::new(Prepended { first, map }))?;
            return Ok(Entry::Step(Box::new(step)));
        }
        let procedure = map.next_value()?;
        let mut when = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != "when" {
                return Err(de::Error::unknown_field(&key, &["include", "when"]));
            }
            when = map.next_value()?;
        }
        Ok(Entry::Include { procedure, when })
    }
}

/// A mapping whose first key was read already.
struct Prepended<A> {
    first: Option<String>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Prepended<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(first) => seed.deserialize(first.into_deserializer()).map(Some),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

impl JsonSchema for Entry {
    fn schema_name() -> Cow<'static, str> {
        "Entry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let step = generator.subschema_for::<Step>();
        json_schema!({
            "description": "A step, or a procedure whose steps stand here.",
            "anyOf": [step, {
                "type": "object",
                "properties": { "include": {
                    "type": "string",
                    "description": "The name of a procedure, whose steps stand here."
                }, "when": {
                    "type": "string",
                    "description": "An expression without braces; every step of the procedure is \
                                    skipped when it is false, besides its own `when`."
                } },
                "required": ["include"],
                "additionalProperties": false
            }]
        })
    }
}
