//! The doors: time, chance, secrets, seals, failures, YAML text and drawn diagnostics.
//!
//! Invariant: everything else reaches the outside of its own values through one of these, so
//! that a test can hold the clock and the dice in its hand.

pub mod chance;
pub mod clock;
pub mod diagnostics;
pub mod difference;
pub mod failure;
pub mod filesystem;
pub mod pace;
pub mod process;
pub mod seal;
pub mod secret;
mod side_by_side;
pub mod yaml;

pub use chance::Chance;
pub use clock::Clock;
pub use failure::{Accepted, ErrorClass, Failure};
pub use seal::SealKey;
pub use secret::Secret;
pub use side_by_side::side_by_side;
