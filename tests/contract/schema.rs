//! From OpenAPI 2 to JSON Schema.
//!
//! Stricter than the descriptions in one thing: a property that none of them has is a mistake,
//! because that is what a misspelt name looks like. Polymorphic types are told apart by their
//! discriminator, so that a mistake is reported at its own place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::spec::{Specs, target};

/// Whose words are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// What a client sends: read-only properties have no place in it.
    Request,
    /// What a service answers.
    Answer,
}

/// `P1DT2H`, `PT31.3066291S`.
const DURATION: &str = r"^P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$";

/// A named schema: its document and its pointer.
type Name = (PathBuf, String);

struct Translation<'a> {
    specs: &'a Specs,
    side: Side,
    done: BTreeMap<String, Value>,
    open: Vec<Name>,
}

/// A validator of `schema`, which stands in `document`.
pub(crate) fn validator(specs: &Specs, side: Side, document: &Path, schema: &Value) -> Validator {
    let mut translation = Translation {
        specs,
        side,
        done: BTreeMap::new(),
        open: Vec::new(),
    };
    let mut root = translation.schema(document, schema);
    while let Some((document, pointer)) = translation.open.pop() {
        let key = key(&document, &pointer);
        if !translation.done.contains_key(&key) {
            translation.done.insert(key.clone(), Value::Null);
            let found = translation.named(&document, &pointer);
            translation.done.insert(key, found);
        }
    }
    root["$defs"] = json!(translation.done);
    jsonschema::options()
        .should_validate_formats(true)
        .build(&root)
        .unwrap_or_else(|e| panic!("{e}: {root}"))
}

fn key(document: &Path, pointer: &str) -> String {
    let text = format!("{}{pointer}", document.display());
    text.replace(['/', '~', '#', '%'], ".")
}

impl Translation<'_> {
    fn reference(&mut self, document: &Path, reference: &str) -> Value {
        let (document, pointer) = target(document, reference);
        let name = key(&document, &pointer);
        self.open.push((document, pointer));
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    fn schema(&mut self, document: &Path, schema: &Value) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.reference(document, reference);
        }
        let nullable = schema["x-nullable"] == true;
        let mut out = match schema["type"].as_str() {
            Some("array") => {
                json!({ "type": "array", "items": self.schema(document, &schema["items"]) })
            }
            Some("object") | None if is_object(schema) => self.object(document, schema),
            Some("file") => json!({}),
            Some(simple) => simple_schema(simple, schema),
            None => json!({}),
        };
        if nullable {
            out = json!({ "anyOf": [{ "type": "null" }, out] });
        }
        out
    }

    /// A definition: with its heirs when it has a discriminator.
    fn named(&mut self, document: &Path, pointer: &str) -> Value {
        let schema = self.specs.at(document, pointer).clone();
        let Some(discriminator) = schema["discriminator"].as_str() else {
            return self.schema(document, &schema);
        };
        let heirs = heirs(self.specs, document, pointer);
        if heirs.is_empty() {
            return self.schema(document, &schema);
        }
        let mut known = vec![];
        let mut cases = vec![];
        for (name, value) in heirs {
            let heir = self.specs.at(document, &name).clone();
            let flat = self.object(document, &heir);
            cases.push(json!({
                "if": { "properties": { discriminator: { "const": value } } }, "then": flat
            }));
            known.push(value);
        }
        // The base itself has its own name, and stands for kinds that add nothing.
        let own = pointer.rsplit('/').next().unwrap_or_default();
        if !known.iter().any(|k| k == own) {
            let flat = self.object(document, &schema);
            cases.push(json!({
                "if": { "properties": { discriminator: { "const": own } } }, "then": flat
            }));
            known.push(own.to_owned());
        }
        json!({
            "type": "object",
            "required": [discriminator],
            "properties": { discriminator: { "enum": known } },
            "allOf": cases,
        })
    }

    /// An object with all it inherits, written out, and nothing besides.
    fn object(&mut self, document: &Path, schema: &Value) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut more = None;
        self.gather(document, schema, &mut properties, &mut required, &mut more);
        if properties.is_empty() && more.is_none() {
            // "object" alone stands for anything, numbers and lists included: so it is used in the
            // examples, and so the generators of Microsoft's clients read it.
            return json!({});
        }
        if self.side == Side::Request {
            required.retain(|name| properties.contains_key(name.as_str().unwrap_or_default()));
        }
        let mut names = std::collections::BTreeSet::new();
        required.retain(|name| names.insert(name.to_string()));
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": more.unwrap_or(Value::Bool(false)),
        })
    }

    fn gather(
        &mut self,
        document: &Path,
        schema: &Value,
        properties: &mut Map<String, Value>,
        required: &mut Vec<Value>,
        more: &mut Option<Value>,
    ) {
        for parent in schema["allOf"].as_array().into_iter().flatten() {
            let (place, parent) = self.specs.followed(document, parent);
            self.gather(&place, &parent, properties, required, more);
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if self.side == Side::Request && property["readOnly"] == true {
                properties.remove(name);
                continue;
            }
            let translated = self.schema(document, property);
            properties.insert(name.clone(), translated);
        }
        required.extend(schema["required"].as_array().cloned().unwrap_or_default());
        match &schema["additionalProperties"] {
            Value::Null => {}
            Value::Object(values) if !values.is_empty() => {
                *more = Some(self.schema(document, &schema["additionalProperties"]));
            }
            _ => *more = Some(Value::Bool(true)),
        }
    }
}

fn is_object(schema: &Value) -> bool {
    schema["type"] == "object"
        || ["properties", "allOf", "additionalProperties"]
            .iter()
            .any(|key| !schema[*key].is_null())
}

fn simple_schema(simple: &str, schema: &Value) -> Value {
    let mut out = json!({ "type": simple });
    for kept in [
        "enum",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
    ] {
        if !schema[kept].is_null() {
            out[kept] = schema[kept].clone();
        }
    }
    match schema["format"].as_str() {
        Some("date-time" | "uuid") => out["format"] = schema["format"].clone(),
        // ISO 8601 with a fraction of seconds, which JSON Schema's own `duration` does not know.
        Some("duration") => out["pattern"] = json!(DURATION),
        _ => {}
    }
    out
}

/// The definitions of the document that descend from `pointer`, with their discriminator's value.
fn heirs(specs: &Specs, document: &Path, pointer: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let definitions = specs.at(document, "/definitions").as_object().unwrap();
    for (name, definition) in definitions {
        let parents = definition["allOf"].as_array().into_iter().flatten();
        let descends = parents
            .filter_map(|parent| parent["$ref"].as_str())
            .any(|reference| {
                target(document, reference) == (document.to_owned(), pointer.to_owned())
            });
        if descends {
            let own = format!("/definitions/{name}");
            let value = definition["x-ms-discriminator-value"]
                .as_str()
                .unwrap_or(name);
            found.push((own.clone(), value.to_owned()));
            found.extend(heirs(specs, document, &own));
        }
    }
    found
}
