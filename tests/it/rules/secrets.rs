//! Rule 8: tokens go to one origin, and neither they nor signed URLs are told to anybody.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use runbook::base::SealKey;
use runbook::core::journal::Record;
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::sealed::{GOOD_FOR, SealedPlan};
use runbook::core::report::text::{self, Paint};
use runbook::core::report::{Report, html, json, markdown};
use runbook::ops::OpsError;
use serde_json::Value;

use super::{LIMIT, apply, plan, world};
use crate::kit::canaries::{Watched, planted};
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
        ("the report as HTML", html::render(&report)),
    ]
}

#[test]
fn no_token_and_no_signature_is_in_any_plan_event_or_report() {
    let mut searched = 0;
    for (scenario, code) in CASES {
        in_virtual_time(async {
            let watched = Arc::new(Watched::default());
            let stage = Stage::tampered(planted(scenario), watched.clone());
            let plan = plan(&stage, code).await;
            let records = super::applied(&stage, plan.clone()).await;
            for (what, text) in told(&plan, &records) {
                assert_eq!(watched.in_text(&text), None, "{scenario}: {what}");
                assert!(!text.contains(&"5a".repeat(32)), "{scenario}: {what}");
                searched += watched.secrets().len();
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
