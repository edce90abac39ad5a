//! Readings of the wire's oddities: texts that are numbers, dates that mean none, ids with hosts.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::azure::resource_id::ResourceId;

/// A text that Azure sometimes sends as a number or a boolean; enums are read through it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(in crate::azure) struct Text(pub(in crate::azure) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        }))
    }
}

/// A moment; what means "none" or "never", and what cannot be read, is none.
///
/// None is year 1, with or without zone (every unfinished task), and 2001-01-01T00:00:00Z (a VM
/// that was never backed up): `recordings.md` section 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::azure) struct Moment(pub(in crate::azure) Option<Timestamp>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(value.as_str().and_then(moment)))
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    // Assumption: a date without a zone is UTC; only the one that means none was seen.
    let zoneless = || {
        text.parse::<DateTime>()
            .ok()?
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|z| z.timestamp())
    };
    let when = text.parse::<Timestamp>().ok().or_else(zoneless)?;
    let civil = TimeZone::UTC.to_datetime(when);
    let never = DateTime::constant(2001, 1, 1, 0, 0, 0, 0);
    (civil.year() > 1 && civil != never).then_some(when)
}

/// A list that may be null, absent, or something else altogether (`details` as a text).
pub(in crate::azure) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    match Value::deserialize(deserializer)? {
        Value::Array(items) => items
            .into_iter()
            .map(|item| serde_json::from_value(item).map_err(serde::de::Error::custom))
            .collect(),
        _ => Ok(Vec::new()),
    }
}

/// The text, unless it is empty.
pub(in crate::azure) fn filled(text: Option<Text>) -> Option<String> {
    text.map(|text| text.0).filter(|text| !text.is_empty())
}

/// An id that some fields carry with `https://management.azure.com` before it, or leave empty.
pub(in crate::azure) fn id(text: Option<Text>) -> Option<ResourceId> {
    let text = filled(text)?;
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.find('/').map(|at| &rest[at..])?,
        None => &text,
    };
    ResourceId::parse(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_means_never_is_none_and_the_rest_keeps_its_fraction() {
        for none in [
            "0001-01-01T00:00:00",
            "0001-01-01T00:00:00Z",
            "2001-01-01T00:00:00Z",
            "",
            "6/12/2024 12:00:00 AM",
        ] {
            assert_eq!(moment(none), None, "{none}");
        }
        for (text, seconds) in [
            ("2024-05-13T10:18:05.7330616Z", 1_715_595_485),
            ("2024-08-26T09:03:32.1531016+00:00", 1_724_663_012),
            ("2001-01-01T00:00:01Z", 978_307_201),
        ] {
            assert_eq!(moment(text).unwrap().as_second(), seconds, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_texts_and_odd_lists_as_empty() {
        assert_eq!(serde_json::from_value::<Text>(json!(1)).unwrap().0, "1");
        assert_eq!(
            serde_json::from_value::<Text>(json!("Cancellable"))
                .unwrap()
                .0,
            "Cancellable"
        );
        assert_eq!(list::<_, Text>(json!("a string")).unwrap(), []);
        assert_eq!(list::<_, Text>(json!(null)).unwrap(), []);
        assert!(list::<_, ResourceId>(json!(["nonsense"])).is_err());
    }

    #[test]
    fn an_id_with_a_host_before_it_is_an_id() {
        let text = |t: &str| Some(Text(t.to_owned()));
        assert_eq!(
            id(text("https://management.azure.com/subscriptions/s"))
                .unwrap()
                .as_str(),
            "/subscriptions/s"
        );
        assert_eq!(
            id(text("/subscriptions/s")).unwrap().as_str(),
            "/subscriptions/s"
        );
        assert_eq!(id(text("")), None);
        assert_eq!(id(None), None);
    }
}
