use serde_json::json;

use super::*;
use crate::core::runbook::template::{Evaluated, Template};

fn value(facts: &Facts, text: &str) -> Evaluated {
    Template::parse(text).expect("a template").evaluate(facts)
}

#[test]
fn what_a_step_came_to_is_found_by_its_id() {
    let mut facts = Facts::default();
    let came_to = json!({ "outcome": "changed", "outputs": { "failed": "/data" } });
    facts.know("steps.clean-up", came_to);
    facts.know(
        "steps.look",
        json!({ "outcome": "skipped", "outputs": null }),
    );
    facts.forget("steps.mend", "step 3");
    for (text, known) in [
        ("{{steps.clean-up.outcome}}", json!("changed")),
        ("{{steps.clean-up.outputs.failed}}", json!("/data")),
        ("{{steps.look.outputs.failed}}", Value::Null),
    ] {
        assert_eq!(value(&facts, text), Evaluated::Known(known), "{text}");
    }
    assert_eq!(
        value(&facts, "{{steps.mend.outcome}}"),
        Evaluated::Unknown("step 3".to_owned())
    );
}
