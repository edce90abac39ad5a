//! What a person can ask. The terminal is one way of asking; a server and a chat are others.

pub mod apply;
mod choose;
mod cloud;
pub mod documents;
mod error;
pub mod evidence;
pub mod matching;
pub mod plan;
pub mod plan_file;
pub mod rehearse;
pub mod resume;
pub mod role;
pub mod runs;
pub mod triage;
pub mod undo;
pub mod world;

pub use apply::apply;
pub use documents::{CheckSummary, catalogue, catalogue_page, check, schema};
pub use error::OpsError;
pub use evidence::{export, verify, verify_export};
pub use plan::{Ask, plan};
pub use rehearse::{reset_sim, serve_sim};
pub use runs::{run, runs};
pub use undo::undo;
pub use world::{Settings, World};
