//! From an answer that is not a success to a [`crate::base::Failure`].
//!
//! Invariant: one table (`table`) decides the class and one function (`refusal`) whether the
//! other side may have acted; nothing else looks at an error code to decide a retry.

pub(super) mod envelope;
pub(super) mod refusal;
pub mod sentence;
pub(super) mod table;

pub use sentence::locked_scopes;
