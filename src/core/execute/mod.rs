//! Makes it so: `next` decides the next act from the state alone, `drive` performs one act at a
//! time and appends its events.

pub mod drive;
mod ends;
pub mod engine;
mod leave;
pub mod look;
pub mod next;
mod once;
mod polling;
pub mod retry;
mod sending;

use std::time::Duration;

use jiff::Timestamp;

use crate::core::action::Change;
use crate::core::journal::Event;

/// The one thing to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Look at the complaint again.
    LookAtIncident,
    /// Look, and decide this step.
    Look(usize),
    /// Send this change of this step.
    Send {
        /// The step.
        step: usize,
        /// The change.
        change: Box<Change>,
        /// What is left to do.
        remaining: u64,
        /// 1 for the first.
        attempt: u32,
    },
    /// Poll the operation in flight.
    Poll {
        /// Its id.
        operation: String,
    },
    /// Pause at least so long after a time, for the reason given; chance adds to it.
    Pause {
        /// The step.
        step: usize,
        /// For what.
        what: String,
        /// From when.
        from: Timestamp,
        /// At least so long.
        floor: Duration,
    },
    /// Sleep until then; a pause that the journal knows of.
    Sleep(Timestamp),
    /// Poll the operation in flight no more: it is looked at afresh when the run goes on.
    LetGo {
        /// Its id.
        operation: String,
    },
    /// Append this event, which follows from the ones before.
    Append(Box<Event>),
    /// The run is over.
    Over,
}

/// What bounds a run from outside.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long to wait for jobs, from the first such wait.
    pub wait: Duration,
    /// Somebody asked to stop.
    pub stop: Stop,
}

/// Whether a run is to stop, and for good or for now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stop {
    /// It goes on.
    #[default]
    No,
    /// Nothing further is sent; what waits or runs in Azure is gone on with another time.
    Pause,
    /// Nothing further is sent, and the run is over.
    Cancel,
}
