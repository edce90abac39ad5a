//! Azure Resource Manager: a [`Reader`] that can only look and a [`Writer`] with a closed list of
//! changes, over one pipeline.
//!
//! Invariants: a token goes to the cloud's own ARM endpoint and nowhere else; a change is sent
//! again by the pipeline only when it was certainly not accepted; no URL that ARM gave is rebuilt.

pub mod arm;
mod certificate;
mod claims;
pub mod client;
pub mod cloud;
pub mod counts;
pub mod credential;
mod entra;
pub mod error;
mod identity;
pub mod operation;
pub mod permitted;
mod pipeline;
mod poll;
pub mod proof;
mod read;
pub mod reader;
pub mod resource_id;
mod slow_query;
pub mod tokens;
pub mod transport;
mod url_text;
pub mod versions;
pub mod views;

#[cfg(test)]
mod scripted;

pub use arm::Arm;
pub use client::HttpTransport;
pub use cloud::{Cloud, CloudError, Metadata, discover};
pub use counts::Counts;
pub use credential::{CredentialKind, CredentialSettings, Who};
pub use error::locked_scopes;
pub use operation::{Operation, OperationKind, Polled, Sent};
pub use permitted::Writer;
pub use reader::Reader;
pub use resource_id::{IdError, ResourceId};
pub use tokens::TokenSource;
pub use transport::{Transport, WireError};
