//! YAML in, values with their places out. The only home of `serde_yaml` and `granit-parser`.
//!
//! `serde_yaml` alone keeps the last of two equal keys in silence, expands a 41 KB text to nine
//! million nodes and loses places, so a first pass (`scan`) finds where everything is and
//! refuses what is not read here: equal keys, anchors on lists and mappings, merge keys, tags,
//! several documents, files over [`LARGEST`] bytes, nesting over [`DEEPEST`] levels.
//!
//! Invariant: no text makes any of this panic.

mod decode;
mod explain;
mod scan;
mod spans;

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::diagnostics::Diagnostic;

pub use spans::Spans;

/// The largest text that is read, in bytes; far above any document a person writes.
pub const LARGEST: usize = 256 * 1024;
/// The deepest nesting that is read; below `serde_yaml`'s own limit of 128.
pub const DEEPEST: usize = 64;

/// The codes of everything that can be wrong before a document's own rules are asked.
pub mod code {
    /// Not YAML.
    pub const SYNTAX: &str = "RB001";
    /// The same key twice in one mapping.
    pub const DUPLICATE: &str = "RB002";
    /// YAML that is not read here: anchors, aliases, merge keys, tags, several documents.
    pub const REFUSED: &str = "RB003";
    /// Too large, or nested too deep.
    pub const TOO_MUCH: &str = "RB004";
    /// A `{{…}}` without quotes, which YAML reads as a mapping.
    pub const UNQUOTED: &str = "RB005";
    /// A field that does not exist.
    pub const UNKNOWN_FIELD: &str = "RB006";
    /// A field that must be there and is not.
    pub const MISSING_FIELD: &str = "RB007";
    /// A value that its field does not take.
    pub const WRONG_VALUE: &str = "RB008";
}

/// A value read from YAML, and where each part of it stands.
#[derive(Clone, Debug)]
pub struct Document<T> {
    /// What was read.
    pub value: T,
    /// Where each part of it stands in the text.
    pub spans: Spans,
}

/// What could be read of a text with mistakes: enough to look for further ones.
#[derive(Clone, Debug)]
pub struct Draft<T> {
    /// The value, in which parts with mistakes were left out or replaced.
    pub document: Option<Document<T>>,
    /// The mistakes; when there are none, the document is whole.
    pub diagnostics: Vec<Diagnostic>,
    /// The paths that were left out or replaced: what stands there means nothing.
    pub spoiled: Vec<String>,
}

/// Reads one document of type `T`.
///
/// # Errors
/// All mistakes that can be told apart, in no particular order: at most fifty.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<Document<T>, Vec<Diagnostic>> {
    let draft = draft(file, text);
    match draft.document {
        Some(document) if draft.diagnostics.is_empty() => Ok(document),
        _ => Err(draft.diagnostics),
    }
}

/// Reads one document of type `T`, going on after mistakes as far as that makes sense.
#[must_use]
pub fn draft<T: DeserializeOwned>(file: &str, text: &str) -> Draft<T> {
    let unmarked = without_mark(text);
    let text = unmarked.as_ref();
    let spans = match scan::scan(file, text) {
        Ok(spans) => spans,
        Err(diagnostics) => {
            return Draft {
                document: None,
                diagnostics,
                spoiled: Vec::new(),
            };
        }
    };
    match serde_yaml::from_str::<Value>(text) {
        Ok(tree) => decode::decode(file, tree, spans),
        Err(error) => {
            let diagnostics = vec![explain::unreadable(file, text, &error)];
            Draft {
                document: None,
                diagnostics,
                spoiled: Vec::new(),
            }
        }
    }
}

/// The text with an empty remark of the same length in place of a byte order mark, which the
/// parser skips without counting its bytes: every place after it would be wrong.
fn without_mark(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => Cow::Owned(format!("#\n\n{rest}")),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests;
