//! What a change may cost, and whether a person must agree to it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a change may cost, from the least to the most.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Nothing is altered.
    ReadOnly,
    /// It can be put back as it was.
    Reversible,
    /// The virtual machine or a service on it is interrupted.
    Disruptive,
    /// Something is gone afterwards.
    Destructive,
    /// Security is weakened: rights, exclusions, locks of a customer.
    Sensitive,
}

impl Risk {
    /// Its name in runbooks, plans and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Reversible => "reversible",
            Self::Disruptive => "disruptive",
            Self::Destructive => "destructive",
            Self::Sensitive => "sensitive",
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a person must approve a change.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// The general consent to the plan is enough.
    #[default]
    None,
    /// A person approves this very change.
    Required,
}

impl Approval {
    /// Its name in runbooks, plans and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Required => "required",
        }
    }
}

impl fmt::Display for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risks_grow_from_looking_to_weakening_security() {
        let all = [
            Risk::ReadOnly,
            Risk::Reversible,
            Risk::Disruptive,
            Risk::Destructive,
            Risk::Sensitive,
        ];
        assert!(all.is_sorted());
        assert!(Approval::None < Approval::Required);
    }

    #[test]
    fn names_are_what_yaml_says() {
        for risk in [Risk::ReadOnly, Risk::Sensitive] {
            assert_eq!(serde_json::to_value(risk).expect("a name"), risk.name());
        }
        assert_eq!(
            serde_json::to_value(Approval::Required).expect("a name"),
            "required"
        );
    }
}
