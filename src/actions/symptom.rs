//! What Azure's answers say of a failure: the fields of a job, of an item's health, of an alert.

use crate::actions::codes;
use crate::azure::views::{Alert, HealthDetail, Job, ProtectedItem};
use crate::core::symptom::{Place, Says, Symptom};

/// Nothing said yet.
#[must_use]
pub fn nothing() -> Symptom {
    Symptom {
        clues: Vec::new(),
        wrapping: codes::WRAPPING,
    }
}

/// A number as a field says it.
#[must_use]
pub fn number(number: i64) -> Says {
    Says::Number(number, codes::of_number(number).map(str::to_owned))
}

/// What a job says. Its title is the code, whatever the specification calls it; compute's own
/// words stand in `dynamicErrorMessage` (azure-api.md 6.4, 6.5).
#[must_use]
pub fn of_job(job: &Job) -> Symptom {
    let mut symptom = nothing();
    let details = || job.error_details.iter().enumerate();
    for (at, detail) in details() {
        if let Some(title) = filled(detail.title.as_ref()) {
            let field = format!("errorDetails[{at}].errorTitle");
            symptom.push(Place::Job, field, Says::Symbol(title));
        }
        if let Some(code) = detail.code {
            symptom.push(
                Place::Job,
                format!("errorDetails[{at}].errorCode"),
                number(code),
            );
        }
    }
    for (at, detail) in details() {
        if let Some(text) = filled(detail.message.as_ref()) {
            let field = format!("errorDetails[{at}].errorString");
            symptom.push(Place::Job, field, Says::Text(text));
        }
    }
    if let Some(text) = filled(job.dynamic_error.as_ref()) {
        symptom.push(
            Place::Job,
            "extendedInfo.dynamicErrorMessage",
            Says::Text(text),
        );
    }
    for (at, detail) in details() {
        for (line, advice) in detail.recommendations.iter().enumerate() {
            let field = format!("errorDetails[{at}].recommendations[{line}]");
            symptom.push(Place::Job, field, Says::Advice(advice.clone()));
        }
    }
    symptom
}

/// What the health of a protected item says; nothing where all is well.
#[must_use]
pub fn of_item(item: &ProtectedItem) -> Symptom {
    of_health(item, |_| true)
}

/// What those findings of its health say that are wanted.
fn of_health(item: &ProtectedItem, wanted: impl Fn(&HealthDetail) -> bool) -> Symptom {
    let mut symptom = nothing();
    let some = |(_, detail): &(usize, &HealthDetail)| wanted(detail);
    for (at, detail) in item.health_details.iter().enumerate().filter(some) {
        health(&mut symptom, &format!("healthDetails[{at}]"), detail);
    }
    let of_backups = item
        .kpis
        .iter()
        .filter(|(name, _)| !name.starts_with("Restore"));
    for (name, details) in of_backups {
        for (at, detail) in details.iter().enumerate().filter(some) {
            let field = format!("kpisHealths.{name}.resourceHealthDetails[{at}]");
            health(&mut symptom, &field, detail);
        }
    }
    symptom
}

fn health(symptom: &mut Symptom, field: &str, detail: &HealthDetail) {
    let title = filled(detail.title.as_ref());
    let code = title.as_deref().or(detail.code.and_then(codes::of_number));
    if code.is_some_and(codes::says_well) {
        return;
    }
    if let Some(title) = title {
        symptom.push(Place::Item, format!("{field}.title"), Says::Symbol(title));
    }
    if let Some(code) = detail.code {
        symptom.push(Place::Item, format!("{field}.code"), number(code));
    }
    if let Some(text) = filled(Some(&detail.message)) {
        symptom.push(Place::Item, format!("{field}.message"), Says::Text(text));
    }
}

/// What an alert says: its code stands only in its own id and in the link of its advice.
#[must_use]
pub fn of_alert(alert: &Alert) -> Symptom {
    let mut symptom = nothing();
    let mut push = |field: &str, text: &Option<String>, says: fn(String) -> Says| {
        if let Some(text) = filled(text.as_ref()) {
            symptom.push(Place::Alert, field, says(text));
        }
    };
    push("essentials.originAlertId", &alert.origin, Says::Joined);
    push(
        "alertContext.extendedInfo.recommendedActions",
        &alert.advice,
        Says::Advice,
    );
    push("essentials.description", &alert.description, Says::Text);
    symptom
}

/// What the failed job says, and where it does not give its code, what the item's health says of
/// the same failure (the same number), or at all where the job has none. The job decides.
#[must_use]
pub fn of_job_and_item(job: &Job, item: &ProtectedItem) -> Symptom {
    let mut symptom = of_job(job);
    if !wants_the_item(&symptom) {
        return symptom;
    }
    let numbers: Vec<i64> = job.error_details.iter().filter_map(|d| d.code).collect();
    let same = |detail: &HealthDetail| match detail.code {
        Some(code) => numbers.is_empty() || numbers.contains(&code),
        None => numbers.is_empty(),
    };
    symptom.clues.extend(of_health(item, same).clues);
    symptom
}

/// Whether the job leaves open what its code is.
#[must_use]
pub fn wants_the_item(of_job: &Symptom) -> bool {
    of_job.clues.iter().all(|clue| clue.symbol().is_none())
}

fn filled(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
