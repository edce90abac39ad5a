//! JSON Schema of the documents, for editors.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::model::{Procedure, Runbook};

/// JSON Schema (2020-12) of a runbook, from the Rust types.
#[must_use]
pub fn runbook_schema() -> Value {
    schema_of::<Runbook>()
}

/// JSON Schema (2020-12) of a procedure, from the Rust types.
#[must_use]
pub fn procedure_schema() -> Value {
    schema_of::<Procedure>()
}

fn schema_of<T: JsonSchema>() -> Value {
    SchemaGenerator::default()
        .into_root_schema_for::<T>()
        .to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_field_and_says_what_each_is_for() {
        let schema = runbook_schema();
        let fields = schema["properties"].as_object().expect("fields");
        for name in [
            "version",
            "code",
            "match",
            "parameters",
            "steps",
            "references",
        ] {
            assert!(fields.contains_key(name), "{name}");
        }
        assert!(schema["properties"]["code"]["description"].is_string());
        assert_eq!(schema["additionalProperties"], false);
        let step = schema["$defs"]["Step"]["properties"]
            .as_object()
            .expect("fields of a step");
        assert!(
            step.values()
                .all(|field| field.get("description").is_some()),
            "{step:?}"
        );
    }

    #[test]
    fn a_procedure_has_a_schema_with_parameters_and_without_a_code() {
        let schema = procedure_schema();
        assert!(schema["properties"].get("parameters").is_some());
        assert!(schema["properties"].get("code").is_none());
        assert!(schema["properties"].get("name").is_some());
    }
}
