//! Two processes and one saved plan: one of them applies it, whatever the order.

use std::sync::Arc;
use std::time::Duration;

use runbook::core::journal::Record;
use runbook::core::journal::store::Store;
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::Plan;
use runbook::ops::{OpsError, World, apply, plan_file};
use tokio::sync::watch;

use super::Saved;
use super::once::{LOCKED, whole};
use crate::journal::journal;
use crate::kit::promise::{end, never_twice};
use crate::kit::{Stage, in_virtual_time};
use crate::rules::{LIMIT, stage, writes};

async fn applied(world: &World, plan: Plan) -> Result<Vec<Record>, OpsError> {
    let (_keep, stop) = watch::channel(false);
    let (by, quiet) = ("a test".to_owned(), Arc::new(|_: &Record| {}));
    let wait = Duration::from_secs(2 * 3600);
    let consent = whole(&plan);
    apply(world, plan, consent, by, wait, stop, quiet).await
}

/// Two processes on one journal, in memory and on disk.
fn two_processes(test: impl AsyncFn(&Stage, &Saved, [World; 2])) {
    for on_disk in [false, true] {
        in_virtual_time(async {
            let stage = stage(&[("locks", LOCKED)]);
            let folder = tempfile::tempdir().unwrap();
            let journal = |pid: u32| -> Arc<dyn Store> {
                match on_disk {
                    true => Arc::new(journal(folder.path(), pid)),
                    false => stage.store.clone(),
                }
            };
            let saved = Saved::of(&stage, LIMIT).await;
            let worlds = [stage.beside(journal(1)), stage.beside(journal(2))];
            test(&stage, &saved, worlds).await;
        });
    }
}

#[test]
fn a_saved_plan_that_two_have_opened_is_applied_by_one_of_them() {
    two_processes(async |stage, saved, [first, second]| {
        let [one, two] = [&first, &second].map(|w| plan_file::open(w, &saved.file, None));
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        let records = applied(&first, one).await.unwrap();
        assert_eq!(end(&records).unwrap().0, RunOutcome::Fixed);
        let sent = writes(stage, "").len();
        let late = applied(&second, two).await.unwrap();
        let (outcome, why) = end(&late).unwrap();
        assert_eq!(outcome, RunOutcome::NeedsApproval, "{why}");
        assert!(why.contains(&records[0].run.0), "{why}");
        assert_eq!(late.len(), 2, "planned, ended");
        assert_eq!(writes(stage, "").len(), sent);
    });
}

#[test]
fn a_saved_plan_that_two_apply_at_once_is_applied_once() {
    two_processes(async |stage, saved, [first, second]| {
        let [one, two] = [&first, &second].map(|w| plan_file::open(w, &saved.file, None));
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        let (one, two) = tokio::join!(applied(&first, one), applied(&second, two));
        let (ran, other) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(end(&ran.unwrap()).unwrap().0, RunOutcome::Fixed);
        assert!(matches!(other, Err(OpsError::Busy { .. })), "{other:?}");
        assert_eq!(writes(stage, "/locks/").len(), 1);
        stage.simulated.with(never_twice).unwrap();
    });
}

#[test]
fn a_run_that_went_on_after_its_file_was_opened_again_counts_with_all_that_it_did() {
    two_processes(async |stage, saved, [first, second]| {
        let one = plan_file::open(&first, &saved.file, None).await.unwrap();
        let records = applied(&first, one.clone()).await.unwrap();
        // As it was known while that run was at work.
        let mut two = one;
        let file = two.from_file.as_mut().unwrap();
        file.runs.insert(records[0].run.0.clone(), 5);
        let sent = writes(stage, "").len();
        let late = applied(&second, two).await.unwrap();
        let (outcome, why) = end(&late).unwrap();
        assert_eq!(outcome, RunOutcome::NeedsApproval);
        assert!(why.contains("was applied meanwhile"), "{why}");
        assert_eq!(late.len(), 2, "planned, ended");
        assert_eq!(writes(stage, "").len(), sent);
    });
}
