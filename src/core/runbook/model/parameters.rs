//! What a person may choose when applying a runbook.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The type of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
}

impl ParameterType {
    /// Its name in YAML and in JSON Schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
        }
    }
}

/// One thing that a person may choose. Without a default it must be given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The type of its value.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// The only values that it takes.
    #[serde(rename = "enum", default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Value>,
    /// What it is when nobody says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The least number that it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The greatest number that it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// A regular expression that the whole text must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What it decides, in one sentence.
    pub description: String,
}

impl Parameter {
    /// Why it does not take `value`, as a fragment: "takes …, not …".
    ///
    /// # Errors
    /// When the type, the choices, the limits or the pattern refuse it.
    pub fn accepts(&self, value: &Value) -> Result<(), String> {
        let fits = match self.kind {
            ParameterType::String => value.is_string(),
            ParameterType::Boolean => value.is_boolean(),
            ParameterType::Integer => value.is_i64() || value.is_u64(),
            ParameterType::Number => value.is_number(),
        };
        if !fits {
            return Err(format!(
                "takes a value of type {}, not {value}",
                self.kind.name()
            ));
        }
        if !self.choices.is_empty() && !self.choices.contains(value) {
            let choices: Vec<String> = self.choices.iter().map(Value::to_string).collect();
            return Err(format!("takes one of {}, not {value}", choices.join(", ")));
        }
        self.within(value)?;
        self.matches(value)
    }

    /// The value that a text given on a command line means, when it is taken.
    ///
    /// # Errors
    /// As [`Parameter::accepts`].
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let value = match self.kind {
            ParameterType::String => Value::String(text.to_owned()),
            _ => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        };
        self.accepts(&value).map(|()| value)
    }

    fn within(&self, value: &Value) -> Result<(), String> {
        let Some(number) = value.as_f64() else {
            return Ok(());
        };
        match (self.minimum, self.maximum) {
            (Some(least), _) if number < least => {
                Err(format!("takes {least} or more, not {value}"))
            }
            (_, Some(most)) if number > most => Err(format!("takes {most} or less, not {value}")),
            _ => Ok(()),
        }
    }

    fn matches(&self, value: &Value) -> Result<(), String> {
        let (Some(pattern), Some(text)) = (&self.pattern, value.as_str()) else {
            return Ok(());
        };
        match whole(pattern) {
            Ok(regex) if regex.is_match(text) => Ok(()),
            Ok(_) => Err(format!("takes text of the form `{pattern}`, not {value}")),
            Err(_) => Err(format!("has the pattern `{pattern}`, which cannot be read")),
        }
    }
}

/// A regular expression that must match the whole text. Bounded: it comes from a file.
///
/// # Errors
/// When it is not one, or too large.
pub(in crate::core::runbook) fn whole(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .build()
}

/// The parameters of a runbook, in the order they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(Vec<(String, Parameter)>);

impl Parameters {
    /// The parameter called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.iter()
            .find_map(|(known, parameter)| (known == name).then_some(parameter))
    }

    /// All of them, in the order they were written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.0
            .iter()
            .map(|(name, parameter)| (name.as_str(), parameter))
    }

    /// These, and those of `other` that are not among them by name.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        for (name, parameter) in other.iter() {
            if self.get(name).is_none() {
                self.0.push((name.to_owned(), parameter.clone()));
            }
        }
        self
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, parameter) in &self.0 {
            map.serialize_entry(name, parameter)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ordered;
        impl<'de> Visitor<'de> for Ordered {
            type Value = Parameters;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
                let mut parameters = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    parameters.push(entry);
                }
                Ok(Parameters(parameters))
            }
        }
        deserializer.deserialize_map(Ordered)
    }
}

impl JsonSchema for Parameters {
    fn schema_name() -> Cow<'static, str> {
        "Parameters".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let parameter = generator.subschema_for::<Parameter>();
        json_schema!({ "type": "object", "additionalProperties": parameter })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parameter(value: Value) -> Parameter {
        serde_json::from_value(value).expect("a parameter")
    }

    #[test]
    fn a_parameter_takes_what_its_type_choices_and_limits_allow() {
        let days =
            parameter(json!({"type": "integer", "minimum": 1, "maximum": 99, "description": "x"}));
        assert_eq!(days.accepts(&json!(30)), Ok(()));
        for (value, said) in [
            (json!(0), "1 or more"),
            (json!(100), "99 or less"),
            (json!("30"), "integer"),
            (json!(1.5), "integer"),
        ] {
            let refused = days.accepts(&value).expect_err("refused");
            assert!(refused.contains(said), "{refused}");
        }
        let mode =
            parameter(json!({"type": "string", "enum": ["delete", "keep"], "description": "x"}));
        assert_eq!(mode.accepts(&json!("keep")), Ok(()));
        assert!(mode.accepts(&json!("kept")).is_err());
    }

    #[test]
    fn a_pattern_must_match_the_whole_text() {
        let name = parameter(json!({"type": "string", "pattern": "[a-z]+", "description": "x"}));
        assert_eq!(name.accepts(&json!("abc")), Ok(()));
        assert!(name.accepts(&json!("abc; rm")).is_err());
    }

    #[test]
    fn a_text_from_a_command_line_gets_its_type() {
        let days = parameter(json!({"type": "integer", "description": "x"}));
        assert_eq!(days.read("30"), Ok(json!(30)));
        assert!(days.read("thirty").is_err());
        let text = parameter(json!({"type": "string", "description": "x"}));
        assert_eq!(text.read("30"), Ok(json!("30")));
        let flag = parameter(json!({"type": "boolean", "description": "x"}));
        assert_eq!(flag.read("true"), Ok(json!(true)));
    }

    #[test]
    fn parameters_keep_the_order_they_were_written_in() {
        let text = r#"{"z": {"type": "boolean", "description": "x"}, "a": {"type": "boolean", "description": "y"}}"#;
        let parameters: Parameters = serde_json::from_str(text).expect("two");
        assert_eq!(
            parameters.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            ["z", "a"]
        );
        assert!(parameters.get("a").is_some() && parameters.get("b").is_none());
        let again = serde_json::to_string(&parameters).expect("text");
        assert!(again.find("\"z\"") < again.find("\"a\""));
    }
}
