//! `runbook`: an automated remediation executor for Azure VM Backup failures.
//!
//! Look, decide, act, look again. An action declares the facts that it needs, decides purely,
//! predicts, and applies one request at a time; only that last part is given a writer.
//!
//! Where things are, each layer using only those below it (`tests/architecture.rs` holds this
//! table):
//!
//! | layer | what it is |
//! |---|---|
//! | [`cli`] | the terminal: one thin file for each subcommand |
//! | [`ops`] | what a person can ask; the terminal is one way of asking |
//! | [`fleet`] | many VMs at once |
//! | [`actions`] | one file for each action, and the facts that they look at |
//! | [`azure`] | ARM: `Reader`, `Writer`, identity, long-running operations |
//! | [`core`] | the engine: runbooks, plans, the journal, execution, reports; no cloud in it |
//! | [`sim`] | the simulated Azure; shares nothing with [`azure`] |
//! | [`base`] | the doors: time, chance, secrets, failures, YAML, drawn diagnostics |
//!
//! Where do I look for …
//!
//! - what is never done, whatever a runbook says: [`azure::permitted`] and [`azure::proof`]
//! - when something is retried: [`core::execute::retry`] (steps), [`base::pace`] (requests)
//! - what an approval covers: [`core::plan::consent`] and [`core::plan::fingerprint`]
//! - what is left of a saved plan: [`core::plan::rest`] and [`core::journal::uses`]
//! - what may follow what in a journal: [`core::journal::state`]
//! - the numbers of the documents: [`actions::limits`]

pub mod actions;
pub mod azure;
pub mod base;
pub mod cli;
pub mod core;
pub mod fleet;
pub mod ops;
pub mod sim;
