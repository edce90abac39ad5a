//! The engine: look, decide, act, look again.
//!
//! Invariant: no cloud, no wire, no terminal, no environment. What the engine knows of the world
//! comes through [`facts::Lookers`]; what it does to it goes through [`action::Actors`].

pub mod action;
pub mod execute;
pub mod facts;
pub mod incident;
pub mod journal;
pub mod outcome;
pub mod plan;
pub mod report;
pub mod runbook;
pub mod symptom;
