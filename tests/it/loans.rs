//! A lock of somebody else's is borrowed at most: away while it has to be, and back whatever
//! becomes of the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use runbook::azure::Transport as _;
use runbook::core::journal::store::Store as _;
use runbook::core::journal::{Event, Record};
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::consent::Consent;
use runbook::core::report::Report;
use runbook::core::report::exit::Exit;
use runbook::ops::rehearse::{InProcess, Simulated, read_world};
use runbook::ops::resume::{Cancelled, cancel, unfinished, unfinished_run};
use runbook::ops::{OpsError, apply};
use runbook::sim::Sim;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::kit::promise::{end, hold};
use crate::kit::wire::{Answer, Passage, Request, Tamper, refusal};
use crate::kit::{Stage, in_virtual_time};

const LIMIT: &str = "UserErrorRpCollectionLimitReached";

/// Both VMs have too many restore points, and one lock on the subscription is in the way.
const WORLD: &str = "
vms: [{ name: web1, group: rg-web }, { name: web10, group: rg-web }]
locks: [{ name: wide, scope: subscription, notes: 'Ours, see the wiki.' }]
restore_point_collections: [{ vm: web1, points: 18 }, { vm: web10, points: 18 }]
vaults:
  - name: vault-web
    items: [{ vm: web1 }, { vm: web10 }]
    jobs:
      - { vm: web1, status: Failed, code: UserErrorRpCollectionLimitReached, started: 29m ago, ended: 25m ago }
      - { vm: web10, status: Failed, code: UserErrorRpCollectionLimitReached, started: 29m ago, ended: 25m ago }
";

pub(crate) fn sim(changes: &str, faults: &str) -> Sim {
    let (world, faults) = read_world("world.yaml", &format!("{WORLD}{changes}"), faults)
        .unwrap_or_else(|e| panic!("{e}"));
    Sim::new(world, faults)
}

fn stage() -> Stage {
    Stage::of(sim("", ""))
}

/// The writes to locks, in order, as "METHOD name".
fn on_locks(stage: &Stage) -> Vec<String> {
    let ledger = stage.ledger();
    let of_locks = ledger
        .iter()
        .filter(|entry| entry.is_write() && entry.path.to_lowercase().contains("/locks/"));
    of_locks
        .map(|entry| {
            format!(
                "{} {}",
                entry.method,
                entry.path.rsplit('/').next().unwrap()
            )
        })
        .collect()
}

/// The lock stands as it stood, and nobody has it out.
async fn is_back(stage: &Stage) {
    let first = sim("", "").world().locks.clone();
    stage
        .simulated
        .with(|sim| assert_eq!(sim.world().locks, first));
    assert_eq!(stage.store.loans().await.unwrap(), []);
}

/// What somebody else asks of Azure meanwhile.
fn somebody_else(azure: &Arc<Simulated>, method: &str, path: &str, body: &Value) {
    let request = http::Request::builder()
        .method(method)
        .uri(format!("https://management.azure.com{path}"))
        .header("Authorization", "Bearer t")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let azure = InProcess(Arc::clone(azure));
    tokio::spawn(async move {
        let answer = azure.send(request).await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    });
}

/// Applies with the whole plan agreed to, and stops when `at` says so of an event.
async fn stopped(stage: &mut Stage, at: usize) -> Vec<Record> {
    let plan = stage.plan(LIMIT, "web1").await.unwrap();
    let consent = Consent::Plan {
        fingerprint: plan.fingerprint.clone(),
        max_risk: None,
    };
    let (stop, asked) = watch::channel(false);
    let told = Arc::new(move |record: &Record| {
        if record.seq as usize == at {
            stop.send_replace(true);
        }
    });
    let by = "a test".to_owned();
    apply(&stage.world, plan, consent, by, stage.wait, asked, told)
        .await
        .unwrap()
}

#[test]
fn a_run_that_is_stopped_anywhere_puts_back_what_it_borrowed_before_it_ends() {
    let whole = in_virtual_time(async {
        let stage = stage();
        let plan = stage.plan(LIMIT, "web1").await.unwrap();
        stage.apply(plan).await.unwrap().len()
    });
    let mut borrowed = 0;
    for at in 1..whole {
        in_virtual_time(async {
            let mut stage = stage();
            let records = stopped(&mut stage, at).await;
            let (outcome, why) = end(&records).unwrap();
            assert!(
                !matches!(outcome, RunOutcome::Failed | RunOutcome::NeedsHuman),
                "stopped at {at}: {outcome}: {why}"
            );
            hold(&records, &stage.ledger()).unwrap();
            is_back(&stage).await;
            borrowed += usize::from(!on_locks(&stage).is_empty());
            // Going on, or beginning again where it was cancelled, ends as it would have.
            let records = match stage.resume(&records[0].run).await {
                Err(OpsError::Usage(_)) => {
                    let plan = stage.plan(LIMIT, "web1").await.unwrap();
                    if plan.verdict.is_some() {
                        return;
                    }
                    stage.apply(plan).await.unwrap()
                }
                other => other.unwrap(),
            };
            assert_eq!(
                end(&records).unwrap().0,
                RunOutcome::Fixed,
                "stopped at {at}"
            );
            is_back(&stage).await;
        });
    }
    assert!(
        borrowed > 10,
        "only {borrowed} of {whole} stops came after the loan"
    );
}

#[test]
fn a_clean_up_that_fails_for_good_leaves_no_lock_out() {
    in_virtual_time(async {
        let fault = "[{ on: DELETE /restorePointCollections/, times: 99, operation: { after: 5m, code: OperationTimedOut, message: no, partial: 0 } }]";
        let stage = Stage::of(sim("", fault));
        let plan = stage.plan(LIMIT, "web1").await.unwrap();
        let records = stage.apply(plan).await.unwrap();
        assert_eq!(end(&records).unwrap().0, RunOutcome::NeedsHuman);
        assert_eq!(on_locks(&stage), ["DELETE wide", "PUT wide"]);
        is_back(&stage).await;
    });
}

#[test]
fn nothing_stays_out_for_as_long_as_a_backup_takes() {
    in_virtual_time(async {
        // A backup begins after the lock was borrowed: the clean-up has to wait for its end.
        let mut stage = stage();
        let simulated = Arc::clone(&stage.simulated);
        let begun = AtomicBool::new(false);
        let group = stage.vm("web1").replace(
            "rg-web/providers/Microsoft.Compute/virtualMachines/web1",
            "rg-backup",
        );
        stage.listener = Arc::new(move |record: &Record| {
            if record.event.name() == "lock_borrowed" && !begun.swap(true, Ordering::SeqCst) {
                let item = "iaasvmcontainerv2;rg-web;web1";
                let path = format!(
                    "{group}/providers/Microsoft.RecoveryServices/vaults/vault-web/backupFabrics/Azure/protectionContainers/IaasVMContainer;{item}/protectedItems/VM;{item}/backup"
                );
                let body = json!({ "properties": { "objectType": "IaasVMBackupRequest" } });
                somebody_else(
                    &simulated,
                    "POST",
                    &format!("{path}?api-version=2024-04-01"),
                    &body,
                );
            }
        });
        let plan = stage.plan(LIMIT, "web1").await.unwrap();
        let records = stage.apply(plan).await.unwrap();
        let (outcome, why) = end(&records).unwrap();
        let writes = on_locks(&stage);
        assert_eq!(writes[..2], ["DELETE wide", "PUT wide"], "{outcome}: {why}");
        is_back(&stage).await;
    });
}

/// Refuses to put a lock back, until it is told not to.
struct NoReturn(AtomicBool);

impl Tamper for NoReturn {
    fn before(&self, _: usize, request: &Request) -> Passage {
        if request.method() == http::Method::PUT && self.0.load(Ordering::SeqCst) {
            return Passage::Answered(refusal(403, "AuthorizationFailed", &[]));
        }
        Passage::Free
    }

    fn after(&self, _: usize, _: &Request, answer: Answer) -> Answer {
        answer
    }
}

#[test]
fn a_lock_that_cannot_be_put_back_is_said_first_and_returned_on_its_own_later() {
    in_virtual_time(async {
        let tamper = Arc::new(NoReturn(AtomicBool::new(true)));
        let stage = Stage::tampered(sim("", ""), tamper.clone());
        let plan = stage.plan(LIMIT, "web1").await.unwrap();
        let records = stage.apply(plan).await.unwrap();
        let report = Report::of_run(&records).unwrap();
        assert_eq!(report.exit, Exit::LockOut, "{}", report.reason);
        let text =
            runbook::core::report::text::render(&report, runbook::core::report::text::Paint::None);
        assert!(
            text.starts_with("A borrowed lock is still out:\n/subscriptions/"),
            "{text}"
        );
        assert!(text.contains("az rest --method put"), "{text}");
        assert_eq!(stage.store.loans().await.unwrap().len(), 1);
        // A right was missing; now it is there.
        tamper.0.store(false, Ordering::SeqCst);
        let open = unfinished(stage.store.as_ref()).await.unwrap();
        assert_eq!(open.len(), 1, "a run with a lock out can be gone on with");
        let (_keep, stop) = watch::channel(false);
        let given_up = cancel(
            &stage.world,
            &open[0],
            "ann".to_owned(),
            stop,
            Arc::clone(&stage.listener),
        );
        let Cancelled::Over(records) = given_up.await.unwrap() else {
            panic!("nobody is at work on it");
        };
        assert_eq!(end(&records).unwrap().0, RunOutcome::Cancelled);
        is_back(&stage).await;
        let run = &records[0].run.0;
        assert!(matches!(
            unfinished_run(stage.store.as_ref(), run).await,
            Err(OpsError::Usage(_))
        ));
    });
}

#[test]
fn without_the_right_to_put_it_back_nothing_is_taken() {
    in_virtual_time(async {
        let identity = "identity: { allowed: [{ scope: subscription, actions: ['*'], not_actions: [Microsoft.Authorization/locks/write] }] }\n";
        let stage = Stage::of(sim(identity, ""));
        let plan = stage.plan(LIMIT, "web1").await.unwrap();
        let missing: Vec<&str> = plan
            .missing_permissions
            .iter()
            .map(|p| p.action.as_str())
            .collect();
        assert_eq!(missing, ["Microsoft.Authorization/locks/write"]);
        assert!(matches!(
            stage.apply(plan).await,
            Err(OpsError::MissingPermissions(_))
        ));
        assert_eq!(on_locks(&stage), Vec::<String>::new());
    });
}

#[test]
fn what_another_made_of_its_place_is_left_for_a_person() {
    in_virtual_time(async {
        let mut stage = stage();
        let simulated = Arc::clone(&stage.simulated);
        let subscription = stage
            .vm("web1")
            .split("/resourceGroups")
            .next()
            .unwrap()
            .to_owned();
        stage.listener = Arc::new(move |record: &Record| {
            if matches!(&record.event, Event::Verified { step, .. } if step == "unlock") {
                let path = format!(
                    "{subscription}/providers/Microsoft.Authorization/locks/wide?api-version=2020-05-01"
                );
                let body =
                    json!({ "properties": { "level": "CanNotDelete", "notes": "another's now" } });
                somebody_else(&simulated, "PUT", &path, &body);
            }
        });
        let plan = stage.plan(LIMIT, "web1").await.unwrap();
        let records = stage.apply(plan).await.unwrap();
        let report = Report::of_run(&records).unwrap();
        assert_eq!(report.exit, Exit::LockOut, "{}", report.reason);
        assert!(
            report.reason.contains("compare the two"),
            "{}",
            report.reason
        );
        // The one that stands there is theirs: nothing was put over it.
        assert_eq!(on_locks(&stage), ["DELETE wide", "PUT wide"]);
        stage
            .simulated
            .with(|sim| assert_eq!(sim.world().locks[0].notes.as_deref(), Some("another's now")));
    });
}

#[test]
fn of_two_runs_that_need_the_same_lock_gone_the_first_takes_it_and_the_last_puts_it_back() {
    in_virtual_time(async {
        let first = stage();
        let of_first = first.plan(LIMIT, "web1").await.unwrap();
        let of_second = first.plan(LIMIT, "web10").await.unwrap();
        let (one, two) = tokio::join!(first.apply(of_first), first.apply(of_second));
        for records in [one.unwrap(), two.unwrap()] {
            let (outcome, why) = end(&records).unwrap();
            assert_eq!(outcome, RunOutcome::Fixed, "{why}");
        }
        let writes = on_locks(&first);
        let taken = writes.iter().filter(|w| w.starts_with("DELETE")).count();
        assert_eq!(taken, writes.len() - taken, "{writes:?}");
        is_back(&first).await;
    });
}
