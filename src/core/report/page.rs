//! A page: what is told, before it is known where. Terminal and chat draw the same page.

/// How a piece of text is meant. Never the only bearer of a meaning: the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Good,
    Warn,
    Bad,
    Dim,
    /// An id, a path or a code: kept in one piece, so that it can be copied.
    Id,
}

/// One piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// A paragraph, before it is wrapped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(pub(super) Vec<Span>);

impl Line {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self::default().then(Tone::Plain, text)
    }

    pub(super) fn id(text: impl Into<String>) -> Self {
        Self::default().then(Tone::Id, text)
    }

    pub(super) fn then(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push(Span {
            tone,
            text: text.into(),
        });
        self
    }

    pub(super) fn text(self, text: impl Into<String>) -> Self {
        self.then(Tone::Plain, text)
    }
}

/// One part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// The first line.
    Title(Line),
    /// Begins a section.
    Heading(&'static str),
    /// A paragraph.
    Text(Line),
    /// A name and what it stands for.
    Field(&'static str, Line),
    /// An entry of a list, with what belongs to it.
    Item(Mark, Line, Vec<Block>),
    /// To be copied as it stands: a command, or JSON.
    Verbatim(String),
}

/// What begins an entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Number(usize),
    Dash,
}

/// Blocks in reading order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page(pub(super) Vec<Block>);

impl Page {
    pub(super) fn title(&mut self, line: Line) {
        self.0.push(Block::Title(line));
    }

    pub(super) fn heading(&mut self, text: &'static str) {
        self.0.push(Block::Heading(text));
    }

    pub(super) fn text(&mut self, line: Line) {
        self.0.push(Block::Text(line));
    }

    pub(super) fn field(&mut self, name: &'static str, line: Line) {
        self.0.push(Block::Field(name, line));
    }

    /// A field that is left out when there is nothing to say.
    pub(super) fn maybe(&mut self, name: &'static str, line: Option<Line>) {
        self.0.extend(line.map(|line| Block::Field(name, line)));
    }

    pub(super) fn item(&mut self, mark: Mark, line: Line, inner: Vec<Block>) {
        self.0.push(Block::Item(mark, line, inner));
    }

    pub(super) fn verbatim(&mut self, text: impl Into<String>) {
        self.0.push(Block::Verbatim(text.into()));
    }
}

/// `text` on one line and without anything that a terminal or a chat would obey: control
/// characters, and marks that turn the direction of reading or do not show.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || is_invisible(c) => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_survives() {
        assert_eq!(
            clean("a\u{1b}[31mb\r\nc\u{9b}d\u{202e}e"),
            "a\\u{1b}[31mb  c\\u{9b}d\\u{202e}e"
        );
        assert_eq!(clean("Zurück, naïve, 日本"), "Zurück, naïve, 日本");
    }
}
