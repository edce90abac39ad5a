//! What runs inside the guest: fixed scripts, reviewed and hashed. Data never becomes code:
//! arguments travel as Run Command parameters from a fixed allow-list.
//!
//! A script is a file of `linux/` or `windows/` and the part that all of its kind share, which
//! stands at its end: it is sent whole, and one that arrived half does nothing.

mod back;
pub mod linux;
mod outcome;
pub mod run;
pub mod script;
pub mod scripted;
pub mod undo;
pub mod windows;

use script::Script;

/// Every script that is part of this program.
#[must_use]
pub fn scripts() -> Vec<Script> {
    [linux::ALL, windows::ALL].concat()
}
