//! How often each kind of request was made.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::error::refusal::Effect;

/// How many requests were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// GETs.
    pub reads: u64,
    /// POSTs that only look.
    pub queries: u64,
    /// Read-only looks inside a guest.
    pub probes: u64,
    /// Changes.
    pub writes: u64,
    /// Times that one of these was sent again.
    pub retries: u64,
    /// Answers that asked us to wait (429, or 503 with `Retry-After`).
    pub throttled: u64,
}

/// What a request does, which decides how it is counted and when it may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A GET.
    Read,
    /// A POST that only looks.
    Query,
    /// A POST that runs a read-only script in a guest: a change to ARM, a look to a person.
    Probe,
    /// A change.
    Write,
}

impl Purpose {
    pub(super) fn effect(self) -> Effect {
        match self {
            Self::Read | Self::Query => Effect::Looks,
            Self::Probe | Self::Write => Effect::Changes,
        }
    }
}

/// The counters behind [`Counts`].
#[derive(Debug, Default)]
pub(super) struct Tally {
    purposes: [AtomicU64; 4],
    retries: AtomicU64,
    throttled: AtomicU64,
}

impl Tally {
    pub(super) fn count(&self, purpose: Purpose) {
        self.purposes[purpose as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn throttled(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |purpose: Purpose| self.purposes[purpose as usize].load(Ordering::Relaxed);
        Counts {
            reads: of(Purpose::Read),
            queries: of(Purpose::Query),
            probes: of(Purpose::Probe),
            writes: of(Purpose::Write),
            retries: self.retries.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
        }
    }
}
