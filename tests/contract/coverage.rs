//! Which operations were seen, and how often.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::check::Called;
use crate::exchanges::Line;

/// Counts by operation.
#[derive(Default)]
pub(crate) struct Coverage {
    operations: BTreeMap<String, Counts>,
    unknown: BTreeSet<String>,
}

#[derive(Default)]
struct Counts {
    ours: usize,
    answers: BTreeMap<u16, usize>,
}

impl Coverage {
    pub(crate) fn count(&mut self, call: &Called, line: &Line) {
        let name = match call {
            Called::Operation(id) => id.clone(),
            Called::Outside(outside) => format!("({outside:?})"),
            Called::Unknown(what) => {
                if line.ours {
                    self.unknown.insert(what.clone());
                }
                return;
            }
        };
        let counts = self.operations.entry(name).or_default();
        counts.ours += usize::from(line.ours);
        if let Some(answer) = &line.exchange.answer {
            *counts.answers.entry(answer.status).or_default() += 1;
        }
    }

    /// What we call that no description covers.
    pub(crate) fn uncovered(&self) -> &BTreeSet<String> {
        &self.unknown
    }

    /// The figures, for the end of a run.
    pub(crate) fn summary(&self) -> String {
        let described = self
            .operations
            .iter()
            .filter(|(name, _)| !name.starts_with('('));
        let called = described.clone().filter(|(_, c)| c.ours > 0).count();
        let requests: usize = self.operations.values().map(|c| c.ours).sum();
        let answers: usize = self
            .operations
            .values()
            .flat_map(|c| c.answers.values())
            .sum();
        format!(
            "openapi: {} operations answered, {called} of them called by us; {requests} distinct requests and {answers} answers as described",
            described.count()
        )
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, counts) in &self.operations {
            let answers: Vec<String> = counts
                .answers
                .iter()
                .map(|(status, n)| format!("{status}×{n}"))
                .collect();
            writeln!(f, "{name}: {} by us; {}", counts.ours, answers.join(" "))?;
        }
        write!(f, "{}", self.summary())
    }
}
