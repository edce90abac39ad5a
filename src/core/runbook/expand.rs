//! Includes: the steps of a runbook with those of its procedures in their places.

use std::collections::BTreeMap;

use super::model::{Entry, Parameters, Procedure, Runbook, Step};
use super::parse::Parsed;

/// The procedures that runbooks may include, by name.
pub type Procedures = BTreeMap<String, Parsed<Procedure>>;

/// One step where it stands: in the runbook itself, or in a procedure that it includes.
pub(super) struct Placed<'a> {
    pub(super) step: &'a Step,
    /// The procedure that it comes from.
    pub(super) procedure: Option<&'a Parsed<Procedure>>,
    /// The guard of the include that brought it.
    pub(super) include_when: Option<&'a str>,
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
                    include_when: None,
                    path: at.clone(),
                    entry: at,
                });
            }
            Entry::Include { procedure, when } => {
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
                            include_when: when.as_deref(),
                            path: format!("steps[{n}]"),
                            entry: at.clone(),
                        }),
                );
            }
        }
    }
    placed
}

impl Placed<'_> {
    /// When it is done: by its own guard and by that of its include, both when there are both.
    pub(super) fn when(&self) -> Option<String> {
        match (self.include_when, &self.step.when) {
            (Some(include), Some(own)) => Some(format!("and ({include}) ({own})")),
            (Some(only), None) => Some(only.to_owned()),
            (None, own) => own.clone(),
        }
    }
}

/// The parameters of a runbook: its own, then those that its procedures bring.
pub(super) fn parameters(runbook: &Runbook, procedures: &Procedures) -> Parameters {
    let included = runbook.steps.iter().filter_map(|entry| match entry {
        Entry::Include { procedure, .. } => procedures.get(procedure),
        Entry::Step(_) => None,
    });
    included.fold(runbook.parameters.clone(), |all, procedure| {
        all.with(&procedure.document.parameters)
    })
}

/// The runbook with every include replaced by the steps it names.
pub(super) fn expanded(runbook: &Runbook, procedures: &Procedures) -> Runbook {
    let steps = steps(runbook, procedures);
    let entries = steps
        .iter()
        .map(|placed| {
            Entry::Step(Box::new(Step {
                when: placed.when(),
                ..placed.step.clone()
            }))
        })
        .collect();
    Runbook {
        parameters: parameters(runbook, procedures),
        steps: entries,
        ..runbook.clone()
    }
}
