//! Promises, tested on the simulator in virtual time, and on the binary.

mod golden;
mod kit;
