//! Plans and reports for a terminal: 80 columns, wrapped between words.
//!
//! An id that is longer than a line stands alone on one and is not broken, so that it can be
//! copied: the terminal wraps it where it must.

use crate::core::plan::Plan;
use crate::core::report::page::{Block, Line, Mark, Page, Tone, clean};
use crate::core::report::{Report, tell_plan, tell_run};

/// Whether to colour; the words say all that the colours do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Plain text.
    None,
    /// With ANSI escape codes.
    Ansi,
}

/// Columns of a line.
const WIDTH: usize = 80;
/// Columns of the names of fields.
const NAMES: usize = 16;

/// A report, ending in a line feed.
#[must_use]
pub fn render(report: &Report, paint: Paint) -> String {
    draw(&page(report), paint)
}

/// A plan as a proposal, ending in a line feed.
#[must_use]
pub fn plan(plan: &Plan, paint: Paint) -> String {
    draw(&tell_plan::page(&Report::of_plan(plan), plan), paint)
}

/// What is told, whatever the medium.
pub(super) fn page(report: &Report) -> Page {
    match (&report.run, &report.plan) {
        (Some(run), Some(plan)) => tell_run::page(report, plan, run),
        (None, Some(plan)) => tell_plan::page(report, plan),
        (_, None) => tell_run::error(report),
    }
}

pub(super) fn draw(page: &Page, paint: Paint) -> String {
    let mut canvas = Canvas {
        out: String::new(),
        paint,
    };
    canvas.blocks(&page.0, 0);
    canvas.out
}

struct Canvas {
    out: String,
    paint: Paint,
}

/// Pieces that stand together without a blank.
type Word = Vec<(Tone, String)>;

impl Canvas {
    fn blocks(&mut self, blocks: &[Block], indent: usize) {
        for (at, block) in blocks.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| blocks.get(before));
            if before.is_some_and(|before| gap(before, block)) {
                self.out.push('\n');
            }
            self.block(block, indent);
        }
    }

    fn block(&mut self, block: &Block, indent: usize) {
        match block {
            Block::Title(line) => self.paragraph("", line, indent, 0, Tone::Strong),
            Block::Heading(text) => {
                self.paragraph("", &Line::new(*text), indent, 0, Tone::Strong);
            }
            Block::Text(line) => self.paragraph("", line, indent, 0, Tone::Plain),
            Block::Field(name, line) => {
                self.paragraph(&format!("{name:<NAMES$}"), line, indent, NAMES, Tone::Plain);
            }
            Block::Item(mark, line, inner) => {
                let mark = match mark {
                    Mark::Number(number) => format!("{number:>2}. "),
                    Mark::Dash => "- ".to_owned(),
                };
                let hang = mark.chars().count();
                self.paragraph(&mark, line, indent, hang, Tone::Plain);
                self.blocks(inner, indent + hang);
            }
            Block::Verbatim(text) => {
                for line in text.lines() {
                    self.out.push_str(&" ".repeat(indent + 2));
                    self.out.push_str(&clean(line));
                    self.out.push('\n');
                }
            }
        }
    }

    /// `first` and the words of `line`; further lines are indented by `hang` more.
    fn paragraph(&mut self, first: &str, line: &Line, indent: usize, hang: usize, base: Tone) {
        self.out.push_str(&" ".repeat(indent));
        self.out.push_str(first);
        let start = indent + hang;
        let mut column = start.max(indent + first.chars().count());
        for word in words(line, base) {
            let length: usize = word.iter().map(|(_, text)| text.chars().count()).sum();
            let blank = usize::from(column > start);
            if hang == NAMES && column == start && start + length > WIDTH {
                // Beneath the name of its field there is more room.
                self.end_line();
                self.out.push_str(&" ".repeat(indent + 2));
            } else if column > start && column + blank + length > WIDTH {
                self.end_line();
                self.out.push_str(&" ".repeat(start));
                column = start;
            } else if blank > 0 {
                self.out.push(' ');
                column += 1;
            }
            for (tone, text) in &word {
                self.painted(*tone, text);
            }
            column += length;
        }
        self.end_line();
    }

    fn end_line(&mut self) {
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        self.out.push('\n');
    }

    fn painted(&mut self, tone: Tone, text: &str) {
        let code = match (self.paint, tone) {
            (Paint::None, _) | (_, Tone::Plain) => None,
            (Paint::Ansi, Tone::Strong) => Some("1"),
            (Paint::Ansi, Tone::Good) => Some("32"),
            (Paint::Ansi, Tone::Warn) => Some("1;33"),
            (Paint::Ansi, Tone::Bad) => Some("1;31"),
            (Paint::Ansi, Tone::Dim) => Some("2"),
            (Paint::Ansi, Tone::Id) => Some("36"),
        };
        match code {
            Some(code) => self.out.push_str(&format!("\u{1b}[{code}m{text}\u{1b}[0m")),
            None => self.out.push_str(text),
        }
    }
}

/// Whether a blank line stands between two blocks.
fn gap(before: &Block, block: &Block) -> bool {
    matches!(
        (before, block),
        (_, Block::Heading(_))
            | (Block::Title(_), _)
            | (
                Block::Item(Mark::Number(_), _, _),
                Block::Item(Mark::Number(_), _, _)
            )
            | (Block::Item(..) | Block::Field(..), Block::Text(_))
    )
}

fn words(line: &Line, base: Tone) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut word = Word::new();
    for span in &line.0 {
        let tone = if span.tone == Tone::Plain {
            base
        } else {
            span.tone
        };
        let text = clean(&span.text);
        if tone == Tone::Id {
            word.push((tone, text));
            continue;
        }
        for (at, part) in text.split(' ').enumerate() {
            if at > 0 && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if !part.is_empty() {
                word.push((tone, part.to_owned()));
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests;
