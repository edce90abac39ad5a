//! Times and durations as a person writes them: `2h ago`, `25m`, `2026-11-21T03:10:00Z`.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A moment: a timestamp, or a duration before the world's `now`, which settling turns into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A fixed moment.
    At(Timestamp),
    /// So long before the world began.
    Ago(Span),
}

impl When {
    /// The moment, for a world that began at `now`.
    #[must_use]
    pub fn time(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => now.checked_sub(span.0).unwrap_or(Timestamp::MIN),
        }
    }

    /// Turns `2h ago` into the moment it means.
    pub(in crate::sim) fn settle(&mut self, now: Timestamp) {
        *self = Self::At(self.time(now));
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text.trim().strip_suffix("ago") {
            Some(span) => Span::parse(span.trim()).map(Self::Ago),
            None => text
                .parse()
                .map(Self::At)
                .map_err(|_| format!("`{text}` is neither a timestamp nor like `2h ago`")),
        }
    }
}

/// A duration written as `30s`, `25m`, `1h30m` or `2d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub SignedDuration);

impl Span {
    /// `text` as a duration, or why it is none.
    ///
    /// # Errors
    /// A sentence fragment for the writer of the YAML.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a duration like `30s`, `25m` or `1h30m`");
        let mut total = 0_i64;
        let mut digits = String::new();
        for letter in text.chars() {
            if letter.is_ascii_digit() {
                digits.push(letter);
                continue;
            }
            let unit = match letter {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                _ => return Err(wrong()),
            };
            let count: i64 = digits.parse().map_err(|_| wrong())?;
            total = count
                .checked_mul(unit)
                .and_then(|n| total.checked_add(n))
                .ok_or_else(wrong)?;
            digits.clear();
        }
        if text.is_empty() || !digits.is_empty() {
            return Err(wrong());
        }
        Ok(Self(SignedDuration::from_secs(total)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0.as_secs())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(at) => to.collect_str(at),
            Self::Ago(span) => to.collect_str(&format_args!("{span} ago")),
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// `minutes` as a duration.
pub(in crate::sim) fn minutes(minutes: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(minutes) * 60)
}

/// `at` plus `by`, held at the end of time.
pub(in crate::sim) fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_timestamp_or_a_time_ago() {
        let now: Timestamp = "2026-11-21T03:10:00Z".parse().unwrap();
        let ago: When = serde_json::from_str("\"1h30m ago\"").unwrap();
        assert_eq!(ago.time(now).to_string(), "2026-11-21T01:40:00Z");
        let at: When = serde_json::from_str("\"2026-01-01T00:00:00Z\"").unwrap();
        assert_eq!(at.time(now).to_string(), "2026-01-01T00:00:00Z");
        assert!(serde_json::from_str::<When>("\"yesterday\"").is_err());
    }

    #[test]
    fn a_duration_needs_a_unit_and_survives_a_round_trip() {
        assert!(Span::parse("5").is_err());
        assert!(Span::parse("").is_err());
        assert!(Span::parse("99999999999999999999d").is_err());
        let span = Span::parse("1h30m").unwrap();
        assert_eq!(Span::parse(&span.to_string()), Ok(span));
    }
}
