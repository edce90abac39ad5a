//! `policy_denials`: which assignments of Azure Policy the last failed backup names, and what
//! they say of themselves.
//!
//! A denied creation leaves no compliance state (azure-api.md section 8), so the failure's own
//! words are the only source. They are data: ids are taken out of them, checked, and read.

use async_trait::async_trait;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::incident::last_failed;
use crate::actions::facts::jobs::Jobs;
use crate::actions::facts::{known, parse, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::base::{ErrorClass, Failure};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct PolicyDenialsLooker(pub(super) Reader);

/// What Azure Policy denied, as far as the last failed backup says.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PolicyDenials {
    /// The assignments that it names.
    pub assignments: Vec<Denial>,
    /// The same as one line each, ready for a ticket.
    #[schemars(extend("x-yes" = "Azure Policy has denied what the backup needs", "x-no" = "Azure Policy has denied nothing that the backup needs"))]
    pub told: Vec<String>,
}

/// One assignment that denies.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Denial {
    /// The assignment's id.
    pub id: String,
    /// Its name for people.
    pub name: Option<String>,
    /// What it assigns.
    pub definition: Option<String>,
    /// The effect that it sets; null when the definition decides it.
    pub effect: Option<String>,
    /// `Default` or `DoNotEnforce`.
    pub enforcement: Option<String>,
    /// Why it could not be read.
    pub unreadable: Option<String>,
}

/// The most assignments that are read: a policy can be named in several forms.
const MOST: usize = 5;

#[async_trait]
impl Looker for PolicyDenialsLooker {
    fn name(&self) -> &'static str {
        "policy_denials"
    }

    fn schema(&self) -> Value {
        schema::<PolicyDenials>()
    }

    fn reads(&self) -> Vec<&'static str> {
        [rights::BACKUP_JOBS, rights::POLICY_ASSIGNMENT].concat()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("jobs")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let jobs: Jobs = known(facts, "jobs")?;
        let Some(row) = last_failed(&jobs) else {
            return value(&PolicyDenials::default());
        };
        let job = self.0.backup_job(&parse(&row.id)?).await?;
        let mut words = job.dynamic_error.clone().unwrap_or_default();
        for detail in &job.error_details {
            let advice = detail.recommendations.iter().map(String::as_str);
            for text in detail.message.as_deref().into_iter().chain(advice) {
                words.push('\n');
                words.push_str(text);
            }
        }
        let mut assignments = Vec::new();
        for id in named(&words).into_iter().take(MOST) {
            assignments.push(self.denial(id).await?);
        }
        value(&PolicyDenials {
            told: assignments.iter().map(tell).collect(),
            assignments,
        })
    }
}

impl PolicyDenialsLooker {
    async fn denial(&self, id: String) -> Result<Denial, Failure> {
        let unreadable = |id: String, why: String| Denial {
            id,
            unreadable: Some(why),
            ..Denial::default()
        };
        // Those of a management group lie outside every subscription.
        let Ok(place) = ResourceId::parse(&id) else {
            let why = "it is assigned above the subscription".to_owned();
            return Ok(unreadable(id, why));
        };
        match self.0.policy_assignment(&place).await {
            Ok(read) => Ok(Denial {
                id,
                name: read.display_name,
                definition: read.definition,
                effect: read.effect,
                enforcement: read.enforcement,
                unreadable: None,
            }),
            Err(failure)
                if matches!(failure.class, ErrorClass::Forbidden | ErrorClass::NotFound) =>
            {
                Ok(unreadable(id, failure.to_string()))
            }
            Err(failure) => Err(failure),
        }
    }
}

fn tell(denial: &Denial) -> String {
    let name = denial.name.as_deref().unwrap_or("a policy");
    let effect = denial.effect.as_deref().unwrap_or("deny, as it seems");
    match &denial.unreadable {
        Some(why) => format!("{} ({why})", denial.id),
        None => format!("{name}, effect {effect}: {}", denial.id),
    }
}

/// The ids of assignments in a text, each once, in the order of the text.
fn named(words: &str) -> Vec<String> {
    let id = r#"(?i)/(?:subscriptions|providers/Microsoft\.Management/managementGroups)/[^\s'"\\,;]*?/providers/Microsoft\.Authorization/policyAssignments/[A-Za-z0-9._()-]+"#;
    let Ok(pattern) = Regex::new(id) else {
        return Vec::new();
    };
    let mut found: Vec<String> = Vec::new();
    for one in pattern.find_iter(words) {
        let text = one.as_str().trim_end_matches('.');
        if !found.iter().any(|known| known.eq_ignore_ascii_case(text)) {
            found.push(text.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_found_in_the_words_of_a_refusal_each_once() {
        let words = r#"Resource 'AzureBackupRG_x_1' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"tags","id":"/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/fd5e"},"policyDefinition":{"id":"/subscriptions/s/providers/Microsoft.Authorization/policyDefinitions/4fdf"}},{"policyAssignment":{"id":"/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.Authorization/policyAssignments/up"}}]'. See /SUBSCRIPTIONS/s/providers/microsoft.authorization/policyassignments/FD5E."#;
        assert_eq!(
            named(words),
            [
                "/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/fd5e",
                "/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.Authorization/policyAssignments/up",
            ]
        );
        assert!(named("disallowed by policy").is_empty());
    }
}
