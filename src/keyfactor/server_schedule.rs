//! Schedules in server responses.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::schedule::{DAYS, Schedule};
use super::values::ServerTime;
use crate::lenient::one_line;
use crate::rows::{Member, Source, Taken};

/// A schedule as the server sent it.
///
/// Several forms are read. Member names are case-insensitive.
///
/// - An object with one kind of schedule, `{"Interval":{"Minutes":60}}` or
///   `{"Daily":{"Time":"2026-03-19T23:30:00Z"}}`. Kinds that are null, false or empty are not set. Unknown members
///   are ignored, because new versions may add them. A time without a zone is UTC. Weekdays are numbers, with Sunday
///   as 0 (assumed), or English names.
/// - A short text, as in lists of containers: `I_60` for every 60 minutes and `D_23:30` for every day at 23:30 UTC
///   were seen on real servers. A short text has no date; the time is the next one after it is read. The vendor also
///   names `W_`, `M_` and `O_`, whose forms are not known, so they are [`Unknown`](Self::Unknown).
/// - Null, `{}`, an empty text and `{"IsEmpty":true}` mean no schedule. A server may also send null for an immediate
///   schedule that has not run yet.
///
/// In files, a known schedule is written as the vendor's object, an unset one as null, and an unknown one as the
/// server sent it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::{Schedule, ServerSchedule};
/// use clm::serde_json::{from_value, json};
///
/// let hourly: ServerSchedule = from_value(json!({"Interval": {"Minutes": 60}}))?;
/// assert_eq!(hourly, ServerSchedule::Set(Schedule::Interval { minutes: 60 }));
/// assert_eq!(from_value::<ServerSchedule>(json!(null))?, ServerSchedule::Unset);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub enum ServerSchedule {
    /// There is no schedule, or the server does not send it. Lists of stores never include it.
    #[default]
    Unset,
    /// The schedule is set.
    Set(Schedule),
    /// A schedule is set that this crate cannot read. Contains what the server sent.
    Unknown(Value),
}

/// A longer text is no short form of a schedule.
const LONGEST_SHORT_FORM: usize = 64;

impl ServerSchedule {
    /// Returns the schedule, if it is set and can be read.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Schedule, ServerSchedule};
    /// use clm::serde_json::{from_value, json};
    ///
    /// let hourly: ServerSchedule = from_value(json!({"Interval": {"Minutes": 60}}))?;
    /// assert_eq!(hourly.schedule(), Some(&Schedule::Interval { minutes: 60 }));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        match self {
            Self::Set(schedule) => Some(schedule),
            Self::Unset | Self::Unknown(_) => None,
        }
    }

    /// Returns whether a schedule is set, including one that this crate cannot read.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::ServerSchedule;
    /// use clm::serde_json::{from_value, json};
    ///
    /// let hourly: ServerSchedule = from_value(json!({"Interval": {"Minutes": 60}}))?;
    /// assert!(hourly.is_set());
    /// assert!(!ServerSchedule::Unset.is_set());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self != Self::Unset
    }

    /// Returns whether both are equivalent; see [`Schedule::means_the_same_as`]. Unknown schedules are compared as
    /// the server sent them.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::ServerSchedule;
    /// use clm::serde_json::{from_value, json};
    ///
    /// let hourly: ServerSchedule = from_value(json!({"Interval": {"Minutes": 60}}))?;
    /// assert!(hourly.means_the_same_as(&from_value(json!("I_60"))?));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn means_the_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Set(one), Self::Set(other)) => one.means_the_same_as(other),
            (one, other) => one == other,
        }
    }
}

impl From<Schedule> for ServerSchedule {
    fn from(schedule: Schedule) -> Self {
        Self::Set(schedule)
    }
}

impl From<Value> for ServerSchedule {
    /// Reads what a server wrote.
    fn from(written: Value) -> Self {
        match &written {
            Value::Object(members) => match Reading::of(members) {
                Reading::Unset => Self::Unset,
                Reading::Set(schedule) => Self::Set(schedule),
                Reading::Unknown => Self::Unknown(written),
            },
            Value::String(text) if text.trim().is_empty() => Self::Unset,
            Value::String(text) => short_form(text).map_or(Self::Unknown(written), Self::Set),
            Value::Null | Value::Bool(false) => Self::Unset,
            _ => Self::Unknown(written),
        }
    }
}

enum Reading {
    Unset,
    Set(Schedule),
    Unknown,
}

/// Kinds of schedules, in lower case.
const KINDS: [&str; 7] = ["daily", "exactlyonce", "immediate", "interval", "monthly", "off", "weekly"];

impl Reading {
    /// One kind is set. What has several is not guessed.
    fn of(members: &Map<String, Value>) -> Self {
        let mut kinds = Vec::new();
        let (mut short, mut others) = (None, 0_usize);
        for (name, value) in members.iter().filter(|(_, value)| !says_nothing(value)) {
            let name = name.to_ascii_lowercase();
            match name.as_str() {
                "isempty" => {}
                "schedule" => short = value.as_str(),
                kind if KINDS.contains(&kind) => kinds.push((name, value)),
                _ => others += 1,
            }
        }
        match (kinds.as_slice(), short) {
            ([(kind, value)], _) => kind_of(kind, value).map_or(Self::Unknown, Self::Set),
            ([], Some(text)) => short_form(text).map_or(Self::Unknown, Self::Set),
            ([], None) if others == 0 => Self::Unset,
            _ => Self::Unknown,
        }
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty() || text.trim().eq_ignore_ascii_case("false"),
        _ => false,
    }
}

fn kind_of(kind: &str, value: &Value) -> Option<Schedule> {
    if matches!(kind, "immediate" | "off") {
        let says_so = value == &Value::Bool(true) || value.as_str().is_some_and(|it| it.eq_ignore_ascii_case("true"));
        return says_so.then_some(if kind == "off" { Schedule::Off } else { Schedule::Immediate });
    }
    let members = value.as_object()?;
    match kind {
        "interval" => interval(integer(member(members, "Minutes")?)?),
        "daily" => Some(Schedule::Daily { time: time_in(members)? }),
        "exactlyonce" => Some(Schedule::ExactlyOnce { time: time_in(members)? }),
        "weekly" => {
            let days: Option<Vec<Weekday>> = member(members, "Days")?.as_array()?.iter().map(weekday).collect();
            let days = days.filter(|days| !days.is_empty())?;
            Some(Schedule::Weekly { days, time: time_in(members)? })
        }
        "monthly" => {
            let day = u8::try_from(integer(member(members, "Day")?)?).ok().filter(|day| (1..=31).contains(day))?;
            Some(Schedule::Monthly { day, time: time_in(members)? })
        }
        _ => None,
    }
}

/// The only member of this name, in any case, that says something.
fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let is_it = |(spelled, value): &(&String, &Value)| spelled.eq_ignore_ascii_case(name) && !value.is_null();
    let mut found = members.iter().filter(is_it);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn interval(minutes: i64) -> Option<Schedule> {
    let minutes = i32::try_from(minutes).ok().and_then(|minutes| u32::try_from(minutes).ok());
    minutes.filter(|minutes| *minutes > 0).map(|minutes| Schedule::Interval { minutes })
}

fn time_in(members: &Map<String, Value>) -> Option<Timestamp> {
    let text = member(members, "Time")?.as_str()?;
    let time = ServerTime::from(text.to_owned()).timestamp()?;
    // What cannot be sent back is not taken.
    (TimeZone::UTC.to_datetime(time).year() >= 1).then_some(time)
}

fn weekday(value: &Value) -> Option<Weekday> {
    let by_name =
        || DAYS.iter().position(|day| value.as_str().is_some_and(|text| day.eq_ignore_ascii_case(text.trim())));
    let number = integer(value).or_else(|| by_name().and_then(|index| i64::try_from(index).ok()))?;
    Weekday::from_sunday_zero_offset(i8::try_from(number).ok()?).ok()
}

/// `I_60` and `D_23:30`.
fn short_form(text: &str) -> Option<Schedule> {
    let text = text.trim();
    if text.len() > LONGEST_SHORT_FORM {
        return None;
    }
    let (kind, rest) = text.split_once('_')?;
    match kind {
        "I" | "i" => interval(digits(rest)?),
        "D" | "d" => {
            let (hour, minute) = rest.split_once(':')?;
            let time = Time::new(i8::try_from(digits(hour)?).ok()?, i8::try_from(digits(minute)?).ok()?, 0, 0).ok()?;
            Some(Schedule::Daily { time: next_at(time, Timestamp::now())? })
        }
        _ => None,
    }
}

/// Digits and nothing else.
fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The next point in time with this time of day in UTC.
fn next_at(time: Time, now: Timestamp) -> Option<Timestamp> {
    let today = TimeZone::UTC.to_datetime(now).date();
    let at = |date: jiff::civil::Date| TimeZone::UTC.to_timestamp(date.to_datetime(time)).ok();
    match at(today) {
        Some(later_today) if later_today > now => Some(later_today),
        _ => at(today.tomorrow().ok()?),
    }
}

impl Member for ServerSchedule {
    fn take<'de, S: Source<'de>, D: Deserializer<'de>>(source: S, deserializer: D) -> Result<Taken<Self>, D::Error> {
        Ok(match <Value as Member>::take(source, deserializer)? {
            Taken::Value(value) => Taken::Value(value.into()),
            Taken::Nothing => Taken::Nothing,
            Taken::Other(text) => Taken::Other(text),
        })
    }

    fn absent() -> Option<Self> {
        Some(Self::Unset)
    }

    fn is_absent(&self) -> bool {
        !self.is_set()
    }
}

impl Serialize for ServerSchedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unset => serializer.serialize_none(),
            Self::Set(schedule) => schedule.serialize(serializer),
            Self::Unknown(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ServerSchedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

impl fmt::Display for ServerSchedule {
    /// For people, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("none"),
            Self::Set(schedule) => schedule.fmt(f),
            Self::Unknown(value) => write!(f, "unreadable: {}", one_line(&value.to_string())),
        }
    }
}
