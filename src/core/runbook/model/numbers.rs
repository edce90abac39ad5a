//! Numbers as runbooks write them: `400196`, or `300-318` for all from one to another.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number, or all from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Numbers {
    first: i64,
    last: i64,
}

/// The form of a range, for the schema.
const PATTERN: &str = "^[0-9]+-[0-9]+$";

impl Numbers {
    /// Whether a number is among them.
    #[must_use]
    pub fn has(&self, number: i64) -> bool {
        (self.first..=self.last).contains(&number)
    }

    /// Whether some number is in both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl From<i64> for Numbers {
    fn from(number: i64) -> Self {
        Self {
            first: number,
            last: number,
        }
    }
}

/// Why a text is no range of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a number, or a range from the smaller to the greater such as `300-318`")]
pub struct NotNumbers;

impl FromStr for Numbers {
    type Err = NotNumbers;

    fn from_str(text: &str) -> Result<Self, NotNumbers> {
        let digits = |part: &str| match part.bytes().all(|b| b.is_ascii_digit()) {
            true => part.parse::<i64>().map_err(|_| NotNumbers),
            false => Err(NotNumbers),
        };
        let (first, last) = text.split_once('-').ok_or(NotNumbers)?;
        let (first, last) = (digits(first)?, digits(last)?);
        match first < last {
            true => Ok(Self { first, last }),
            false => Err(NotNumbers),
        }
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return write!(f, "{}", self.first);
        }
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.first == self.last {
            return to.serialize_i64(self.first);
        }
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl de::Visitor<'_> for Either {
            type Value = Numbers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a range such as `300-318`")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Numbers, E> {
                Ok(number.into())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Numbers, E> {
                let number = i64::try_from(number);
                number
                    .map(Into::into)
                    .map_err(|_| E::custom("no error code is so great a number"))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Numbers, E> {
                text.parse().map_err(E::custom)
            }
        }
        from.deserialize_any(Either)
    }
}

impl JsonSchema for Numbers {
    fn schema_name() -> Cow<'static, str> {
        "Numbers".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                { "type": "integer" },
                { "type": "string", "pattern": PATTERN },
            ],
            "description": "A number, or all from one to another: `300-318`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_range_are_read_and_written_as_they_stand() {
        for text in ["400196", "\"300-318\""] {
            let numbers: Numbers = serde_json::from_str(text).expect(text);
            assert_eq!(serde_json::to_string(&numbers).expect("JSON"), text);
        }
        let range: Numbers = "300-318".parse().expect("a range");
        assert!(range.has(300) && range.has(318) && !range.has(319) && !range.has(299));
        assert!(range.meets(&318.into()) && !range.meets(&319.into()));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in [
            "",
            "300",
            "-",
            "318-300",
            "300-300",
            "a-b",
            "-1-5",
            "1-99999999999999999999",
        ] {
            assert_eq!(bad.parse::<Numbers>(), Err(NotNumbers), "{bad}");
        }
    }
}
