//! `human`: a step for a person, with the evidence gathered.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::azure::permitted::Writer;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{About, Applied, Ceiling, Change, Decision, Past, Remedy};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// A step that only a person can do. Guard it with `when`.
#[derive(Debug)]
pub struct Human;

/// What to tell the person.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// What to do, in the imperative.
    pub instruction: String,
    /// Who has to do it: "the owner of the extension".
    #[serde(default)]
    pub owner: Option<String>,
    /// Facts to paste into a ticket.
    #[serde(default)]
    pub evidence: Value,
}

#[async_trait]
impl Remedy for Human {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "human",
            sentence: "Hands the case to a person, with the evidence gathered",
            ceiling: Ceiling {
                risk: Risk::ReadOnly,
                approval: Approval::None,
                kinds: Vec::new(),
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(_: &Args, _: &Past<'_>) -> Vec<FactKey> {
        Vec::new()
    }

    fn decide(args: &Args, _: Seen<'_>, _: &Past<'_>) -> Result<Decision, String> {
        let owner = args
            .owner
            .as_ref()
            .map(|o| format!(" (for {o})"))
            .unwrap_or_default();
        Ok(Decision::NeedsHuman {
            why: format!("{}{owner}", args.instruction),
            evidence: json!({ "owner": args.owner, "evidence": args.evidence }),
        })
    }

    fn predict(_: &Change, _: &mut Facts, _: &str) {}

    async fn apply(_: &Change, _: &Writer) -> Result<Applied, Failure> {
        Err(Failure::new(
            ErrorClass::Invalid,
            "act for a person",
            "`human` never sends anything",
        ))
    }
}
