//! Outcomes as the JSON document names them, with a schema: the outcomes themselves have none.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::core::outcome::{RunOutcome, StepOutcome};

/// A [`RunOutcome`] with a JSON Schema.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OutcomeName(pub RunOutcome);

/// A [`StepOutcome`] with a JSON Schema.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StepOutcomeName(pub StepOutcome);

impl JsonSchema for OutcomeName {
    fn schema_name() -> Cow<'static, str> {
        "RunOutcome".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        use RunOutcome as O;
        let all = [
            O::Fixed,
            O::NothingToDo,
            O::Waiting,
            O::NeedsApproval,
            O::NeedsHuman,
            O::Busy,
            O::Failed,
            O::Cancelled,
        ];
        json_schema!({ "type": "string", "enum": all.map(O::name) })
    }
}

impl JsonSchema for StepOutcomeName {
    fn schema_name() -> Cow<'static, str> {
        "StepOutcome".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        use StepOutcome as O;
        let all = [
            O::Satisfied,
            O::Changed,
            O::Skipped,
            O::Waiting,
            O::NeedsApproval,
            O::NeedsHuman,
            O::Failed,
        ];
        json_schema!({ "type": "string", "enum": all.map(O::name) })
    }
}
