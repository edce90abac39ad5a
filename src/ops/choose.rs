//! Which runbook answers: the one that was named, or the one that the last failed job calls for.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::actions::codes;
use crate::actions::facts::incident::last_symptom;
use crate::azure::Reader;
use crate::azure::reader::rights;
use crate::base::secret::without_secrets;
use crate::core::facts::{Fact, FactKey, Facts, Lookers, Target};
use crate::core::runbook::Runbook;
use crate::core::runbook::answer::Answer;
use crate::core::symptom::Symptom;
use crate::ops::{OpsError, World};

/// A runbook, and why it.
pub(super) struct Chosen<'a> {
    pub(super) runbook: &'a Runbook,
    /// None for the one that was named.
    pub(super) answer: Option<Answer>,
}

/// The runbook of `code`, or of the last failed job where there is none. A code that only wraps
/// another failure is answered by the runbook of what stands inside, where one fits.
pub(super) async fn choose<'a>(
    world: &'a World,
    target: &Target,
    code: Option<&str>,
) -> Result<Chosen<'a>, OpsError> {
    let Some(code) = code else {
        return by_last_failure(world, target).await;
    };
    let named = Chosen {
        runbook: find(world, code)?,
        answer: None,
    };
    if !wraps(named.runbook) {
        return Ok(named);
    }
    let inside = match last_failure(world, target).await? {
        Some(failure) if failure.symptom.wrapper().is_some() => failure.answer,
        _ => return Ok(named),
    };
    match inside
        .runbook
        .as_deref()
        .filter(|_| inside.inside.is_some())
    {
        Some(code) => Ok(Chosen {
            runbook: find(world, code)?,
            answer: Some(inside),
        }),
        None => Ok(named),
    }
}

fn wraps(runbook: &Runbook) -> bool {
    let mut all = runbook.codes();
    all.any(|code| codes::WRAPPING.iter().any(|w| w.eq_ignore_ascii_case(code)))
}

fn find<'a>(world: &'a World, code: &str) -> Result<&'a Runbook, OpsError> {
    world
        .catalogue()
        .find(code)
        .map_err(|missing| OpsError::NoSuchCode {
            code: code.to_owned(),
            did_you_mean: missing.did_you_mean,
        })
}

async fn by_last_failure<'a>(world: &'a World, target: &Target) -> Result<Chosen<'a>, OpsError> {
    let Some(failure) = last_failure(world, target).await? else {
        return Err(no_failure());
    };
    let Some(code) = &failure.answer.runbook else {
        return Err(OpsError::NoSuchCode {
            code: in_short(&failure.symptom),
            did_you_mean: None,
        });
    };
    Ok(Chosen {
        runbook: find(world, code)?,
        answer: Some(failure.answer),
    })
}

pub(super) fn no_failure() -> OpsError {
    OpsError::NoFailure(
        "this VM has no failed backup job of the last 14 days, so there is no code to read; if you know one, name it"
            .to_owned(),
    )
}

/// A failure in one word, for a sentence.
fn in_short(symptom: &Symptom) -> String {
    let code = symptom.symbol().map(str::to_owned);
    let number = || symptom.number().map(|number| number.to_string());
    code.or_else(number)
        .or_else(|| symptom.message())
        .unwrap_or_else(|| "a failure that says nothing of itself".to_owned())
}

/// The last failed job of a VM, and which runbook answers it.
pub(super) struct LastFailure {
    /// The job's name.
    pub(super) job: String,
    pub(super) symptom: Symptom,
    pub(super) answer: Answer,
}

/// What the last failure is read from.
fn keys() -> [FactKey; 2] {
    [FactKey::named("jobs"), FactKey::named("item")]
}

/// The RBAC actions that reading it takes, and so `match` and a command without a code.
pub(super) fn reads(lookers: &Lookers) -> BTreeSet<&'static str> {
    let mut all = lookers.reads(&keys());
    all.extend([rights::BACKUP_JOBS, rights::PROTECTED_ITEM].concat());
    all
}

/// Reads it; none where no backup of the last days failed.
pub(super) async fn last_failure(
    world: &World,
    target: &Target,
) -> Result<Option<LastFailure>, OpsError> {
    let mut facts = Facts::default();
    let keys = keys();
    world.lookers.load(target, &keys, &mut facts).await;
    for key in &keys {
        if let Some(Fact::Failed(failure)) = facts.get(key) {
            return Err(failure.clone().into());
        }
    }
    let reader = Reader::new(Arc::clone(&world.arm));
    let Some((row, symptom)) = last_symptom(&reader, &facts).await? else {
        return Ok(None);
    };
    let answer = told(&world.catalogue().answer(&symptom))?;
    Ok(Some(LastFailure {
        job: row.name,
        symptom,
        answer,
    }))
}

/// An answer quotes the service's words: what is secret in them goes no further.
pub(super) fn told(answer: &Answer) -> Result<Answer, OpsError> {
    without_secrets(answer).map_err(|why| OpsError::Bug(why.to_string()))
}
