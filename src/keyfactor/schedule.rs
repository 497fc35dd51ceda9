//! When an orchestrator job runs.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::validation::{Problems, Reason};

/// When an orchestrator job runs.
///
/// Times are points in time and are sent in UTC with milliseconds, `2026-03-19T21:26:35.000Z`, as the vendor prints
/// them. Whether the server takes a time in the past is undocumented by the vendor.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Schedule {
    /// As soon as the orchestrator asks for work.
    Immediate,
    /// Once, at this time.
    ExactlyOnce {
        /// The time.
        time: Timestamp,
    },
    /// Again and again.
    Interval {
        /// Minutes between two runs, at least 1. The vendor's portal offers 1 minute to 12 hours.
        minutes: u32,
    },
    /// Every day.
    Daily {
        /// The next run; its time of day is kept.
        time: Timestamp,
    },
    /// Every week.
    Weekly {
        /// The days; at least one. Sent as numbers with Sunday as 0: **assumed** from the vendor's `DayOfWeek` with
        /// its values 0 to 6, undocumented by the vendor.
        days: Vec<Weekday>,
        /// The next run; its time of day is kept.
        time: Timestamp,
    },
    /// Every month.
    Monthly {
        /// The day of the month, 1 to 31. The vendor's portal stops at 27; what 28 to 31 mean in a shorter month is
        /// undocumented by the vendor.
        day: u8,
        /// The next run; its time of day is kept.
        time: Timestamp,
    },
}

impl Schedule {
    /// Whether the job runs more than once.
    #[must_use]
    pub fn is_recurring(&self) -> bool {
        match self {
            Self::Immediate | Self::ExactlyOnce { .. } => false,
            Self::Interval { .. } | Self::Daily { .. } | Self::Weekly { .. } | Self::Monthly { .. } => true,
        }
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        match self {
            Self::Interval { minutes } if !(1..=i32::MAX.unsigned_abs()).contains(minutes) => {
                problems.add(
                    "schedule.minutes",
                    Reason::OutOfRange,
                    format!("{minutes} is not between 1 and {}", i32::MAX),
                );
            }
            Self::Weekly { days, .. } if days.is_empty() => {
                problems.add("schedule.days", Reason::Empty, "at least one weekday is needed");
            }
            Self::Monthly { day, .. } if !(1..=31).contains(day) => {
                problems.add("schedule.day", Reason::OutOfRange, format!("{day} is not a day from 1 to 31"));
            }
            _ => {}
        }
        if let Some(time) = self.time().filter(|time| TimeZone::UTC.to_datetime(*time).year() < 1) {
            problems.add("schedule.time", Reason::OutOfRange, format!("{time} lies before the year 1"));
        }
    }

    fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Immediate | Self::Interval { .. } => None,
            Self::ExactlyOnce { time }
            | Self::Daily { time }
            | Self::Weekly { time, .. }
            | Self::Monthly { time, .. } => Some(*time),
        }
    }

    /// As a body carries it.
    pub(super) fn wire(&self) -> WireSchedule {
        match self {
            Self::Immediate => WireSchedule::Immediate(true),
            Self::ExactlyOnce { time } => WireSchedule::ExactlyOnce { time: utc(*time) },
            Self::Interval { minutes } => WireSchedule::Interval { minutes: *minutes },
            Self::Daily { time } => WireSchedule::Daily { time: utc(*time) },
            Self::Weekly { days, time } => {
                let mut days: Vec<i8> = days.iter().map(|day| day.to_sunday_zero_offset()).collect();
                days.sort_unstable();
                days.dedup();
                WireSchedule::Weekly { days, time: utc(*time) }
            }
            Self::Monthly { day, time } => WireSchedule::Monthly { day: *day, time: utc(*time) },
        }
    }
}

/// The vendor's `KeyfactorSchedule`: exactly one member is set.
#[derive(Serialize)]
#[serde(rename_all_fields = "PascalCase")]
pub(super) enum WireSchedule {
    Immediate(bool),
    ExactlyOnce { time: String },
    Interval { minutes: u32 },
    Daily { time: String },
    Weekly { days: Vec<i8>, time: String },
    Monthly { day: u8, time: String },
}

/// As the vendor prints times.
pub(super) fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
