//! Every request of every scenario meets every fault.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use runbook::ops::OpsError;
use runbook::ops::rehearse::scenario_at;
use runbook::sim::Entry;

use crate::kit::promise::{end, hold, never_twice};
use crate::kit::wire::{Passage, Request, Tamper, refusal};
use crate::kit::{CASES, Stage, in_virtual_time};

/// What may happen to one request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Status(u16, &'static str, Option<&'static str>),
    LostBefore,
    LostAfter,
}

const FAULTS: [Fault; 11] = [
    Fault::Status(401, "ExpiredAuthenticationToken", None),
    Fault::Status(403, "AuthorizationFailed", None),
    Fault::Status(404, "ResourceNotFound", None),
    Fault::Status(408, "", None),
    Fault::Status(409, "AnotherOperationInProgress", None),
    Fault::Status(429, "TooManyRequests", Some("17")),
    Fault::Status(500, "InternalServerError", None),
    Fault::Status(503, "", None),
    Fault::Status(504, "GatewayTimeout", None),
    Fault::LostBefore,
    Fault::LostAfter,
];

/// One fault at one request.
struct Once {
    at: usize,
    fault: Fault,
}

impl Tamper for Once {
    fn before(&self, number: usize, _: &Request) -> Passage {
        if number != self.at {
            return Passage::Free;
        }
        match self.fault {
            Fault::LostBefore => Passage::LostBefore,
            Fault::LostAfter => Passage::LostAfter,
            Fault::Status(status, code, wait) => {
                let headers: Vec<_> = wait.map(|w| ("retry-after", w)).into_iter().collect();
                Passage::Answered(refusal(status, code, &headers))
            }
        }
    }
}

/// Remembers what a run that nothing disturbs asks for.
#[derive(Default)]
struct Noted(Mutex<Vec<String>>);

impl Tamper for Noted {
    fn before(&self, _: usize, request: &Request) -> Passage {
        let line = format!("{} {}", request.method(), request.uri().path());
        self.0.lock().unwrap().push(line);
        Passage::Free
    }
}

fn stage(scenario: &str, tamper: Arc<dyn Tamper>) -> Stage {
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    Stage::tampered(scenario_at(scenario, now).unwrap(), tamper)
}

/// How one attempt ended: the outcome's name, and why.
async fn attempt(stage: &Stage, code: &str) -> Result<(String, String), String> {
    let before = stage.ledger().len();
    let sent = || stage.ledger().split_off(before);
    let nothing = |end: (String, String)| match sent().iter().any(Entry::is_write) {
        true => Err("something was sent although nothing may be".to_owned()),
        false => Ok(end),
    };
    let plan = match stage.plan(code, "web1").await {
        Ok(plan) => plan,
        Err(OpsError::Azure { failure }) => {
            return nothing(("no plan".to_owned(), failure.to_string()));
        }
        Err(other) => return Err(format!("planning ends as {other:?}")),
    };
    if let Some(verdict) = &plan.verdict {
        return nothing((verdict.outcome.name().to_owned(), verdict.reason.clone()));
    }
    let records = match stage.apply(plan).await {
        Ok(records) => records,
        Err(OpsError::MissingPermissions(_)) => {
            return nothing(("no rights".to_owned(), "rights are missing".to_owned()));
        }
        Err(other) => return Err(format!("applying ends as {other:?}")),
    };
    hold(&records, &sent())?;
    let (outcome, reason) = end(&records)?;
    Ok((outcome.name().to_owned(), reason))
}

/// One fault at one request: how the run ends, and how the next one does.
fn meet(
    scenario: &str,
    code: &str,
    at: usize,
    fault: Fault,
) -> Result<[(String, String); 2], String> {
    let run = || {
        in_virtual_time(async {
            let stage = stage(scenario, Arc::new(Once { at, fault }));
            let first = attempt(&stage, code).await?;
            stage.simulated.with(never_twice)?;
            let second = attempt(&stage, code).await?;
            stage.simulated.with(never_twice)?;
            Ok([first, second])
        })
    };
    std::panic::catch_unwind(run).unwrap_or_else(|_| Err("it panics".to_owned()))
}

/// Whether the full product is asked for: it takes ten minutes.
fn is_exhaustive() -> bool {
    std::env::var_os("RUNBOOK_EXHAUSTIVE").is_some()
}

/// The faults that are tried at a request: at a write every one, at a read two that change from
/// request to request, unless all are asked for.
fn faults(at: usize, request: &str) -> Vec<Fault> {
    let all = is_exhaustive() || !request.starts_with("GET");
    let few = [FAULTS[at * 2 % 11], FAULTS[(at * 2 + 1) % 11]];
    if all { FAULTS.to_vec() } else { few.to_vec() }
}

/// The requests at which a fault is tried: each, but of a row of equal ones (a job that is polled
/// for forty minutes) the first two and the last, unless all are asked for.
fn boundaries(requests: &[String]) -> Vec<usize> {
    let all = is_exhaustive();
    let same =
        |a: usize, b: Option<usize>| b.is_some_and(|b| requests.get(b) == Some(&requests[a]));
    let polled =
        |n: usize| same(n, n.checked_sub(1)) && same(n, n.checked_sub(2)) && same(n, Some(n + 1));
    (0..requests.len()).filter(|&n| all || !polled(n)).collect()
}

#[expect(
    clippy::print_stdout,
    reason = "how much was tried is part of the proof"
)]
fn every_fault_at_every_request_of(scenario: &str) {
    let (_, code) = CASES.iter().find(|(name, _)| *name == scenario).unwrap();
    let noted = Arc::new(Noted::default());
    in_virtual_time(async {
        let stage = stage(scenario, noted.clone());
        let (outcome, why) = attempt(&stage, code).await.unwrap();
        assert_eq!(outcome, "fixed", "{why}");
    });
    let requests = noted.0.lock().unwrap().clone();
    let boundaries = boundaries(&requests);
    let (mut wrong, mut tried) = (Vec::new(), 0);
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for &at in &boundaries {
        for fault in faults(at, &requests[at]) {
            tried += 1;
            match meet(scenario, code, at, fault) {
                Err(why) => wrong.push(format!(
                    "{fault:?} at request {at} ({}): {why}",
                    requests[at]
                )),
                Ok([first, second]) => {
                    *ends
                        .entry(format!("{} then {}", first.0, second.0))
                        .or_default() += 1;
                    if passes(fault) && first.0 != "fixed" {
                        wrong.push(format!(
                            "{fault:?} at request {at} ({}) is not outlasted: {} ({})",
                            requests[at], first.0, first.1
                        ));
                    }
                    if let Some(why) = unhealed(&second) {
                        wrong.push(format!(
                            "{fault:?} at request {at} ({}): {} ({}), then {why}",
                            requests[at], first.0, first.1
                        ));
                    }
                }
            }
        }
    }
    println!(
        "{scenario}: {} requests, {} boundaries, {} faults; {ends:?}",
        requests.len(),
        boundaries.len(),
        tried
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Whether one such fault passes by itself: a run outlasts it.
fn passes(fault: Fault) -> bool {
    !matches!(fault, Fault::Status(401 | 403 | 404 | 409, ..))
}

/// The fault is over at the second attempt: it mends the VM or finds it mended.
fn unhealed((outcome, why): &(String, String)) -> Option<String> {
    (!["fixed", "nothing_to_do"].contains(&outcome.as_str())).then(|| format!("{outcome}: {why}"))
}

#[test]
fn a_fault_at_any_request_of_a_clean_up_ends_well() {
    every_fault_at_every_request_of("rp-limit");
}

#[test]
fn a_fault_at_any_request_of_the_removal_of_a_failed_extension_ends_well() {
    every_fault_at_every_request_of("vm-failed");
}

#[test]
fn a_fault_at_any_request_of_the_removal_of_a_stuck_extension_ends_well() {
    every_fault_at_every_request_of("extension-stuck");
}

#[test]
fn a_fault_at_any_request_of_a_change_inside_the_guest_ends_well() {
    every_fault_at_every_request_of("snapshot-sql");
}

#[test]
fn a_fault_at_any_request_while_a_backup_is_followed_ends_well() {
    every_fault_at_every_request_of("backup-running");
}
