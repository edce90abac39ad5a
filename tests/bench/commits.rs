//! How many commits the journal takes for the events of concurrent runs. A count and no time: each
//! commit is a write that the disk confirms, and a time would measure the disk.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use runbook::base::SealKey;
use runbook::core::facts::Target;
use runbook::core::journal::sqlite::Sqlite;
use runbook::core::journal::store::{Holder, Store};
use runbook::core::journal::{Event, RunId};

/// Events of each run: a run of the catalogue has between 20 and 90.
const EVENTS: u64 = 40;

/// Commits and events of so many runs at once.
pub(crate) fn of_concurrent(runs: usize) -> (u64, u64) {
    let folder = tempfile::tempdir().expect("a folder for the journal");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = open(folder.path());
        join_all((0..runs).map(|number| run(&store, number))).await;
        (store.commits(), EVENTS * runs as u64)
    })
}

async fn run(store: &Sqlite, number: usize) {
    let (name, at) = (RunId(format!("run-{number}")), jiff::Timestamp::UNIX_EPOCH);
    let target = Target {
        id: format!("/vm/{number}"),
    };
    let event = || Event::Waiting {
        step: "back-up".to_owned(),
        what: "the backup job".to_owned(),
        until: at,
    };
    let begun = store.begin(&name, &target, "Code", event(), at).await;
    let (lease, _) = begun.expect("a run");
    for _ in 1..EVENTS {
        store.append(&lease, event(), at).await.expect("an event");
    }
}

/// A journal in `folder`.
pub(crate) fn open(folder: &Path) -> Sqlite {
    let me = Holder {
        host: "bench".to_owned(),
        pid: 1,
        started: 1,
    };
    Sqlite::open(folder, me, Arc::new(|_| false), SealKey::of_bytes([7; 32])).expect("a journal")
}
