//! The documents that say what to do: read, checked all at once, and found by error code.
//!
//! Text becomes a [`parse::Parsed`] document with its places; [`check`] holds it against a
//! vocabulary of actions and facts; a [`catalogue::Catalogue`] has only checked ones.

pub mod answer;
pub mod catalogue;
pub mod check;
pub mod claim;
pub mod embedded;
mod expand;
pub mod hash;
pub mod live;
pub mod model;
pub mod parse;
pub mod risk;
pub mod schema;
pub mod template;

pub use model::{Retry, Runbook, Step};

#[cfg(test)]
mod bad_runbooks;
