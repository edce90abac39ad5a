//! The part of JSON Schema that `schemars` writes for arguments and facts.

use serde_json::Value;

/// References lead to references a few levels at most; more is a cycle.
const DEEPEST: usize = 8;

/// A schema with the document that its references point into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schema<'a> {
    root: &'a Value,
    pub(super) node: &'a Value,
}

impl<'a> Schema<'a> {
    /// A whole schema.
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root, node: root }
    }

    /// Another part of the same document.
    pub(super) fn part(self, node: &'a Value) -> Self {
        Self {
            root: self.root,
            node,
        }
    }

    /// The alternatives that it allows: itself, or those behind `$ref`, `anyOf` and `oneOf`.
    pub(super) fn alternatives(self) -> Vec<Self> {
        let mut found = Vec::new();
        self.collect(&mut found, 0);
        found
    }

    fn collect(self, found: &mut Vec<Self>, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        if let Some(target) = self.node.get("$ref").and_then(Value::as_str) {
            if let Some(node) = self.root.pointer(target.trim_start_matches('#')) {
                self.part(node).collect(found, depth + 1);
            }
            return;
        }
        let several = ["anyOf", "oneOf"]
            .iter()
            .find_map(|key| self.node.get(key)?.as_array());
        match several {
            Some(schemas) => {
                for schema in schemas {
                    self.part(schema).collect(found, depth + 1);
                }
            }
            None => found.push(self),
        }
    }

    /// Whether it says nothing of its values: any value fits, any path leads on.
    pub(super) fn is_open(self) -> bool {
        const SAYING: [&str; 6] = [
            "type",
            "enum",
            "const",
            "properties",
            "items",
            "additionalProperties",
        ];
        match self.node {
            Value::Bool(open) => *open,
            Value::Object(fields) => SAYING.iter().all(|key| !fields.contains_key(*key)),
            _ => true,
        }
    }

    /// Its types; empty when it names none.
    pub(super) fn types(self) -> Vec<&'a str> {
        match self.node.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The only values that it allows, when it names them.
    pub(super) fn choices(self) -> Option<Vec<&'a Value>> {
        match (
            self.node.get("const"),
            self.node.get("enum").and_then(Value::as_array),
        ) {
            (Some(only), _) => Some(vec![only]),
            (None, Some(several)) => Some(several.iter().collect()),
            (None, None) => None,
        }
    }

    /// The names of its properties.
    pub(super) fn properties(self) -> impl Iterator<Item = &'a str> {
        let fields = self.node.get("properties").and_then(Value::as_object);
        fields
            .into_iter()
            .flat_map(|fields| fields.keys().map(String::as_str))
    }

    /// The schema of the property `name`.
    pub(super) fn property(self, name: &str) -> Option<Self> {
        self.node
            .get("properties")?
            .get(name)
            .map(|node| self.part(node))
    }

    /// The schema of its items.
    pub(super) fn items(self) -> Option<Self> {
        self.node.get("items").map(|node| self.part(node))
    }

    /// The schema of properties that it does not name; `None` when it says nothing of them.
    pub(super) fn additional(self) -> Option<Self> {
        self.node
            .get("additionalProperties")
            .map(|node| self.part(node))
    }
}
