//! The facts that runbooks may name, by their schemas.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// Deeper parts are told by their schemas.
const DEEPEST: usize = 3;

/// A table of every path that `when` and `{{…}}` may hold.
pub(super) fn tell(out: &mut String, schemas: &BTreeMap<String, Value>) {
    out.push_str(
        "\n## Facts\n\nWhat `when` and `{{…}}` may name, besides `params`, `steps` and `run`.\n\n",
    );
    out.push_str("| fact | is |\n|---|---|\n");
    for (name, schema) in schemas {
        rows(out, name, schema, schema, DEEPEST);
    }
}

fn rows(out: &mut String, path: &str, schema: &Value, whole: &Value, deeper: usize) {
    let described = |value: &Value| value["description"].as_str().map(str::to_owned);
    let resolved = resolved(schema, whole);
    let told = described(schema).or_else(|| described(resolved));
    let words = told.unwrap_or_default().replace('|', "\\|");
    let words: Vec<&str> = words.split_whitespace().collect();
    let is = words.join(" ");
    let _ = writeln!(out, "| `{path}` | {} |", is.trim_end_matches('.'));
    let Some(properties) = resolved["properties"].as_object().filter(|_| deeper > 0) else {
        return;
    };
    for (name, property) in properties {
        rows(out, &format!("{path}.{name}"), property, whole, deeper - 1);
    }
}

/// What a reference names; of alternatives, the one that is not null.
fn resolved<'a>(schema: &'a Value, whole: &'a Value) -> &'a Value {
    let reference = schema["$ref"]
        .as_str()
        .and_then(|name| name.strip_prefix("#"));
    if let Some(target) = reference.and_then(|pointer| whole.pointer(pointer)) {
        return target;
    }
    let some = schema["anyOf"].as_array().into_iter().flatten();
    let some = some.filter(|one| one["type"] != "null").collect::<Vec<_>>();
    match some.as_slice() {
        [one] => resolved(one, whole),
        _ => schema,
    }
}
