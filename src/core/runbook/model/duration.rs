//! Lengths of time as runbooks write them: `90s`, `5m`, `1h30m`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time in whole seconds, from one second to thirty days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// Longer waits are no waits: nothing that Azure documents takes a month.
const LONGEST: u64 = 30 * 24 * 3600;

/// The form of the text, for the schema.
const PATTERN: &str = "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$";

impl Span {
    /// Its length.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }

    /// Its length in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0
    }
}

/// Why a text is no length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASpan {
    /// It has another form.
    #[error("write a length of time as `90s`, `5m`, `2h` or `1h30m`")]
    Form,
    /// It is nothing, or too long.
    #[error("a length of time is between 1s and 720h")]
    Range,
}

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let mut rest = text;
        let mut total: u64 = 0;
        for (unit, seconds) in [('h', 3600), ('m', 60), ('s', 1)] {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, after) = rest.split_at(digits);
            let Some(after) = after.strip_prefix(unit) else {
                continue;
            };
            let number: u64 = number.parse().map_err(|_| NotASpan::Form)?;
            let part = number.checked_mul(seconds).ok_or(NotASpan::Range)?;
            total = total.checked_add(part).ok_or(NotASpan::Range)?;
            rest = after;
        }
        match (rest.is_empty() && !text.is_empty(), total) {
            (false, _) => Err(NotASpan::Form),
            (true, 1..=LONGEST) => Ok(Self(total)),
            (true, _) => Err(NotASpan::Range),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, amount) in [
            ("h", self.0 / 3600),
            ("m", self.0 / 60 % 60),
            ("s", self.0 % 60),
        ] {
            if amount > 0 {
                write!(f, "{amount}{unit}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": PATTERN,
            "description": "A length of time such as 90s, 5m, 2h or 1h30m."
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_mean_what_they_say() {
        for (text, seconds) in [
            ("90s", 90),
            ("1m", 60),
            ("2h", 7200),
            ("1h30m", 5400),
            ("1h1s", 3601),
        ] {
            assert_eq!(
                text.parse::<Span>().map(Span::seconds),
                Ok(seconds),
                "{text}"
            );
        }
        for text in [
            "",
            "5",
            "m",
            "5 m",
            "1m1h",
            "-1s",
            "1.5h",
            "1d",
            "5M",
            "99999999999999999999s",
        ] {
            assert_eq!(text.parse::<Span>(), Err(NotASpan::Form), "{text}");
        }
        for text in ["0s", "721h", "18446744073709551615h"] {
            assert_eq!(text.parse::<Span>(), Err(NotASpan::Range), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 1..=LONGEST) {
            prop_assert_eq!(Span(seconds).to_string().parse::<Span>(), Ok(Span(seconds)));
        }

        #[test]
        fn no_text_makes_reading_panic(text in "[0-9hms. ü-]{0,30}") {
            let _ = text.parse::<Span>();
        }
    }
}
