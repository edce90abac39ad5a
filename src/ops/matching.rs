//! Which runbook answers a failure: of a VM, of a job, item or alert that somebody kept, or of
//! what a person types. Reads only.

use serde_json::Value;

use crate::actions::symptom;
use crate::azure::views::{Alert, Job, ProtectedItem};
use crate::core::report::matched::Matched;
use crate::core::runbook::catalogue::Catalogue;
use crate::core::symptom::{Place, Says, Symptom};
use crate::ops::choose::{last_failure, no_failure, told};
use crate::ops::plan::target;
use crate::ops::{OpsError, World};

/// What a person knows of a failure.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Its code.
    pub code: Option<String>,
    /// Its number.
    pub number: Option<i64>,
    /// Its message.
    pub message: Option<String>,
}

/// Which runbook answers the last failed backup of a VM.
///
/// # Errors
/// When it cannot be read, or no backup failed.
pub async fn match_vm(world: &World, vm: &str) -> Result<Matched, OpsError> {
    let target = target(world, vm)?;
    let failure = last_failure(world, &target).await?.ok_or_else(no_failure)?;
    let symptom = failure.symptom;
    Ok(Matched {
        vm: Some(target.id),
        job: Some(failure.job),
        scenario: world.scenario().map(str::to_owned),
        ..matched(world.catalogue(), &symptom)?
    })
}

/// Which runbook answers what a person knows.
///
/// # Errors
/// When our own code fails.
pub fn match_given(catalogue: &Catalogue, given: &Given) -> Result<Matched, OpsError> {
    let mut symptom = symptom::nothing();
    if let Some(code) = &given.code {
        symptom.push(Place::Given, "--code", Says::Symbol(code.clone()));
    }
    if let Some(number) = given.number {
        symptom.push(Place::Given, "--number", symptom::number(number));
    }
    if let Some(message) = &given.message {
        symptom.push(Place::Given, "--message", Says::Text(message.clone()));
    }
    matched(catalogue, &symptom)
}

/// Which runbook answers the job, the protected item or the alert in a JSON document.
///
/// # Errors
/// When the document is none of them.
pub fn match_document(catalogue: &Catalogue, name: &str, text: &str) -> Result<Matched, OpsError> {
    let wrong = |why: String| OpsError::Usage(format!("cannot match `{name}`: {why}"));
    let document: Value = serde_json::from_str(text).map_err(|why| wrong(why.to_string()))?;
    let read = read(document).map_err(wrong)?;
    Ok(Matched {
        vm: read.vm,
        job: read.job,
        ..matched(catalogue, &read.symptom)?
    })
}

/// What a document says, and of whom.
struct Read {
    symptom: Symptom,
    vm: Option<String>,
    job: Option<String>,
}

fn read(document: Value) -> Result<Read, String> {
    let is_not = |what: &str, why: serde_json::Error| format!("it is no whole {what}: {why}");
    let properties = &document["properties"];
    let has = |names: &[&str]| names.iter().any(|name| !properties[*name].is_null());
    if document["data"]["essentials"].is_object() {
        let alert = Alert::of_json(document).map_err(|why| is_not("alert", why))?;
        return Ok(Read {
            symptom: symptom::of_alert(&alert),
            vm: alert.vm.map(|vm| vm.to_string()),
            job: alert.job,
        });
    }
    if has(&[
        "healthDetails",
        "kpisHealths",
        "protectionState",
        "protectedItemType",
    ]) {
        let item = ProtectedItem::of_json(document).map_err(|why| is_not("protected item", why))?;
        return Ok(Read {
            symptom: symptom::of_item(&item),
            vm: item.source_id.map(|vm| vm.to_string()),
            job: None,
        });
    }
    if has(&[
        "errorDetails",
        "jobType",
        "operation",
        "entityFriendlyName",
        "extendedInfo",
    ]) {
        let job = Job::of_json(document).map_err(|why| is_not("job", why))?;
        return Ok(Read {
            symptom: symptom::of_job(&job),
            vm: None,
            job: Some(job.name),
        });
    }
    Err(
        "it is neither a backup job (`az backup job show`), nor a protected item (`az backup item \
         show`), nor an alert in the common schema"
            .to_owned(),
    )
}

fn matched(catalogue: &Catalogue, symptom: &Symptom) -> Result<Matched, OpsError> {
    let answer = told(&catalogue.answer(symptom))?;
    let runbook = answer
        .runbook
        .as_deref()
        .and_then(|code| catalogue.find(code).ok());
    let number = || symptom.number().map(|number| number.to_string());
    Ok(Matched {
        vm: None,
        job: None,
        failed_with: symptom.symbol().map(str::to_owned).or_else(number),
        title: runbook.map(|runbook| runbook.title.clone()),
        operation: runbook.map(|runbook| runbook.matching.operation),
        answer,
        scenario: None,
    })
}
