//! A management lock.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::azure::resource_id::{IdError, ResourceId};

use super::wire::{Text, filled, list};

const LOCKS: &str = "Microsoft.Authorization/locks";

/// A management lock. Its id is the address to delete it at, whatever its level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Its id.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
    /// `CanNotDelete`, `ReadOnly` or `NotSpecified`.
    #[serde(default)]
    pub level: String,
    /// Why it is there, in the words of whoever put it.
    #[serde(default)]
    pub notes: Option<String>,
    /// The applications that own it; one with owners is not ours to touch.
    #[serde(default)]
    pub owners: Vec<String>,
    /// All of it as Azure gave it, to be put back.
    #[serde(default)]
    pub raw: Value,
}

impl Lock {
    /// A lock that was kept whole.
    ///
    /// # Errors
    /// When it is none.
    pub fn kept(whole: Value) -> Result<Self, String> {
        Self::try_from(WireLock(whole))
    }

    /// What it hangs on: its id, cut before `/providers/Microsoft.Authorization/locks`.
    #[must_use]
    pub fn scope(&self) -> ResourceId {
        // `Lock` is read from the wire only when its id is that of a lock.
        self.id.scope_of(LOCKS).unwrap_or_else(|| self.id.clone())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    level: Option<Text>,
    notes: Option<Text>,
    #[serde(deserialize_with = "list")]
    owners: Vec<Value>,
}

/// A lock as Azure gave it.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::azure) struct WireLock(Value);

impl TryFrom<WireLock> for Lock {
    type Error = String;

    fn try_from(WireLock(raw): WireLock) -> Result<Self, String> {
        let text = raw.get("id").and_then(Value::as_str).unwrap_or_default();
        let id = ResourceId::parse(text).map_err(|error: IdError| error.to_string())?;
        if id.scope_of(LOCKS).is_none() {
            return Err(format!("`{id}` is not the id of a lock"));
        }
        let properties = raw.get("properties").cloned().unwrap_or(Value::Null);
        let properties: Option<Properties> =
            serde_json::from_value(properties).map_err(|error| error.to_string())?;
        let properties = properties.unwrap_or_default();
        let named = raw.get("name").and_then(Value::as_str);
        Ok(Self {
            name: named.unwrap_or_else(|| id.name()).to_owned(),
            level: properties.level.unwrap_or_default().0,
            notes: filled(properties.notes),
            owners: properties.owners.iter().map(owner).collect(),
            id,
            raw,
        })
    }
}

/// An owner that does not say who it is still is one.
fn owner(value: &Value) -> String {
    let named = value.get("applicationId").and_then(Value::as_str);
    named.map_or_else(|| value.to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const RG: &str = "/subscriptions/s/resourcegroups/rg";

    fn lock(value: Value) -> Result<Lock, String> {
        serde_json::from_value::<WireLock>(value)
            .unwrap()
            .try_into()
    }

    #[test]
    fn a_lock_knows_what_it_hangs_on_and_can_be_put_back() {
        let raw = json!({ "id": format!("{RG}/providers/Microsoft.Authorization/locks/keep"), "name": "keep",
            "properties": { "level": "CanNotDelete", "notes": "ask Ada", "owners": null } });
        let lock = lock(raw.clone()).unwrap();
        assert_eq!(lock.scope().as_str(), RG);
        assert_eq!(
            (
                lock.level.as_str(),
                lock.notes.as_deref(),
                lock.owners.len()
            ),
            ("CanNotDelete", Some("ask Ada"), 0)
        );
        assert_eq!(lock.raw, raw);
    }

    #[test]
    fn an_owner_without_a_name_is_still_an_owner() {
        let raw = json!({ "id": format!("{RG}/providers/Microsoft.Authorization/locks/l"),
            "properties": { "level": "ReadOnly", "owners": [{ "applicationId": "a" }, {}] } });
        assert_eq!(lock(raw).unwrap().owners, ["a", "{}"]);
    }

    #[test]
    fn what_is_not_a_lock_is_refused() {
        for raw in [
            json!({}),
            json!({ "id": RG }),
            json!({ "id": "x" }),
            json!(null),
        ] {
            assert!(lock(raw.clone()).is_err(), "{raw}");
        }
    }
}
