//! Promises, tested on the simulator in virtual time, and on the binary.

mod consent;
mod crash;
mod docs;
mod faults;
mod first_runbook;
mod generic;
mod golden;
mod journal;
mod kit;
mod rules;
mod schema;
