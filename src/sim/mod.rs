//! The simulated Azure: a second reading of the contract that `azure/` reads.
//!
//! [`Sim`] is a value: a request and a time in, an answer out. It opens no socket, reads no clock
//! and rolls no dice, so that a rehearsal repeats exactly and a copy can be resumed. It shares
//! nothing with `azure/` but the documents.
//!
//! # Endpoints
//!
//! `route.rs` is the table, with the right that each needs: virtual machines, instance view,
//! extensions, Run Command (v1), restore point collections and points, compute operations; locks
//! and permissions at any scope; subscriptions, groups, resources of a group or a subscription,
//! providers and their registration; role and policy assignments; disks and key vaults; network
//! interfaces with effective rules and routes; the activity log and metrics; vaults, protected items,
//! recovery points, policies, jobs, backup
//! now, operations in all five places; `backupStatus`; tokens, OpenID configuration and
//! `/metadata/endpoints`.
//!
//! # Assumptions
//!
//! Where no document says what Azure does, the code says `Assumption:` at the place. Those that a
//! client can see: a rights check fails a list as a whole instead of filtering it; a trigger
//! during a backup is a failed operation; `errorCode` is absent where no number is known; the
//! result URL of a failed compute operation answers 409, of a failed backup operation 400; an
//! altered signature in a polling URL is refused with 403; old instant restore points expire only
//! by the clean-up that follows a limit failure, four hours later.
//!
//! Made up, because no document or recording has them: the codes and texts of 400 and 401 answers,
//! of an unknown subscription, policy, item, job or operation and of a refused cancellation; the
//! versions of agents and extension handlers; most `recommendations`; how long a collection with
//! points takes to delete (5 s a point) and its `Retry-After`. No client should depend on them.

mod activity_log;
mod answer;
mod backup;
mod call;
mod clockwork;
mod compute;
mod disks;
mod exchange;
mod extensions;
mod fault;
mod guest;
mod ids;
mod key_vaults;
mod ledger;
mod locks;
mod login;
mod machine;
mod metrics;
mod network;
mod odata;
mod operation;
mod paging;
mod rbac;
mod resources;
mod restore_points;
mod roles;
mod route;
mod run_command;
pub mod scenarios;
mod simulator;
mod throttle;
pub mod world;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use exchange::{Answered, Exchange, Injected};
pub use fault::{DropMoment, FailingOperation, Fault, FaultAnswer, FaultEffect, LockReturns};
pub use ledger::Entry;
pub use simulator::Sim;
pub use world::World;
