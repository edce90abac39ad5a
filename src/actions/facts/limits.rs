//! `limits`: the numbers of the documents, each with its source and date. Nothing is asked for it.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use crate::actions::limits;
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct LimitsLooker;

#[async_trait]
impl Looker for LimitsLooker {
    fn name(&self) -> &'static str {
        "limits"
    }

    fn schema(&self) -> Value {
        let number = json!({
            "type": "object",
            "properties": {
                "value": { "type": "integer", "description": "The number." },
                "source": { "type": "string", "description": "The document it stands in." },
                "date": { "type": "string", "description": "The date of that text." },
            },
        });
        let agent = json!({ "type": "string", "description": "The oldest supported agent." });
        let mut properties: Map<String, Value> = limits::DATED
            .iter()
            .map(|dated| (dated.name.to_owned(), number.clone()))
            .collect();
        properties.insert("windows_agent".to_owned(), agent.clone());
        properties.insert("linux_agent".to_owned(), agent);
        json!({ "type": "object", "properties": properties })
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    fn lasting(&self) -> bool {
        true
    }

    async fn load(&self, _: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        let numbers = limits::DATED.iter().map(|dated| {
            let told = json!({ "value": dated.value, "source": dated.source, "date": dated.date });
            (dated.name.to_owned(), told)
        });
        let mut told: Map<String, Value> = numbers.collect();
        told.insert("windows_agent".to_owned(), json!(limits::WINDOWS_AGENT));
        told.insert("linux_agent".to_owned(), json!(limits::LINUX_AGENT));
        Ok(told.into())
    }
}
