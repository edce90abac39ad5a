//! Includes: the steps of a runbook with those of its procedures in their places.

use std::collections::BTreeMap;

use super::model::{Entry, Procedure, Runbook, Step};
use super::parse::Parsed;

/// The procedures that runbooks may include, by name.
pub type Procedures = BTreeMap<String, Parsed<Procedure>>;

/// One step where it stands: in the runbook itself, or in a procedure that it includes.
pub(super) struct Placed<'a> {
    pub(super) step: &'a Step,
    /// The procedure that it comes from.
    pub(super) procedure: Option<&'a Parsed<Procedure>>,
    /// Its path in the file that it comes from.
    pub(super) path: String,
    /// The path in the runbook: of the step, or of the include that brought it.
    pub(super) entry: String,
}

/// All steps in order; an include of what does not exist brings none.
pub(super) fn steps<'a>(runbook: &'a Runbook, procedures: &'a Procedures) -> Vec<Placed<'a>> {
    let mut placed = Vec::new();
    for (index, entry) in runbook.steps.iter().enumerate() {
        let at = format!("steps[{index}]");
        match entry {
            Entry::Step(step) => {
                placed.push(Placed {
                    step,
                    procedure: None,
                    path: at.clone(),
                    entry: at,
                });
            }
            Entry::Include { procedure } => {
                let Some(procedure) = procedures.get(procedure) else {
                    continue;
                };
                placed.extend(
                    procedure
                        .document
                        .steps
                        .iter()
                        .enumerate()
                        .map(|(n, step)| Placed {
                            step,
                            procedure: Some(procedure),
                            path: format!("steps[{n}]"),
                            entry: at.clone(),
                        }),
                );
            }
        }
    }
    placed
}

/// The runbook with every include replaced by the steps it names.
pub(super) fn expanded(runbook: &Runbook, procedures: &Procedures) -> Runbook {
    let steps = steps(runbook, procedures);
    let entries = steps
        .iter()
        .map(|placed| Entry::Step(Box::new(placed.step.clone())))
        .collect();
    Runbook {
        steps: entries,
        ..runbook.clone()
    }
}
