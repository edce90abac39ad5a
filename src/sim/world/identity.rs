//! The calling identity and its rights.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;

/// Who calls: every token stands for this one identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Object id, a GUID.
    pub object_id: String,
    /// Application id or user name, as error messages and the activity log show it.
    pub name: String,
    /// Role assignments; `["*"]` grants everything in the subscription.
    pub allowed: Vec<Grant>,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            object_id: "0b1ec7ed-0000-4000-8000-00000000000a".to_owned(),
            name: "a99a99a9-0000-4000-8000-00000000000b".to_owned(),
            allowed: vec![Grant::everything("*")],
        }
    }
}

/// Rights at one scope and below. Written in short, a bare action means the whole subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// `subscription`, `group <name>` or a resource id.
    pub scope: String,
    /// Actions, `*` allowed.
    pub actions: Vec<String>,
    /// Actions taken out again.
    pub not_actions: Vec<String>,
}

impl Grant {
    fn everything(action: &str) -> Self {
        Self {
            scope: "subscription".to_owned(),
            actions: vec![action.to_owned()],
            not_actions: Vec::new(),
        }
    }
}

/// The written form of a grant with a scope.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "subscription")]
    scope: String,
    actions: Vec<String>,
    #[serde(default)]
    not_actions: Vec<String>,
}

fn subscription() -> String {
    "subscription".to_owned()
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(action) => Ok(Self::everything(&action)),
            other => {
                let Written {
                    scope,
                    actions,
                    not_actions,
                } = serde_json::from_value(other).map_err(D::Error::custom)?;
                Ok(Self {
                    scope,
                    actions,
                    not_actions,
                })
            }
        }
    }
}
