//! Drawing. The only home of `annotate-snippets`.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Severity, clamp};

/// The texts that diagnostics point into, by file name.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, String>);

impl Sources {
    /// The texts of one file.
    #[must_use]
    pub fn one(file: &str, text: &str) -> Self {
        let mut sources = Self::default();
        sources.add(file, text);
        sources
    }

    /// Adds a text; one of the same name is replaced.
    pub fn add(&mut self, file: &str, text: &str) {
        self.0.insert(file.to_owned(), text.to_owned());
    }

    /// The text of a file, if it is known.
    #[must_use]
    pub fn text(&self, file: &str) -> Option<&str> {
        self.0.get(file).map(String::as_str)
    }
}

/// All diagnostics in the order given, each with its line drawn, blank lines between.
///
/// A file whose text is unknown is named without a drawing. Never panics.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&draw(diagnostic, sources));
        out.push('\n');
    }
    out
}

fn draw(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code);
    let mut group = Group::with_title(title);
    for place in places(diagnostic) {
        group = match sources.text(&place.file) {
            Some(text) => group.element(snippet(&place, text)),
            None => group.element(Origin::path(place.file)),
        };
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(one_line(note)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(one_line(help)));
    }
    Renderer::plain().render(&[group])
}

/// What is marked in one file: one drawing each, the diagnostic's own file first.
struct Place {
    file: String,
    marks: Vec<(AnnotationKind, Range<usize>, String)>,
}

fn places(diagnostic: &Diagnostic) -> Vec<Place> {
    let primary = (
        AnnotationKind::Primary,
        diagnostic.span.clone(),
        one_line(&diagnostic.label),
    );
    let mut places = vec![Place {
        file: diagnostic.file.clone(),
        marks: vec![primary],
    }];
    for related in &diagnostic.related {
        let mark = (
            AnnotationKind::Context,
            related.span.clone(),
            one_line(&related.label),
        );
        match places.iter_mut().find(|place| place.file == related.file) {
            Some(place) => place.marks.push(mark),
            None => places.push(Place {
                file: related.file.clone(),
                marks: vec![mark],
            }),
        }
    }
    places
}

fn snippet<'a>(place: &Place, text: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let mut snippet = Snippet::source(text).path(place.file.clone()).line_start(1);
    for (kind, span, label) in &place.marks {
        let label = (!label.is_empty()).then(|| label.clone());
        snippet = snippet.annotation(kind.span(whole(text, span)).label(label));
    }
    snippet
}

/// The span in whole characters, inside the text, and on one line: annotate-snippets panics on
/// a span that ends inside a character, and a value of twenty lines is not drawn twenty times.
fn whole(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = clamp(text, span.start);
    let end = clamp(text, span.end.max(start));
    let line = text[start..]
        .find(['\n', '\r'])
        .map_or(text.len(), |at| start + at);
    let end = end.min(line);
    if end > start {
        return start..end;
    }
    let width = text[start..line].chars().next().map_or(0, char::len_utf8);
    start..start + width
}

/// Text of others on one line: control characters would draw over what was drawn.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_error_starts_with_its_code_and_its_place() {
        let text = "version: 1\nsteps:\n  - actoin: x\n";
        let found = Diagnostic::error("RB006", "a.yaml", 22..28, "unknown field `actoin`")
            .labelled("unknown")
            .helped("did you mean `action`?");
        let drawn = render(&[found], &Sources::one("a.yaml", text));
        assert!(
            drawn.starts_with("error[RB006]: unknown field `actoin`\n"),
            "{drawn}"
        );
        assert!(drawn.contains("--> a.yaml:3:5\n"), "{drawn}");
        assert!(drawn.contains("^^^^^^ unknown"), "{drawn}");
        assert!(drawn.contains("help: did you mean `action`?"), "{drawn}");
    }

    #[test]
    fn a_place_in_another_file_is_drawn_too() {
        let mut sources = Sources::one("a.yaml", "code: X\n");
        sources.add("b.yaml", "code: x\n");
        let found = Diagnostic::error("RB030", "a.yaml", 6..7, "the code `X` is taken").related(
            "b.yaml",
            6..7,
            "by this runbook",
        );
        let drawn = render(&[found], &sources);
        assert!(
            drawn.contains("a.yaml:1:7") && drawn.contains("b.yaml:1:7"),
            "{drawn}"
        );
    }

    #[test]
    fn a_file_without_text_is_still_named() {
        let found = Diagnostic::error("RB001", "gone.yaml", 3..9, "cannot be read");
        let drawn = render(&[found], &Sources::default());
        assert!(
            drawn.contains("cannot be read") && drawn.contains("gone.yaml"),
            "{drawn}"
        );
    }

    #[test]
    fn terminal_commands_in_a_text_do_not_reach_the_terminal() {
        let text = "title: \u{1b}[2Jx\n";
        let found = Diagnostic::error("RB001", "a", 7..11, "bad \u{1b}[2J title").labelled("\u{7}");
        let drawn = render(&[found.helped("say \u{1b}c")], &Sources::one("a", text));
        assert!(
            !drawn.contains('\u{1b}') && !drawn.contains('\u{7}'),
            "{drawn:?}"
        );
    }

    proptest! {
        #[test]
        fn no_text_and_no_span_makes_drawing_panic(
            text in any::<String>(),
            spans in proptest::collection::vec((0usize..80, 0usize..80), 1..4),
            message in any::<String>(),
        ) {
            let mut found =
                Diagnostic::error("RB001", "f", spans[0].0..spans[0].1, message.clone());
            found = found.labelled(message.clone()).helped(message);
            for (start, end) in spans {
                found = found.related("f", start..end, "there");
            }
            let _ = render(&[found], &Sources::one("f", &text));
        }

        #[test]
        fn blanks_tabs_and_line_ends_of_every_kind_can_be_drawn(
            text in "[ \t\r\na\u{85}\u{2028}\u{200b}ü\u{feff}]{0,30}",
            start in 0usize..60,
            width in 0usize..60,
        ) {
            let found = Diagnostic::error("RB001", "f", start..start + width, "x");
            let _ = render(&[found], &Sources::one("f", &text));
        }
    }
}
