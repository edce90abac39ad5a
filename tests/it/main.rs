//! Promises, tested on the simulator in virtual time, and on the binary.

mod crash;
mod faults;
mod golden;
mod kit;
