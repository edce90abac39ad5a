//! Rule 8: tokens go to one origin, and neither they nor signed URLs are told to anybody.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use runbook::base::SealKey;
use runbook::core::journal::Record;
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::sealed::{GOOD_FOR, SealedPlan};
use runbook::core::report::text::{self, Paint};
use runbook::core::report::{Report, json, markdown};
use runbook::ops::OpsError;
use runbook::sim::Sim;
use serde_json::Value;

use super::{LIMIT, apply, plan, world};
use crate::kit::wire::{Answer, Passage, Request, Tamper};
use crate::kit::{CASES, Stage, in_virtual_time};

const ELSEWHERE: &str = "https://management.azure.com.evil.example";

/// Leads every polling URL, or every next page, elsewhere, and remembers where requests go.
struct Misled {
    polling: bool,
    hosts: Mutex<Vec<String>>,
}

impl Tamper for Misled {
    fn before(&self, _: usize, request: &Request) -> Passage {
        let host = request.uri().host().unwrap_or_default().to_owned();
        self.hosts.lock().unwrap().push(host);
        Passage::Free
    }

    fn after(&self, _: usize, request: &Request, mut answer: Answer) -> Answer {
        if self.polling {
            for name in ["azure-asyncoperation", "location"] {
                if answer.headers().contains_key(name) {
                    let url = format!("{ELSEWHERE}/operations/1").parse().unwrap();
                    answer.headers_mut().insert(name, url);
                }
            }
            return answer;
        }
        if !request
            .uri()
            .path()
            .to_lowercase()
            .ends_with("/restorepointcollections")
        {
            return answer;
        }
        answer.map(|body| {
            let mut body: Value = serde_json::from_slice(&body).unwrap();
            body["nextLink"] = format!("{ELSEWHERE}/next?page=2").into();
            Bytes::from(body.to_string())
        })
    }
}

fn misled(polling: bool) -> (Stage, Arc<Misled>) {
    let misled = Arc::new(Misled {
        polling,
        hosts: Mutex::default(),
    });
    let sim = Stage::yaml(&world(&[]), "").simulated.with(Clone::clone);
    (Stage::tampered(sim, misled.clone()), misled)
}

fn stays_at_home(misled: &Misled) {
    let hosts = misled.hosts.lock().unwrap();
    assert!(hosts.len() > 5);
    assert!(
        hosts.iter().all(|h| h == "management.azure.com"),
        "{hosts:?}"
    );
}

#[test]
fn a_polling_url_on_another_origin_is_not_followed_and_the_world_is_looked_at_instead() {
    in_virtual_time(async {
        let (stage, misled) = misled(true);
        let plan = plan(&stage, LIMIT).await;
        let (outcome, why) = apply(&stage, plan).await;
        assert_eq!(outcome, RunOutcome::Fixed, "{why}");
        stays_at_home(&misled);
        assert_eq!(stage.store.operations(), Vec::<String>::new());
    });
}

#[test]
fn a_next_page_on_another_origin_is_not_followed_and_the_list_counts_as_unreadable() {
    in_virtual_time(async {
        let (stage, misled) = misled(false);
        match stage.plan(LIMIT, "web1").await {
            Ok(plan) => {
                let verdict = plan.verdict.expect("what cannot be read stops the plan");
                assert_eq!(verdict.outcome, RunOutcome::Failed);
                assert!(
                    verdict.reason.contains("evil.example"),
                    "{}",
                    verdict.reason
                );
            }
            Err(OpsError::Azure { failure }) => assert!(failure.message.contains("evil.example")),
            Err(other) => panic!("{other:?}"),
        }
        stays_at_home(&misled);
    });
}

/// Plants secrets in what Azure says, and remembers those that it sends itself.
#[derive(Default)]
struct Planted {
    secrets: Mutex<Vec<String>>,
}

const CANARIES: [&str; 3] = [
    "c4n4ryT0kenAAAAAAAAAAAAAAAAAAAA",
    "eyJc4n4ry0000000000000000000.eyJhIjoxfQ.c2ln",
    "c4n4rySignature",
];

fn words() -> String {
    let [bearer, token, signature] = CANARIES;
    format!(
        "see https://x.blob.core.windows.net/c?sv=1&sig={signature}&se=2 with Bearer {bearer} or {token}"
    )
}

impl Tamper for Planted {
    fn before(&self, _: usize, request: &Request) -> Passage {
        let token = request.headers()["authorization"].to_str().unwrap();
        self.remember(token.trim_start_matches("Bearer "));
        Passage::Free
    }

    fn after(&self, _: usize, _: &Request, answer: Answer) -> Answer {
        for name in ["azure-asyncoperation", "location"] {
            let url = answer
                .headers()
                .get(name)
                .map_or("", |v| v.to_str().unwrap());
            let query = url.split_once('?').map_or("", |(_, query)| query);
            for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                if ["c", "s", "h"].contains(&name) {
                    self.remember(value);
                }
            }
        }
        answer
    }
}

impl Planted {
    fn remember(&self, secret: &str) {
        let mut secrets = self.secrets.lock().unwrap();
        if !secrets.iter().any(|s| s == secret) {
            secrets.push(secret.to_owned());
        }
    }
}

/// The world with secrets in every text that a person or a service can write.
fn planted(scenario: &str) -> Sim {
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    let sim = runbook::ops::rehearse::scenario_at(scenario, now).unwrap();
    let mut sim = serde_json::to_value(sim).unwrap();
    let world = &mut sim["world"];
    for lock in world["locks"].as_array_mut().unwrap() {
        lock["notes"] = words().into();
    }
    for vm in world["vms"].as_array_mut().unwrap() {
        for extension in vm["extensions"].as_array_mut().unwrap() {
            extension["message"] = words().into();
        }
    }
    for vault in world["vaults"].as_array_mut().unwrap() {
        for job in vault["jobs"].as_array_mut().unwrap() {
            if job["status"] == "Failed" {
                job["message"] = words().into();
            }
        }
    }
    serde_json::from_value(sim).unwrap()
}

const KEY: [u8; 32] = [0x5a; 32];

/// All that a person, a file or a log is told of a run.
fn told(plan: &runbook::core::plan::Plan, records: &[Record]) -> Vec<(&'static str, String)> {
    let report = Report::of_run(records).unwrap();
    let unapplied = Report::of_plan(plan);
    let lines = records.iter().map(|r| json::ndjson(r).unwrap());
    let key = SealKey::of_bytes(KEY);
    let id = "8f1fd62a-fe80-47f8-a877-7acfb25f5b16".to_owned();
    let sealed = SealedPlan::of(plan, id, plan.made, GOOD_FOR, &key).unwrap();
    vec![
        ("the saved plan", sealed.text(&key).unwrap()),
        ("the plan as JSON", serde_json::to_string(plan).unwrap()),
        ("the plan as text", text::plan(plan, Paint::None)),
        ("the plan's report", json::render(&unapplied).unwrap()),
        ("the journal", serde_json::to_string(records).unwrap()),
        ("ndjson", lines.collect::<Vec<_>>().join("\n")),
        ("the report as text", text::render(&report, Paint::None)),
        ("the report as Markdown", markdown::render(&report)),
        ("the report as JSON", json::render(&report).unwrap()),
    ]
}

#[test]
fn no_token_and_no_signature_is_in_any_plan_event_or_report() {
    let mut searched = 0;
    for (scenario, code) in CASES {
        in_virtual_time(async {
            let keeper = Arc::new(Planted::default());
            let stage = Stage::tampered(planted(scenario), keeper.clone());
            let plan = plan(&stage, code).await;
            let records = super::applied(&stage, plan.clone()).await;
            let mut secrets = keeper.secrets.lock().unwrap().clone();
            assert!(!secrets.is_empty());
            secrets.extend(CANARIES.map(str::to_owned));
            secrets.push("5a".repeat(32));
            for (what, text) in told(&plan, &records) {
                for secret in &secrets {
                    assert!(
                        !text.contains(secret.as_str()),
                        "{scenario}: {what} holds {secret}"
                    );
                    searched += 1;
                }
            }
            assert_eq!(
                stage.store.operations(),
                Vec::<String>::new(),
                "polling URLs are kept"
            );
        });
    }
    println!("{searched} searches for secrets");
}
