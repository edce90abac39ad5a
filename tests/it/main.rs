//! Promises, tested on the simulator in virtual time, and on the binary.

#![expect(
    clippy::unwrap_used,
    reason = "clippy allows it in test functions, and not in what they share"
)]

mod binary;
mod catalogue;
mod consent;
mod crash;
mod docs;
mod evidence;
mod faults;
mod finding;
mod first_runbook;
mod generic;
mod golden;
mod guest;
mod identity;
mod journal;
mod kill;
mod kit;
mod leaks;
mod loans;
mod matching;
mod next;
mod plan_file;
mod recordings;
mod rehearse;
mod role;
mod rules;
mod schema;
mod undo;
mod writing;
