//! Microsoft's API descriptions (OpenAPI 2), as they lie in their repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

/// All documents, by path.
pub(crate) struct Specs {
    pub(crate) documents: BTreeMap<PathBuf, Value>,
    pub(crate) operations: Vec<Operation>,
}

/// One operation of one document.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) version: String,
    pub(crate) document: PathBuf,
    pub(crate) parameters: Vec<(PathBuf, Value)>,
    pub(crate) responses: BTreeMap<String, Value>,
    pub(crate) long_running: bool,
    pub(crate) examples: Vec<PathBuf>,
}

impl Specs {
    pub(crate) fn read(root: &Path) -> Self {
        let mut documents = BTreeMap::new();
        collect(root, &mut documents);
        let mut specs = Self {
            documents,
            operations: Vec::new(),
        };
        let paths: Vec<PathBuf> = specs.documents.keys().cloned().collect();
        for document in &paths {
            let found = specs.operations_of(document);
            specs.operations.extend(found);
        }
        specs
    }

    fn operations_of(&self, document: &Path) -> Vec<Operation> {
        let spec = &self.documents[document];
        let version = spec["info"]["version"].as_str().unwrap_or_default();
        let mut found = Vec::new();
        for (path, item) in spec["paths"].as_object().into_iter().flatten() {
            let shared = item["parameters"].as_array().cloned().unwrap_or_default();
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Some(id) = operation["operationId"].as_str() else {
                    continue;
                };
                let own = operation["parameters"].as_array().cloned();
                let parameters = shared.iter().cloned().chain(own.unwrap_or_default());
                let responses = operation["responses"].as_object().cloned();
                let examples = operation["x-ms-examples"].as_object().into_iter().flatten();
                found.push(Operation {
                    id: id.to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    version: version.to_owned(),
                    document: document.to_owned(),
                    parameters: parameters.map(|p| self.followed(document, &p)).collect(),
                    responses: responses.unwrap_or_default().into_iter().collect(),
                    long_running: operation["x-ms-long-running-operation"] == true,
                    examples: examples
                        .filter_map(|(_, e)| Some(beside(document, e["$ref"].as_str()?)))
                        .collect(),
                });
            }
        }
        found
    }

    /// What a `$ref` names, and the document that it stands in.
    pub(crate) fn followed(&self, document: &Path, value: &Value) -> (PathBuf, Value) {
        match value["$ref"].as_str() {
            None => (document.to_owned(), value.clone()),
            Some(reference) => {
                let (document, pointer) = target(document, reference);
                let found = self.at(&document, &pointer);
                self.followed(&document, found)
            }
        }
    }

    /// The value at `pointer` in `document`.
    pub(crate) fn at(&self, document: &Path, pointer: &str) -> &Value {
        let spec = self.documents.get(document);
        let spec = spec.unwrap_or_else(|| panic!("no document `{}`", document.display()));
        spec.pointer(pointer)
            .unwrap_or_else(|| panic!("no `{pointer}` in `{}`", document.display()))
    }
}

impl Operation {
    /// Names a part of it: ids of operations are used again in other documents.
    pub(crate) fn key(&self, part: &str) -> String {
        format!("{} {} {part}", self.document.display(), self.id)
    }
}

/// The document and the pointer of a reference.
pub(crate) fn target(document: &Path, reference: &str) -> (PathBuf, String) {
    let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    let document = if file.is_empty() {
        document.to_owned()
    } else {
        beside(document, file)
    };
    (document, pointer.to_owned())
}

/// The path of `file` as `document` names it.
fn beside(document: &Path, file: &str) -> PathBuf {
    let mut whole = document.parent().unwrap().to_owned();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::Normal(name) => whole.push(name),
            _ => {}
        }
    }
    whole
}

fn collect(folder: &Path, into: &mut BTreeMap<PathBuf, Value>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("examples") {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "json") {
            let text = fs::read_to_string(&path).unwrap();
            into.insert(
                path,
                serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap(),
            );
        }
    }
}
