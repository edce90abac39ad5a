//! What was found when runs, a journal or an export were held against their hashes and seals.

use serde_json::{Value, json};

use crate::core::journal::evidence::Finding;
use crate::core::report::page::{Block, Line, Mark, Page, Tone};
use crate::core::report::tell_plan::sentence;
use crate::core::report::text::Paint;
use crate::core::report::words::counted;
use crate::core::report::{markdown, text};

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A run in the journal.
    Run,
    /// The journal as a whole.
    Journal,
    /// An exported run.
    Export,
}

/// What became of the seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// It is the key's.
    Holds,
    /// It is not.
    Broken,
    /// The key is not at hand.
    Unchecked,
    /// It is said to be of another key than the one that was to prove it.
    Other,
}

/// One thing that was looked at, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What it is.
    pub kind: Kind,
    /// Which one.
    pub name: String,
    /// How many events it has.
    pub events: usize,
    /// The hash of the last one; none of a journal.
    pub head: Option<String>,
    /// What became of its seal.
    pub seal: Seal,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is not wrong, and good to know: fragments without a full stop.
    pub notes: Vec<String>,
}

impl Checked {
    /// True when nothing is wrong, as far as could be checked.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty() && self.seal != Seal::Other
    }

    fn document(&self) -> Value {
        let finding = |f: &Finding| json!({ "event": f.event, "what": f.what });
        json!({
            "kind": self.kind.name(),
            "name": self.name,
            "whole": self.is_whole(),
            "events": self.events,
            "head": self.head,
            "seal": self.seal.name(),
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }

    fn item(&self) -> Block {
        let (tone, verdict) = match (self.findings.is_empty(), self.is_whole()) {
            (true, true) => (Tone::Good, "whole"),
            (true, false) => (Tone::Warn, "NOT PROVEN"),
            (false, _) => (Tone::Bad, "ALTERED"),
        };
        let line = Line::new(format!("{} ", self.kind.name()))
            .then(Tone::Id, &self.name)
            .text(": ")
            .then(tone, verdict)
            .text(format!(", {}", counted(self.events, "event", "events")))
            .text(self.seal.words());
        let finding = |f: &Finding| {
            let place = f.event.map(|event| format!("event {event}: "));
            let line = Line::default().then(Tone::Warn, place.unwrap_or_default());
            Block::Item(Mark::Dash, line.text(&f.what), Vec::new())
        };
        let mut inner: Vec<Block> = self.findings.iter().map(finding).collect();
        let note = |note: &String| Block::Text(Line::default().then(Tone::Dim, sentence(note)));
        inner.extend(self.notes.iter().map(note));
        let head = self.head.as_ref().filter(|head| !head.is_empty());
        inner.extend(head.map(|head| Block::Text(Line::new("head ").then(Tone::Id, head))));
        Block::Item(Mark::Dash, line, inner)
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Journal => "journal",
            Self::Export => "export",
        }
    }
}

impl Seal {
    fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::Unchecked => "not_checked",
            Self::Other => "another_key",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Holds => ", sealed",
            Self::Broken => ", seal broken",
            Self::Unchecked => ", seal not checked",
            Self::Other => ", sealed with another key",
        }
    }
}

/// For people at a terminal.
#[must_use]
pub fn told(checked: &[Checked], paint: Paint) -> String {
    text::draw(&page(checked), paint)
}

/// For a ticket.
#[must_use]
pub fn markdown(checked: &[Checked]) -> String {
    markdown::draw(&page(checked))
}

/// For machines.
#[must_use]
pub fn document(checked: &[Checked]) -> Value {
    json!({
        "schema_version": 1,
        "whole": checked.iter().all(Checked::is_whole),
        "checked": checked.iter().map(Checked::document).collect::<Vec<_>>(),
    })
}

fn page(checked: &[Checked]) -> Page {
    Page(checked.iter().map(Checked::item).collect())
}
