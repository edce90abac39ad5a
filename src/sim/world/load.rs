//! How busy a VM is.

use serde::{Deserialize, Serialize};

use super::When;

/// How busy a VM is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// Percent of the processor.
    pub cpu: f64,
    /// Percent of the memory in use; none where the platform does not measure it.
    pub memory: Option<f64>,
    /// Times at which it was otherwise.
    pub spikes: Vec<Spike>,
}

/// A time of more load, or of less.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spike {
    /// From when.
    pub from: When,
    /// To when; until further notice if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<When>,
    /// Percent of the processor.
    pub cpu: f64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            cpu: 12.0,
            memory: Some(40.0),
            spikes: Vec::new(),
        }
    }
}
