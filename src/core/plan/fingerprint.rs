//! What an approval covers.
//!
//! SHA-256 over canonical JSON of format version, runbook and script hashes, lower-cased target
//! id, incident, parameters and, per step, action, arguments and changes (method, resource id,
//! body hash, risk) or its ceiling. Nothing observed enters it, and no sentence does.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::core::action::Change;
use crate::core::plan::{FORMAT, Plan, PlannedStep};

/// The fingerprint of `plan`, as lower-case hex.
#[must_use]
pub fn of(plan: &Plan) -> String {
    hash(&json!({
        "format": FORMAT,
        "runbook": plan.runbook_hash,
        "target": plan.target.key(),
        "incident": plan.incident.identity(),
        "forced": plan.forced,
        "params": plan.params,
        "steps": plan.steps.iter().map(step).collect::<Vec<_>>(),
    }))
}

fn step(step: &PlannedStep) -> Value {
    json!({
        "id": step.id,
        "action": step.action,
        "arguments": step.arguments,
        "scripts": step.scripts,
        "changes": step.changes.iter().map(change).collect::<Vec<_>>(),
        "ceiling": step.ceiling,
    })
}

fn change(change: &Change) -> Value {
    json!({
        "key": change.key(),
        "body": hash(&change.body),
        "risk": change.risk,
        "approval": change.approval,
    })
}

/// SHA-256 of `value` as canonical JSON: object keys sorted, no blanks.
#[must_use]
pub fn hash(value: &Value) -> String {
    hex::encode(Sha256::digest(canonical(value).as_bytes()))
}

/// `value` as canonical JSON.
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            out.push('{');
            for (at, name) in names.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(name.clone()).to_string());
                out.push(':');
                write(&fields[name], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_does_not_matter_and_every_value_does() {
        assert_eq!(
            hash(&json!({"a": 1, "b": [2]})),
            hash(&json!({"b": [2], "a": 1}))
        );
        assert_ne!(hash(&json!({"a": 1})), hash(&json!({"a": 2})));
        assert_ne!(hash(&json!(["a", "b"])), hash(&json!(["b", "a"])));
        assert_ne!(hash(&json!("1")), hash(&json!(1)));
    }
}
