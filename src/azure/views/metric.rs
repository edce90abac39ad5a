//! What Azure Monitor measured of a resource.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::wire::{Moment, Text, filled, list};

/// One metric over a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// `Percentage CPU` …
    pub name: String,
    /// What was measured; moments without a measure are left out.
    pub samples: Vec<Sample>,
    /// Why there are none, when Azure says so inside an answer that is a success.
    pub error: Option<String>,
}

/// One measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When its interval begins.
    pub at: Option<Timestamp>,
    /// The mean of the interval.
    pub average: f64,
    /// The highest within it, when it was asked for and measured.
    pub maximum: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::azure) struct WireMetric {
    name: Option<Named>,
    #[serde(deserialize_with = "list")]
    timeseries: Vec<Series>,
    error_code: Option<Text>,
    error_message: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    value: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Series {
    #[serde(deserialize_with = "list")]
    data: Vec<WireSample>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireSample {
    time_stamp: Option<Moment>,
    average: Option<f64>,
    maximum: Option<f64>,
}

impl From<WireMetric> for Metric {
    fn from(wire: WireMetric) -> Self {
        let said = filled(wire.error_message);
        let code = filled(wire.error_code).filter(|code| !code.eq_ignore_ascii_case("Success"));
        let measured = wire.timeseries.into_iter().flat_map(|series| series.data);
        Self {
            name: wire.name.and_then(|n| n.value).unwrap_or_default().0,
            samples: measured.filter_map(sample).collect(),
            error: said.or(code),
        }
    }
}

fn sample(wire: WireSample) -> Option<Sample> {
    Some(Sample {
        at: wire.time_stamp.unwrap_or_default().0,
        average: wire.average?,
        maximum: wire.maximum,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_without_a_measure_are_no_zeros_and_an_error_inside_a_success_is_kept() {
        let read = |value| Metric::from(serde_json::from_value::<WireMetric>(value).unwrap());
        let metric = read(
            json!({ "name": { "value": "Percentage CPU" }, "errorCode": "Success", "timeseries": [{ "metadatavalues": [],
            "data": [{ "timeStamp": "2026-11-21T02:41:00Z", "average": 91.5, "maximum": 99.0 }, { "timeStamp": "2026-11-21T02:42:00Z" }] }] }),
        );
        assert_eq!((metric.samples.len(), metric.error), (1, None));
        assert!((metric.samples[0].average - 91.5).abs() < f64::EPSILON);
        let metric = read(
            json!({ "name": { "value": "x" }, "timeseries": [], "errorCode": "InvalidSamplingType", "errorMessage": "not found" }),
        );
        assert_eq!(metric.error.as_deref(), Some("not found"));
    }
}
