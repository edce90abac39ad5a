//! `lock`: one management lock, as it stands now.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::actions::facts::{parse, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::base::secret::redact_json;
use crate::base::{ErrorClass, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct LockLooker(pub(super) Reader);

/// A lock that may or may not be there.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LockNow {
    /// Its resource id.
    pub id: String,
    /// All of it; nothing when it is not there.
    pub found: Option<Value>,
}

/// The fact about the lock `id`.
pub(in crate::actions) fn lock_key(id: &str) -> FactKey {
    FactKey::with("lock", &json!({ "id": id }))
}

/// Level, notes and owners are what makes a lock; ids differ in casing from answer to answer. What
/// was kept `then` is without secrets, which people write into notes.
pub(in crate::actions) fn same_lock(now: &Value, then: &Value) -> bool {
    let mut now = now.clone();
    redact_json(&mut now);
    let of = |lock: &Value, name: &str| lock["properties"][name].clone();
    ["level", "notes", "owners"]
        .iter()
        .all(|name| of(&now, name) == of(then, name))
}

#[async_trait]
impl Looker for LockLooker {
    fn name(&self) -> &'static str {
        "lock"
    }

    fn schema(&self) -> Value {
        schema::<LockNow>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::LOCKS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, _: &Target, args: &Value, _: &Facts) -> Result<Value, Failure> {
        let id = args["id"].as_str().unwrap_or_default().to_owned();
        let found = match self.0.lock(&parse(&id)?).await {
            Ok(lock) => Some(lock.raw),
            Err(failure) if failure.class == ErrorClass::NotFound => None,
            Err(failure) => return Err(failure),
        };
        value(&LockNow { id, found })
    }
}
