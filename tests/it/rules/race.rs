//! What changes between the decision and the request: each resource is read once more right
//! before it is deleted, and the rule is checked on that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use runbook::core::journal::{Event, Record};
use runbook::core::outcome::RunOutcome;
use runbook::sim::Sim;
use serde_json::{Value, json};

use super::{LIMIT, run, world, writes};
use crate::kit::wire::{Answer, Request, Tamper};
use crate::kit::{Stage, in_virtual_time};

/// Edits what is read of `part`, once a DELETE of something there has been journalled.
struct Raced {
    intended: AtomicBool,
    part: &'static str,
    edit: fn(&mut Value),
}

impl Tamper for Raced {
    fn after(&self, _: usize, request: &Request, answer: Answer) -> Answer {
        let about = request.uri().path().to_lowercase().contains(self.part);
        if !(about && request.method() == "GET" && self.intended.load(Ordering::SeqCst)) {
            return answer;
        }
        answer.map(|body| {
            let mut body: Value = serde_json::from_slice(&body).unwrap();
            (self.edit)(&mut body);
            Bytes::from(body.to_string())
        })
    }
}

fn is_not_sent(part: &'static str, code: &str, sim: Sim, edit: fn(&mut Value), words: &str) {
    in_virtual_time(async {
        let raced = Arc::new(Raced {
            intended: AtomicBool::new(false),
            part,
            edit,
        });
        let mut stage = Stage::tampered(sim, raced.clone());
        stage.listener = Arc::new(move |record: &Record| {
            if let Event::Intended { change, .. } = &record.event
                && change.resource.to_lowercase().contains(part)
            {
                raced.intended.store(true, Ordering::SeqCst);
            }
        });
        let (outcome, why) = run(&stage, code).await;
        let ended = [RunOutcome::Failed, RunOutcome::NeedsHuman].contains(&outcome);
        assert!(ended, "{outcome}: {why}");
        assert!(why.contains(words), "{why}");
        assert_eq!(writes(&stage, part), Vec::<String>::new());
    });
}

fn limit_reached() -> Sim {
    let locks = "[{ name: keep, scope: group AzureBackupRG_westeurope_1 }]";
    Stage::yaml(&world(&[("locks", locks)]), "")
        .simulated
        .with(Clone::clone)
}

#[test]
fn a_collection_that_turns_out_to_be_of_another_vm_is_not_deleted() {
    let edit = |body: &mut Value| {
        let source = body["properties"]["source"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        body["properties"]["source"]["id"] = json!(format!("{source}0"));
    };
    is_not_sent(
        "/restorepointcollections/",
        LIMIT,
        limit_reached(),
        edit,
        "not of",
    );
}

#[test]
fn a_collection_that_gains_a_point_in_the_last_moment_is_not_deleted() {
    let edit = |body: &mut Value| {
        let points = body["properties"]["restorePoints"].as_array_mut().unwrap();
        let mut newer = points[0].clone();
        newer["properties"]["timeCreated"] = json!("2026-11-21T03:11:00Z");
        points.push(newer);
    };
    is_not_sent(
        "/restorepointcollections/",
        LIMIT,
        limit_reached(),
        edit,
        "newer restore point",
    );
}

#[test]
fn a_lock_that_is_another_one_by_now_is_not_deleted() {
    let edit = |body: &mut Value| body["properties"]["notes"] = json!("legal hold");
    is_not_sent(
        "/locks/",
        LIMIT,
        limit_reached(),
        edit,
        "not the lock that was approved",
    );
}

#[test]
fn a_lock_that_has_got_an_owner_is_not_deleted() {
    let edit = |body: &mut Value| {
        body["properties"]["owners"] =
            json!([{ "applicationId": "11111111-0000-4000-8000-000000000001" }]);
    };
    is_not_sent(
        "/locks/",
        LIMIT,
        limit_reached(),
        edit,
        "not the lock that was approved",
    );
}

#[test]
fn an_extension_that_turns_out_to_be_another_publishers_is_not_removed() {
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    let sim = runbook::ops::rehearse::scenario_at("extension-stuck", now).unwrap();
    let edit = |body: &mut Value| {
        for extension in body["value"].as_array_mut().unwrap() {
            extension["properties"]["publisher"] = json!("Contoso");
        }
    };
    let code = "ExtensionStuckInDeletionState";
    is_not_sent("/extensions", code, sim, edit, "Contoso");
}

#[test]
fn protection_that_has_been_stopped_in_the_last_moment_is_not_asked_for_a_backup() {
    let edit =
        |body: &mut Value| body["properties"]["protectionState"] = json!("ProtectionStopped");
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    let sim = runbook::ops::rehearse::scenario_at("extension-stuck", now).unwrap();
    is_not_sent(
        "/protecteditems/",
        "ExtensionStuckInDeletionState",
        sim,
        edit,
        "protection",
    );
}
