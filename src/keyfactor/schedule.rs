//! When an orchestrator job runs.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::server_schedule::ServerSchedule;
use crate::validation::{Problems, Reason};

/// When an orchestrator job runs.
///
/// Times are sent in UTC with milliseconds, `2026-03-19T21:26:35.000Z`, as the vendor prints them. Whether the server
/// accepts a time in the past is undocumented by the vendor.
///
/// `Serialize` writes the vendor's schedule object, for use in files: `{"Interval":{"Minutes":60}}`. This form is
/// stable. `Deserialize` reads everything that [`ServerSchedule`] reads, and refuses a value that is unset or cannot
/// be read. The schedule of a store is a [`ServerSchedule`].
///
/// ```
/// use clm::keyfactor::Schedule;
///
/// let daily: Schedule = serde_json::from_str(r#"{"Daily":{"Time":"2026-03-19T23:30:00Z"}}"#)?;
/// assert_eq!(daily.to_string(), "every day at 23:30 UTC");
/// assert_eq!(
///     serde_json::to_string(&daily)?,
///     r#"{"Daily":{"Time":"2026-03-19T23:30:00.000Z"}}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Schedule {
    /// Immediately: as soon as the orchestrator asks for work.
    Immediate,
    /// Once, at this time.
    ExactlyOnce {
        /// The time.
        time: Timestamp,
    },
    /// At a fixed interval.
    Interval {
        /// The minutes between two runs, at least 1. The vendor's portal offers 1 minute to 12 hours.
        minutes: u32,
    },
    /// Every day.
    Daily {
        /// The next run. Later runs have the same time of day.
        time: Timestamp,
    },
    /// Every week.
    Weekly {
        /// The days of the week, at least one. Sent as numbers with Sunday as 0: **assumed** from the vendor's
        /// `DayOfWeek` with its values 0 to 6, undocumented by the vendor.
        days: Vec<Weekday>,
        /// The next run. Later runs have the same time of day.
        time: Timestamp,
    },
    /// Every month.
    Monthly {
        /// The day of the month, 1 to 31. The vendor's portal offers only 1 to 27. The meaning of 28 to 31 in a
        /// shorter month is undocumented by the vendor.
        day: u8,
        /// The next run. Later runs have the same time of day.
        time: Timestamp,
    },
    /// Turns an inventory schedule off. Jobs that add or remove certificates refuse it.
    ///
    /// The vendor's manual mentions it for [`schedule_inventory`](super::CertificateStores::schedule_inventory)
    /// without describing its form. `{"Off":true}` is sent, which is **assumed** by analogy with `Immediate`. A
    /// server may refuse it with 400; the error's remediation then says what to do.
    Off,
}

impl Schedule {
    /// Returns whether the job runs more than once.
    ///
    /// ```
    /// use clm::keyfactor::Schedule;
    ///
    /// assert!(Schedule::Interval { minutes: 60 }.is_recurring());
    /// assert!(!Schedule::Immediate.is_recurring());
    /// ```
    #[must_use]
    pub fn is_recurring(&self) -> bool {
        match self {
            Self::Immediate | Self::ExactlyOnce { .. } | Self::Off => false,
            Self::Interval { .. } | Self::Daily { .. } | Self::Weekly { .. } | Self::Monthly { .. } => true,
        }
    }

    /// Returns whether both schedules are equivalent. For recurring schedules, only the time of day is compared,
    /// because the date is that of the next run and changes with every run. Times are compared to the second, and
    /// weekdays as a set.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Schedule;
    ///
    /// let today = Schedule::Daily { time: "2026-03-19T23:30:00Z".parse()? };
    /// let tomorrow = Schedule::Daily { time: "2026-03-20T23:30:00Z".parse()? };
    /// assert!(today.means_the_same_as(&tomorrow));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn means_the_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Immediate, Self::Immediate) | (Self::Off, Self::Off) => true,
            (Self::ExactlyOnce { time }, Self::ExactlyOnce { time: other }) => time.as_second() == other.as_second(),
            (Self::Interval { minutes }, Self::Interval { minutes: other }) => minutes == other,
            (Self::Daily { time }, Self::Daily { time: other }) => time_of_day(*time) == time_of_day(*other),
            (Self::Weekly { days, time }, Self::Weekly { days: other_days, time: other }) => {
                numbers_of(days) == numbers_of(other_days) && time_of_day(*time) == time_of_day(*other)
            }
            (Self::Monthly { day, time }, Self::Monthly { day: other_day, time: other }) => {
                day == other_day && time_of_day(*time) == time_of_day(*other)
            }
            _ => false,
        }
    }

    /// The same, with a next run that is not over: a recurring one whose date has passed gets the next date that fits.
    pub(super) fn coming(&self, now: Timestamp) -> Self {
        let mut coming = self.clone();
        let (time, fits): (&mut Timestamp, Box<dyn Fn(DateTime) -> bool>) = match &mut coming {
            Self::Daily { time } => (time, Box::new(|_| true)),
            Self::Weekly { days, time } => {
                let days = days.clone();
                (time, Box::new(move |at| days.contains(&at.weekday())))
            }
            Self::Monthly { day, time } => {
                let day = *day;
                (time, Box::new(move |at| u8::try_from(at.day()) == Ok(day)))
            }
            Self::Immediate | Self::ExactlyOnce { .. } | Self::Interval { .. } | Self::Off => return coming,
        };
        if *time > now {
            return coming;
        }
        let mut at = in_utc(now).date().to_datetime(in_utc(*time).time());
        for _ in 0..DAYS_LOOKED_AHEAD {
            if fits(at)
                && let Ok(next) = TimeZone::UTC.to_timestamp(at)
                && next > now
            {
                *time = next;
                break;
            }
            let Ok(tomorrow) = at.tomorrow() else { break };
            at = tomorrow;
        }
        coming
    }

    /// What the schedule of a job that adds or removes certificates has to keep to.
    pub(super) fn check_of_change(&self, problems: &mut Problems) {
        if *self == Self::Off {
            problems.add(
                "schedule",
                Reason::Conflict,
                "must not be `Off`, which removes an inventory schedule and runs nothing",
            );
        }
        self.check(problems);
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        match self {
            Self::Interval { minutes } if !(1..=i32::MAX.unsigned_abs()).contains(minutes) => {
                problems.add(
                    "schedule.minutes",
                    Reason::OutOfRange,
                    format!("must be between 1 and {}, is {minutes}", i32::MAX),
                );
            }
            Self::Weekly { days, .. } if days.is_empty() => {
                problems.add("schedule.days", Reason::Empty, "must contain at least one weekday");
            }
            Self::Monthly { day, .. } if !(1..=31).contains(day) => {
                problems.add("schedule.day", Reason::OutOfRange, format!("must be between 1 and 31, is {day}"));
            }
            _ => {}
        }
        if let Some(time) = self.time().filter(|time| in_utc(*time).year() < 1) {
            problems.add("schedule.time", Reason::OutOfRange, format!("must not be before the year 1, is {time}"));
        }
    }

    fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Immediate | Self::Interval { .. } | Self::Off => None,
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
            Self::Weekly { days, time } => WireSchedule::Weekly { days: numbers_of(days), time: utc(*time) },
            Self::Monthly { day, time } => WireSchedule::Monthly { day: *day, time: utc(*time) },
            Self::Off => WireSchedule::Off(true),
        }
    }
}

/// Every day of a month comes within two months.
const DAYS_LOOKED_AHEAD: usize = 63;

/// Weekdays as numbers, each once, in order.
fn numbers_of(days: &[Weekday]) -> Vec<i8> {
    let mut days: Vec<i8> = days.iter().map(|day| day.to_sunday_zero_offset()).collect();
    days.sort_unstable();
    days.dedup();
    days
}

fn in_utc(time: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(time)
}

/// In UTC, to the second.
fn time_of_day(time: Timestamp) -> (i8, i8, i8) {
    let time = in_utc(time);
    (time.hour(), time.minute(), time.second())
}

impl fmt::Display for Schedule {
    /// For people: `every 60 minutes`, `every day at 23:30 UTC`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |time: &Timestamp| in_utc(*time).strftime("%H:%M UTC").to_string();
        match self {
            Self::Immediate => f.write_str("immediately"),
            Self::ExactlyOnce { time } => write!(f, "once, on {}", in_utc(*time).strftime("%Y-%m-%d at %H:%M UTC")),
            Self::Interval { minutes: 1 } => f.write_str("every minute"),
            Self::Interval { minutes } => write!(f, "every {minutes} minutes"),
            Self::Daily { time } => write!(f, "every day at {}", clock(time)),
            Self::Weekly { days, time } => {
                let numbers = numbers_of(days);
                let names =
                    numbers.iter().filter_map(|number| usize::try_from(*number).ok().and_then(|it| DAYS.get(it)));
                write!(f, "every {} at {}", names.copied().collect::<Vec<_>>().join(", "), clock(time))
            }
            Self::Monthly { day, time } => write!(f, "every month on day {day} at {}", clock(time)),
            Self::Off => f.write_str("off"),
        }
    }
}

/// By the vendor's numbers, assumed.
pub(super) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.wire().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match ServerSchedule::from(Value::deserialize(deserializer)?) {
            ServerSchedule::Set(schedule) => Ok(schedule),
            ServerSchedule::Unset => Err(D::Error::custom("missing schedule")),
            ServerSchedule::Unknown(_) => Err(D::Error::custom("invalid schedule")),
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
    Off(bool),
}

/// As the vendor prints times.
pub(super) fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
