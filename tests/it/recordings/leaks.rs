//! Signed polling URLs are asked for whole, and told to nobody: neither journal, report nor log.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, Once};

use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::{fmt, registry};

use runbook::core::journal::Record;
use runbook::core::report::Report;
use runbook::core::report::text::{self, Paint};

use crate::kit::Stage;

/// Where a signature of one of these polling URLs is kept or told.
pub(super) fn leaks(urls: &[String], stage: &Stage, records: &[Record], log: &str) -> Vec<String> {
    let mut found = Vec::new();
    let report = Report::of_run(records).unwrap();
    let journal = serde_json::to_string(records).unwrap();
    let report = text::render(&report, Paint::None);
    if !log.contains("answer") {
        found.push("nothing was logged".to_owned());
    }
    for secret in urls.iter().flat_map(|url| signatures(url)) {
        for (place, text) in [("journal", &*journal), ("report", &*report), ("log", log)] {
            if text.contains(secret) {
                let beginning: String = secret.chars().take(8).collect();
                found.push(format!("the {place} holds the signature {beginning}…"));
            }
        }
    }
    let kept = stage.store.operations();
    if !kept.is_empty() {
        found.push(format!("{} polling URLs are kept", kept.len()));
    }
    found
}

/// The certificate, the signature and the hash.
fn signatures(url: &str) -> impl Iterator<Item = &str> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let signed = query.split('&').filter_map(|pair| pair.split_once('='));
    signed
        .filter(|(name, _)| ["c", "s", "h"].contains(name))
        .map(|(_, value)| value)
}

thread_local! {
    /// Who listens to what this thread logs.
    static LISTENS: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// All that is logged while somebody listens.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

/// Listens until it is dropped.
pub(super) struct Listening;

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENS.set(None);
    }
}

impl Log {
    /// Hears everything that this thread logs until the guard is dropped.
    ///
    /// One subscriber for all tests: of several that come and go, each may find that what it wants
    /// to hear was found to interest nobody before it came.
    pub(super) fn listen(&self) -> Listening {
        static ONE: Once = Once::new();
        ONE.call_once(|| {
            let listened = dynamic_filter_fn(|_, _| LISTENS.with_borrow(Option::is_some));
            let heard = || LISTENS.with_borrow(Option::clone).unwrap_or_default();
            let everything = fmt::layer().with_ansi(false).with_writer(heard);
            let one = registry().with(everything.with_filter(listened));
            tracing::subscriber::set_global_default(one).unwrap();
        });
        LISTENS.set(Some(self.clone()));
        Listening
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
