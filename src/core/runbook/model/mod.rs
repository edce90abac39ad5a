//! The documents: what a runbook and a procedure are made of.
//!
//! Invariant: every type denies unknown fields, and none is tagged, untagged or flattened:
//! those buffer what they read and lose the places of mistakes.

mod day;
mod duration;
mod numbers;
mod parameters;
mod step;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use duration::{NotASpan, Span};
pub use numbers::{NotNumbers, Numbers};
pub(in crate::core::runbook) use parameters::whole;
pub use parameters::{Parameter, ParameterType, Parameters};
pub use step::{Entry, Retry, Source, Step};

/// The only version of the format there is.
pub const VERSION: u32 = 1;

/// What to do about one error code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Runbook {
    /// The version of the format: 1.
    pub version: u32,
    /// The error code, as Azure spells it.
    pub code: String,
    /// The complaint, for people.
    pub title: String,
    /// What happened and why, in a sentence or two.
    pub summary: String,
    /// The operating systems it is for.
    #[serde(default)]
    pub os: Os,
    /// What else it answers to, besides its code.
    #[serde(rename = "match", default, skip_serializing_if = "Matching::is_empty")]
    pub matching: Matching,
    /// The documents it follows.
    #[serde(default)]
    pub references: Vec<Reference>,
    /// What a person may choose.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
    /// What is done, in order.
    pub steps: Vec<Entry>,
}

impl Runbook {
    /// Its steps, in order. A runbook of a catalogue has its includes expanded, so these are all.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter_map(|entry| match entry {
            Entry::Step(step) => Some(step.as_ref()),
            Entry::Include { .. } => None,
        })
    }
}

/// A list of steps that runbooks include. It includes nothing itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// The version of the format: 1.
    pub version: u32,
    /// What runbooks include it by: `agent-not-ready`.
    pub name: String,
    /// What it is for, for people.
    pub title: String,
    /// What it does and why, in a sentence or two.
    pub summary: String,
    /// The documents it follows.
    #[serde(default)]
    pub references: Vec<Reference>,
    /// What a person may choose; a runbook that includes it has these besides its own.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// The operating systems a runbook is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Os {
    /// All of them.
    #[default]
    Any,
    /// Windows.
    Windows,
    /// Linux.
    Linux,
}

/// What a runbook answers to, besides its code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matching {
    /// Other codes for the same complaint; compared without case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Regular expressions on a job's message: lower-cased, blanks collapsed, no final full stop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
    /// Numeric error codes, and ranges of them: `"300-318"`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<Numbers>,
    /// An expression over facts that proves the complaint without a failed job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What the failed job did: a restore's failure is no backup's.
    #[serde(default, skip_serializing_if = "Operation::is_backup")]
    pub operation: Operation,
    /// Answer every failed backup that no other runbook answers; there is one such runbook.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anything: bool,
}

impl Matching {
    /// Whether it names nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a job does whose failure a runbook answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// It backs up.
    #[default]
    Backup,
    /// It restores.
    Restore,
    /// It configures protection, or backs up with what it was given.
    Configure,
}

impl Operation {
    /// Whether it is what a runbook is about that does not say.
    #[must_use]
    pub fn is_backup(&self) -> bool {
        *self == Self::Backup
    }

    /// What its jobs are called, for people: "restore".
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Configure => "configuration",
        }
    }
}

/// A document that a runbook follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Its title.
    pub title: String,
    /// Its address.
    pub url: String,
    /// The section in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The day it was read last.
    #[serde(deserialize_with = "day::read")]
    #[schemars(with = "String")]
    pub reviewed: Date,
}
