//! Promises, tested on the simulator in virtual time, and on the binary.

mod kit;
mod smoke;
