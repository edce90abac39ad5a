//! Promises, tested on the simulator in virtual time, and on the binary.

mod crash;
mod faults;
mod first_runbook;
mod golden;
mod kit;
mod schema;
mod rules;
