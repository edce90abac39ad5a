//! The next act, from the state alone: what a run does at each point, and what it does when it is
//! asked to stop there.

mod in_vain;

use std::time::Duration;

use jiff::Timestamp;
use runbook::base::{ErrorClass, Failure};
use runbook::core::action::{Change, Decision, Patience};
use runbook::core::execute::next::next;
use runbook::core::execute::{Act, Limits, Stop};
use runbook::core::incident::{Incident, IncidentStatus};
use runbook::core::journal::state::State;
use runbook::core::journal::{Event, Record, RunId, Sight};
use runbook::core::outcome::{RunOutcome, StepOutcome};
use runbook::core::plan::Plan;
use runbook::core::plan::consent::Consent;
use runbook::core::runbook::risk::Risk;
use serde_json::{Value, json};

use crate::kit::{Stage, in_virtual_time};

const GO: Limits = Limits {
    wait: Duration::from_secs(1800),
    stop: Stop::No,
};
const STOP: Limits = Limits {
    stop: Stop::Pause,
    ..GO
};

fn at(seconds: u64) -> Timestamp {
    let origin: Timestamp = "2026-11-21T03:10:00Z".parse().unwrap();
    runbook::base::clock::add(origin, Duration::from_secs(seconds))
}

/// A run of three steps, with its history so far; each event a second after the one before.
struct Told {
    plan: Plan,
    records: Vec<Record>,
}

impl Told {
    /// Planned and approved.
    fn begun() -> Self {
        let plan = in_virtual_time(async {
            let stage = Stage::scenario("rp-limit");
            stage
                .plan("UserErrorRpCollectionLimitReached", "web1")
                .await
                .unwrap()
        });
        let consent = Consent::Plan {
            fingerprint: plan.fingerprint.clone(),
            max_risk: None,
        };
        Self::with(plan, consent)
    }

    fn with(plan: Plan, consent: Consent) -> Self {
        let mut told = Self {
            plan,
            records: Vec::new(),
        };
        told.tell(Event::Planned {
            plan: Box::new(told.plan.clone()),
        });
        told.tell(Event::Approved {
            by: "somebody".to_owned(),
            consent,
        });
        told
    }

    fn tell(&mut self, event: Event) -> &mut Self {
        let seq = self.records.len() as u64 + 1;
        let run = RunId("r".to_owned());
        self.records.push(Record {
            run,
            seq,
            at: at(seq),
            event,
            hash: String::new(),
        });
        self
    }

    fn now(&self) -> Timestamp {
        at(self.records.len() as u64)
    }

    fn act(&self, now: Timestamp, limits: &Limits) -> Act {
        next(&State::fold(&self.records).unwrap(), now, limits)
    }

    fn change(&self) -> Change {
        self.plan.steps[0].changes[0].clone()
    }

    fn decide(&mut self, decision: Decision) -> &mut Self {
        let step = self.plan.steps[0].id.clone();
        self.tell(Event::Observed {
            sight: Sight::Step {
                step,
                decision: Box::new(decision),
            },
        })
    }

    fn decide_to(&mut self, change: Change) -> &mut Self {
        self.decide(Decision::Change {
            changes: vec![change],
            remaining: 1,
            baseline: Value::Null,
        })
    }

    fn intend(&mut self) -> &mut Self {
        let (step, change) = (self.plan.steps[0].id.clone(), Box::new(self.change()));
        self.tell(Event::Intended {
            step,
            change,
            attempt: 1,
            remaining: 1,
        })
    }

    fn accept(&mut self, operation: Option<&str>) -> &mut Self {
        let (step, change) = (self.plan.steps[0].id.clone(), self.change().key());
        let operation = operation.map(str::to_owned);
        self.tell(Event::Accepted {
            step,
            change,
            operation,
            poll_after: Some(45),
            outputs: Value::Null,
        })
    }

    fn incident(&mut self, status: IncidentStatus) -> &mut Self {
        let incident = Incident {
            status,
            evidence: "as seen".to_owned(),
            ..Incident::default()
        };
        self.tell(Event::Observed {
            sight: Sight::Incident(incident),
        })
    }
}

/// How the run ends by this act.
fn end(act: Act) -> (RunOutcome, Option<Timestamp>) {
    match act {
        Act::Append(event) => match *event {
            Event::Ended { outcome, due, .. } => (outcome, due),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn job_wait(until: Timestamp) -> Decision {
    serde_json::from_value(json!({ "wait": {
        "what": "a job", "look_again_at": until, "give_up_at": at(99_999), "patience": Patience::Job } }))
    .unwrap()
}

#[test]
fn a_run_looks_before_it_decides_and_stops_before_it_looks() {
    let told = Told::begun();
    assert_eq!(told.act(told.now(), &GO), Act::Look(0));
    assert_eq!(end(told.act(told.now(), &STOP)).0, RunOutcome::Cancelled);
}

#[test]
fn what_was_decided_is_sent_unless_somebody_asks_to_stop() {
    let mut told = Told::begun();
    let change = told.change();
    told.decide_to(change);
    match told.act(told.now(), &GO) {
        Act::Send {
            step: 0,
            attempt: 1,
            remaining: 1,
            change,
        } => assert_eq!(*change, told.change()),
        other => panic!("{other:?}"),
    }
    assert_eq!(end(told.act(told.now(), &STOP)).0, RunOutcome::Cancelled);
}

#[test]
fn what_lies_outside_the_consent_is_not_sent() {
    let plan = Told::begun().plan;
    for consent in [
        Consent::None,
        Consent::Yes {
            max_risk: Risk::ReadOnly,
        },
    ] {
        let mut told = Told::with(plan.clone(), consent);
        let change = told.change();
        told.decide_to(change);
        assert_eq!(end(told.act(told.now(), &GO)).0, RunOutcome::NeedsApproval);
    }
    let mut told = Told::begun();
    let mut other = told.change();
    other.resource.push('0');
    told.decide_to(other);
    assert_eq!(end(told.act(told.now(), &GO)).0, RunOutcome::NeedsApproval);
}

#[test]
fn a_request_whose_answer_was_never_journalled_is_in_doubt() {
    let mut told = Told::begun();
    let change = told.change();
    told.decide_to(change).intend();
    for limits in [GO, STOP] {
        match told.act(told.now(), &limits) {
            Act::Append(event) => assert_eq!(event.name(), "doubtful"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_operation_is_polled_when_the_server_releases_it_and_not_before() {
    let mut told = Told::begun();
    let change = told.change();
    told.decide_to(change).intend().accept(Some("op"));
    let released = runbook::base::clock::add(told.now(), Duration::from_secs(45));
    assert_eq!(told.act(told.now(), &GO), Act::Sleep(released));
    assert_eq!(
        told.act(released, &GO),
        Act::Poll {
            operation: "op".to_owned()
        }
    );
    assert_eq!(
        end(told.act(told.now(), &STOP)),
        (RunOutcome::Waiting, Some(released))
    );
}

#[test]
fn what_was_done_is_waited_for_and_not_sent_again() {
    let mut told = Told::begun();
    let change = told.change();
    told.decide_to(change.clone())
        .intend()
        .accept(None)
        .decide_to(change.clone());
    match told.act(told.now(), &GO) {
        Act::Pause { what, .. } => assert!(what.starts_with("the effect of"), "{what}"),
        other => panic!("{other:?}"),
    }
    // Another request like it, on purpose, is sent.
    told.decide_to(Change {
        anew: true,
        ..change
    });
    assert!(matches!(
        told.act(told.now(), &GO),
        Act::Send { attempt: 2, .. }
    ));
}

#[test]
fn a_job_is_waited_for_no_longer_than_was_asked_and_the_run_says_when_to_go_on() {
    let mut told = Told::begun();
    told.decide(job_wait(at(60)));
    assert_eq!(told.act(told.now(), &GO), Act::Sleep(at(60)));
    let since = told.now();
    let enough = runbook::base::clock::add(since, GO.wait);
    told.decide(job_wait(enough));
    assert_eq!(told.act(told.now(), &GO), Act::Sleep(enough));
    let late = runbook::base::clock::add(enough, Duration::from_secs(1));
    told.decide(job_wait(late));
    assert_eq!(
        end(told.act(told.now(), &GO)),
        (RunOutcome::Waiting, Some(late))
    );
    let none = Limits {
        wait: Duration::ZERO,
        stop: Stop::No,
    };
    assert_eq!(end(told.act(told.now(), &none)).0, RunOutcome::Waiting);
    assert_eq!(
        end(told.act(told.now(), &STOP)),
        (RunOutcome::Waiting, Some(late))
    );
}

#[test]
fn what_is_waited_for_too_long_is_left_for_another_day() {
    let mut told = Told::begun();
    told.decide(job_wait(at(60)));
    assert_eq!(told.act(at(61), &GO), Act::Look(0));
    // A machine that slept through it all looks once more before it gives up.
    assert_eq!(told.act(at(999_999), &GO), Act::Look(0));
    let mut late: Decision = job_wait(at(60));
    if let Decision::Wait { give_up_at, .. } = &mut late {
        *give_up_at = told.now();
    }
    told.decide(late);
    assert_eq!(end(told.act(at(61), &GO)).0, RunOutcome::Waiting);
}

#[test]
fn an_operation_is_polled_once_after_a_pause_that_took_longer_than_its_deadline() {
    let mut told = Told::begun();
    let change = told.change();
    told.decide_to(change).intend().accept(Some("op"));
    assert!(matches!(told.act(at(999_999), &GO), Act::Poll { .. }));
}

#[test]
fn a_healed_incident_ends_the_run_and_one_that_nothing_proves_is_a_persons() {
    let mut healed = Told::begun();
    healed.incident(IncidentStatus::Healed);
    assert_eq!(end(healed.act(healed.now(), &GO)).0, RunOutcome::Fixed);
    let mut nothing = Told::begun();
    nothing.incident(IncidentStatus::None);
    assert_eq!(
        end(nothing.act(nothing.now(), &GO)).0,
        RunOutcome::NeedsHuman
    );
    nothing.plan.forced = true;
    let mut forced = Told::with(nothing.plan, Consent::None);
    forced.incident(IncidentStatus::None);
    assert_eq!(forced.act(forced.now(), &GO), Act::Look(0));
}

#[test]
fn while_a_job_runs_that_may_heal_it_the_incident_is_looked_at_again_and_nothing_is_decided() {
    let mut told = Told::begun();
    told.incident(IncidentStatus::Running);
    let again = runbook::base::clock::add(told.now(), Duration::from_secs(60));
    assert_eq!(told.act(told.now(), &GO), Act::Sleep(again));
    assert_eq!(told.act(again, &GO), Act::LookAtIncident);
}

#[test]
fn a_step_that_tries_longer_than_its_deadline_sends_nothing_more() {
    let mut told = Told::begun();
    let change = told.change();
    told.decide_to(change.clone()).intend();
    let (step, tried) = (told.plan.steps[0].id.clone(), told.now());
    let failure = Failure::new(ErrorClass::Conflict, "do it", "busy");
    told.tell(Event::Refused {
        step,
        change: change.key(),
        failure,
    })
    .decide_to(change);
    let deadline = runbook::base::clock::add(tried, Duration::from_secs(2 * 3600));
    assert!(matches!(
        told.act(deadline, &GO),
        Act::Send { attempt: 2, .. }
    ));
    let late = runbook::base::clock::add(deadline, Duration::from_secs(1));
    assert_eq!(end(told.act(late, &GO)).0, RunOutcome::Waiting);
}

#[test]
fn a_run_whose_steps_are_over_says_whether_it_changed_anything_and_then_is_over() {
    for (changed, outcome) in [(false, RunOutcome::NothingToDo), (true, RunOutcome::Fixed)] {
        let mut told = Told::begun();
        if changed {
            let change = told.change();
            told.decide_to(change).intend().accept(None);
        }
        let ids: Vec<String> = told.plan.steps.iter().map(|s| s.id.clone()).collect();
        for step in ids {
            told.tell(Event::Verified {
                step,
                outcome: StepOutcome::Satisfied,
                why: "seen".to_owned(),
                outputs: Value::Null,
            });
        }
        let act = told.act(told.now(), &GO);
        assert_eq!(end(act.clone()).0, outcome);
        if let Act::Append(event) = act {
            told.tell(*event);
        }
        assert_eq!(told.act(told.now(), &GO), Act::Over);
    }
}
