//! What runs have made of a saved plan so far: it is applied once.
//!
//! A run that ended fixed, or found nothing to do, has spent it. After any other end what is left
//! may still be applied, but not what an earlier run has done.

use std::collections::BTreeMap;

use crate::core::action::Change;
use crate::core::journal::store::{Store, StoreError};
use crate::core::journal::{Event, Record, RunId};
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::Plan;
use crate::core::plan::rest::Done;

/// What became of a saved plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Each run of it, and how many events it has.
    pub runs: BTreeMap<String, u64>,
    /// The run that spent it, and how that ended.
    pub spent: Option<(RunId, RunOutcome)>,
    /// What was done for good: what is borrowed goes back, and may be borrowed again.
    pub done: Done,
}

impl Uses {
    /// Reads what has become of the file of this id, which holds `plan`; `but` is not counted.
    ///
    /// # Errors
    /// When the journal cannot be read: then nobody knows, and nothing may be sent.
    pub async fn of(
        store: &dyn Store,
        plan: &Plan,
        id: &str,
        but: Option<&RunId>,
    ) -> Result<Self, StoreError> {
        let mut uses = Self::default();
        let target = plan.target.key();
        for row in store.runs().await? {
            if row.target.to_lowercase() == target && Some(&row.run) != but {
                uses.count(id, &store.read(&row.run).await?);
            }
        }
        Ok(uses)
    }

    fn count(&mut self, id: &str, records: &[Record]) {
        let Some((first, rest)) = records.split_first() else {
            return;
        };
        match &first.event {
            Event::Planned { plan } if plan.from_file.as_ref().is_some_and(|f| f.id == id) => {}
            _ => return,
        }
        let events = rest.last().unwrap_or(first).seq;
        self.runs.insert(first.run.0.clone(), events);
        let mut sent: Vec<(&String, &Change)> = Vec::new();
        for record in rest {
            match &record.event {
                Event::Intended { step, change, .. } => sent.push((step, change)),
                Event::Verified {
                    step,
                    outcome: StepOutcome::Changed,
                    ..
                } => {
                    let own = sent.iter().filter(|(of, _)| *of == step);
                    let lasting = own.filter(|(_, c)| c.borrows.is_none() && c.returns.is_none());
                    let keys = lasting.map(|(_, change)| change.key());
                    let run = &first.run.0;
                    self.done.extend(keys.map(|key| (key, run.clone())));
                }
                Event::Ended { outcome, .. }
                    if matches!(outcome, RunOutcome::Fixed | RunOutcome::NothingToDo) =>
                {
                    self.spent = Some((first.run.clone(), *outcome));
                }
                _ => {}
            }
        }
    }
}
