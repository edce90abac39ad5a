//! `permissions`: which of some rights the identity lacks at a scope.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::{parse, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct PermissionsLooker(pub(super) Reader);

/// The answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
struct Missing {
    /// The rights that are not granted.
    missing: Vec<String>,
}

#[async_trait]
impl Looker for PermissionsLooker {
    fn name(&self) -> &'static str {
        "permissions"
    }

    fn schema(&self) -> Value {
        schema::<Missing>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::PERMISSIONS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, _: &Target, args: &Value, _: &Facts) -> Result<Value, Failure> {
        let scope = parse(args["scope"].as_str().unwrap_or_default())?;
        let granted = self.0.permissions(&scope).await?;
        let actions = args["actions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let missing = actions
            .filter(|a| !granted.allows(a))
            .map(str::to_owned)
            .collect();
        value(&Missing { missing })
    }
}
