//! What is wrong with a text that somebody wrote, and where: drawn as compilers draw it.
//!
//! Invariant: drawing never fails. A span may be wrong, the text may be anything; the reader
//! still gets the message.

mod draw;
mod spelling;

use std::ops::Range;

pub use draw::{Sources, render};
pub use spelling::did_you_mean;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The text cannot be used.
    Error,
    /// The text can be used, and somebody should look at it.
    Warning,
}

/// A second place that explains the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The file of the place, as the user named it.
    pub file: String,
    /// Bytes of that file.
    pub span: Range<usize>,
    /// What is there: a fragment.
    pub label: String,
}

/// One thing that is wrong, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Its stable name, such as `RB010`.
    pub code: &'static str,
    /// What is wrong: a fragment, without a full stop.
    pub message: String,
    /// The file, as the user named it.
    pub file: String,
    /// Bytes of that file; drawing clamps them to whole characters.
    pub span: Range<usize>,
    /// What to say under the place; may be empty.
    pub label: String,
    /// Other places that explain this one.
    pub related: Vec<Related>,
    /// Further facts, one sentence each.
    pub notes: Vec<String>,
    /// What to do next.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `span` of `file`.
    #[must_use]
    pub fn error(
        code: &'static str,
        file: &str,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            file: file.to_owned(),
            span,
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// The same with words under the place.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same with what to do next.
    #[must_use]
    pub fn helped(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with what to do next, when anything is known.
    #[must_use]
    pub fn maybe_helped(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// The same with a second place.
    #[must_use]
    pub fn related(mut self, file: &str, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related.push(Related {
            file: file.to_owned(),
            span,
            label: label.into(),
        });
        self
    }
}

/// Puts diagnostics in reading order: by file, then by place.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        (&a.file, a.span.start, a.code, &a.message).cmp(&(
            &b.file,
            b.span.start,
            b.code,
            &b.message,
        ))
    });
}

/// The line and column of a byte, both from 1; columns count characters.
#[must_use]
pub fn line_column(source: &str, offset: usize) -> (usize, usize) {
    let before = &source[..clamp(source, offset)];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[start..].chars().count() + 1,
    )
}

/// The nearest character boundary at or before `offset`.
fn clamp(source: &str, offset: usize) -> usize {
    let mut at = offset.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_columns_count_characters() {
        let text = "a: 1\nü: x\n";
        assert_eq!(line_column(text, 0), (1, 1));
        assert_eq!(line_column(text, 5), (2, 1));
        assert_eq!(line_column(text, 7), (2, 2));
        assert_eq!(
            line_column(text, 6),
            (2, 1),
            "inside a character is that character"
        );
        assert_eq!(line_column(text, 999), (3, 1));
    }

    #[test]
    fn diagnostics_are_read_from_the_top_of_each_file() {
        let mut all = vec![
            Diagnostic::error("RB001", "b", 0..1, "x"),
            Diagnostic::error("RB001", "a", 9..10, "y"),
            Diagnostic::error("RB001", "a", 2..3, "z"),
        ];
        sort(&mut all);
        let order: Vec<&str> = all.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(order, ["z", "y", "x"]);
    }
}
