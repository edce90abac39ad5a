//! Days as runbooks write them: `2024-05-31`.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de};

/// Reads a day.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| de::Error::custom("write a day as `2024-05-31`"))
}

/// Reads a day that may be absent.
pub(super) fn read_some<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Date>, D::Error> {
    read(deserializer).map(Some)
}
