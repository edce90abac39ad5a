use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::*;
use crate::core::action::{About, Applied, Remedy};
use crate::core::facts::{FactKey, Target};
use crate::core::plan::Context;
use crate::core::runbook::parse;
use crate::core::runbook::risk::Risk;

/// Empties the cup at one go; the fact `cup` is predicted to be 0 afterwards.
struct PourOut;

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[async_trait]
impl Remedy for PourOut {
    type Args = Nothing;
    type Writer = ();

    fn about() -> About {
        About {
            name: "pour.out",
            sentence: "Empties the cup",
            ceiling: Ceiling {
                risk: Risk::Reversible,
                approval: Approval::None,
                kinds: Vec::new(),
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(_: &Nothing, _: &Past<'_>) -> Vec<FactKey> {
        vec![FactKey::named("cup")]
    }

    fn decide(_: &Nothing, _: Seen<'_>, _: &Past<'_>) -> Result<Decision, String> {
        Ok(Decision::Change {
            changes: vec![anything("POST")],
            remaining: 1,
            baseline: Value::Null,
        })
    }

    fn predict(_: &Change, facts: &mut Facts, _: &str) {
        facts.edit("cup", |cup| cup["glasses"] = json!(0));
    }

    async fn apply(_: &Change, (): &()) -> Result<Applied, Failure> {
        Ok(Applied::Done(Value::Null))
    }
}

#[tokio::test]
async fn a_title_tells_what_is_there_before_the_step_and_not_what_it_will_leave() {
    let text = "version: 1\ncode: Full\ntitle: t\nsummary: s\nsteps:\n  - id: pour\n    \
                title: Pour {{cup.glasses}} glasses out\n    action: pour.out\n";
    let runbook = parse::runbook("full.yaml", text)
        .expect("a runbook")
        .document;
    let request = Request {
        runbook: &runbook,
        target: Target {
            id: "/cups/1".to_owned(),
        },
        params: BTreeMap::new(),
        force: false,
        context: Context::default(),
        approved: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let mut facts = Facts::default();
    facts.know("cup", json!({ "glasses": 3 }));
    let mut planner = Planner {
        request: &request,
        actions: &Actions::default().with::<PourOut>(),
        lookers: &Lookers::default(),
        facts: &mut facts,
        codes: Vec::new(),
        planned: 0,
    };
    let step = runbook.steps().next().expect("a step");
    assert_eq!(planner.plan(step, &[]).await.title, "Pour 3 glasses out");
}
