//! Nothing of Azure Backup's is left: what the run deleted, and what had gone already.

use std::collections::BTreeSet;

use serde_json::json;

use super::locked;
use crate::actions::facts::restore_points::RestorePoints;
use crate::actions::words::{count, names};
use crate::base::ErrorClass;
use crate::core::action::{Decision, Fate, Past};

pub(super) fn nothing_left(points: &RestorePoints, past: &Past<'_>) -> Decision {
    let others = match points.others.len() {
        0 => String::new(),
        n => format!(
            "; {} of this VM that Azure Backup did not make ({}) {} towards the limit",
            count(n, "collection"),
            names(points.others.iter().map(|c| c.name.as_str())),
            if n == 1 {
                "stays, and counts"
            } else {
                "stay, and count"
            },
        ),
    };
    let own: BTreeSet<String> = past.own().map(|s| s.change.key()).collect();
    let gone = own.iter().filter(|key| was_gone(key, past)).count();
    let deleted = own.len() - gone;
    if points.count >= points.limit {
        return Decision::NeedsHuman {
            why: format!(
                "{} restore points of this VM are not Azure Backup's, and {} is the limit: no \
                 backup can succeed until their owner removes some; then apply this again{others}",
                points.count, points.limit
            ),
            evidence: json!({ "owner": "the owner of the restore points",
                "evidence": { "collections": points.others } }),
        };
    }
    let why = match (deleted, gone) {
        (0, 0) => format!("the VM has no restore point collection of Azure Backup{others}"),
        (0, gone) => format!("{} gone already{others}", were(gone)),
        (deleted, 0) => format!(
            "{} deleted{others}{}",
            count(deleted, "collection"),
            locked::advice(past)
        ),
        (deleted, gone) => format!(
            "{} deleted; {} gone already{others}{}",
            count(deleted, "collection"),
            were(gone),
            locked::advice(past)
        ),
    };
    Decision::Satisfied {
        why,
        outputs: json!({ "deleted": deleted }),
    }
}

fn were(number: usize) -> String {
    let verb = if number == 1 { "was" } else { "were" };
    format!("{} {verb}", count(number, "collection"))
}

/// Whether nothing of the run's own has deleted it: it was not there any more at the first try.
fn was_gone(key: &str, past: &Past<'_>) -> bool {
    let mut tries = past.own().filter(|sent| sent.change.key() == key);
    tries.all(|sent| match &sent.fate {
        Fate::Done(outputs) => outputs["already_gone"] == true,
        Fate::Failed(failure) => failure.class == ErrorClass::NotFound,
        Fate::InDoubt => false,
    })
}
