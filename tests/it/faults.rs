//! Every request of every scenario meets every fault.

mod cases;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use runbook::ops::rehearse::scenario_at;
use runbook::ops::{OpsError, plan};
use runbook::sim::Entry;

use crate::crash::Subject;
use crate::kit::promise::{end, hold, never_twice};
use crate::kit::wire::{Passage, Request, Tamper, Untouched, refusal};
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

fn scenario(name: &str) -> Subject {
    let (_, code) = CASES.iter().find(|(known, _)| *known == name).unwrap();
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    Subject::plain(name, code, scenario_at(name, now).unwrap())
}

fn stage(subject: &Subject, tamper: Arc<dyn Tamper>) -> Stage {
    subject.on(Stage::tampered(subject.sim.clone(), tamper))
}

/// How one attempt ended: the outcome's name, and why.
async fn attempt(stage: &Stage, subject: &Subject) -> Result<(String, String), String> {
    let before = stage.ledger().len();
    let sent = || stage.ledger().split_off(before);
    let nothing = |end: (String, String)| match sent().iter().any(Entry::is_write) {
        true => Err("something was sent although nothing may be".to_owned()),
        false => Ok(end),
    };
    let plan = match plan(&stage.world, &subject.ask()).await {
        Ok(plan) => plan,
        Err(OpsError::Azure { failure }) => {
            return nothing(("no plan".to_owned(), failure.to_string()));
        }
        Err(other) => return Err(format!("planning ends as {other:?}")),
    };
    if let Some(verdict) = &plan.verdict {
        return nothing((verdict.outcome.name().to_owned(), verdict.reason.clone()));
    }
    let consent = subject.question.consent(&plan);
    let records = match stage.apply_with(plan, consent).await {
        Ok(records) => records,
        Err(OpsError::MissingPermissions(_)) => {
            return nothing(("no rights".to_owned(), "rights are missing".to_owned()));
        }
        Err(OpsError::Refused(..)) => {
            return nothing(("refused".to_owned(), "it was not agreed to".to_owned()));
        }
        Err(other) => return Err(format!("applying ends as {other:?}")),
    };
    hold(&records, &sent())?;
    let (outcome, reason) = end(&records)?;
    Ok((outcome.name().to_owned(), reason))
}

/// One fault at one request: how the run ends, and how the next one does.
fn meet(
    subject: &Subject,
    whole: &Undisturbed,
    at: usize,
    fault: Fault,
) -> Result<[(String, String); 2], String> {
    let run = || {
        in_virtual_time(async {
            let stage = stage(subject, Arc::new(Once { at, fault }));
            let first = attempt(&stage, subject).await?;
            stage.simulated.with(never_twice)?;
            let second = attempt(&stage, subject).await?;
            // What may be done once in a run, the next run may do again where nothing was mended.
            if whole.is_mended(subject) {
                stage.simulated.with(never_twice)?;
            }
            Ok([first, second])
        })
    };
    let run = std::panic::AssertUnwindSafe(run);
    std::panic::catch_unwind(run).unwrap_or_else(|_| Err("it panics".to_owned()))
}

/// A run that nothing disturbs.
struct Undisturbed {
    /// What it asks for.
    requests: Vec<String>,
    /// How it ends.
    outcome: String,
    /// Whether only a state proves the complaint: once that is mended, nothing shows it any more.
    by_state: bool,
}

impl Undisturbed {
    fn of(subject: &Subject) -> Self {
        let noted = Arc::new(Noted::default());
        let (end, by_state) = in_virtual_time(async {
            let before = stage(subject, Arc::new(Untouched));
            let plan = plan(&before.world, &subject.ask()).await;
            let by_state = plan.is_ok_and(|plan| plan.incident.id.as_deref() == Some("state"));
            let end = attempt(&stage(subject, noted.clone()), subject).await;
            (end, by_state)
        });
        let (outcome, _) = end.unwrap_or_else(|why| panic!("{}: {why}", subject.name));
        let requests = noted.0.lock().unwrap().clone();
        Self {
            requests,
            outcome,
            by_state,
        }
    }

    /// Whether applying again finds nothing left to do.
    fn is_mended(&self, subject: &Subject) -> bool {
        self.outcome == "fixed" && !subject.question.force
    }

    /// The fault is over at the second attempt: it mends the VM or finds it mended.
    fn unhealed(&self, (outcome, why): &(String, String)) -> Option<String> {
        let well = ["fixed", "nothing_to_do"].contains(&outcome.as_str());
        let shown_no_more = self.by_state && why.starts_with("nothing shows that");
        (!well && !shown_no_more).then(|| format!("{outcome}: {why}"))
    }
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
fn every_fault_at_every_request_of(name: &str) {
    let subject = scenario(name);
    let whole = Undisturbed::of(&subject);
    assert_eq!(whole.outcome, "fixed");
    let requests = &whole.requests;
    let boundaries = boundaries(requests);
    let (mut wrong, mut tried) = (Vec::new(), 0);
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for &at in &boundaries {
        for fault in faults(at, &requests[at]) {
            tried += 1;
            match meet(&subject, &whole, at, fault) {
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
                    if let Some(why) = whole.unhealed(&second) {
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
        "{name}: {} requests, {} boundaries, {} faults; {ends:?}",
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
