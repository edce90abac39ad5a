//! A run as it lies on disk, before anything of it is believed, and what is wrong with it.
//!
//! Each event carries a hash over the one before, so that editing, removing or reordering events
//! shows. Whoever rewrites all hashes from some point on, or cuts the end off, has to write another
//! head into the run's row: that has a seal, which takes the key. The seals of single runs do not
//! show that a whole run is gone, or was put back as it once was: the counts of the journal do,
//! which have a seal of their own.
//!
//! Nothing here shows that the whole journal was put back as it once was. The head that each
//! report prints, kept elsewhere, does.

use serde::Deserialize;

use crate::base::SealKey;
use crate::base::seal::Use;
use crate::core::journal::state::State;
use crate::core::journal::{Event, Record, RunId, chain_of_text};

/// A run's row, every value as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// Its id.
    pub run: String,
    /// The target's resource id.
    pub target: String,
    /// The runbook's code.
    pub code: String,
    /// When it began.
    pub started: String,
    /// When it ended, if it did.
    pub ended: Option<String>,
    /// How it ended, if it did.
    pub outcome: Option<String>,
    /// How many of its events are older than its first seal: hashes alone hold them.
    pub adopted: i64,
    /// How many events it has.
    pub events: i64,
    /// The hash of the last one.
    pub head: String,
    /// The seal over run, adopted events, events and head.
    pub seal: String,
}

/// An event, every value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub seq: i64,
    /// When it was appended.
    pub at: String,
    /// What happened, as JSON.
    pub event: String,
    /// Its hash.
    pub hash: String,
}

/// A run as it lies on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its row.
    pub row: Row,
    /// Its events, by their numbers.
    pub lines: Vec<Line>,
}

/// What the journal says of itself as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// The name of the key that it is sealed with.
    pub key: String,
    /// How many runs there are.
    pub runs: i64,
    /// How many events they have together.
    pub events: i64,
    /// The seal over both.
    pub seal: String,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The event, where one is meant.
    pub event: Option<i64>,
    /// What is wrong, for people.
    pub what: String,
}

impl Finding {
    /// One that is of no single event.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        let (event, what) = (None, what.into());
        Self { event, what }
    }

    fn at(event: i64, what: impl Into<String>) -> Self {
        let (event, what) = (Some(event), what.into());
        Self { event, what }
    }
}

impl Row {
    /// The seal that belongs here.
    #[must_use]
    pub fn sealed_with(&self, key: &SealKey) -> String {
        key.seal(Use::Head, &self.sealed_text())
    }

    /// Whether the seal that is here belongs here.
    #[must_use]
    pub fn is_sealed_with(&self, key: &SealKey) -> bool {
        key.holds(Use::Head, &self.sealed_text(), &self.seal)
    }

    fn sealed_text(&self) -> String {
        let Self { run, head, .. } = self;
        format!("run\n{run}\n{}\n{}\n{head}", self.adopted, self.events)
    }
}

impl Totals {
    /// These counts, sealed.
    #[must_use]
    pub fn sealed(runs: i64, events: i64, key: &SealKey) -> Self {
        Self {
            key: key.name(),
            runs,
            events,
            seal: key.seal(Use::Head, &Self::text(runs, events)),
        }
    }

    /// Whether the seal belongs to the counts.
    #[must_use]
    pub fn is_sealed_with(&self, key: &SealKey) -> bool {
        key.holds(Use::Head, &Self::text(self.runs, self.events), &self.seal)
    }

    fn text(runs: i64, events: i64) -> String {
        format!("journal\n{runs}\n{events}")
    }
}

impl Kept {
    /// Everything that is wrong with it; its seal is looked at where a key is at hand.
    #[must_use]
    pub fn findings(&self, key: Option<&SealKey>) -> Vec<Finding> {
        let mut findings = self.chain();
        findings.extend(self.ends_as_its_row_says());
        if key.is_some_and(|key| !self.row.is_sealed_with(key)) {
            findings.push(Finding::new(
                "the seal does not hold: its row, or its events together with their hashes, were rewritten without the key",
            ));
        }
        match self.records() {
            Ok(records) => {
                if let Err(illegal) = State::fold(&records) {
                    let seq = i64::try_from(illegal.seq).unwrap_or(i64::MAX);
                    let what = format!("`{}` cannot be here: {}", illegal.event, illegal.why);
                    findings.push(Finding::at(seq, what));
                }
                findings.extend(self.row_tells_of(&records));
            }
            Err(finding) => findings.push(finding),
        }
        findings
    }

    /// What does not follow from the event before it.
    fn chain(&self) -> Vec<Finding> {
        let (mut findings, mut before, mut expected) = (Vec::new(), "", 1);
        for line in &self.lines {
            let follows =
                chain_of_text(before, &self.row.run, line.seq, &line.at, &line.event) == line.hash;
            if line.seq > expected {
                findings.push(Finding::at(expected, missing(expected, line.seq - 1)));
            } else if line.seq < expected {
                findings.push(Finding::at(line.seq, "it is out of its place"));
            } else if !follows {
                findings.push(Finding::at(
                    line.seq,
                    "its hash does not follow: it was edited or put in the place of another, or the hash before it was",
                ));
            }
            before = &line.hash;
            expected = line.seq.saturating_add(1);
        }
        findings
    }

    fn ends_as_its_row_says(&self) -> Vec<Finding> {
        let (there, said) = (self.lines.len() as i64, self.row.events);
        let mut findings = Vec::new();
        if there != said {
            findings.push(Finding::new(format!(
                "its row counts {said} events, and {there} are there: events were removed or added"
            )));
        }
        let head = self.lines.last().map_or("", |line| &line.hash);
        if head != self.row.head {
            findings.push(Finding::new(
                "its row names another head than the hash of the last event that is there",
            ));
        }
        findings
    }

    /// Columns that repeat what events say, for lists, and say something else.
    fn row_tells_of(&self, records: &[Record]) -> Vec<Finding> {
        let row = &self.row;
        let mut said = Vec::new();
        if let Some(first) = records.first() {
            said.push(("began", row.started == first.at.to_string()));
            if let Event::Planned { plan } = &first.event {
                said.push(("target", row.target == plan.target.id));
                said.push(("code", row.code == plan.runbook.code));
            }
        }
        let told = (row.ended.clone(), row.outcome.clone());
        said.push(("end", told == end(records)));
        let wrong = said.into_iter().filter(|(_, same)| !same);
        wrong
            .map(|(what, _)| {
                Finding::new(format!("its row tells another {what} than its events do"))
            })
            .collect()
    }

    /// The events, understood.
    ///
    /// # Errors
    /// The first that cannot be.
    pub fn records(&self) -> Result<Vec<Record>, Finding> {
        let record = |line: &Line| {
            let no = |why: String| Finding::at(line.seq, format!("it cannot be understood: {why}"));
            Ok(Record {
                run: RunId(self.row.run.clone()),
                seq: u64::try_from(line.seq).map_err(|e| no(e.to_string()))?,
                at: line.at.parse().map_err(|e| no(format!("{e}")))?,
                event: serde_json::from_str(&line.event).map_err(|e| no(e.to_string()))?,
                hash: line.hash.clone(),
            })
        };
        self.lines.iter().map(record).collect()
    }
}

/// When and how a run ended last, unless it has gone on since.
fn end(records: &[Record]) -> (Option<String>, Option<String>) {
    let last = records.iter().rev().find_map(|r| match &r.event {
        Event::Ended { outcome, .. } => Some(Some((r.at.to_string(), outcome.name().to_owned()))),
        Event::Approved { .. } => Some(None),
        _ => None,
    });
    last.flatten().unzip()
}

fn missing(first: i64, last: i64) -> String {
    if first == last {
        return "it is missing".to_owned();
    }
    format!("it and those up to {last} are missing")
}

/// What is wrong with the journal as a whole, beside its runs: `runs` and `events` are what their
/// rows count, `strays` are runs that have events and no row. The seal is looked at where its key is
/// at hand.
#[must_use]
pub fn of_totals(
    totals: Option<&Totals>,
    (runs, events): (i64, i64),
    strays: &[String],
    key: Option<&SealKey>,
) -> Vec<Finding> {
    let stray = |run| Finding::new(format!("there are events of run `{run}`, and no row of it"));
    let mut findings: Vec<Finding> = strays.iter().map(stray).collect();
    let Some(totals) = totals else {
        findings.push(Finding::new("the row that counts runs and events is gone"));
        return findings;
    };
    if key.is_some_and(|key| !totals.is_sealed_with(key)) {
        findings.push(Finding::new(
            "the seal over its counts does not hold: they were rewritten without the key",
        ));
    }
    for (what, said, there) in [
        ("runs", totals.runs, runs),
        ("events", totals.events, events),
    ] {
        if said != there {
            findings.push(Finding::new(format!(
                "it has counted {said} {what}, and {there} are there: runs were removed, added or put back as they once were"
            )));
        }
    }
    findings
}

/// That a seal cannot be told from a forged one, and what to do.
#[must_use]
pub fn another_key(name: &str, key: &SealKey) -> String {
    format!(
        "it says that it is sealed with the key {name}, and the one at hand is {}: give the one that sealed it in RUNBOOK_SEAL_KEY, or as `{}` beside the journal",
        key.name(),
        crate::base::seal::KEY_FILE
    )
}
