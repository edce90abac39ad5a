//! The identity of a runbook: what a plan was made from, and what a resume must find again.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::model::Runbook;

impl Runbook {
    /// SHA-256 of its canonical JSON, as 64 hexadecimal digits. The order of keys, remarks and
    /// the spelling of YAML do not change it; with includes expanded, their steps do.
    #[must_use]
    pub fn hash(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or(Value::Null);
        let mut canonical = String::new();
        write(&value, &mut canonical);
        hex::encode(Sha256::digest(canonical.as_bytes()))
    }
}

/// Writes JSON with sorted keys and without blanks.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            out.push('{');
            for (index, name) in names.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(&fields[name], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
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
    use crate::core::runbook::parse;

    const TEXT: &str = "version: 1\ncode: X1\ntitle: t\nsummary: s\nsteps:\n  - id: a\n    \
                        title: t\n    action: x\n    with: {b: 1, a: 2}\n";

    fn hash(text: &str) -> String {
        parse::runbook("f", text)
            .expect("a runbook")
            .document
            .hash()
    }

    #[test]
    fn spelling_does_not_change_the_hash_and_meaning_does() {
        let first = hash(TEXT);
        assert_eq!(first.len(), 64);
        let respelled = format!(
            "# remark\n{}",
            TEXT.replace("{b: 1, a: 2}", "{a: 2, \"b\": 1}")
        );
        assert_eq!(hash(&respelled), first);
        assert_ne!(hash(&TEXT.replace("a: 2", "a: 3")), first);
    }
}
