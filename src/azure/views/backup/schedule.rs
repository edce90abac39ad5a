//! When a policy backs up.

use serde::{Deserialize, Serialize};

use crate::azure::views::wire::{Text, filled, list};

/// The schedule of a policy, of either kind (`azure-api.md` section 6.7).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// `Daily`, `Weekly` or `Hourly`.
    pub frequency: Option<String>,
    /// Times of the day, as `02:30`, in the policy's zone; their dates mean nothing.
    pub times: Vec<String>,
    /// The days of a weekly one.
    pub days: Vec<String>,
    /// Hours between two backups of an hourly one.
    pub every_hours: Option<u32>,
    /// Hours in which an hourly one backs up.
    pub for_hours: Option<u32>,
    /// A Windows name of a time zone.
    pub zone: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WireSchedule {
    schedule_run_frequency: Option<Text>,
    #[serde(deserialize_with = "list")]
    schedule_run_days: Vec<Text>,
    #[serde(deserialize_with = "list")]
    schedule_run_times: Vec<Text>,
    hourly_schedule: Option<Hourly>,
    daily_schedule: Option<Times>,
    weekly_schedule: Option<Times>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Hourly {
    interval: Option<u32>,
    schedule_window_start_time: Option<Text>,
    schedule_window_duration: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Times {
    #[serde(deserialize_with = "list")]
    schedule_run_times: Vec<Text>,
    #[serde(deserialize_with = "list")]
    schedule_run_days: Vec<Text>,
}

impl Schedule {
    pub(super) fn of(wire: Option<WireSchedule>, zone: Option<Text>) -> Self {
        let wire = wire.unwrap_or_default();
        let hourly = wire.hourly_schedule.unwrap_or_default();
        let (daily, weekly) = (
            wire.daily_schedule.unwrap_or_default(),
            wire.weekly_schedule.unwrap_or_default(),
        );
        let times = wire
            .schedule_run_times
            .into_iter()
            .chain(daily.schedule_run_times)
            .chain(weekly.schedule_run_times)
            .chain(hourly.schedule_window_start_time);
        let days = wire
            .schedule_run_days
            .into_iter()
            .chain(weekly.schedule_run_days);
        Self {
            frequency: filled(wire.schedule_run_frequency),
            times: times.filter_map(|time| of_the_day(&time.0)).collect(),
            days: days.map(|day| day.0).collect(),
            every_hours: hourly.interval,
            for_hours: hourly.schedule_window_duration,
            zone: filled(zone),
        }
    }
}

/// `2018-01-24T02:30:00Z` → `02:30`.
fn of_the_day(time: &str) -> Option<String> {
    let (_, time) = time.split_once('T')?;
    time.get(..5).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schedule(value: serde_json::Value) -> Schedule {
        let wire = serde_json::from_value(value).unwrap();
        Schedule::of(Some(wire), Some(Text("UTC".to_owned())))
    }

    #[test]
    fn both_kinds_of_policy_tell_their_times() {
        let v1 = schedule(
            json!({ "schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": "Weekly",
            "scheduleRunDays": ["Sunday"], "scheduleRunTimes": ["2018-01-24T02:30:00Z"], "scheduleWeeklyFrequency": 0 }),
        );
        assert_eq!(
            (v1.times, v1.days),
            (vec!["02:30".to_owned()], vec!["Sunday".to_owned()])
        );
        let v2 = schedule(
            json!({ "schedulePolicyType": "SimpleSchedulePolicyV2", "scheduleRunFrequency": "Hourly",
            "hourlySchedule": { "interval": 4, "scheduleWindowStartTime": "2018-01-24T08:00:00Z", "scheduleWindowDuration": 12 } }),
        );
        assert_eq!(
            (v2.every_hours, v2.for_hours, v2.times),
            (Some(4), Some(12), vec!["08:00".to_owned()])
        );
        let v2 = schedule(
            json!({ "schedulePolicyType": "SimpleSchedulePolicyV2", "scheduleRunFrequency": "Daily",
            "dailySchedule": { "scheduleRunTimes": ["2018-01-24T10:00:00Z"] } }),
        );
        assert_eq!(
            (v2.times, v2.zone),
            (vec!["10:00".to_owned()], Some("UTC".to_owned()))
        );
    }
}
