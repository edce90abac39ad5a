//! Promises, tested on the simulator in virtual time, and on the binary.

mod crash;
mod docs;
mod faults;
mod first_runbook;
mod golden;
mod kit;
mod schema;
